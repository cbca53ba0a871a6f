import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { describe, expect, it } from "vitest";
import { plainAmount } from "../../fixtures/hesi/export.js";
import { generateFiles } from "../../fixtures/hesi/generate.js";
import { repository } from "../real/project.js";
import { cellsOf, splitRecords } from "../real/rows.js";

const folder = path.join(repository, "fixtures/hesi");
const files = generateFiles();

/** Records of an export, decoded by the platform and not by the library that encoded them. */
function recordsOf(name: string): string[][] {
  const text = new TextDecoder("gb18030", { fatal: true }).decode(files.get(name));
  return splitRecords(text).map(cellsOf);
}

describe("the Hesi-like export", () => {
  it.each([...files.keys()])("%s is what the generator writes", (name) => {
    expect(readFileSync(path.join(folder, name)).equals(files.get(name) as Buffer)).toBe(true);
  });

  it("holds nothing the generator did not write", () => {
    const others = readdirSync(folder).filter((name) => /\.(csv|json)$/.test(name));
    expect(others.sort()).toEqual([...files.keys()].sort());
  });

  it("is large enough, and every record has the columns of the header", () => {
    const records = recordsOf("报销明细-2026-11-20.csv");
    const width = (records[2] as string[]).length;
    expect(records.every((cells) => cells.length === width)).toBe(true);
    const lines = records.slice(3, -1);
    expect(lines.length).toBeGreaterThanOrEqual(1100);
    expect(new Set(lines.map((cells) => cells[0])).size).toBeGreaterThanOrEqual(330);
  });

  it.each([
    ["quotes inside a cell", /""双十一""/],
    ["a line break inside quotes", /"北京出差\n第二天返回"/],
    ["thousands separators", /"\d{1,3},\d{3}\.\d{2}"/],
    ["a half-width yen sign", /¥\d/],
    ["a full-width yen sign", /￥\d/],
    ["full-width digits", /[０-９]+．[０-９]{2}/],
    ["a negative amount in brackets", /\(\d+\.\d{2}\)/],
    ["a negative amount with a sign", /,-\d+\.\d{2},/],
    ["a tab behind an invoice number", /\d{20}\t,/],
    ["a date without leading zeros", /,2026\/11\/\d,/],
    ["the older form of invoice numbers", /,\d{12}-\d{8},/],
    ["a total line at the end", /\r\n合计,.*\r\n$/],
    ["an amount that is none", /,待核实,/],
    ["a day that does not exist", /,2026-11-31,/],
  ])("has %s", (_, pattern) => {
    const text = new TextDecoder("gb18030", { fatal: true }).decode(files.get("报销明细-2026-11-20.csv"));
    expect(text).toMatch(pattern);
  });

  it("has characters that GB18030 stores in four bytes", () => {
    const bytes = files.get("报销明细-2026-11-20.csv") as Buffer;
    const text = new TextDecoder("gb18030").decode(bytes);
    for (const character of ["㐂", "𠮷"]) expect(text).toContain(character);
    let fourBytes = 0;
    for (let i = 0; i + 3 < bytes.length; i += 1) {
      const [a, b, c, d] = [bytes[i], bytes[i + 1], bytes[i + 2], bytes[i + 3]] as [number, number, number, number];
      if (a >= 0x81 && b >= 0x30 && b <= 0x39 && c >= 0x81 && d >= 0x30 && d <= 0x39) fourBytes += 1;
    }
    expect(fourBytes).toBeGreaterThan(50);
  });

  it("is expected to balance: what is owed to people equals expenses and tax", () => {
    for (const name of ["expected-night-1.json", "expected-night-2.json"]) {
      const expected = JSON.parse((files.get(name) as Buffer).toString()) as {
        totals: Record<string, Record<string, { debit: string; credit: string }>>;
      };
      for (const [currency, accounts] of Object.entries(expected.totals)) {
        const sum = (side: "debit" | "credit"): bigint =>
          Object.values(accounts).reduce((total, each) => total + BigInt(each[side].replace(".", "")), 0n);
        expect(plainAmount(sum("debit"), currency)).toBe(plainAmount(sum("credit"), currency));
      }
    }
  });
});
