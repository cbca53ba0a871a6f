import { createHash, type Hash } from "node:crypto";
import type { Approval } from "./approval.js";
import { type Document, decodeDocument, fingerprintOf } from "./document.js";
import type { Change, ChangeKind } from "./plan.js";
import type { Problem } from "./problem.js";

/**
 * A saved plan is lines of JSON, so that one of any size can be written and read in little memory: the head, each change, what waits, the totals,
 * and the SHA-256 of every byte before. Approvals come behind that, one line each. Nothing in it is secret.
 */
export interface PlanHead {
  /** The version of this format. */
  readonly plan: 1;
  readonly id: string;
  readonly project: string;
  readonly environment: string | null;
  readonly pipeline: string;
  readonly title: string;
  /** SHA-256 of everything that decides what is posted. */
  readonly fingerprint: string;
  /** The id of the store that it was made with. */
  readonly store: string;
  readonly connection: string;
  readonly connector: string;
  readonly lookups: readonly { readonly name: string; readonly rows: number; readonly hash: string }[];
  readonly made: {
    readonly at: string;
    /** The operating-system user. */
    readonly by: string;
    readonly host: string;
    readonly program: string;
    readonly run: number;
  };
  /** Who may approve it, by the policy of that moment; null where nobody has to. */
  readonly asks: readonly string[] | null;
  /** The last run that posted, for comparison. */
  readonly before: {
    readonly run: number;
    readonly at: string;
    readonly posted: number;
    readonly replaced: number;
    readonly reversed: number;
  } | null;
}

export interface PlannedPosting {
  readonly reference: string;
  readonly version: number;
  readonly fingerprint: string;
  readonly step: string | null;
  readonly postedAt: string;
  /** `target`: it was read there, and stands as it was posted; `store`: it is what we posted, and nobody looked. */
  readonly seen: "target" | "store";
}

/** One change, as a line. Documents are encoded: amounts are whole numbers of the smallest unit, as text. */
export interface PlanChange {
  readonly change: Exclude<ChangeKind, "keep">;
  readonly key: string;
  readonly fingerprint?: string;
  readonly after?: unknown;
  readonly posting?: PlannedPosting;
  readonly before?: unknown;
  /** It is no longer in the target, cancelled there under this number if any. */
  readonly gone?: { readonly reference: string | null };
  /** `target`: the target itself says that it would take it; `us`: only our own checks were made. */
  readonly checked?: "target" | "us";
  readonly problem?: Problem;
}

export interface PlanWait {
  readonly waits: string;
  readonly kind: "record" | "document";
  readonly since: string;
  readonly problem: Problem;
}

/** Exact amounts, as decimal text. */
export interface PlanSum {
  readonly name: string;
  readonly currency: string;
  readonly debit: string;
  readonly credit: string;
}

export interface PlanTotals {
  readonly counts: Readonly<Record<ChangeKind, number>>;
  readonly waiting: number;
  readonly accounts: readonly PlanSum[];
  readonly periods: readonly PlanSum[];
  /** By dimension, such as the department, and its value. */
  readonly dimensions: Readonly<Record<string, readonly PlanSum[]>>;
  /** Money that is posted and money that is taken back, added up. */
  readonly moved: readonly { readonly currency: string; readonly amount: string }[];
}

/** What makes a change the one that was shown. */
export interface Essence {
  readonly key: string;
  readonly kind: ChangeKind;
  /** Kind, document and what it takes the place of: two that differ in anything have different texts. */
  readonly whole: string;
  /** The fingerprint of what is wanted, and that of the document as it was shown; null where the change brings none. */
  readonly content: string | null;
}

export function essenceOf(change: Change): Essence {
  const wanted = "fingerprint" in change ? contentText(change.fingerprint, change.document) : null;
  const before = "posted" in change ? [change.posted.version, change.posted.fingerprint, change.posted.step] : [];
  return essence(change.kind, change.key, wanted, before, "gone" in change ? (change.gone ?? null) : null);
}

/** The same of a line of a plan. Throws for a line that has not what a change must have. */
export function essenceOfLine({ change, key, fingerprint, after, posting, gone }: PlanChange): Essence {
  const wanted = fingerprint === undefined ? null : contentText(fingerprint, documentOfLine(after));
  const before = posting === undefined ? [] : [posting.version, posting.fingerprint, posting.step];
  return essence(change, key, wanted, before, gone ?? null);
}

function contentText(fingerprint: string, document: Document): string {
  return `${fingerprint} ${fingerprintOf(document)}`;
}

function essence(kind: ChangeKind, key: string, content: string | null, before: readonly unknown[], gone: unknown): Essence {
  return { key, kind, whole: JSON.stringify([kind, key, content, before, gone]), content };
}

/** Throws for what is no document. */
export function documentOfLine(encoded: unknown): Document {
  return decodeDocument(JSON.stringify(encoded));
}

/** Writes the lines of a plan up to its hash. */
export class PlanWriter {
  private readonly digest: Hash = createHash("sha256");

  constructor(private readonly write: (text: string) => void) {}

  head(head: PlanHead): void {
    this.line(JSON.stringify(head));
  }

  /** `documents` are encoded already; they are most of the file. */
  change(change: Omit<PlanChange, "after" | "before">, documents: { readonly after: string | null; readonly before: string | null }): void {
    let text = JSON.stringify(change).slice(0, -1);
    if (documents.after !== null) text += `,"after":${documents.after}`;
    if (documents.before !== null) text += `,"before":${documents.before}`;
    this.line(`${text}}`);
  }

  wait(wait: PlanWait): void {
    this.line(JSON.stringify(wait));
  }

  /** Ends it, and returns the hash: 64 hexadecimal digits. */
  end(totals: PlanTotals): string {
    this.line(JSON.stringify({ totals }));
    const hash = this.digest.digest("hex");
    this.write(`${JSON.stringify({ hash })}\n`);
    return hash;
  }

  private line(text: string): void {
    const whole = `${text}\n`;
    this.digest.update(whole);
    this.write(whole);
  }
}

export function approvalLine(approval: Approval): string {
  return `${JSON.stringify({ approval })}\n`;
}
