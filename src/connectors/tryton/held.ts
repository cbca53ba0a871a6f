import { Decimal } from "../../model/decimal.js";
import type { Document, Line } from "../../model/document.js";
import { currencyPlaces } from "../../model/money.js";

/** A line as the ERP holds it. */
export interface HeldLine {
  /** It is what was posted as this line, in all that can be told. */
  readonly fits: (line: Line) => boolean;
  /** The line that it is now; `former` is one that is not there any more. */
  readonly line: (former: Line | undefined) => Line;
}

const BLANK: Line = { side: "debit", amountMinor: 0n, account: "", text: "", partner: null, dimensions: {} };

/** The posted lines where each of them is there and no other; else those of the ERP, in its order. */
export function heldLines(posted: Document, rows: readonly HeldLine[]): readonly Line[] {
  const left = [...posted.lines];
  const found = rows.map((row) => {
    const at = left.findIndex((line) => row.fits(line));
    return at === -1 ? null : (left.splice(at, 1)[0] as Line);
  });
  if (left.length === 0 && !found.includes(null)) return posted.lines;
  return rows.map((row, index) => found[index] ?? row.line(left.shift() ?? BLANK));
}

/** An exact text of the ERP in the smallest unit of a currency; more places than the currency has are cut, because it cannot hold them. */
export function minorOf(text: string, currency: string): bigint {
  const places = currencyPlaces(currency);
  return (Decimal.parse(text) ?? Decimal.ZERO).round(places, "down").toMinor(places) ?? 0n;
}

export function sameDimensions(line: Line, held: Readonly<Record<string, string>>): boolean {
  const posted = Object.entries(line.dimensions).filter(([, value]) => value !== "");
  return posted.length === Object.keys(held).length && posted.every(([name, value]) => held[name] === value);
}
