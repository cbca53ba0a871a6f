import type { Pipeline } from "../config/pipeline.js";
import type { Target } from "../connectors/contract.js";
import { encodeDocument } from "../model/document.js";
import type { Change, ChangeKind } from "../model/plan.js";
import { type Act, type Found, idempotencyKey, type Posting, type PostOutcome } from "../model/posting.js";
import { dispositionOf, type Problem, ProblemError, problem } from "../model/problem.js";
import { displayKey } from "../model/record.js";
import { Totals } from "../steps/plan.js";
import type { PlannedChange } from "../store/changes.js";
import type { Store } from "../store/store.js";
import type { Effects } from "./effects.js";
import type { HeldLease } from "./lease.js";
import type { Planned } from "./plan.js";

export interface ApplyRequest {
  readonly pipeline: Pipeline;
  readonly pipelineId: number;
  readonly runId: number;
  readonly store: Store;
  readonly target: Target;
  readonly lease: HeldLease;
  readonly effects: Effects;
}

export interface Applied {
  posted: number;
  replaced: number;
  reversed: number;
  unconfirmed: number;
  readonly totals: Totals;
}

const SENDING: readonly ChangeKind[] = ["create", "replace", "reverse"];

/** A document on its way: its version and the note made before sending. */
interface Sending {
  readonly documentId: number;
  readonly change: Extract<Change, { kind: "create" | "replace" | "reverse" }>;
  readonly version: number;
  readonly key: string;
  readonly attemptId: number;
}

/** Sends what the plan says, batch by batch: note the attempts, send, note the outcomes. Stops between batches when asked to. */
export async function applyPlan(request: ApplyRequest, planned: Planned): Promise<Applied> {
  const { effects, target, lease } = request;
  const applied: Applied = { posted: 0, replaced: 0, reversed: 0, unconfirmed: 0, totals: new Totals() };
  const total = SENDING.reduce((sum, kind) => sum + planned.counts[kind], 0);
  let done = 0;
  for (const batch of planned.changes.inOrder(SENDING, Math.max(1, target.traits.batch))) {
    if (effects.signal.aborted) break;
    lease.ensure();
    // The reversal goes first: two live documents are worse than none.
    const reversed = await reverseBatch(request, batch, applied);
    await postBatch(
      request,
      batch.filter(({ documentId, change }) => change.kind === "create" || (change.kind === "replace" && reversed.has(documentId))),
      applied,
    );
    done += batch.length;
    effects.onProgress({ stage: "post", records: 0, documents: done, done, total });
  }
  return applied;
}

/** The documents whose posting is certainly cancelled. */
async function reverseBatch(request: ApplyRequest, batch: readonly PlannedChange[], applied: Applied): Promise<Set<number>> {
  const { store, target, effects, lease } = request;
  const chosen = batch.filter(
    (each): each is PlannedChange & { change: { posted: Posting } } => each.change.kind === "replace" || each.change.kind === "reverse",
  );
  const confirmed = new Set<number>();
  if (chosen.length === 0) return confirmed;
  const sending = note(request, chosen, "reverse");
  lease.ensure();
  const outcomes = await send(request, sending, () =>
    target.reverse(
      sending.map(({ change, key }) => ({ posting: postedOf(change), idempotencyKey: key, fingerprint: postedOf(change).fingerprint })),
    ),
  );
  store.transaction(() => {
    sending.forEach((each, index) => {
      const outcome = outcomes[index] as PostOutcome;
      const posted = postedOf(each.change);
      if (outcome.kind === "rejected" || outcome.kind === "unconfirmed") {
        settleRefusal(request, each, outcome, applied);
        return;
      }
      const at = effects.now().toISOString();
      store.attempts.answer(each.attemptId, "accepted", outcome.reference, null, at);
      store.postings.reverse(each.documentId, posted.version, outcome.reference, at);
      applied.totals.add(posted.document, -1n);
      confirmed.add(each.documentId);
      if (each.change.kind === "reverse") {
        applied.reversed += 1;
        store.records.settle(each.documentId);
        store.quarantine.clearDocument(each.documentId);
      }
    });
  });
  return confirmed;
}

async function postBatch(request: ApplyRequest, batch: readonly PlannedChange[], applied: Applied): Promise<void> {
  const { store, target, effects, lease, runId } = request;
  if (batch.length === 0) return;
  const sending = note(request, batch, "post");
  lease.ensure();
  const outcomes = await send(request, sending, () =>
    target.post(
      sending.map(({ change, key }) => ({
        document: wantedOf(change).document,
        idempotencyKey: key,
        fingerprint: wantedOf(change).fingerprint,
      })),
    ),
  );
  store.transaction(() => {
    sending.forEach((each, index) => {
      const outcome = outcomes[index] as PostOutcome;
      const wanted = wantedOf(each.change);
      if (outcome.kind === "rejected" || outcome.kind === "unconfirmed") {
        settleRefusal(request, each, outcome, applied);
        return;
      }
      if (isOther(outcome, wanted.fingerprint)) {
        settleConflict(request, each, outcome);
        return;
      }
      const at = effects.now().toISOString();
      store.attempts.answer(each.attemptId, "accepted", outcome.reference, null, at);
      store.postings.add({
        documentId: each.documentId,
        version: each.version,
        attemptId: each.attemptId,
        fingerprint: wanted.fingerprint,
        reference: outcome.reference,
        runId,
        postedAt: at,
      });
      store.records.settle(each.documentId);
      store.quarantine.clearDocument(each.documentId);
      applied.totals.add(wanted.document, 1n);
      if (each.change.kind === "replace") applied.replaced += 1;
      else applied.posted += 1;
    });
  });
}

/** Writes the attempts, durably, before anything leaves. */
function note(request: ApplyRequest, batch: readonly PlannedChange[], act: Act): Sending[] {
  const { store, pipeline, runId, effects } = request;
  const sentAt = effects.now().toISOString();
  return store.transaction(() =>
    batch.map(({ documentId, change }) => {
      if (change.kind !== "create" && change.kind !== "replace" && change.kind !== "reverse")
        throw new Error(`bug: a change of kind ${change.kind} is not sent`);
      const version = act === "post" ? store.attempts.nextVersion(documentId) : postedOf(change).version;
      const key = idempotencyKey(pipeline.name, change.key, version, act);
      const document = act === "post" ? wantedOf(change).document : postedOf(change).document;
      const fingerprint = act === "post" ? wantedOf(change).fingerprint : postedOf(change).fingerprint;
      const attemptId = store.attempts.add({
        documentId,
        version,
        act,
        idempotencyKey: key,
        fingerprint,
        content: encodeDocument(document),
        runId,
        sentAt,
      });
      return { documentId, change, version, key, attemptId };
    }),
  );
}

/** Sends one batch. A ProblemError means that certainly nothing was sent: the attempts are closed and the run stops. */
async function send(
  request: ApplyRequest,
  sending: readonly Sending[],
  call: () => Promise<readonly PostOutcome[]>,
): Promise<readonly PostOutcome[]> {
  const { store, effects } = request;
  let outcomes: readonly PostOutcome[];
  try {
    outcomes = await call();
  } catch (cause) {
    if (!(cause instanceof ProblemError)) throw cause;
    const at = effects.now().toISOString();
    store.transaction(() => {
      for (const { attemptId } of sending) store.attempts.answer(attemptId, "not sent", null, cause.problems[0] ?? null, at);
    });
    throw cause;
  }
  if (outcomes.length !== sending.length)
    throw new Error(`bug: the target gave ${outcomes.length} outcomes for ${sending.length} documents`);
  return outcomes;
}

function settleRefusal(
  request: ApplyRequest,
  each: Sending,
  outcome: Extract<PostOutcome, { kind: "rejected" | "unconfirmed" }>,
  applied: Applied,
): void {
  const { store, effects } = request;
  const at = effects.now().toISOString();
  if (outcome.kind === "unconfirmed") applied.unconfirmed += 1;
  store.attempts.answer(each.attemptId, outcome.kind, null, outcome.problem, at);
  wait(request, each, outcome.problem);
}

function settleConflict(request: ApplyRequest, each: Sending, found: Found): void {
  const { store, effects } = request;
  const conflict = conflictProblem(each.change.key, each.key, found);
  store.attempts.answer(each.attemptId, "conflict", found.reference, conflict, effects.now().toISOString());
  wait(request, each, conflict);
}

function wait(request: ApplyRequest, each: Sending, cause: Problem): void {
  const { store, pipelineId, runId, effects } = request;
  const disposition = dispositionOf(cause.code);
  store.records.touch(each.documentId);
  store.quarantine.put({
    pipelineId,
    kind: "document",
    key: each.change.key,
    documentId: each.documentId,
    status: disposition === "hold" || disposition === "verify" ? "held" : "waiting",
    problem: cause,
    unitId: null,
    line: null,
    raw: null,
    runId,
    at: effects.now().toISOString(),
  });
}

export function conflictProblem(documentKey: string, key: string, found: Found): Problem {
  return problem(
    "TARGET_CONFLICT",
    `the target already holds ${found.reference} under the key \`${key}\`, with other content`,
    { document: displayKey(documentKey) },
    "compare the two; nothing more is sent for this document until a person decides",
  );
}

/** The target may echo our fingerprint; when it does and it differs, it holds something else under our key. */
export function isOther(found: Found, fingerprint: string): boolean {
  return found.fingerprint !== undefined && found.fingerprint !== fingerprint;
}

function postedOf(change: Sending["change"]): Posting {
  if (change.kind === "create") throw new Error("bug: a new document has no posting to cancel");
  return change.posted;
}

function wantedOf(change: Sending["change"]): Extract<Change, { kind: "create" }> | Extract<Change, { kind: "replace" }> {
  if (change.kind === "reverse") throw new Error("bug: a reversal has no document to post");
  return change;
}
