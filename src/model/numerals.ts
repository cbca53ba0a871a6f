import { Decimal } from "./decimal.js";

/** How numbers are punctuated in a file. `group` is empty when digits are never grouped. */
export interface NumberStyle {
  readonly decimal: "." | ",";
  readonly group: string;
}

const PLAIN_STYLE: NumberStyle = { decimal: ".", group: "," };

/** ISO 4217 as the runtime knows it, and RMB, which is no code but stands in half of all Chinese files. */
let currencyCodes: ReadonlySet<string> | null = null;
function isKnownCurrency(code: string): boolean {
  currencyCodes ??= new Set([...Intl.supportedValuesOf("currency"), "RMB"]);
  return currencyCodes.has(code);
}

/**
 * Reads a number as people and office programs write it: `1,234.50`, `¥1,234.50`, `１２．００`, `CNY 12`, `12.00元`,
 * and as negative `-12`, `(12.00)` or `12.00-`. Groups must have three digits each, at most one currency and one sign
 * may stand there, and everything else is null: in particular scientific notation (`1.2E+08`), which is what a
 * spreadsheet leaves behind after it has lost digits.
 */
export function readNumber(text: string, style: NumberStyle = PLAIN_STYLE): Decimal | null {
  if (style.decimal === ".") {
    const plain = Decimal.parse(text);
    if (plain !== null) return plain;
  } else if (!text.includes(".") && (style.group === "" || !text.includes(style.group))) {
    const plain = Decimal.parse(text.replace(",", "."));
    if (plain !== null) return plain;
  }
  // Most of what is left are amounts with nothing but thousands separators.
  const grouped = text.length <= 100 ? ungroup(text, style) : null;
  return (grouped === null ? null : Decimal.parse(grouped)) ?? readWritten(text, style);
}

function readWritten(text: string, style: NumberStyle): Decimal | null {
  const written = halfWidthNumber(text).trim();
  // No amount is this long; whatever else stands in a cell is refused at little cost.
  if (written.length > 100) return null;
  const dress: Dress = { written, start: 0, end: written.length, signs: 0, currencies: 0, negative: false };
  takeParentheses(dress);
  takeSign(dress);
  takeCurrency(dress);
  takeParentheses(dress);
  takeSign(dress);
  takeTrailingMinus(dress);
  if (dress.signs > 1 || dress.currencies > 1) return null;
  const digits = ungroup(written.slice(dress.start, dress.end), style);
  const value = digits === null ? null : Decimal.parse(digits);
  return value !== null && dress.negative ? value.negate() : value;
}

/** What is left of the text while signs and currencies are taken off its ends. */
interface Dress {
  readonly written: string;
  start: number;
  end: number;
  signs: number;
  currencies: number;
  negative: boolean;
}

function takeSign(dress: Dress): void {
  const first = dress.written.charCodeAt(dress.start);
  if (first !== 43 && first !== 45) return;
  dress.signs += 1;
  dress.negative = first === 45;
  dress.start += 1;
  skipBlanks(dress);
}

function takeTrailingMinus(dress: Dress): void {
  if (dress.written.charCodeAt(dress.end - 1) !== 45) return;
  dress.signs += 1;
  dress.negative = true;
  dress.end -= 1;
  skipBlanks(dress);
}

function takeParentheses(dress: Dress): void {
  const { written, start, end } = dress;
  if (end - start < 2 || written.charCodeAt(start) !== 40 || written.charCodeAt(end - 1) !== 41) return;
  dress.signs += 1;
  dress.negative = true;
  dress.start += 1;
  dress.end -= 1;
  skipBlanks(dress);
}

function takeCurrency(dress: Dress): void {
  const before = currencyLength(dress.written, dress.start, 1);
  dress.start += before;
  const after = currencyLength(dress.written, dress.end - 1, -1);
  dress.end -= after;
  dress.currencies = (before > 0 ? 1 : 0) + (after > 0 ? 1 : 0);
  if (dress.currencies > 0) skipBlanks(dress);
}

/** How many characters of a currency stand at `at`, going in the direction of `step`. */
function currencyLength(text: string, at: number, step: 1 | -1): number {
  const sign = text.charAt(at);
  if (sign === "¥" || sign === "$" || sign === "€" || sign === "£" || (sign === "元" && step === -1)) return 1;
  if (sign < "A" || sign > "Z") return 0;
  const code = step === 1 ? text.slice(at, at + 3) : text.slice(Math.max(0, at - 2), at + 1);
  // A unit such as `KGM` is not a currency, so what carries it is not an amount.
  return code.length === 3 && isKnownCurrency(code) ? 3 : 0;
}

function skipBlanks(dress: Dress): void {
  while (dress.start < dress.end && dress.written.charCodeAt(dress.start) === 32) dress.start += 1;
  while (dress.end > dress.start && dress.written.charCodeAt(dress.end - 1) === 32) dress.end -= 1;
}

/** Plain `digits[.digits]`, or null when grouping or punctuation is not that of the style. */
function ungroup(text: string, style: NumberStyle): string | null {
  const decimal = style.decimal.charCodeAt(0);
  const group = style.group.charCodeAt(0);
  let digits = "";
  let runStart = 0;
  let isGrouped = false;
  let i = 0;
  for (; i <= text.length; i += 1) {
    const code = i === text.length ? decimal : text.charCodeAt(i);
    if (code >= 48 && code <= 57) continue;
    if (code !== decimal && code !== group) return null;
    const length = i - runStart;
    // The first group may be short, and all of them are long when there is only one.
    if (isGrouped ? length !== 3 : length === 0 || (code === group && length > 3)) return null;
    digits += text.slice(runStart, i);
    if (code === decimal) break;
    isGrouped = true;
    runStart = i + 1;
  }
  // What follows is checked by the reading of plain decimals.
  return i < text.length ? `${digits}.${text.slice(i + 1)}` : digits;
}

const UNUSUAL = /[\u00a0\u2009\u202f\u2212\u3000\uff01-\uff5e\uffe1\uffe5]/;

/** Full-width forms to half-width, every kind of blank to one, and the mathematical minus sign to a hyphen. */
function halfWidthNumber(text: string): string {
  if (!UNUSUAL.test(text)) return text;
  let result = "";
  for (let i = 0; i < text.length; i += 1) {
    const code = text.charCodeAt(i);
    if (code >= 0xff01 && code <= 0xff5e) result += String.fromCharCode(code - 0xfee0);
    else if (code === 0xffe5) result += "¥";
    else if (code === 0xffe1) result += "£";
    else if (code === 0x2212) result += "-";
    else if (code === 0x3000 || code === 0xa0 || code === 0x202f || code === 0x2009) result += " ";
    else result += text[i];
  }
  return result;
}
