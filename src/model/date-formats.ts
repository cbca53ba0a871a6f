import { type DateText, formatDate, isRealDate } from "./dates.js";

/** A date format or time zone that cannot be used. The message says what was found and what is known. */
export class DateFormatError extends Error {
  constructor(message: string) {
    super(message);
    this.name = "DateFormatError";
  }
}

export type Unit = "year" | "month" | "day" | "hour" | "minute" | "second" | "milli" | "offset";

export interface Part {
  readonly unit: Unit | "literal";
  /** Digits at least and at most; of a literal, its length. */
  readonly min: number;
  readonly max: number;
  /** The literal itself, or the letters as written. */
  readonly text: string;
}

const LETTERS: Readonly<Record<string, Omit<Part, "text">>> = {
  yyyy: { unit: "year", min: 4, max: 4 },
  yy: { unit: "year", min: 2, max: 2 },
  M: { unit: "month", min: 1, max: 2 },
  MM: { unit: "month", min: 2, max: 2 },
  MMM: { unit: "month", min: 3, max: 3 },
  d: { unit: "day", min: 1, max: 2 },
  dd: { unit: "day", min: 2, max: 2 },
  H: { unit: "hour", min: 1, max: 2 },
  HH: { unit: "hour", min: 2, max: 2 },
  mm: { unit: "minute", min: 2, max: 2 },
  ss: { unit: "second", min: 2, max: 2 },
  SSS: { unit: "milli", min: 3, max: 3 },
  XXX: { unit: "offset", min: 1, max: 6 },
};

const KNOWN_LETTERS = Object.keys(LETTERS).join(", ");

/** What people write by habit from other programs. */
const OTHER_HABITS: Readonly<Record<string, string>> = {
  Y: "the year is `yyyy`",
  D: "the day is `dd`",
  m: "minutes are `mm`",
  s: "seconds are `ss`",
  h: "hours count to 23 and are `HH`",
  Z: "a zone offset or Z is `XXX`",
};

export const MONTH_NAMES = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/**
 * A reader of dates in any of these formats, tried in order. Letters: `yyyy` `yy` `M` `MM` `MMM` (English, any case) `d` `dd`,
 * and `H` `HH` `mm` `ss` `SSS`, which are checked and dropped; anything else, such as `年` or `/`, stands for itself, and
 * letters do so in single quotes or as `T`. Reading is strict: the whole text must fit, and the day must exist. Two-digit
 * years 00-68 are 2000-2068, and 69-99 are 1969-1999 (POSIX). Throws DateFormatError for a format that cannot work.
 */
export function dateReader(formats: readonly string[]): (text: string) => DateText | null {
  const readers = formats.map((format) => {
    const parts = parseFormat(format);
    if (parts.some((part) => part.unit === "offset")) {
      throw new DateFormatError(`date format \`${format}\` has a zone offset, so what it reads is a moment and not a date`);
    }
    return format === "yyyy-MM-dd" ? readIsoDate : partsReader(parts, dateOfMoment);
  });
  return firstOf(readers);
}

/**
 * A reader of moments, as UTC instants `YYYY-MM-DDTHH:mm:ss.sssZ`. Formats are those of dates, with the time and, as `XXX`,
 * `Z` or `+08:00`; without `XXX` the text is local time in `timeZone` (IANA name). A local time that the zone skips is null;
 * one that it has twice is the earlier. A format without a time reads the start of the day.
 */
export function dateTimeReader(formats: readonly string[], timeZone: string): (text: string) => string | null {
  const offsets = zoneOffsets(timeZone);
  const instant = (moment: Moment): string | null => {
    const local = Date.UTC(moment.year, moment.month - 1, moment.day, moment.hour, moment.minute, moment.second, moment.milli);
    const offset = moment.hasOffset ? moment.offsetMs : offsets.ofLocal(local);
    return offset === null ? null : instantText(local - offset);
  };
  return firstOf(formats.map((format) => partsReader(parseFormat(format), instant)));
}

/** The calendar date of a UTC instant in a time zone. */
export function zonedDateReader(timeZone: string): (instant: string) => DateText | null {
  const offsets = zoneOffsets(timeZone);
  return (instant) => {
    const utc = Date.parse(instant);
    return Number.isNaN(utc) ? null : dateOfDays(Math.floor((utc + offsets.ofInstant(utc)) / DAY_MS));
  };
}

/** Writes dates in a format made of `yyyy` `yy` `M` `MM` `MMM` `d` `dd` and literal characters. */
export function dateWriter(format: string): (date: DateText) => string {
  const parts = splitFormat(format);
  const time = parts.find((part) => part.unit !== "literal" && part.unit !== "year" && part.unit !== "month" && part.unit !== "day");
  if (time !== undefined) throw new DateFormatError(`date format \`${format}\` asks for \`${time.text}\`, and a date has no time`);
  return (date) => {
    let text = "";
    for (const part of parts) text += writePart(part, date);
    return text;
  };
}

function writePart(part: Part, date: DateText): string {
  if (part.unit === "literal") return part.text;
  if (part.unit === "year") return date.slice(4 - part.max, 4);
  const digits = part.unit === "month" ? date.slice(5, 7) : date.slice(8, 10);
  if (part.min === 3) return MONTH_NAMES[+digits - 1] as string;
  return part.min === 1 ? String(+digits) : digits;
}

/** What a format has read so far; one per reader, filled anew for each text. */
interface Moment {
  year: number;
  month: number;
  day: number;
  hour: number;
  minute: number;
  second: number;
  milli: number;
  hasOffset: boolean;
  offsetMs: number;
}

type Reader = (text: string) => string | null;

function firstOf(readers: readonly Reader[]): Reader {
  const [only] = readers;
  if (only !== undefined && readers.length === 1) return only;
  return (text) => {
    for (const reader of readers) {
      const value = reader(text);
      if (value !== null) return value;
    }
    return null;
  };
}

/** The format of almost every file: no parts, and the text itself is the answer. */
function readIsoDate(text: string): DateText | null {
  if (text.length !== 10 || text.charCodeAt(4) !== 45 || text.charCodeAt(7) !== 45) return null;
  const year = digitsAt(text, 0, 4);
  const month = digitsAt(text, 5, 7);
  const day = digitsAt(text, 8, 10);
  return year >= 0 && month >= 0 && day >= 0 && isRealDate(year, month, day) ? text : null;
}

function dateOfMoment(moment: Moment): DateText {
  return formatDate(moment.year, moment.month, moment.day);
}

function partsReader(parts: readonly Part[], finish: (moment: Moment) => string | null): Reader {
  const moment: Moment = { year: 0, month: 0, day: 0, hour: 0, minute: 0, second: 0, milli: 0, hasOffset: false, offsetMs: 0 };
  return (text) => {
    let at = 0;
    for (const part of parts) {
      at = readPart(part, text, at, moment);
      if (at === -1) return null;
    }
    if (at !== text.length || !isRealDate(moment.year, moment.month, moment.day)) return null;
    if (moment.hour > 23 || moment.minute > 59 || moment.second > 59) return null;
    return finish(moment);
  };
}

/** Reads one part from `at` and gives the place behind it, or -1. */
function readPart(part: Part, text: string, at: number, moment: Moment): number {
  if (part.unit === "literal") return text.startsWith(part.text, at) ? at + part.max : -1;
  if (part.unit === "offset") return readOffset(text, at, moment);
  if (part.unit === "month" && part.min === 3) {
    const name = text.slice(at, at + 3).toLowerCase();
    moment.month = MONTH_NAMES.findIndex((each) => each.toLowerCase() === name) + 1;
    return moment.month === 0 ? -1 : at + 3;
  }
  let end = at + part.min;
  let value = digitsAt(text, at, end);
  if (value < 0) return -1;
  while (end < at + part.max) {
    const wider = digitsAt(text, at, end + 1);
    if (wider < 0) break;
    value = wider;
    end += 1;
  }
  if (part.unit === "year") moment.year = part.max === 4 ? value : value <= 68 ? 2000 + value : 1900 + value;
  else moment[part.unit] = value;
  return end;
}

function readOffset(text: string, at: number, moment: Moment): number {
  moment.hasOffset = true;
  const sign = text.charCodeAt(at);
  if (sign === 90) {
    moment.offsetMs = 0;
    return at + 1;
  }
  const hours = digitsAt(text, at + 1, at + 3);
  const minutes = digitsAt(text, at + 4, at + 6);
  if ((sign !== 43 && sign !== 45) || text.charCodeAt(at + 3) !== 58 || hours < 0 || hours > 18 || minutes < 0 || minutes > 59) return -1;
  moment.offsetMs = (sign === 45 ? -1 : 1) * (hours * 60 + minutes) * 60_000;
  return at + 6;
}

/** The number that the characters from `start` to `end` write, or -1 when one is no digit. */
function digitsAt(text: string, start: number, end: number): number {
  if (end > text.length) return -1;
  let value = 0;
  for (let i = start; i < end; i += 1) {
    const digit = text.charCodeAt(i) - 48;
    if (digit < 0 || digit > 9) return -1;
    value = value * 10 + digit;
  }
  return value;
}

/** Formats are few and stand in pipeline files; every reading asks for the same ones again. */
const knownFormats = new Map<string, readonly Part[]>();

/** The parts of a format that must give a whole date. */
export function parseFormat(format: string): readonly Part[] {
  let parts = knownFormats.get(format);
  if (parts === undefined) {
    parts = wholeDate(format);
    knownFormats.set(format, parts);
  }
  return parts;
}

function wholeDate(format: string): readonly Part[] {
  const parts = splitFormat(format);
  for (const unit of ["year", "month", "day"] as const) {
    if (parts.some((part) => part.unit === unit)) continue;
    const minutes = unit === "month" && parts.some((part) => part.unit === "minute") ? "; `mm` is minutes, and the month is `MM`" : "";
    throw new DateFormatError(`date format \`${format}\` has no ${unit}${minutes}`);
  }
  return parts;
}

function splitFormat(format: string): readonly Part[] {
  const parts: Part[] = [];
  const literal = (text: string): void => {
    parts.push({ unit: "literal", min: text.length, max: text.length, text });
  };
  for (const [token] of format.matchAll(/'(?:[^']|'')*'|'|([A-Za-z])\1*|[^A-Za-z']+/g)) {
    const known = LETTERS[token];
    if (known !== undefined) addUnit(parts, { ...known, text: token }, format);
    else if (token === "T") literal(token);
    else if (token === "'") throw new DateFormatError(`date format \`${format}\` has a quote that is never closed`);
    else if (token.startsWith("'")) literal(token === "''" ? "'" : token.slice(1, -1).replaceAll("''", "'"));
    else if (/^[A-Za-z]/.test(token)) {
      const habit = OTHER_HABITS[token.charAt(0)] ?? `known letters are ${KNOWN_LETTERS}, and others go in single quotes`;
      throw new DateFormatError(`date format \`${format}\` has \`${token}\`; ${habit}`);
    } else literal(token);
  }
  return parts;
}

/** A month name or an offset starts with a sign of its own, so digits before it cannot run into it. */
function startsWithoutDigit(part: Part): boolean {
  return part.unit === "offset" || (part.unit === "month" && part.min === 3);
}

function addUnit(parts: Part[], part: Part, format: string): void {
  const before = parts.at(-1);
  if (parts.some((each) => each.unit === part.unit)) throw new DateFormatError(`date format \`${format}\` has the ${part.unit} twice`);
  if (before !== undefined && before.unit !== "literal" && before.min !== before.max && !startsWithoutDigit(part)) {
    throw new DateFormatError(
      `date format \`${format}\` has \`${before.text}\` right before \`${part.text}\`, so digits could belong to either`,
    );
  }
  parts.push(part);
}

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

export interface ZoneOffsets {
  /** Milliseconds to add to UTC to get local time. */
  readonly ofInstant: (utcMs: number) => number;
  /** The same for a local time written as if it were UTC; null when the zone skips it, and the earlier of two. */
  readonly ofLocal: (localMs: number) => number | null;
}

/** One per zone and process: to ask the runtime for a zone takes as long as reading a thousand dates. */
const knownZones = new Map<string, ZoneOffsets>();

export function zoneOffsets(timeZone: string): ZoneOffsets {
  let offsets = knownZones.get(timeZone);
  if (offsets === undefined) {
    offsets = askedOffsets(timeZone);
    knownZones.set(timeZone, offsets);
  }
  return offsets;
}

/** Offsets are asked of the runtime once per hour on the clock, because that costs a hundred times what reading a date does. */
function askedOffsets(timeZone: string): ZoneOffsets {
  const clock = zoneClock(timeZone);
  const exact = (utcMs: number): number => clock(Math.floor(utcMs / 1000) * 1000);
  const exactLocal = (localMs: number): number | null => {
    // A zone changes its clock at most once in two days, so the offsets a day before and after are the only candidates.
    const candidates = [exact(localMs - DAY_MS), exact(localMs + DAY_MS)].filter((offset) => exact(localMs - offset) === offset);
    return candidates.length === 0 ? null : Math.max(...candidates);
  };
  const ofInstant = perHour(exact);
  const ofLocal = perHour(exactLocal);
  return { ofInstant: (utcMs) => ofInstant(utcMs) ?? exact(utcMs), ofLocal };
}

/** Remembers answers that hold from the first to the last millisecond of an hour. */
function perHour(exact: (ms: number) => number | null): (ms: number) => number | null {
  const known = new Map<number, number>();
  let lastHour = Number.NaN;
  let lastOffset = 0;
  return (ms) => {
    const hour = Math.floor(ms / HOUR_MS);
    if (hour === lastHour) return lastOffset;
    let offset = known.get(hour);
    if (offset === undefined) {
      const first = exact(hour * HOUR_MS);
      if (first === null || first !== exact(hour * HOUR_MS + HOUR_MS - 1)) return exact(ms);
      offset = first;
      known.set(hour, offset);
    }
    lastHour = hour;
    lastOffset = offset;
    return offset;
  };
}

function zoneClock(timeZone: string): (utcMs: number) => number {
  let format: Intl.DateTimeFormat;
  try {
    const twoDigits = { month: "2-digit", day: "2-digit", hour: "2-digit", minute: "2-digit", second: "2-digit" } as const;
    format = new Intl.DateTimeFormat("en-US", { timeZone, hourCycle: "h23", year: "numeric", ...twoDigits });
  } catch {
    throw new DateFormatError(`there is no time zone \`${timeZone}\`; names are those of the IANA database, such as \`Asia/Shanghai\``);
  }
  return (utcMs) => {
    const digits = format.format(utcMs).match(/\d+/g) ?? [];
    const [month = 1, day = 1, year = 0, hour = 0, minute = 0, second = 0] = digits.map(Number);
    return Date.UTC(year, month - 1, day, hour, minute, second) - utcMs;
  };
}

/** `YYYY-MM-DDTHH:mm:ss.sssZ`, or null outside the years 1000 to 9999. Several times faster than Date, which every record would pass. */
function instantText(utcMs: number): string | null {
  const date = dateOfDays(Math.floor(utcMs / DAY_MS));
  if (date === null) return null;
  const inDay = utcMs - Math.floor(utcMs / DAY_MS) * DAY_MS;
  const seconds = Math.floor(inDay / 1000);
  const milli = inDay - seconds * 1000;
  const minutes = Math.floor(seconds / 60);
  const hours = Math.floor(minutes / 60);
  const padded = milli < 10 ? `00${milli}` : milli < 100 ? `0${milli}` : `${milli}`;
  return `${date}T${TWO_DIGITS[hours]}:${TWO_DIGITS[minutes % 60]}:${TWO_DIGITS[seconds % 60]}.${padded}Z`;
}

const TWO_DIGITS = Array.from({ length: 60 }, (_, value) => String(value).padStart(2, "0"));

/** The last day asked for: records mostly come in the order of their dates. */
let lastDays = Number.NaN;
let lastDate: DateText | null = null;

/** The date so many days after 1970-01-01. */
function dateOfDays(days: number): DateText | null {
  if (days === lastDays) return lastDate;
  const date = new Date(days * DAY_MS);
  const year = date.getUTCFullYear();
  lastDays = days;
  lastDate = year >= 1000 && year <= 9999 ? formatDate(year, date.getUTCMonth() + 1, date.getUTCDate()) : null;
  return lastDate;
}
