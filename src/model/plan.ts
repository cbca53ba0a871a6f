import type { Document } from "./document.js";
import type { Posting } from "./posting.js";
import type { Problem } from "./problem.js";

interface Wanted {
  readonly key: string;
  readonly document: Document;
  readonly fingerprint: string;
}

interface Cancelling {
  readonly key: string;
  readonly posted: Posting;
  /** Somebody deleted or cancelled it in the target, so nothing is left to cancel; the number of what cancelled it, if any. */
  readonly gone?: { readonly reference: string | null };
}

/**
 * What a run intends for one document. `supplement` adds a further document to one that is never reversed, `update`
 * changes a draft where it stands, `finish` takes a document through the steps that are left, `hold` sends nothing and
 * says why.
 */
export type Change =
  | ({ readonly kind: "create" | "supplement" } & Wanted)
  | ({ readonly kind: "replace" } & Wanted & Cancelling)
  | ({ readonly kind: "update" } & Wanted & { readonly posted: Posting })
  | { readonly kind: "finish"; readonly key: string; readonly posted: Posting }
  | ({ readonly kind: "reverse" } & Cancelling)
  | { readonly kind: "keep"; readonly key: string }
  | { readonly kind: "hold"; readonly key: string; readonly problem: Problem; readonly document: Document | null };

export type ChangeKind = Change["kind"];

export const CHANGE_KINDS: readonly ChangeKind[] = ["create", "supplement", "replace", "update", "finish", "reverse", "keep", "hold"];

/** The changes for which something is sent. */
export const SENDING_KINDS = ["create", "supplement", "replace", "update", "finish", "reverse"] as const satisfies readonly ChangeKind[];

/** Debits and credits of one account in one currency. */
export interface AccountTotal {
  readonly account: string;
  readonly currency: string;
  readonly debitMinor: bigint;
  readonly creditMinor: bigint;
}
