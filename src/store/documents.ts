import { decodeDocument, unknownDocument } from "../model/document.js";
import type { PostedVersion } from "../model/reconciliation.js";
import type { Db } from "./open.js";
import type { Ending } from "./postings.js";
import type { StoredRecord } from "./records.js";

/** A document with all that is known of it. */
export interface StoredDocument {
  readonly id: number;
  readonly key: string;
  /** Its records changed since it was last settled, or it waits. */
  readonly isTouched: boolean;
  readonly records: readonly StoredRecord[];
  /** Oldest first. */
  readonly versions: readonly PostedVersion[];
}

type RecordTuple = [number, string, string, number, number, string, string | null];
type VersionTuple = [number, number, string, string, string, string, string | null, string, string | null, Ending | null];

const KEYS_AT_ONCE = 1_000;

/** Reads documents with their records and postings, many at a time. */
export class DocumentTable {
  private readonly nextDocuments;
  private readonly recordsBetween;
  private readonly versionsBetween;
  private readonly find;
  private readonly findWhole;
  private readonly nextTouchedKeys;

  constructor(private readonly db: Db) {
    // With a bare `LIMIT ?` SQLite plans a statement anew each time it is given a number.
    this.nextDocuments = db
      .prepare("SELECT id, key, touched FROM documents WHERE pipeline_id = ? AND id > ? ORDER BY id LIMIT ? + 0")
      .raw();
    this.recordsBetween = db
      .prepare(
        `SELECT d.id, r.key, u.name, r.line, r.shape_id, r.data, r.problem
         FROM documents d JOIN records r ON r.document_id = d.id JOIN units u ON u.id = r.unit_id
         WHERE d.pipeline_id = ? AND d.id > ? AND d.id <= ? ORDER BY d.id, r.id`,
      )
      .raw();
    this.versionsBetween = db
      .prepare(
        `SELECT d.id, p.version, p.fingerprint, p.reference, a.idempotency_key, a.content, p.step, p.posted_at, p.reversed_by, p.ended_as
         FROM documents d JOIN postings p ON p.document_id = d.id JOIN attempts a ON a.id = p.attempt_id
         WHERE d.pipeline_id = ? AND d.id > ? AND d.id <= ? ORDER BY d.id, p.version`,
      )
      .raw();
    this.find = db.prepare("SELECT 1 FROM documents WHERE pipeline_id = ? AND key = ?").pluck();
    this.findWhole = db.prepare("SELECT id, key, touched FROM documents WHERE pipeline_id = ? AND key = ?").raw();
    this.nextTouchedKeys = db
      .prepare("SELECT id, key FROM documents WHERE pipeline_id = ? AND touched = 1 AND id > ? ORDER BY id LIMIT ? + 0")
      .raw();
  }

  count(pipelineId: number): number {
    return this.db.prepare("SELECT count(*) FROM documents WHERE pipeline_id = ?").pluck().get(pipelineId) as number;
  }

  has(pipelineId: number, key: string): boolean {
    return this.find.get(pipelineId, key) !== undefined;
  }

  /** One with all that is known of it; null where the pipeline has none of this key. */
  get(pipelineId: number, key: string): StoredDocument | null {
    const found = this.findWhole.get(pipelineId, key) as [number, string, number] | undefined;
    return found === undefined ? null : (this.withAll(pipelineId, [found], found[0] - 1)[0] ?? null);
  }

  /** Keys of documents that are not settled, in the order in which they first came. */
  *touchedKeys(pipelineId: number): Generator<string> {
    for (let after = 0; ; ) {
      const rows = this.nextTouchedKeys.all(pipelineId, after, KEYS_AT_ONCE) as [number, string][];
      for (const [, key] of rows) yield key;
      const last = rows.at(-1);
      if (last === undefined) return;
      after = last[0];
    }
  }

  /** In the order in which they first came. */
  next(pipelineId: number, afterId: number, limit: number): StoredDocument[] {
    const documents = this.nextDocuments.all(pipelineId, afterId, limit) as [number, string, number][];
    return this.withAll(pipelineId, documents, afterId);
  }

  /** `documents` are all there are after `afterId`, up to the last of them. */
  private withAll(pipelineId: number, documents: readonly [number, string, number][], afterId: number): StoredDocument[] {
    const last = documents.at(-1)?.[0];
    if (last === undefined) return [];
    const records = grouped(this.recordsBetween.all(pipelineId, afterId, last) as RecordTuple[]);
    const versions = grouped(this.versionsBetween.all(pipelineId, afterId, last) as VersionTuple[]);
    return documents.map(([id, key, touched]) => ({
      id,
      key,
      isTouched: touched === 1,
      records: (records.get(id) ?? []).map(readRecord),
      versions: (versions.get(id) ?? []).map((row) => readVersion(key, row)),
    }));
  }
}

function grouped<T extends readonly [number, ...unknown[]]>(rows: readonly T[]): Map<number, T[]> {
  const groups = new Map<number, T[]>();
  for (const row of rows) {
    const group = groups.get(row[0]);
    if (group === undefined) groups.set(row[0], [row]);
    else group.push(row);
  }
  return groups;
}

function readRecord([, key, unit, line, shapeId, data, problem]: RecordTuple): StoredRecord {
  return { key, unit, line, shapeId, data, problem };
}

function readVersion(documentKey: string, row: VersionTuple): PostedVersion {
  const [, version, fingerprint, reference, idempotencyKey, content, step, postedAt, endedBy, endedAs] = row;
  const document = content === "" ? unknownDocument(documentKey) : decodeDocument(content);
  const posting = { documentKey, version, idempotencyKey, fingerprint, reference, document, step, postedAt };
  // A posting that ended before the way of it was noted had been reversed.
  return { posting, endedAs: endedBy === null ? null : (endedAs ?? "reversed"), endedBy };
}
