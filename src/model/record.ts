import type { FieldType, Value } from "./value.js";

/** One column of a record stream, from its schema. The order of a schema's fields is the order of a record's values. */
export interface Field {
  readonly name: string;
  readonly type: FieldType;
  /** The value may be empty (null). */
  readonly nullable: boolean;
  /** Masked in logs, reports and messages. */
  readonly personal: boolean;
}

/** A checked record: one value per field, in the order of the schema. */
export type Row = readonly Value[];

/** What can be told of a record without reading it. */
export interface Glimpsed {
  readonly key: string;
  /** The cursor field, in a form that orders as text. */
  readonly cursor: string | null;
  /** A fingerprint of its cells and of how they are read: with the same one, reading it again would give the same record. */
  readonly cells: string;
}

/** Where a record came from: a file name or page, and the line or item in it, counted from 1. */
export interface Origin {
  readonly unit: string;
  readonly line: number;
}

/** Parts of a key are joined by a character that cannot stand in any of them. */
const SEPARATOR = "\u001f";

export function joinKey(parts: readonly string[]): string {
  return parts.length === 1 ? (parts[0] as string) : parts.join(SEPARATOR);
}

/** A key as people read it: `BX-001 / 2`. */
export function displayKey(key: string): string {
  return key.includes(SEPARATOR) ? key.split(SEPARATOR).join(" / ") : key;
}

/** Orders keys the way people number things: `2` before `10`, text by code point. */
export function compareKeys(left: string, right: string): number {
  if (left === right) return 0;
  const a = left.match(/\d+|\D+/g) ?? [];
  const b = right.match(/\d+|\D+/g) ?? [];
  for (let i = 0; i < a.length && i < b.length; i += 1) {
    const x = a[i] as string;
    const y = b[i] as string;
    if (x === y) continue;
    if (/^\d/.test(x) && /^\d/.test(y)) {
      const shortX = x.replace(/^0+(?=\d)/, "");
      const shortY = y.replace(/^0+(?=\d)/, "");
      if (shortX.length !== shortY.length) return shortX.length - shortY.length;
      if (shortX !== shortY) return shortX < shortY ? -1 : 1;
      continue;
    }
    return x < y ? -1 : 1;
  }
  return a.length - b.length || (left < right ? -1 : 1);
}
