import { type Line, lineAmount } from "../../model/document.js";
import { type Json, JsonNumber } from "../http/json.js";

/** An object of these fields, in this order; what is undefined is left out. */
export function fieldsOf(...fields: readonly (readonly [string, Json | undefined])[]): ReadonlyMap<string, Json> {
  return new Map(fields.filter((each): each is readonly [string, Json] => each[1] !== undefined));
}

/** A reference to base data by its number; undefined where there is none. */
export function reference(number: string | null | undefined, by = "FNumber"): Json | undefined {
  return number === null || number === undefined || number === "" ? undefined : new Map([[by, number]]);
}

/** The same, where nothing has to clear what stood there before. */
export function clearing(number: string | null | undefined): Json {
  return new Map([["FNumber", number ?? ""]]);
}

/** The amount of a line with its sign, every digit as it is. */
export function amountOf(line: Line, currency: string): JsonNumber {
  return new JsonNumber(lineAmount(line, currency));
}

/** A number whose text was checked before. */
export function exact(text: string): JsonNumber {
  return new JsonNumber(text);
}

export const ZERO = new JsonNumber("0");
export const ONE = new JsonNumber("1");

/** At most so many characters; the last one of a text that was cut is `…`. */
export function cut(text: string, most: number): string {
  const characters = [...text];
  return characters.length <= most ? text : `${characters.slice(0, most - 1).join("")}…`;
}
