import type { AuditRow } from "../model/audit.js";
import { ProblemError, problem } from "../model/problem.js";
import { type Db, openReadOnly, type ReadOnly } from "./open.js";

const COLUMNS = "seq, at, actor, event, pipeline, run, subject, detail, hash";

/** The audit log as people and auditors read it: the store is opened read-only, also while a run writes to it. */
export class AuditLog {
  private readonly db: Db;

  private constructor(private readonly store: ReadOnly) {
    this.db = store.db;
  }

  /** Throws ProblemError: NOT_FOUND, STORE_NEWER, STORE_UNREADABLE. */
  static open(file: string): AuditLog {
    const store = openReadOnly(file);
    const found = store.db.prepare("SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = 'audit'").get();
    if (found !== undefined) return new AuditLog(store);
    const version = store.db.pragma("user_version", { simple: true }) as number;
    store.close();
    throw new ProblemError(
      problem(
        "STORE_UNREADABLE",
        `the store \`${file}\` has no audit log`,
        [],
        version < 2
          ? "it is older than the log, which the next run begins"
          : "the log was taken out of the file; restore the store from a copy",
      ),
    );
  }

  /** All rows in their order, one after the other, as they were at one moment. */
  rows(): IterableIterator<AuditRow> {
    return this.db.prepare(`SELECT ${COLUMNS} FROM audit ORDER BY seq`).iterate() as IterableIterator<AuditRow>;
  }

  /** The latest rows that fit, oldest first. `subjects`: any of them. */
  latest(wanted: {
    readonly pipeline: string | null;
    readonly subjects: readonly string[] | null;
    readonly run: number | null;
    readonly limit: number;
  }): AuditRow[] {
    const conditions: string[] = [];
    const values: (string | number)[] = [];
    if (wanted.pipeline !== null) {
      conditions.push("pipeline = ?");
      values.push(wanted.pipeline);
    }
    if (wanted.run !== null) {
      conditions.push("run = ?");
      values.push(wanted.run);
    }
    if (wanted.subjects !== null) {
      conditions.push(`subject IN (${wanted.subjects.map(() => "?").join(", ")})`);
      values.push(...wanted.subjects);
    }
    const where = conditions.length === 0 ? "" : `WHERE ${conditions.join(" AND ")}`;
    const rows = this.db.prepare(`SELECT ${COLUMNS} FROM audit ${where} ORDER BY seq DESC LIMIT ?`).all(...values, wanted.limit);
    return (rows as AuditRow[]).reverse();
  }

  close(): void {
    this.store.close();
  }
}
