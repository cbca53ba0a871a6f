import { hash } from "node:crypto";
import type { Act } from "./posting.js";
import type { ProblemCode } from "./problem.js";
import type { LetGo } from "./retention.js";
import type { RunCounts, RunStatus } from "./run.js";

/** What the audit log knows of an attempt. `notedAt`: when the note was made durable, before anything was sent. */
export interface AuditedAttempt {
  readonly act: Act;
  readonly version: number;
  /** Of an attempt to take a posting one step further: which step. */
  readonly step?: string;
  /** Of an attempt to change a draft: the version that it was until then. */
  readonly takesOver?: number;
  readonly idempotencyKey: string;
  /** SHA-256 of the document's content; the content itself is not copied. */
  readonly fingerprint: string;
  readonly notedAt: string;
}

/** What each event carries beside when, who, pipeline, run and subject. Nothing else is ever written. */
export interface AuditDetails {
  readonly "store created": { readonly store: string; readonly createdAt: string; readonly version: number };
  readonly "migration applied": { readonly store: string; readonly createdAt: string; readonly from: number; readonly to: number };
  /** `head`: the last row of the log in the copy; null where it had none. `replaced`: there was another store until then. */
  readonly "store imported": { readonly file: string; readonly head: string | null; readonly replaced: boolean };
  readonly "store key changed": { readonly encrypted: boolean; readonly former: string };
  /** Numbers of rows. */
  readonly "store pruned": LetGo;
  /** Rows up to `upTo`, whose hash is `head`, are in a file from now on, whose SHA-256 is `fingerprint`. */
  readonly "log shortened": { readonly upTo: number; readonly head: string; readonly file: string; readonly fingerprint: string };
  readonly "lease taken over": {
    readonly formerHost: string;
    readonly formerPid: number;
    readonly since: string;
    readonly why: "process gone" | "no sign of life";
  };
  readonly "run started": {
    readonly kind: string;
    readonly full: boolean;
    readonly program: string;
    readonly host: string;
    readonly pid: number;
    readonly pipelineFingerprint: string;
  };
  readonly "unit read": { readonly unit: string; readonly fingerprint: string; readonly records: number };
  readonly "attempt in doubt": AuditedAttempt;
  readonly "attempt answered": AuditedAttempt & {
    readonly outcome: string;
    readonly reference: string | null;
    readonly code: ProblemCode | null;
    readonly message: string | null;
  };
  readonly "run ended": {
    readonly status: RunStatus;
    readonly counts: RunCounts;
    readonly watermark: string | null;
    /** What stopped it, or was worth a notice. */
    readonly problems: readonly ProblemCode[];
  };
  readonly "retry requested": {
    readonly item: "record" | "document";
    readonly key: string;
    readonly cause: ProblemCode;
    /** As it was: a retry takes back that an item was dropped. */
    readonly status: string;
  };
  readonly "item dropped": {
    readonly item: "record" | "document";
    readonly key: string;
    readonly cause: ProblemCode;
    readonly reason: string;
  };
  readonly "attempt resolved": AuditedAttempt & {
    /** The target's number, or null: it is not there. */
    readonly posted: string | null;
    readonly reason: string;
  };
  readonly "found changed": {
    readonly version: number;
    readonly idempotencyKey: string;
    readonly reference: string;
    /** `changed`: it holds other content than was posted; `gone`: it was deleted or cancelled there. */
    readonly found: "changed" | "gone";
    /** What the pipeline says is done then. */
    readonly decision: string;
  };
  readonly "watermark moved": { readonly from: string; readonly to: string };
  readonly "unit forgotten": { readonly unit: string };
  readonly "plan saved": { readonly plan: string; readonly hash: string; readonly sends: number };
  readonly "plan approved": {
    readonly plan: string;
    readonly hash: string;
    /** The name under `approvers`. */
    readonly by: string;
    /** False: the operating-system user is all that speaks for it. */
    readonly signed: boolean;
    readonly reason: string;
  };
  readonly "plan applied": { readonly plan: string; readonly hash: string; readonly leftOut: number };
  readonly "people told": {
    /** The name under `notify`. */
    readonly channel: string;
    /** What changed: `failed`, `waiting`, `in doubt`, `recovered`. */
    readonly events: readonly string[];
    /** False: the message could not be delivered, and the next run tries again. */
    readonly delivered: boolean;
  };
}

export type AuditEvent = keyof AuditDetails;

/** Every event, with the sentence that the documentation gives it. */
export const AUDIT_EVENTS: Readonly<Record<AuditEvent, string>> = {
  "store created": "The first row of a new store: its id, when it was made, and the version of its tables.",
  "store imported": "A person put a copy in the place of the store: what was posted after it was made is not in this log.",
  "store key changed": "A person had the store encrypted, or no longer encrypted; the former file was kept beside it under this name.",
  "store pruned": "What nothing needs any more was let go, as `retention` says: how many tries, runs and plans.",
  "log shortened":
    "A person had the oldest rows of this log moved to a file: up to which row, and the hash of that row, from which the rest goes on.",
  "migration applied": "A newer program brought the store's tables up to its own version. First row of a store that is older than the log.",
  "lease taken over": "A run took the pipeline from an earlier one that had died or shown no sign of life, and says which.",
  "run started": "A run began: its kind, the program's version, host and process, and the fingerprint of the pipeline's settings.",
  "unit read": "A file, or a window of an API, was taken whole: its name, the SHA-256 of its content, and its number of records.",
  "attempt in doubt":
    "An attempt was found without an answer, because the run that made it died. The target is asked before anything else.",
  "attempt answered": "What became of one document that was sent: when it was noted, our key, the target's number, or why not.",
  "run ended": "A run ended: how, its counts, and the watermark. A run without this row was killed.",
  "retry requested": "A person asked to try an item in quarantine again.",
  "item dropped": "A person decided that an item is not to be posted, and said why.",
  "attempt resolved": "A person said what became of a document whose answer was lost, where the target cannot be asked.",
  "found changed":
    "The target was found to hold a posting in another form than it was posted, or no longer, and what the pipeline says is done then.",
  "watermark moved": "A person moved the watermark back, so that records are read again.",
  "unit forgotten": "A person asked to read a unit again.",
  "plan saved": "A plan was written to a file: its id and hash, and for how many documents something would be sent.",
  "plan approved": "A person approved a plan: under which name, whether with a signature, and why.",
  "plan applied": "A run posted what a saved plan has, and nothing else; how many documents of the plan it left out.",
  "people told": "A message about a change went to a channel of `notify`, or could not be delivered.",
};

interface EntryOf<E extends AuditEvent> {
  /** UTC instant. Clocks can jump; the order of the rows is the order of what happened. */
  readonly at: string;
  /** The operating-system user. */
  readonly actor: string;
  readonly event: E;
  readonly pipeline: string | null;
  readonly run: number | null;
  /** A document key, or the key of a record that belongs to no document yet. */
  readonly subject: string | null;
  readonly detail: AuditDetails[E];
}

/** One thing that happened, as it is handed to the log. */
export type AuditEntry = { readonly [E in AuditEvent]: EntryOf<E> }[AuditEvent];

/** One row as it stands in the log. */
export interface AuditRow {
  /** 1, 2, 3 and so on, without a gap. */
  readonly seq: number;
  readonly at: string;
  readonly actor: string;
  readonly event: string;
  readonly pipeline: string | null;
  readonly run: number | null;
  readonly subject: string | null;
  /** A JSON object, exactly as it was written. */
  readonly detail: string;
  readonly hash: string;
}

/** What stands in for the hash before the first row. */
export const NO_HASH = "0".repeat(64);

/** The exact text that is hashed, after the hash of the row before and a line feed: the row as JSON, without its hash. */
export function auditBody(row: Omit<AuditRow, "hash">): string {
  const { seq, at, actor, event, pipeline, run, subject, detail } = row;
  const text = JSON.stringify;
  return `{"seq":${seq},"at":${text(at)},"actor":${text(actor)},"event":${text(event)},"pipeline":${text(pipeline)},"run":${run},"subject":${text(subject)},"detail":${detail}}`;
}

/** SHA-256, in lower-case hex, of the hash before, a line feed, and the body, as UTF-8. */
export function auditHash(hashBefore: string, body: string): string {
  return hash("sha256", `${hashBefore}\n${body}`, "hex");
}

/** The row as one line of JSON, without line end: its body with the hash as last member. */
export function auditLine(row: AuditRow): string {
  return `${auditBody(row).slice(0, -1)},"hash":"${row.hash}"}`;
}

/** `gap`: `expected` and `found` are row numbers (found null: the log ends or is empty). `hash`: they are hashes. `head`: a noted hash that no row has. */
export type AuditFault =
  | { readonly kind: "gap"; readonly seq: number; readonly expected: number; readonly found: number | null }
  | { readonly kind: "hash"; readonly seq: number; readonly expected: string; readonly found: string }
  | { readonly kind: "head"; readonly seq: null; readonly expected: string; readonly found: string };

export interface AuditVerdict {
  /** Rows that fit, from the first on. */
  readonly rows: number;
  /** The hash of the last of them. */
  readonly head: string;
  /** The row that has the noted head; null when none was given, or it was not found. */
  readonly notedSeq: number | null;
  readonly fault: AuditFault | null;
  /** Rows up to this one are in a file, and were taken out of the log; only where there are some. */
  readonly movedUpTo?: number;
}

/** The last row that was moved out of the log to a file: what is left goes on from its hash. */
export interface AuditAnchor {
  readonly seq: number;
  readonly hash: string;
}

/** Follows the chain row by row and stops counting at the first that does not fit. */
export class AuditChain {
  private rows: number;
  private head: string;
  private notedSeq: number | null = null;
  private fault: AuditFault | null = null;
  private isAnchorTold: boolean;

  /** `notedHead`: a hash that was written down elsewhere, at any time; the log may have grown since. */
  constructor(
    private readonly notedHead: string | null = null,
    private readonly anchor: AuditAnchor | null = null,
  ) {
    this.rows = anchor?.seq ?? 0;
    this.head = anchor?.hash ?? NO_HASH;
    this.isAnchorTold = anchor === null;
    if (anchor !== null && anchor.hash === notedHead) this.notedSeq = anchor.seq;
  }

  /** False at the first row that does not fit, and for every row after it. */
  accept(row: AuditRow): boolean {
    if (this.fault !== null) return false;
    const seq = this.rows + 1;
    const expected = auditHash(this.head, auditBody(row));
    if (row.seq !== seq) this.fault = { kind: "gap", seq, expected: seq, found: row.seq };
    else if (row.hash !== expected) this.fault = { kind: "hash", seq, expected, found: row.hash };
    if (this.fault !== null) return false;
    this.rows = seq;
    this.head = row.hash;
    if (row.hash === this.notedHead) this.notedSeq = seq;
    if (!this.isAnchorTold && row.event === "log shortened") this.isAnchorTold = tells(row, this.anchor);
    return true;
  }

  /** After the last row. */
  verdict(): AuditVerdict {
    const { rows, head, notedSeq, notedHead } = this;
    const fault = this.fault ?? this.faultAtEnd(rows, head, notedSeq, notedHead);
    return { rows, head, notedSeq, fault, ...(this.anchor === null ? {} : { movedUpTo: this.anchor.seq }) };
  }

  private faultAtEnd(rows: number, head: string, notedSeq: number | null, notedHead: string | null): AuditFault | null {
    if (rows === 0) return { kind: "gap", seq: 1, expected: 1, found: null };
    // Whoever moves rows says so in a row of the log; without it they were simply taken away.
    if (!this.isAnchorTold) return { kind: "gap", seq: 1, expected: 1, found: (this.anchor?.seq ?? 0) + 1 };
    if (notedHead !== null && notedSeq === null) return { kind: "head", seq: null, expected: notedHead, found: head };
    return null;
  }
}

function tells(row: AuditRow, anchor: AuditAnchor | null): boolean {
  try {
    const { upTo, head } = JSON.parse(row.detail) as Partial<AuditDetails["log shortened"]>;
    return upTo === anchor?.seq && head === anchor?.hash;
  } catch {
    return false;
  }
}
