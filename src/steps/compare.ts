import { type Document, totalsOf } from "../model/document.js";
import type { DocumentCover } from "../model/document-cover.js";
import type { FindingKind } from "../model/reconciliation.js";
import { toldDifference } from "./reconsider.js";

/** In what a document of the target differs from the one that was posted. */
export interface Divergence {
  readonly kind: Extract<FindingKind, "different amount" | "different account" | "changed since">;
  /** In words, field by field and line by line. */
  readonly about: string;
}

/** Null when they are the same; the order of lines is no difference. */
export function compareDocuments(posted: Document, held: Document, cover: DocumentCover): Divergence | null {
  const about = toldDifference(posted, held, cover);
  return about === null ? null : { kind: kindOf(posted, held), about };
}

/** Accounts first: money on another account is found by its account, even where the amount was changed with it. */
function kindOf(posted: Document, held: Document): Divergence["kind"] {
  const before = netByAccount(posted);
  const after = netByAccount(held);
  const isMoved = [...before.keys()].some((account) => !after.has(account)) || [...after.keys()].some((account) => !before.has(account));
  const [sumBefore, sumAfter] = [totalsOf(posted.lines), totalsOf(held.lines)];
  const isSameSum =
    posted.currency === held.currency && sumBefore.debitMinor === sumAfter.debitMinor && sumBefore.creditMinor === sumAfter.creditMinor;
  if (isMoved && isSameSum) return "different account";
  const isSame = isSameSum && [...before].every(([account, minor]) => after.get(account) === minor) && before.size === after.size;
  return isSame ? "changed since" : "different amount";
}

/** Accounts that come to nothing are none. */
export function netByAccount(...documents: readonly Document[]): Map<string, bigint> {
  const sums = new Map<string, bigint>();
  for (const { lines } of documents)
    for (const { account, side, amountMinor } of lines)
      sums.set(account, (sums.get(account) ?? 0n) + (side === "debit" ? amountMinor : -amountMinor));
  for (const [account, minor] of sums) if (minor === 0n) sums.delete(account);
  return sums;
}
