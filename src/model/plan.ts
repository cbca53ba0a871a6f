import type { Document } from "./document.js";
import type { Posting } from "./posting.js";
import type { Problem } from "./problem.js";

/** What a run intends for one document. `hold` sends nothing and says why. */
export type Change =
  | { readonly kind: "create"; readonly key: string; readonly document: Document; readonly fingerprint: string }
  | { readonly kind: "replace"; readonly key: string; readonly document: Document; readonly fingerprint: string; readonly posted: Posting }
  | { readonly kind: "reverse"; readonly key: string; readonly posted: Posting }
  | { readonly kind: "keep"; readonly key: string }
  | { readonly kind: "hold"; readonly key: string; readonly problem: Problem; readonly document: Document | null };

export type ChangeKind = Change["kind"];

export const CHANGE_KINDS: readonly ChangeKind[] = ["create", "replace", "reverse", "keep", "hold"];

/** Debits and credits of one account in one currency. */
export interface AccountTotal {
  readonly account: string;
  readonly currency: string;
  readonly debitMinor: bigint;
  readonly creditMinor: bigint;
}
