import type { Bill, Row, Stored } from "../bill.js";
import type { Books } from "../books.js";
import { DIMENSIONS } from "../forms/base-forms.js";
import { ENTRY_ID, type Field, type FieldKind } from "../forms/form.js";
import type { KnownForm } from "../forms/index.js";

/** One line of an answer before its columns are taken: a bill, and one row of each entity that was asked for. */
export interface Cursor {
  readonly bill: Bill;
  readonly rows: Readonly<Record<string, Row | undefined>>;
}

/** A field path such as `FSupplierId.FNumber`, ready to be read. */
export interface Column {
  readonly kind: FieldKind;
  /** The entity whose rows it needs; none for the header. */
  readonly entity: string | null;
  read(cursor: Cursor): Stored;
}

/** Null when a part of the path is no field of its form. */
export function columnOf(books: Books, known: KnownForm, path: string): Column | null {
  const [first = "", ...rest] = path.split(".");
  const place = known.places.get(first.toLowerCase());
  if (place === undefined) return null;
  const { field, entity } = place;
  const read = (cursor: Cursor): Stored => {
    if (entity === null) return field.key === known.form.primary ? cursor.bill.id : (cursor.bill.values[field.key] ?? null);
    const row = cursor.rows[entity.key];
    if (row === undefined) return null;
    return field.key === ENTRY_ID ? row.id : (row.values[field.key] ?? null);
  };
  const own: Column = { kind: field.kind, entity: entity?.key ?? null, read };
  if (rest.length === 0) return field.kind === "dimensions" ? null : own;
  if (field.kind === "dimensions") return throughDimension(books, own, rest);
  if (field.kind !== "reference") return null;
  return throughReference(books, own, field, rest);
}

function throughReference(books: Books, own: Column, field: Field, rest: readonly string[]): Column | null {
  const { form } = field;
  if (typeof form === "string") return pointed(books, own, rest, () => form);
  // Which form is meant stands in the row itself, so any of the possible ones may lend the kind of the column.
  const by = form?.by ?? "";
  return pointed(books, own, rest, (cursor) => String(cursor?.bill.values[by] ?? "") || "BD_Supplier");
}

function throughDimension(books: Books, own: Column, rest: readonly string[]): Column | null {
  const [name = "", ...deeper] = rest;
  const key = name.toUpperCase();
  const dimension = DIMENSIONS.get(key);
  if (dimension === undefined) return null;
  const id: Column = {
    kind: "reference",
    entity: own.entity,
    read: (cursor) => {
      const value = own.read(cursor);
      return typeof value === "object" && value !== null ? (value[key] ?? 0) : 0;
    },
  };
  return deeper.length === 0 ? id : pointed(books, id, deeper, () => dimension.form);
}

/** Follows an id to the header of the form it points to. `formOf` without a cursor names a form for the check of the path. */
function pointed(books: Books, id: Column, rest: readonly string[], formOf: (cursor?: Cursor) => string): Column | null {
  const inner = new Map<string, Column | null>();
  const innerOf = (form: string): Column | null => {
    const seen = inner.get(form);
    if (seen !== undefined) return seen;
    const known = books.forms.get(form);
    const column = known === undefined ? null : columnOf(books, known, withNumber(known, rest));
    inner.set(form, column);
    return column;
  };
  const sample = innerOf(formOf());
  if (sample === null || sample.entity !== null) return null;
  return {
    kind: sample.kind,
    entity: id.entity,
    read: (cursor) => {
      const key = id.read(cursor);
      const form = formOf(cursor);
      const bill = typeof key === "number" && key !== 0 && books.forms.get(form) !== undefined ? books.get(form, key) : undefined;
      return bill === undefined ? null : (innerOf(form)?.read({ bill, rows: {} }) ?? null);
    },
  };
}

/** `FNumber` behind a reference always means the number of what is referred to, whatever its own form calls it. */
function withNumber(known: KnownForm, path: readonly string[]): string {
  const [first = "", ...rest] = path;
  return [first.toLowerCase() === "fnumber" ? known.form.number : first, ...rest].join(".");
}
