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

const TABLES = `
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
CREATE TEMP TABLE IF NOT EXISTS changes_in_order (
  seq INTEGER PRIMARY KEY,
  change_id INTEGER NOT NULL
);`;

/** The changes of one plan, kept outside memory so that a plan may be of any size. */
export class ChangeTable {
  private readonly insert;
  private readonly countOf = Object.fromEntries(CHANGE_KINDS.map((kind) => [kind, 0])) as Record<ChangeKind, number>;
  private isInOrder = false;

  constructor(
    private readonly db: Db,
    private readonly postings: PostingTable,
  ) {
    db.exec(TABLES);
    db.prepare("DELETE FROM changes").run();
    this.insert = db.prepare(
      "INSERT INTO changes (document_id, kind, key, date, fingerprint, content, problem) VALUES (?, ?, ?, ?, ?, ?, ?)",
    );
  }

  add(documentId: number, change: Change): void {
    const document = change.kind === "create" || change.kind === "replace" || change.kind === "hold" ? change.document : null;
    const date = document?.date ?? (change.kind === "reverse" ? change.posted.document.date : "");
    const fingerprint = change.kind === "create" || change.kind === "replace" ? change.fingerprint : null;
    this.isInOrder = false;
    this.countOf[change.kind] += 1;
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
    return { ...this.countOf };
  }

  /** By date and then by key, so that vouchers are numbered in the order of their dates. Reads `limit` rows at a time. */
  *inOrder(kinds: readonly ChangeKind[], limit: number): Generator<PlannedChange[]> {
    if (!kinds.some((kind) => this.countOf[kind] > 0)) return;
    this.putInOrder();
    const marks = kinds.map(() => "?").join(", ");
    // With a bare `LIMIT ?` SQLite plans a statement anew each time it is given a number.
    const next = this.db
      .prepare(
        `SELECT o.seq, c.document_id, c.kind, c.key, c.fingerprint, c.content, c.problem
         FROM changes_in_order o CROSS JOIN changes c ON c.id = o.change_id
         WHERE o.seq > ? AND c.kind IN (${marks}) ORDER BY o.seq LIMIT ? + 0`,
      )
      .raw();
    let after = 0;
    for (;;) {
      const rows = next.all(after, ...kinds, limit) as [number, number, ChangeKind, string, string | null, string | null, string | null][];
      const last = rows[rows.length - 1];
      if (last === undefined) return;
      after = last[0];
      yield rows.map(([, documentId, kind, key, fingerprint, content, problem]) => {
        return { documentId, change: this.read(documentId, kind, key, fingerprint, content, problem), content };
      });
    }
  }

  /** Sorted once, when the plan is complete. An index made then would do, but with it every prepared statement is compiled anew. */
  private putInOrder(): void {
    if (this.isInOrder) return;
    this.db.prepare("DELETE FROM changes_in_order").run();
    this.db.prepare("INSERT INTO changes_in_order (change_id) SELECT id FROM changes ORDER BY date, key, id").run();
    this.isInOrder = true;
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
