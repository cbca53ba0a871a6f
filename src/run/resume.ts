import pLimit from "p-limit";
import { stepReached, stepsLeft } from "../model/posting.js";
import { dispositionOf, type Problem, ProblemError } from "../model/problem.js";
import type { OpenAttempt } from "../store/attempts.js";
import { acceptAttempt } from "./accept.js";
import { allOver } from "./all-over.js";
import { type Answer, answerAttempt, doubtAttempt } from "./answer.js";
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
  const { store, effects, target } = request;
  const askedAt = effects.now();
  const { found, conflict } = await lookUp(request, attempt);
  const at = effects.now().toISOString();
  const noted = { ...attempt, attemptId: attempt.id, notedAt: attempt.sentAt };
  const answer = (outcome: Answer["outcome"], reference: string | null, problem: Answer["problem"]): void =>
    answerAttempt(request, noted, { outcome, reference, problem, at });
  return request.lease.write(() => {
    store.records.touch(attempt.documentId);
    if (attempt.inDoubtSince === null) doubtAttempt(request, noted, at);
    if (conflict !== null) {
      answer("conflict", found?.reference ?? null, conflict);
      hold(request, attempt, conflict, at);
      return true;
    }
    // A note can be older than the send, and the run that made it may have died at any time since. Only now, with the
    // lease in our hands, nobody can be sending it; from here on the quiet time is counted. Not found proves something
    // only when it was asked after the last moment at which the send could arrive.
    const isQuiet =
      target.traits.quietMs === 0 ||
      (attempt.inDoubtSince !== null && askedAt.getTime() - Date.parse(attempt.inDoubtSince) >= target.traits.quietMs);
    if (found === null || (found.isByAbsence && !isQuiet)) {
      if (isQuiet) answer("absent", null, null);
      return isQuiet;
    }
    const { reference, reached } = found;
    answer("accepted", reference, null);
    acceptAttempt(request, noted, { reference, reached }, at);
    if (attempt.act === "post" && reached === null) applied.confirmed += 1;
    return true;
  });
}

/** What the target was found to have done. `isByAbsence`: a draft that is no longer there, which proves nothing before the quiet time has passed. */
interface Done {
  readonly reference: string;
  readonly reached: string | null;
  readonly isByAbsence: boolean;
}

/** Whether the target has done what the attempt asks for, and whether it holds something else under the key. */
async function lookUp(
  request: ApplyRequest,
  attempt: OpenAttempt,
): Promise<{ readonly found: Done | null; readonly conflict: Problem | null }> {
  const { target } = request;
  const steps = target.traits.steps ?? [];
  try {
    const found = await target.lookup(attempt.idempotencyKey);
    if (found === null) return { found: attempt.act === "reverse" ? await deletedDraft(request, attempt) : null, conflict: null };
    const { reference } = found;
    const reached = attempt.act === "reverse" ? null : stepReached(found, steps);
    if (attempt.act === "post" && isOther(found, attempt.fingerprint)) {
      const conflict = conflictProblem(attempt.documentKey, attempt.idempotencyKey, found);
      return { found: { reference, reached, isByAbsence: false }, conflict };
    }
    const isDone = attempt.step === null || !stepsLeft(reached, steps).includes(attempt.step);
    return { found: isDone ? { reference, reached, isByAbsence: false } : null, conflict: null };
  } catch (cause) {
    // What only concerns this document must not keep the others from being looked up.
    const held = cause instanceof ProblemError ? cause.problems.find((each) => dispositionOf(each.code) === "hold") : undefined;
    if (held === undefined) throw cause;
    return { found: null, conflict: held };
  }
}

/** A draft is cancelled by being deleted, which leaves nothing to be found under the key of the reversal. */
async function deletedDraft({ target, store }: ApplyRequest, attempt: OpenAttempt): Promise<Done | null> {
  if (target.traits.drafts !== true) return null;
  const posted = store.postings.parts(attempt.documentId, attempt.documentKey).find(({ version }) => version === attempt.version);
  if (posted === undefined || (await target.lookup(posted.idempotencyKey)) !== null) return null;
  return { reference: posted.reference, reached: null, isByAbsence: true };
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
