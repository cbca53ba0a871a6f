import type { Db } from "./open.js";
import { Staging } from "./staging.js";

/** A record as it is kept: its values as a JSON list of canonical text, booleans and null. */
export interface StoredRecord {
  readonly key: string;
  readonly unit: string;
  readonly line: number;
  readonly shapeId: number;
  readonly data: string;
  readonly problem: string | null;
}

export interface TouchedDocument {
  readonly id: number;
  readonly key: string;
  readonly records: readonly StoredRecord[];
}

export class RecordTable {
  private readonly setTouched;
  private readonly nextDocuments;
  private readonly nextRecords;
  private readonly findRecord;

  constructor(private readonly db: Db) {
    this.setTouched = db.prepare("UPDATE documents SET touched = ? WHERE id = ?");
    // With a bare `LIMIT ?` SQLite plans a statement anew each time it is given a number.
    this.nextDocuments = db
      .prepare("SELECT id, key FROM documents WHERE pipeline_id = ? AND touched = 1 AND id > ? ORDER BY id LIMIT ? + 0")
      .raw();
    this.nextRecords = db
      .prepare(
        `SELECT d.id, r.key, u.name, r.line, r.shape_id, r.data, r.problem
         FROM documents d JOIN records r ON r.document_id = d.id JOIN units u ON u.id = r.unit_id
         WHERE d.pipeline_id = ? AND d.touched = 1 AND d.id > ? AND d.id <= ? ORDER BY d.id, r.id`,
      )
      .raw();
    this.findRecord = db.prepare("SELECT 1 FROM records WHERE pipeline_id = ? AND key = ?").pluck();
  }

  /** The number of a list of field names in this store. */
  shapeId(pipelineId: number, fields: readonly string[]): number {
    const known = this.knownShapeId(pipelineId, fields);
    if (known !== null) return known;
    this.db
      .prepare("INSERT INTO shapes (pipeline_id, fields) VALUES (?, ?) ON CONFLICT DO NOTHING")
      .run(pipelineId, JSON.stringify(fields));
    return this.knownShapeId(pipelineId, fields) as number;
  }

  /** The same without a write; null for a list that no record has been stored under. */
  knownShapeId(pipelineId: number, fields: readonly string[]): number | null {
    const find = this.db.prepare("SELECT id FROM shapes WHERE pipeline_id = ? AND fields = ?").pluck();
    return (find.get(pipelineId, JSON.stringify(fields)) as number | undefined) ?? null;
  }

  shapes(pipelineId: number): Map<number, readonly string[]> {
    const rows = this.db.prepare("SELECT id, fields FROM shapes WHERE pipeline_id = ?").all(pipelineId) as { id: number; fields: string }[];
    return new Map(rows.map((row) => [row.id, JSON.parse(row.fields) as string[]]));
  }

  /** A place where one run gathers a unit before it is taken whole. */
  stage(pipelineId: number, shapeId: number): Staging {
    return new Staging(this.db, pipelineId, shapeId);
  }

  countTouched(pipelineId: number): number {
    return this.db.prepare("SELECT count(*) FROM documents WHERE pipeline_id = ? AND touched = 1").pluck().get(pipelineId) as number;
  }

  count(pipelineId: number): number {
    return this.db.prepare("SELECT count(*) FROM records WHERE pipeline_id = ?").pluck().get(pipelineId) as number;
  }

  /** Documents with their records, touched or not, in the order in which they first came. */
  nextWithRecords(pipelineId: number, afterId: number, limit: number): TouchedDocument[] {
    const ids = this.db
      .prepare(
        "SELECT id FROM documents d WHERE pipeline_id = ? AND id > ? AND EXISTS (SELECT 1 FROM records WHERE document_id = d.id) ORDER BY id LIMIT ?",
      )
      .pluck()
      .all(pipelineId, afterId, limit) as number[];
    return ids.map((id) => this.withRecords(id));
  }

  /** A document with its records, touched or not; null where the pipeline has none of this key. */
  document(pipelineId: number, key: string): TouchedDocument | null {
    const id = this.documentId(pipelineId, key);
    return id === null ? null : this.withRecords(id);
  }

  private withRecords(id: number): TouchedDocument {
    const key = this.db.prepare("SELECT key FROM documents WHERE id = ?").pluck().get(id) as string;
    const rows = this.db
      .prepare(
        `SELECT r.key, u.name AS unit, r.line, r.shape_id AS shapeId, r.data, r.problem
         FROM records r JOIN units u ON u.id = r.unit_id WHERE r.document_id = ? ORDER BY r.id`,
      )
      .all(id) as StoredRecord[];
    return { id, key, records: rows };
  }

  /** The next touched documents with all of their records, in the order in which they first came. */
  nextTouched(pipelineId: number, afterId: number, limit: number): TouchedDocument[] {
    const documents = this.nextDocuments.all(pipelineId, afterId, limit) as [number, string][];
    if (documents.length === 0) return [];
    const last = (documents[documents.length - 1] as [number, string])[0];
    const records = this.nextRecords.all(pipelineId, afterId, last) as [number, string, string, number, number, string, string | null][];
    const found: TouchedDocument[] = [];
    let at = 0;
    for (const [id, key] of documents) {
      const own: StoredRecord[] = [];
      for (; at < records.length; at += 1) {
        const row = records[at] as (typeof records)[number];
        if (row[0] !== id) break;
        own.push({ key: row[1], unit: row[2], line: row[3], shapeId: row[4], data: row[5], problem: row[6] });
      }
      found.push({ id, key, records: own });
    }
    return found;
  }

  /** The document is as it should be until one of its records changes. */
  settle(documentId: number): void {
    this.setTouched.run(0, documentId);
  }

  /** Only a document that has records is looked at again: one that was merely found in the target must not be reversed. */
  touchWithRecords(documentId: number): void {
    this.db
      .prepare("UPDATE documents SET touched = 1 WHERE id = ? AND EXISTS (SELECT 1 FROM records WHERE document_id = documents.id)")
      .run(documentId);
  }

  /** Everything that was posted and still has records is looked at again. */
  touchPosted(pipelineId: number): void {
    this.db
      .prepare(
        `UPDATE documents SET touched = 1 WHERE pipeline_id = ? AND touched = 0
           AND EXISTS (SELECT 1 FROM postings p WHERE p.document_id = documents.id AND p.reversed_by IS NULL)
           AND EXISTS (SELECT 1 FROM records r WHERE r.document_id = documents.id)`,
      )
      .run(pipelineId);
  }

  /** Everything that was read and is not posted is looked at again, but for what a person dropped. */
  touchUnposted(pipelineId: number): void {
    this.db
      .prepare(
        `UPDATE documents SET touched = 1 WHERE pipeline_id = ? AND touched = 0
           AND EXISTS (SELECT 1 FROM records r WHERE r.document_id = documents.id)
           AND NOT EXISTS (SELECT 1 FROM postings p WHERE p.document_id = documents.id AND p.reversed_by IS NULL)
           AND NOT EXISTS (SELECT 1 FROM quarantine q WHERE q.document_id = documents.id AND q.status = 'dropped')`,
      )
      .run(pipelineId);
  }

  touch(documentId: number): void {
    this.setTouched.run(1, documentId);
  }

  /** The number of a document; made, untouched and without records, when it is new. */
  ensureDocument(pipelineId: number, key: string): number {
    this.db.prepare("INSERT INTO documents (pipeline_id, key, touched) VALUES (?, ?, 0) ON CONFLICT DO NOTHING").run(pipelineId, key);
    return this.documentId(pipelineId, key) as number;
  }

  documentId(pipelineId: number, key: string): number | null {
    return (
      (this.db.prepare("SELECT id FROM documents WHERE pipeline_id = ? AND key = ?").pluck().get(pipelineId, key) as number | undefined) ??
      null
    );
  }

  has(pipelineId: number, key: string): boolean {
    return this.findRecord.get(pipelineId, key) !== undefined;
  }

  /** Takes a bad record out, so that it no longer blocks its document. A document left without records stays as it is posted. */
  removeBad(pipelineId: number, key: string): void {
    const ofRecord = this.db.prepare("SELECT document_id FROM records WHERE pipeline_id = ? AND key = ? AND problem IS NOT NULL").pluck();
    const documentId = ofRecord.get(pipelineId, key) as number | undefined;
    if (documentId === undefined) return;
    this.db.prepare("DELETE FROM records WHERE pipeline_id = ? AND key = ? AND problem IS NOT NULL").run(pipelineId, key);
    this.settle(documentId);
    this.touchWithRecords(documentId);
  }
}
