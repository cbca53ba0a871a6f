import { inflateRawSync } from "node:zlib";
import { readXlsx } from "hucre/xlsx";
import { expect, test } from "vitest";
import { planWorkbook } from "../../src/report/plan-workbook.js";
import { aCreate, aDocument, aLine, aPlan, aReplace, aWait, posted, type Sample, usualNight } from "./sample-plan.js";

type Cells = readonly (readonly unknown[])[];

async function sheetsOf(sample: Sample, language: "en" | "zh" = "en"): Promise<Map<string, Cells>> {
  const { sheets } = await readXlsx(await planWorkbook(aPlan(sample), language));
  return new Map(sheets.map(({ name, rows }) => [name, rows]));
}

/** Cells by the titles of their columns. */
function byTitle(rows: Cells): Record<string, unknown>[] {
  const [titles = [], ...rest] = rows;
  return rest.map((row) => Object.fromEntries(titles.map((title, at) => [String(title), row[at] ?? null])));
}

test("one row for each line, with what is taken back beside what is booked", async () => {
  const sheets = await sheetsOf(usualNight());
  expect([...sheets.keys()]).toEqual(["Summary", "Documents", "Waiting"]);
  const rows = byTitle(sheets.get("Documents") ?? []);
  // Seven documents of two lines, and the former self of the replaced one.
  expect(rows).toHaveLength(16);
  expect(
    rows.filter((row) => row["Document"] === "BX26110002").map((row) => [row["Version"], row["Account"], row["Debit"], row["Credit"]]),
  ).toEqual([
    ["taken back", "660201", 120, null],
    ["taken back", "224101", null, 120],
    ["booked", "660201", 150, null],
    ["booked", "224101", null, 150],
  ]);
  expect(rows.find((row) => row["Change"] === "held")).toMatchObject({
    Version: "held, not booked",
    Date: "2026-09-30",
    部门: "D01",
    Reason: "The accounting period is closed: the period 2026-09 is closed",
  });
});

test("the summary and what waits, in Chinese", async () => {
  const sheets = await sheetsOf(usualNight(), "zh");
  expect([...sheets.keys()]).toEqual(["概要", "单据", "待处理"]);
  const summary = sheets.get("概要") ?? [];
  expect(summary).toContainEqual(expect.arrayContaining(["新单据", 4, "CNY", 480]));
  expect(summary).toContainEqual(expect.arrayContaining(["224101", "CNY", 0, 390]));
  expect(byTitle(sheets.get("待处理") ?? []).map((row) => [row["单据编号"], row["原因"]])).toEqual([
    ["BX26110007", "借贷不平"],
    ["BX26110006", "没有对应的科目或编码"],
  ]);
});

test("nothing is a formula, whatever a text begins with; what looks like a mark of the format stays as it is", async () => {
  const texts = ["=1+1", "+1", "-1", "@SUM(A1)", `=HYPERLINK("http://example.invalid")`, "=cmd|' /C calc'!A0", "_x0041_", "00042", "1e5"];
  const changes = texts.map((text, n) =>
    aCreate(aDocument({ key: `K${n}`, text, lines: [aLine({ account: text, text, partner: text, dimensions: { 部门: text } })] })),
  );
  const bytes = Buffer.from(await planWorkbook(aPlan({ changes }), "en"));
  expect(partsOf(bytes).filter((part) => /<f[ >]|<hyperlink/.test(part))).toEqual([]);
  const rows = byTitle((await sheetsOf({ changes })).get("Documents") ?? []);
  expect(rows.map((row) => row["Text"])).toEqual(texts);
  expect(rows.map((row) => [row["Account"], row["Line text"], row["partner"], row["部门"]])).toEqual(
    texts.map((text) => [text, text, text, text]),
  );
});

test("an amount is the number it is, or text where Excel would round it", async () => {
  const amounts = [1n, 123_456_789_012_345n, 1_234_567_890_123_456n, -30n, 10n];
  const lines = amounts.map((amountMinor) => aLine({ amountMinor }));
  const rows = byTitle((await sheetsOf({ changes: [aCreate(aDocument({ lines }))] })).get("Documents") ?? []);
  expect(rows.map((row) => row["Debit"])).toEqual([0.01, 1_234_567_890_123.45, "12345678901234.56", -0.3, 0.1]);
});

test("what has no lines, and what nobody can tell, has a row of its own", async () => {
  const entity = aDocument({
    type: "entity",
    key: "D01",
    date: "",
    currency: "",
    lines: [],
    attachments: 0,
    fields: { kind: "department", name: "财务部" },
  });
  const held = { change: "hold" as const, key: "H1", problem: aWait("H1", "TARGET_EDITED", "it was changed there").problem };
  const rows = byTitle((await sheetsOf({ changes: [aCreate(entity), held] })).get("Documents") ?? []);
  expect(rows.map((row) => [row["Document"], row["Further values"], row["Reason"]])).toEqual([
    ["D01", "kind department; name 财务部", null],
    ["H1", null, "Somebody changed or removed it in the accounting system: it was changed there"],
  ]);
});

test("a text longer than a cell is cut where it can be seen", async () => {
  const before = aDocument({ text: "long ".repeat(10_000) });
  const after = aDocument({ text: "short" });
  const change = { ...aReplace(before, after), posting: posted("store") };
  const [row] = byTitle((await sheetsOf({ changes: [change] })).get("Documents") ?? []);
  expect(String(row?.["Text"]).length).toBe(32_767);
  expect(String(row?.["Text"]).at(-1)).toBe("…");
});

/** The parts of a workbook as text. They are told apart by their headers (PKWARE APPNOTE 6.3.10, 4.3.7). */
function partsOf(bytes: Buffer): string[] {
  const parts: string[] = [];
  for (let at = bytes.indexOf("PK\u0001\u0002", 0, "latin1"); at !== -1; at = bytes.indexOf("PK\u0001\u0002", at + 4, "latin1")) {
    const [method, size, local] = [bytes.readUInt16LE(at + 10), bytes.readUInt32LE(at + 20), bytes.readUInt32LE(at + 42)];
    const start = local + 30 + bytes.readUInt16LE(local + 26) + bytes.readUInt16LE(local + 28);
    const content = bytes.subarray(start, start + size);
    parts.push((method === 8 ? inflateRawSync(content) : content).toString("utf8"));
  }
  return parts;
}
