import type { Pipeline } from "../config/pipeline.js";
import type { Target } from "../connectors/contract.js";
import { encodeDocument } from "../model/document.js";
import type { Change, ChangeKind } from "../model/plan.js";
import { type Act, idempotencyKey, type Posting, type PostOutcome } from "../model/posting.js";
import { Totals } from "../steps/plan.js";
import type { PlannedChange } from "../store/changes.js";
import type { Store } from "../store/store.js";
import type { Effects } from "./effects.js";
import type { HeldLease } from "./lease.js";
import type { Planned } from "./plan.js";
import { Sender } from "./send.js";
import { settlePosting, settleReversal } from "./settle.js";

export interface ApplyRequest {
  readonly pipeline: Pipeline;
  readonly pipelineId: number;
  readonly runId: number;
  readonly store: Store;
  readonly target: Target;
  readonly lease: HeldLease;
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
export interface Sending {
  readonly documentId: number;
  readonly change: SendingChange;
  readonly version: number;
  readonly key: string;
  readonly attemptId: number;
}

const KINDS: readonly ChangeKind[] = ["create", "replace", "reverse"];
/** Most documents noted in one write; a note that is not used costs a look-up after a crash, a write costs milliseconds always. */
const MOST_NOTED = 1_000;

/** Sends what the plan says, chunk by chunk: note the attempts, send, note the outcomes. Stops between calls when asked to. */
export async function applyPlan(request: ApplyRequest, planned: Planned, applied: Applied): Promise<void> {
  const { effects, target } = request;
  const { batch, concurrency } = target.traits;
  const total = KINDS.reduce((sum, kind) => sum + planned.counts[kind], 0);
  const sender = new Sender(request);
  const chunkSize = Math.max(batch, Math.min(MOST_NOTED, batch * concurrency * 4));
  let done = 0;
  for (const chunk of planned.changes.inOrder(KINDS, chunkSize)) {
    if (effects.signal.aborted) return;
    // The reversal goes first: two live documents are worse than none.
    const reversed = await reverseChunk(request, sender, chunk, applied);
    const toPost = chunk.filter(
      ({ documentId, change }) => change.kind === "create" || (change.kind === "replace" && reversed.has(documentId)),
    );
    await postChunk(request, sender, toPost, applied);
    done += chunk.length;
    effects.onProgress({ stage: "post", records: 0, documents: done, done, total });
  }
}

/** The documents whose posting is certainly cancelled. */
async function reverseChunk(
  request: ApplyRequest,
  sender: Sender,
  chunk: readonly PlannedChange[],
  applied: Applied,
): Promise<Set<number>> {
  const cancelled = new Set<number>();
  const chosen = chunk.filter(({ change }) => change.kind === "replace" || change.kind === "reverse");
  if (chosen.length === 0) return cancelled;
  const sending = note(request, chosen, "reverse");
  const items = (batch: readonly Sending[]) =>
    batch.map(({ change, key }) => ({ posting: postedOf(change), idempotencyKey: key, fingerprint: postedOf(change).fingerprint }));
  await sender.send(sending, {
    call: (batch) => request.target.reverse(items(batch)),
    settle: (each, outcome: PostOutcome) => {
      if (settleReversal(request, each, postedOf(each.change), outcome, applied)) cancelled.add(each.documentId);
    },
  });
  return cancelled;
}

async function postChunk(request: ApplyRequest, sender: Sender, chunk: readonly PlannedChange[], applied: Applied): Promise<void> {
  if (chunk.length === 0 || request.effects.signal.aborted) return;
  const sending = note(request, chunk, "post");
  const items = (batch: readonly Sending[]) =>
    batch.map(({ change, key }) => ({
      document: wantedOf(change).document,
      idempotencyKey: key,
      fingerprint: wantedOf(change).fingerprint,
    }));
  await sender.send(sending, {
    call: (batch) => request.target.post(items(batch)),
    settle: (each, outcome: PostOutcome) => {
      settlePosting(request, each, wantedOf(each.change), outcome, applied);
    },
  });
}

/** Writes the attempts, durably, before anything leaves. */
function note(request: ApplyRequest, chunk: readonly PlannedChange[], act: Act): Sending[] {
  const { store, pipeline, runId, effects, lease } = request;
  lease.ensure();
  const sentAt = effects.now().toISOString();
  return store.transaction(() =>
    chunk.map(({ documentId, change, content }) => {
      if (change.kind !== "create" && change.kind !== "replace" && change.kind !== "reverse") {
        throw new Error(`bug: a change of kind ${change.kind} is not sent`);
      }
      const { document, fingerprint } = act === "post" ? wantedOf(change) : postedOf(change);
      const version = act === "post" ? store.attempts.nextVersion(documentId, fingerprint) : postedOf(change).version;
      const key = idempotencyKey(pipeline.name, change.key, version, act);
      const sent = act === "post" && content !== null ? content : encodeDocument(document);
      const attemptId = store.attempts.add({ documentId, version, act, idempotencyKey: key, fingerprint, content: sent, runId, sentAt });
      return { documentId, change, version, key, attemptId };
    }),
  );
}

function postedOf(change: SendingChange): Posting {
  if (change.kind === "create") throw new Error("bug: a new document has no posting to cancel");
  return change.posted;
}

function wantedOf(change: SendingChange): Exclude<SendingChange, { kind: "reverse" }> {
  if (change.kind === "reverse") throw new Error("bug: a reversal has no document to post");
  return change;
}
