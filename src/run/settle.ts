import type { Found, Posting, PostOutcome } from "../model/posting.js";
import { dispositionOf, type Problem, problem } from "../model/problem.js";
import { displayKey } from "../model/record.js";
import { answerAttempt } from "./answer.js";
import type { Applied, ApplyRequest, Sending, SendingChange } from "./sending.js";

/** Writes what became of a reversal; true when the posting is certainly cancelled. Runs inside a transaction. */
export function settleReversal(request: ApplyRequest, each: Sending, posted: Posting, outcome: PostOutcome, applied: Applied): boolean {
  const { store } = request;
  if (!isAccepted(outcome)) {
    settleRefusal(request, each, outcome);
    return false;
  }
  const at = request.effects.now().toISOString();
  answerAttempt(request, each, { outcome: "accepted", reference: outcome.reference, problem: null, at });
  store.postings.reverse(each.documentId, posted.version, outcome.reference, at);
  applied.totals.add(posted.document, -1n);
  if (each.change.kind === "reverse") {
    applied.reversed += 1;
    store.uniqueValues.release(each.documentId);
    store.records.settle(each.documentId);
    store.quarantine.clearDocument(each.documentId);
  }
  return true;
}

/** Writes what became of a posting. Runs inside a transaction. */
export function settlePosting(
  request: ApplyRequest,
  each: Sending,
  wanted: Exclude<SendingChange, { kind: "reverse" }>,
  outcome: PostOutcome,
  applied: Applied,
): void {
  const { store, runId } = request;
  const { documentId, version, attemptId } = each;
  if (!isAccepted(outcome)) {
    settleRefusal(request, each, outcome);
    return;
  }
  const at = request.effects.now().toISOString();
  if (isOther(outcome, wanted.fingerprint)) {
    const conflict = conflictProblem(each.documentKey, each.idempotencyKey, outcome);
    answerAttempt(request, each, { outcome: "conflict", reference: outcome.reference, problem: conflict, at });
    wait(request, each, conflict);
    return;
  }
  answerAttempt(request, each, { outcome: "accepted", reference: outcome.reference, problem: null, at });
  store.postings.add({
    documentId,
    version,
    attemptId,
    fingerprint: wanted.fingerprint,
    reference: outcome.reference,
    runId,
    postedAt: at,
  });
  store.records.settle(documentId);
  store.quarantine.clearDocument(documentId);
  store.uniqueValues.releaseStale(documentId);
  applied.totals.add(wanted.document, 1n);
  if (wanted.kind === "replace") applied.replaced += 1;
  else applied.posted += 1;
}

function isAccepted(outcome: PostOutcome): outcome is Extract<PostOutcome, { reference: string }> {
  return outcome.kind === "created" || outcome.kind === "exists";
}

function settleRefusal(request: ApplyRequest, each: Sending, outcome: Exclude<PostOutcome, { reference: string }>): void {
  const at = request.effects.now().toISOString();
  const answer = outcome.kind === "busy" ? "not sent" : outcome.kind;
  answerAttempt(request, each, { outcome: answer, reference: null, problem: outcome.problem, at });
  wait(request, each, outcome.problem);
}

/** The document goes on the list of what waits, and stays touched, so that every run tries it again. */
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
    "compare the two, then say which it is: `sync resolve KEY --posted NUMBER` or `--not-posted`; until then nothing more is sent for it",
  );
}

/** The target may echo our fingerprint; when it does and it differs, it holds something else under our key. */
export function isOther(found: Found, fingerprint: string): boolean {
  return found.fingerprint !== undefined && found.fingerprint !== fingerprint;
}
