import type { Db } from "./open.js";

/** Values that only one document may hold, over all history. The first document to come keeps the value. */
export class UniqueValueTable {
  private readonly claim;
  private readonly holder;
  private readonly free;

  constructor(db: Db) {
    this.claim = db.prepare("INSERT INTO unique_values (pipeline_id, name, value, document_id) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING");
    this.holder = db.prepare(
      "SELECT d.id, d.key FROM unique_values u JOIN documents d ON d.id = u.document_id WHERE u.pipeline_id = ? AND u.name = ? AND u.value = ?",
    );
    this.free = db.prepare("DELETE FROM unique_values WHERE document_id = ?");
  }

  /** Null when the document now holds the value; else the key of the document that does. */
  take(pipelineId: number, name: string, value: string, documentId: number): string | null {
    if (this.claim.run(pipelineId, name, value, documentId).changes === 1) return null;
    const holder = this.holder.get(pipelineId, name, value) as { id: number; key: string };
    return holder.id === documentId ? null : holder.key;
  }

  release(documentId: number): void {
    this.free.run(documentId);
  }
}
