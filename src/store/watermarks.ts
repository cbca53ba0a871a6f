import type { Db } from "./open.js";

/** Stands beside the watermarks, because it moves with them. */
const STATE = "state of the source";

export class WatermarkTable {
  constructor(private readonly db: Db) {}

  get(pipelineId: number, stream: string): string | null {
    return (
      (this.db.prepare("SELECT value FROM watermarks WHERE pipeline_id = ? AND stream = ?").pluck().get(pipelineId, stream) as
        | string
        | undefined) ?? null
    );
  }

  set(pipelineId: number, stream: string, value: string, runId: number | null): void {
    this.db
      .prepare(
        "INSERT INTO watermarks (pipeline_id, stream, value, run_id) VALUES (?, ?, ?, ?) ON CONFLICT DO UPDATE SET value = excluded.value, run_id = excluded.run_id",
      )
      .run(pipelineId, stream, value, runId);
  }

  /** What the source asked to have kept for it; null when there is nothing, or when it was kept under other source settings (`reading`). */
  state(pipelineId: number, reading: string): string | null {
    const kept = this.get(pipelineId, STATE);
    if (kept === null) return null;
    const [keptReading, state] = JSON.parse(kept) as [string, string];
    return keptReading === reading ? state : null;
  }

  setState(pipelineId: number, reading: string, state: string, runId: number): void {
    this.set(pipelineId, STATE, JSON.stringify([reading, state]), runId);
  }

  forgetState(pipelineId: number): void {
    this.db.prepare("DELETE FROM watermarks WHERE pipeline_id = ? AND stream = ?").run(pipelineId, STATE);
  }
}
