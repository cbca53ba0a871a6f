import type { Act } from "../model/posting.js";
import type { Store } from "../store/store.js";

/** What was asked of the target, and it was found to have done. */
export interface Accepted {
  readonly documentId: number;
  readonly attemptId: number;
  readonly act: Act;
  readonly version: number;
  readonly step: string | null;
  readonly takesOver: number | null;
  readonly fingerprint: string;
}

/**
 * Writes into the postings what the target has done; nothing else may. `reached`: the step that the document got to, null
 * when it is booked or cancelled. Call it inside a transaction.
 */
export function acceptAttempt(
  { store, runId }: { readonly store: Store; readonly runId: number },
  accepted: Accepted,
  { reference, reached }: { readonly reference: string; readonly reached: string | null },
  at: string,
): void {
  const { postings } = store;
  const { documentId, version, attemptId, fingerprint, takesOver } = accepted;
  if (accepted.act === "reverse") postings.cancel(documentId, version, reference, at);
  else if (accepted.step !== null) postings.advance(documentId, version, reached, reference);
  else {
    // The draft that was there until now has become this version; two live postings of one document are worse than none.
    if (takesOver !== null) postings.end(documentId, takesOver, "updated", reference, at);
    postings.add({ documentId, version, attemptId, fingerprint, reference, runId, postedAt: at, step: reached });
  }
}
