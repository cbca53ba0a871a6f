import { Decimal } from "./decimal.js";

/** The kinds of value a record field can hold. There is one kind of number, and it is exact. */
export type FieldType = "text" | "number" | "date" | "datetime" | "boolean";

export const FIELD_TYPES: readonly FieldType[] = ["text", "number", "date", "datetime", "boolean"];

/**
 * A value at run time. What a string means is known from its type: text as it is; `date` as `YYYY-MM-DD`;
 * `datetime` as a UTC instant `YYYY-MM-DDTHH:mm:ss.sssZ`, so that both order as text.
 */
export type Value = string | Decimal | boolean | null | readonly Value[];

/** The canonical text of a value: equal values give equal text, for keys, fingerprints and storage. */
export function canonicalText(value: Value): string {
  if (value === null) return "";
  if (typeof value === "string") return value;
  if (value instanceof Decimal) return value.toCanonical();
  if (typeof value === "boolean") return value ? "true" : "false";
  return JSON.stringify(value.map(canonicalText));
}
