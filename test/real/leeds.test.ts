import { execFileSync, spawnSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Random } from "../../fixtures/hesi/random.js";
import { balanceOf, comparable, differences, standingVouchers, type Voucher } from "./books.js";
import { Project, type RunAnswer, realInput } from "./project.js";
import { cellsOf, cents, halves, readSheet, type Sheet, shuffled, writeSheet } from "./rows.js";

const folder = path.join(realInput, "leeds-spending");
const isHere = existsSync(folder);
const MONTHS = ["2010-12", "2012-03", "2013-04", "2020-06"] as const;
const MONTH_NAMES = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];

function openProject(): Project {
  return Project.copy({ "test/real/leeds": "." }, ".", "input");
}

function sheet(month: string): Sheet {
  return readSheet(readFileSync(path.join(folder, `${month}.csv`)));
}

interface Payment {
  readonly transaction: string;
  readonly month: string;
  readonly category: string;
  readonly amount: bigint;
}

/** Rows as a person reads them; null for a row that is no payment: the total of a month, a remnant of commas. */
function payments({ head, rows }: Sheet): { readonly payments: Payment[]; readonly others: number } {
  const names = cellsOf(head[0] as string).map((name) => name.replaceAll(" ", "").toLowerCase());
  const column = (...choices: string[]): number => names.findIndex((name) => choices.includes(name));
  const at = {
    transaction: column("transactionnumber"),
    date: column("datepaid", "paymentdate"),
    category: column("expenditurecategory", "categoryinternalname"),
    amount: column("netamount", "amount"),
  };
  const found: Payment[] = [];
  let others = 0;
  for (const row of rows) {
    const cells = cellsOf(row);
    const amount = cents(cells[at.amount] ?? "");
    const month = monthOf(cells[at.date] ?? "");
    const transaction = cells[at.transaction] ?? "";
    // A payment of nothing cannot be booked: a voucher has no lines of zero.
    if (amount === null || amount === 0n || month === null || transaction === "") {
      if (cells.some((cell) => cell !== "")) others += 1;
      continue;
    }
    const category = (cells[at.category] as string).toLowerCase();
    found.push({ transaction, month, category: category === "precept" ? "precepts" : category, amount });
  }
  return { payments: found, others };
}

function monthOf(date: string): string | null {
  const digits = /^\d{2}\/(\d{2})\/(\d{4})$/.exec(date);
  if (digits) return `${digits[2]}-${digits[1]}`;
  const named = /^\d{2}-([A-Z][a-z]{2})-(\d{2}|\d{4})$/.exec(date);
  if (!named) return null;
  const month = MONTH_NAMES.indexOf((named[1] as string).toLowerCase()) + 1;
  return `${(named[2] as string).padStart(4, "20")}-${String(month).padStart(2, "0")}`;
}

function sumBy<T>(items: readonly T[], nameOf: (item: T) => string, amountOf: (item: T) => bigint): Record<string, bigint> {
  const sums = new Map<string, bigint>();
  for (const item of items) sums.set(nameOf(item), (sums.get(nameOf(item)) ?? 0n) + amountOf(item));
  return Object.fromEntries([...sums].sort(([a], [b]) => (a < b ? -1 : 1)));
}

const title = isHere ? "payments of Leeds City Council as published" : "payments of Leeds City Council (skipped: needs ../shared/real)";

describe.skipIf(!isHere)(title, () => {
  const project = isHere ? openProject() : undefined;
  let first: RunAnswer;
  let vouchers: readonly Voucher[];
  let books: ReturnType<typeof comparable>;
  const published = (isHere ? MONTHS : []).map((month) => payments(sheet(month)));
  const expected = published.flatMap((each) => each.payments);
  const others = published.reduce((sum, each) => sum + each.others, 0);

  const theProject = (): Project => project as Project;

  beforeAll(() => {
    if (!isHere) return;
    for (const month of MONTHS) theProject().deliver(`${month}.csv`, readFileSync(path.join(folder, `${month}.csv`)));
    first = theProject().run("payments-to-gl");
    vouchers = standingVouchers(theProject());
    books = comparable(theProject(), vouchers);
  }, 300_000);

  afterAll(() => project?.remove());

  it("one pipeline takes all four files, one journal per transaction", () => {
    expect(expected.length).toBeGreaterThan(47_000);
    expect(vouchers.length).toBe(expected.length);
    expect(new Set(vouchers.map((voucher) => voucher.documentKey))).toEqual(new Set(expected.map((payment) => payment.transaction)));
  });

  it("loses nothing: lines read are lines posted and lines quarantined with a reason", () => {
    const waiting = theProject().quarantine("payments-to-gl");
    expect(first.counts.posted).toBe(expected.length);
    expect(first.counts.read).toBe(first.counts.posted + waiting.length);
    // The total below one month, and two payments of nothing. Rows of nothing but commas are no lines.
    expect(others).toBe(3);
    expect(waiting.length).toBe(others);
    expect(waiting.map(({ code }) => code).sort()).toEqual(["DOCUMENT_EMPTY", "DOCUMENT_EMPTY", "RECORD_NO_KEY"]);
    for (const item of waiting) expect(item.problem.message, item.key).not.toBe("");
  });

  it("agrees to the cent with sums taken independently, per month and category", () => {
    const categories = new Map(balanceOf(theProject()).map((row) => [row.account, row.name.toLowerCase()]));
    const booked = vouchers.flatMap((voucher) =>
      voucher.lines.flatMap(({ account, debit }) => (debit === undefined ? [] : [{ month: voucher.date.slice(0, 7), account, debit }])),
    );
    const ledger = sumBy(
      booked,
      ({ month, account }) => `${month} ${categories.get(account)}`,
      ({ debit }) => cents(debit) as bigint,
    );
    const independent = sumBy(
      expected,
      (payment) => `${payment.month} ${payment.category}`,
      (payment) => payment.amount,
    );
    expect(Object.keys(independent).length).toBeGreaterThan(40);
    expect(ledger).toEqual(independent);
  });

  it("agrees with the total the council itself published below April 2013", () => {
    const { payments: april } = payments(sheet("2013-04"));
    const keys = new Set(april.map((payment) => payment.transaction));
    const booked = vouchers
      .filter((voucher) => keys.has(voucher.documentKey))
      .flatMap((voucher) => voucher.lines.map(({ debit }) => debit ?? "0"));
    expect(booked.reduce((sum, debit) => sum + (cents(debit) as bigint), 0n)).toBe(8_056_633_782n);
  });

  it("owes the suppliers what was spent, refunds in red", () => {
    const total = expected.reduce((sum, payment) => sum + payment.amount, 0n);
    const creditors = balanceOf(theProject()).find((row) => row.account === "2100");
    expect(cents(creditors?.credit ?? "")).toBe(total);
    expect(cents(creditors?.debit ?? "")).toBe(0n);
    const refunds = vouchers.filter((voucher) => voucher.lines.some(({ debit }) => debit?.startsWith("-")));
    expect(refunds.length).toBe(expected.filter((payment) => payment.amount < 0n).length);
  });

  it("posts nothing when run again", () => {
    const again = theProject().run("payments-to-gl");
    expect(again.counts).toMatchObject({ posted: 0, replaced: 0, reversed: 0 });
    expect(differences(books, comparable(theProject()))).toEqual([]);
  });

  it("gives the same books from shuffled halves delivered in two runs", () => {
    const other = openProject();
    try {
      const random = new Random(20_261_122);
      const parts = MONTHS.map((month) => ({ month, sheet: sheet(month) })).map(({ month, sheet }) => ({
        month,
        sheet,
        halves: halves(shuffled(sheet.rows, random)),
      }));
      for (const half of [0, 1] as const) {
        for (const part of parts) other.deliver(`${part.month}-${half}.csv`, writeSheet(part.sheet, part.halves[half]));
        other.run("payments-to-gl");
      }
      expect(differences(books, comparable(other))).toEqual([]);
      expect(other.quarantine("payments-to-gl").length).toBe(theProject().quarantine("payments-to-gl").length);
    } finally {
      other.remove();
    }
  }, 300_000);

  const hledger = spawnSync("hledger", ["--version"]).status === 0;
  it.skipIf(!hledger)(`hledger finds the exported books sound and the balances equal${hledger ? "" : " (skipped: needs hledger)"}`, () => {
    const file = path.join(theProject().folder, "books.journal");
    const exported = theProject().call("ledger", "export", "--out", file);
    expect(exported).toMatchObject({ code: 0 });
    const environment = { env: { ...process.env, LC_ALL: "C.UTF-8" }, encoding: "utf8" as const, maxBuffer: 1 << 28 };
    execFileSync("hledger", ["-f", file, "check"], environment);
    const table = execFileSync("hledger", ["-f", file, "balance", "--flat", "--no-total", "-O", "csv"], environment);
    const theirs = Object.fromEntries(
      table
        .trim()
        .split("\n")
        .slice(1)
        .map(cellsOf)
        .map(([account, amount]) => [(account as string).split(":").at(-1)?.split(" ")[0], (amount as string).replace("GBP ", "")]),
    );
    const ours = Object.fromEntries(balanceOf(theProject()).map((row) => [row.account, row.closing]));
    expect(theirs).toEqual(ours);
  });
});
