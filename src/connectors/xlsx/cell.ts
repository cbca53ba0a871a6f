import type { RawCell } from "../contract.js";
import { plainText, readWritten, toSignificant } from "../files/plain-number.js";
import type { CellFormat } from "./number-format.js";

/** A cell as it stands in the workbook. */
export interface SheetCell {
  /** `s` shared text, `str` text of a formula, `inlineStr`, `n` number, `b` boolean, `e` error, `d` ISO date. */
  readonly type: string;
  readonly text: string;
  readonly style: number;
  /** Whether a value is noted. A formula without one was never calculated. */
  readonly hasValue: boolean;
  readonly hasFormula: boolean;
}

/** What cells refer to. */
export interface CellContext {
  readonly strings: readonly string[];
  readonly formats: readonly CellFormat[];
  /** Days are counted from 1904-01-01, as Excel for the Macintosh did. */
  readonly is1904: boolean;
  readonly trim: boolean;
}

/** A cell that has no value one could book; the message says what stands there. */
export class CellFault {
  constructor(readonly message: string) {}
}

/** Excel keeps a number as a binary float and shows at most 15 digits of it; the 16th and 17th in the file are its noise. */
const SIGNIFICANT_DIGITS = 15;
const DAY_MS = 86_400_000;
/** 9999-12-31 in the system that begins with 1900. */
const LAST_DAY = 2_958_465;
const DAYS_BETWEEN_SYSTEMS = 1462;

/** The value of a cell: text, a number in plain digits, a date or time in ISO form, true or false; null when it is empty. */
export function cellValue(cell: SheetCell, context: CellContext): RawCell | CellFault {
  if (cell.hasFormula && !cell.hasValue) return new CellFault("a formula whose result is not saved");
  switch (cell.type) {
    case "s": {
      const text = /^\d{1,9}$/.test(cell.text) ? context.strings[Number(cell.text)] : undefined;
      if (text !== undefined) return textValue(text, context);
      return cell.hasValue ? new CellFault(`a text that is not in the workbook, number \`${cell.text.slice(0, 20)}\``) : null;
    }
    case "inlineStr":
    case "str":
      return textValue(unescaped(cell.text), context);
    case "b":
      if (cell.text === "1" || cell.text === "true") return true;
      if (cell.text === "0" || cell.text === "false") return false;
      return cell.hasValue ? new CellFault(`\`${cell.text.slice(0, 20)}\`, which is neither true nor false`) : null;
    case "e":
      return new CellFault(`the error \`${cell.text.slice(0, 40)}\``);
    case "d":
      return isoDate(cell.text);
    case "n":
      return cell.text === "" ? null : numberValue(cell, context);
    default:
      return new CellFault(`a value of the unknown type \`${cell.type.slice(0, 20)}\``);
  }
}

function textValue(text: string, { trim }: CellContext): string | null {
  const value = trim ? text.trim() : text;
  return value === "" ? null : value;
}

/** Characters that XML cannot hold are written as `_x000D_` (ECMA-376 part 1, 22.9.2.19). */
export function unescaped(text: string): string {
  if (!text.includes("_x")) return text;
  return text.replace(/_x([0-9A-Fa-f]{4})_/g, (_, code: string) => String.fromCharCode(Number.parseInt(code, 16)));
}

function numberValue(cell: SheetCell, context: CellContext): string | CellFault {
  const written = readWritten(cell.text);
  if (written === null) return new CellFault(`\`${cell.text.slice(0, 40)}\`, which is no number`);
  const format = context.formats[cell.style];
  if (format !== undefined && format.kind !== "number") return momentText(plainText(written), format, context.is1904);
  // A longer number is a code, and whatever wrote it as a number has put other digits, mostly zeros, at its end.
  if (written.point > SIGNIFICANT_DIGITS) {
    return new CellFault(
      `the number \`${plainText(written)}\` with more than ${SIGNIFICANT_DIGITS} digits, of which Excel keeps only the first`,
    );
  }
  const text = plainText(toSignificant(written, SIGNIFICANT_DIGITS));
  const digits = format?.digits ?? 0;
  return digits > text.length && /^\d+$/.test(text) ? text.padStart(digits, "0") : text;
}

/** `serial` counts days, the time of day as a fraction. Dates are no money: a float holds them to less than a millisecond. */
function momentText(serial: string, format: CellFormat, is1904: boolean): string | CellFault {
  const days = Number(serial);
  if (days < 0) return new CellFault(`\`${serial}\`, which is no date: it lies before the calendar of Excel`);
  const unit = format.hasFractions || !format.hasTime ? 1 : 1000;
  const ms = Math.round((days * DAY_MS) / unit) * unit;
  if (format.kind === "elapsed") return clockText(ms, true);
  if (!format.hasDate) return clockText(ms % DAY_MS, false);
  const day = Math.floor(ms / DAY_MS) + (is1904 ? DAYS_BETWEEN_SYSTEMS : 0);
  if (day > LAST_DAY) return new CellFault(`\`${serial}\`, which is no date: it lies beyond the year 9999`);
  if (!is1904 && day === 0) return new CellFault(`\`${serial}\`, which is no date: the calendar of Excel begins with 1`);
  // Excel took over from Lotus 1-2-3 that 1900 was a leap year, so the days before its 29 February are one off.
  if (day === 60) return new CellFault(`\`${serial}\`, the 29 February 1900, a day that never was`);
  const date = new Date(Date.UTC(1899, 11, day < 60 ? 31 : 30) + day * DAY_MS).toISOString().slice(0, 10);
  const time = ms % DAY_MS;
  return format.hasTime && time !== 0 ? `${date} ${clockText(time, false)}` : date;
}

function clockText(ms: number, isElapsed: boolean): string {
  const two = (value: number): string => String(value).padStart(2, "0");
  const hours = Math.floor(ms / 3_600_000);
  const rest = ms % 1000;
  const text = `${isElapsed ? hours : two(hours)}:${two(Math.floor(ms / 60_000) % 60)}:${two(Math.floor(ms / 1000) % 60)}`;
  return rest === 0 ? text : `${text}.${String(rest).padStart(3, "0")}`;
}

/** `2026-01-31T00:00:00` as strict workbooks have it; the start of a day is the day. */
function isoDate(text: string): string | CellFault {
  const match = /^(\d{4}-\d{2}-\d{2})(?:T(\d{2}:\d{2}:\d{2})(?:\.0+)?)?$/.exec(text);
  if (match === null) return new CellFault(`\`${text.slice(0, 40)}\`, which is no date in ISO form`);
  return match[2] === undefined || match[2] === "00:00:00" ? (match[1] as string) : `${match[1]} ${match[2]}`;
}
