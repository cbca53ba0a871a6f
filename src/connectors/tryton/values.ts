import type { DateText } from "../../model/dates.js";
import { formatDate } from "../../model/dates.js";
import { plainText, readWritten } from "../files/plain-number.js";
import { isList, isObject, type Json, JsonNumber, textOf } from "../http/json.js";

/** What is easily written in code and stands for JSON. A `number` is a count, never an amount. */
export type Plain = Json | number | readonly Plain[] | { readonly [name: string]: Plain | undefined };

/** As JSON; what is undefined is left out. */
export function jsonOf(value: Plain): Json {
  if (typeof value === "number") return new JsonNumber(String(value));
  if (value === null || typeof value !== "object" || value instanceof JsonNumber || value instanceof Map) return value as Json;
  if (Array.isArray(value)) return value.map(jsonOf);
  const entries = Object.entries(value as { readonly [name: string]: Plain | undefined });
  return new Map(entries.flatMap(([name, each]): [string, Json][] => (each === undefined ? [] : [[name, jsonOf(each)]])));
}

/** The id of a record. It is a number in JSON and text here. */
export function idOf(id: string): JsonNumber {
  return new JsonNumber(id);
}

/** An exact number in Tryton's own writing (`trytond/protocols/jsonrpc.py`): a plain one would be read through a float. */
export function decimal(text: string): Json {
  return tagged("Decimal", { decimal: text });
}

export function date(day: DateText): Json {
  const [year = 0, month = 0, dayOfMonth = 0] = day.split("-").map(Number);
  return tagged("date", { year, month, day: dayOfMonth });
}

/** `utc` is an instant such as `2026-11-20T08:00:00Z`; what is finer than a second is left out. */
export function dateTime(utc: string): Json {
  const [year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0] = utc.split(/[-T:.Z]/).map(Number);
  return tagged("datetime", { year, month, day, hour, minute, second, microsecond: 0 });
}

function tagged(name: string, members: Plain): Json {
  return new Map([["__class__", name], ...(jsonOf(members) as ReadonlyMap<string, Json>)]);
}

/** A value that is no list and no unknown object, as text; null for nothing. Undefined for what cannot be said as one text. */
export function plainOf(value: Json | undefined): string | boolean | null | undefined {
  if (value === null || value === undefined || typeof value === "boolean") return value ?? null;
  if (typeof value === "string") return value;
  if (value instanceof JsonNumber) return plainNumber(value.text);
  if (isList(value) || !isObject(value)) return undefined;
  const part = (name: string): string => textOf(value.get(name)) ?? "";
  const two = (name: string): string => part(name).padStart(2, "0");
  const time = (): string => `${two("hour")}:${two("minute")}:${two("second")}`;
  switch (value.get("__class__")) {
    case "Decimal":
      return plainNumber(part("decimal"));
    case "date":
      return dayOf(value);
    case "datetime":
      // Instants are kept to the millisecond; a cursor that is cut down reads a little more, never less.
      return `${dayOf(value)}T${time()}.${part("microsecond").padStart(6, "0").slice(0, 3)}Z`;
    case "time":
      return time();
    case "timedelta":
      return plainNumber(part("seconds"));
    case "bytes":
      return part("base64");
    default:
      return undefined;
  }
}

function dayOf(value: ReadonlyMap<string, Json>): DateText {
  const [year, month, day] = ["year", "month", "day"].map((name) => Number(textOf(value.get(name)) ?? 0));
  return formatDate(year as number, month as number, day as number);
}

/** Every digit as it is, without an exponent and without the sign of a reversed zero. */
function plainNumber(text: string): string {
  const written = readWritten(text);
  if (written === null) return text;
  return written.digits === "" || /[eE]/.test(text) ? plainText(written) : text;
}

/** As text; empty where there is nothing. */
export function wordOf(value: Json | undefined): string {
  const plain = plainOf(value);
  return plain === null || plain === undefined ? "" : String(plain);
}

/** Tryton on SQLite says 0 and 1. */
export function isTrue(value: Json | undefined): boolean {
  return value === true || wordOf(value) === "1";
}

export function idsOf(value: Json | undefined): readonly string[] {
  return value !== undefined && value !== null && isList(value) ? value.map(wordOf) : [];
}

/** A field of a record, also one behind references: what was asked for as `party.code` comes as `{"party.": {"code": …}}`. */
export function fieldOf(row: ReadonlyMap<string, Json>, path: string): Json {
  const steps = path.split(".");
  let at: Json = row;
  for (const [index, step] of steps.entries()) {
    if (at === null || !isObject(at)) return null;
    at = at.get(index === steps.length - 1 ? step : `${step}.`) ?? null;
  }
  return at;
}

/** Line breaks and tabs are refused in one-line texts (`msg_char_field_forbidden`), so they become blanks. */
export function oneLine(text: string): string {
  return text.replace(/\s*[\t\n\v\f\r\u0085\u2028\u2029]+\s*/g, " ").trim();
}
