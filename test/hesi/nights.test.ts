import { readFileSync } from "node:fs";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { ExpectedClaim, ExpectedNight } from "../../fixtures/hesi/expected.js";
import { Random } from "../../fixtures/hesi/random.js";
import { allVouchers, balanceOf, comparable, differences, standingVouchers, type Voucher } from "../real/books.js";
import { Project, type QuarantineItem, type RunAnswer, repository } from "../real/project.js";
import { cents, readSheet, shuffled, writeSheet } from "../real/rows.js";

const PIPELINE = "expense-to-gl";
const NIGHTS = ["报销明细-2026-11-20.csv", "报销明细-2026-11-21.csv"] as const;
const fixtures = path.join(repository, "fixtures/hesi");

/** What the program calls each cause. */
const CODES: Readonly<Record<string, string>> = {
  "fee type without account": "MAP_LOOKUP_MISSING",
  "amount is not a number": "DOCUMENT_BAD_RECORD",
  "date does not exist": "DOCUMENT_BAD_RECORD",
  "net and tax differ from total": "DOCUMENT_CHECK",
  "period closed": "TARGET_PERIOD_CLOSED",
  "invoice booked before": "DOCUMENT_NOT_UNIQUE",
};

function openProject(): Project {
  return Project.copy({ pipelines: "pipelines", schemas: "schemas" }, "pipelines", ".demo/exports");
}

function expectedOf(night: 1 | 2): ExpectedNight {
  return JSON.parse(readFileSync(path.join(fixtures, `expected-night-${night}.json`), "utf8")) as ExpectedNight;
}

function exportOf(night: 0 | 1): Buffer {
  return readFileSync(path.join(fixtures, NIGHTS[night]));
}

/** Currency and account with debit and credit, in the smallest unit. */
function expectedTotals(expected: ExpectedNight): string[] {
  return Object.entries(expected.totals)
    .flatMap(([currency, accounts]) =>
      Object.entries(accounts).map(([account, { debit, credit }]) => `${currency} ${account} ${minor(debit)} ${minor(credit)}`),
    )
    .sort();
}

function bookedTotals(project: Project): string[] {
  return balanceOf(project)
    .map((row) => `${row.currency} ${row.account} ${minor(row.debit)} ${minor(row.credit)}`)
    .sort();
}

function minor(text: string): bigint {
  return cents(text) as bigint;
}

function asClaim({ date, currency, attachments, lines }: Voucher): ExpectedClaim {
  const accounts: Record<string, { debit?: string; credit?: string }> = {};
  const places = currency === "JPY" ? 0 : 2;
  for (const line of lines) {
    const sums = accounts[line.account] ?? {};
    accounts[line.account] = sums;
    for (const side of ["debit", "credit"] as const) {
      const amount = line[side];
      if (amount !== undefined) sums[side] = formatted(minor(sums[side] ?? "0") + minor(amount), places);
    }
  }
  return { date, currency, attachments, accounts };
}

function formatted(hundredths: bigint, places: number): string {
  const size = (hundredths < 0n ? -hundredths : hundredths).toString().padStart(3, "0");
  return `${hundredths < 0n ? "-" : ""}${size.slice(0, -2)}${places === 0 ? "" : `.${size.slice(-2)}`}`;
}

/** Claims that wait, each with the code of its cause. */
function waitingClaims(items: readonly QuarantineItem[]): Record<string, string> {
  return Object.fromEntries(items.map(({ document, key, code }) => [document ?? key, code]));
}

function expectedWaiting(expected: ExpectedNight): Record<string, string> {
  return Object.fromEntries(Object.entries(expected.waiting).map(([claim, cause]) => [claim, CODES[cause] as string]));
}

function expectBooks(project: Project, expected: ExpectedNight): void {
  expect(bookedTotals(project)).toEqual(expectedTotals(expected));
  expect(Object.fromEntries(standingVouchers(project).map((voucher) => [voucher.documentKey, asClaim(voucher)]))).toEqual(expected.claims);
  expect(waitingClaims(project.quarantine(PIPELINE))).toEqual(expectedWaiting(expected));
}

describe("two nights of expense exports", () => {
  const project = openProject();
  const first = expectedOf(1);
  const second = expectedOf(2);
  let night1: RunAnswer;
  let night2: RunAnswer;
  let booksAfter2: ReturnType<typeof comparable>;

  beforeAll(() => {
    project.deliver(NIGHTS[0], exportOf(0));
  });
  afterAll(() => project.remove());

  it("the first night posts every approved claim, to the cent, and keeps the others waiting with their cause", () => {
    night1 = project.run(PIPELINE);
    expect(night1.code).toBe(3);
    expect(night1.counts).toMatchObject({ read: first.rows, posted: first.posted.length, replaced: 0, reversed: 0 });
    expectBooks(project, first);
    const messages = project
      .quarantine(PIPELINE)
      .map(({ problem }) => problem.message)
      .join("\n");
    for (const culprit of ["招聘猎头", "差旅—其他", "待核实", "2026-11-31"]) expect(messages).toContain(culprit);
  });

  it("a second run posts nothing", () => {
    const again = project.run(PIPELINE);
    expect(again.code).toBe(3);
    expect(again.counts).toMatchObject({ posted: 0, replaced: 0, reversed: 0 });
    expectBooks(project, first);
  });

  it("the second night posts what is new, replaces what changed, reverses what was voided", () => {
    project.deliver(NIGHTS[1], exportOf(1));
    night2 = project.run(PIPELINE);
    expect(night2.code).toBe(3);
    expect(night2.counts).toMatchObject({
      posted: second.posted.length,
      replaced: second.replaced.length,
      reversed: second.reversed.length,
    });
    expectBooks(project, second);
    booksAfter2 = comparable(project);
  });

  it("a changed claim has three vouchers: what was posted, its reversal in red, and the new one", () => {
    const all = allVouchers(project);
    for (const key of second.replaced) {
      const vouchers = all.filter((voucher) => voucher.documentKey === key);
      expect(vouchers.map((voucher) => voucher.kind).sort()).toEqual(["journal", "journal", "reversal"]);
    }
    for (const key of second.reversed) {
      expect(
        all
          .filter((voucher) => voucher.documentKey === key)
          .map((voucher) => voucher.kind)
          .sort(),
      ).toEqual(["journal", "reversal"]);
    }
    const untouched = Object.keys(second.claims).filter((key) => !second.replaced.includes(key) && !second.reversed.includes(key));
    const byKey = new Map<string, number>();
    for (const voucher of all) byKey.set(voucher.documentKey, (byKey.get(voucher.documentKey) ?? 0) + 1);
    expect(untouched.filter((key) => byKey.get(key) !== 1)).toEqual([]);
  });

  it("vouchers are numbered without gaps in each month", () => {
    const byMonth = new Map<string, number[]>();
    for (const voucher of allVouchers(project)) {
      const [month, number] = voucher.reference.split(" 记-") as [string, string];
      byMonth.set(month, [...(byMonth.get(month) ?? []), Number(number)]);
    }
    for (const numbers of byMonth.values()) {
      expect(numbers.sort((a, b) => a - b)).toEqual(numbers.map((_, index) => index + 1));
    }
  });

  it("a fee type that gets its account is posted by the next run, though its claim is not exported again", () => {
    project.append("lookups/expense-accounts.csv", "招聘猎头,660211,管理费用-中介服务费,是,,\n");
    const mended = project.run(PIPELINE);
    expect(mended.counts).toMatchObject({ read: 0, posted: 1, replaced: 0, reversed: 0 });
    const { BX26110353: _, ...others } = expectedWaiting(second);
    expect(waitingClaims(project.quarantine(PIPELINE))).toEqual(others);
    expect(standingVouchers(project).filter((voucher) => voucher.documentKey === "BX26110353").length).toBe(1);
  });

  it.each([11, 12])("shuffled rows give the same books (seed %i)", (seed) => {
    const other = openProject();
    try {
      const random = new Random(seed);
      for (const night of [0, 1] as const) {
        // A title, the time of the export and the header stand above the rows, the total below them.
        const sheet = readSheet(exportOf(night), 3, 1);
        other.deliver(NIGHTS[night], writeSheet(sheet, shuffled(sheet.rows, random)));
        other.run(PIPELINE);
      }
      expect(differences(booksAfter2, comparable(other))).toEqual([]);
      expect(waitingClaims(other.quarantine(PIPELINE))).toEqual(expectedWaiting(second));
    } finally {
      other.remove();
    }
  });

  it("both nights delivered at once give the same books", () => {
    const other = openProject();
    try {
      for (const night of [0, 1] as const) other.deliver(NIGHTS[night], exportOf(night));
      const both = other.run(PIPELINE);
      expect(both.counts).toMatchObject({ replaced: 0, reversed: 0 });
      expectBooks(other, second);
    } finally {
      other.remove();
    }
  });
});
