import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { readChart } from "../../src/connectors/ledger/chart.js";
import { type Problem, ProblemError } from "../../src/model/problem.js";
import { aFolder, CHART } from "./ledger-setup.js";

function chartOf(content: string | Buffer): string {
  const file = join(aFolder(), "chart.csv");
  writeFileSync(file, content);
  return file;
}

function problemsOf(content: string | Buffer): readonly Problem[] {
  try {
    readChart(chartOf(content));
  } catch (error) {
    if (error instanceof ProblemError) return error.problems;
    throw error;
  }
  throw new Error("the chart was read without a problem");
}

describe("chart of accounts", () => {
  test("is read from UTF-8 and GB18030 alike", () => {
    const chart = readChart(CHART);
    expect(chart).toEqual(readChart(CHART.replace("chart.csv", "chart-gb18030.csv")));
    expect(chart.size).toBe(18);
    expect(chart.get("660202")).toEqual({
      ...{ code: "660202", name: "业务招待费", type: "expense", parent: "6602", active: true },
      required: ["部门", "职员"],
    });
    expect(chart.get("1221")?.active).toBe(false);
  });

  test("finds parents by the longest code that begins the account's, and keeps codes text", () => {
    const chart = readChart(
      chartOf("\uFEFFcode,name,type,note\n0066,费用,费用类,x\n00660,费用甲,expense,\n006601,费用乙,EXPENSE,\n\n12,资产,资产类,\n"),
    );
    expect([...chart.values()].map(({ code, parent }) => [code, parent])).toEqual([
      ["0066", null],
      ["00660", "0066"],
      ["006601", "00660"],
      ["12", null],
    ]);
  });

  test.each([
    ["损益", "6001", "income"],
    ["损益类", "6602", "expense"],
    ["损益", "5602", "expense"],
    ["损益", "5001", "income"],
    ["共同", "3101", "asset"],
    ["权益", "4001", "equity"],
    ["成本类", "5001", "cost"],
    ["Liability", "2202", "liability"],
  ])("type `%s` of account %s is %s", (word, code, type) => {
    expect(readChart(chartOf(`code,name,type\n${code},某科目,${word}\n`)).get(code)?.type).toBe(type);
  });

  test("every mistake is reported at once, with line and column name", () => {
    const problems = problemsOf(
      [
        "科目编码,科目名称,类型,上级科目编码,启用",
        "1001,现金,资产,,是",
        "1001,库存现金,资产,,是",
        "1002,,资产,,是",
        "66 02,管理费用,费用,,是",
        "6603,财务费用,杂项,,是",
        "6604,其他,费用,,也许",
        ",无编码,费用,,",
      ].join("\n"),
    );
    expect(problems.map(({ code, message, at }) => [code, at[0]?.line, at[0]?.field, message])).toEqual([
      ["CONFIG_WRONG_VALUE", 3, "科目编码", "the account code `1001` stands twice, first as `现金` in line 2"],
      ["CONFIG_WRONG_VALUE", 4, "科目名称", "the account `1002` has no name"],
      ["CONFIG_WRONG_VALUE", 5, "科目编码", "`66 02` is not an account code"],
      ["CONFIG_WRONG_VALUE", 6, "类型", "`杂项` is not a type of account"],
      ["CONFIG_WRONG_VALUE", 7, "启用", "`也许` says neither yes nor no"],
      ["CONFIG_WRONG_VALUE", 8, "科目编码", "the account `无编码` has no code"],
    ]);
  });

  test("an unknown parent and a circle of parents are reported", () => {
    const unknown = problemsOf("code,name,type,parent\n6602,管理费用,expense,\n660201,差旅费,expense,6603\n");
    expect(unknown).toMatchObject([
      {
        message: "the account `660201` has the parent `6603`, which the chart does not have",
        at: [{ line: 3, field: "parent" }],
        hint: "did you mean `6602`?",
      },
    ]);
    const circle = problemsOf("code,name,type,parent\nA,甲,asset,C\nB,乙,asset,A\nC,丙,asset,B\nD,丁,asset,A\nE,戊,asset,E\n");
    expect(circle.map(({ message, at }) => [message, at[0]?.line])).toEqual([
      ["accounts are each other's parents: `A` → `C` → `B` → `A`", 2],
      ["accounts are each other's parents: `E` → `E`", 6],
    ]);
  });

  test.each([
    [
      "a missing column",
      "code,name\n1,现金\n",
      "the chart of accounts has no column `type` (类型, 科目类型, 科目类别); it has `code`, `name`",
    ],
    ["two columns of one meaning", "code,科目编码,name,type\n1,1,现金,资产\n", "two columns give the code: `code` and `科目编码`"],
    ["no accounts", "code,name,type\n", "the chart of accounts has no account"],
    ["an empty file", "", "the chart of accounts has no column `code` (科目编码, 科目代码); it has no columns"],
    ["an open quotation mark", 'code,name,type\n1,"现金,资产\n', "the chart of accounts is not CSV: "],
    ["bytes that are no text", Buffer.from([0x63, 0xff, 0xff, 0x0a]), "the chart of accounts is neither UTF-8 nor GB18030 text"],
  ])("%s is reported", (_, content, message) => {
    const [first] = problemsOf(content);
    expect(first?.code).toBe("CONFIG_WRONG_VALUE");
    expect(first?.message.startsWith(message)).toBe(true);
    expect(first?.at[0]?.file).toMatch(/chart\.csv$/);
  });

  test("a file that is not there is reported", () => {
    expect(() => readChart("/nowhere/chart.csv")).toThrow("CONFIG_MISSING_FILE: the chart of accounts `/nowhere/chart.csv` does not exist");
  });
});
