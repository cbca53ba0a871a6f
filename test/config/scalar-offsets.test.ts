import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Document, type Scalar } from "yaml";
import { SourceFile } from "../../src/config/source-file.js";
import { child, childScalar, type MapTree, parseTree, placeInText, type ScalarTree } from "../../src/config/tree.js";
import type { Problem } from "../../src/model/problem.js";

const STYLES = ["PLAIN", "QUOTE_DOUBLE", "QUOTE_SINGLE", "BLOCK_LITERAL", "BLOCK_FOLDED"] as const;

function scalarIn(text: string): ScalarTree {
  const problems: Problem[] = [];
  const tree = parseTree(new SourceFile("/x.yaml", "x.yaml", text), problems) as MapTree;
  expect(problems).toEqual([]);
  return childScalar(child(tree, "列表"), "键") as ScalarTree;
}

const pieces = fc.constantFrom(
  "${金额}",
  " ",
  "  ",
  "\n",
  "\n\n",
  "'",
  '"',
  "\\",
  "税额",
  "😀",
  "a: b",
  "#",
  "x",
  "\t",
  "é",
  "长长长长长长长长长长长长长长长长长长长长长长长长长长",
);

describe("the place of a character of a template", () => {
  it("is exact for every way of writing it", () => {
    fc.assert(
      fc.property(fc.array(pieces, { minLength: 1, maxLength: 30 }), fc.constantFrom(...STYLES), (parts, style) => {
        const document = new Document({ 列表: { 键: parts.join("") } });
        (document.getIn(["列表", "键"], true) as Scalar).type = style;
        const text = document.toString({ lineWidth: 40 });
        const scalar = scalarIn(text);
        const value = scalar.text;
        const lines = text.split("\n");
        for (let i = 0; i < value.length; i += 1) {
          const unit = value[i] as string;
          if (/\s/.test(unit)) continue;
          const { line = 0, excerpt } = placeInText(scalar, i, i + 1);
          const found = excerpt?.text.slice(excerpt.start);
          expect(lines[line - 1]).toBe(excerpt?.text);
          // An escape stands for its character; everything else stands for itself.
          if (found?.startsWith("\\") === true && scalar.style === "double") continue;
          expect(found?.charAt(0)).toBe(unit);
        }
      }),
      { numRuns: 500 },
    );
  });

  it("counts characters, not bytes or UTF-16 units", () => {
    const scalar = scalarIn('列表:\n  键: "😀 税 ${金颔}"\n');
    const start = scalar.text.indexOf("金颔");
    expect(placeInText(scalar, start, start + 2)).toMatchObject({ line: 2, column: 13, excerpt: { start: 13, end: 15 } });
  });

  it("walks over escapes and folded lines", () => {
    const scalar = scalarIn('列表:\n  键: "\\u91d1\\n\\\n    ${a}\n    ${b}"\n');
    expect(scalar.text).toBe("金\n${a} ${b}");
    expect(placeInText(scalar, scalar.text.indexOf("b"), scalar.text.indexOf("b") + 1)).toMatchObject({ line: 4, column: 7 });
  });
});
