import type { Act } from "../model/posting.js";
import type { Problem } from "../model/problem.js";
import type { Db } from "./open.js";

/** `conflict`: the target holds something else under the key; `set aside`: a person decided that this is not our document. `absent`: asked for after the quiet time, and the target does not have it. `not sent`: it certainly never left. */
export type AttemptOutcome = "accepted" | "rejected" | "unconfirmed" | "absent" | "conflict" | "set aside" | "not sent";

export interface OpenAttempt {
  readonly id: number;
  readonly documentId: number;
  readonly documentKey: string;
  readonly version: number;
  readonly act: Act;
  /** Of an attempt to take a posting one step further: which step. */
  readonly step: string | null;
  /** Of an attempt to change a draft: the version that it was until then. */
  readonly takesOver: number | null;
  readonly idempotencyKey: string;
  readonly fingerprint: string;
  readonly sentAt: string;
  /** Since when nobody can be sending it any more, and its answer is unknown; null when that has not been noted yet. */
  readonly inDoubtSince: string | null;
  readonly content: string;
}

export interface NewAttempt {
  readonly documentId: number;
  readonly version: number;
  readonly act: Act;
  readonly step: string | null;
  readonly takesOver: number | null;
  readonly idempotencyKey: string;
  readonly fingerprint: string;
  /** The document, encoded; empty where it is known from an earlier attempt, or not at all. */
  readonly content: string;
  readonly runId: number;
  readonly sentAt: string;
}

const OPEN = "(a.outcome IS NULL OR a.outcome = 'unconfirmed')";

const COLUMNS =
  "a.id, a.document_id AS documentId, d.key AS documentKey, a.version, a.act, a.step, a.takes_over AS takesOver, a.idempotency_key AS idempotencyKey, a.fingerprint, a.sent_at AS sentAt, a.answered_at AS inDoubtSince, a.content, a.outcome";

/** The few open attempts come first: of a million documents each would have to be asked whether it has one. */
const OPEN_FIRST = "FROM attempts a INDEXED BY attempts_open CROSS JOIN documents d ON d.id = a.document_id";

export class AttemptTable {
  private readonly conflict;
  private readonly insert;
  private readonly update;
  private readonly highest;
  private readonly openOf;
  private readonly withAny;

  constructor(private readonly db: Db) {
    this.insert = db.prepare(
      "INSERT INTO attempts (document_id, version, act, step, takes_over, idempotency_key, fingerprint, content, run_id, sent_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
    );
    this.update = db.prepare("UPDATE attempts SET outcome = ?, reference = ?, problem = ?, answered_at = ? WHERE id = ?");
    this.highest = db
      .prepare(
        `SELECT max(version) FROM (
           SELECT max(version) AS version FROM postings WHERE document_id = ?
           UNION ALL SELECT max(version) FROM attempts WHERE document_id = ? AND act = 'post' 
             AND (outcome IS NULL OR outcome IN ('unconfirmed', 'conflict', 'set aside') OR (outcome = 'absent' AND fingerprint <> ?)))`,
      )
      .pluck();
    this.conflict = db
      .prepare("SELECT problem FROM attempts WHERE document_id = ? AND outcome = 'conflict' ORDER BY id DESC LIMIT 1")
      .pluck();
    this.withAny = db.prepare("SELECT value FROM json_each(?) WHERE EXISTS (SELECT 1 FROM attempts WHERE document_id = value)").pluck();
    this.openOf = db.prepare(`SELECT 1 FROM attempts a WHERE a.document_id = ? AND ${OPEN}`).pluck();
  }

  add(attempt: NewAttempt): number {
    const done = this.insert.run(
      attempt.documentId,
      attempt.version,
      attempt.act,
      attempt.step,
      attempt.takesOver,
      attempt.idempotencyKey,
      attempt.fingerprint,
      attempt.content,
      attempt.runId,
      attempt.sentAt,
    );
    return Number(done.lastInsertRowid);
  }

  answer(id: number, outcome: AttemptOutcome, reference: string | null, problem: Problem | null, answeredAt: string): void {
    this.update.run(outcome, reference, problem === null ? null : JSON.stringify(problem), answeredAt, id);
  }

  /** Attempts whose answer is unknown, oldest first. */
  open(pipelineId: number): OpenAttempt[] {
    return this.db
      .prepare(`SELECT ${COLUMNS} ${OPEN_FIRST} WHERE d.pipeline_id = ? AND ${OPEN} ORDER BY a.id`)
      .all(pipelineId) as OpenAttempt[];
  }

  /** What is known of a key: null when no attempt with it was ever noted. */
  standingOf(pipelineId: number, key: string): "accepted" | "other" | null {
    const outcomes = this.db
      .prepare(
        "SELECT a.outcome FROM attempts a JOIN documents d ON d.id = a.document_id WHERE d.pipeline_id = ? AND a.idempotency_key = ?",
      )
      .pluck()
      .all(pipelineId, key) as (string | null)[];
    if (outcomes.length === 0) return null;
    return outcomes.includes("accepted") ? "accepted" : "other";
  }

  /** How often the document of this key was sent, or may have been: the attempt under way counts too. */
  countSent(pipelineId: number, key: string): number {
    return this.db
      .prepare(
        `SELECT count(*) FROM attempts a JOIN documents d ON d.id = a.document_id
         WHERE d.pipeline_id = ? AND a.idempotency_key = ? AND a.step IS NULL AND (a.outcome IS NULL OR a.outcome <> 'not sent')`,
      )
      .pluck()
      .get(pipelineId, key) as number;
  }

  /** The open attempt of one act on one version, or null; one to take it a step further is none. */
  openFor(documentId: number, version: number, act: Act): number | null {
    const found = this.db.prepare(
      `SELECT a.id FROM attempts a WHERE a.document_id = ? AND a.version = ? AND a.act = ? AND a.step IS NULL AND ${OPEN}`,
    );
    return (found.pluck().get(documentId, version, act) as number | undefined) ?? null;
  }

  /** Attempts that a person can say something about: in doubt, or in conflict. */
  unresolved(pipelineId: number): (OpenAttempt & { readonly isConflict: boolean })[] {
    const rows = this.db
      .prepare(
        `SELECT ${COLUMNS} FROM attempts a JOIN documents d ON d.id = a.document_id
         WHERE d.pipeline_id = ? AND (${OPEN} OR a.outcome = 'conflict') ORDER BY a.id`,
      )
      .all(pipelineId) as (OpenAttempt & { outcome: string | null })[];
    return rows.map(({ outcome, ...attempt }) => ({ ...attempt, isConflict: outcome === "conflict" }));
  }

  /** Why nothing may be sent for a document until a person decides; null when nothing stands in the way. */
  conflictOf(documentId: number): Problem | null {
    const found = this.conflict.get(documentId) as string | undefined;
    return found === undefined ? null : (JSON.parse(found) as Problem);
  }

  /**
   * Which of these documents were ever on their way to the target. The others, in a first load all of them, have no attempts, and so no postings
   * either: nothing needs to be asked about them one by one.
   */
  amongSent(documentIds: readonly number[]): ReadonlySet<number> {
    return new Set(this.withAny.all(JSON.stringify(documentIds)) as number[]);
  }

  isOpen(documentId: number): boolean {
    return this.openOf.get(documentId) !== undefined;
  }

  /** The document that was last sent under a key, encoded; null where its content is not known. */
  contentOf(idempotencyKey: string): string | null {
    const find = this.db.prepare("SELECT content FROM attempts WHERE idempotency_key = ? AND content <> '' ORDER BY id DESC LIMIT 1");
    return (find.pluck().get(idempotencyKey) as string | undefined) ?? null;
  }

  countOpen(pipelineId: number): number {
    return this.db.prepare(`SELECT count(*) ${OPEN_FIRST} WHERE d.pipeline_id = ? AND ${OPEN}`).pluck().get(pipelineId) as number;
  }

  /**
   * Counts every version that was or may have been given to the target. A refused one may be used again, and one that
   * never arrived for the same content only: a request that was given up on long ago must not meet other content.
   */
  nextVersion(documentId: number, fingerprint: string): number {
    return ((this.highest.get(documentId, documentId, fingerprint) as number | null) ?? 0) + 1;
  }
}
