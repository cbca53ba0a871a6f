import { describe, expect, test } from "vitest";
import { groupByCause } from "../../src/model/cause.js";
import { type Place, type ProblemCode, problem } from "../../src/model/problem.js";
import { joinKey } from "../../src/model/record.js";

let items = 0;

function item(code: ProblemCode, message: string, options: { key?: string; at?: Place; hint?: string; record?: boolean } = {}) {
  items += 1;
  const document = options.key ?? `BX2611${1000 + items}`;
  const key = options.record === true ? joinKey([document, "1"]) : document;
  return { key, documentKey: document, problem: problem(code, message, options.at ?? [], options.hint) };
}

const told = (list: ReturnType<typeof item>[]): string[] =>
  groupByCause(list).map(({ code, message, items: own }) => `${own.length} ${code} ${message}`);

describe("items are grouped by what must be mended for them", () => {
  test("a value without a row in a lookup is a cause, whatever the day and how often it stands in a document", () => {
    const lookup = (name: string, day: string) => `lookup \`科目\` has no row for \`${name}\` on ${day}`;
    expect(
      told([
        item("MAP_LOOKUP_MISSING", lookup("培训费", "2026-11-01")),
        item("MAP_LOOKUP_MISSING", lookup("会议费", "2026-11-03")),
        item("MAP_LOOKUP_MISSING", `${lookup("会议费", "2026-11-04")}; ${lookup("会议费", "2026-11-05")}`),
        item("MAP_LOOKUP_MISSING", `${lookup("会议费", "2026-11-04")}; ${lookup("培训费", "2026-11-04")}`),
      ]),
    ).toEqual([
      "3 MAP_LOOKUP_MISSING lookup `科目` has no row for `会议费` on …",
      "1 MAP_LOOKUP_MISSING lookup `科目` has no row for `培训费` on 2026-11-01",
    ]);
  });

  test("of a record, the field and what is expected of it are the cause, the value is not", () => {
    const wrong = (field: string, value: string) => `\`${field}\` is \`${value}\`, expected a number such as \`1,234.50\``;
    expect(
      told([
        item("RECORD_INVALID", wrong("价税合计", "二百元"), { record: true }),
        item("RECORD_INVALID", wrong("价税合计", "n/a; none"), { record: true }),
        item("RECORD_INVALID", wrong("税额", "n/a"), { record: true }),
        item("RECORD_INVALID", "`金额` is `9`; expected at most 5"),
        item("RECORD_INVALID", "`金额` is `7`; expected at most 5"),
      ]),
    ).toEqual([
      "2 RECORD_INVALID `价税合计` is …, expected a number such as `1,234.50`",
      "2 RECORD_INVALID `金额` is …; expected at most 5",
      "1 RECORD_INVALID `税额` is `n/a`, expected a number such as `1,234.50`",
    ]);
  });

  test("a document that waits for its records waits for what is wrong with the first of them", () => {
    const wrong = "`税额` is `abc`, expected a number such as `1,234.50`";
    expect(
      told([
        item("DOCUMENT_BAD_RECORD", `1 of its 3 records cannot be used: ${wrong}`),
        item("DOCUMENT_BAD_RECORD", `2 of its 2 records cannot be used: ${wrong}`),
        item("DOCUMENT_UNBALANCED", "1 of its 5 members cannot be booked: `BX1`: debit 1.00 and credit 2.00 differ by -1.00 CNY"),
        item("DOCUMENT_UNBALANCED", "debit 3,100.00 and credit 3.00 differ by 3,097.00 CNY"),
      ]),
    ).toEqual([
      "2 DOCUMENT_BAD_RECORD `税额` is `abc`, expected a number such as `1,234.50`",
      "2 DOCUMENT_UNBALANCED debit … and credit … differ by … CNY",
    ]);
  });

  test("the words of the other system stay, but for keys, days, amounts and long numbers", () => {
    expect(
      told([
        item("TARGET_REJECTED", "科目 660209 不存在 (BX26110012)", { key: "BX26110012" }),
        item("TARGET_REJECTED", "科目 660209 不存在 (BX26110013)", { key: "BX26110013" }),
        item("TARGET_REJECTED", "科目 660210 不存在 (BX26110014)", { key: "BX26110014" }),
        item("TARGET_REJECTED", "voucher of 2026-11-03: debit 10.00, trace 0123456789abcdef0"),
        item("TARGET_REJECTED", "voucher of 2026-11-04: debit 20.50, trace 9123456789abcdef0"),
      ]),
    ).toEqual([
      "2 TARGET_REJECTED 科目 660209 不存在 (…)",
      "2 TARGET_REJECTED voucher of …: debit …, trace …",
      "1 TARGET_REJECTED 科目 660210 不存在 (BX26110014)",
    ]);
  });

  test("an expression without an answer is a cause by its place in the pipeline", () => {
    const at = (line: number): Place => ({ file: "p.yaml", line, column: 5, excerpt: { text: "x", start: 0, end: 1 } });
    expect(
      told([
        item("MAP_FAILED", "`12a` is not a number", { at: at(4) }),
        item("MAP_FAILED", "`13b` is not a number", { at: at(4) }),
        item("MAP_FAILED", "`13b` is not a number", { at: at(9) }),
      ]),
    ).toEqual(["2 MAP_FAILED … is not a number", "1 MAP_FAILED `13b` is not a number"]);
  });

  test("a hint is told where all items have it", () => {
    const [first, second] = groupByCause([
      item("DOCUMENT_NOT_UNIQUE", "`发票号码` `1` already stands in document `A`", { hint: "one must go" }),
      item("DOCUMENT_NOT_UNIQUE", "`发票号码` `2` already stands in document `B`", { hint: "one must go" }),
      item("TARGET_REJECTED", "no", { hint: "ask A" }),
      item("TARGET_REJECTED", "no", { hint: "ask B" }),
    ]);
    expect(first).toMatchObject({ message: "`发票号码` … already stands in document …", hint: "one must go" });
    expect(second).toMatchObject({ message: "no", hint: null });
  });

  test("a text with one backtick too many is one fault", () => {
    expect(told([item("MAP_FAILED", "`a; b is not a number")])).toEqual(["1 MAP_FAILED `a; b is not a number"]);
  });
});
