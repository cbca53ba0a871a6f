import type { LetGo } from "../model/retention.js";
import type { Db } from "./open.js";

/** Instants, as the store writes them: what is older may go; null where all is kept. */
export interface Cutoffs {
  readonly attempts: string | null;
  readonly runs: string | null;
  readonly plans: string | null;
}

/** Exactly the rows of the index `attempts_to_let_go`, in the same words, so that SQLite uses it. */
const CANDIDATE = "(a.outcome IN ('rejected', 'not sent') OR (a.outcome = 'accepted' AND a.step IS NOT NULL))";

/**
 * A step that was taken is known from the posting. A try that failed can go when a later one with the same key is there: how often a key
 * was sent matters as one or more than one (`countSent`), what was last sent under it is asked for, and a key that the target was given must
 * never be one that the store has not heard of. A later try that never left says nothing of an earlier one that did.
 * Attempts without an answer, in doubt, absent, in conflict or set aside decide about the next version and are never candidates.
 */
const ATTEMPTS = `
DELETE FROM attempts WHERE id IN (
  SELECT a.id FROM attempts a INDEXED BY attempts_to_let_go JOIN documents d ON d.id = a.document_id
  WHERE ${CANDIDATE} AND a.answered_at < ? AND d.pipeline_id = ? AND (a.outcome = 'accepted' OR EXISTS (
    SELECT 1 FROM attempts b WHERE b.idempotency_key = a.idempotency_key AND b.document_id = a.document_id AND b.step IS a.step AND b.id > a.id
      AND b.outcome IS NOT NULL AND (b.outcome <> 'not sent' OR a.outcome = 'not sent')))
  LIMIT ? + 0)`;

/** Approvals stand in the audit log and in the plan's file; a plan that the store does not know is refused like one that was applied. */
const OLD_PLANS = `
SELECT p.id FROM plans p WHERE p.pipeline_id = ? AND p.made_at < ?
  AND p.id <> (SELECT id FROM plans WHERE pipeline_id = p.pipeline_id ORDER BY made_at DESC, made_in DESC LIMIT 1) LIMIT ? + 0`;

/**
 * The newest run of each kind and outcome stays: the schedule, the threshold and `sync status` ask for them, and a number is never given
 * again. So does the last that posted something, which a plan names, and the last that took something from the source.
 */
const RUNS = `
DELETE FROM runs WHERE id IN (
  SELECT r.id FROM runs r WHERE r.pipeline_id = @pipelineId AND r.started_at < @before
    AND r.id NOT IN (SELECT max(id) FROM runs WHERE pipeline_id = @pipelineId GROUP BY kind, status)
    AND r.id IS NOT (SELECT max(run_id) FROM units WHERE pipeline_id = @pipelineId)
    AND r.id IS NOT (SELECT id FROM runs WHERE pipeline_id = @pipelineId AND kind IN ('run', 'apply') AND result IS NOT NULL
      AND json_extract(result, '$.counts.posted') + json_extract(result, '$.counts.replaced') + json_extract(result, '$.counts.reversed') > 0
      ORDER BY id DESC LIMIT 1)
    AND NOT EXISTS (SELECT 1 FROM attempts WHERE run_id = r.id)
    AND NOT EXISTS (SELECT 1 FROM plans WHERE made_in = r.id OR applied_in = r.id)
  ORDER BY r.id LIMIT @most + 0)`;

/** Lets go of what nothing needs any more. What may never go, and why, is in docs/keeping.md. */
export class RetentionTable {
  constructor(private readonly db: Db) {}

  /** At most so many rows of each table, all where it is negative; in the open transaction. */
  letGo(pipelineId: number, { attempts, runs, plans }: Cutoffs, most: number): LetGo {
    return {
      attempts: attempts === null ? 0 : this.db.prepare(ATTEMPTS).run(attempts, pipelineId, most).changes,
      plans: plans === null ? 0 : this.letGoPlans(pipelineId, plans, most),
      // Last, because a run goes with the last that it sent.
      runs: runs === null ? 0 : this.db.prepare(RUNS).run({ pipelineId, before: runs, most }).changes,
    };
  }

  private letGoPlans(pipelineId: number, cutoff: string, most: number): number {
    const old = this.db.prepare(OLD_PLANS).pluck().all(pipelineId, cutoff, most) as string[];
    const approvals = this.db.prepare("DELETE FROM approvals WHERE plan_id = ?");
    const plan = this.db.prepare("DELETE FROM plans WHERE id = ?");
    for (const id of old) {
      approvals.run(id);
      plan.run(id);
    }
    return old.length;
  }

  /** When all that could go of a pipeline last went; null when that never was. */
  lastAt(pipelineId: number): string | null {
    const found = this.db.prepare("SELECT value FROM meta WHERE name = ?").pluck().get(noteOf(pipelineId));
    return (found as string | undefined) ?? null;
  }

  noteAt(pipelineId: number, at: string): void {
    this.db
      .prepare("INSERT INTO meta (name, value) VALUES (?, ?) ON CONFLICT DO UPDATE SET value = excluded.value")
      .run(noteOf(pipelineId), at);
  }

  /** Takes the log beside the store in; as far as nobody reads it. Outside of transactions. */
  truncateLog(): void {
    this.db.pragma("wal_checkpoint(TRUNCATE)");
  }

  /**
   * Writes the file anew without its empty pages, which it otherwise fills again itself. Nobody else can write meanwhile. It needs as much room
   * once more beside the store, and in the system's folder for temporary files. Outside of transactions.
   */
  compact(): void {
    this.db.exec("VACUUM");
    this.truncateLog();
  }
}

function noteOf(pipelineId: number): string {
  return `let go of pipeline ${pipelineId}`;
}
