import type { Document } from "./document.js";
import type { Problem } from "./problem.js";

/** What we do to the target for one document: book it, or cancel what was booked. */
export type Act = "post" | "reverse";

/** Our memory that the target accepted one version of a document. */
export interface Posting {
  readonly documentKey: string;
  /** Counts every posting ever made for the key, reversed ones too, from 1. */
  readonly version: number;
  readonly idempotencyKey: string;
  readonly fingerprint: string;
  /** The target's own number: what people look it up by. */
  readonly reference: string;
  readonly document: Document;
  /** The last step that was done, where the target books in several and is not through with it; null when it is booked. */
  readonly step: string | null;
  /** UTC instant at which we learnt that the target has it. */
  readonly postedAt: string;
}

/** A key is never given to different content, because the version counts reversed postings too. */
export function idempotencyKey(pipeline: string, documentKey: string, version: number, act: Act): string {
  const key = `${pipeline}/${documentKey}/${version}`;
  return act === "post" ? key : `${key}/reversal`;
}

/** `fingerprint` is there when the target can echo ours. `exists` with a different one is a problem. */
export interface Found {
  readonly reference: string;
  readonly fingerprint?: string;
  /** The last step that was done, of those in the target's traits. Left out where it is booked. */
  readonly step?: string;
  /** It can still be changed or deleted, because nobody has booked it yet. */
  readonly isDraft?: boolean;
}

/** What the target holds now of one of our postings. `gone`: deleted, or cancelled by somebody else, perhaps under a number. */
export type Held =
  | { readonly kind: "held"; readonly document: Document; readonly isDraft: boolean }
  | { readonly kind: "gone"; readonly reference: string | null };

/** What a target holds under one of our keys. The document is there where the target can give it back. */
export interface PostedEntry extends Found {
  readonly idempotencyKey: string;
  readonly document?: Document;
  /** Of a reversal: the document that cancels, with its own date, where the target can give it back. */
  readonly cancelling?: Document;
}

/** The fingerprint of a posting whose content nobody can tell: it was recovered from a target that repeats neither. */
export const UNKNOWN_FINGERPRINT = "unknown";

export interface KeyParts {
  readonly documentKey: string;
  readonly version: number;
  readonly act: Act;
}

/** The inverse of `idempotencyKey`; null for a key of another pipeline or of somebody else. */
export function parseIdempotencyKey(pipeline: string, key: string): KeyParts | null {
  if (!key.startsWith(`${pipeline}/`)) return null;
  const match = /^([\s\S]+)\/([1-9]\d{0,8})(\/reversal)?$/.exec(key.slice(pipeline.length + 1));
  if (match === null) return null;
  return { documentKey: match[1] as string, version: Number(match[2]), act: match[3] === undefined ? "post" : "reverse" };
}

/**
 * What became of one send. `created` and `exists` carry the target's own number: HTTP 200 alone proves nothing.
 * `unconfirmed` means that it may or may not have arrived. `busy` means that certainly nothing was done and that the same
 * may be sent again (throttled, not connected); `retryAfterMs` is what the target asked for, in milliseconds.
 */
export type PostOutcome =
  | ({ readonly kind: "created" | "exists" } & Found)
  | { readonly kind: "rejected"; readonly problem: Problem }
  | { readonly kind: "unconfirmed"; readonly problem: Problem }
  | { readonly kind: "busy"; readonly problem: Problem; readonly retryAfterMs: number | null };

/** How far a document is in the steps of a target: the last one done, or null when it is booked. */
export function stepReached(found: Pick<Found, "step">, steps: readonly string[]): string | null {
  if (found.step === undefined || found.step === steps.at(-1)) return null;
  return found.step;
}

/** The steps that are left for a document that got as far as `step`. One that is not known, as under an older configuration, counts as the first. */
export function stepsLeft(step: string | null, steps: readonly string[]): readonly string[] {
  return step === null ? [] : steps.slice(Math.max(0, steps.indexOf(step)) + 1);
}
