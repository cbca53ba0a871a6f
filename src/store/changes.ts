import { decodeDocument, encodeDocument } from "../model/document.js";
import { CHANGE_KINDS, type Change, type ChangeKind } from "../model/plan.js";
import type { Problem } from "../model/problem.js";
import type { Db } from "./open.js";
import type { PostingTable } from "./postings.js";

export interface PlannedChange {
  readonly documentId: number;
  readonly change: Change;
  /** The document, encoded; null where the change has none. */
  readonly content: string | null;
}

const TABLE = `
CREATE TEMP TABLE IF NOT EXISTS changes (
  id INTEGER PRIMARY KEY,
  document_id INTEGER NOT NULL,
  kind TEXT NOT NULL,
  key TEXT NOT NULL,
  date TEXT NOT NULL,
  fingerprint TEXT,
  content TEXT,
  problem TEXT
);
DELETE FROM changes;`;

/** The changes of one plan, kept outside memory so that a plan may be of any size. */
export class ChangeTable {
  private readonly insert;

  constructor(
    private readonly db: Db,
    private readonly postings: PostingTable,
  ) {
    db.exec("DROP INDEX IF EXISTS temp.changes_in_order");
    db.exec(TABLE);
    this.insert = db.prepare(
      "INSERT INTO changes (document_id, kind, key, date, fingerprint, content, problem) VALUES (?, ?, ?, ?, ?, ?, ?)",
    );
  }

  add(documentId: number, change: Change): void {
    const document = change.kind === "create" || change.kind === "replace" || change.kind === "hold" ? change.document : null;
    const date = document?.date ?? (change.kind === "reverse" ? change.posted.document.date : "");
    const fingerprint = change.kind === "create" || change.kind === "replace" ? change.fingerprint : null;
    this.insert.run(
      documentId,
      change.kind,
      change.key,
      date,
      fingerprint,
      document === null ? null : encodeDocument(document),
      change.kind === "hold" ? JSON.stringify(change.problem) : null,
    );
  }

  counts(): Record<ChangeKind, number> {
    const counts = Object.fromEntries(CHANGE_KINDS.map((kind) => [kind, 0])) as Record<ChangeKind, number>;
    for (const row of this.db.prepare("SELECT kind, count(*) AS n FROM changes GROUP BY kind").all() as { kind: ChangeKind; n: number }[])
      counts[row.kind] = row.n;
    return counts;
  }

  /** By date and then by key, so that vouchers are numbered in the order of their dates. Reads `limit` rows at a time. */
  *inOrder(kinds: readonly ChangeKind[], limit: number): Generator<PlannedChange[]> {
    this.db.exec("CREATE INDEX IF NOT EXISTS temp.changes_in_order ON changes (date, key, id)");
    const marks = kinds.map(() => "?").join(", ");
    const next = this.db
      .prepare(
        `SELECT id, document_id, kind, key, date, fingerprint, content, problem FROM changes
         WHERE kind IN (${marks}) AND (date, key, id) > (?, ?, ?) ORDER BY date, key, id LIMIT ?`,
      )
      .raw();
    let after: readonly [string, string, number] = ["", "", 0];
    for (;;) {
      const rows = next.all(...kinds, ...after, limit) as [
        number,
        number,
        ChangeKind,
        string,
        string,
        string | null,
        string | null,
        string | null,
      ][];
      const last = rows[rows.length - 1];
      if (last === undefined) return;
      after = [last[4], last[3], last[0]];
      yield rows.map(([, documentId, kind, key, , fingerprint, content, problem]) => {
        return { documentId, change: this.read(documentId, kind, key, fingerprint, content, problem), content };
      });
    }
  }

  private read(
    documentId: number,
    kind: ChangeKind,
    key: string,
    fingerprint: string | null,
    content: string | null,
    problem: string | null,
  ): Change {
    const posted = kind === "replace" || kind === "reverse" ? this.postings.current(documentId, key) : null;
    const document = content === null ? null : decodeDocument(content);
    if (kind === "create" && document !== null && fingerprint !== null) return { kind, key, document, fingerprint };
    if (kind === "replace" && document !== null && fingerprint !== null && posted !== null)
      return { kind, key, document, fingerprint, posted };
    if (kind === "reverse" && posted !== null) return { kind, key, posted };
    if (kind === "hold" && problem !== null) return { kind, key, document, problem: JSON.parse(problem) as Problem };
    return { kind: "keep", key };
  }
}
