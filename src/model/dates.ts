/** An accounting date, `YYYY-MM-DD`; it has no time and no zone. */
export type DateText = string;
/** An accounting period, `YYYY-MM`. */
export type Period = string;

const MONTH_DAYS = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];

function isLeapYear(year: number): boolean {
  return (year % 4 === 0 && year % 100 !== 0) || year % 400 === 0;
}

/** The number of days of a month; `month` counts from 1. */
function daysInMonth(year: number, month: number): number {
  return month === 2 && isLeapYear(year) ? 29 : (MONTH_DAYS[month - 1] ?? 0);
}

/** True for a day that exists, in years 1000 to 9999. */
export function isRealDate(year: number, month: number, day: number): boolean {
  return year >= 1000 && year <= 9999 && month >= 1 && month <= 12 && day >= 1 && day <= daysInMonth(year, month);
}

export function formatDate(year: number, month: number, day: number): DateText {
  return `${year}-${month < 10 ? "0" : ""}${month}-${day < 10 ? "0" : ""}${day}`;
}

/** True for `YYYY-MM-DD` of a day that exists. */
export function isDateText(text: string): boolean {
  return /^\d{4}-\d{2}-\d{2}$/.test(text) && isRealDate(+text.slice(0, 4), +text.slice(5, 7), +text.slice(8, 10));
}

/** True for `YYYY-MM`. */
export function isPeriod(text: string): boolean {
  return /^\d{4}-(0[1-9]|1[0-2])$/.test(text);
}

export function periodOf(date: DateText): Period {
  return date.slice(0, 7);
}

/** The last day of the month of `date`. */
export function monthEnd(date: DateText): DateText {
  const year = +date.slice(0, 4);
  const month = +date.slice(5, 7);
  return formatDate(year, month, daysInMonth(year, month));
}

/** The date `days` later (earlier when negative), or null when it leaves the years 1000 to 9999. */
export function addDays(date: DateText, days: number): DateText | null {
  const moved = new Date(Date.UTC(+date.slice(0, 4), +date.slice(5, 7) - 1, +date.slice(8, 10)) + days * 86_400_000);
  const year = moved.getUTCFullYear();
  return Number.isNaN(year) || year < 1000 || year > 9999 ? null : formatDate(year, moved.getUTCMonth() + 1, moved.getUTCDate());
}

/** The same day `months` later, or the last day of that month when it has no such day; null outside the years 1000 to 9999. */
export function addMonths(date: DateText, months: number): DateText | null {
  const index = +date.slice(0, 4) * 12 + (+date.slice(5, 7) - 1) + months;
  const year = Math.floor(index / 12);
  if (!(year >= 1000 && year <= 9999)) return null;
  const month = index - year * 12 + 1;
  return formatDate(year, month, Math.min(+date.slice(8, 10), daysInMonth(year, month)));
}

/** Whole days from `from` to `to`; negative when `to` is earlier. */
export function daysBetween(from: DateText, to: DateText): number {
  const day = (date: DateText): number => Date.UTC(+date.slice(0, 4), +date.slice(5, 7) - 1, +date.slice(8, 10)) / 86_400_000;
  return day(to) - day(from);
}
