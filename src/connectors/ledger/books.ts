import type Database from "better-sqlite3";
import type { DateText, Period } from "../../model/dates.js";
import { ProblemError, problem } from "../../model/problem.js";
import type { Account, AccountType } from "./account.js";
import { openForReading } from "./open.js";
import { accountBalances, type BalanceRequest, type TrialBalance } from "./trial-balance.js";
import { type BookedLine, type BookedVoucher, formatReference, parseReference, type VoucherKind } from "./voucher.js";

/** An account as the books know it. */
export interface BookedAccount extends Account {
  /** False when the chart no longer has it. */
  readonly inChart: boolean;
}

export interface PeriodStatus {
  readonly period: Period;
  /** As the connection said at the last posting. */
  readonly status: "open" | "closed";
  readonly vouchers: number;
}

export interface BooksCounts {
  readonly vouchers: number;
  readonly lines: number;
  /** Vouchers that cancel another one. */
  readonly reversals: number;
  readonly accountsUsed: number;
}

/** Months from and to, both included. */
export interface PeriodRange {
  readonly from?: Period;
  readonly to?: Period;
}

const VOUCHER_COLUMNS = `v.id, v.word, v.period, v.number, v.kind, v.date, v.currency, v.text, v.attachments, v.document_key,
  v.external_reference, v.fingerprint, o.period, o.word, o.number, r.period, r.word, r.number, v.fields, v.posted_at`;
const VOUCHERS = `vouchers AS v LEFT JOIN vouchers AS o ON o.id = v.reverses LEFT JOIN vouchers AS r ON r.id = v.reversed_by`;

type VoucherTuple = [
  ...[number, string, Period, number, VoucherKind, DateText, string, string, number, string, string, string],
  ...[Period | null, string, number, Period | null, string, number, string | null, string],
];
type LineTuple = [bigint, string, BookedLine["side"], bigint, string, string | null, string | null];

/** Opens books for reading; they may be posted to meanwhile. Throws ProblemError TARGET_UNAVAILABLE when there are none. */
export function openBooks(file: string): Books {
  return new Books(openForReading(file));
}

export class Books {
  private readonly linesOf: Database.Statement;

  constructor(private readonly db: Database.Database) {
    this.linesOf = db
      .prepare(
        "SELECT line_number, account, side, amount_minor, text, partner, dimensions FROM lines WHERE voucher_id = ? ORDER BY line_number",
      )
      .raw()
      .safeIntegers();
  }

  /** Opening, movement and closing per account and currency; debit is positive. See `BalanceRequest` for the months. */
  trialBalance(request: BalanceRequest = {}): TrialBalance {
    return accountBalances(this.db, request);
  }

  /** Vouchers with their lines by month, word and number, one at a time. A single month may be given as text. */
  *journal(range: Period | PeriodRange = {}): IterableIterator<BookedVoucher> {
    const { from, to } = typeof range === "string" ? { from: range, to: range } : range;
    const rows = this.db
      .prepare(`SELECT ${VOUCHER_COLUMNS} FROM ${VOUCHERS} WHERE v.period >= ? AND v.period <= ? ORDER BY v.period, v.word, v.number`)
      .raw()
      .iterate(from ?? "", to ?? "9999-12") as IterableIterator<VoucherTuple>;
    for (const row of rows) yield this.withLines(row);
  }

  /**
   * One voucher by `2026-11 记-0001`, by `记-0001` where one month only has that number, by external reference, or by
   * id; null when there is none. Throws ProblemError USAGE when several months have that number.
   */
  voucher(reference: string | number): BookedVoucher | null {
    const one = (condition: string, ...values: (string | number)[]): BookedVoucher | null => this.select(condition, values, 1)[0] ?? null;
    if (typeof reference === "number") return one("v.id = ?", reference);
    const text = reference.trim();
    const byKey = one("v.external_reference = ?", text);
    if (byKey !== null) return byKey;
    if (/^\d{1,15}$/.test(text)) return one("v.id = ?", Number(text));
    const parsed = parseReference(text);
    if (parsed === null) return null;
    const { period, word, number } = parsed;
    if (period !== null) return one("v.period = ? AND v.word = ? AND v.number = ?", period, word, number);
    const found = this.select("v.word = ? AND v.number = ?", [word, number], 4);
    if (found.length > 1) {
      const months = found.slice(0, 3).map((each) => `\`${each.reference}\``);
      throw new ProblemError(
        problem(
          "USAGE",
          `several months have a voucher \`${text}\`: ${months.join(", ")}${found.length > 3 ? " and more" : ""}`,
          [],
          "name the month too",
        ),
      );
    }
    return found[0] ?? null;
  }

  /** Every voucher ever booked for a document, cancelled ones and those that cancel them included, in the order of posting. */
  vouchersFor(documentKey: string): BookedVoucher[] {
    return this.select("v.document_key = ?", [documentKey], -1);
  }

  /** By code. */
  accounts(): BookedAccount[] {
    const rows = this.db.prepare("SELECT code, name, type, parent, required, active, in_chart FROM accounts ORDER BY code").raw().all() as [
      ...[string, string, AccountType, string | null, string, number, number],
    ][];
    return rows.map(([code, name, type, parent, required, active, inChart]) => ({
      ...{ code, name, type, parent },
      required: required === "" ? [] : required.split(";"),
      active: active === 1,
      inChart: inChart === 1,
    }));
  }

  periods(): PeriodStatus[] {
    return this.db
      .prepare(
        `SELECT p.period, p.status, coalesce(sum(c.last), 0) AS vouchers
         FROM periods AS p LEFT JOIN counters AS c ON c.period = p.period GROUP BY p.period ORDER BY p.period`,
      )
      .all() as PeriodStatus[];
  }

  /** Currencies with vouchers, in alphabetical order. */
  currencies(): string[] {
    return this.db.prepare("SELECT DISTINCT currency FROM vouchers ORDER BY currency").pluck().all() as string[];
  }

  counts(): BooksCounts {
    return this.db
      .prepare(
        `SELECT (SELECT count(*) FROM vouchers) AS vouchers, (SELECT count(*) FROM lines) AS lines,
           (SELECT count(*) FROM vouchers WHERE reverses IS NOT NULL) AS reversals,
           (SELECT count(DISTINCT account) FROM lines) AS accountsUsed`,
      )
      .get() as BooksCounts;
  }

  /** Runs several questions on one state of the books, whatever is posted meanwhile. */
  snapshot<T>(ask: () => T): T {
    return this.db.transaction(ask)();
  }

  close(): void {
    this.db.close();
  }

  /** In the order of posting; a limit of -1 is none. */
  private select(condition: string, values: readonly (string | number)[], limit: number): BookedVoucher[] {
    const rows = this.db
      .prepare(`SELECT ${VOUCHER_COLUMNS} FROM ${VOUCHERS} WHERE ${condition} ORDER BY v.id LIMIT ?`)
      .raw()
      .all(...values, limit) as VoucherTuple[];
    return rows.map((row) => this.withLines(row));
  }

  private withLines(row: VoucherTuple): BookedVoucher {
    const [id, word, period, number, kind, date, currency, text, attachments, documentKey, externalReference, fingerprint] = row;
    const [originalPeriod, originalWord, originalNumber, redPeriod, redWord, redNumber, fields, postedAt] = row.slice(12) as [
      ...[Period | null, string, number, Period | null, string, number, string | null, string],
    ];
    return {
      id,
      reference: formatReference(period, word, number),
      ...{ word, period, number, kind, date, currency, text, attachments, documentKey, externalReference, fingerprint },
      reverses: originalPeriod === null ? null : formatReference(originalPeriod, originalWord, originalNumber),
      reversedBy: redPeriod === null ? null : formatReference(redPeriod, redWord, redNumber),
      fields: decodeNames(fields),
      postedAt,
      lines: (this.linesOf.all(id) as LineTuple[]).map(([line, account, side, amountMinor, lineText, partner, dimensions]) => ({
        number: Number(line),
        ...{ account, side, amountMinor, text: lineText, partner },
        dimensions: decodeNames(dimensions),
      })),
    };
  }
}

const NO_NAMES: Readonly<Record<string, string>> = Object.freeze({});

function decodeNames(text: string | null): Readonly<Record<string, string>> {
  return text === null ? NO_NAMES : (JSON.parse(text) as Record<string, string>);
}
