import { type Document, documentAmount, isUnknown, lineAmount } from "../model/document.js";
import { hasLines } from "../model/document-types.js";
import { type Problem, problem } from "../model/problem.js";
import { displayKey } from "../model/record.js";
import type { AccountSheet } from "./account-sheet.js";
import { netByAccount } from "./compare.js";
import type { Cancellation } from "./match-listing.js";

/** What the target cancelled comes to nothing, on the days on which it was booked and cancelled there. */
export function addCancellation(sheet: AccountSheet, { version, original, reversal }: Cancellation): void {
  const posted = version === null || isUnknown(version.posting.document) ? null : version.posting.document;
  const cancelled = original?.document ?? posted;
  if (original !== null && cancelled !== null) sheet.add("target", cancelled, 1n);
  if (reversal.document === null) {
    // It takes back what it cancels, on the same day as far as anybody can tell.
    if (cancelled !== null) sheet.add("target", cancelled, -1n);
    return;
  }
  sheet.add("target", reversal.document, 1n);
  if (posted === null || version?.endedAs === null) return;
  // The source has no memory of what it wanted once; both days get what we noted then.
  for (const column of ["source", "ours"] as const) {
    sheet.add(column, posted, 1n);
    sheet.add(column, { ...posted, date: reversal.document.date }, -1n);
  }
}

export const BLANK = { side: "debit", account: "", text: "", partner: null, dimensions: {} } as const;

/** Whether the target tells the content of one of these. */
export function hasContent(held: ReadonlyMap<number, { readonly kind: string; readonly document?: Document | null }>): boolean {
  return [...held.values()].some(({ document }) => document !== undefined && document !== null);
}

/** Null also where it is of another currency, which would be read as this one. */
export function amountOf(documents: readonly Document[], currency: string): bigint | null {
  const [first] = documents;
  if (first === undefined || !hasLines(first.type) || documents.some((document) => document.currency !== currency)) return null;
  return documents.reduce((sum, document) => sum + documentAmount(document), 0n);
}

/** In words, by how much the accounts of two sets of documents differ. */
export function amountsApart(posted: readonly Document[], wanted: readonly Document[]): string {
  const before = netByAccount(...posted);
  const after = netByAccount(...wanted);
  const currency = wanted[0]?.currency ?? posted[0]?.currency ?? "";
  const show = (minor: bigint | undefined): string => lineAmount({ ...BLANK, amountMinor: minor ?? 0n }, currency);
  const apart = [...new Set([...before.keys(), ...after.keys()])].filter((account) => before.get(account) !== after.get(account));
  if (apart.length === 0) return "other content on the same accounts";
  return apart.map((account) => `${account} \`${show(before.get(account))}\` → \`${show(after.get(account))}\``).join(", ");
}

export function doubtProblem(key: string): Problem {
  return problem(
    "TARGET_UNCONFIRMED",
    "it was sent and the answer is unknown",
    { document: displayKey(key) },
    "the next run asks the target about it before anything else is sent",
  );
}
