import type { AuditDetails, AuditedAttempt } from "../model/audit.js";
import type { Problem } from "../model/problem.js";
import type { AttemptOutcome } from "../store/attempts.js";
import type { Store } from "../store/store.js";
import type { Effects } from "./effects.js";

/** The run in which an answer became known. */
export interface AnswerContext {
  readonly pipeline: { readonly name: string };
  readonly runId: number;
  readonly store: Store;
  readonly effects: Effects;
}

/** An attempt and whose it is. */
export interface NotedAttempt extends Omit<AuditedAttempt, "step" | "takesOver"> {
  readonly attemptId: number;
  readonly documentKey: string;
  readonly step: string | null;
  readonly takesOver: number | null;
}

export interface Answer {
  readonly outcome: AttemptOutcome;
  readonly reference: string | null;
  readonly problem: Problem | null;
  readonly at: string;
}

/** Writes an outcome and its row in the audit log; nothing else may write one. Call it inside a transaction. */
export function answerAttempt(context: AnswerContext, attempt: NotedAttempt, { outcome, reference, problem, at }: Answer): void {
  const { store, pipeline, runId, effects } = context;
  store.attempts.answer(attempt.attemptId, outcome, reference, problem, at);
  store.audit.append({
    at,
    actor: effects.actor,
    event: "attempt answered",
    pipeline: pipeline.name,
    run: runId,
    subject: attempt.documentKey,
    detail: answered(attempt, outcome, reference, problem),
  });
}

function answered(
  attempt: NotedAttempt,
  outcome: AttemptOutcome,
  reference: string | null,
  cause: Problem | null,
): AuditDetails["attempt answered"] {
  const { act, version, step, takesOver, idempotencyKey, fingerprint, notedAt } = attempt;
  const code = cause?.code ?? null;
  const message = cause?.message ?? null;
  // Nearly all of them, so they are written out: to copy an object and add to it takes several times as long.
  if (step === null && takesOver === null) return { act, version, idempotencyKey, fingerprint, notedAt, outcome, reference, code, message };
  return { ...audited(attempt), outcome, reference, code, message };
}

/** Writes that nobody saw the answer, because the run that made the attempt died. Call it inside a transaction. */
export function doubtAttempt(context: AnswerContext, attempt: NotedAttempt, at: string): void {
  const { store, pipeline, runId, effects } = context;
  store.attempts.answer(attempt.attemptId, "unconfirmed", null, null, at);
  const detail = audited(attempt);
  const whose = { pipeline: pipeline.name, run: runId, subject: attempt.documentKey };
  store.audit.append({ at, actor: effects.actor, event: "attempt in doubt", ...whose, detail });
}

export function audited({
  act,
  version,
  step,
  takesOver,
  idempotencyKey,
  fingerprint,
  notedAt,
}: Omit<NotedAttempt, "attemptId" | "documentKey">): AuditedAttempt {
  return {
    act,
    version,
    ...(step === null ? {} : { step }),
    ...(takesOver === null ? {} : { takesOver }),
    idempotencyKey,
    fingerprint,
    notedAt,
  };
}
