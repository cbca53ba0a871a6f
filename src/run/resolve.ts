import { ProblemError, problem } from "../model/problem.js";
import { displayKey } from "../model/record.js";
import type { OpenAttempt } from "../store/attempts.js";
import { acceptAttempt } from "./accept.js";
import { type AnswerContext, answerAttempt, audited } from "./answer.js";

export interface Resolution {
  readonly documentKey: string;
  /** The number under which a person found it in the target; null when it is not there. */
  readonly posted: string | null;
  readonly reason: string;
  /** How long a send of this target may still arrive, in milliseconds. */
  readonly quietMs: number;
}

/**
 * Takes a person's word for what became of a document whose answer was lost. Only for the holder of the pipeline's
 * lease. Throws ProblemError NOT_FOUND when nothing is in doubt about the document, and USAGE when it is said not to be
 * there while it may still arrive.
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
    const now = effects.now();
    const at = now.toISOString();
    const quietAt = open.inDoubtSince === null ? null : Date.parse(open.inDoubtSince) + resolution.quietMs;
    if (posted === null && !open.isConflict && (quietAt === null || now.getTime() < quietAt)) {
      const when = quietAt === null ? "after the next run has noted that it is in doubt" : `after ${new Date(quietAt).toISOString()}`;
      throw new ProblemError(
        problem(
          "USAGE",
          `\`${displayKey(open.documentKey)}\` may still arrive in the target`,
          [],
          `look again, and say that it is not there, ${when}`,
        ),
      );
    }
    const { id, documentId, act, version, step, takesOver, idempotencyKey, fingerprint, sentAt } = open;
    const attempt = { act, version, step, takesOver, idempotencyKey, fingerprint, notedAt: sentAt };
    const whose = { at, actor: effects.actor, pipeline: pipeline.name, run: runId, subject: open.documentKey };
    store.audit.append({ ...whose, event: "attempt resolved", detail: { ...audited(attempt), posted, reason } });
    const noted = { ...attempt, attemptId: id, documentKey: open.documentKey };
    // What stands under the key in the target is somebody else's: our document goes out under its next key.
    if (posted === null)
      answerAttempt(context, noted, { outcome: open.isConflict ? "set aside" : "absent", reference: null, problem: null, at });
    else {
      answerAttempt(context, noted, { outcome: "accepted", reference: posted, problem: null, at });
      acceptAttempt(context, { ...noted, documentId }, { reference: posted, reached: null }, at);
    }
    store.records.touchWithRecords(documentId);
    return open;
  });
}
