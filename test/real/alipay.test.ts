import { existsSync, readFileSync } from "node:fs";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Random } from "../../fixtures/hesi/random.js";
import { comparable, differences, standingVouchers, type Voucher } from "./books.js";
import { Project, type RunAnswer, realInput } from "./project.js";
import { cents, halves, readSheet, shuffled, writeSheet } from "./rows.js";

const folder = path.join(realInput, "cn-statements");
const isHere = existsSync(folder);
const STATEMENT = "alipay-records.csv";
const PIPELINE = "statement-to-journal";
/** Preamble and header. */
const HEAD_ROWS = 25;

function openProject(): Project {
  return Project.copy({ "test/real/alipay": "." }, ".", "input");
}

interface Transaction {
  readonly date: string;
  /** `Account amount`, debit positive, sorted. */
  readonly postings: readonly string[];
}

/** The transactions of a beancount file. */
function readBeancount(text: string): Transaction[] {
  const transactions: { date: string; postings: string[] }[] = [];
  for (const line of text.split("\n")) {
    const head = /^(\d{4}-\d{2}-\d{2}) \* /.exec(line);
    if (head) transactions.push({ date: head[1] as string, postings: [] });
    const posting = /^\s+((?:Assets|Liabilities|Income|Expenses):\S+) (-?[\d.]+) CNY$/.exec(line);
    if (posting) transactions.at(-1)?.postings.push(`${posting[1]} ${cents(posting[2] as string)}`);
  }
  return transactions.map(({ date, postings }) => ({ date, postings: postings.sort() })).sort(byContent);
}

function asTransaction({ date, lines }: Voucher): Transaction {
  const postings = lines.map((line) => {
    const amount = line.debit === undefined ? -(cents(line.credit ?? "") as bigint) : cents(line.debit);
    return `${line.account.replaceAll(".", ":")} ${amount}`;
  });
  return { date, postings: postings.sort() };
}

function byContent(left: Transaction, right: Transaction): number {
  return JSON.stringify(left) < JSON.stringify(right) ? -1 : 1;
}

const title = isHere ? "an 支付宝 statement as published" : "an 支付宝 statement (skipped: needs ../shared/real)";

describe.skipIf(!isHere)(title, () => {
  const project = isHere ? openProject() : undefined;
  let first: RunAnswer;
  let books: ReturnType<typeof comparable>;

  const theProject = (): Project => project as Project;

  beforeAll(() => {
    if (!isHere) return;
    theProject().deliver(STATEMENT, readFileSync(path.join(folder, STATEMENT)));
    first = theProject().run(PIPELINE);
    books = comparable(theProject());
  }, 60_000);

  afterAll(() => project?.remove());

  it("gives the accounts, dates and amounts that project publishes", () => {
    const expected = readBeancount(readFileSync(path.join(folder, "alipay-expected.beancount"), "utf8"));
    expect(expected.length).toBe(7);
    expect(standingVouchers(theProject()).map(asTransaction).sort(byContent)).toEqual(expected);
  });

  it("reads all ten rows; closed orders and their refunds are not booked, and nothing waits", () => {
    expect(first.counts).toMatchObject({ read: 10, posted: 7, waiting: 0 });
    expect(theProject().quarantine(PIPELINE)).toEqual([]);
  });

  // The refund of a closed order may come before or after the order itself; it must not stay in the books either way.
  const arrivals: readonly [string, (rows: readonly string[]) => readonly string[]][] = [
    ["shuffled", (rows) => shuffled(rows, new Random(20_230_213))],
    ["with the refund before its order", (rows) => [...rows].sort((left, right) => rank(left) - rank(right))],
    ["with the order before its refund", (rows) => [...rows].sort((left, right) => rank(right) - rank(left))],
  ];
  it.each(arrivals)("gives the same books from halves delivered in two runs, %s", (_, arrange) => {
    const sheet = readSheet(readFileSync(path.join(folder, STATEMENT)), HEAD_ROWS);
    expect(sheet.rows.length).toBe(10);
    const other = openProject();
    try {
      for (const [index, rows] of halves(arrange(sheet.rows)).entries()) {
        other.deliver(`statement-${index}.csv`, writeSheet(sheet, rows));
        other.run(PIPELINE);
      }
      expect(differences(books, comparable(other))).toEqual([]);
    } finally {
      other.remove();
    }
  });
});

/** -1 for the refund of the closed order, 1 for that order, 0 for every other row; the rows are bytes of GBK. */
function rank(row: string): number {
  return row.includes("2023xxxxx88_") ? -1 : row.includes("2023xxxxx88") ? 1 : 0;
}
