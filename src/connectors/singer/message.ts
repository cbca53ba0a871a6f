import type { Fields } from "../files/fields.js";
import { isObject, parseJson, writeJson } from "../http/json.js";
import { fieldsOf } from "../http/source/fields.js";

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
      const fields = record === undefined ? null : fieldsOf(record, trim);
      if (fields === null) return { kind: "faulty", message: "is a record whose `record` is no object" };
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
