import stringWidth from "string-width";
import { describe, expect, it } from "vitest";
import { problemToJson, renderProblem, renderProblems } from "../../src/cli/render/problem.js";
import { problem } from "../../src/model/problem.js";

const plain = { color: false };

describe("renderProblem", () => {
  it("marks the place by the width of what stands before it", () => {
    const text = "  debit: ${金颔} # 备注";
    const excerpt = { text, start: text.indexOf("金"), end: text.indexOf("}") };
    const found = problem(
      "EXPR_UNKNOWN_NAME",
      "unknown name `金颔`",
      { file: "p/a.yaml", line: 31, column: 12, excerpt },
      "did you mean `金额`?",
    );
    expect(renderProblem(found, plain)).toBe(`error EXPR_UNKNOWN_NAME: unknown name \`金颔\`
  at p/a.yaml:31:12
     31 |   debit: \${金颔} # 备注
        |            ^^^^
  hint: did you mean \`金额\`?`);
  });

  it("names records, documents and fields, and notices for what they are", () => {
    const at = [{ document: "BX-1" }, { record: "BX-1 / 2", field: "金额", file: "a.csv", line: 3 }];
    expect(renderProblem(problem("SOURCE_NO_FILES", "no file", at), plain)).toBe(
      "notice SOURCE_NO_FILES: no file\n  at document BX-1\n  at record BX-1 / 2, field `金额`\n  at a.csv:3",
    );
  });

  it("counts tabs, emoji and places at the end of a line", () => {
    const mark = (text: string, start: number, end: number): string => {
      const shown = renderProblem(problem("EXPR_SYNTAX", "x", { file: "a", line: 1, excerpt: { text, start, end } }), plain).split("\n");
      return `${shown[2]?.slice(10)}\n${shown[3]?.slice(10)}`;
    };
    expect(mark("\t税😀x", 4, 5)).toBe("    税😀x\n        ^");
    expect(mark("a:", 2, 2)).toBe("a:\n  ^");
    expect(mark("", 0, 0)).toBe("\n^".slice(0));
    const long = mark(`${"x".repeat(500)}HERE${"y".repeat(500)}`, 500, 504).split("\n");
    expect(long.map((line) => stringWidth(line)).every((width) => width < 140)).toBe(true);
    expect(long[1]?.indexOf("^")).toBe(long[0]?.indexOf("HERE"));
  });

  it("lets nothing from a file steer the terminal", () => {
    const nasty = problem("EXPR_SYNTAX", "found `\u001b[2J\u202e`\nnew line", {
      file: "a\u0007",
      line: 1,
      excerpt: { text: "\u001b]0;x\u0007", start: 0, end: 1 },
    });
    expect(renderProblem(nasty, plain)).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u202e]/);
    expect(renderProblem(nasty, plain).split("\n")).toHaveLength(4);
  });

  it("has colour only when asked", () => {
    expect(renderProblem(problem("EXPR_SYNTAX", "x"), { color: true })).toBe("\u001b[1m\u001b[31merror EXPR_SYNTAX:\u001b[0m x");
  });
});

describe("renderProblems", () => {
  const at = (file: string, line: number, column: number) => problem("EXPR_TYPE", `${file}${line}${column}`, { file, line, column });

  it("sorts by file, line and column and counts", () => {
    const text = renderProblems([at("b", 1, 1), at("a", 10, 1), at("a", 2, 5), at("a", 2, 1), problem("USAGE", "none")], plain);
    expect(text.match(/^error.*$/gm)?.map((line) => line.split(": ")[1])).toEqual(["none", "a21", "a25", "a101", "b11"]);
    expect(text.endsWith("\n\n5 problems in 2 files\n")).toBe(true);
    expect(renderProblems([], plain)).toBe("");
    expect(renderProblems([problem("USAGE", "x")], plain)).toBe("error USAGE: x\n\n1 problem\n");
  });

  it("is the same as JSON", () => {
    const found = at("a", 1, 2);
    expect(problemToJson(found)).toEqual({
      code: "EXPR_TYPE",
      disposition: "stop",
      message: "a12",
      at: [{ file: "a", line: 1, column: 2 }],
    });
  });
});
