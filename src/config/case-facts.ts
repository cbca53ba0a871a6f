import { Decimal } from "../model/decimal.js";
import { type Document, type Line, lineAmount } from "../model/document.js";
import { DOCUMENT_TYPES, type DocumentType, type DocumentTypeInfo } from "../model/document-types.js";
import type { Facts } from "./case.js";

/** The header of a document as a case writes it. */
export function headerFacts(document: Document): Facts {
  const { date, currency, text, attachments, fields } = document;
  return withoutEmpty([
    ["date", date],
    ["currency", currency],
    ["text", text],
    ["attachments", attachments === 0 ? "" : String(attachments)],
    ...Object.entries(fields),
  ]);
}

/** A line of a document as a case writes it. */
export function lineFacts(line: Line, { currency, type }: Document): Facts {
  const side = DOCUMENT_TYPES[type].lines === "amount" && line.side === "debit" ? "amount" : line.side;
  return withoutEmpty([
    [side, lineAmount(line, currency)],
    ["account", line.account],
    ["text", line.text],
    ["partner", line.partner ?? ""],
    ...Object.entries(line.dimensions).map(([name, value]) => [`dimensions.${name}`, value] as const),
    ...Object.entries(line.fields ?? {}).map(([name, value]) => [`fields.${name}`, value] as const),
  ]);
}

export function withoutEmpty(entries: readonly (readonly [string, string])[]): Facts {
  return new Map(entries.filter(([name, value]) => value !== "" && !(name === "attachments" && value === "0")));
}

/** How numbers are told from other values of a header. */
export function isHeaderNumber(name: string): boolean {
  return name === "attachments";
}

/** How numbers are told from other values of a line. */
export function isLineNumber(type: DocumentType, name: string): boolean {
  if (name === "debit" || name === "credit" || name === "amount") return true;
  const { lineFields }: DocumentTypeInfo = DOCUMENT_TYPES[type];
  const field = name.startsWith("fields.") ? lineFields[name.slice("fields.".length)] : undefined;
  return field?.type === "amount" || field?.type === "number";
}

/** Numbers are the same with or without zeros at their end; everything else is compared as text. */
export function isSameFact(isNumber: boolean, left: string | undefined, right: string | undefined): boolean {
  if (left === right) return true;
  if (left === undefined || right === undefined || !isNumber) return false;
  const [a, b] = [Decimal.parse(left), Decimal.parse(right)];
  return a !== null && b !== null && a.equals(b);
}
