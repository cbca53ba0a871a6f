import { dateTimeReader } from "../../model/date-formats.js";
import type { RawCell } from "../contract.js";
import type { Form, Native } from "./dialect.js";

/** A value that is not text: bytes have no meaning in a record. */
export class BytesFound extends Error {}

export interface CellOptions {
  /** Zone of times that are stored without one. */
  readonly timeZone: string;
  /** Zone in which the record reader takes times that come without one. */
  readonly projectTimeZone: string;
  readonly trim: boolean;
}

/** Turns what a driver gives into cells as the record reader takes them by default: numbers plain, days as dates, moments as UTC instants. */
export class CellReader {
  private readonly ofLocalTime: (text: string) => string | null;
  private readonly ofInstant: (text: string) => string | null;

  constructor(private readonly options: CellOptions) {
    this.ofLocalTime = dateTimeReader(["yyyy-MM-ddTHH:mm:ss.SSS"], options.timeZone);
    this.ofInstant = dateTimeReader(["yyyy-MM-ddTHH:mm:ss.SSSXXX"], "UTC");
  }

  /** Throws BytesFound. */
  read(value: Native, form: Form): RawCell {
    if (value === null || value === undefined) return null;
    if (typeof value === "object") throw new BytesFound();
    if (typeof value === "boolean") return value;
    if (typeof value === "number" || typeof value === "bigint") return plainNumber(String(value));
    switch (form) {
      case "number":
      case "float":
        return emptyAsNull(plainNumber(value.trim()));
      case "boolean":
        return value === "t" || value === "true" ? true : value === "f" || value === "false" ? false : emptyAsNull(value);
      case "local time":
        return emptyAsNull(this.localTime(value));
      case "instant":
        return emptyAsNull(this.instant(value));
      default:
        return emptyAsNull(this.options.trim ? value.trim() : value);
    }
  }

  /**
   * Midnight is given as a day, which both a date and a time can be read from: many systems keep their days in columns that have a time. It
   * must not be where our zone is another than the reader's, who would take it for midnight there.
   */
  private localTime(text: string): string {
    const parts = TIME.exec(text);
    if (parts === null) return text;
    const [, day = "", clock = "", fraction = ""] = parts;
    const isMidnight = clock === "00:00:00" && /^0*$/.test(fraction);
    if (isMidnight && this.options.timeZone === this.options.projectTimeZone) return day;
    return this.ofLocalTime(`${day}T${clock}.${millis(fraction)}`) ?? text;
  }

  private instant(text: string): string {
    const parts = TIME.exec(text);
    if (parts === null) return text;
    const [, day = "", clock = "", fraction = "", offset = ""] = parts;
    return this.ofInstant(`${day}T${clock}.${millis(fraction)}${fullOffset(offset)}`) ?? text;
  }
}

const TIME = /^(\d{4}-\d{2}-\d{2})[ T](\d{2}:\d{2}:\d{2})(?:\.(\d+))?\s*(Z|[+-]\d{2}(?::?\d{2})?)?$/;

/** Cut, never rounded up: a cursor must not lie behind the row it was taken from. */
function millis(fraction: string): string {
  return fraction.slice(0, 3).padEnd(3, "0");
}

/** `+08` and `+0800` as `+08:00`. */
function fullOffset(offset: string): string {
  if (offset === "" || offset === "Z") return "Z";
  const digits = offset.slice(1).replace(":", "").padEnd(4, "0");
  return `${offset.charAt(0)}${digits.slice(0, 2)}:${digits.slice(2)}`;
}

function emptyAsNull(text: string): string | null {
  return text === "" ? null : text;
}

const MOST_ZEROS = 400;

/** `.5`, `1e-7` and `1.5E+20` as `0.5`, `0.0000001` and `150000000000000000000`, digit by digit; what is no number is left as it is. */
export function plainNumber(text: string): string {
  const parts = /^([+-]?)(\d*)(?:\.(\d*))?(?:[eE]([+-]?\d{1,4}))?$/.exec(text);
  if (parts === null) return text;
  const [, sign = "", whole = "", fraction = "", exponent = "0"] = parts;
  const shift = Number(exponent);
  if (whole + fraction === "" || Math.abs(shift) > MOST_ZEROS) return text;
  const digits = whole + fraction + "0".repeat(Math.max(0, shift - fraction.length));
  const padding = "0".repeat(Math.max(0, -(whole.length + shift) + 1));
  const all = padding + digits;
  const point = padding.length + whole.length + shift;
  const left = all.slice(0, point).replace(/^0+(?=\d)/, "") || "0";
  const right = all.slice(point);
  return `${sign === "-" ? "-" : ""}${left}${right === "" ? "" : `.${right}`}`;
}

/** The shortest text that reads back as the same 32-bit float: `0.1`, where its exact value has 27 digits. */
export function shortestFloat(value: number): string {
  for (let digits = 6; digits <= 9; digits += 1) {
    const text = value.toPrecision(digits);
    if (Math.fround(Number(text)) === Math.fround(value)) return String(Number(text));
  }
  return String(value);
}
