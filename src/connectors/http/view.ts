import { createHash } from "node:crypto";
import { type Document, documentAmount, lineAmount } from "../../model/document.js";
import { DOCUMENT_TYPES } from "../../model/document-types.js";
import { formatMinor } from "../../model/money.js";
import type { Posting } from "../../model/posting.js";
import type { PostItem, ReverseItem, UpdateItem } from "../contract.js";

/** What a template may see: texts, whole numbers (counts only), null, and these in lists and mappings. */
export type View = string | number | null | readonly View[] | { readonly [name: string]: View };

/** The names a template may use, so that a misspelt one is found before anything is sent. `map`: any name, texts in it. */
export type Shape =
  | { readonly kind: "value" | "map" }
  | { readonly kind: "list"; readonly item: Shape }
  | { readonly kind: "object"; readonly names: Readonly<Record<string, Shape>> };

const VALUE: Shape = { kind: "value" };

function object(names: Readonly<Record<string, Shape>>): Shape {
  return { kind: "object", names };
}

function values(...names: readonly string[]): Record<string, Shape> {
  return Object.fromEntries(names.map((name) => [name, VALUE]));
}

export const HEADER_FIELDS = [...new Set(Object.values(DOCUMENT_TYPES).flatMap((info) => Object.keys(info.fields)))];
const LINE = object({
  ...values("side", "account", "amount", "debit", "credit", "text", "partner"),
  dimensions: { kind: "map" },
  fields: { kind: "map" },
});
const DOCUMENT: Readonly<Record<string, Shape>> = {
  ...values("type", "key", "date", "currency", "text", "attachments", "total"),
  fields: object(values(...HEADER_FIELDS)),
  lines: { kind: "list", item: LINE },
};
const KEYS = values("idempotencyKey", "shortKey");

export const POST_SHAPE = object({ ...DOCUMENT, ...KEYS, ...values("fingerprint") });
export const REVERSE_SHAPE = object({
  ...KEYS,
  ...values("fingerprint", "reference", "date", "postingKey", "postingShortKey"),
  document: object(DOCUMENT),
});
/** A call about a document that is there, such as a step or the question what it holds. */
export const POSTING_SHAPE = object({ ...KEYS, ...values("fingerprint", "reference"), document: object(DOCUMENT) });
export const UPDATE_SHAPE = object({
  ...DOCUMENT,
  ...KEYS,
  ...values("fingerprint", "reference", "postingKey", "postingShortKey"),
});
export const LOOKUP_SHAPE = object(KEYS);
export const LATEST_SHAPE = object(values("pipeline"));
export const LIST_SHAPE = object(values("pipeline", "page", "cursor"));
/** What the request of a source may ask for. */
export const PAGE_SHAPE = object(values("since", "until", "page", "offset", "size", "cursor"));
/** A call about one listed item. */
export const ITEM_SHAPE = object({ ...values("since", "until"), item: { kind: "map" } });
export const BATCH_SHAPE = object({ items: VALUE });

/** The item of a list or mapping, as `$$` sees it; null where `$each` cannot be used. */
export function itemShape(shape: Shape): Shape | null {
  if (shape.kind === "list") return shape.item;
  return shape.kind === "map" ? object(values("name", "value")) : null;
}

function documentView(document: Document): { readonly [name: string]: View } {
  const { type, key, date, currency, text, attachments, fields } = document;
  const lines = document.lines.map((line) => {
    const amount = lineAmount(line, currency);
    const { side, account, partner, dimensions } = line;
    const sides = { debit: side === "debit" ? amount : null, credit: side === "credit" ? amount : null };
    return { side, account, amount, ...sides, text: line.text, partner, dimensions, fields: line.fields ?? {} };
  });
  return { type, key, date, currency, text, attachments, fields, lines, total: formatMinor(documentAmount(document), currency) };
}

export function postView({ document, idempotencyKey, fingerprint }: PostItem): { readonly [name: string]: View } {
  return { ...documentView(document), ...keysView(idempotencyKey), fingerprint };
}

export function updateView(item: UpdateItem): View {
  return { ...postView(item), reference: item.posting.reference, ...postingKeys(item.posting) };
}

export function postingView({ idempotencyKey, fingerprint, reference, document }: Posting): View {
  return { ...keysView(idempotencyKey), fingerprint, reference, document: documentView(document) };
}

export function reverseView({ posting, date, idempotencyKey, fingerprint }: ReverseItem): View {
  return {
    ...keysView(idempotencyKey),
    fingerprint,
    reference: posting.reference,
    date: date ?? posting.document.date,
    ...postingKeys(posting),
    document: documentView(posting.document),
  };
}

function postingKeys({ idempotencyKey }: Posting): { readonly [name: string]: View } {
  const posted = keysView(idempotencyKey);
  return { postingKey: posted.idempotencyKey, postingShortKey: posted.shortKey };
}

export function keysView(idempotencyKey: string): { readonly idempotencyKey: string; readonly shortKey: string } {
  return { idempotencyKey, shortKey: shortKey(idempotencyKey) };
}

const BASE32 = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

/**
 * Our key for fields that are short: 16 characters A-Z and 2-7, the first 80 bits of its SHA-256 (RFC 4648 base32). Among ten million
 * documents the chance that any two share one is about 1 in 24 billion.
 */
export function shortKey(idempotencyKey: string): string {
  const digest = createHash("sha256").update(idempotencyKey).digest();
  let bits = 0n;
  for (const byte of digest.subarray(0, 10)) bits = (bits << 8n) | BigInt(byte);
  let text = "";
  for (let at = 75n; at >= 0n; at -= 5n) text += BASE32[Number((bits >> at) & 31n)];
  return text;
}
