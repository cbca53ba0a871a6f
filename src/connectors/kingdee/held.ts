import { Decimal } from "../../model/decimal.js";
import type { Document, Line } from "../../model/document.js";
import { plainText, readWritten } from "../files/plain-number.js";
import { type Json, textOf } from "../http/json.js";
import type { HeldColumn, HeldColumns } from "./forms/form.js";

/** The document that the ERP holds, from the rows of its entries: the header's columns first, then those of the line. */
export function heldDocument(posted: Document, columns: HeldColumns, rows: readonly (readonly Json[])[]): Document {
  const [first = []] = rows;
  let header = posted;
  for (const [index, column] of columns.header.entries()) {
    const value = normal(column.kind, first[index]);
    const said = column.said(posted, posted);
    if (said !== undefined && normal(column.kind, said) !== value) header = { ...header, ...column.put(value, header, posted) };
  }
  const values = rows.map((row) => columns.line.map(({ kind }, index) => normal(kind, row[columns.header.length + index])));
  return { ...header, lines: heldLines(posted, columns.line, values) };
}

/**
 * Each held line as the posted one where it is equal in all that can be told, whatever the order; else with what differs put into the one that
 * stands in its place.
 */
function heldLines(posted: Document, columns: readonly HeldColumn<Line>[], rows: readonly (readonly string[])[]): Line[] {
  const left = new Map(posted.lines.map((line) => [line, columns.map((column) => saidBy(column, line, posted))]));
  const found = rows.map((row): Line | null => {
    for (const [line, said] of left) {
      if (!said.every((each, index) => isSame(columns[index] as HeldColumn<Line>, each, row[index] ?? ""))) continue;
      left.delete(line);
      return line;
    }
    return null;
  });
  return rows.map((row, index) => {
    const same = found[index] ?? null;
    if (same !== null) return same;
    const place = posted.lines[index];
    const former = place !== undefined && left.has(place) ? place : ([...left.keys()][0] ?? null);
    const said = former === null ? columns.map(() => "") : (left.get(former) ?? []);
    if (former !== null) left.delete(former);
    let line = former ?? BLANK;
    for (const [at, column] of columns.entries()) {
      const value = row[at] ?? "";
      if (!isSame(column, said[at], value)) line = { ...line, ...column.put(value, line, posted) };
    }
    return line;
  });
}

function isSame({ mayBeLost }: HeldColumn<Line>, said: string | undefined, read: string): boolean {
  return said === undefined || said === read || (mayBeLost === true && read === "");
}

function saidBy(column: HeldColumn<Line>, line: Line, document: Document): string | undefined {
  const said = column.said(line, document);
  return said === undefined ? undefined : normal(column.kind, said);
}

const BLANK: Line = { side: "debit", amountMinor: 0n, account: "", text: "", partner: null, dimensions: {} };

/** One writing for equal values: numbers without needless zeros, dates without the time. */
function normal(kind: HeldColumn<never>["kind"], value: Json | string | undefined): string {
  const text = (typeof value === "boolean" ? String(value) : (textOf(value) ?? "")).trim();
  if (kind === "date") return text.slice(0, 10);
  if (kind === "number") {
    const written = text === "" ? readWritten("0") : readWritten(text);
    return written === null ? text : (Decimal.parse(plainText(written))?.toCanonical() ?? text);
  }
  return text;
}
