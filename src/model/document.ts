import { hash } from "node:crypto";
import { type DateText, isDateText, type Period, periodOf } from "./dates.js";
import type { Decimal } from "./decimal.js";
import { DOCUMENT_TYPES, type DocumentType, hasLines } from "./document-types.js";
import { currencyPlaces, formatMinor, isCurrencyCode } from "./money.js";
import { type Problem, problem } from "./problem.js";

export type Side = "debit" | "credit";

/** One debit or credit of a document. A negative amount is a red entry: the same side, taken back. */
export interface Line {
  readonly side: Side;
  /** In the smallest unit of the document's currency. */
  readonly amountMinor: bigint;
  readonly account: string;
  readonly text: string;
  /** The other party: employee, supplier or customer code. */
  readonly partner: string | null;
  /** Further accounting dimensions by name: department, project, cost centre. */
  readonly dimensions: Readonly<Record<string, string>>;
  /** Further values, as the document type names them: amounts and numbers as exact text, days as YYYY-MM-DD. Left out where there is none. */
  readonly fields?: Readonly<Record<string, string>>;
}

/** What a target books. Amounts are exact, codes are text, the date is an accounting date. */
export interface Document {
  readonly type: DocumentType;
  /** Derived from the source document alone. */
  readonly key: string;
  /** Empty where the type has no lines. */
  readonly date: DateText;
  /** ISO 4217; empty where the type has no lines. */
  readonly currency: string;
  readonly text: string;
  /** Number of original papers attached (附件张数). */
  readonly attachments: number;
  /** Header fields beyond these, as the document type names them. */
  readonly fields: Readonly<Record<string, string>>;
  readonly lines: readonly Line[];
  /** Of a batch: the members that are booked with it for the first time. No part of the content. */
  readonly members?: readonly string[];
}

export interface Totals {
  readonly debitMinor: bigint;
  readonly creditMinor: bigint;
}

export function totalsOf(lines: readonly Line[]): Totals {
  let debitMinor = 0n;
  let creditMinor = 0n;
  for (const line of lines) {
    if (line.side === "debit") debitMinor += line.amountMinor;
    else creditMinor += line.amountMinor;
  }
  return { debitMinor, creditMinor };
}

/** The amount people know a document by: its debits, or for a payable the sum of its lines. */
export function documentAmount(document: Document): bigint {
  const { debitMinor, creditMinor } = totalsOf(document.lines);
  return DOCUMENT_TYPES[document.type].lines === "both" ? debitMinor : debitMinor - creditMinor;
}

function isBalanced(lines: readonly Line[]): boolean {
  const { debitMinor, creditMinor } = totalsOf(lines);
  return debitMinor === creditMinor;
}

export function documentPeriod(document: Document): Period {
  return periodOf(document.date);
}

/** Everything that must hold for a document whatever target it goes to. Empty when it may be sent. */
export function checkDocument(document: Document): Problem[] {
  if (!hasLines(document.type)) return [];
  const at = { document: document.key };
  const problems: Problem[] = [];
  if (!isDateText(document.date)) problems.push(problem("MAP_HEADER", `date \`${document.date}\` is not a day that exists`, at));
  if (!isCurrencyCode(document.currency))
    problems.push(problem("MAP_HEADER", `currency \`${document.currency}\` is not an ISO 4217 code such as \`CNY\``, at));
  if (document.attachments < 0)
    problems.push(problem("MAP_HEADER", `\`${document.attachments}\` attachments: the number cannot be negative`, at));
  if (document.lines.length === 0) {
    problems.push(
      problem(
        "DOCUMENT_EMPTY",
        "no line is left: every amount is zero or every line was left out by its `when`",
        at,
        "check the amounts of its records, or leave the document out with `document.when`",
      ),
    );
  }
  for (const line of document.lines) {
    if (line.account === "") problems.push(problem("MAP_HEADER", "a line has no account", at));
  }
  if (DOCUMENT_TYPES[document.type].lines === "both" && !isBalanced(document.lines)) {
    const { debitMinor, creditMinor } = totalsOf(document.lines);
    const show = (minor: bigint): string => formatMinor(minor, document.currency);
    problems.push(
      problem(
        "DOCUMENT_UNBALANCED",
        `debit ${show(debitMinor)} and credit ${show(creditMinor)} differ by ${show(debitMinor - creditMinor)} ${document.currency}`,
        at,
        "compare the amounts in its records: net + tax must equal the total",
      ),
    );
  }
  return problems;
}

/** The amount of a line as exact text, for display and canonical content. */
export function lineAmount(line: Line, currency: string): string {
  return formatMinor(line.amountMinor, currency);
}

/**
 * The content of a document as one text: equal content gives equal text. Lines are sorted, so that the order in which
 * records arrived is not a change; the key is part of it, the idempotency key is not.
 */
function canonicalContent(document: Document): string {
  const lines = document.lines.map((line) => {
    const content = [line.account, line.side, line.amountMinor.toString(), line.text, line.partner, sortedEntries(line.dimensions)];
    return JSON.stringify(line.fields === undefined ? content : [...content, sortedEntries(line.fields)]);
  });
  lines.sort();
  return JSON.stringify([
    document.type,
    document.key,
    document.date,
    document.currency,
    document.text,
    document.attachments,
    sortedEntries(document.fields),
    lines,
  ]);
}

/** SHA-256 of the canonical content, 64 hexadecimal digits. */
export function fingerprintOf(document: Document): string {
  return hash("sha256", canonicalContent(document), "hex");
}

function sortedEntries(record: Readonly<Record<string, string>>): [string, string][] {
  const entries = Object.entries(record);
  return entries.length < 2 ? entries : entries.sort(([a], [b]) => (a < b ? -1 : 1));
}

/** A document as JSON, amounts as exact text in the smallest unit. */
export function encodeDocument(document: Document): string {
  // A replacer function would be called for every value of every document; this is several times faster.
  return JSON.stringify({ ...document, lines: document.lines.map((line) => ({ ...line, amountMinor: line.amountMinor.toString() })) });
}

export function decodeDocument(text: string): Document {
  const raw = JSON.parse(text) as Omit<Document, "lines"> & { lines: (Omit<Line, "amountMinor"> & { amountMinor: string | bigint })[] };
  // What was just read belongs to nobody yet: its amounts are put in place, and nothing is copied.
  for (const line of raw.lines) line.amountMinor = BigInt(line.amountMinor);
  return raw as Document;
}

/** Stands for a document whose content nobody can tell any more; it can be reversed, and never equals what is wanted. */
export function unknownDocument(key: string): Document {
  return { type: "journal", key, date: "1970-01-01", currency: "XXX", text: "", attachments: 0, fields: {}, lines: [] };
}

/** No document without lines is ever sent, unless its type has none. */
export function isUnknown(document: Document): boolean {
  return document.lines.length === 0 && hasLines(document.type);
}

/** Turns an exact number into the currency's smallest unit, or says why that cannot be done without rounding. */
export function bookableMinor(amount: Decimal, currency: string): bigint | string {
  const places = currencyPlaces(currency);
  return amount.toMinor(places) ?? `${amount.toString()} has more than ${places} decimal places`;
}
