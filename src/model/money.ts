import { formatScaled } from "./decimal.js";

/** Decimal places by ISO 4217 where they are not two. */
const PLACES: Readonly<Record<string, number>> = {
  BIF: 0,
  CLP: 0,
  DJF: 0,
  GNF: 0,
  ISK: 0,
  JPY: 0,
  KMF: 0,
  KRW: 0,
  PYG: 0,
  RWF: 0,
  UGX: 0,
  UYI: 0,
  VND: 0,
  VUV: 0,
  XAF: 0,
  XOF: 0,
  XPF: 0,
  BHD: 3,
  IQD: 3,
  JOD: 3,
  KWD: 3,
  LYD: 3,
  OMR: 3,
  TND: 3,
};

/** How many decimal places amounts of this currency have: 2 for CNY, 0 for JPY, 3 for KWD (ISO 4217). */
export function currencyPlaces(currency: string): number {
  return PLACES[currency] ?? 2;
}

/** True for three capital letters, the form of an ISO 4217 code. */
export function isCurrencyCode(text: string): boolean {
  return /^[A-Z]{3}$/.test(text);
}

/** Plain decimal text for files and JSON: `-1234.50`. */
export function formatMinor(amountMinor: bigint, currency: string): string {
  return formatScaled(amountMinor, currencyPlaces(currency));
}

/** For people: `-1,234.50`. */
export function formatAmount(amountMinor: bigint, currency: string): string {
  const text = formatMinor(amountMinor, currency);
  const point = text.indexOf(".");
  const whole = point === -1 ? text : text.slice(0, point);
  return whole.replace(/\B(?=(\d{3})+$)/g, ",") + (point === -1 ? "" : text.slice(point));
}
