import type { DateText, Period } from "./dates.js";
import type { Document } from "./document.js";
import type { KeyParts, Posting } from "./posting.js";
import type { Problem } from "./problem.js";

/** One version of a document that the target accepted, live or at its end. */
export interface PostedVersion {
  readonly posting: Posting;
  /** How it came to its end: by a document of its own, as a draft, as the next version of itself, or without us; null while it is live. */
  readonly endedAs: "reversed" | "deleted" | "updated" | "gone" | null;
  /** The target's number of what ended it; null while it is live. */
  readonly endedBy: string | null;
}

/** What a target lists under one of our keys. */
export interface ListedEntry extends KeyParts {
  readonly idempotencyKey: string;
  readonly reference: string;
  /** How far it is, in the words of the target's steps; null where it does not say. */
  readonly step: string | null;
  /** Its content, of a reversal that of the document that cancels; null where the target does not tell. */
  readonly document: Document | null;
}

/** What the source wants, what the store says was posted, what the target holds. */
export type Side = "source" | "ours" | "target";

/**
 * In what two sides differ. `missing`: wanted or posted, and the target does not hold it; `extra`: the target or the store has it, and nobody
 * wants it; `changed since`: changed at the source, in the mapping, or in other than account and amount in the target, after it was posted.
 */
export const FINDING_KINDS = ["missing", "extra", "different amount", "different account", "booked twice", "changed since"] as const;
export type FindingKind = (typeof FINDING_KINDS)[number];

/** A document as it stands on the three sides. */
export interface Standings {
  readonly key: string;
  /** Of the first side that has one, in the order of the sides; empty where none is known. */
  readonly date: DateText;
  readonly currency: string;
  /** What it comes to on each side, in the smallest unit; null where that side does not have it or nobody can tell. */
  readonly sourceMinor: bigint | null;
  readonly oursMinor: bigint | null;
  readonly targetMinor: bigint | null;
  /** The target's number, where there is one. */
  readonly reference: string | null;
}

export interface Finding extends Standings {
  readonly kind: FindingKind;
  readonly between: readonly [Side, Side];
  /** In words, what differs. */
  readonly about: string;
  /** Why it is on the list of what waits, where it is; that explains what is not posted, and never what the target holds. */
  readonly listed: Problem | null;
}

/**
 * Why a document is not in the target as it is wanted, and need not be: it waits or is held on the list, its answer is unknown, it stands in
 * the target as a draft, or it was posted so lately that the target may not show it yet.
 */
export type OpenStatus = "waiting" | "held" | "in doubt" | "draft" | "not shown yet";

export interface OpenItem extends Standings {
  readonly status: OpenStatus;
  readonly problem: Problem;
}

/** A document that a person took off the list with a reason. */
export interface LeftOut extends Standings {
  readonly reason: string;
  readonly problem: Problem;
}

/** One account in one currency: debits less credits, in the smallest unit. */
export interface AccountComparison {
  readonly account: string;
  readonly currency: string;
  readonly sourceMinor: bigint;
  readonly oursMinor: bigint;
  /** Null where the target does not tell what it holds. */
  readonly targetMinor: bigint | null;
  /** How much of the difference between source and target is explained by what waits. */
  readonly waitingMinor: bigint;
  /** The three agree, but for what waits. */
  readonly agrees: boolean;
}

/** `incomplete`: no difference was found, and not everything could be compared. */
export type Verdict = "agree" | "agree, items wait" | "in doubt" | "differ" | "incomplete";

export interface Reconciliation {
  readonly pipeline: string;
  readonly title: string;
  /** The name of the connection, and of its connector. */
  readonly target: { readonly name: string; readonly connector: string };
  readonly period: Period | null;
  readonly startedAt: string;
  readonly endedAt: string;
  readonly verdict: Verdict;
  /** When the source was last read, and by which run; null when no run has read it to its end. */
  readonly sourceRead: { readonly run: number; readonly at: string; readonly watermark: string | null } | null;
  /** How it is known which documents the target holds, and with what content. */
  readonly targetRead: { readonly presence: "list" | "read" | "lookup" | "none"; readonly content: "list" | "read" | "none" };
  /** Documents, each counted once on each side that has it. */
  readonly counts: {
    readonly source: number;
    readonly ours: number;
    readonly target: number;
    /** The same on all three sides. */
    readonly agreed: number;
  };
  readonly findings: readonly Finding[];
  readonly open: readonly OpenItem[];
  readonly leftOut: readonly LeftOut[];
  /** Empty where the documents have no lines. */
  readonly accounts: readonly AccountComparison[];
  /** What could not be compared, and a run that is under way. */
  readonly problems: readonly Problem[];
}
