import pLimit from "p-limit";
import type { Target } from "../connectors/contract.js";
import type { Found } from "../model/posting.js";
import { dispositionOf, type Problem, ProblemError } from "../model/problem.js";
import type { OpenAttempt } from "../store/attempts.js";
import { allOver } from "./all-over.js";
import { type Answer, answerAttempt, doubtAttempt, type NotedAttempt } from "./answer.js";
import type { Applied, ApplyRequest } from "./sending.js";
import { conflictProblem, isOther } from "./settle.js";

/**
 * Asks the target about every attempt whose answer is unknown. What is found becomes a posting; what is not there after
 * the quiet time may be sent again; the rest stays in doubt. Returns the keys of the documents that are in doubt no more.
 */
export async function resumeAttempts(request: ApplyRequest, applied: Applied): Promise<Set<string>> {
  const settled = new Set<string>();
  const open = request.store.attempts.open(request.pipelineId);
  if (open.length === 0) return settled;
  if (!request.target.traits.searchable) {
    // Such a target cannot tell; a person says what became of these.
    noteDoubts(request, open);
    return settled;
  }
  const limit = pLimit(Math.max(1, request.target.traits.concurrency));
  await allOver(
    open.map((attempt) =>
      limit(async () => {
        if (request.effects.signal.aborted) return;
        try {
          if (await resumeAttempt(request, attempt, applied)) settled.add(attempt.documentKey);
        } catch (cause) {
          // A look-up that fails leaves its own document in doubt; a target that is down shows when something is sent.
          if (!(cause instanceof ProblemError) || cause.problems.some((each) => each.code.startsWith("STORE_"))) throw cause;
        }
      }),
    ),
  );
  return settled;
}

/** When every attempt that is in doubt now will be past the target's quiet time; null when there is none. */
export function quietAt(request: ApplyRequest): Date | null {
  const open = request.store.attempts.open(request.pipelineId);
  if (open.length === 0) return null;
  const latest = Math.max(...open.map((attempt) => Date.parse(attempt.inDoubtSince ?? attempt.sentAt)));
  return new Date(latest + request.target.traits.quietMs);
}

/** Attempts of a run that died are in doubt from now on, when nobody can be sending them any more. */
function noteDoubts(request: ApplyRequest, open: readonly OpenAttempt[]): void {
  const unnoted = open.filter((attempt) => attempt.inDoubtSince === null);
  if (unnoted.length === 0) return;
  const at = request.effects.now().toISOString();
  request.lease.write(() => {
    for (const attempt of unnoted) doubtAttempt(request, { ...attempt, attemptId: attempt.id, notedAt: attempt.sentAt }, at);
  });
}

async function resumeAttempt(request: ApplyRequest, attempt: OpenAttempt, applied: Applied): Promise<boolean> {
  const { store, effects, runId, target } = request;
  const askedAt = effects.now();
  const { found, conflict } = await lookUp(target, attempt);
  const at = effects.now().toISOString();
  const { id, documentId, version, fingerprint } = attempt;
  const noted: NotedAttempt = { ...attempt, attemptId: id, notedAt: attempt.sentAt };
  const answer = (outcome: Answer["outcome"], reference: string | null, problem: Answer["problem"]): void =>
    answerAttempt(request, noted, { outcome, reference, problem, at });
  return request.lease.write(() => {
    store.records.touch(documentId);
    if (attempt.inDoubtSince === null) doubtAttempt(request, noted, at);
    if (conflict !== null) {
      answer("conflict", found?.reference ?? null, conflict);
      hold(request, attempt, conflict, at);
    } else if (found === null) {
      // A note can be older than the send, and the run that made it may have died at any time since. Only now, with the
      // lease in our hands, nobody can be sending it; from here on the quiet time is counted.
      if (attempt.inDoubtSince === null && target.traits.quietMs > 0) return false;
      // Not found proves something only when it was asked after the last moment at which the send could arrive.
      const isQuiet = askedAt.getTime() - Date.parse(attempt.inDoubtSince ?? at) >= target.traits.quietMs || target.traits.quietMs === 0;
      if (isQuiet) answer("absent", null, null);
      return isQuiet;
    } else if (attempt.act === "reverse") {
      answer("accepted", found.reference, null);
      store.postings.reverse(documentId, version, found.reference, at);
    } else {
      answer("accepted", found.reference, null);
      store.postings.add({ documentId, version, attemptId: id, fingerprint, reference: found.reference, runId, postedAt: at });
      applied.confirmed += 1;
    }
    return true;
  });
}

/** What the target holds under the attempt's key, and whether that is something else than was sent. */
async function lookUp(target: Target, attempt: OpenAttempt): Promise<{ readonly found: Found | null; readonly conflict: Problem | null }> {
  try {
    const found = await target.lookup(attempt.idempotencyKey);
    const isConflict = found !== null && attempt.act === "post" && isOther(found, attempt.fingerprint);
    return { found, conflict: isConflict ? conflictProblem(attempt.documentKey, attempt.idempotencyKey, found) : null };
  } catch (cause) {
    // What only concerns this document must not keep the others from being looked up.
    const held = cause instanceof ProblemError ? cause.problems.find((each) => dispositionOf(each.code) === "hold") : undefined;
    if (held === undefined) throw cause;
    return { found: null, conflict: held };
  }
}

function hold(request: ApplyRequest, attempt: OpenAttempt, problem: Problem, at: string): void {
  const { store, pipelineId, runId } = request;
  const { documentKey: key, documentId } = attempt;
  store.quarantine.put({
    pipelineId,
    kind: "document",
    key,
    documentId,
    status: "held",
    problem,
    unitId: null,
    line: null,
    raw: null,
    runId,
    at,
  });
}
