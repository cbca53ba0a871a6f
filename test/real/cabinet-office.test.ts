import { existsSync, readFileSync } from "node:fs";
import path from "node:path";
import iconv from "iconv-lite";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Random } from "../../fixtures/hesi/random.js";
import { balanceOf, comparable, differences, standingVouchers, type Voucher } from "./books.js";
import { Project, type RunAnswer, realInput } from "./project.js";
import { cellsOf, cents, halves, readSheet, type Sheet, shuffled, writeSheet } from "./rows.js";

const folder = path.join(realInput, "cabinet-office-spending");
const isHere = existsSync(folder);
const MONTHS = ["2020-05", "2020-06"] as const;
const PIPELINE = "payments-to-payables";

interface PublishedLine {
  readonly amount: bigint;
  readonly text: string;
  readonly entity: string;
}

function openProject(): Project {
  return Project.copy({ "test/real/cabinet-office": "." }, ".", "input");
}

function sheet(month: string): Sheet {
  return readSheet(readFileSync(path.join(folder, `${month}.csv`)));
}

/** Documents by number, supplier and date, each with its lines in the order of the file. */
function publishedDocuments(): Map<string, PublishedLine[]> {
  const documents = new Map<string, PublishedLine[]>();
  for (const month of MONTHS) {
    for (const row of sheet(month).rows) {
      const [, entity, date, type, area, supplier, number, amount] = cellsOf(asText(row)) as [
        ...[string, string, string, string],
        ...[string, string, string, string],
      ];
      const key = `${number} / ${supplier} / ${date}`;
      documents.set(key, [...(documents.get(key) ?? []), { amount: cents(amount) as bigint, text: `${type} · ${area}`, entity }]);
    }
  }
  return documents;
}

function asText(record: string): string {
  // Not TextDecoder: in Node 20 it takes windows-1252 for latin1 and turns its dashes into control characters.
  return iconv.decode(Buffer.from(record, "latin1"), "windows-1252");
}

/** The expense account an accountant would give to these words, in the order of the chart. */
function accountOf(type: string): string {
  const words = type.toUpperCase();
  const has = (...choices: string[]): boolean => choices.some((choice) => words.includes(choice));
  if (has("CONSULTANCY", "PROFESSIONAL", "LEGAL")) return "4100";
  if (has("ICT", "IT ", "SOFTWARE", "TELECOMS")) return "4200";
  if (has("RENT", "RATES", "ELECTRICITY", " FM ", "SERVICE CHARGE") || words.startsWith("SOFT FM") || words.startsWith("HARD FM"))
    return "4300";
  return has("MARKETING") ? "4400" : "4900";
}

function linesOf(voucher: Voucher): PublishedLine[] {
  return voucher.lines
    .filter((line) => line.debit !== undefined)
    .map((line) => ({ amount: cents(line.debit ?? "") as bigint, text: line.text, entity: line.dimensions["entity"] ?? "" }));
}

const title = isHere ? "payments of the Cabinet Office as published" : "payments of the Cabinet Office (skipped: needs ../shared/real)";

describe.skipIf(!isHere)(title, () => {
  const project = isHere ? openProject() : undefined;
  const published = isHere ? publishedDocuments() : new Map<string, PublishedLine[]>();
  let first: RunAnswer;
  let books: ReturnType<typeof comparable>;

  const theProject = (): Project => project as Project;

  beforeAll(() => {
    if (!isHere) return;
    for (const month of MONTHS) theProject().deliver(`${month}.csv`, readFileSync(path.join(folder, `${month}.csv`)));
    first = theProject().run(PIPELINE);
    books = comparable(theProject());
  }, 120_000);

  afterAll(() => project?.remove());

  it("makes one payable per number, supplier and date, and loses nothing", () => {
    expect(published.size).toBe(706);
    expect(first.counts).toMatchObject({ read: 906, posted: 706, waiting: 0 });
    expect(theProject().quarantine(PIPELINE)).toEqual([]);
    const vouchers = standingVouchers(theProject());
    expect(new Set(vouchers.map((voucher) => voucher.documentKey))).toEqual(new Set(published.keys()));
    expect(vouchers.every((voucher) => voucher.kind === "payable")).toBe(true);
  });

  it("keeps every line in the order of the file, equal lines included", () => {
    for (const voucher of standingVouchers(theProject())) {
      expect(linesOf(voucher), voucher.documentKey).toEqual(published.get(voucher.documentKey));
    }
  });

  it("owes each supplier the sum of the lines", () => {
    for (const voucher of standingVouchers(theProject())) {
      const owed = voucher.lines.filter((line) => line.credit !== undefined);
      expect(owed.length).toBe(1);
      const total = (published.get(voucher.documentKey) as PublishedLine[]).reduce((sum, line) => sum + line.amount, 0n);
      expect(cents(owed[0]?.credit ?? "")).toBe(total);
      expect(owed[0]?.account).toBe("2100");
      expect(owed[0]?.partner).toBe(voucher.documentKey.split(" / ")[1]);
    }
  });

  it("agrees to the cent with sums taken independently, per account", () => {
    const sums = new Map<string, bigint>();
    for (const lines of published.values()) {
      for (const { amount, text } of lines) {
        const account = accountOf(text.split(" · ")[0] as string);
        sums.set(account, (sums.get(account) ?? 0n) + amount);
      }
    }
    const ledger = balanceOf(theProject())
      .filter((row) => row.account !== "2100")
      .map((row) => [row.account, cents(row.debit)]);
    expect(Object.fromEntries(ledger)).toEqual(Object.fromEntries(sums));
  });

  it.each([
    ["the later month first", [["2020-06"], ["2020-05"]]],
    ["one month after the other", [["2020-05"], ["2020-06"]]],
  ] as const)(
    "gives the same books with %s",
    (_, deliveries) => {
      const other = openProject();
      try {
        for (const months of deliveries) {
          for (const month of months) other.deliver(`${month}.csv`, readFileSync(path.join(folder, `${month}.csv`)));
          other.run(PIPELINE);
        }
        expect(differences(books, comparable(other))).toEqual([]);
      } finally {
        other.remove();
      }
    },
    120_000,
  );

  it("gives the same books from shuffled halves delivered in two runs", () => {
    const other = openProject();
    try {
      const random = new Random(7);
      const parts = MONTHS.map((month) => {
        const whole = sheet(month);
        return { month, whole, parts: halves(shuffled(whole.rows, random)) };
      });
      for (const half of [0, 1] as const) {
        for (const { month, whole, parts: pieces } of parts) other.deliver(`${month}-${half}.csv`, writeSheet(whole, pieces[half]));
        other.run(PIPELINE);
      }
      expect(differences(books, comparable(other))).toEqual([]);
    } finally {
      other.remove();
    }
  }, 120_000);
});
