import type Database from "better-sqlite3";
import { type AuditEntry, type AuditRow, auditBody, auditHash, NO_HASH } from "../model/audit.js";

/** The audit log as the program writes it. Rows are only added, each in the transaction of what it tells about. */
export class AuditTable {
  private readonly last;
  private readonly insert;

  constructor(private readonly db: Database.Database) {
    this.last = db.prepare<[], [number, string]>("SELECT seq, hash FROM audit ORDER BY seq DESC LIMIT 1").raw();
    this.insert = db.prepare(
      "INSERT INTO audit (seq, at, actor, event, pipeline, run, subject, detail, hash) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
    );
  }

  /** In the open transaction, or in one of its own. */
  append(entry: AuditEntry): void {
    if (this.db.inTransaction) this.add(entry);
    else this.db.transaction(() => this.add(entry)).immediate();
  }

  private add(entry: AuditEntry): void {
    // Read every time, for one or two microseconds: other processes add rows, and transactions are rolled back.
    const [seqBefore, hashBefore] = this.last.get() ?? [0, NO_HASH];
    const row: Omit<AuditRow, "hash"> = {
      seq: seqBefore + 1,
      at: entry.at,
      actor: wellFormed(entry.actor),
      event: entry.event,
      pipeline: entry.pipeline,
      run: entry.run,
      subject: entry.subject === null ? null : wellFormed(entry.subject),
      // Halves of a character are escaped by JSON, so what is stored is what was hashed.
      detail: JSON.stringify(entry.detail),
    };
    const hash = auditHash(hashBefore, auditBody(row));
    this.insert.run(row.seq, row.at, row.actor, row.event, row.pipeline, row.run, row.subject, row.detail, hash);
  }
}

/** A text cut in the middle of a character cannot be stored as UTF-8, and what is stored must be what was hashed. */
function wellFormed(text: string): string {
  return text.replace(/\p{Surrogate}/gu, "\ufffd");
}
