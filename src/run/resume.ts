import type { Target } from "../connectors/contract.js";
import { problem } from "../model/problem.js";
import { displayKey } from "../model/record.js";
import { contentOf, type OpenAttempt } from "../store/attempts.js";
import type { ApplyRequest } from "./apply.js";
import { conflictProblem, isOther } from "./apply.js";

/**
 * Asks the target about every attempt whose answer is unknown, before anything else is sent. What is found becomes a
 * posting; what is not there after the quiet time may be sent again; the rest stays in doubt.
 */
export async function resumeAttempts(request: Omit<ApplyRequest, "lease">): Promise<void> {
  for (const attempt of request.store.attempts.open(request.pipelineId)) {
    if (request.effects.signal.aborted) return;
    await resumeAttempt(request, request.target, attempt);
  }
}

async function resumeAttempt(request: Omit<ApplyRequest, "lease">, target: Target, attempt: OpenAttempt): Promise<void> {
  const { store, effects, pipelineId, runId } = request;
  const found = await target.lookup(attempt.idempotencyKey);
  const now = effects.now();
  const at = now.toISOString();
  const { id, documentId, documentKey, version, fingerprint } = attempt;
  store.transaction(() => {
    store.records.touch(documentId);
    if (found === null) {
      const isQuiet = now.getTime() - Date.parse(attempt.sentAt) >= target.traits.quietMs;
      store.attempts.answer(id, isQuiet ? "absent" : "unconfirmed", null, null, at);
      return;
    }
    if (attempt.act === "reverse") {
      store.attempts.answer(id, "accepted", found.reference, null, at);
      store.postings.reverse(documentId, version, found.reference, at);
      return;
    }
    if (isOther(found, fingerprint)) {
      const conflict = conflictProblem(documentKey, attempt.idempotencyKey, found);
      store.attempts.answer(id, "conflict", found.reference, conflict, at);
      store.quarantine.put({
        pipelineId,
        kind: "document",
        key: documentKey,
        documentId,
        status: "held",
        problem: conflict,
        unitId: null,
        line: null,
        raw: null,
        runId,
        at,
      });
      return;
    }
    store.attempts.answer(id, "accepted", found.reference, null, at);
    store.postings.add({ documentId, version, attemptId: id, fingerprint, reference: found.reference, runId, postedAt: at });
  });
}

/** What an attempt in doubt is about, for lists. */
export function doubtProblem(attempt: OpenAttempt): ReturnType<typeof problem> {
  return problem("TARGET_UNCONFIRMED", `sent at ${attempt.sentAt} as \`${attempt.idempotencyKey}\`, and the answer is unknown`, {
    document: displayKey(contentOf(attempt).key),
  });
}
