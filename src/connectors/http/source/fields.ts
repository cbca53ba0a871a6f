import type { RawCell } from "../../contract.js";
import { FieldFault } from "../../files/fields.js";
import { plainText, readWritten } from "../../files/plain-number.js";
import { isList, isObject, type Json, JsonNumber, namesTwice } from "../json.js";
import { XmlTree } from "./xml.js";

export type RecordFields = Map<string, RawCell | FieldFault>;

const LIST = new FieldFault("holds a list, expected text, a number, true or false");
const OBJECT = new FieldFault("holds an object, expected text, a number, true or false");
const TWICE = new FieldFault("stands twice in the record");

/**
 * A record as its fields, called as the `json` source calls them: those of an object within it `outer.inner`. Numbers are text in plain digits.
 * Of XML, as the `xml` source calls them: attributes `@name`, the text of the record itself `.`.
 * Null where it is no object.
 */
export function fieldsOf(record: Json, trim: boolean): RecordFields | null {
  if (!isObject(record)) return null;
  const fields: RecordFields = new Map();
  addFields(record, "", trim, fields);
  return fields;
}

function addFields(object: ReadonlyMap<string, Json>, prefix: string, trim: boolean, fields: RecordFields): void {
  const repeated = namesTwice(object);
  for (const [key, value] of object) {
    // The text of an element stands under the name of the element.
    if (key === "." && prefix !== "" && object instanceof XmlTree) continue;
    const name = `${prefix}${key.trim()}`;
    fields.set(name, fields.has(name) || repeated.has(key) ? TWICE : cellOf(value, trim));
    if (isObject(value)) addFields(value, `${name}.`, trim, fields);
  }
}

/** The cell of one value. */
export function cellOf(value: Json, trim: boolean): RawCell | FieldFault {
  if (value === null || typeof value === "boolean") return value;
  if (typeof value === "string") return (trim ? value.trim() : value) || null;
  if (value instanceof JsonNumber) {
    const written = /[eE]/.test(value.text) ? readWritten(value.text) : null;
    return written === null ? value.text : plainText(written);
  }
  if (value instanceof XmlTree && value.has(".")) return cellOf(value.get(".") ?? null, trim);
  return isList(value) ? LIST : OBJECT;
}
