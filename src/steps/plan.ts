import type { Threshold } from "../config/pipeline.js";
import { type Document, documentPeriod } from "../model/document.js";
import type { AccountTotal, Change } from "../model/plan.js";
import { type Problem, problem } from "../model/problem.js";

/** Adds up what a plan, or a run, books. Reversals count with the opposite sign of what they cancel. */
export class Totals {
  private readonly accounts = new Map<
    string,
    { account: string; currency: string; period: string; debitMinor: bigint; creditMinor: bigint }
  >();

  add(document: Document, direction: 1n | -1n): void {
    const period = documentPeriod(document);
    for (const line of document.lines) {
      const key = `${line.account}\u001f${document.currency}\u001f${period}`;
      let total = this.accounts.get(key);
      if (total === undefined) {
        total = { account: line.account, currency: document.currency, period, debitMinor: 0n, creditMinor: 0n };
        this.accounts.set(key, total);
      }
      if (line.side === "debit") total.debitMinor += direction * line.amountMinor;
      else total.creditMinor += direction * line.amountMinor;
    }
  }

  addChange(change: Change): void {
    eachDocument(change, (document, direction) => this.add(document, direction));
  }

  byAccount(): AccountTotal[] {
    return this.sum(
      (total) => total.account,
      (account, currency) => ({ account, currency }),
    );
  }

  byPeriod(): { readonly period: string; readonly currency: string; readonly debitMinor: bigint; readonly creditMinor: bigint }[] {
    return this.sum(
      (total) => total.period,
      (period, currency) => ({ period, currency }),
    );
  }

  /** The value of all documents: one side of their lines, the larger one where a document has no second. */
  byCurrency(): { readonly currency: string; readonly amountMinor: bigint }[] {
    return this.sum(
      () => "",
      (_, currency) => ({ currency }),
    ).map(({ currency, debitMinor, creditMinor }) => ({ currency, amountMinor: debitMinor > creditMinor ? debitMinor : creditMinor }));
  }

  private sum<T extends object>(
    nameOf: (total: { account: string; period: string }) => string,
    make: (name: string, currency: string) => T,
  ): (T & { debitMinor: bigint; creditMinor: bigint })[] {
    const sums = new Map<string, { name: string; currency: string; debitMinor: bigint; creditMinor: bigint }>();
    for (const total of this.accounts.values()) {
      const name = nameOf(total);
      const key = `${name}\u001f${total.currency}`;
      const sum = sums.get(key) ?? { name, currency: total.currency, debitMinor: 0n, creditMinor: 0n };
      sum.debitMinor += total.debitMinor;
      sum.creditMinor += total.creditMinor;
      sums.set(key, sum);
    }
    return [...sums.values()]
      .sort((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : a.currency < b.currency ? -1 : 1))
      .map(({ name, currency, debitMinor, creditMinor }) => ({ ...make(name, currency), debitMinor, creditMinor }));
  }
}

interface Sum {
  readonly name: string;
  readonly currency: string;
  debitMinor: bigint;
  creditMinor: bigint;
}

/** Adds up the same by dimension, such as the department, and its value. Lines without any are left out. */
export class DimensionTotals {
  private readonly sums = new Map<string, Map<string, Sum>>();

  addChange(change: Change): void {
    eachDocument(change, (document, direction) => this.add(document, direction));
  }

  /** By name of the dimension, and then by its value. */
  byDimension(): readonly (readonly [string, readonly Readonly<Sum>[]])[] {
    const order = (a: Sum, b: Sum): number => (a.name < b.name ? -1 : a.name > b.name ? 1 : a.currency < b.currency ? -1 : 1);
    return [...this.sums].sort(([a], [b]) => (a < b ? -1 : 1)).map(([name, sums]) => [name, [...sums.values()].sort(order)]);
  }

  private add(document: Document, direction: 1n | -1n): void {
    for (const line of document.lines) {
      for (const [name, value] of Object.entries(line.dimensions)) {
        const values = this.sums.get(name) ?? new Map();
        this.sums.set(name, values);
        const key = `${value}\u001f${document.currency}`;
        const sum = values.get(key) ?? { name: value, currency: document.currency, debitMinor: 0n, creditMinor: 0n };
        values.set(key, sum);
        if (line.side === "debit") sum.debitMinor += direction * line.amountMinor;
        else sum.creditMinor += direction * line.amountMinor;
      }
    }
  }
}

/** The documents that a change books, and those that it takes back. */
function eachDocument(change: Change, add: (document: Document, direction: 1n | -1n) => void): void {
  // What is not booked yet is counted when it is.
  if ((change.kind === "replace" || change.kind === "update" || change.kind === "reverse") && change.posted.step === null)
    add(change.posted.document, -1n);
  if ("fingerprint" in change) add(change.document, 1n);
  else if (change.kind === "finish") add(change.posted.document, 1n);
}

/** Null when the run may go on; else why it must stop before anything is sent. */
export function exceedsThreshold(threshold: Threshold | null, waiting: number, read: number): Problem | null {
  if (threshold === null) return null;
  if ("count" in threshold) {
    if (waiting <= threshold.count) return null;
    return problem(
      "RUN_THRESHOLD",
      `${waiting} items newly wait in quarantine, and the pipeline allows ${threshold.count}`,
      [],
      "nothing was sent: see `sync quarantine list`, mend the causes, or raise `stop_when.quarantined`",
    );
  }
  if (waiting === 0 || waiting <= threshold.share * Math.max(read, 1)) return null;
  const allowed = `${Math.round(threshold.share * 10_000) / 100}%`;
  return problem(
    "RUN_THRESHOLD",
    `${waiting} items of ${read} records read newly wait in quarantine, and the pipeline allows ${allowed}`,
    [],
    "nothing was sent: see `sync quarantine list`, mend the causes, or raise `stop_when.quarantined`",
  );
}
