import { existsSync, readFileSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { parse } from "csv-parse/sync";
import iconv from "iconv-lite";
import { describe, expect, test } from "vitest";
import type { Column } from "../../src/connectors/contract.js";
import { openCsvSource } from "../../src/connectors/csv/source.js";
import { columnsOf, contextIn, type Given, optionsOf, outcomeOf } from "./csv-setup.js";

const real = path.resolve(path.dirname(fileURLToPath(import.meta.url)), "../../../shared/real");
const isThere = existsSync(real);

async function read(folder: string, files: string | string[], columns: readonly Column[], given: Given = {}) {
  return outcomeOf(
    openCsvSource({ folder: path.join(real, folder) }, optionsOf({ files, settle: "0", ...given }), contextIn(real)),
    columns,
  );
}

/** Another reader: the whole file at once, decoded and split by other libraries; blank rows left out. */
function otherwise(file: string, encoding: string): string[][] {
  const text = iconv.decode(readFileSync(path.join(real, file)), encoding);
  const rows: string[][] = parse(text, { record_delimiter: "\r\n", relax_column_count: true, skip_empty_lines: true });
  return rows.map((row) => row.map((cell) => cell.trim())).filter((row) => row.some((cell) => cell !== ""));
}

const blank = (cells: readonly (string | boolean | null)[]) => cells.map((cell) => cell ?? "");

/** Sums text amounts exactly, in cents. */
function cents(amounts: readonly unknown[]): bigint {
  let sum = 0n;
  for (const amount of amounts) {
    const [, sign, whole, places = ""] = /^(-?)(\d+)(?:\.(\d{1,2}))?$/.exec(String(amount)) ?? [];
    if (whole === undefined) throw new Error(`not an amount: ${amount}`);
    const value = BigInt(whole) * 100n + BigInt(places.padEnd(2, "0"));
    sum += sign === "-" ? -value : value;
  }
  return sum;
}

describe.skipIf(!isThere)(`published files${isThere ? "" : " (skipped: ../shared/real is not there)"}`, () => {
  test.each([
    ["2010-12.csv", 10_303],
    ["2012-03.csv", 10_325],
    ["2013-04.csv", 10_364],
    ["2020-06.csv", 16_176],
  ])("Leeds %s: every cell of %i rows as another reader has it", async (file, count) => {
    const [names = [], ...wanted] = otherwise(`leeds-spending/${file}`, "windows-1252");
    const { rows, malformed, problems } = await read("leeds-spending", file, columnsOf(...names), { encoding: "windows-1252" });
    expect([malformed, problems]).toEqual([[], []]);
    expect(rows).toHaveLength(count);
    expect(rows.map(blank)).toEqual(wanted);
  });

  test("Leeds: four headers by alias, in one read", async () => {
    const columns: Column[] = [
      { name: "number", aliases: ["Transaction number", "TransactionNumber", "Transaction Number"], required: true },
      { name: "amount", aliases: ["Net amount", "NetAmount", "Amount"], required: true },
      { name: "paid", aliases: ["Date paid", "DatePaid", "Payment Date"], required: true },
      { name: "vat", aliases: ["Irrecoverable VAT Amount"], required: false },
    ];
    const given: Given = { encoding: "windows-1252", ignore: [{ column: "number", matches: "^$" }] };
    const { rows, malformed, complete, events } = await read("leeds-spending", "*.csv", columns, given);
    expect(complete).toEqual(["2010-12.csv", "2012-03.csv", "2013-04.csv", "2020-06.csv"]);
    expect(malformed).toEqual([]);
    expect(rows).toHaveLength(10_303 + 10_325 + 10_363 + 16_176);
    // The total line that 2013-04.csv ends with says what its rows must add up to.
    const april = rows.filter(([number]) => String(number).startsWith("1304-"));
    expect(cents(april.map(([, amount]) => amount))).toBe(8_056_633_782n);
    const progress = events.flatMap((event) => (event.kind === "records" ? [event.progress] : []));
    expect(progress.at(-1)?.done).toBe(progress.at(-1)?.total);
  });

  test("Leeds 2020-06: windows-1252 is not detected, and not taken for something else", async () => {
    const { problems, complete } = await read("leeds-spending", "2020-06.csv", columnsOf("Amount"));
    expect(problems).toMatchObject([{ code: "SOURCE_DECODE", at: [{ file: "2020-06.csv" }] }]);
    expect(complete).toEqual([]);
  });

  test.each([
    ["2020-05.csv", "utf-8", 273],
    ["2020-06.csv", "windows-1252", 633],
  ] as const)("Cabinet Office %s in %s: %i rows", async (file, encoding, count) => {
    const [names = [], ...wanted] = otherwise(`cabinet-office-spending/${file}`, encoding);
    const { rows, malformed, problems } = await read("cabinet-office-spending", file, columnsOf(...names), { encoding });
    expect([malformed, problems]).toEqual([[], []]);
    expect(rows).toHaveLength(count);
    expect(rows.map(blank)).toEqual(wanted);
  });

  test("Alipay: GBK, found below its preamble, tabs and padding trimmed", async () => {
    const names = ["交易时间", "交易分类", "收/支", "金额", "交易订单号", "商家订单号", "备注"];
    const given: Given = { header: { contains: ["交易时间", "金额"] } };
    const { rows, lines, malformed, problems } = await read("cn-statements", "alipay-records.csv", columnsOf(...names), given);
    expect([malformed, problems]).toEqual([[], []]);
    const text = iconv.decode(readFileSync(path.join(real, "cn-statements/alipay-records.csv")), "gb18030").split(/\r?\n/);
    const [header = [], ...wanted] = text
      .filter((line) => line.split(",").length === 13)
      .map((line) => line.split(",").map((cell) => cell.trim()));
    expect(lines[0]).toBe(26);
    expect(rows.map(blank)).toEqual(wanted.map((row) => names.map((name) => row[header.indexOf(name)])));
    expect(rows.length).toBeGreaterThan(5);
  });
});
