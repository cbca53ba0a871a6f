import type { Db } from "./open.js";

export interface Unit {
  readonly id: number;
  readonly name: string;
  readonly fingerprint: string | null;
  readonly records: number;
  readonly runId: number | null;
}

/** What was taken whole from a source. */
export class UnitTable {
  constructor(private readonly db: Db) {}

  /** The number of a unit; made when it is new, without a fingerprint. */
  idOf(pipelineId: number, name: string): number {
    const find = this.db.prepare("SELECT id FROM units WHERE pipeline_id = ? AND name = ?").pluck();
    const known = find.get(pipelineId, name) as number | undefined;
    if (known !== undefined) return known;
    this.db.prepare("INSERT INTO units (pipeline_id, name) VALUES (?, ?) ON CONFLICT DO NOTHING").run(pipelineId, name);
    return find.get(pipelineId, name) as number;
  }

  /**
   * True when this content was the last that was read under this name; with `anyName`, also when it was read under
   * another. A file that goes back to earlier content counts as changed.
   */
  wasRead(pipelineId: number, name: string, fingerprint: string, reading: string, anyName: boolean): boolean {
    const own = this.db
      .prepare("SELECT fingerprint, reading FROM units WHERE pipeline_id = ? AND name = ? AND fingerprint IS NOT NULL")
      .raw()
      .get(pipelineId, name) as [string, string] | undefined;
    if (own !== undefined) return own[0] === fingerprint && own[1] === reading;
    if (!anyName) return false;
    const other = this.db.prepare("SELECT 1 FROM units WHERE pipeline_id = ? AND fingerprint = ? AND reading = ?");
    return other.get(pipelineId, fingerprint, reading) !== undefined;
  }

  /** `reading` says how it was read (the source settings): when that changes, it is read again. */
  markRead(unitId: number, fingerprint: string, reading: string, records: number, runId: number): void {
    this.db
      .prepare("UPDATE units SET fingerprint = ?, reading = ?, records = ?, run_id = ? WHERE id = ?")
      .run(fingerprint, reading, records, runId, unitId);
  }

  /** The next run reads it again. */
  forget(pipelineId: number, name: string): boolean {
    return this.db.prepare("UPDATE units SET fingerprint = NULL WHERE pipeline_id = ? AND name = ?").run(pipelineId, name).changes > 0;
  }

  /** Every unit is read again. */
  forgetAll(pipelineId: number): void {
    this.db.prepare("UPDATE units SET fingerprint = NULL WHERE pipeline_id = ?").run(pipelineId);
  }

  /** The last run that took something whole from the source; null when none did. */
  lastTakenIn(pipelineId: number): number | null {
    return this.db.prepare("SELECT max(run_id) FROM units WHERE pipeline_id = ?").pluck().get(pipelineId) as number | null;
  }

  list(pipelineId: number): Unit[] {
    return this.db
      .prepare("SELECT id, name, fingerprint, records, run_id AS runId FROM units WHERE pipeline_id = ? ORDER BY name")
      .all(pipelineId) as Unit[];
  }
}
