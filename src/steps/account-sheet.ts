import type { DateText } from "../model/dates.js";
import type { Document } from "../model/document.js";
import type { AccountComparison, Side } from "../model/reconciliation.js";

/** `waiting`: wanted by the source, and explained why we have not posted it; `doubtful`: in the target (or not), and explained why we do not know. */
export type Column = Side | "waiting" | "doubtful";

type Sums = Record<Column, bigint>;

/** Adds up the three sides by account and currency: debits less credits, so that it does not matter whether something was taken back in red or on the other side. */
export class AccountSheet {
  private readonly sums = new Map<string, Sums>();

  /** Only documents of these days count. */
  constructor(private readonly counts: (date: DateText) => boolean) {}

  add(column: Column, document: Document, direction: 1n | -1n): void {
    if (!this.counts(document.date)) return;
    for (const { account, side, amountMinor } of document.lines) {
      const place = JSON.stringify([account, document.currency]);
      let sums = this.sums.get(place);
      if (sums === undefined) {
        sums = { source: 0n, ours: 0n, target: 0n, waiting: 0n, doubtful: 0n };
        this.sums.set(place, sums);
      }
      sums[column] += side === "debit" ? direction * amountMinor : -direction * amountMinor;
    }
  }

  /** By account, then currency. `hasTarget`: the target tells what it holds. */
  rows(hasTarget: boolean): AccountComparison[] {
    return [...this.sums]
      .map(([place, sums]): AccountComparison => {
        const [account, currency] = JSON.parse(place) as [string, string];
        const { source, ours, target, waiting, doubtful } = sums;
        const agrees = source - waiting === ours && (!hasTarget || target - doubtful === ours);
        return {
          account,
          currency,
          sourceMinor: source,
          oursMinor: ours,
          targetMinor: hasTarget ? target : null,
          waitingMinor: waiting - doubtful,
          agrees,
        };
      })
      .sort((a, b) => (a.account < b.account ? -1 : a.account > b.account ? 1 : a.currency < b.currency ? -1 : 1));
  }
}
