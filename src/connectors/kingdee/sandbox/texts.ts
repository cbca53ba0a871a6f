import { Exact, isObject, type Json, type JsonObject } from "./exact-json.js";

/** A scalar as text, digit for digit; empty for what is none. */
export function plainText(value: Json | undefined): string {
  if (value instanceof Exact) return value.text;
  if (typeof value === "string") return value;
  return typeof value === "boolean" ? String(value) : "";
}

/** A whole number from 0, or the default when it is missing or something else. */
export function wholeNumber(value: Json | undefined, otherwise: number): number {
  const text = plainText(value);
  return /^\d{1,12}$/.test(text) ? Number(text) : otherwise;
}

/** Clients write `true`, `"true"` and `"1"`. */
export function isYes(value: Json | undefined, otherwise: boolean): boolean {
  if (value === undefined || value === null || value === "") return otherwise;
  return /^(true|1)$/i.test(plainText(value));
}

/** A list of texts, given as a list or joined by commas. */
export function texts(value: Json | undefined): readonly string[] {
  const parts = Array.isArray(value) ? (value as readonly Json[]).map(plainText) : plainText(value).split(",");
  return parts.map((part) => part.trim()).filter((part) => part !== "");
}

export function objectOf(value: Json | undefined): JsonObject {
  return isObject(value) ? value : {};
}
