import type { Essence } from "../model/plan-file.js";
import type { Db } from "./open.js";
import { PAGE, paged } from "./paged.js";

const TABLE = `
CREATE TEMP TABLE IF NOT EXISTS approved (
  id INTEGER PRIMARY KEY,
  key TEXT NOT NULL,
  kind TEXT NOT NULL,
  whole TEXT NOT NULL,
  content TEXT,
  is_met INTEGER NOT NULL DEFAULT 0
);
CREATE INDEX IF NOT EXISTS temp.approved_by_whole ON approved (whole);
CREATE INDEX IF NOT EXISTS temp.approved_by_key ON approved (key);`;

/** The changes that a saved plan allows, kept outside memory so that a plan may be of any size. */
export class ApprovedTable {
  private readonly insert;
  private readonly met;
  private readonly metContent;
  private readonly known;

  constructor(private readonly db: Db) {
    db.exec(TABLE);
    db.prepare("DELETE FROM approved").run();
    this.insert = db.prepare("INSERT INTO approved (key, kind, whole, content) VALUES (?, ?, ?, ?)");
    this.met = db.prepare("UPDATE approved SET is_met = 1 WHERE whole = ?");
    this.metContent = db.prepare("UPDATE approved SET is_met = 1 WHERE key = ? AND content LIKE ? || '%'");
    this.known = db.prepare("SELECT 1 FROM approved WHERE key = ? LIMIT 1").pluck();
  }

  add({ key, kind, whole, content }: Essence): void {
    this.insert.run(key, kind, whole, content);
  }

  /** Whether exactly this change was approved. It may be asked for again: a lost answer is sent again. */
  allows({ whole }: Essence): boolean {
    return this.met.run(whole).changes > 0;
  }

  /** Whether a change that brings this content was approved, whatever it takes the place of; also by the first part of it alone. */
  allowsContent(key: string, content: string): boolean {
    return this.metContent.run(key, content).changes > 0;
  }

  /** Whether anything was approved for this document. */
  knows(key: string): boolean {
    return this.known.get(key) !== undefined;
  }

  /** What was approved and nobody asked for, in the order of the plan. */
  *unmet(): Generator<{ readonly key: string; readonly kind: string }> {
    const next = this.db.prepare(`SELECT id, key, kind FROM approved WHERE is_met = 0 AND id > ? ORDER BY id LIMIT ${PAGE}`);
    yield* paged<{ readonly id: number; readonly key: string; readonly kind: string }>(next, ({ id }) => id);
  }
}
