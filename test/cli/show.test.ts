import { appendFileSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { emptyFolder, sync } from "./sync.js";

let folder: string;

beforeAll(() => {
  folder = emptyFolder();
  sync(folder, "init");
  // A row that holds from a day on, and one that stands for everything else.
  const pipeline = join(folder, "pipelines/expense-to-gl.yaml");
  const text = readFileSync(pipeline, "utf8")
    .replace("    missing: quarantine", "    valid: { from: 起, to: 止, on: 提交日期 }\n    missing: { use: { 科目编码: 660299 } }")
    .replace(/ # a fee type without.*/, "");
  writeFileSync(pipeline, text);
  writeFileSync(
    join(folder, "lookups/expense-accounts.csv"),
    "费用类型,起,止,科目编码\n差旅费,2026-01-01,2026-12-31,660201\n差旅费,2027-01-01,,660209\n业务招待费,,,660202\n办公费,,,660203\n",
  );
  appendFileSync(join(folder, "lookups/chart-of-accounts.csv"), "660299,其他,费用,6602\n");
  expect(sync(folder, "run", "--quiet")).toMatchObject({ err: "", code: 3 });
});

describe("sync show", () => {
  test("says which rule, which row and which record gave each account", () => {
    const shown = sync(folder, "show", "BX26110001", "--why");
    expect(shown.code).toBe(0);
    expect(shown.out.replaceAll(/\d{4}-\d\d-\d\dT[\d:.]+Z/g, "NOW")).toBe(`BX26110001  of expense-to-gl
posted as 2026-11 记-0001, version 1, NOW

2026-11-03  1,954.00 CNY  报销 BX26110001 王**

  debit 660201  1,014.68  差旅费 上海出差 火车  [部门 D01]
    rule    pipelines/expense-to-gl.yaml:32  \${科目[费用类型].科目编码}
    row     科目[差旅费] on 2026-11-02 = lookups/expense-accounts.csv:2  费用类型 差旅费, 起 2026-01-01, 止 2026-12-31, 科目编码 660201
    record  expenses-2026-11-09.csv:2  费用类型 差旅费, 提交日期 2026-11-02

  debit 660201  800.00  差旅费 上海出差 住宿  [部门 D01]
    rule    pipelines/expense-to-gl.yaml:32  \${科目[费用类型].科目编码}
    row     科目[差旅费] on 2026-11-02 = lookups/expense-accounts.csv:2  费用类型 差旅费, 起 2026-01-01, 止 2026-12-31, 科目编码 660201
    record  expenses-2026-11-09.csv:3  费用类型 差旅费, 提交日期 2026-11-02

  debit 22210101  91.32  报销 BX26110001 王**
    rule    pipelines/expense-to-gl.yaml:37  22210101
    record  expenses-2026-11-09.csv:2

  debit 22210101  48.00  报销 BX26110001 王**
    rule    pipelines/expense-to-gl.yaml:37  22210101
    record  expenses-2026-11-09.csv:3

  credit 224101  1,954.00  报销 BX26110001 王**  [00017]
    rule    pipelines/expense-to-gl.yaml:40  224101
    record  all of the document
`);
  });

  test("says where a default was used instead of a row", () => {
    const { parts } = JSON.parse(sync(folder, "show", "BX26110005", "--json").out) as {
      parts: { why: { account: string; rows: { line: number | null; keys: string[]; values: Record<string, string> }[] }[] }[];
    };
    expect(parts[0]?.why[0]).toMatchObject({ account: "660299", rows: [{ line: null, keys: ["会议费"], values: { 科目编码: "660299" } }] });
    expect(sync(folder, "show", "BX26110005", "--why").out).toMatch(
      /科目\[会议费\] on [\d-]+: no row in lookups\/expense-accounts.csv, so the default: /,
    );
  });

  test("says why a document waits, and what stands in the way of showing it", () => {
    const waiting = sync(folder, "show", "BX26110006", "--why");
    expect(waiting.code).not.toBe(0);
    expect(waiting.err).toContain("`价税合计` is `二百元`");
    const unknown = sync(folder, "show", "BX-NONE");
    expect(unknown.code).toBe(1);
    expect(unknown.err).toContain("no pipeline has a document `BX-NONE`");
  });
});
