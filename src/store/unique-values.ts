import { Emptiness, type Moment } from "./moment.js";
import type { Db } from "./open.js";

/**
 * Values that only one document may hold, over all history. The first document to come keeps the value, for as long as
 * it wants it or has it posted: a posted document that cannot be mapped for a while must not lose its invoice to another.
 */
export class UniqueValueTable {
  private readonly claim;
  private readonly own;
  private readonly holder;
  private readonly markStale;
  private readonly freeStale;
  private readonly free;
  private readonly empty: Emptiness;

  constructor(db: Db, moment: Moment) {
    this.empty = new Emptiness(db, "unique_values", moment);
    this.claim = db.prepare("INSERT INTO unique_values (pipeline_id, name, value, document_id) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING");
    this.own = db.prepare("UPDATE unique_values SET stale = 0 WHERE pipeline_id = ? AND name = ? AND value = ? AND document_id = ?");
    this.holder = db
      .prepare(
        "SELECT d.key FROM unique_values u JOIN documents d ON d.id = u.document_id WHERE u.pipeline_id = ? AND u.name = ? AND u.value = ?",
      )
      .pluck();
    this.markStale = db.prepare("UPDATE unique_values SET stale = 1 WHERE document_id = ?");
    this.freeStale = db.prepare("DELETE FROM unique_values WHERE document_id = ? AND stale = 1");
    this.free = db.prepare("DELETE FROM unique_values WHERE document_id = ?");
  }

  /** Begins a new wish of a document; what it does not take again is given free by `releaseStale`, and not before. */
  expectAgain(documentId: number): void {
    if (!this.empty.isSo()) this.markStale.run(documentId);
  }

  /** Null when the document now holds the value; else the key of the document that does. */
  take(pipelineId: number, name: string, value: string, documentId: number): string | null {
    this.empty.end();
    if (this.claim.run(pipelineId, name, value, documentId).changes === 1) return null;
    if (this.own.run(pipelineId, name, value, documentId).changes === 1) return null;
    return this.holder.get(pipelineId, name, value) as string;
  }

  /** The target holds the document as it is wanted now. */
  releaseStale(documentId: number): void {
    if (!this.empty.isSo()) this.freeStale.run(documentId);
  }

  /** The document is neither wanted nor posted. */
  release(documentId: number): void {
    if (!this.empty.isSo()) this.free.run(documentId);
  }
}
