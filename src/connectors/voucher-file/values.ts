import { type Document, type Line, lineAmount } from "../../model/document.js";
import { DOCUMENT_TYPES } from "../../model/document-types.js";
import { nearestName } from "../../model/nearest.js";
import { ProblemError, problem } from "../../model/problem.js";
import type { CellKind, CurrencyName } from "./layout.js";
import type { ValueOption } from "./options.js";

/** A voucher on its way into a file. */
export interface Voucher {
  readonly document: Document;
  readonly idempotencyKey: string;
  readonly fingerprint: string;
  /** As the ERP calls it. */
  readonly word: string;
  readonly number: string;
  readonly currency: CurrencyName;
  /** The number of the voucher it cancels. */
  readonly reverses: string | null;
  /** Its place in the file, from 1, and how many lines stand before it. */
  readonly index: number;
  readonly linesBefore: number;
}

export interface Scope {
  readonly voucher: Voucher;
  readonly line: Line;
  /** Of the line, from 0. */
  readonly at: number;
}

/** A part of a value. Only free text may be changed or shortened. */
export interface Piece {
  readonly text: string;
  readonly isFree: boolean;
}

type Reader = (scope: Scope) => readonly Piece[];

export interface Value {
  readonly kind: CellKind;
  readonly read: Reader;
}

const fixed =
  (read: (scope: Scope) => string): Reader =>
  (scope) => [{ text: read(scope), isFree: false }];

const free =
  (read: (scope: Scope) => string): Reader =>
  (scope) => [{ text: read(scope), isFree: true }];

const ofDocument = (read: (document: Document) => string): Reader => fixed(({ voucher }) => read(voucher.document));

const HEADER_FIELDS = Object.keys(DOCUMENT_TYPES.journal.fields);

const OF_DOCUMENT: Readonly<Record<string, readonly [CellKind, Reader]>> = {
  key: ["text", ofDocument(({ key }) => key)],
  date: ["date", ofDocument(({ date }) => date)],
  year: ["number", ofDocument(({ date }) => date.slice(0, 4))],
  month: ["number", ofDocument(({ date }) => String(Number(date.slice(5, 7))))],
  period: ["text", ofDocument(({ date }) => date.slice(0, 7))],
  currency: ["text", ofDocument(({ currency }) => currency)],
  currencyCode: ["text", fixed(({ voucher }) => voucher.currency.code)],
  currencyName: ["text", fixed(({ voucher }) => voucher.currency.name)],
  text: ["text", free(({ voucher }) => voucher.document.text)],
  attachments: ["number", ofDocument(({ attachments }) => String(attachments))],
  word: ["text", fixed(({ voucher }) => voucher.word)],
  number: ["text", fixed(({ voucher }) => voucher.number)],
  index: ["number", fixed(({ voucher }) => String(voucher.index))],
  idempotencyKey: ["text", fixed(({ voucher }) => voucher.idempotencyKey)],
  fingerprint: ["text", fixed(({ voucher }) => voucher.fingerprint)],
  reverses: ["text", fixed(({ voucher }) => voucher.reverses ?? "")],
};

const amount =
  (read: (line: Line) => bigint | null): Reader =>
  ({ voucher, line }) => {
    const amountMinor = read(line);
    return [{ text: amountMinor === null ? "" : lineAmount({ ...line, amountMinor }, voucher.document.currency), isFree: false }];
  };

const OF_LINE: Readonly<Record<string, readonly [CellKind, Reader]>> = {
  number: ["number", fixed(({ at }) => String(at + 1))],
  index: ["number", fixed(({ at }) => String(at))],
  entry: ["number", fixed(({ voucher, at }) => String(voucher.linesBefore + at + 1))],
  side: ["text", fixed(({ line }) => line.side)],
  account: ["text", fixed(({ line }) => line.account)],
  amount: ["number", amount(({ amountMinor }) => amountMinor)],
  signed: ["number", amount(({ side, amountMinor }) => (side === "debit" ? amountMinor : -amountMinor))],
  debit: ["number", amount(({ side, amountMinor }) => (side === "debit" ? amountMinor : null))],
  credit: ["number", amount(({ side, amountMinor }) => (side === "credit" ? amountMinor : null))],
  text: ["text", free(textOf)],
  summary: ["text", summaryOf],
  partner: ["text", fixed(({ line }) => line.partner ?? "")],
};

/** No line of a voucher is without a text, so the voucher's own stands in. */
function textOf({ voucher, line }: Scope): string {
  return line.text === "" ? voucher.document.text : line.text;
}

/** The text, with the document's key in it or behind it, so that the voucher is found by it in the ERP. The key is never cut. */
function summaryOf(scope: Scope): readonly Piece[] {
  const { key } = scope.voucher.document;
  const text = textOf(scope);
  const at = placeOfKey(text, key);
  if (at === -1)
    return [
      { text, isFree: true },
      { text: text === "" ? key : ` ${key}`, isFree: false },
    ];
  return [
    { text: text.slice(0, at), isFree: true },
    { text: key, isFree: false },
    { text: text.slice(at + key.length), isFree: true },
  ];
}

/** Where a text names the document; `BX-10` does not name `BX-1`. */
function placeOfKey(text: string, key: string): number {
  const isPart = (character: string | undefined): boolean => character !== undefined && /[A-Za-z0-9_/.-]/.test(character);
  for (let at = text.indexOf(key); at !== -1; at = text.indexOf(key, at + 1))
    if (!isPart(text[at - 1]) && !isPart(text[at + key.length])) return at;
  return -1;
}

/** What an option says a cell holds. Throws ProblemError for a name that means nothing. */
export function readValue(option: ValueOption, where: string): Value {
  if (!Array.isArray(option)) return readPart(String(option), where);
  const parts = option.map((part) =>
    Array.isArray(part) ? { all: part.map((each) => readPart(each, where)) } : { all: [readPart(part, where)] },
  );
  return {
    kind: "text",
    read: (scope) =>
      parts.flatMap(({ all }) => {
        const pieces = all.map((each) => each.read(scope));
        const isLeftOut = all.length > 1 && pieces.some((each) => textIn(each) === "");
        return isLeftOut ? [] : pieces.flat();
      }),
  };
}

export function textIn(pieces: readonly Piece[]): string {
  return pieces.map(({ text }) => text).join("");
}

function readPart(text: string, where: string): Value {
  if (!text.startsWith("$")) return { kind: "text", read: () => [{ text, isFree: false }] };
  const path = /^(\$\$?)\.(?:(fields|dimensions)\.(.+)|([^.]+))$/u.exec(text);
  if (path === null)
    return refuseValue(where, `\`${text}\` is no name`, "as in `$.date`, `$.fields.word`, `$$.debit`, `$$.dimensions.部门`");
  const [, root, group, member = "", name = ""] = path;
  if (group === "dimensions" && root === "$$") return { kind: "text", read: fixed(({ line }) => line.dimensions[member] ?? "") };
  if (group === "fields" && root === "$") {
    if (!HEADER_FIELDS.includes(member)) return unknown(where, text, member, HEADER_FIELDS);
    return { kind: "text", read: ofDocument(({ fields }) => fields[member] ?? "") };
  }
  const known = root === "$" ? OF_DOCUMENT : OF_LINE;
  const found = group === undefined && Object.hasOwn(known, name) ? known[name] : undefined;
  if (found === undefined) return unknown(where, text, name, Object.keys(known));
  return { kind: found[0], read: found[1] };
}

function unknown(where: string, value: string, name: string, known: readonly string[]): never {
  const near = nearestName(name, known);
  const listed = known.map((each) => `\`${each}\``).join(", ");
  return refuseValue(where, `there is no \`${value}\``, near === null ? `there is ${listed}` : `did you mean \`${near}\`?`);
}

export function refuseValue(where: string, found: string, hint: string): never {
  throw new ProblemError(problem("CONFIG_WRONG_VALUE", `\`${where}\`: ${found}`, [], hint));
}
