import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { renderPages } from "../docs/pages.js";
import { EXIT } from "../src/cli/exit-codes.js";
import { loadWorkspace } from "../src/config/load.js";
import { connectors } from "../src/connectors/index.js";

const root = fileURLToPath(new URL("..", import.meta.url));
const pages = await renderPages();

test.each([...pages])("%s is in step with the code; else run `npm run docs`", (path, text) => {
  expect(readFileSync(`${root}${path}`, "utf8")).toBe(text);
});

test("the README lists every exit code", () => {
  const readme = readFileSync(`${root}README.md`, "utf8");
  const listed = [...readme.matchAll(/^\| (\d+) \|/gm)].map((match) => Number(match[1]));
  expect(listed).toEqual(Object.values(EXIT).sort((a, b) => a - b));
});

test("every file the README and the docs point to is there", () => {
  for (const page of [
    "README.md",
    "docs/approval.md",
    "docs/architecture.md",
    "docs/audit.md",
    "docs/configuration.md",
    "docs/expressions.md",
    "docs/file-places.md",
    "docs/keeping.md",
    "docs/plan-page.md",
    "docs/morning.md",
    "docs/notifications.md",
    "docs/observability.md",
    "docs/posting.md",
    "docs/privacy.md",
    "docs/problems.md",
    "docs/problems.zh.md",
    "docs/real-erp.md",
    "docs/reconcile.md",
    "docs/sandboxes.md",
    "docs/scheduling.md",
    "docs/testing.md",
  ]) {
    const text = readFileSync(`${root}${page}`, "utf8");
    for (const [, link = ""] of text.matchAll(/\]\((?!https?:|#)([^)#]+)(?:#[^)]*)?\)/g)) {
      expect(() => readFileSync(new URL(link, new URL(page, `file://${root}`)), "utf8"), `${page} → ${link}`).not.toThrow();
    }
  }
});

test("the pipeline the README shows is a pipeline that works", async () => {
  const folder = mkdtempSync(join(tmpdir(), "sync-readme-"));
  cpSync(`${root}pipelines`, join(folder, "pipelines"), { recursive: true });
  cpSync(`${root}schemas`, join(folder, "schemas"), { recursive: true });
  mkdirSync(join(folder, ".demo/exports"), { recursive: true });
  const [, shown = ""] = /```yaml\n(pipeline: [\s\S]*?)```/.exec(readFileSync(`${root}README.md`, "utf8")) ?? [];
  writeFileSync(join(folder, "pipelines/expense-to-gl.yaml"), shown);
  const found = await loadWorkspace(join(folder, "pipelines/sync.yaml"), { env: {}, connectors });
  expect(found.problems).toEqual([]);
  expect(found.pipelines.map((pipeline) => pipeline.name)).toEqual(["expense-to-gl"]);
  rmSync(folder, { recursive: true });
});
