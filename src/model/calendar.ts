import { addDays, type DateText, daysBetween, isDateText, isRealDate } from "./dates.js";

/** Days from the first to the last, both included: dates `YYYY-MM-DD`, or `MM-DD` of every year, where the last may lie in the next one. */
export interface DayRange {
  readonly from: string;
  readonly to: string;
}

/** What is worked beside Monday to Friday, and what is not. */
export interface Calendar {
  readonly holidays: readonly DayRange[];
  /** Worked although a weekend (调休); these win over holidays. */
  readonly workdays: readonly DayRange[];
}

export type Span = "month" | "quarter" | "year";

/** Some days, in the words of a schedule. */
export type DayRule =
  | { readonly kind: "dates"; readonly range: DayRange }
  | { readonly kind: "worked"; readonly worked: boolean }
  /** The first or last days, or days worked, of each month, quarter or year. */
  | { readonly kind: "edge"; readonly edge: "first" | "last"; readonly count: number; readonly worked: boolean; readonly of: Span }
  /** One day worked, counted from the first. */
  | { readonly kind: "workday"; readonly number: number; readonly of: Span };

/** The forms a rule can have, for messages. */
export const DAY_RULE_FORMS = [
  "workdays",
  "days off",
  "last day of month",
  "first 3 workdays of quarter",
  "workday 3 of month",
  "2026-10-01",
  "2026-10-01..2026-10-08",
  "12-25",
] as const;

/** Reads one rule; null when it is none. */
export function parseDayRule(text: string): DayRule | null {
  const words = text.trim().toLowerCase().replace(/\s+/g, " ");
  if (words === "workdays") return { kind: "worked", worked: true };
  if (words === "days off") return { kind: "worked", worked: false };
  const edge = /^(first|last)(?: (\d{1,2}))? (day|workday)s? of (month|quarter|year)$/.exec(words);
  if (edge !== null) {
    const [, side, count = "1", unit, of] = edge;
    if (Number(count) === 0) return null;
    return { kind: "edge", edge: side as "first" | "last", count: Number(count), worked: unit === "workday", of: of as Span };
  }
  const workday = /^workday ([1-9]\d?) of (month|quarter|year)$/.exec(words);
  if (workday !== null) return { kind: "workday", number: Number(workday[1]), of: workday[2] as Span };
  const range = parseDayRange(words);
  return range === null ? null : { kind: "dates", range };
}

/** `2026-10-01`, `2026-10-01..2026-10-08`, `12-25`, `12-24..01-02`; null when it is none of these, or no such day exists. */
export function parseDayRange(text: string): DayRange | null {
  const [from = "", to = from, more] = text.trim().split(/\s*\.\.\s*/);
  if (more !== undefined) return null;
  if (isDateText(from) && isDateText(to)) return from <= to ? { from, to } : null;
  return isDayOfYear(from) && isDayOfYear(to) ? { from, to } : null;
}

function isDayOfYear(text: string): boolean {
  return /^\d{2}-\d{2}$/.test(text) && isRealDate(2000, +text.slice(0, 2), +text.slice(3, 5));
}

export function isInRange(day: DateText, { from, to }: DayRange): boolean {
  if (from.length > 5) return from <= day && day <= to;
  const ofYear = day.slice(5);
  return from <= to ? from <= ofYear && ofYear <= to : from <= ofYear || ofYear <= to;
}

export function isWorkday(day: DateText, { holidays, workdays }: Calendar): boolean {
  if (workdays.some((range) => isInRange(day, range))) return true;
  const weekday = weekdayOf(day);
  return weekday !== 0 && weekday !== 6 && !holidays.some((range) => isInRange(day, range));
}

/** Sunday is 0. */
export function weekdayOf(day: DateText): number {
  // 1970-01-01 was a Thursday.
  return (((daysBetween("1970-01-01", day) + 4) % 7) + 7) % 7;
}

export function fitsRule(day: DateText, rule: DayRule, calendar: Calendar): boolean {
  switch (rule.kind) {
    case "dates":
      return isInRange(day, rule.range);
    case "worked":
      return isWorkday(day, calendar) === rule.worked;
    case "edge":
      if (rule.worked && !isWorkday(day, calendar)) return false;
      return rankOf(day, rule.of, rule.edge === "first" ? -1 : 1, rule.worked, calendar, rule.count) <= rule.count;
    case "workday":
      return isWorkday(day, calendar) && rankOf(day, rule.of, -1, true, calendar, rule.number) === rule.number;
  }
}

/** Which day it is of its span, counted from the first (`step` -1) or from the last (`step` 1); counting ends when it is past `most`. */
function rankOf(day: DateText, of: Span, step: -1 | 1, worked: boolean, calendar: Calendar, most: number): number {
  let rank = 1;
  for (let other = addDays(day, step); other !== null && spanOf(other, of) === spanOf(day, of); other = addDays(other, step)) {
    if (!worked || isWorkday(other, calendar)) rank += 1;
    if (rank > most) break;
  }
  return rank;
}

function spanOf(day: DateText, of: Span): string {
  if (of === "month") return day.slice(0, 7);
  return of === "year" ? day.slice(0, 4) : `${day.slice(0, 4)} ${Math.ceil(+day.slice(5, 7) / 3)}`;
}
