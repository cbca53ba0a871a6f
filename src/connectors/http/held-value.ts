import { Decimal } from "../../model/decimal.js";
import { bookableMinor } from "../../model/document.js";
import { readNumber } from "../../model/numerals.js";
import { type Json, JsonNumber, textOf } from "./json.js";
import type { Path } from "./path.js";

/** The answer holds something that cannot be read as a part of a document. */
export class Unreadable extends Error {}

/** Text, or a number as it was written; empty where nothing stands. */
export function plain(value: Json | undefined, path: Path): string {
  if (value === undefined || value === null) return "";
  return textOf(value) ?? unreadable(String(value), path, "one value");
}

/** An amount in the currency's smallest unit, however it is written; null where nothing stands. */
export function amountOf(value: Json | undefined, path: Path, currency: string): bigint | null {
  const text = plain(value, path);
  if (text.trim() === "") return null;
  const amount = value instanceof JsonNumber ? numberOf(text) : readNumber(text);
  if (amount === null) return unreadable(text, path, "an amount");
  const minor = bookableMinor(amount, currency);
  return typeof minor === "bigint" ? minor : unreadable(text, path, `an amount in ${currency}`);
}

/** More zeros than this are no amount. */
const MOST_EXPONENT = 30;

/** A JSON number, which may have an exponent, exactly. */
function numberOf(text: string): Decimal | null {
  const [, digits = "", exponent = "0"] = /^([^eE]+)(?:[eE]([+-]?\d+))?$/.exec(text) ?? [];
  const base = Decimal.parse(digits);
  const shift = Number(exponent);
  if (base === null || Math.abs(shift) > MOST_EXPONENT) return null;
  const power = 10n ** BigInt(Math.abs(shift));
  return shift >= 0 ? new Decimal(base.coefficient * power, base.scale) : new Decimal(base.coefficient, base.scale - shift);
}

export function unreadable(text: string, path: Path, wanted: string): never {
  throw new Unreadable(`\`${text.slice(0, 80)}\` at \`${path.text}\` is not ${wanted}`);
}
