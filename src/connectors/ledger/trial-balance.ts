import type Database from "better-sqlite3";
import type { Period } from "../../model/dates.js";
import type { AccountType } from "./account.js";

/**
 * Which months. `period` starts the movement at that month, what lies before is the opening balance; `through` ends it.
 * `period` alone is that one month, `through` alone everything up to it, neither is the whole of the books.
 */
export interface BalanceRequest {
  readonly period?: Period;
  readonly through?: Period;
  /** Only this currency (ISO 4217). */
  readonly currency?: string;
}

/** Amounts in the currency's smallest unit; opening and closing are debit minus credit. */
export interface BalanceTotal {
  readonly currency: string;
  readonly openingMinor: bigint;
  readonly debitMinor: bigint;
  readonly creditMinor: bigint;
  readonly closingMinor: bigint;
}

export interface BalanceRow extends BalanceTotal {
  readonly account: string;
  readonly name: string;
  readonly type: AccountType;
}

export interface TrialBalance {
  /** Accounts with postings up to the last month asked for, by code and currency. */
  readonly rows: readonly BalanceRow[];
  /** One per currency; opening and closing are zero, debit equals credit. */
  readonly totals: readonly BalanceTotal[];
}

/** Sums are taken in two halves, because one 64-bit sum over the books could overflow. */
const HALF = 1_000_000_000n;

type SumTuple = [string, string, AccountType, string, bigint, string, bigint, bigint];

export function accountBalances(db: Database.Database, { period, through, currency }: BalanceRequest): TrialBalance {
  const sums = db
    .prepare(
      `SELECT s.account, a.name, a.type, s.currency, s.earlier, s.side, s.high, s.low
       FROM (SELECT l.account, v.currency, v.period < $from AS earlier, l.side,
               sum(l.amount_minor / ${HALF}) AS high, sum(l.amount_minor % ${HALF}) AS low
             FROM vouchers AS v JOIN lines AS l ON l.voucher_id = v.id
             WHERE v.period <= $to AND ($currency IS NULL OR v.currency = $currency)
             GROUP BY l.account, v.currency, v.period < $from, l.side) AS s
       JOIN accounts AS a ON a.code = s.account
       ORDER BY s.account, s.currency`,
    )
    .raw()
    .safeIntegers()
    .iterate({ from: period ?? "", to: through ?? period ?? "9999-12", currency: currency ?? null }) as IterableIterator<SumTuple>;
  const rows: Mutable<BalanceRow>[] = [];
  const totals = new Map<string, Mutable<BalanceTotal>>();
  for (const [account, name, type, code, earlier, side, high, low] of sums) {
    let row = rows.at(-1);
    if (row === undefined || row.account !== account || row.currency !== code) {
      row = { account, name, type, ...zeroes(code) };
      rows.push(row);
    }
    const total = totals.get(code) ?? zeroes(code);
    totals.set(code, total);
    const amount = high * HALF + low;
    for (const each of [row, total]) {
      if (earlier === 1n) each.openingMinor += side === "debit" ? amount : -amount;
      else if (side === "debit") each.debitMinor += amount;
      else each.creditMinor += amount;
      each.closingMinor += side === "debit" ? amount : -amount;
    }
  }
  return { rows, totals: [...totals.values()].sort((left, right) => (left.currency < right.currency ? -1 : 1)) };
}

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

function zeroes(currency: string): Mutable<BalanceTotal> {
  return { currency, openingMinor: 0n, debitMinor: 0n, creditMinor: 0n, closingMinor: 0n };
}
