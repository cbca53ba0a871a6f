import type { RawCell } from "../contract.js";
import { FieldFault, type Fields } from "../files/fields.js";
import { plainText, readWritten } from "../files/plain-number.js";
import { isList, isObject, type Json, JsonNumber, parseJson, writeJson } from "../http/json.js";

/**
 * One line of a tap, as far as it concerns us. Singer specification 0.3.0, "Output"
 * (https://github.com/singer-io/getting-started/blob/master/docs/SPEC.md): types in any case, and any type is permitted.
 */
export type Message =
  | { readonly kind: "record"; readonly stream: string; readonly fields: Fields }
  /** The state as compact JSON, every digit as it came: it is handed back, never looked into. */
  | { readonly kind: "state"; readonly value: string }
  | { readonly kind: "schema"; readonly stream: string }
  | { readonly kind: "other"; readonly type: string }
  /** The text completes "the line …". */
  | { readonly kind: "faulty"; readonly message: string };

export function readMessage(line: string, trim: boolean): Message {
  const message = parseJson(line);
  if (message === undefined) return { kind: "faulty", message: "is not JSON" };
  if (!isObject(message)) return { kind: "faulty", message: "is not a JSON object" };
  const type = message.get("type");
  if (typeof type !== "string") return { kind: "faulty", message: "has no `type`" };
  switch (type.toUpperCase()) {
    case "RECORD": {
      const [stream, record] = [message.get("stream"), message.get("record")];
      if (typeof stream !== "string") return { kind: "faulty", message: "is a record without the name of its `stream`" };
      if (record === undefined || !isObject(record)) return { kind: "faulty", message: "is a record whose `record` is no object" };
      const fields = new Map<string, RawCell | FieldFault>();
      addFields(record, "", fields, trim);
      return { kind: "record", stream, fields };
    }
    case "STATE": {
      const value = message.get("value");
      return value === undefined ? { kind: "faulty", message: "is a state without a `value`" } : { kind: "state", value: writeJson(value) };
    }
    case "SCHEMA": {
      const stream = message.get("stream");
      return typeof stream === "string"
        ? { kind: "schema", stream }
        : { kind: "faulty", message: "is a schema without the name of its `stream`" };
    }
    default:
      return { kind: "other", type };
  }
}

const LIST = new FieldFault("holds a list, expected text, a number, true or false");
const OBJECT = new FieldFault("holds an object, expected text, a number, true or false");

/** Fields of an object within the record are called `outer.inner`. */
function addFields(object: ReadonlyMap<string, Json>, prefix: string, fields: Map<string, RawCell | FieldFault>, trim: boolean): void {
  for (const [key, value] of object) {
    const name = `${prefix}${key.trim()}`;
    if (isObject(value)) {
      fields.set(name, OBJECT);
      addFields(value, `${name}.`, fields, trim);
    } else fields.set(name, isList(value) ? LIST : cellOf(value, trim));
  }
}

function cellOf(value: null | boolean | string | JsonNumber, trim: boolean): RawCell {
  if (value instanceof JsonNumber) {
    const number = /[eE]/.test(value.text) ? readWritten(value.text) : null;
    return number === null ? value.text : plainText(number);
  }
  if (typeof value !== "string") return value;
  const text = trim ? value.trim() : value;
  return text === "" ? null : text;
}
