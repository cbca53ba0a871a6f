import type { Pipeline } from "../config/pipeline.js";
import type { Target } from "../connectors/contract.js";
import { type Change, SENDING_KINDS } from "../model/plan.js";
import type { Posting } from "../model/posting.js";
import { Totals } from "../steps/plan.js";
import type { Store } from "../store/store.js";
import type { NotedAttempt } from "./answer.js";
import type { Effects } from "./effects.js";
import type { HeldLease } from "./lease.js";

export interface ApplyRequest {
  readonly pipeline: Pipeline;
  readonly pipelineId: number;
  readonly runId: number;
  readonly store: Store;
  readonly target: Target;
  readonly lease: HeldLease;
  /** Each key is asked for before it is sent, because nothing else shows whether the store is older than the target. */
  readonly probe: boolean;
  readonly effects: Effects;
}

/** What was done so far; one run may apply several times. */
export interface Applied {
  posted: number;
  /** Further documents for a batch that was posted before. */
  supplemented: number;
  replaced: number;
  reversed: number;
  /** Sent before this run, or in it without an answer, and found in the target since. */
  confirmed: number;
  readonly totals: Totals;
}

export function emptyApplied(): Applied {
  return { posted: 0, supplemented: 0, replaced: 0, reversed: 0, confirmed: 0, totals: new Totals() };
}

export type SendingChange = Extract<Change, { kind: (typeof SENDING_KINDS)[number] }>;
/** A change that brings a document to the target. */
export type WantedChange = Extract<SendingChange, { fingerprint: string }>;
/** A change to something the target has. */
export type PostedChange = Extract<SendingChange, { posted: Posting }>;

export function isSending(change: Change): change is SendingChange {
  return (SENDING_KINDS as readonly string[]).includes(change.kind);
}

/** A document on its way: its version and the note made before sending. */
export interface Sending extends NotedAttempt {
  readonly documentId: number;
  readonly change: SendingChange;
}
