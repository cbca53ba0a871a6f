import type { Db } from "./open.js";

/** What a channel knows about a pipeline, or about all that one command line names. */
export interface Told {
  /** The codes of what stopped it, sorted and parted by commas; empty when nothing did. */
  readonly failed: string;
  readonly inDoubt: number;
  readonly toApprove: number;
  /** The newest run whose list of what waits it knows; 0 when it knows of none. */
  readonly run: number;
}

/** On the list, and not there because it is in doubt. A record whose document is on the list is not counted a second time. */
const WAITING = `q.status IN ('waiting', 'held') AND q.code <> 'TARGET_UNCONFIRMED' AND (q.kind = 'document' OR NOT EXISTS (
  SELECT 1 FROM quarantine d WHERE d.document_id = q.document_id AND d.kind = 'document'))`;

/** What people were told, and what is new since then. */
export class NoticeTable {
  constructor(private readonly db: Db) {}

  /** Null when the channel was never told anything about it. */
  get(scope: string, channel: string): Told | null {
    const found = this.db
      .prepare("SELECT failed, in_doubt AS inDoubt, to_approve AS toApprove, run FROM notices WHERE scope = ? AND channel = ?")
      .get(scope, channel);
    return (found as Told | undefined) ?? null;
  }

  put(scope: string, channel: string, { failed, inDoubt, toApprove, run }: Told, at: string): void {
    this.db
      .prepare(
        `INSERT INTO notices (scope, channel, failed, in_doubt, to_approve, run, at) VALUES (?, ?, ?, ?, ?, ?, ?)
         ON CONFLICT DO UPDATE SET failed = excluded.failed, in_doubt = excluded.in_doubt, to_approve = excluded.to_approve,
           run = excluded.run, at = excluded.at`,
      )
      .run(scope, channel, failed, inDoubt, toApprove, run, at);
  }

  /** How many items wait that were first met after this run. */
  countNewWaiting(pipelineId: number, afterRun: number): number {
    return this.db
      .prepare(`SELECT count(*) FROM quarantine q WHERE q.pipeline_id = ? AND q.first_run > ? AND ${WAITING}`)
      .pluck()
      .get(pipelineId, afterRun) as number;
  }

  /** The keys of the items that have waited longest. */
  firstWaiting(pipelineId: number, limit: number): string[] {
    return this.db
      .prepare(`SELECT q.key FROM quarantine q WHERE q.pipeline_id = ? AND ${WAITING} ORDER BY q.id LIMIT ?`)
      .pluck()
      .all(pipelineId, limit) as string[];
  }

  /** How many documents are in doubt that were sent after this run. */
  countNewInDoubt(pipelineId: number, afterRun: number): number {
    return this.db
      .prepare(
        `SELECT count(*) FROM attempts a INDEXED BY attempts_open CROSS JOIN documents d ON d.id = a.document_id
         WHERE d.pipeline_id = ? AND a.run_id > ? AND (a.outcome IS NULL OR a.outcome = 'unconfirmed')`,
      )
      .pluck()
      .get(pipelineId, afterRun) as number;
  }
}
