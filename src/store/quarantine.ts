import type { Problem } from "../model/problem.js";
import { Emptiness, type Moment } from "./moment.js";
import type { Db } from "./open.js";
import { PAGE, paged } from "./paged.js";

/** `ready`: nothing speaks against it any more, and it is sent next. */
export type QuarantineStatus = "waiting" | "held" | "ready" | "dropped";

export interface QuarantineItem {
  readonly id: number;
  readonly kind: "record" | "document";
  readonly key: string;
  readonly documentKey: string | null;
  readonly status: QuarantineStatus;
  readonly problem: Problem;
  readonly unit: string | null;
  readonly line: number | null;
  /** The cells as they came, or the raw text of a row that could not be split. */
  readonly raw: string | null;
  readonly firstAt: string;
  readonly tries: number;
  /** Why a person dropped it. */
  readonly reason: string | null;
}

interface RawItem extends Omit<QuarantineItem, "problem"> {
  problem: string;
}

const SELECT = `SELECT q.id, q.kind, q.key, d.key AS documentKey, q.status, q.problem, u.name AS unit, q.line, q.raw, q.first_at AS firstAt, q.tries, q.reason
  FROM quarantine q LEFT JOIN documents d ON d.id = q.document_id LEFT JOIN units u ON u.id = q.unit_id`;

/** A record whose document is on the list is not counted a second time. */
const WAITING = `(q.status <> 'dropped' AND (q.kind = 'document' OR NOT EXISTS (
  SELECT 1 FROM quarantine d WHERE d.document_id = q.document_id AND d.kind = 'document')))`;

export class QuarantineTable {
  private readonly upsert;
  private readonly removeDocument;
  private readonly markReady;
  private readonly findWaiting;
  private readonly empty: Emptiness;

  constructor(
    private readonly db: Db,
    moment: Moment,
  ) {
    this.empty = new Emptiness(db, "quarantine", moment);
    this.upsert = db.prepare(
      `INSERT INTO quarantine (pipeline_id, kind, key, document_id, status, code, problem, unit_id, line, raw, first_run, last_run, first_at)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
       ON CONFLICT (pipeline_id, kind, key) DO UPDATE SET document_id = excluded.document_id, status = excluded.status, code = excluded.code,
         problem = excluded.problem, unit_id = excluded.unit_id, line = excluded.line, raw = excluded.raw, last_run = excluded.last_run,
         tries = tries + 1, reason = NULL`,
    );
    this.markReady = db.prepare("UPDATE quarantine SET status = 'ready' WHERE document_id = ? AND kind = 'document'");
    this.findWaiting = db
      .prepare("SELECT 1 FROM quarantine WHERE document_id = ? AND kind = 'document' AND status IN ('waiting', 'held')")
      .pluck();
    this.removeDocument = db.prepare("DELETE FROM quarantine WHERE document_id = ? AND kind = 'document'");
  }

  put(item: {
    pipelineId: number;
    kind: "record" | "document";
    key: string;
    documentId: number | null;
    status: "waiting" | "held";
    problem: Problem;
    unitId: number | null;
    line: number | null;
    raw: string | null;
    runId: number;
    /** It was met in what this run reads, or made of it; not where it is listed again as it was. */
    isMet?: boolean;
    at: string;
  }): void {
    this.empty.end();
    this.upsert.run(
      item.pipelineId,
      item.kind,
      item.key,
      item.documentId,
      item.status,
      item.problem.code,
      JSON.stringify(item.problem),
      item.unitId,
      item.line,
      item.raw,
      item.runId,
      item.isMet === false ? item.runId - 1 : item.runId,
      item.at,
    );
  }

  /** What kept the document waiting is mended; it keeps its history until the target has it. */
  setReady(documentId: number): void {
    if (!this.empty.isSo()) this.markReady.run(documentId);
  }

  /** True when something keeps the document, or a part of it, waiting. */
  isWaiting(documentId: number): boolean {
    return !this.empty.isSo() && this.findWaiting.get(documentId) !== undefined;
  }

  /** The document no longer waits. */
  clearDocument(documentId: number): void {
    if (!this.empty.isSo()) this.removeDocument.run(documentId);
  }

  remove(id: number): void {
    this.db.prepare("DELETE FROM quarantine WHERE id = ?").run(id);
  }

  drop(id: number, reason: string): void {
    this.db.prepare("UPDATE quarantine SET status = 'dropped', reason = ? WHERE id = ?").run(reason, id);
  }

  reopen(id: number): void {
    this.db.prepare("UPDATE quarantine SET status = 'waiting', reason = NULL WHERE id = ?").run(id);
  }

  /** What waits: each document once, and records that belong to no waiting document. */
  list(pipelineId: number): QuarantineItem[] {
    return this.select(`q.pipeline_id = ? AND ${WAITING}`, pipelineId);
  }

  /** What people took off the list. */
  dropped(pipelineId: number): QuarantineItem[] {
    return this.select("q.pipeline_id = ? AND q.status = 'dropped'", pipelineId);
  }

  /** Every record that waits, also those whose document is on the list for them; not what is put on the list meanwhile. */
  *records(pipelineId: number): Generator<QuarantineItem> {
    const where = `q.pipeline_id = ${pipelineId} AND q.kind = 'record' AND q.status <> 'dropped'`;
    const next = this.db.prepare(`${SELECT} WHERE ${where} AND q.id > ? ORDER BY q.id LIMIT ${PAGE}`);
    let last: number | null = null;
    for (const row of paged<RawItem>(next, ({ id }) => id)) {
      last ??= this.db.prepare("SELECT max(id) FROM quarantine").pluck().get() as number;
      if (row.id > last) return;
      yield readItem(row);
    }
  }

  /** The records that keep a document waiting. */
  recordsOf(documentId: number): QuarantineItem[] {
    return this.select("q.document_id = ? AND q.kind = 'record' AND q.status <> 'dropped'", documentId);
  }

  find(pipelineId: number, key: string): QuarantineItem[] {
    return this.select("q.pipeline_id = ? AND q.key = ?", pipelineId, key);
  }

  countWaiting(pipelineId: number): { waiting: number; held: number; dropped: number } {
    const rows = this.db
      .prepare(
        `SELECT q.status, count(*) AS n FROM quarantine q WHERE q.pipeline_id = ? AND (q.status = 'dropped' OR ${WAITING}) GROUP BY q.status`,
      )
      .all(pipelineId) as { status: QuarantineStatus; n: number }[];
    const of = (status: QuarantineStatus): number => rows.find((row) => row.status === status)?.n ?? 0;
    return { waiting: of("waiting"), held: of("held"), dropped: of("dropped") };
  }

  /** How many wait that were first met after the given run. */
  countNew(pipelineId: number, afterRun: number): number {
    return this.db
      .prepare(`SELECT count(*) FROM quarantine q WHERE q.pipeline_id = ? AND q.status = 'waiting' AND q.first_run > ? AND ${WAITING}`)
      .pluck()
      .get(pipelineId, afterRun) as number;
  }

  /** What waits and was first met by the given run. */
  firstMetIn(pipelineId: number, run: number): QuarantineItem[] {
    return this.select(`q.pipeline_id = ? AND q.first_run = ? AND ${WAITING}`, pipelineId, run);
  }

  /** How many items wait for each code, most first. */
  byCode(pipelineId: number): { code: string; n: number }[] {
    return this.db
      .prepare(
        `SELECT q.code, count(*) AS n FROM quarantine q WHERE q.pipeline_id = ? AND ${WAITING} GROUP BY q.code ORDER BY n DESC, q.code`,
      )
      .all(pipelineId) as { code: string; n: number }[];
  }

  private select(condition: string, ...values: readonly (string | number)[]): QuarantineItem[] {
    return (this.db.prepare(`${SELECT} WHERE ${condition} ORDER BY q.id`).all(...values) as RawItem[]).map(readItem);
  }
}

function readItem(row: RawItem): QuarantineItem {
  return { ...row, problem: JSON.parse(row.problem) as Problem };
}
