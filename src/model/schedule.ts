import { createHash } from "node:crypto";
import { Cron as Croner } from "croner";
import { type Calendar, type DayRule, fitsRule, weekdayOf } from "./calendar.js";
import type { Cron } from "./cron.js";
import { addDays, type DateText } from "./dates.js";
import { wallClock } from "./wall-clock.js";

/** When a pipeline runs. */
export interface Schedule {
  readonly cron: Cron;
  /** IANA name. */
  readonly timeZone: string;
  /** The days that have runs; null: all of them. */
  readonly only: readonly WrittenRule[] | null;
  /** The days on which nothing is run, not even what was missed before. */
  readonly except: readonly WrittenRule[];
  /** Each day's runs are later by less than this, by the same each time one asks. */
  readonly jitterMs: number;
  readonly calendar: Calendar;
}

export interface WrittenRule {
  readonly text: string;
  readonly rule: DayRule;
}

/** Further than this, nothing is looked for: a rule may name days that are all past. */
const MOST_DAYS = 4 * 366;

/**
 * The latest run that should have begun by `now`, as an instant in ms since 1970; null when there is none, or when nothing is run today.
 * With `jitterOf` null, the jitter is left out, because whoever starts the runs adds it.
 */
export function dueRun(schedule: Schedule, jitterOf: string | null, now: Date): number | null {
  if (isLeftOut(schedule, wallClock(now, schedule.timeZone).date)) return null;
  for (let at = runBefore(schedule, now.getTime() + 1); at !== null; at = runBefore(schedule, at)) {
    const due = at + jitterAt(schedule, jitterOf, at);
    if (due <= now.getTime()) return due;
  }
  return null;
}

/** The next runs after `from`, in order; fewer where the rules have no more days. */
export function nextRuns(schedule: Schedule, jitterOf: string | null, from: Date, count: number): Date[] {
  const found: Date[] = [];
  // One that is due by the clock alone may still wait for its jitter.
  let at = runBefore(schedule, from.getTime() + 1) ?? runAfter(schedule, from.getTime());
  for (; at !== null && found.length < count; at = runAfter(schedule, at)) {
    const due = at + jitterAt(schedule, jitterOf, at);
    if (due > from.getTime()) found.push(new Date(due));
  }
  return found;
}

/** How much later the run of `at` begins: whole seconds, less than the jitter, by a hash of the name and the day. */
function jitterAt({ jitterMs, timeZone }: Schedule, name: string | null, at: number): number {
  if (name === null || jitterMs < 1000) return 0;
  const day = wallClock(new Date(at), timeZone).date;
  const hash = createHash("sha256").update(`${name}\n${day}`).digest().readUIntBE(0, 6);
  return (hash % Math.floor(jitterMs / 1000)) * 1000;
}

/** The wait that the jitter still asks for at `now`, in ms, of the run that is due by the clock alone. */
export function jitterLeft(schedule: Schedule, jitterOf: string, now: Date): number {
  const at = runBefore(schedule, now.getTime() + 1);
  return at === null ? 0 : Math.max(0, at + jitterAt(schedule, jitterOf, at) - now.getTime());
}

/** True on a day that `except` names. */
function isLeftOut({ except, calendar }: Schedule, day: DateText): boolean {
  return except.some(({ rule }) => fitsRule(day, rule, calendar));
}

/** True on a day that has runs. */
function hasRuns(schedule: Schedule, day: DateText): boolean {
  const { cron, only, calendar } = schedule;
  const fits = cron.months.includes(+day.slice(5, 7)) && cron.days.includes(+day.slice(8, 10)) && cron.weekdays.includes(weekdayOf(day));
  return fits && (only === null || only.some(({ rule }) => fitsRule(day, rule, calendar))) && !isLeftOut(schedule, day);
}

function runAfter(schedule: Schedule, from: number): number | null {
  const clock = clockOf(schedule);
  let at = clock.nextRun(new Date(from));
  // Only days that have runs are asked about: the search within a day is slow.
  for (let left = MOST_DAYS; at !== null; ) {
    let day: DateText | null = wallClock(at, schedule.timeZone).date;
    if (hasRuns(schedule, day)) return at.getTime();
    while (day !== null && !hasRuns(schedule, day) && left > 0) {
      day = addDays(day, 1);
      left -= 1;
    }
    const before = day === null || left === 0 ? null : addDays(day, -1);
    at = before === null ? null : clock.nextRun(`${before}T23:59:59`);
  }
  return null;
}

function runBefore(schedule: Schedule, from: number): number | null {
  const clock = clockOf(schedule);
  let at = clock.previousRuns(1, new Date(from))[0] ?? null;
  for (let left = MOST_DAYS; at !== null; ) {
    let day: DateText | null = wallClock(at, schedule.timeZone).date;
    if (hasRuns(schedule, day)) return at.getTime();
    while (day !== null && !hasRuns(schedule, day) && left > 0) {
      day = addDays(day, -1);
      left -= 1;
    }
    const after = day === null || left === 0 ? null : addDays(day, 1);
    at = after === null ? null : (clock.previousRuns(1, `${after}T00:00:00`)[0] ?? null);
  }
  return null;
}

/**
 * Clocks that are put forward and back: a run at a fixed time within the hour that is left out begins when the clock has jumped, and one within
 * the hour that comes twice begins once, the first time. Runs in every hour (`*`) follow the hours as they come.
 */
function clockOf({ cron, timeZone }: Schedule): Croner {
  return new Croner(cron.text, { timezone: timeZone, mode: "5-part", fixedTimeRule: "no-wildcard" });
}
