import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { renderPages } from "../docs/pages.js";
import { EXIT } from "../src/cli/exit-codes.js";

const root = fileURLToPath(new URL("..", import.meta.url));
const pages = await renderPages();

test.each([...pages])("%s is in step with the code; else run `npm run docs`", (path, text) => {
  expect(readFileSync(`${root}${path}`, "utf8")).toBe(text);
});

test("the README lists every exit code", () => {
  const readme = readFileSync(`${root}README.md`, "utf8");
  const listed = [...readme.matchAll(/^\| (\d+) \|/gm)].map((match) => Number(match[1]));
  const used = Object.values(EXIT).filter((code) => code !== EXIT.stale);
  expect(listed).toEqual([...used].sort((a, b) => a - b));
});

test("every file the README and the docs point to is there", () => {
  for (const page of ["README.md", "docs/architecture.md", "docs/configuration.md", "docs/expressions.md", "docs/problems.md"]) {
    const text = readFileSync(`${root}${page}`, "utf8");
    for (const [, link = ""] of text.matchAll(/\]\((?!https?:|#)([^)#]+)(?:#[^)]*)?\)/g)) {
      expect(() => readFileSync(new URL(link, new URL(page, `file://${root}`)), "utf8"), `${page} → ${link}`).not.toThrow();
    }
  }
});
