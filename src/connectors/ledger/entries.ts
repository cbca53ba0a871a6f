import type Database from "better-sqlite3";
import type { Document, Line, Side } from "../../model/document.js";
import type { PostedEntry } from "../../model/posting.js";
import { formatReference, type VoucherKind } from "./voucher.js";

type EntryTuple = [
  ...[number, string, string, string, string, number, VoucherKind, string, string, string, number, string, string | null],
  /** Of a reversal: the kind of what it cancels. */
  VoucherKind | null,
];

const OF_PIPELINE = "substr(external_reference, 1, ?) = ?";
const CHUNK = 1_000;

/** The external reference of the pipeline's newest voucher, or null. */
export function newestEntry(db: Database.Database, pipeline: string): string | null {
  const prefix = `${pipeline}/`;
  const newest = db.prepare(`SELECT external_reference FROM vouchers WHERE ${OF_PIPELINE} ORDER BY id DESC LIMIT 1`).pluck();
  return (newest.get(prefix.length, prefix) as string | undefined) ?? null;
}

/** Every voucher of the pipeline, oldest first, with its content as it was sent. */
export function* postedEntries(db: Database.Database, pipeline: string): Generator<PostedEntry> {
  const prefix = `${pipeline}/`;
  const next = db
    .prepare(
      `SELECT id, external_reference, fingerprint, word, period, number, kind, date, currency, text, attachments, document_key, fields,
         (SELECT kind FROM vouchers AS original WHERE original.id = vouchers.reverses)
       FROM vouchers WHERE id > ? AND ${OF_PIPELINE} ORDER BY id LIMIT ${CHUNK}`,
    )
    .raw();
  const lines = db
    .prepare("SELECT account, side, amount_minor, text, partner, dimensions FROM lines WHERE voucher_id = ? ORDER BY line_number")
    .raw()
    .safeIntegers();
  let after = 0;
  for (;;) {
    const rows = next.all(after, prefix.length, prefix) as EntryTuple[];
    for (const row of rows) {
      const [id, idempotencyKey, fingerprint, word, period, number, kind] = row;
      after = id;
      const found = { idempotencyKey, reference: formatReference(period, word, number), fingerprint };
      const content = documentOf(row, lines.all(id) as LineTuple[]);
      yield kind === "reversal" ? { ...found, cancelling: content } : { ...found, document: content };
    }
    if (rows.length < CHUNK) return;
  }
}

type LineTuple = [string, Side, bigint, string, string | null, string | null];

function documentOf([, , , , , , own, date, currency, text, attachments, key, fields, cancelled]: EntryTuple, rows: LineTuple[]): Document {
  const kind = cancelled ?? own;
  const lines = rows.map(([account, side, amountMinor, lineText, partner, dimensions]): Line => {
    return {
      side,
      amountMinor,
      account,
      text: lineText,
      partner,
      dimensions: dimensions === null ? {} : (JSON.parse(dimensions) as Record<string, string>),
    };
  });
  return {
    type: kind === "payable" ? "payable" : "journal",
    key,
    date,
    currency,
    text,
    attachments,
    fields: fields === null ? {} : (JSON.parse(fields) as Record<string, string>),
    // The ledger's own last line of a payable, the total owed, was not sent.
    lines: kind === "payable" ? lines.slice(0, -1) : lines,
  };
}
