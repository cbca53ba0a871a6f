import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { FUNCTIONS } from "../../src/expression/functions.js";
import { renderFunctionReference } from "../../src/expression/reference.js";
import { answer, answerTemplate, inDocument } from "./build.js";

const page = readFileSync(new URL("../../docs/expressions.md", import.meta.url), "utf8");

interface Line {
  readonly info: string;
  readonly expression: string;
  readonly result: string;
}

/** The lines `expression → result` of every block that is marked as expressions. */
function linesOf(markdown: string): readonly Line[] {
  return [...markdown.matchAll(/```expr ?(\w*)\n([\s\S]*?)```/g)].flatMap(([, info = "", body = ""]) =>
    body
      .trim()
      .split("\n")
      .map((line) => {
        const at = line.lastIndexOf(" → ");
        return { info, expression: line.slice(0, at), result: line.slice(at + 3) };
      }),
  );
}

describe("docs/expressions.md", () => {
  it("holds the function reference as the table gives it", () => {
    const generated = /<!-- generated:functions -->\n([\s\S]*?)<!-- \/generated:functions -->/.exec(page)?.[1];
    expect(generated, "the function reference is stale; run `npm run docs`").toBe(renderFunctionReference());
  });

  it("has examples to check", () => {
    expect(linesOf(page).length).toBeGreaterThan(FUNCTIONS.length);
  });

  it.each(linesOf(page))("$info $expression → $result", ({ info, expression, result }) => {
    if (info === "template") expect(answerTemplate(expression)).toBe(result);
    else expect(answer(expression, info === "document" ? inDocument() : undefined)).toBe(result);
  });
});

describe("the function table", () => {
  it.each(FUNCTIONS.map((row) => ({ name: row.name, row })))("$name has a sentence and examples that hold", ({ row }) => {
    expect(row.about).toMatch(/^[A-Z-].*\.$/);
    expect(row.examples.length).toBeGreaterThan(0);
    for (const [expression, result] of row.examples) {
      expect(expression).toContain(`${row.name}(`);
      expect(answer(expression)).toBe(result);
    }
  });

  it("names each function once, in words of small letters", () => {
    const names = FUNCTIONS.map((row) => row.name);
    expect(new Set(names).size).toBe(names.length);
    for (const name of names) expect(name).toMatch(/^[a-z]+(_[a-z]+)*$/);
  });
});
