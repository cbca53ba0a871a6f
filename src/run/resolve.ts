import { ProblemError, problem } from "../model/problem.js";
import { displayKey } from "../model/record.js";
import type { OpenAttempt } from "../store/attempts.js";
import { type AnswerContext, answerAttempt } from "./answer.js";

export interface Resolution {
  readonly documentKey: string;
  /** The number under which a person found it in the target; null when it is not there. */
  readonly posted: string | null;
  readonly reason: string;
}

/**
 * Takes a person's word for what became of a document whose answer was lost. Only for the holder of the pipeline's
 * lease. Throws ProblemError NOT_FOUND when nothing is in doubt about the document.
 */
export function resolveAttempt(context: AnswerContext, pipelineId: number, resolution: Resolution): OpenAttempt {
  const { store, effects, runId, pipeline } = context;
  const { documentKey, posted, reason } = resolution;
  return store.transaction(() => {
    const open = store.attempts
      .unresolved(pipelineId)
      .find((attempt) => attempt.documentKey === documentKey || displayKey(attempt.documentKey) === documentKey);
    if (open === undefined) {
      throw new ProblemError(
        problem("NOT_FOUND", `nothing is in doubt about \`${documentKey}\``, [], "`sync quarantine list` shows what is"),
      );
    }
    const at = effects.now().toISOString();
    const { id, documentId, act, version, idempotencyKey, fingerprint, sentAt } = open;
    const attempt = { act, version, idempotencyKey, fingerprint, notedAt: sentAt };
    const whose = { at, actor: effects.actor, pipeline: pipeline.name, run: runId, subject: open.documentKey };
    store.audit.append({ ...whose, event: "attempt resolved", detail: { ...attempt, posted, reason } });
    const noted = { ...attempt, attemptId: id, documentKey: open.documentKey };
    // What stands under the key in the target is somebody else's: our document goes out under its next key.
    if (posted === null)
      answerAttempt(context, noted, { outcome: open.isConflict ? "set aside" : "absent", reference: null, problem: null, at });
    else {
      answerAttempt(context, noted, { outcome: "accepted", reference: posted, problem: null, at });
      if (act === "reverse") store.postings.reverse(documentId, version, posted, at);
      else store.postings.add({ documentId, version, attemptId: id, fingerprint, reference: posted, runId, postedAt: at });
    }
    store.records.touchWithRecords(documentId);
    return open;
  });
}
