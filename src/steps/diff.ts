import type { TargetSettings } from "../config/pipeline.js";
import type { Document } from "../model/document.js";
import type { Change } from "../model/plan.js";
import { type Posting, UNKNOWN_FINGERPRINT } from "../model/posting.js";
import { problem } from "../model/problem.js";
import { displayKey } from "../model/record.js";

export interface Wish {
  readonly key: string;
  /** Null when the document is not, or no longer, wanted. */
  readonly document: Document | null;
  readonly fingerprint: string | null;
}

/** What has to happen so that the target holds what is wanted. Null when there is nothing and should be nothing. */
export function diffDocument(wish: Wish, posted: Posting | null, policy: Pick<TargetSettings, "changed" | "gone">): Change | null {
  const { key, document, fingerprint } = wish;
  if (document === null || fingerprint === null) {
    if (posted === null) return null;
    if (policy.gone === "reverse") return { kind: "reverse", key, posted };
    return {
      kind: "hold",
      key,
      document: null,
      problem: problem(
        "TARGET_CHANGED_HELD",
        `no longer wanted at the source, but posted as ${posted.reference}`,
        { document: displayKey(key) },
        "reverse it by hand, or set `target.gone: reverse`",
      ),
    };
  }
  if (posted === null) return { kind: "create", key, document, fingerprint };
  if (posted.fingerprint === UNKNOWN_FINGERPRINT) {
    return {
      kind: "hold",
      key,
      document,
      problem: problem(
        "TARGET_CONTENT_UNKNOWN",
        `it is in the target as ${posted.reference}, and the target does not tell with what content`,
        { document: displayKey(key) },
        "compare it with the target; if all of them are as they are wanted, say so with `sync recover PIPELINE --as-wanted`",
      ),
    };
  }
  if (posted.fingerprint === fingerprint) return { kind: "keep", key };
  if (policy.changed === "reverse and repost") return { kind: "replace", key, document, fingerprint, posted };
  return {
    kind: "hold",
    key,
    document,
    problem: problem(
      "TARGET_CHANGED_HELD",
      `changed at the source after it was posted as ${posted.reference}`,
      { document: displayKey(key) },
      "correct it by hand, or set `target.changed: reverse and repost`",
    ),
  };
}
