import type { Db } from "./open.js";

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
}
