import { Decimal } from "./decimal.js";

/** How numbers are punctuated in a file. `group` is empty when digits are never grouped. */
export interface NumberStyle {
  readonly decimal: "." | ",";
  readonly group: string;
}

const PLAIN_STYLE: NumberStyle = { decimal: ".", group: "," };

const CURRENCY_BEFORE = /^([¥$€£]|[A-Z]{3})[ ]*/;
const CURRENCY_AFTER = /[ ]*([¥$€£元]|[A-Z]{3})$/;

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
  return readWritten(text, style);
}

function readWritten(text: string, style: NumberStyle): Decimal | null {
  let rest = halfWidthNumber(text).trim();
  // No amount is this long; the patterns below stay cheap on whatever else stands in a cell.
  if (rest.length === 0 || rest.length > 100) return null;
  let signs = 0;
  let currencies = 0;
  let negative = false;
  const takeSign = (): void => {
    const first = rest.charCodeAt(0);
    if (first !== 43 && first !== 45) return;
    signs += 1;
    negative = first === 45;
    rest = rest.slice(1).trimStart();
  };
  const takeCurrency = (pattern: RegExp): void => {
    const found = pattern.exec(rest);
    if (found === null) return;
    const code = found[1] as string;
    // A unit such as `KGM` is not a currency, so what carries it is not an amount.
    if (code.length === 3 && !isKnownCurrency(code)) return;
    currencies += 1;
    rest = found.index === 0 ? rest.slice(found[0].length) : rest.slice(0, found.index);
  };
  const takeParentheses = (): void => {
    if (!rest.startsWith("(") || !rest.endsWith(")")) return;
    signs += 1;
    negative = true;
    rest = rest.slice(1, -1).trim();
  };
  takeParentheses();
  takeSign();
  takeCurrency(CURRENCY_BEFORE);
  takeCurrency(CURRENCY_AFTER);
  takeParentheses();
  takeSign();
  if (rest.endsWith("-")) {
    signs += 1;
    negative = true;
    rest = rest.slice(0, -1).trimEnd();
  }
  if (signs > 1 || currencies > 1) return null;
  const digits = ungroup(rest, style);
  if (digits === null) return null;
  const value = Decimal.parse(digits);
  return value !== null && negative ? value.negate() : value;
}

/** Plain `digits[.digits]`, or null when grouping or punctuation is not that of the style. */
function ungroup(text: string, style: NumberStyle): string | null {
  const point = text.indexOf(style.decimal);
  const whole = point === -1 ? text : text.slice(0, point);
  const fraction = point === -1 ? "" : text.slice(point + 1);
  if (point !== -1 && !/^\d+$/.test(fraction)) return null;
  const groups = style.group === "" ? [whole] : whole.split(style.group);
  const isGrouped = groups.length > 1;
  for (const [index, group] of groups.entries()) {
    const fits = !isGrouped ? /^\d+$/ : index === 0 ? /^\d{1,3}$/ : /^\d{3}$/;
    if (!fits.test(group)) return null;
  }
  return point === -1 ? groups.join("") : `${groups.join("")}.${fraction}`;
}

/** Full-width forms to half-width, every kind of blank to one, and the mathematical minus sign to a hyphen. */
function halfWidthNumber(text: string): string {
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
