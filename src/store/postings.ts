import { decodeDocument, unknownDocument } from "../model/document.js";
import { idempotencyKey, type Posting, UNKNOWN_FINGERPRINT } from "../model/posting.js";
import type { Db } from "./open.js";

/** How a posting came to its end: by a document of its own, as a draft, as the next version of itself, or without us. */
export type Ending = "reversed" | "deleted" | "updated" | "gone";

type PostingTuple = [
  version: number,
  fingerprint: string,
  reference: string,
  key: string,
  content: string,
  step: string | null,
  at: string,
];

export interface PostingHistory {
  readonly version: number;
  readonly reference: string;
  readonly postedAt: string;
  readonly step: string | null;
  readonly reversedBy: string | null;
  readonly endedAs: Ending | null;
  readonly idempotencyKey: string;
}

export class PostingTable {
  private readonly live;
  private readonly insert;
  private readonly markEnded;
  private readonly markCancelled;
  private readonly markStep;
  private readonly liveFingerprint;

  constructor(private readonly db: Db) {
    this.live = db
      .prepare(
        `SELECT p.version, p.fingerprint, p.reference, a.idempotency_key, a.content, p.step, p.posted_at
         FROM postings p JOIN attempts a ON a.id = p.attempt_id
         WHERE p.document_id = ? AND p.reversed_by IS NULL ORDER BY p.version DESC`,
      )
      .raw();
    this.liveFingerprint = db
      .prepare(
        "SELECT fingerprint FROM postings WHERE document_id = ? AND reversed_by IS NULL AND step IS NULL ORDER BY version DESC LIMIT 1",
      )
      .pluck();
    this.insert = db.prepare(
      "INSERT INTO postings (document_id, version, attempt_id, fingerprint, reference, run_id, posted_at, step) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
    );
    this.markEnded = db.prepare(
      "UPDATE postings SET reversed_by = ?, reversed_at = ?, ended_as = ? WHERE document_id = ? AND version = ? AND reversed_by IS NULL",
    );
    this.markCancelled = db.prepare(
      `UPDATE postings SET reversed_by = ?, reversed_at = ?, ended_as = CASE WHEN step IS NULL THEN 'reversed' ELSE 'deleted' END
       WHERE document_id = ? AND version = ? AND reversed_by IS NULL`,
    );
    this.markStep = db.prepare("UPDATE postings SET step = ?, reference = ? WHERE document_id = ? AND version = ?");
  }

  /** The posting of a document that has not come to its end, or null; of several, the latest. */
  current(documentId: number, documentKey: string): Posting | null {
    const row = this.live.get(documentId) as PostingTuple | undefined;
    return row === undefined ? null : readPosting(documentKey, row);
  }

  /** Every posting of a document that has not come to its end, oldest first: a batch has several. */
  parts(documentId: number, documentKey: string): Posting[] {
    return (this.live.all(documentId) as PostingTuple[]).map((row) => readPosting(documentKey, row)).reverse();
  }

  /** The fingerprint of the current posting, if it is booked and its content known: enough to know that nothing changed. */
  currentFingerprint(documentId: number): string | null {
    return (this.liveFingerprint.get(documentId) as string | undefined) ?? null;
  }

  add(posting: {
    documentId: number;
    version: number;
    attemptId: number;
    fingerprint: string;
    reference: string;
    runId: number;
    postedAt: string;
    step: string | null;
  }): void {
    this.insert.run(
      posting.documentId,
      posting.version,
      posting.attemptId,
      posting.fingerprint,
      posting.reference,
      posting.runId,
      posting.postedAt,
      posting.step,
    );
  }

  /** It got as far as `step`, null being all the way; the target may have given it another number there. */
  advance(documentId: number, version: number, step: string | null, reference: string): void {
    this.markStep.run(step, reference, documentId, version);
  }

  /** What was booked is reversed by the document `by`; what was not booked yet is deleted. An ending is written once. */
  cancel(documentId: number, version: number, by: string, at: string): void {
    this.markCancelled.run(by, at, documentId, version);
  }

  /** `by`: the number of what came of it. An ending is written once. */
  end(documentId: number, version: number, as: "updated" | "gone", by: string, at: string): void {
    this.markEnded.run(by, at, as, documentId, version);
  }

  /** What is known of one version of a document: null when it was never posted. */
  stateOf(documentId: number, version: number): "live" | "reversed" | null {
    const row = this.db.prepare("SELECT reversed_by FROM postings WHERE document_id = ? AND version = ?").raw().get(documentId, version) as
      | [string | null]
      | undefined;
    return row === undefined ? null : row[0] === null ? "live" : "reversed";
  }

  /** Fills in the content, encoded, of a posting that was recovered without it. */
  learnContent(documentId: number, version: number, content: string): void {
    this.db
      .prepare(
        "UPDATE attempts SET content = ? WHERE content = '' AND id = (SELECT attempt_id FROM postings WHERE document_id = ? AND version = ?)",
      )
      .run(content, documentId, version);
  }

  /** Fills in a fingerprint that was not known when the posting was recovered; false when it was. */
  learnFingerprint(documentId: number, version: number, fingerprint: string): boolean {
    const learn = this.db.prepare("UPDATE postings SET fingerprint = ? WHERE document_id = ? AND version = ? AND fingerprint = ?");
    return learn.run(fingerprint, documentId, version, UNKNOWN_FINGERPRINT).changes > 0;
  }

  /** Documents that are booked now. */
  countLive(pipelineId: number): number {
    return this.db
      .prepare(
        "SELECT count(DISTINCT p.document_id) FROM postings p JOIN documents d ON d.id = p.document_id WHERE d.pipeline_id = ? AND p.reversed_by IS NULL AND p.step IS NULL",
      )
      .pluck()
      .get(pipelineId) as number;
  }

  /** Every posting of one document, oldest first, for people. */
  history(pipelineId: number, key: string): PostingHistory[] {
    return (
      this.db
        .prepare(
          `SELECT p.version, p.reference, p.posted_at AS postedAt, p.step, p.reversed_by AS reversedBy, p.ended_as AS endedAs, pl.name AS pipeline
           FROM postings p JOIN documents d ON d.id = p.document_id JOIN pipelines pl ON pl.id = d.pipeline_id
           WHERE d.pipeline_id = ? AND d.key = ? ORDER BY p.version`,
        )
        .all(pipelineId, key) as (Omit<PostingHistory, "idempotencyKey"> & { pipeline: string })[]
    ).map(({ pipeline, ...row }) => ({ ...row, idempotencyKey: idempotencyKey(pipeline, key, row.version, "post") }));
  }
}

function readPosting(documentKey: string, row: PostingTuple): Posting {
  const [version, fingerprint, reference, key, content, step, postedAt] = row;
  const document = content === "" ? unknownDocument(documentKey) : decodeDocument(content);
  return { documentKey, version, idempotencyKey: key, fingerprint, reference, document, step, postedAt };
}
