import { decodeDocument } from "../model/document.js";
import { idempotencyKey, type Posting, UNKNOWN_FINGERPRINT } from "../model/posting.js";
import type { Db } from "./open.js";

export class PostingTable {
  private readonly live;
  private readonly insert;
  private readonly markReversed;
  private readonly liveFingerprint;

  constructor(private readonly db: Db) {
    this.live = db
      .prepare(
        `SELECT p.version, p.fingerprint, p.reference, a.idempotency_key, a.content FROM postings p JOIN attempts a ON a.id = p.attempt_id
         WHERE p.document_id = ? AND p.reversed_by IS NULL ORDER BY p.version DESC LIMIT 1`,
      )
      .raw();
    this.liveFingerprint = db
      .prepare("SELECT fingerprint FROM postings WHERE document_id = ? AND reversed_by IS NULL ORDER BY version DESC LIMIT 1")
      .pluck();
    this.insert = db.prepare(
      "INSERT INTO postings (document_id, version, attempt_id, fingerprint, reference, run_id, posted_at) VALUES (?, ?, ?, ?, ?, ?, ?)",
    );
    this.markReversed = db.prepare("UPDATE postings SET reversed_by = ?, reversed_at = ? WHERE document_id = ? AND version = ?");
  }

  /** The posting of a document that has not been reversed, or null. */
  current(documentId: number, documentKey: string): Posting | null {
    const row = this.live.get(documentId) as [number, string, string, string, string] | undefined;
    if (row === undefined) return null;
    const [version, fingerprint, reference, key, content] = row;
    return { documentKey, version, idempotencyKey: key, fingerprint, reference, document: decodeDocument(content) };
  }

  /** The fingerprint of the current posting: enough to know that nothing changed. */
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
  }): void {
    this.insert.run(
      posting.documentId,
      posting.version,
      posting.attemptId,
      posting.fingerprint,
      posting.reference,
      posting.runId,
      posting.postedAt,
    );
  }

  reverse(documentId: number, version: number, reference: string, at: string): void {
    this.markReversed.run(reference, at, documentId, version);
  }

  /** What is known of one version of a document: null when it was never posted. */
  stateOf(documentId: number, version: number): "live" | "reversed" | null {
    const row = this.db.prepare("SELECT reversed_by FROM postings WHERE document_id = ? AND version = ?").raw().get(documentId, version) as
      | [string | null]
      | undefined;
    return row === undefined ? null : row[0] === null ? "live" : "reversed";
  }

  /** Fills in a fingerprint that was not known when the posting was recovered; false when it was. */
  learnFingerprint(documentId: number, version: number, fingerprint: string): boolean {
    const learn = this.db.prepare("UPDATE postings SET fingerprint = ? WHERE document_id = ? AND version = ? AND fingerprint = ?");
    return learn.run(fingerprint, documentId, version, UNKNOWN_FINGERPRINT).changes > 0;
  }

  countLive(pipelineId: number): number {
    return this.db
      .prepare("SELECT count(*) FROM postings p JOIN documents d ON d.id = p.document_id WHERE d.pipeline_id = ? AND p.reversed_by IS NULL")
      .pluck()
      .get(pipelineId) as number;
  }

  /** Every posting of one document, oldest first, for people. */
  history(
    pipelineId: number,
    key: string,
  ): { version: number; reference: string; postedAt: string; reversedBy: string | null; idempotencyKey: string }[] {
    return (
      this.db
        .prepare(
          `SELECT p.version, p.reference, p.posted_at AS postedAt, p.reversed_by AS reversedBy, pl.name AS pipeline
           FROM postings p JOIN documents d ON d.id = p.document_id JOIN pipelines pl ON pl.id = d.pipeline_id
           WHERE d.pipeline_id = ? AND d.key = ? ORDER BY p.version`,
        )
        .all(pipelineId, key) as { version: number; reference: string; postedAt: string; reversedBy: string | null; pipeline: string }[]
    ).map(({ pipeline, ...row }) => ({ ...row, idempotencyKey: idempotencyKey(pipeline, key, row.version, "post") }));
  }
}
