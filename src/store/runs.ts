import type { ProblemCode } from "../model/problem.js";
import type { RunResult, RunStatus } from "../model/run.js";
import { decodeResult, encodeResult } from "./encode.js";
import type { Db } from "./open.js";

export interface RunRow {
  readonly id: number;
  readonly pipeline: string;
  readonly kind: string;
  readonly status: RunStatus;
  readonly startedAt: string;
  readonly endedAt: string | null;
  readonly host: string;
  readonly pid: number;
  readonly result: RunResult | null;
}

interface RawRun {
  id: number;
  pipeline: string;
  kind: string;
  status: RunStatus;
  startedAt: string;
  endedAt: string | null;
  host: string;
  pid: number;
  result: string | null;
}

const SELECT = `SELECT r.id, p.name AS pipeline, r.kind, r.status, r.started_at AS startedAt, r.ended_at AS endedAt, r.host, r.pid, r.result
  FROM runs r JOIN pipelines p ON p.id = r.pipeline_id`;

export class RunTable {
  constructor(private readonly db: Db) {}

  start(run: {
    pipelineId: number;
    kind: string;
    startedAt: string;
    host: string;
    pid: number;
    program: string;
    fingerprint: string;
    selection: string;
  }): number {
    const done = this.db
      .prepare(
        "INSERT INTO runs (pipeline_id, kind, status, started_at, host, pid, program, fingerprint, selection) VALUES (?, ?, 'running', ?, ?, ?, ?, ?, ?)",
      )
      .run(run.pipelineId, run.kind, run.startedAt, run.host, run.pid, run.program, run.fingerprint, run.selection);
    return Number(done.lastInsertRowid);
  }

  /** What the last run of the pipeline was told of which documents are wanted; null where that is not known. */
  lastSelection(pipelineId: number): string | null {
    const found = this.db.prepare("SELECT selection FROM runs WHERE pipeline_id = ? ORDER BY id DESC LIMIT 1").pluck().get(pipelineId);
    return (found as string | null | undefined) ?? null;
  }

  end(result: RunResult): void {
    this.db
      .prepare("UPDATE runs SET status = ?, ended_at = ?, result = ? WHERE id = ?")
      .run(result.status, result.endedAt, encodeResult(result), result.id);
  }

  /** Newest first. */
  list(options: { pipeline?: string; limit: number }): RunRow[] {
    const rows =
      options.pipeline === undefined
        ? this.db.prepare(`${SELECT} ORDER BY r.id DESC LIMIT ?`).all(options.limit)
        : this.db.prepare(`${SELECT} WHERE p.name = ? ORDER BY r.id DESC LIMIT ?`).all(options.pipeline, options.limit);
    return (rows as RawRun[]).map(readRun);
  }

  /** The last run that did all it had to do; 0 when there is none. */
  lastComplete(pipelineId: number): number {
    const found = this.db
      .prepare("SELECT max(id) FROM runs WHERE pipeline_id = ? AND kind IN ('run', 'apply') AND status IN ('done', 'waiting', 'in-doubt')")
      .pluck()
      .get(pipelineId) as number | null;
    return found ?? 0;
  }

  /** The last run of the pipeline that posted, replaced or reversed something; null when there is none. */
  lastPosting(pipelineId: number): RunRow | null {
    const row = this.db
      .prepare(
        `${SELECT} WHERE r.pipeline_id = ? AND r.kind IN ('run', 'apply') AND r.result IS NOT NULL
         AND json_extract(r.result, '$.counts.posted') + json_extract(r.result, '$.counts.replaced') + json_extract(r.result, '$.counts.reversed') > 0
         ORDER BY r.id DESC LIMIT 1`,
      )
      .get(pipelineId) as RawRun | undefined;
    return row === undefined ? null : readRun(row);
  }

  /** When the next run of the pipeline began; null when there is none yet. */
  startAfter(pipelineId: number, run: number): string | null {
    const find = this.db.prepare("SELECT started_at FROM runs WHERE pipeline_id = ? AND id > ? ORDER BY id LIMIT 1");
    return (find.pluck().get(pipelineId, run) as string | undefined) ?? null;
  }

  /** The last run before this one that was not stopped by that problem; null when there is none. */
  lastUnlike(run: number, code: ProblemCode): { readonly id: number; readonly startedAt: string } | null {
    const found = this.db
      .prepare(
        `SELECT id, started_at AS startedAt FROM runs WHERE id < ? AND (status <> 'failed' OR result IS NULL
         OR NOT EXISTS (SELECT 1 FROM json_each(result, '$.problems') AS each WHERE json_extract(each.value, '$.code') = ?))
         ORDER BY id DESC LIMIT 1`,
      )
      .get(run, code) as { id: number; startedAt: string } | undefined;
    return found ?? null;
  }

  get(id: number): RunRow | null {
    const row = this.db.prepare(`${SELECT} WHERE r.id = ?`).get(id) as RawRun | undefined;
    return row === undefined ? null : readRun(row);
  }
}

function readRun(row: RawRun): RunRow {
  return { ...row, result: row.result === null ? null : decodeResult(row.result) };
}
