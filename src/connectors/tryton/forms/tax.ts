import { Decimal } from "../../../model/decimal.js";
import type { Document, Line } from "../../../model/document.js";
import { currencyPlaces } from "../../../model/money.js";
import { Unwritable } from "../../http/template.js";

/** A line of a bill in the smallest unit: what is owed, and the tax contained in it. */
export interface Taxed {
  readonly net: bigint;
  readonly tax: bigint;
  /** In per cent, in its shortest writing; null where no tax is contained. */
  readonly rate: string | null;
}

/** A credit takes from what is owed. Throws Unwritable for a tax that cannot be booked. */
export function taxed(line: Line, currency: string): Taxed {
  const written = line.fields?.["tax"] ?? "0";
  const tax = Decimal.parse(written)?.toMinor(currencyPlaces(currency)) ?? null;
  if (tax === null) throw new Unwritable(`the tax \`${written}\` of a line is no amount in ${currency}`);
  const sign = line.side === "credit" ? -1n : 1n;
  const gross = sign * line.amountMinor;
  // A red line takes its tax back as well, whichever sign it was written with.
  const signed = tax < 0n === gross < 0n ? tax : -tax;
  if (tax === 0n) return { net: gross, tax: 0n, rate: null };
  const rate = line.fields?.["tax_rate"];
  if (rate === undefined) throw new Unwritable(`a line has the tax \`${written}\` and no tax rate, by which the tax of the ERP is found`);
  const exact = Decimal.parse(rate);
  if (exact === null) throw new Unwritable(`the tax rate \`${rate}\` of a line is no number`);
  return { net: gross - signed, tax: signed, rate: exact.toCanonical() };
}

/** Net and tax of each rate. Throws as `taxed` does. */
export function taxesOf(document: Document): ReadonlyMap<string, { readonly net: bigint; readonly tax: bigint }> {
  const found = new Map<string, { readonly net: bigint; readonly tax: bigint }>();
  for (const line of document.lines) {
    const { net, tax, rate } = taxed(line, document.currency);
    if (rate === null) continue;
    const former = found.get(rate) ?? { net: 0n, tax: 0n };
    found.set(rate, { net: former.net + net, tax: former.tax + tax });
  }
  return found;
}
