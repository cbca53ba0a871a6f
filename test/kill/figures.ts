import type { Bill } from "../feed/bills.js";
import { json, statusOf } from "../feed/final-books.js";

export interface KillFigures {
  readonly target: string;
  readonly seed: number;
  readonly documents: number;
  readonly histories: number;
  readonly kills: number;
  /** How long the undisturbed runs of one history take. */
  readonly quietMs: number;
  readonly ms: number;
  /** What is wrong with the final books, with the history that led to it. */
  readonly faults: readonly string[];
}

/** Told after each history: how many there were, how many kills so far, how many faults. */
export type OnHistory = (histories: number, kills: number, faults: number) => void;

export function describeKills(figures: KillFigures): string {
  const { target, kills, histories, documents, quietMs, ms, seed, faults } = figures;
  return `kill, ${target}: ${kills} kills in ${histories} histories of ${documents} documents, ${faults.length} faults; a quiet history takes ${Math.round(quietMs)} ms, all of it ${Math.round(ms)} ms; seed ${seed}`;
}

/** Every tenth bill, or as many as asked for, comes again with another amount: its voucher must be cancelled and booked anew. */
export function changedBills(bills: readonly Bill[], every = 10): Bill[] {
  return bills
    .filter((_, index) => index % every === 0)
    .map((bill) => ({ ...bill, lines: bill.lines.map((line) => ({ ...line, net: line.net + 100n })) }));
}

/** What is wrong with the store after a history: it must know every document as posted, and a further run must do nothing. */
export async function storeFaults(folder: string, documents: number): Promise<string[]> {
  const faults: string[] = [];
  const status = await statusOf(folder);
  const { posted, waiting, held, unconfirmed, runningNow } = status;
  if (posted !== documents || waiting + held + unconfirmed > 0 || runningNow !== null)
    faults.push(`the store says ${JSON.stringify(status)}`);
  const again = (await json(folder, "run")) as { status: string; counts: Record<string, number> };
  const { posted: more, replaced, reversed, confirmed } = again.counts;
  if (again.status !== "done" || more !== 0 || replaced !== 0 || reversed !== 0 || confirmed !== 0)
    faults.push(`one more run did ${JSON.stringify(again.counts)}`);
  return faults;
}
