import type { Problem } from "../model/problem.js";
import type { Glimpsed } from "../model/record.js";
import {
  type Arrival,
  CHANGED,
  DROPPED,
  dataOf,
  type Fault,
  type IncomingMisfit,
  type IncomingRecord,
  type MergeOptions,
  type MergeResult,
  makeTables,
  OLDER,
  SAME,
} from "./incoming.js";
import type { Db } from "./open.js";
import { PAGE, paged } from "./paged.js";
import { Unconfirmed } from "./unconfirmed.js";

type StoredTuple = [documentId: number, cursor: string | null, data: string, problem: string | null, shapeId: number, cells: string | null];
type MisfitRow = Pick<Fault, "key" | "line" | "raw" | "problem"> & { readonly rowid: number };
type KnownTuple = [documentId: number, member: string | null];

/** Gathers one unit at a time in temporary tables, and then takes it whole, or forgets it. */
export class Staging {
  private readonly addDocument;
  private readonly findDocument;
  private readonly findKnown;
  private readonly findStored;
  readonly unconfirmed: Unconfirmed;
  private readonly findIncoming;
  private readonly insert;
  private readonly insertKnown;
  private readonly replace;
  private readonly markTwice;
  private readonly insertMisfit;
  private readonly findDropped;
  private readonly insertDropped;
  private readonly noteMet;
  /** The store has no records of this pipeline: nothing that comes can be news of one. */
  private isFirst: boolean;
  /** Each is false only when there is certainly no such row; most units bring few news and no faults. */
  private holdsRows = true;
  private holdsChanges = true;
  private holdsFaults = true;
  private holdsDropped = true;
  private holdsOtherCells = true;
  private lastDocumentKey: string | null = null;
  private lastDocumentId = 0;

  constructor(
    private readonly db: Db,
    private readonly pipelineId: number,
    private readonly shapeId: number,
  ) {
    makeTables(db);
    this.clear();
    this.addDocument = db.prepare("INSERT INTO documents (pipeline_id, key, touched) VALUES (?, ?, 0)");
    this.findDocument = db.prepare("SELECT id FROM documents WHERE pipeline_id = ? AND key = ?").pluck();
    this.findKnown = db
      .prepare(
        `SELECT document_id, member FROM records
          WHERE pipeline_id = ${pipelineId} AND key = ? AND cells = ? AND shape_id = ${shapeId} AND problem IS NULL`,
      )
      .raw();
    this.findStored = db
      .prepare("SELECT document_id, cursor, data, problem, shape_id, cells FROM records WHERE pipeline_id = ? AND key = ?")
      .raw();
    this.findIncoming = db.prepare(`SELECT i.cursor, ${dataOf(pipelineId)}, i.changed FROM incoming i WHERE i.key = ?`).raw();
    this.insert = db.prepare(
      "INSERT INTO incoming (key, document_id, former_document_id, member, cursor, line, data, problem, raw, changed, cells) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
    );
    this.insertKnown = db.prepare(
      `INSERT INTO incoming (key, document_id, member, cursor, line, changed) VALUES (?, ?, ?, ?, ?, ${SAME}) ON CONFLICT DO NOTHING`,
    );
    this.replace = db.prepare(
      "UPDATE incoming SET document_id = ?, former_document_id = ?, member = ?, cursor = ?, line = ?, data = ?, problem = ?, raw = ?, changed = ?, cells = ? WHERE key = ?",
    );
    this.markTwice = db.prepare(
      `UPDATE incoming AS i SET data = ${dataOf(pipelineId)}, problem = ?, raw = ?, changed = ${CHANGED}, cells = NULL WHERE key = ?`,
    );
    this.insertMisfit = db.prepare(
      "INSERT INTO misfits (key, line, raw, problem) VALUES (?, ?, ?, ?) ON CONFLICT DO UPDATE SET raw = excluded.raw, problem = excluded.problem",
    );
    this.findDropped = db
      .prepare("SELECT raw FROM quarantine WHERE pipeline_id = ? AND kind = 'record' AND key = ? AND status = 'dropped'")
      .pluck();
    this.insertDropped = db.prepare(
      "INSERT INTO incoming (key, document_id, member, cursor, line, data, problem, changed) VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
    );
    this.noteMet = db.prepare("INSERT INTO dropped_and_met (key, line) VALUES (?, ?) ON CONFLICT DO NOTHING");
    this.unconfirmed = new Unconfirmed(db, pipelineId);
    this.isFirst = db.prepare("SELECT 1 FROM records WHERE pipeline_id = ? LIMIT 1").get(pipelineId) === undefined;
  }

  /**
   * Keeps a record that the store has with the same cells, read in the same way and without fault; false for any other, and for one that this unit
   * holds already: that one is to be read and added. What is kept is what `add` would keep of it, but for its data, which stay in the store.
   */
  addKnown({ key, cursor, cells }: Glimpsed, line: number): boolean {
    if (this.isFirst) return false;
    const known = this.findKnown.get(key, cells) as KnownTuple | undefined;
    if (known === undefined) return false;
    this.holdsRows = true;
    return this.insertKnown.run(key, known[0], known[1], cursor, line).changes === 1;
  }

  /** Compares a record with what the store and this unit already hold, and keeps it when it is news. */
  add(record: IncomingRecord, twice: (line: number) => Problem): Arrival {
    const documentId = this.documentId(record.documentKey);
    const problemText = record.problem === null ? null : JSON.stringify(record.problem);
    if (problemText !== null && this.wasDropped(record)) {
      this.holdsRows = true;
      const { key, member, cursor, line, data } = record;
      this.insertDropped.run(key, documentId, member, cursor, line, data, problemText, DROPPED);
      return "dropped";
    }
    const stored = this.isFirst ? undefined : (this.findStored.get(this.pipelineId, record.key) as StoredTuple | undefined);
    const isOlder = stored !== undefined && record.cursor !== null && stored[1] !== null && record.cursor < stored[1];
    const isSame =
      stored !== undefined &&
      stored[0] === documentId &&
      stored[2] === record.data &&
      stored[3] === problemText &&
      stored[4] === this.shapeId;
    const changed = isOlder ? OLDER : isSame ? SAME : CHANGED;
    const formerDocument = stored !== undefined && stored[0] !== documentId ? stored[0] : null;
    this.holdsRows = true;
    if (changed === CHANGED) this.holdsChanges = true;
    if (problemText !== null) this.holdsFaults = true;
    const cells = problemText !== null || (isSame && stored[5] === record.cells) ? null : record.cells;
    if (isSame && cells !== null) this.holdsOtherCells = true;
    const inserted = this.insert.run(
      record.key,
      documentId,
      formerDocument,
      record.member,
      record.cursor,
      record.line,
      record.data,
      problemText,
      record.raw,
      changed,
      cells,
    );
    if (inserted.changes === 1) return isOlder ? "older" : isSame ? "unchanged" : "changed";

    const [cursor, data, former] = this.findIncoming.get(record.key) as [string | null, string, number];
    if (data === record.data && former !== DROPPED) return "repeated";
    const tellsOrder = cursor !== null && record.cursor !== null && cursor !== record.cursor;
    if (tellsOrder && record.cursor < cursor) return "older";
    if (tellsOrder || former === DROPPED) {
      this.replace.run(
        documentId,
        formerDocument,
        record.member,
        record.cursor,
        record.line,
        record.data,
        problemText,
        record.raw,
        changed,
        cells,
        record.key,
      );
      return "changed";
    }
    this.holdsChanges = true;
    this.holdsFaults = true;
    this.markTwice.run(JSON.stringify(twice(record.line)), record.raw ?? record.data, record.key);
    return "twice";
  }

  addMisfit(misfit: IncomingMisfit): Arrival {
    if (this.wasDropped(misfit)) return "dropped";
    this.holdsRows = true;
    this.holdsFaults = true;
    this.insertMisfit.run(misfit.key, misfit.line, misfit.raw, JSON.stringify(misfit.problem));
    return "changed";
  }

  /**
   * Gives misfits to the document whose key stands in one of their cells, so that they block it: a document must not
   * be posted without a row that could not be read.
   */
  attributeMisfits(cellsOf: (raw: string) => readonly string[]): void {
    if (!this.holdsFaults) return;
    const next = this.db.prepare(`SELECT rowid, key, line, raw, problem FROM misfits WHERE rowid > ? ORDER BY rowid LIMIT ${PAGE}`);
    const remove = this.db.prepare("DELETE FROM misfits WHERE key = ?");
    for (const { key, line, raw, problem } of paged<MisfitRow>(next, ({ rowid }) => rowid)) {
      for (const cell of cellsOf(raw)) {
        const documentId = this.findDocument.get(this.pipelineId, cell) as number | undefined;
        if (documentId === undefined) continue;
        this.holdsChanges = true;
        this.insert.run(key, documentId, null, null, null, line, "[]", problem, raw, 1, null);
        remove.run(key);
        break;
      }
    }
  }

  /**
   * Takes what was gathered as one whole, inside the caller's transaction. With `wholeDocuments`, records that the
   * store holds of a document in this unit, and that the unit does not have, are gone. With `wholeUnit`, bad records
   * of an earlier reading of this unit that this one did not confirm are remembered as `unconfirmed`.
   */
  merge(unitId: number, options: MergeOptions): MergeResult {
    const { db, pipelineId } = this;
    const { wholeDocuments } = options;
    // Of a batch, a delivery is whole for each of its members and not for the batch.
    const wholeOf = options.byMember ? "member" : "document_id";
    const ofPipeline = options.byMember ? `r.pipeline_id = ${pipelineId} AND ` : "";
    if (wholeDocuments) {
      // An older delivery read late must not undo a newer one.
      db.prepare(
        `DELETE FROM incoming WHERE ${wholeOf} IN (
           SELECT i.${wholeOf} FROM incoming i GROUP BY i.${wholeOf}
           HAVING max(i.cursor) < (SELECT max(r.cursor) FROM records r WHERE ${ofPipeline}r.${wholeOf} = i.${wholeOf}))`,
      ).run();
    }
    if (this.holdsChanges) {
      // With OR in the place of UNION, SQLite remembers in memory which documents it has met: 24 bytes for each of them.
      db.prepare(
        `UPDATE documents SET touched = 1 WHERE id IN
           (SELECT document_id FROM incoming WHERE changed = 1 UNION ALL SELECT former_document_id FROM incoming WHERE changed = 1)`,
      ).run();
    }
    if (options.wholeUnit) {
      if (this.holdsDropped) this.moveMet(unitId);
      this.unconfirmed.note(unitId);
    }
    let removed = options.whole === null ? 0 : this.takeAwayMissing(unitId, options.whole, options.missing);
    if (wholeDocuments) {
      const whole = `${ofPipeline}r.${wholeOf} IN (SELECT ${wholeOf} FROM incoming)`;
      const gone = `SELECT r.id FROM records r WHERE ${whole} AND r.key NOT IN (SELECT key FROM incoming)`;
      db.prepare(`UPDATE documents SET touched = 1 WHERE id IN (SELECT document_id FROM records WHERE id IN (${gone}))`).run();
      db.prepare(
        `DELETE FROM quarantine WHERE pipeline_id = ? AND kind = 'record' AND key IN (SELECT key FROM records WHERE id IN (${gone}))`,
      ).run(pipelineId);
      removed += db.prepare(`DELETE FROM records WHERE id IN (${gone})`).run().changes;
      if (!options.byMember) this.forgetDropped();
    }
    if (this.holdsOtherCells) {
      db.prepare(
        `UPDATE records SET cursor = i.cursor, member = i.member, cells = i.cells FROM incoming i
          WHERE records.pipeline_id = ? AND records.key = i.key AND i.changed = ${SAME} AND i.cells IS NOT NULL`,
      ).run(pipelineId);
    }
    if (!this.holdsChanges) return { removed };
    this.isFirst = false;
    db.prepare(
      `INSERT INTO records (pipeline_id, key, document_id, member, cursor, unit_id, line, shape_id, data, problem, cells)
       SELECT ?, key, document_id, member, cursor, ?, line, ?, data, problem, cells FROM incoming WHERE changed = 1 ORDER BY seq
       ON CONFLICT (pipeline_id, key) DO UPDATE SET document_id = excluded.document_id, member = excluded.member, cursor = excluded.cursor, unit_id = excluded.unit_id,
         line = excluded.line, shape_id = excluded.shape_id, data = excluded.data, problem = excluded.problem, cells = excluded.cells`,
    ).run(pipelineId, unitId, this.shapeId);
    return { removed };
  }

  /** What a person dropped belongs to the unit that held it last, so that another one may come without it. */
  private moveMet(unitId: number): void {
    this.db
      .prepare(
        `UPDATE quarantine SET unit_id = ?, line = m.line FROM dropped_and_met m
          WHERE pipeline_id = ? AND kind = 'record' AND status = 'dropped' AND quarantine.key = m.key AND unit_id IS NOT ?`,
      )
      .run(unitId, this.pipelineId, unitId);
  }

  /** What a person dropped of a document, and a later delivery of the document no longer has, can never be asked for again. */
  private forgetDropped(): void {
    const { db, pipelineId } = this;
    const dropped = "pipeline_id = ? AND kind = 'record' AND status = 'dropped'";
    if (db.prepare(`SELECT 1 FROM quarantine WHERE ${dropped} LIMIT 1`).get(pipelineId) === undefined) return;
    db.prepare(
      `DELETE FROM quarantine WHERE ${dropped} AND document_id IN (SELECT document_id FROM incoming) AND key NOT IN (SELECT key FROM incoming)`,
    ).run(pipelineId);
  }

  /**
   * Records that the store holds, and that are not in the unit although it holds all of them, are gone at the source, and
   * their documents are looked at again. If some row of the unit could not be read, it may be that one: then nothing is
   * gone, and what is missing waits. Records of a reading with other fields are left alone, and so are those that are newer
   * than all of the unit: an older delivery that is read late says nothing of them. Returns how many are gone.
   */
  private takeAwayMissing(unitId: number, whole: "unit" | { readonly month: number }, missing: (key: string) => Problem): number {
    const { db, pipelineId, shapeId } = this;
    const month = (data: string): string => (whole === "unit" ? "" : `substr(json_extract(${data}, '$[${whole.month}]'), 1, 7)`);
    const held =
      whole === "unit"
        ? "r.unit_id = ? AND r.shape_id = ?"
        : `r.pipeline_id = ? AND r.shape_id = ? AND ${month("r.data")} IN (SELECT ${month(dataOf(pipelineId))} FROM incoming i WHERE i.problem IS NULL)
           AND r.cursor <= (SELECT max(cursor) FROM incoming)`;
    if (whole === "unit") {
      // A record belongs to the unit that held it last, changed or not, so that deliveries may overlap.
      const held = "pipeline_id = ? AND unit_id <> ? AND key IN (SELECT key FROM incoming WHERE changed = 0)";
      db.prepare(`UPDATE records SET unit_id = ? WHERE ${held}`).run(unitId, pipelineId, unitId);
    }
    const found = db
      .prepare(`SELECT r.id, r.key, r.document_id AS documentId FROM records r WHERE ${held} AND r.key NOT IN (SELECT key FROM incoming)`)
      .all(whole === "unit" ? unitId : pipelineId, shapeId) as { id: number; key: string; documentId: number }[];
    if (found.length === 0) return 0;
    const isDoubtful =
      db.prepare("SELECT 1 FROM misfits UNION ALL SELECT 1 FROM incoming WHERE problem IS NOT NULL AND changed >= 0").get() !== undefined;
    const touch = db.prepare("UPDATE documents SET touched = 1 WHERE id = ?");
    const mark = db.prepare("UPDATE records SET problem = ?, cells = NULL WHERE id = ?");
    const remove = db.prepare("DELETE FROM records WHERE id = ?");
    const forget = db.prepare("DELETE FROM quarantine WHERE pipeline_id = ? AND kind = 'record' AND key = ?");
    for (const { id, key, documentId } of found) {
      touch.run(documentId);
      if (isDoubtful) mark.run(JSON.stringify(missing(key)), id);
      else {
        remove.run(id);
        forget.run(pipelineId, key);
      }
    }
    return isDoubtful ? 0 : found.length;
  }

  /** What of this unit cannot be used, in the order of its lines. */
  *misfits(): Generator<Fault> {
    if (!this.holdsFaults) return;
    const { db } = this;
    db.prepare("DELETE FROM faults").run();
    db.prepare(
      `INSERT INTO faults (line, incoming, misfit)
         SELECT line, seq, NULL FROM incoming WHERE problem IS NOT NULL AND changed >= 0
         UNION ALL SELECT line, NULL, rowid FROM misfits ORDER BY line`,
    ).run();
    const next = db.prepare(
      `SELECT f.n, coalesce(i.key, m.key) AS key, f.line, coalesce(i.raw, i.data, m.raw) AS raw, coalesce(i.problem, m.problem) AS problem,
         i.document_id AS documentId
       FROM faults f LEFT JOIN incoming i ON i.seq = f.incoming LEFT JOIN misfits m ON m.rowid = f.misfit
       WHERE f.n > ? ORDER BY f.n LIMIT ${PAGE}`,
    );
    yield* paged<Fault & { readonly n: number }>(next, ({ n }) => n);
  }

  /** Keys of records that came and can be used: what was wrong with them before is mended. */
  clearMended(): void {
    // Without this question the keys of all that came would be put in order first, to look for each of them in an empty list.
    if (this.db.prepare("SELECT 1 FROM quarantine WHERE pipeline_id = ? AND kind = 'record' LIMIT 1").get(this.pipelineId) === undefined)
      return;
    this.db
      .prepare(
        "DELETE FROM quarantine WHERE pipeline_id = ? AND kind = 'record' AND key IN (SELECT key FROM incoming WHERE problem IS NULL AND changed >= 0)",
      )
      .run(this.pipelineId);
  }

  /** Call it outside transactions: what is forgotten in one that is rolled back comes again. */
  clear(): void {
    if (!this.holdsRows) return;
    this.holdsRows = false;
    this.holdsChanges = false;
    this.holdsFaults = false;
    this.holdsDropped = false;
    this.holdsOtherCells = false;
    this.db.prepare("DELETE FROM incoming").run();
    this.db.prepare("DELETE FROM misfits").run();
    this.db.prepare("DELETE FROM dropped_and_met").run();
  }

  private documentId(key: string): number {
    if (key === this.lastDocumentKey) return this.lastDocumentId;
    const known = this.findDocument.get(this.pipelineId, key) as number | undefined;
    this.lastDocumentId = known ?? Number(this.addDocument.run(this.pipelineId, key).lastInsertRowid);
    this.lastDocumentKey = key;
    return this.lastDocumentId;
  }

  private wasDropped({ key, line, raw }: { readonly key: string; readonly line: number; readonly raw: string | null }): boolean {
    const dropped = this.findDropped.get(this.pipelineId, key) as string | undefined;
    if (dropped === undefined || dropped !== raw) return false;
    this.holdsRows = true;
    this.holdsDropped = true;
    this.noteMet.run(key, line);
    return true;
  }
}
