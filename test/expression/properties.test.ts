import { Environment as CelEnvironment } from "@marcbachmann/cel-js";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { compileExpression } from "../../src/expression/compile.js";
import { EXAMPLE_SCOPE, exampleEnvironment } from "../../src/expression/example-records.js";
import { compileTemplate } from "../../src/expression/template.js";
import { EvaluationError, type Scope } from "../../src/expression/types.js";
import { Decimal } from "../../src/model/decimal.js";
import { answer } from "./build.js";

const NAMES = ["a", "b", "c"] as const;
const SCOPE: Scope = {
  fields: NAMES.map((name) => ({ name, type: "number", nullable: false, personal: false })),
  lookups: [],
  variables: [],
  context: "record",
  aggregates: false,
};

const { number, condition } = fc.letrec<{ number: string; condition: string }>((tie) => ({
  number: fc.oneof(
    { maxDepth: 5, depthSize: "medium" },
    fc.nat(99).map(String),
    fc.constantFrom(...NAMES),
    fc.tuple(tie("number"), fc.constantFrom("+", "-", "*"), tie("number")).map(([left, sign, right]) => `${left} ${sign} ${right}`),
    fc.tuple(tie("number"), tie("number")).map(([left, right]) => `(${left} - ${right})`),
    tie("number").map((operand) => `-(${operand})`),
    fc.tuple(tie("condition"), tie("number"), tie("number")).map(([test, yes, no]) => `(${test} ? ${yes} : ${no})`),
  ),
  condition: fc.oneof(
    { maxDepth: 5, depthSize: "medium" },
    fc.constantFrom("true", "false"),
    fc
      .tuple(tie("number"), fc.constantFrom("==", "!=", "<", "<=", ">", ">="), tie("number"))
      .map(([left, sign, right]) => `${left} ${sign} ${right}`),
    fc.tuple(tie("condition"), fc.constantFrom("&&", "||"), tie("condition")).map(([left, sign, right]) => `${left} ${sign} ${right}`),
    tie("condition").map((operand) => `!(${operand})`),
    fc
      .tuple(tie("number"), fc.array(tie("number"), { minLength: 1, maxLength: 3 }))
      .map(([item, list]) => `${item} in [${list.join(", ")}]`),
  ),
}));

describe("against cel-js, on whole numbers and conditions", () => {
  const cel = new CelEnvironment();
  for (const name of NAMES) cel.registerVariable(name, "int");
  const values = fc.tuple(fc.integer({ min: -50, max: 50 }), fc.integer({ min: -50, max: 50 }), fc.integer({ min: -50, max: 50 }));

  it.each([
    ["numbers", number, "number"],
    ["conditions", condition, "boolean"],
  ] as const)("%s", (_name, expressions, kind) => {
    let compared = 0;
    fc.assert(
      fc.property(expressions, values, (expression, row) => {
        const { compiled, faults } = compileExpression(expression, SCOPE, { kind, nullable: false });
        if (compiled === undefined) throw new Error(`${expression}: ${faults[0]?.message}`);
        let expected: unknown;
        try {
          expected = cel.evaluate(expression, { a: BigInt(row[0]), b: BigInt(row[1]), c: BigInt(row[2]) });
        } catch (error) {
          // Its integers end at 64 bits, ours do not.
          if (/overflow/i.test(String(error))) return;
          throw error;
        }
        compared += 1;
        const own = compiled.evaluate({ row: row.map((each) => Decimal.ofInteger(each)), records: [], lookups: [], variables: [] });
        expect(own instanceof Decimal ? own.coefficient : own).toBe(expected);
      }),
      { numRuns: 2000 },
    );
    expect(compared).toBeGreaterThan(1500);
  });
});

describe("whatever is written", () => {
  const words = fc.constantFrom(
    ..."( ) [ ] , . ? : ?? + - * == != < in not and or ! null true 1 2.5 'a' \"b\" ` ${ } $${ \\ /".split(" "),
    ...EXAMPLE_SCOPE.fields.map((field) => field.name),
    ..."sum( min( date( matches( split( at( 科目[ .科目编码 on: 汇率[".split(" "),
  );

  it("gives a fault or a result, and faults lie inside the text", () => {
    const template = fc.oneof(
      fc.array(words, { maxLength: 14 }).map((each) => `\${${each.join(" ")}}`),
      fc.string({ unit: "grapheme", maxLength: 40 }),
    );
    fc.assert(
      fc.property(template, fc.constantFrom("text", "number", "boolean"), (text, kind) => {
        const { compiled, faults } = compileTemplate(text, EXAMPLE_SCOPE, { kind, nullable: true });
        for (const fault of faults ?? []) {
          expect(fault.start).toBeGreaterThanOrEqual(0);
          expect(fault.end).toBeGreaterThanOrEqual(fault.start);
          expect(fault.end).toBeLessThanOrEqual(text.length);
        }
        expect(faults?.length).not.toBe(0);
        try {
          compiled?.evaluate(exampleEnvironment());
        } catch (error) {
          expect(error).toBeInstanceOf(EvaluationError);
        }
      }),
      { numRuns: 5000 },
    );
  });

  it("keeps text that is written as a literal", () => {
    fc.assert(
      fc.property(fc.string({ unit: "grapheme" }), (text) => {
        const literal = JSON.stringify(text)
          .replace(/\\u([0-9a-f]{4})/g, "\\u{$1}")
          .replace(/\\b/g, "\\u{8}")
          .replace(/\\f/g, "\\u{c}");
        fc.pre(!/\\[^\\"nrtu]/.test(literal.replaceAll("\\\\", "")));
        expect(compileTemplate(`\${${literal}}`, EXAMPLE_SCOPE, { kind: "text", nullable: false }).compiled?.constant).toBe(text);
      }),
    );
  });

  it("keeps text without parts as it stands, and `$${` as `${`", () => {
    fc.assert(
      fc.property(fc.string({ unit: "grapheme" }), (text) => {
        const escaped = text.replaceAll("${", "$${");
        expect(compileTemplate(escaped, EXAMPLE_SCOPE, { kind: "text", nullable: false }).compiled?.constant).toBe(
          escaped.replaceAll("$${", "${"),
        );
      }),
    );
  });
});

describe("hostile text", () => {
  const many = 10_000;
  it.each([
    ["parentheses", `${"(".repeat(many)}1${")".repeat(many)}`],
    ["open parentheses", "(".repeat(many)],
    ["lists", `${"[".repeat(many)}1${"]".repeat(many)}`],
    ["calls", `${"abs(".repeat(many)}1${")".repeat(many)}`],
    ["signs", `${"- ".repeat(many)}1`],
    ["words", `${"not ".repeat(many)}true`],
    ["sums", `1${" + 1".repeat(many)}`],
    ["conditions", `${"true ? 1 : ".repeat(many)}1`],
    ["conditions inside", `${"true ? ".repeat(many)}1${" : 1".repeat(many)}`],
    ["members", `a${".b".repeat(many)}`],
    ["keys", `${"科目[".repeat(many)}1${"]".repeat(many)}`],
  ])("%s nested ten thousand deep are a fault", (_name, expression) => {
    expect(answer(expression)).toBe("EXPR_SYNTAX");
  });

  it("takes a long list, and a chain of conditions that a person might write", () => {
    expect(answer(`99 in [${Array.from({ length: 20_000 }, (_, index) => index).join(", ")}]`)).toBe("true");
    const chain = Array.from({ length: 150 }, (_, index) => `行号 == ${index + 2} ? "${index}" : `).join("");
    expect(answer(`${chain}"none"`)).toBe('"none"');
  });

  it("does not build text without end", () => {
    const doubling = `${"replace(".repeat(60)}"a"${', "a", "aa")'.repeat(60)}`;
    expect(answer(doubling)).toBe("EXPR_ARGUMENTS");
    const byPattern = `\${${"replace_pattern(".repeat(60)}"a"${', "a", "aa")'.repeat(60)}}`;
    const { faults } = compileTemplate(byPattern, EXAMPLE_SCOPE, { kind: "text", nullable: false });
    expect(faults?.[0]?.message).toContain("and 1000000 are allowed");
  });

  it("runs a pattern in time in proportion to the text", () => {
    const started = performance.now();
    expect(answer(`matches("${"a".repeat(20_000)}b", "^(a+)+$")`)).toBe("false");
    expect(performance.now() - started).toBeLessThan(2000);
  });
});
