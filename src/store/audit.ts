import type Database from "better-sqlite3";
import { type AuditAnchor, type AuditEntry, type AuditRow, auditBody, auditHash, NO_HASH } from "../model/audit.js";
import { Moment } from "./moment.js";

const ANCHOR = "audit rows moved up to";

/** The audit log as the program writes it. Rows are only added, each in the transaction of what it tells about. */
export class AuditTable {
  private readonly last;
  private readonly insert;
  /** The last row, as it was written at `knownAt`. */
  private head: readonly [number, string] = [0, NO_HASH];
  private knownAt: number | null = null;

  constructor(
    private readonly db: Database.Database,
    private readonly moment: Moment = new Moment(),
  ) {
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

  /** Takes rows out that are in a file by now, in the open transaction. The last row stays, because the next one goes on from it. */
  forgetUpTo({ seq, hash }: AuditAnchor): void {
    const { db } = this;
    const [last] = this.last.get() ?? [0];
    const found = db.prepare("SELECT hash FROM audit WHERE seq = ?").pluck().get(seq) as string | undefined;
    if (seq >= last || found !== hash) throw new Error("bug: rows that are not in a file were to be taken out of the audit log");
    const guard = db.prepare("SELECT sql FROM sqlite_master WHERE type = 'trigger' AND name = 'audit_is_not_deleted'").pluck().get();
    if (typeof guard === "string") db.exec("DROP TRIGGER audit_is_not_deleted");
    db.prepare("DELETE FROM audit WHERE seq <= ?").run(seq);
    if (typeof guard === "string") db.exec(guard);
    db.prepare("INSERT INTO meta (name, value) VALUES (?, ?) ON CONFLICT DO UPDATE SET value = excluded.value").run(
      ANCHOR,
      JSON.stringify([seq, hash]),
    );
  }

  private add(entry: AuditEntry): void {
    const [seqBefore, hashBefore] = this.lastRow();
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
    this.head = [row.seq, hash];
    this.knownAt = this.moment.now;
  }

  /** Read anew in each transaction, because other processes add rows, and after a part of one was rolled back. */
  private lastRow(): readonly [number, string] {
    const { now } = this.moment;
    return now !== null && now === this.knownAt ? this.head : (this.last.get() ?? [0, NO_HASH]);
  }
}

/** Where the rows that are here go on from; null where none were ever moved to a file. */
export function anchorOf(db: Database.Database): AuditAnchor | null {
  const found = db.prepare("SELECT value FROM meta WHERE name = ?").pluck().get(ANCHOR) as string | undefined;
  if (found === undefined) return null;
  const [seq, hash] = JSON.parse(found) as [number, string];
  return { seq, hash };
}

/** A text cut in the middle of a character cannot be stored as UTF-8, and what is stored must be what was hashed. */
function wellFormed(text: string): string {
  return text.toWellFormed();
}
