import type { Pipeline } from "../config/pipeline.js";
import type { Target } from "../connectors/contract.js";
import type { Change } from "../model/plan.js";
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
  replaced: number;
  reversed: number;
  /** Sent before this run, or in it without an answer, and found in the target since. */
  confirmed: number;
  readonly totals: Totals;
}

export function emptyApplied(): Applied {
  return { posted: 0, replaced: 0, reversed: 0, confirmed: 0, totals: new Totals() };
}

export type SendingChange = Extract<Change, { kind: "create" | "replace" | "reverse" }>;

/** A document on its way: its version and the note made before sending. */
export interface Sending extends NotedAttempt {
  readonly documentId: number;
  readonly change: SendingChange;
}
