import { Decimal } from "./decimal.js";
import type { Value } from "./value.js";

const WHOLE_DIGITS = 40;

/**
 * A cursor value in a form that orders as text the way the value orders by its type, so that stores and sources can
 * compare positions without knowing types: dates and instants as they are, numbers padded. Null for an empty value and
 * for a negative number, which is no position.
 */
export function cursorText(value: Value): string | null {
  if (typeof value === "string") return value;
  if (!(value instanceof Decimal) || value.coefficient < 0n) return null;
  const [whole = "0", fraction] = value.toCanonical().split(".");
  return whole.padStart(WHOLE_DIGITS, "0") + (fraction === undefined ? "" : `.${fraction}`);
}

/** The cursor as people wrote it. */
export function displayCursor(text: string): string {
  return new RegExp(`^\\d{${WHOLE_DIGITS}}(\\.\\d+)?$`).test(text) ? text.replace(/^0+(?=\d)/, "") : text;
}

/** The position `overlapMs` earlier; a position that is not a time is returned as it is. */
export function earlier(cursor: string, overlapMs: number): string {
  if (overlapMs === 0) return cursor;
  const isDate = /^\d{4}-\d{2}-\d{2}$/.test(cursor);
  if (!isDate && !/^\d{4}-\d{2}-\d{2}T/.test(cursor)) return cursor;
  const moved = new Date(Date.parse(isDate ? `${cursor}T00:00:00.000Z` : cursor) - overlapMs).toISOString();
  return isDate ? moved.slice(0, 10) : moved;
}
