import type { Problem } from "../model/problem.js";
import type { Db } from "./open.js";

/** A record as it is kept: its values as a JSON list of canonical text, booleans and null. */
export interface StoredRecord {
  readonly key: string;
  readonly unit: string;
  readonly line: number;
  readonly shapeId: number;
  readonly data: string;
  readonly problem: string | null;
}

export interface TouchedDocument {
  readonly id: number;
  readonly key: string;
  readonly records: readonly StoredRecord[];
}

export interface IncomingRecord {
  readonly key: string;
  readonly documentKey: string;
  /** Orders as text; null when the pipeline has no cursor. */
  readonly cursor: string | null;
  readonly line: number;
  readonly data: string;
  /** Why it cannot be used; it then blocks its document. */
  readonly problem: Problem | null;
  /** The cells as they came, for the quarantine; only with a problem. */
  readonly raw: string | null;
}

/** A record that cannot even be given to a document. */
export interface IncomingMisfit {
  readonly key: string;
  readonly line: number;
  readonly raw: string;
  readonly problem: Problem;
}

/** What became of an incoming record. `older`: the store has a newer version; `twice`: two versions in one unit and no way to tell which is right. */
export type Arrival = "changed" | "unchanged" | "repeated" | "older" | "twice" | "dropped";

export interface MergeResult {
  /** Records that are gone, because a whole delivery of their document came without them. */
  readonly removed: number;
}

/** What an incoming record is to the store. */
const OLDER = -1;
const SAME = 0;
const CHANGED = 1;

export class RecordTable {
  private readonly setTouched;
  private readonly nextDocuments;
  private readonly nextRecords;

  constructor(private readonly db: Db) {
    this.setTouched = db.prepare("UPDATE documents SET touched = ? WHERE id = ?");
    // With a bare `LIMIT ?` SQLite plans a statement anew each time it is given a number.
    this.nextDocuments = db
      .prepare("SELECT id, key FROM documents WHERE pipeline_id = ? AND touched = 1 AND id > ? ORDER BY id LIMIT ? + 0")
      .raw();
    this.nextRecords = db
      .prepare(
        `SELECT d.id, r.key, u.name, r.line, r.shape_id, r.data, r.problem
         FROM documents d JOIN records r ON r.document_id = d.id JOIN units u ON u.id = r.unit_id
         WHERE d.pipeline_id = ? AND d.touched = 1 AND d.id > ? AND d.id <= ? ORDER BY d.id, r.id`,
      )
      .raw();
  }

  /** The number of a list of field names in this store. */
  shapeId(pipelineId: number, fields: readonly string[]): number {
    const text = JSON.stringify(fields);
    const find = this.db.prepare("SELECT id FROM shapes WHERE pipeline_id = ? AND fields = ?").pluck();
    const known = find.get(pipelineId, text) as number | undefined;
    if (known !== undefined) return known;
    this.db.prepare("INSERT INTO shapes (pipeline_id, fields) VALUES (?, ?) ON CONFLICT DO NOTHING").run(pipelineId, text);
    return find.get(pipelineId, text) as number;
  }

  shapes(pipelineId: number): Map<number, readonly string[]> {
    const rows = this.db.prepare("SELECT id, fields FROM shapes WHERE pipeline_id = ?").all(pipelineId) as { id: number; fields: string }[];
    return new Map(rows.map((row) => [row.id, JSON.parse(row.fields) as string[]]));
  }

  /** A place where one run gathers a unit before it is taken whole. */
  stage(pipelineId: number, shapeId: number): Staging {
    return new Staging(this.db, pipelineId, shapeId);
  }

  countTouched(pipelineId: number): number {
    return this.db.prepare("SELECT count(*) FROM documents WHERE pipeline_id = ? AND touched = 1").pluck().get(pipelineId) as number;
  }

  count(pipelineId: number): number {
    return this.db.prepare("SELECT count(*) FROM records WHERE pipeline_id = ?").pluck().get(pipelineId) as number;
  }

  /** Documents with their records, touched or not, in the order in which they first came. */
  nextWithRecords(pipelineId: number, afterId: number, limit: number): TouchedDocument[] {
    const ids = this.db
      .prepare(
        "SELECT id FROM documents d WHERE pipeline_id = ? AND id > ? AND EXISTS (SELECT 1 FROM records WHERE document_id = d.id) ORDER BY id LIMIT ?",
      )
      .pluck()
      .all(pipelineId, afterId, limit) as number[];
    return ids.map((id) => this.withRecords(id));
  }

  private withRecords(id: number): TouchedDocument {
    const key = this.db.prepare("SELECT key FROM documents WHERE id = ?").pluck().get(id) as string;
    const rows = this.db
      .prepare(
        `SELECT r.key, u.name AS unit, r.line, r.shape_id AS shapeId, r.data, r.problem
         FROM records r JOIN units u ON u.id = r.unit_id WHERE r.document_id = ? ORDER BY r.id`,
      )
      .all(id) as StoredRecord[];
    return { id, key, records: rows };
  }

  /** The next touched documents with all of their records, in the order in which they first came. */
  nextTouched(pipelineId: number, afterId: number, limit: number): TouchedDocument[] {
    const documents = this.nextDocuments.all(pipelineId, afterId, limit) as [number, string][];
    if (documents.length === 0) return [];
    const last = (documents[documents.length - 1] as [number, string])[0];
    const records = this.nextRecords.all(pipelineId, afterId, last) as [number, string, string, number, number, string, string | null][];
    const found: TouchedDocument[] = [];
    let at = 0;
    for (const [id, key] of documents) {
      const own: StoredRecord[] = [];
      for (; at < records.length; at += 1) {
        const row = records[at] as (typeof records)[number];
        if (row[0] !== id) break;
        own.push({ key: row[1], unit: row[2], line: row[3], shapeId: row[4], data: row[5], problem: row[6] });
      }
      found.push({ id, key, records: own });
    }
    return found;
  }

  /** The document is as it should be until one of its records changes. */
  settle(documentId: number): void {
    this.setTouched.run(0, documentId);
  }

  /** Only a document that has records is looked at again: one that was merely found in the target must not be reversed. */
  touchWithRecords(documentId: number): void {
    this.db
      .prepare("UPDATE documents SET touched = 1 WHERE id = ? AND EXISTS (SELECT 1 FROM records WHERE document_id = documents.id)")
      .run(documentId);
  }

  touch(documentId: number): void {
    this.setTouched.run(1, documentId);
  }

  /** The number of a document; made, untouched and without records, when it is new. */
  ensureDocument(pipelineId: number, key: string): number {
    this.db.prepare("INSERT INTO documents (pipeline_id, key, touched) VALUES (?, ?, 0) ON CONFLICT DO NOTHING").run(pipelineId, key);
    return this.documentId(pipelineId, key) as number;
  }

  documentId(pipelineId: number, key: string): number | null {
    return (
      (this.db.prepare("SELECT id FROM documents WHERE pipeline_id = ? AND key = ?").pluck().get(pipelineId, key) as number | undefined) ??
      null
    );
  }

  /** Takes a bad record out, so that it no longer blocks its document. A document left without records stays as it is posted. */
  removeBad(pipelineId: number, key: string): void {
    const ofRecord = this.db.prepare("SELECT document_id FROM records WHERE pipeline_id = ? AND key = ? AND problem IS NOT NULL").pluck();
    const documentId = ofRecord.get(pipelineId, key) as number | undefined;
    if (documentId === undefined) return;
    this.db.prepare("DELETE FROM records WHERE pipeline_id = ? AND key = ? AND problem IS NOT NULL").run(pipelineId, key);
    this.settle(documentId);
    this.touchWithRecords(documentId);
  }
}

const STAGING = `
CREATE TEMP TABLE IF NOT EXISTS incoming (
  seq INTEGER PRIMARY KEY,
  key TEXT NOT NULL UNIQUE,
  document_id INTEGER NOT NULL,
  former_document_id INTEGER,
  cursor TEXT,
  line INTEGER NOT NULL,
  data TEXT NOT NULL,
  problem TEXT,
  raw TEXT,
  changed INTEGER NOT NULL
);
CREATE TEMP TABLE IF NOT EXISTS misfits (
  key TEXT PRIMARY KEY,
  line INTEGER NOT NULL,
  raw TEXT NOT NULL,
  problem TEXT NOT NULL
);`;

/** Gathers one unit at a time in temporary tables, and then takes it whole, or forgets it. */
export class Staging {
  private readonly addDocument;
  private readonly findDocument;
  private readonly findStored;
  private readonly findIncoming;
  private readonly insert;
  private readonly replace;
  private readonly markTwice;
  private readonly insertMisfit;
  private readonly findDropped;
  /** Each is false only when there is certainly no such row; most units bring few news and no faults. */
  private holdsRows = true;
  private holdsChanges = true;
  private holdsFaults = true;
  private lastDocumentKey: string | null = null;
  private lastDocumentId = 0;

  constructor(
    private readonly db: Db,
    private readonly pipelineId: number,
    private readonly shapeId: number,
  ) {
    db.exec(STAGING);
    this.clear();
    this.addDocument = db.prepare("INSERT INTO documents (pipeline_id, key, touched) VALUES (?, ?, 0)");
    this.findDocument = db.prepare("SELECT id FROM documents WHERE pipeline_id = ? AND key = ?").pluck();
    this.findStored = db
      .prepare("SELECT document_id, cursor, data, problem, shape_id FROM records WHERE pipeline_id = ? AND key = ?")
      .raw();
    this.findIncoming = db.prepare("SELECT cursor, data FROM incoming WHERE key = ?").raw();
    this.insert = db.prepare(
      "INSERT INTO incoming (key, document_id, former_document_id, cursor, line, data, problem, raw, changed) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
    );
    this.replace = db.prepare(
      "UPDATE incoming SET document_id = ?, former_document_id = ?, cursor = ?, line = ?, data = ?, problem = ?, raw = ?, changed = ? WHERE key = ?",
    );
    this.markTwice = db.prepare("UPDATE incoming SET problem = ?, raw = ?, changed = 1 WHERE key = ?");
    this.insertMisfit = db.prepare(
      "INSERT INTO misfits (key, line, raw, problem) VALUES (?, ?, ?, ?) ON CONFLICT DO UPDATE SET raw = excluded.raw, problem = excluded.problem",
    );
    this.findDropped = db
      .prepare("SELECT raw FROM quarantine WHERE pipeline_id = ? AND kind = 'record' AND key = ? AND status = 'dropped'")
      .pluck();
  }

  /** Compares a record with what the store and this unit already hold, and keeps it when it is news. */
  add(record: IncomingRecord, twice: (line: number) => Problem): Arrival {
    if (record.problem !== null && this.wasDropped(record.key, record.raw)) return "dropped";
    const documentId = this.documentId(record.documentKey);
    const stored = this.findStored.get(this.pipelineId, record.key) as [number, string | null, string, string | null, number] | undefined;
    const problemText = record.problem === null ? null : JSON.stringify(record.problem);
    const isOlder = stored !== undefined && record.cursor !== null && stored[1] !== null && record.cursor < stored[1];
    const isSame =
      stored !== undefined &&
      stored[0] === documentId &&
      stored[2] === record.data &&
      stored[3] === problemText &&
      stored[4] === this.shapeId;
    const changed = isOlder ? OLDER : isSame ? SAME : CHANGED;
    const former = stored !== undefined && stored[0] !== documentId ? stored[0] : null;
    this.holdsRows = true;
    if (changed === CHANGED) this.holdsChanges = true;
    if (problemText !== null) this.holdsFaults = true;
    const inserted = this.insert.run(
      record.key,
      documentId,
      former,
      record.cursor,
      record.line,
      record.data,
      problemText,
      record.raw,
      changed,
    );
    if (inserted.changes === 1) return isOlder ? "older" : isSame ? "unchanged" : "changed";

    const [cursor, data] = this.findIncoming.get(record.key) as [string | null, string];
    if (data === record.data) return "repeated";
    if (cursor !== null && record.cursor !== null && cursor !== record.cursor) {
      if (record.cursor < cursor) return "older";
      this.replace.run(documentId, former, record.cursor, record.line, record.data, problemText, record.raw, changed, record.key);
      return "changed";
    }
    this.holdsChanges = true;
    this.holdsFaults = true;
    this.markTwice.run(JSON.stringify(twice(record.line)), record.raw ?? record.data, record.key);
    return "twice";
  }

  addMisfit(misfit: IncomingMisfit): Arrival {
    if (this.wasDropped(misfit.key, misfit.raw)) return "dropped";
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
    const rows = this.db.prepare("SELECT key, line, raw, problem FROM misfits").all() as {
      key: string;
      line: number;
      raw: string;
      problem: string;
    }[];
    for (const { key, line, raw, problem } of rows) {
      for (const cell of cellsOf(raw)) {
        const documentId = this.findDocument.get(this.pipelineId, cell) as number | undefined;
        if (documentId === undefined) continue;
        this.holdsChanges = true;
        this.insert.run(key, documentId, null, null, line, "[]", problem, raw, 1);
        this.db.prepare("DELETE FROM misfits WHERE key = ?").run(key);
        break;
      }
    }
  }

  /**
   * Takes what was gathered as one whole, inside the caller's transaction. With `wholeDocuments`, records that the
   * store holds of a document in this unit, and that the unit does not have, are gone. With `wholeUnit`, bad records
   * of an earlier reading of this unit that this one did not confirm are gone.
   */
  merge(unitId: number, options: { readonly wholeUnit: boolean; readonly wholeDocuments: boolean }): MergeResult {
    const { db, pipelineId } = this;
    const { wholeDocuments } = options;
    if (wholeDocuments) {
      // An older delivery read late must not undo a newer one.
      db.prepare(
        `DELETE FROM incoming WHERE document_id IN (
           SELECT i.document_id FROM incoming i GROUP BY i.document_id
           HAVING max(i.cursor) < (SELECT max(r.cursor) FROM records r WHERE r.document_id = i.document_id))`,
      ).run();
    }
    if (this.holdsChanges) {
      db.prepare(
        `UPDATE documents SET touched = 1 WHERE id IN (SELECT document_id FROM incoming WHERE changed = 1)
           OR id IN (SELECT former_document_id FROM incoming WHERE changed = 1)`,
      ).run();
    }
    if (options.wholeUnit) {
      const mended = db
        .prepare(
          "DELETE FROM records WHERE unit_id = ? AND problem IS NOT NULL AND key NOT IN (SELECT key FROM incoming) RETURNING document_id",
        )
        .pluck()
        .all(unitId) as number[];
      for (const documentId of mended) db.prepare("UPDATE documents SET touched = 1 WHERE id = ?").run(documentId);
    }
    let removed = 0;
    if (wholeDocuments) {
      const gone = `SELECT r.id FROM records r WHERE r.document_id IN (SELECT document_id FROM incoming) AND r.key NOT IN (SELECT key FROM incoming)`;
      db.prepare(`UPDATE documents SET touched = 1 WHERE id IN (SELECT document_id FROM records WHERE id IN (${gone}))`).run();
      db.prepare(
        `DELETE FROM quarantine WHERE pipeline_id = ? AND kind = 'record' AND key IN (SELECT key FROM records WHERE id IN (${gone}))`,
      ).run(pipelineId);
      removed = db.prepare(`DELETE FROM records WHERE id IN (${gone})`).run().changes;
    }
    if (!this.holdsChanges) return { removed };
    db.prepare(
      `INSERT INTO records (pipeline_id, key, document_id, cursor, unit_id, line, shape_id, data, problem)
       SELECT ?, key, document_id, cursor, ?, line, ?, data, problem FROM incoming WHERE changed = 1 ORDER BY seq
       ON CONFLICT (pipeline_id, key) DO UPDATE SET document_id = excluded.document_id, cursor = excluded.cursor, unit_id = excluded.unit_id,
         line = excluded.line, shape_id = excluded.shape_id, data = excluded.data, problem = excluded.problem`,
    ).run(pipelineId, unitId, this.shapeId);
    return { removed };
  }

  /** The records of this unit that cannot be used, for the quarantine. */
  *misfits(): Generator<{ key: string; line: number; raw: string; problem: string; documentId: number | null }> {
    if (!this.holdsFaults) return;
    const rows = this.db
      .prepare(
        `SELECT key, line, coalesce(raw, data) AS raw, problem, document_id AS documentId FROM incoming WHERE problem IS NOT NULL AND changed >= 0
         UNION ALL SELECT key, line, raw, problem, NULL FROM misfits ORDER BY line`,
      )
      .all() as { key: string; line: number; raw: string; problem: string; documentId: number | null }[];
    yield* rows;
  }

  /** Keys of records that came and can be used: what was wrong with them before is mended. */
  clearMended(): void {
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
    this.db.prepare("DELETE FROM incoming").run();
    this.db.prepare("DELETE FROM misfits").run();
  }

  private documentId(key: string): number {
    if (key === this.lastDocumentKey) return this.lastDocumentId;
    const known = this.findDocument.get(this.pipelineId, key) as number | undefined;
    this.lastDocumentId = known ?? Number(this.addDocument.run(this.pipelineId, key).lastInsertRowid);
    this.lastDocumentKey = key;
    return this.lastDocumentId;
  }

  private wasDropped(key: string, raw: string | null): boolean {
    const dropped = this.findDropped.get(this.pipelineId, key) as string | undefined;
    return dropped !== undefined && dropped === raw;
  }
}
