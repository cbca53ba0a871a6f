import { decodeDocument, encodeDocument } from "../model/document.js";
import type { Act, KeyParts, PostedEntry } from "../model/posting.js";
import type { ListedEntry } from "../model/reconciliation.js";
import type { Db } from "./open.js";

const TABLE = `
CREATE TEMP TABLE IF NOT EXISTS listing (
  id INTEGER PRIMARY KEY,
  document_key TEXT NOT NULL,
  version INTEGER NOT NULL,
  act TEXT NOT NULL,
  idempotency_key TEXT NOT NULL,
  reference TEXT NOT NULL,
  step TEXT,
  content TEXT
);
CREATE INDEX IF NOT EXISTS temp.listing_by_document ON listing (document_key);`;

const COLUMNS = "document_key, version, act, idempotency_key, reference, step, content";

type EntryTuple = [string, number, Act, string, string, string | null, string | null];

/** All that a target lists, kept outside memory so that it may be of any size. */
export class ListingTable {
  private readonly insert;
  private readonly ofDocument;
  private readonly keysAfter;
  /** Entries that are no reversals, and those of them that came without their content. */
  documents = 0;
  withoutContent = 0;

  constructor(db: Db) {
    db.exec(TABLE);
    db.prepare("DELETE FROM listing").run();
    this.insert = db.prepare(`INSERT INTO listing (${COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?)`);
    this.ofDocument = db.prepare(`SELECT ${COLUMNS} FROM listing WHERE document_key = ? ORDER BY id`).raw();
    this.keysAfter = db
      .prepare("SELECT DISTINCT document_key FROM listing WHERE document_key > ? ORDER BY document_key LIMIT 1000")
      .pluck();
  }

  add({ documentKey, version, act }: KeyParts, entry: PostedEntry): void {
    const document = act === "post" ? entry.document : entry.cancelling;
    if (act === "post") {
      this.documents += 1;
      if (document === undefined) this.withoutContent += 1;
    }
    const content = document === undefined ? null : encodeDocument(document);
    this.insert.run(documentKey, version, act, entry.idempotencyKey, entry.reference, entry.step ?? null, content);
  }

  /** In the order in which the target gave them. */
  of(documentKey: string): ListedEntry[] {
    return (this.ofDocument.all(documentKey) as EntryTuple[]).map(([key, version, act, idempotencyKey, reference, step, content]) => ({
      documentKey: key,
      version,
      act,
      idempotencyKey,
      reference,
      step,
      document: content === null ? null : decodeDocument(content),
    }));
  }

  /** Every document key that occurs, in order. */
  *documentKeys(): Generator<string> {
    let after = "";
    for (;;) {
      const keys = this.keysAfter.all(after) as string[];
      yield* keys;
      const last = keys.at(-1);
      if (last === undefined) return;
      after = last;
    }
  }
}
