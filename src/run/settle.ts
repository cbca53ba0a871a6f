import { type Found, type Posting, type PostOutcome, stepReached } from "../model/posting.js";
import { dispositionOf, type Problem, problem } from "../model/problem.js";
import { displayKey } from "../model/record.js";
import { acceptAttempt } from "./accept.js";
import { answerAttempt } from "./answer.js";
import type { Applied, ApplyRequest, Sending, WantedChange } from "./sending.js";

/** Counts what was written, once that is durable. */
export type After = (count: (applied: Applied) => void) => void;

/** Writes what became of a reversal; true when the posting is certainly cancelled. Runs inside a transaction. */
export function settleReversal(request: ApplyRequest, each: Sending, posted: Posting, outcome: PostOutcome, after: After): boolean {
  if (!isAccepted(outcome)) return refuse(request, each, outcome);
  accept(request, each, outcome);
  uncount(posted, after);
  if (each.change.kind === "reverse") settleCancelled(request, each.documentId, after);
  return true;
}

/** The document is not wanted and no longer in the target. */
export function settleCancelled({ store }: ApplyRequest, documentId: number, after: After): void {
  after((applied) => {
    applied.reversed += 1;
  });
  store.uniqueValues.releaseStale(documentId);
  store.records.settle(documentId);
  store.quarantine.clearDocument(documentId);
}

/** What a posting cancelled had booked comes off the totals. */
export function uncount(posted: Posting, after: After): void {
  if (posted.step === null) after(({ totals }) => totals.add(posted.document, -1n));
}

/**
 * Writes what became of a document that was sent, also one sent as the new content of a draft. Returns the posting where
 * the target has it now and steps are left. Runs inside a transaction.
 */
export function settlePosting(
  request: ApplyRequest,
  each: Sending,
  wanted: WantedChange,
  outcome: PostOutcome,
  after: After,
): Posting | null {
  if (!isAccepted(outcome)) {
    refuse(request, each, outcome);
    return null;
  }
  if (isOther(outcome, wanted.fingerprint)) {
    const conflict = conflictProblem(each.documentKey, each.idempotencyKey, outcome);
    const at = request.effects.now().toISOString();
    answerAttempt(request, each, { outcome: "conflict", reference: outcome.reference, problem: conflict, at });
    wait(request, each, conflict);
    return null;
  }
  const { step, at } = accept(request, each, outcome);
  if (wanted.kind === "update") uncount(wanted.posted, after);
  const { documentKey, version, idempotencyKey, fingerprint } = each;
  const { reference } = outcome;
  const posting = { documentKey, version, idempotencyKey, fingerprint, reference, document: wanted.document, step, postedAt: at };
  return settleReached(request, each, posting, after);
}

/** Writes what became of a step; returns the posting where further steps are left. Runs inside a transaction. */
export function settleStep(request: ApplyRequest, each: Sending, posted: Posting, outcome: PostOutcome, after: After): Posting | null {
  if (!isAccepted(outcome)) {
    refuse(request, each, outcome);
    return null;
  }
  const { step } = accept(request, each, outcome);
  return settleReached(request, each, { ...posted, step, reference: outcome.reference }, after);
}

/** The document is done with when it is booked; until then it is returned. */
function settleReached({ store }: ApplyRequest, { documentId, change }: Sending, posting: Posting, after: After): Posting | null {
  if (posting.step !== null) return posting;
  store.uniqueValues.releaseStale(documentId);
  after((applied) => {
    applied.totals.add(posting.document, 1n);
    if (change.kind === "replace" || change.kind === "update") applied.replaced += 1;
    else if (change.kind === "supplement") applied.supplemented += 1;
    else applied.posted += 1;
  });
  // Another part of it may have been refused, or some of its members wait: then it stays on the list.
  if (store.quarantine.isWaiting(documentId)) return null;
  store.records.settle(documentId);
  store.quarantine.clearDocument(documentId);
  return null;
}

/** Writes that the target accepted it, and how far it got. */
function accept(request: ApplyRequest, each: Sending, found: Found): { readonly step: string | null; readonly at: string } {
  const at = request.effects.now().toISOString();
  const { reference } = found;
  const step = each.act === "reverse" ? null : stepReached(found, request.target.traits.steps ?? []);
  answerAttempt(request, each, { outcome: "accepted", reference, problem: null, at });
  acceptAttempt(request, each, { reference, reached: step }, at);
  return { step, at };
}

/** Writes that it did not, and the document waits. */
function refuse(request: ApplyRequest, each: Sending, outcome: Exclude<PostOutcome, { reference: string }>): false {
  const at = request.effects.now().toISOString();
  const answer = outcome.kind === "busy" ? "not sent" : outcome.kind;
  answerAttempt(request, each, { outcome: answer, reference: null, problem: outcome.problem, at });
  wait(request, each, outcome.problem);
  return false;
}

function isAccepted(outcome: PostOutcome): outcome is Extract<PostOutcome, { reference: string }> {
  return outcome.kind === "created" || outcome.kind === "exists";
}

/** The document goes on the list of what waits, and stays touched, so that every run tries it again. */
function wait(request: ApplyRequest, each: Sending, cause: Problem): void {
  const { store, pipelineId, runId, effects } = request;
  const disposition = dispositionOf(cause.code);
  store.records.touch(each.documentId);
  effects.observer?.tell({ kind: "problem found", code: cause.code, item: "document", key: each.change.key });
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
    "compare the two, then say which it is: `sync resolve KEY --posted NUMBER` or `--not-posted`; until then nothing more is sent for it",
  );
}

/** The target may echo our fingerprint; when it does and it differs, it holds something else under our key. */
export function isOther(found: Found, fingerprint: string): boolean {
  return found.fingerprint !== undefined && found.fingerprint !== fingerprint;
}
