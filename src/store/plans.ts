import type { Db } from "./open.js";

export interface SavedPlan {
  readonly id: string;
  readonly hash: string;
  readonly file: string;
  /** Documents for which something is sent. */
  readonly sends: number;
  readonly madeAt: string;
  readonly madeBy: string;
  readonly madeIn: number;
  /** The run that applied it; null while nobody did. */
  readonly appliedIn: number | null;
  readonly appliedAt: string | null;
}

const SELECT = `SELECT id, hash, file, sends, made_at AS madeAt, made_by AS madeBy, made_in AS madeIn, applied_in AS appliedIn, applied_at AS appliedAt
  FROM plans`;

/** The plans that were saved to files, and the approvals that only this store vouches for. */
export class PlanTable {
  constructor(private readonly db: Db) {}

  /** The id of the store itself. */
  storeId(): string {
    return this.db.prepare("SELECT value FROM meta WHERE name = 'store id'").pluck().get() as string;
  }

  add(pipelineId: number, plan: Omit<SavedPlan, "appliedIn" | "appliedAt">): void {
    const { id, hash, file, sends, madeAt, madeBy, madeIn } = plan;
    this.db
      .prepare("INSERT INTO plans (id, pipeline_id, hash, file, sends, made_at, made_by, made_in) VALUES (?, ?, ?, ?, ?, ?, ?, ?)")
      .run(id, pipelineId, hash, file, sends, madeAt, madeBy, madeIn);
  }

  get(id: string): SavedPlan | null {
    return (this.db.prepare(`${SELECT} WHERE id = ?`).get(id) as SavedPlan | undefined) ?? null;
  }

  /** The newest plan of a pipeline; null when there is none. */
  latest(pipelineId: number): SavedPlan | null {
    const found = this.db.prepare(`${SELECT} WHERE pipeline_id = ? ORDER BY made_at DESC, made_in DESC LIMIT 1`).get(pipelineId);
    return (found as SavedPlan | undefined) ?? null;
  }

  markApplied(id: string, run: number, at: string): void {
    this.db.prepare("UPDATE plans SET applied_in = ?, applied_at = ? WHERE id = ?").run(run, at, id);
  }

  approve(planId: string, line: string): void {
    this.db.prepare("INSERT INTO approvals (plan_id, line) VALUES (?, ?) ON CONFLICT DO NOTHING").run(planId, line);
  }

  /** Whether this approval was given here, exactly as it stands. */
  isApproved(planId: string, line: string): boolean {
    return this.db.prepare("SELECT 1 FROM approvals WHERE plan_id = ? AND line = ?").pluck().get(planId, line) !== undefined;
  }
}
