import type { Journal } from "../erp/journal.js";
import type { Booking } from "./bills.js";
import { startSync } from "./program.js";

export interface LedgerBooks {
  /** Document key to lines, of vouchers that are neither cancelled nor cancel another. */
  readonly documents: ReadonlyMap<string, Booking>;
  /** Documents that have more than one live voucher. */
  readonly twice: readonly string[];
  /** Months whose numbers do not run 1, 2, 3 …. */
  readonly gaps: readonly string[];
  readonly vouchers: number;
  /** The trial balance as `sync ledger balance --json` prints it. */
  readonly trialBalance: unknown;
}

interface PrintedVoucher {
  readonly reference: string;
  readonly documentKey: string;
  readonly reverses: string | null;
  readonly reversedBy: string | null;
  readonly lines: readonly { readonly account: string; readonly debit?: string; readonly credit?: string }[];
}

/** The embedded ledger as the program itself shows it. */
export async function ledgerBooks(folder: string): Promise<LedgerBooks> {
  const vouchers = (await json(folder, "ledger", "journal")) as PrintedVoucher[];
  const documents = new Map<string, Booking>();
  const twice: string[] = [];
  const last = new Map<string, number>();
  const gaps: string[] = [];
  for (const { reference, documentKey, reverses, reversedBy, lines } of vouchers) {
    const [month, number] = splitReference(reference);
    const expected = (last.get(month) ?? 0) + 1;
    if (Number(number) !== expected) gaps.push(`${reference} stands where ${month}${expected} was expected`);
    last.set(month, Number(number));
    if (reverses !== null || reversedBy !== null) continue;
    if (documents.has(documentKey)) twice.push(documentKey);
    documents.set(
      documentKey,
      lines.map(({ account, debit, credit }) => `${account} ${debit === undefined ? "credit" : "debit"} ${debit ?? credit ?? ""}`).sort(),
    );
  }
  return { documents, twice, gaps, vouchers: vouchers.length, trialBalance: await json(folder, "ledger", "balance") };
}

/** `2026-11 记-0012` into the series `2026-11 记-` and the number. */
function splitReference(reference: string): [string, string] {
  const at = reference.lastIndexOf("-") + 1;
  return [reference.slice(0, at), reference.slice(at)];
}

/** The faulty ERP's books, from its own journal. */
export function erpBooks(journal: Journal, documentOf: (externalNo: string) => string): Pick<LedgerBooks, "documents" | "twice"> {
  const documents = new Map<string, Booking>();
  const twice: string[] = [];
  for (const { externalNo, lines } of journal.live()) {
    const key = documentOf(externalNo);
    if (documents.has(key)) twice.push(key);
    documents.set(key, lines.map(({ account, side, amount }) => `${account} ${side} ${amount}`).sort());
  }
  return { documents, twice };
}

/** Documents that the faulty ERP holds as a draft, one name for each of them. */
export function erpDrafts(journal: Journal, documentOf: (externalNo: string) => string): string[] {
  return journal.drafts().map(({ externalNo }) => documentOf(externalNo));
}

/** Documents of which it holds more than one, whether booked or still a draft. */
export function erpTwice(journal: Journal, documentOf: (externalNo: string) => string): string[] {
  const all = [...journal.live().map(({ externalNo }) => documentOf(externalNo)), ...erpDrafts(journal, documentOf)];
  return [...new Set(all.filter((each, index) => all.indexOf(each) !== index))];
}

/** What two books differ in, in words; empty when they are equal. */
export function differences(found: ReadonlyMap<string, Booking>, wanted: ReadonlyMap<string, Booking>): string[] {
  const words: string[] = [];
  for (const [key, lines] of wanted) {
    const there = found.get(key);
    if (there === undefined) words.push(`${key} is missing`);
    else if (there.join("; ") !== lines.join("; ")) words.push(`${key} is ${there.join("; ")}, expected ${lines.join("; ")}`);
  }
  for (const key of found.keys()) if (!wanted.has(key)) words.push(`${key} is in the books and nobody wanted it`);
  return words;
}

export interface PipelineStatus {
  readonly last: { readonly run: number; readonly status: string } | null;
  readonly posted: number;
  readonly waiting: number;
  readonly held: number;
  readonly unconfirmed: number;
  readonly runningNow: unknown;
}

export async function statusOf(folder: string): Promise<PipelineStatus> {
  const { pipelines } = (await json(folder, "status")) as { pipelines: [PipelineStatus] };
  return pipelines[0];
}

/** Prints of the program as data. */
export async function json(folder: string, ...args: string[]): Promise<unknown> {
  const done = await startSync(folder, ...args, "--json").ended;
  if (done.out === "") throw new Error(`sync ${args.join(" ")} printed nothing, exit ${String(done.code)}: ${done.err}`);
  return JSON.parse(done.out);
}
