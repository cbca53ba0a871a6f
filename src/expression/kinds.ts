import { Decimal } from "../model/decimal.js";
import type { FieldType, Value } from "../model/value.js";
import type { Expected, Type } from "./types.js";

export const TEXT: Type = { kind: "text", nullable: false };
export const NUMBER: Type = { kind: "number", nullable: false };
export const DATE: Type = { kind: "date", nullable: false };
export const DATETIME: Type = { kind: "datetime", nullable: false };
export const BOOLEAN: Type = { kind: "boolean", nullable: false };
export const NULL: Type = { kind: "null", nullable: true };
export const TEXTS: Type = { kind: "list", of: TEXT, nullable: false };
export const NUMBERS: Type = { kind: "list", of: NUMBER, nullable: false };

export function withNullable(type: Type, nullable: boolean): Type {
  return type.nullable === nullable || type.kind === "null" ? type : { ...type, nullable };
}

/** The type of a value that is expected. */
export function typeOf(expected: Expected): Type {
  return expected.kind === "list"
    ? { kind: "list", of: { kind: expected.of, nullable: false }, nullable: false }
    : { kind: expected.kind, nullable: expected.nullable };
}

/** As messages say it: `text`, `list of number`, `row of 科目`. */
export function describe(type: Type): string {
  if (type.kind === "list") return type.of.kind === "null" ? "list" : `list of ${describe(type.of)}`;
  if (type.kind === "row") return `row of lookup \`${type.lookup.name}\``;
  return type.kind;
}

/** `a number`, `an empty value`. */
export function describeOne(type: Type): string {
  return type.kind === "null" ? "the empty value" : `a ${describe(type)}`.replace(/^a text/, "text");
}

/** The one type of two branches or list items, or null when they do not go together. The empty value goes with everything. */
export function unify(left: Type, right: Type): Type | null {
  if (left.kind === "null") return withNullable(right, true);
  if (right.kind === "null") return withNullable(left, true);
  const nullable = left.nullable || right.nullable;
  if (left.kind === "list" && right.kind === "list") {
    const of = unify(left.of, right.of);
    return of === null ? null : { kind: "list", of, nullable };
  }
  if (left.kind === "row" && right.kind === "row") return left.lookup.name === right.lookup.name ? withNullable(left, nullable) : null;
  return left.kind === right.kind ? withNullable(left, nullable) : null;
}

/** How to get from one kind to another, as a hint. */
export function conversionHint(from: Type, to: Type["kind"]): string | undefined {
  if (from.kind === "row") return "take one of its columns, as in `.column`";
  if (from.kind === "list") return to === "text" ? 'join its values with `join(…, ",")`' : "take one of its values with `at(…, 1)`";
  if (from.kind === "null") return undefined;
  const known = CONVERSIONS[to]?.[from.kind];
  if (known !== undefined) return known;
  return to === "text" ? "turn it into text with `text(…)`" : undefined;
}

const CONVERSIONS: Partial<Record<Type["kind"], Partial<Record<FieldType, string>>>> = {
  number: { text: "read it as a number with `number(…)`" },
  date: {
    text: 'read it as a date with `date(…, "yyyy-MM-dd")`',
    datetime: 'take its date with `date_of(…, "Asia/Shanghai")`',
  },
  datetime: { text: 'read it with `datetime(…, "Asia/Shanghai", "yyyy-MM-dd HH:mm:ss")`' },
  boolean: { text: 'compare it, as in `… == "Y"`', number: "compare it, as in `… > 0`" },
};

/** Equality of two values of one kind; the empty value equals only itself. */
export function sameValue(left: Value, right: Value): boolean {
  if (left === right) return true;
  return left instanceof Decimal && right instanceof Decimal && left.equals(right);
}

/** A value as messages and texts show it: a number as written, a date as `YYYY-MM-DD`. */
export function display(value: Value): string {
  if (value === null) return "";
  if (typeof value === "string") return value;
  if (value instanceof Decimal) return value.toString();
  return typeof value === "boolean" ? String(value) : value.map(display).join(", ");
}
