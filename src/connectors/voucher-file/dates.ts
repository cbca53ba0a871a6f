import { type DateText, daysBetween } from "../../model/dates.js";

const TOKENS = /yyyy|MM|dd|M|d/g;

/** True for a format of year, month and day with signs between them, such as `yyyy/M/d` or `yyyy年M月d日`. */
export function isDateFormat(format: string): boolean {
  const parts = format.match(TOKENS) ?? [];
  const rest = format.replace(TOKENS, "");
  const kinds = parts.map((part) => part[0]).sort();
  return kinds.join("") === "Mdy" && !/[A-Za-z0-9]/.test(rest);
}

export function writeDate(date: DateText, format: string): string {
  const [year = "", month = "", day = ""] = date.split("-");
  const values: Readonly<Record<string, string>> = { yyyy: year, MM: month, dd: day, M: String(Number(month)), d: String(Number(day)) };
  return format.replace(TOKENS, (token) => values[token] as string);
}

/** The day as a workbook counts it: 1 is 1900-01-01, and a 29 February 1900 is counted that never was (ECMA-376 part 1, 18.17.4). */
export function serialOf(date: DateText): number {
  return daysBetween("1899-12-30", date);
}

/** The day it is in a time zone. */
export function dayIn(timeZone: string, now: Date): DateText {
  const format = new Intl.DateTimeFormat("en-CA", { timeZone, year: "numeric", month: "2-digit", day: "2-digit" });
  const parts = new Map(format.formatToParts(now).map(({ type, value }) => [type, value]));
  return `${parts.get("year")}-${parts.get("month")}-${parts.get("day")}`;
}
