import { describe, expect, it } from "vitest";
import type { Lookup } from "../../src/config/pipeline.js";
import { joinKey } from "../../src/model/record.js";
import { canonicalText, type Value } from "../../src/model/value.js";
import { aFolder, load, PIPELINE, told } from "./project-folder.js";

async function readTable(settings: string, csv: string | Uint8Array): Promise<{ lookup: Lookup | undefined; problems: string[] }> {
  const text = PIPELINE.replace("document:", `lookups:\n  表: { csv: t.csv, ${settings} }\ndocument:`);
  const { pipelines, problems } = await load(aFolder({ "pipelines/expense.yaml": text, "pipelines/t.csv": csv }));
  return { lookup: pipelines[0]?.lookups[0], problems: told(problems) };
}

const shown = (found: readonly Value[] | "missing" | undefined): unknown =>
  Array.isArray(found) ? found.map((value) => (value === null ? null : canonicalText(value))) : found;

describe("a lookup", () => {
  it("finds rows by one key or several, with values of their types", async () => {
    const { lookup, problems } = await readTable(
      "key: [类型, 级别], columns: { 税率: { type: number }, 启用: { type: boolean }, 起: { type: date }, 备注: { optional: true } }",
      '\ufeff类型 , 级别,科目,税率,启用,起,备注,\n差旅费,1,006602,6.00,是,2026/1/5,,\n\n 差旅费 ,10,"6,603",0.060,no,2026-01-31,"一\n行",\n,,,,,,,\n',
    );
    expect(problems).toEqual([]);
    expect(lookup?.rows).toBe(2);
    expect(lookup?.signature).toMatchObject({ name: "表", dated: false, on: null, missingIsEmpty: false });
    expect(lookup?.signature.columns.map((column) => `${column.name} ${column.type}${column.nullable ? "?" : ""}`)).toEqual([
      "类型 text",
      "级别 text",
      "科目 text",
      "税率 number",
      "启用 boolean",
      "起 date",
      "备注 text?",
    ]);
    expect(shown(lookup?.table.find(["差旅费", "1"], null))).toEqual(["差旅费", "1", "006602", "6", "true", "2026-01-05", null]);
    expect(shown(lookup?.table.find(["差旅费", "10"], null))).toEqual(["差旅费", "10", "6,603", "0.06", "false", "2026-01-31", "一\n行"]);
    expect(lookup?.table.find(["差旅费", "2"], null)).toBe("missing");
    expect(lookup?.table.find([joinKey(["差旅费", "1"])], null)).not.toBe("missing");
  });

  it("reads GB18030", async () => {
    const bytes = Buffer.from([0xc0, 0xe0, 0xd0, 0xcd, 0x2c, 0xbf, 0xc6, 0xc4, 0xbf, 0x0a, 0xb2, 0xee, 0xc2, 0xc3, 0x2c, 0x31, 0x0a]);
    const { lookup, problems } = await readTable("key: 类型", bytes);
    expect(problems).toEqual([]);
    expect(shown(lookup?.table.find(["差旅"], null))).toEqual(["差旅", "1"]);
  });

  it("finds the row of a day, both its first and its last day included", async () => {
    const { lookup, problems } = await readTable(
      "key: 类型, valid: { from: 起, to: 止, on: 支付日期 }",
      "类型,科目,起,止\nA,3,2026-07-01,\nA,1,,2026-03-31\nA,2,2026-04-01,2026-05-31\nB,9,,\n",
    );
    expect(problems).toEqual([]);
    const account = (key: string, on: string | null): unknown => {
      const found = lookup?.table.find([key], on);
      return Array.isArray(found) ? found[1] : found;
    };
    expect(
      ["1999-01-01", "2026-03-31", "2026-04-01", "2026-05-31", "2026-06-15", "2026-07-01", "2099-12-31"].map((day) => account("A", day)),
    ).toEqual(["1", "1", "2", "2", "missing", "3", "3"]);
    expect(account("B", "2026-06-15")).toBe("9");
    expect(account("A", null)).toBe("missing");
    expect(lookup?.signature).toMatchObject({ dated: true, on: "支付日期" });
  });

  it("gives the default row, the empty value or nothing where no row fits", async () => {
    const csv = "类型,科目,税率\nA,1,0.06\n";
    const used = await readTable("key: 类型, columns: { 税率: { type: number } }, missing: { use: { 科目: 0099, 税率: 0 } }", csv);
    expect(used.problems).toEqual([]);
    expect(shown(used.lookup?.table.find(["新"], null))).toEqual(["新", "0099", "0"]);
    expect(used.lookup?.table.missing).toBe("default");
    const empty = await readTable("key: 类型, missing: empty", csv);
    expect([empty.lookup?.table.missing, empty.lookup?.signature.missingIsEmpty]).toEqual(["empty", true]);
    expect((await readTable("key: 类型, missing: stop", csv)).lookup?.table.missing).toBe("stop");
  });

  it.each([
    ["key: 类型", "类型,科目,科目\nA,1,2\n", ["CONFIG_DUPLICATE_NAME pipelines/t.csv:1:4 two columns have the name `科目`"]],
    [
      "key: 类型",
      "类型,科目\nA,1\nA,1\nA,2\n",
      [
        "CONFIG_LOOKUP pipelines/t.csv:3:1 `A` stands twice, first on line 2",
        "CONFIG_LOOKUP pipelines/t.csv:4:1 `A` stands twice, first on line 3",
      ],
    ],
    ["key: 类型", "类型,科目\n,1\n", ["CONFIG_LOOKUP pipelines/t.csv:2:1 `类型` is empty; expected a key"]],
    ["key: 类型", "类型,科目\nA,1,2\n", ["CONFIG_LOOKUP pipelines/t.csv:2:1 the row has 3 cells; the header has 2"]],
    ["key: 类型", "", ["CONFIG_LOOKUP pipelines/t.csv:: the file is empty; expected a header row"]],
    [
      "key: 类型",
      '类型,科目\nA,"1\n',
      ["CONFIG_LOOKUP pipelines/t.csv:2:1 the file cannot be split into cells: a quote is opened and never closed"],
    ],
    [
      "key: 类型, columns: { 科木: { type: number } }",
      "类型,科目\nA,1\n",
      ["CONFIG_LOOKUP pipelines/expense.yaml:7:40 there is no column `科木` in `pipelines/t.csv`"],
    ],
    [
      "key: 类型, missing: { use: { 科木: 1 } }",
      "类型,科目\nA,1\n",
      ["CONFIG_LOOKUP pipelines/expense.yaml:7:47 there is no column `科木` in `pipelines/t.csv`"],
    ],
    [
      "key: 类型, missing: { use: {} }",
      "类型,科目\nA,1\n",
      ["CONFIG_LOOKUP pipelines/expense.yaml:7:40 the default row has no `科目`, which may not be empty"],
    ],
    [
      "key: 类型, valid: { from: 起, to: 止 }",
      "类型,起,止\nA,2026-02-01,2026-01-01\n",
      ["CONFIG_LOOKUP pipelines/t.csv:2:1 the row is valid to `2026-01-01` and from `2026-02-01`: it never holds"],
    ],
    [
      "key: 类型, valid: { from: 起, on: 金额 }",
      "类型,起\nA,2026-02-01\n",
      ["EXPR_TYPE pipelines/expense.yaml:7:51 `金额` is a number, and this place needs a date"],
    ],
  ])("is refused with its place: %s %s", async (settings, csv, messages) => {
    expect((await readTable(settings, csv)).problems).toEqual(messages);
  });

  it("stops listing rows after twenty", async () => {
    const rows = Array.from({ length: 50 }, () => "A,1\n").join("");
    const { problems } = await readTable("key: 类型", `类型,科目\n${rows}`);
    expect(problems).toHaveLength(21);
    expect(problems.at(-1)).toBe("CONFIG_LOOKUP pipelines/t.csv:: 29 more rows of this file cannot be used");
  });

  it("may not have the name of a field", async () => {
    const text = PIPELINE.replace("document:", "lookups:\n  金额: { csv: t.csv, key: 类型 }\ndocument:");
    const { problems } = await load(aFolder({ "pipelines/expense.yaml": text, "pipelines/t.csv": "类型\nA\n" }));
    expect(told(problems)).toEqual(["CONFIG_DUPLICATE_NAME pipelines/expense.yaml:7:3 `金额` is both a lookup and a field of the record"]);
  });
});
