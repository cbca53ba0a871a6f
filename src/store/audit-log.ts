import { AuditChain, type AuditRow } from "../model/audit.js";
import { ProblemError, problem } from "../model/problem.js";
import { anchorOf } from "./audit.js";
import { type Db, openReadOnly, type ReadOnly } from "./open.js";
import { type StoreAt, storePlace } from "./place.js";

const COLUMNS = "seq, at, actor, event, pipeline, run, subject, detail, hash";

type Rows = IterableIterator<AuditRow>;

/** The audit log as people and auditors read it: the store is opened read-only, also while a run writes to it. */
export class AuditLog {
  private readonly db: Db;

  private constructor(private readonly store: ReadOnly) {
    this.db = store.db;
  }

  /** Throws ProblemError: NOT_FOUND, STORE_NEWER, STORE_UNREADABLE. */
  static open(at: StoreAt): AuditLog {
    const { file } = storePlace(at);
    const store = openReadOnly(at);
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

  /** Follows the rows from the first that is here; `noted`: a head that was written down elsewhere. */
  chain(noted: string | null = null): AuditChain {
    return new AuditChain(noted, anchorOf(this.db));
  }

  /** All rows in their order, one after the other, as they were at one moment. */
  rows(): IterableIterator<AuditRow> {
    return this.db.prepare(`SELECT ${COLUMNS} FROM audit ORDER BY seq`).iterate() as IterableIterator<AuditRow>;
  }

  /** Null where there is no such row. */
  hashOf(seq: number): string | null {
    return (this.db.prepare("SELECT hash FROM audit WHERE seq = ?").pluck().get(seq) as string | undefined) ?? null;
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

  /** All rows of one run, in their order; none where the log is younger than the run. */
  ofRun(run: number): IterableIterator<AuditRow> {
    return this.db.prepare(`SELECT ${COLUMNS} FROM audit WHERE seq >= ? AND run = ? ORDER BY seq`).iterate(this.startOf(run), run) as Rows;
  }

  /** The answers that one run learnt, by document, and for each in their order. */
  answersOf(run: number): IterableIterator<AuditRow> {
    return this.db
      .prepare(`SELECT ${COLUMNS} FROM audit WHERE seq >= ? AND run = ? AND event = 'attempt answered' ORDER BY subject, seq`)
      .iterate(this.startOf(run), run) as Rows;
  }

  /** Attempts of a pipeline that runs after the given one found without an answer, because the run that made them had died; in their order. */
  doubtsAfter(run: number, pipeline: string): IterableIterator<AuditRow> {
    return this.db
      .prepare(`SELECT ${COLUMNS} FROM audit WHERE seq >= ? AND pipeline = ? AND run > ? AND event = 'attempt in doubt' ORDER BY seq`)
      .iterate(this.startOf(run), pipeline, run) as Rows;
  }

  /** The row with which a run began: from the end of the log, because it is mostly the last run that is asked for. */
  private startOf(run: number): number {
    const found = this.db
      .prepare("SELECT seq FROM audit WHERE run = ? AND event = 'run started' ORDER BY seq DESC LIMIT 1")
      .pluck()
      .get(run) as number | undefined;
    return found ?? 1;
  }

  close(): void {
    this.store.close();
  }
}
