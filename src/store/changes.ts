import { type Document, decodeDocument, encodeDocument } from "../model/document.js";
import { CHANGE_KINDS, type Change, type ChangeKind } from "../model/plan.js";
import type { Problem } from "../model/problem.js";
import type { Db } from "./open.js";
import type { PostingTable } from "./postings.js";

export interface PlannedChange {
  /** Its number in this plan. */
  readonly id: number;
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
  note TEXT
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
    this.insert = db.prepare("INSERT INTO changes (document_id, kind, key, date, fingerprint, content, note) VALUES (?, ?, ?, ?, ?, ?, ?)");
  }

  add(documentId: number, change: Change): void {
    const document = "document" in change ? change.document : null;
    const date = document?.date ?? ("posted" in change ? change.posted.document.date : "");
    const fingerprint = "fingerprint" in change ? change.fingerprint : null;
    const note = change.kind === "hold" ? change.problem : "gone" in change ? (change.gone ?? null) : null;
    this.isInOrder = false;
    this.countOf[change.kind] += 1;
    this.insert.run(
      documentId,
      change.kind,
      change.key,
      date,
      fingerprint,
      document === null ? null : encodeDocument(document),
      note === null ? null : JSON.stringify(note),
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
        `SELECT o.seq, c.id, c.document_id, c.kind, c.key, c.fingerprint, c.content, c.note
         FROM changes_in_order o CROSS JOIN changes c ON c.id = o.change_id
         WHERE o.seq > ? AND c.kind IN (${marks}) ORDER BY o.seq LIMIT ? + 0`,
      )
      .raw();
    let after = 0;
    for (;;) {
      const rows = next.all(after, ...kinds, limit) as [
        number,
        number,
        number,
        ChangeKind,
        string,
        string | null,
        string | null,
        string | null,
      ][];
      const last = rows[rows.length - 1];
      if (last === undefined) return;
      after = last[0];
      yield rows.map(([, id, documentId, kind, key, fingerprint, content, note]) => {
        return { id, documentId, change: this.read(documentId, kind, key, fingerprint, content, note), content };
      });
    }
  }

  /** Takes changes out of the plan again. */
  remove(chosen: readonly { readonly id: number; readonly kind: ChangeKind }[]): void {
    const remove = this.db.prepare("DELETE FROM changes WHERE id = ?");
    for (const { id, kind } of chosen) {
      remove.run(id);
      this.countOf[kind] -= 1;
    }
    this.isInOrder = false;
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
    note: string | null,
  ): Change {
    const document = content === null ? null : decodeDocument(content);
    const wanted = (): { key: string; document: Document; fingerprint: string } => {
      if (document === null || fingerprint === null) throw new Error(`bug: a change of kind ${kind} without a document`);
      return { key, document, fingerprint };
    };
    const gone = note === null ? {} : { gone: JSON.parse(note) as { reference: string | null } };
    const current =
      kind === "create" || kind === "supplement" || kind === "hold" || kind === "keep" ? null : this.postings.current(documentId, key);
    if (kind === "create" || kind === "supplement") return { kind, ...wanted() };
    if (kind === "hold") return { kind, key, document, problem: JSON.parse(note as string) as Problem };
    // Another run may have taken over and cancelled it since; this one then finds out before it sends anything.
    if (kind === "keep" || current === null) return { kind: "keep", key };
    if (kind === "update") return { kind, ...wanted(), posted: current };
    if (kind === "replace") return { kind, ...wanted(), posted: current, ...gone };
    if (kind === "reverse") return { kind, key, posted: current, ...gone };
    return { kind, key, posted: current };
  }
}
