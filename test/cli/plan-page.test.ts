import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { readXlsx } from "hucre/xlsx";
import { beforeAll, expect, test } from "vitest";
import { emptyFolder, sync } from "./sync.js";

const CLAIMS = 2_000;
let folder: string;
const path = (name: string): string => join(folder, name);
const page = (name: string): string => readFileSync(path(name), "utf8");

/** The sample project with an export of many claims, each of two rows, so that each voucher has four lines. */
beforeAll(() => {
  folder = emptyFolder();
  sync(folder, "init");
  const header = "单据编号,行号,单据状态,提交日期,审批日期,报销人,工号,部门编码,费用类型,事由,价税合计,税额,不含税金额,发票号码,附件张数";
  const rows = Array.from({ length: CLAIMS }, (_, n) => {
    const key = `BX2612${String(n).padStart(4, "0")}`;
    const day = `2026-12-${String(1 + (n % 28)).padStart(2, "0")}`;
    const row = (line: number, kind: string, net: string, tax: string, total: string): string =>
      [
        key,
        line,
        "已审批",
        day,
        day,
        `员工${n % 97}`,
        String(n % 97).padStart(5, "0"),
        `D${n % 12}`,
        kind,
        `第 ${n} 次出差 <b>上海</b>`,
        total,
        tax,
        net,
        `${n}-${line}`,
        1,
      ].join(",");
    return `${row(1, "差旅费", "100.00", "6.00", "106.00")}\n${row(2, "办公费", "50.00", "0.00", "50.00")}`;
  });
  writeFileSync(path("exports/expenses-2026-12-28.csv"), `${header}\n${rows.join("\n")}\n`);
}, 120_000);

test("a plan of 2,000 documents is one page of less than 3 MB, and says the same as the plan that is saved", () => {
  const before = readdirSync(tmpdir()).filter((name) => name.startsWith("sync-plan-"));
  const done = sync(folder, "plan", "--out", "big.plan", "--html", "pages/big.html", "--xlsx", "big.xlsx", "--quiet");
  expect(done.err).toBe("");
  expect(done.code).toBe(3);
  expect(done.out).toContain("a page to read it is in pages/big.html\na workbook of it is in big.xlsx\n");
  expect(statSync(path("pages/big.html")).size).toBeLessThan(3_000_000);
  const text = page("pages/big.html");
  expect(text.match(/<details data-k="create"/g)).toHaveLength(CLAIMS + 3);
  expect(text.match(/<b>660203<\/b>/g)?.length).toBeGreaterThan(CLAIMS);
  expect(text).toContain("&lt;b&gt;上海&lt;/b&gt;");
  const lines = page("big.plan").trim().split("\n");
  const { hash } = JSON.parse(lines.at(-1) as string) as { hash: string };
  expect(text).toContain(`<b>${hash.slice(0, 12)}</b>${hash.slice(12)}`);
  expect(readdirSync(tmpdir()).filter((name) => name.startsWith("sync-plan-"))).toEqual(before);
}, 120_000);

test("the workbook has a row for each line", async () => {
  const { sheets } = await readXlsx(readFileSync(path("big.xlsx")));
  const documents = sheets.find(({ name }) => name === "Documents")?.rows ?? [];
  // Titles, four lines for each claim, and nine of the three claims of the sample.
  expect(documents.length).toBeGreaterThan(4 * CLAIMS);
}, 120_000);

test("whoever got the plan by mail reads it without the project, in their language", () => {
  const elsewhere = emptyFolder();
  writeFileSync(join(elsewhere, "mailed.plan"), page("big.plan"));
  const done = sync(elsewhere, "plan", "--from", "mailed.plan", "--html", "seen.html", "--lang", "zh");
  expect(done.code).toBe(0);
  expect(done.out).toContain("into books");
  expect(done.out).toContain("a page to read it is in seen.html");
  const text = readFileSync(join(elsewhere, "seen.html"), "utf8");
  expect(text).toContain('<html lang="zh-CN">');
  expect(text).toContain("本页内容尚未入账");
  expect(sync(elsewhere, "plan", "--from", "mailed.plan", "--json").out).toContain('"pipeline": "expense-to-gl"');
}, 120_000);

test("a plan that is not as it was written makes no page", () => {
  writeFileSync(path("edited.plan"), page("big.plan").replace("员工7", "员工8"));
  const done = sync(folder, "plan", "--from", "edited.plan", "--html", "edited.html");
  expect(done.code).toBe(7);
  expect(done.err).toContain("PLAN_BROKEN");
  expect(readdirSync(folder)).not.toContain("edited.html");
}, 120_000);

test("without --out the page is a preview, and the store does not know the plan", () => {
  const done = sync(folder, "plan", "--html", "preview.html", "--quiet");
  expect(done.out).toContain("a page to read it is in preview.html");
  expect(page("preview.html")).toContain("Preview only.");
  expect(sync(folder, "audit", "log").out.match(/plan saved/g)).toHaveLength(1);
}, 120_000);

test.each([
  [["--from", "big.plan", "--html", "big.plan"], "cannot be one file"],
  [["--html", "other.plan"], "`other.plan` is a plan"],
  [["--from", "big.plan", "--out", "new.plan"], "`--from` shows a plan as it was saved"],
  [["expense-to-gl", "--from", "big.plan"], "`--from` shows a plan as it was saved"],
  [["--from", "big.plan", "--html", "taken"], "`taken` cannot be written"],
  [["--from", "big.plan", "--lang", "fr"], "Allowed choices are en, zh"],
])(
  "%j is refused, and nothing is written",
  (args, said) => {
    mkdirSync(path("taken"), { recursive: true });
    const saved = page("big.plan");
    writeFileSync(path("other.plan"), saved);
    const done = sync(folder, "plan", ...args);
    expect(done.code).toBe(2);
    expect(done.err).toContain(said);
    expect(page("big.plan")).toBe(saved);
    expect(page("other.plan")).toBe(saved);
    expect(readdirSync(folder).filter((name) => name.includes(".part") || name === "new.plan")).toEqual([]);
  },
  120_000,
);
