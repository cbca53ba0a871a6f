import { Emptiness, type Moment } from "./moment.js";
import type { Db } from "./open.js";

/** Where a value may stand once: among the documents of one pipeline, or of all pipelines of the project that share the register. */
export interface Register {
  /** Null: all pipelines. */
  readonly pipelineId: number | null;
  readonly name: string;
}

/** The document that holds a value. */
export interface Holder {
  readonly key: string;
  readonly pipelineId: number;
  readonly pipeline: string;
}

/**
 * Values that only one document may hold, over all history. The first document to come keeps the value, for as long as
 * it wants it or has it posted: a posted document that cannot be mapped for a while must not lose its invoice to another.
 */
export class UniqueValueTable {
  private readonly claim;
  private readonly beside;
  private readonly holder;
  private readonly markStale;
  private readonly freeStale;
  private readonly free;
  private readonly empty: Emptiness;

  constructor(db: Db, moment: Moment) {
    this.empty = new Emptiness(db, "unique_values", moment);
    const place = "u.scope = @scope AND u.name = @name AND u.value = @value";
    const mine = `SELECT 1 FROM unique_values u WHERE ${place} AND u.document_id = @documentId AND u.beside = 0`;
    const others = `${place} AND u.document_id <> @documentId`;
    const again = "ON CONFLICT (scope, name, value, document_id) DO UPDATE SET stale = 0, beside = excluded.beside";
    this.claim = db.prepare(
      `INSERT INTO unique_values (scope, name, value, document_id) SELECT @scope, @name, @value, @documentId
       WHERE EXISTS (${mine}) OR NOT EXISTS (SELECT 1 FROM unique_values u WHERE ${others}) ${again}`,
    );
    this.beside = db.prepare(
      `INSERT INTO unique_values (scope, name, value, document_id, beside) VALUES (@scope, @name, @value, @documentId, 1) ${again}`,
    );
    this.holder = db.prepare<unknown[], Holder>(
      `SELECT d.key AS key, p.id AS pipelineId, p.name AS pipeline FROM unique_values u
       JOIN documents d ON d.id = u.document_id JOIN pipelines p ON p.id = d.pipeline_id WHERE ${others} ORDER BY u.document_id LIMIT 1`,
    );
    this.markStale = db.prepare("UPDATE unique_values SET stale = 1 WHERE document_id = ?");
    this.freeStale = db.prepare("DELETE FROM unique_values WHERE document_id = ? AND stale = 1");
    this.free = db.prepare("DELETE FROM unique_values WHERE document_id = ?");
  }

  /** Begins a new wish of a document; what it does not take again is given free by `releaseStale`, and not before. */
  expectAgain(documentId: number): void {
    if (!this.empty.isSo()) this.markStale.run(documentId);
  }

  /** Null when the document now holds the value; else the document that does. */
  take(register: Register, value: string, documentId: number): Holder | null {
    this.empty.end();
    const place = placeOf(register, value, documentId);
    return this.claim.run(place).changes === 1 ? null : (this.holder.get(place) as Holder);
  }

  /** Holds the value beside whoever else does: the document is booked elsewhere, and none that comes later may have it. */
  holdBeside(register: Register, value: string, documentId: number): void {
    this.empty.end();
    this.beside.run(placeOf(register, value, documentId));
  }

  /** What the document holds is as it is wanted now, in the target and here. */
  releaseStale(documentId: number): void {
    if (!this.empty.isSo()) this.freeStale.run(documentId);
  }

  /** The document is neither wanted nor posted. */
  release(documentId: number): void {
    if (!this.empty.isSo()) this.free.run(documentId);
  }
}

/** No pipeline has this id. */
const PROJECT = 0;

function placeOf({ pipelineId, name }: Register, value: string, documentId: number): Record<string, string | number> {
  return { scope: pipelineId ?? PROJECT, name, value, documentId };
}
