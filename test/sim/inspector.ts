import type Database from "better-sqlite3";
import type { Cells } from "./wishes.js";

export interface SeenDocument {
  readonly id: number;
  readonly key: string;
  readonly isTouched: boolean;
  readonly isInDoubt: boolean;
  /** Its references that were posted and not reversed, as the store remembers. */
  readonly references: readonly string[];
  readonly listed: "waiting" | "held" | "ready" | "dropped" | null;
  readonly code: string | null;
  readonly rows: readonly Cells[];
  /** Rows that cannot be used. */
  readonly badRows: number;
}

const PREPARED = new WeakMap<Database.Database, Map<string, Database.Statement>>();

/** Looks into the store from outside, over a connection of its own, so that it sees what is committed and nothing else. */
export class Inspector {
  constructor(
    private readonly db: Database.Database,
    readonly pipeline: string,
  ) {}

  private prepare(sql: string): Database.Statement {
    let statements = PREPARED.get(this.db);
    if (statements === undefined) {
      statements = new Map();
      PREPARED.set(this.db, statements);
    }
    let statement = statements.get(sql);
    if (statement === undefined) {
      statement = this.db.prepare(sql);
      statements.set(sql, statement);
    }
    return statement;
  }

  leaseOwner(): string | null {
    return (this.prepare("SELECT owner FROM leases WHERE name = ?").pluck().get(this.pipeline) as string | undefined) ?? null;
  }

  /** A note made before sending, whose answer is not known. */
  isNoted(key: string): boolean {
    const sql = "SELECT 1 FROM attempts WHERE idempotency_key = ? AND (outcome IS NULL OR outcome = 'unconfirmed')";
    return this.prepare(sql).get(key) !== undefined;
  }

  watermark(): string | null {
    const sql = "SELECT w.value FROM watermarks w JOIN pipelines p ON p.id = w.pipeline_id WHERE p.name = ?";
    return (this.prepare(sql).pluck().get(this.pipeline) as string | undefined) ?? null;
  }

  /** The records the store holds, by document and line. */
  records(): Map<string, Cells> {
    const sql = "SELECT r.data FROM records r JOIN pipelines p ON p.id = r.pipeline_id WHERE p.name = ?";
    const rows = (this.prepare(sql).pluck().all(this.pipeline) as string[]).map((data) => JSON.parse(data) as Cells);
    return new Map(rows.filter((row) => row.length > 0).map((row) => [`${row[0]}/${row[1]}`, row]));
  }

  document(key: string): SeenDocument | null {
    return this.documents("AND d.key = ?", key)[0] ?? null;
  }

  documents(condition = "", ...values: readonly string[]): SeenDocument[] {
    const documents = this.prepare(
      `SELECT d.id, d.key, d.touched,
           EXISTS (SELECT 1 FROM attempts a WHERE a.document_id = d.id AND (a.outcome IS NULL OR a.outcome = 'unconfirmed')) AS doubt,
           (SELECT group_concat(o.reference) FROM postings o WHERE o.document_id = d.id AND o.reversed_by IS NULL) AS refs,
           q.status, q.code
         FROM documents d JOIN pipelines p ON p.id = d.pipeline_id
         LEFT JOIN quarantine q ON q.document_id = d.id AND q.kind = 'document' WHERE p.name = ? ${condition} ORDER BY d.id`,
    )
      .raw()
      .all(this.pipeline, ...values) as [number, string, number, number, string | null, SeenDocument["listed"], string | null][];
    const records = this.prepare("SELECT data, problem FROM records WHERE document_id = ? ORDER BY key").raw();
    return documents.map(([id, key, touched, doubt, refs, status, code]) => {
      const rows = records.all(id) as [string, string | null][];
      return {
        id,
        key,
        isTouched: touched === 1,
        isInDoubt: doubt === 1,
        references: refs === null ? [] : refs.split(","),
        listed: status,
        code,
        rows: rows.map(([data]) => JSON.parse(data) as Cells),
        badRows: rows.filter(([, problem]) => problem !== null).length,
      };
    });
  }

  /** Keys of records that a person dropped, and of the documents they belong to. */
  dropped(): { readonly records: ReadonlySet<string>; readonly documents: ReadonlySet<string | null> } {
    const items = this.listedRecords().filter((item) => item.status === "dropped");
    return { records: new Set(items.map((item) => item.key)), documents: new Set(items.map((item) => item.documentKey)) };
  }

  /** Records on the list for themselves, with what they look like. */
  listedRecords(): { readonly key: string; readonly documentKey: string | null; readonly status: string }[] {
    const sql = `SELECT q.key, d.key AS documentKey, q.status FROM quarantine q JOIN pipelines p ON p.id = q.pipeline_id
      LEFT JOIN documents d ON d.id = q.document_id WHERE p.name = ? AND q.kind = 'record'`;
    return this.prepare(sql).all(this.pipeline) as { key: string; documentKey: string | null; status: string }[];
  }
}
