import type { Db } from "./open.js";

const TABLE =
  "CREATE TEMP TABLE IF NOT EXISTS unconfirmed (unit_id INTEGER NOT NULL, key TEXT NOT NULL, PRIMARY KEY (unit_id, key)) WITHOUT ROWID";

/** What the unit that is being taken has, usable or not; what a person dropped as well. */
const MET = "SELECT key FROM incoming UNION ALL SELECT key FROM misfits UNION ALL SELECT key FROM dropped_and_met";

/**
 * Records that cannot be used, and those that a person dropped, which a unit had before and has no longer. Pages shift, and what stood on one may
 * stand on another that is read later: only when all was read are they gone.
 */
export class Unconfirmed {
  private isEmpty = true;

  constructor(
    private readonly db: Db,
    private readonly pipelineId: number,
  ) {
    db.exec(TABLE);
    db.prepare("DELETE FROM unconfirmed").run();
  }

  /** Before the unit is merged, inside the caller's transaction. */
  note(unitId: number): void {
    const { db } = this;
    if (!this.isEmpty) db.prepare(`DELETE FROM unconfirmed WHERE key IN (${MET})`).run();
    const { changes } = db
      .prepare(
        `INSERT OR IGNORE INTO unconfirmed (unit_id, key)
           SELECT unit_id, key FROM quarantine WHERE unit_id = @unitId AND kind = 'record' AND key NOT IN (${MET})
           UNION SELECT unit_id, key FROM records WHERE unit_id = @unitId AND problem IS NOT NULL AND key NOT IN (SELECT key FROM incoming)`,
      )
      .run({ unitId });
    if (changes > 0) this.isEmpty = false;
  }

  /** The units that had something before which no unit of this reading had until now; hardly ever any. */
  units(): ReadonlySet<number> {
    if (this.isEmpty) return new Set();
    return new Set(this.db.prepare("SELECT DISTINCT unit_id FROM unconfirmed").pluck().all() as number[]);
  }

  /**
   * All was read: what no unit has any more is gone, and can never be asked for again. Its documents are looked at again: they may lack nothing
   * now, or what was posted of them has no record left. Inside the caller's transaction.
   */
  forget(runId: number): void {
    const { db, pipelineId } = this;
    const gone = "(unit_id, key) IN (SELECT unit_id, key FROM unconfirmed)";
    // What was met on an earlier page with the same content is listed under this run; what a person asked for again, and nothing met, is not.
    const records = db
      .prepare(
        `DELETE FROM records WHERE problem IS NOT NULL AND ${gone} AND NOT EXISTS (SELECT 1 FROM quarantine q
           WHERE q.pipeline_id = ? AND q.kind = 'record' AND q.key = records.key AND q.last_run = ?) RETURNING document_id`,
      )
      .pluck()
      .all(pipelineId, runId) as number[];
    const listed = db
      .prepare(`DELETE FROM quarantine WHERE kind = 'record' AND (status = 'dropped' OR last_run < ?) AND ${gone} RETURNING document_id`)
      .pluck()
      .all(runId) as (number | null)[];
    const touch = db.prepare("UPDATE documents SET touched = 1 WHERE id = ?");
    for (const documentId of [...records, ...listed]) touch.run(documentId);
    db.prepare("DELETE FROM unconfirmed").run();
    this.isEmpty = true;
  }
}
