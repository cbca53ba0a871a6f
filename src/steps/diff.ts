import type { TargetSettings } from "../config/pipeline.js";
import type { Document } from "../model/document.js";
import { hasLines } from "../model/document-types.js";
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

type Hold = Extract<Change, { kind: "hold" }>;

/** What has to happen so that the target holds what is wanted. Null when there is nothing and should be nothing. */
export function diffDocument(wish: Wish, posted: Posting | null, policy: Pick<TargetSettings, "changed" | "gone">): Change | null {
  const { key, document, fingerprint } = wish;
  if (document === null || fingerprint === null) {
    if (posted === null) return null;
    if (policy.gone === "reverse") return { kind: "reverse", key, posted };
    return hold(
      key,
      null,
      "TARGET_CHANGED_HELD",
      `no longer wanted at the source, but posted as ${posted.reference}`,
      "reverse it by hand, or set `target.gone: reverse`",
    );
  }
  if (posted === null) return { kind: "create", key, document, fingerprint };
  if (posted.fingerprint === UNKNOWN_FINGERPRINT) return contentUnknown(key, document, posted);
  if (posted.fingerprint === fingerprint) return posted.step === null ? { kind: "keep", key } : { kind: "finish", key, posted };
  // What has no lines is no booking: it is written over where it stands.
  if (!hasLines(document.type)) {
    return policy.changed === "hold" ? changedHeld(key, document, posted) : { kind: "update", key, document, fingerprint, posted };
  }
  // Whether it is still a draft, which decides between the other two policies, only the target can tell.
  if (policy.changed === "hold") return changedHeld(key, document, posted);
  return { kind: "replace", key, document, fingerprint, posted };
}

export function contentUnknown(key: string, document: Document | null, posted: Posting): Hold {
  return hold(
    key,
    document,
    "TARGET_CONTENT_UNKNOWN",
    `it is in the target as ${posted.reference}, and the target does not tell with what content`,
    "compare it with the target; if all of them are as they are wanted, say so with `sync recover PIPELINE --as-wanted`",
  );
}

export function changedHeld(key: string, document: Document, posted: Posting): Hold {
  return hold(
    key,
    document,
    "TARGET_CHANGED_HELD",
    `changed at the source after it was posted as ${posted.reference}`,
    "correct it by hand, or set `target.changed: reverse and repost`",
  );
}

function hold(key: string, document: Document | null, code: Hold["problem"]["code"], message: string, hint: string): Hold {
  return { kind: "hold", key, document, problem: problem(code, message, { document: displayKey(key) }, hint) };
}
