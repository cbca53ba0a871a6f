import type { Pipeline } from "../config/pipeline.js";
import { dueRun, jitterLeft, nextRuns, type Schedule } from "../model/schedule.js";
import { wallClock } from "../model/wall-clock.js";
import type { Store } from "../store/store.js";
import { lastRun } from "./last-run.js";
import type { NotDue } from "./render/run-many.js";

export interface Scheduled extends Pipeline {
  readonly schedule: Schedule;
}

/** How far the clock of this machine may be behind the one that started the command. */
const SKEW_MS = 60_000;
/** A pipeline that never ran is not run for something that was due before this. */
const FIRST_MS = 12 * 3_600_000;
/** A run that lies further in the future was made under a wrong clock, and says nothing. */
const FUTURE_MS = 24 * 3_600_000;

/**
 * Pipelines that one `after` links and that have the same schedule belong together: they run in order, as one, and their jitter is that of
 * the first. Given and returned in the order in which they run.
 */
export function scheduleGroups(pipelines: readonly Pipeline[]): (readonly [Scheduled, ...Scheduled[]])[] {
  let groups: [Scheduled, ...Scheduled[]][] = [];
  for (const pipeline of pipelines.filter(isScheduled)) {
    const linked = groups.filter((group) => same(group[0], pipeline) && group.some(({ name }) => pipeline.after.includes(name)));
    const [first, ...rest] = [...linked.flat(), pipeline].sort((a, b) => pipelines.indexOf(a) - pipelines.indexOf(b));
    groups = [...groups.filter((group) => !linked.includes(group)), [first as Scheduled, ...rest]];
  }
  return groups;
}

function isScheduled(pipeline: Pipeline): pipeline is Scheduled {
  return pipeline.schedule !== null;
}

function same({ schedule: a }: Scheduled, { schedule: b }: Scheduled): boolean {
  const text = ({ cron, timeZone, only, except, jitterMs }: Schedule): string =>
    JSON.stringify([cron.text, timeZone, only?.map((each) => each.text), except.map((each) => each.text), jitterMs]);
  return text(a) === text(b);
}

/** The name by which the jitter of a pipeline is fixed. */
export function jitterName(pipeline: Pipeline, all: readonly Pipeline[]): string {
  return scheduleGroups(all).find((group) => group.some(({ name }) => name === pipeline.name))?.[0].name ?? pipeline.name;
}

/**
 * When the last run of a pipeline began, in ms since 1970, whatever came of it; null when there is none. One that was broken off, or died, is
 * still to be made, and one in the far future was made under a wrong clock.
 */
export function lastBegun(store: Store, pipeline: string, now: Date): number | null {
  const latest = now.getTime() + FUTURE_MS;
  const last = lastRun(
    store,
    pipeline,
    ({ kind, status, startedAt }) => kind === "run" && !["running", "interrupted"].includes(status) && Date.parse(startedAt) <= latest,
  );
  return last === null ? null : Date.parse(last.startedAt);
}

/** Why a pipeline is not to be run now, by its schedule; null where a run is due and was not made. The jitter does not count. */
export function notDue(pipeline: Pipeline, all: readonly Pipeline[], store: Store, now: Date): NotDue | null {
  if (!isScheduled(pipeline)) return { isScheduled: false, next: null };
  const { schedule } = pipeline;
  if (missedRun(pipeline, store, now) !== null) return null;
  const [next] = nextRuns(schedule, jitterName(pipeline, all), now, 1);
  return { isScheduled: true, next: next === undefined ? null : shownTime(next, schedule.timeZone) };
}

/** The latest run that should have begun and was not made, by the clock alone, in ms since 1970; null where nothing is missing. */
function missedRun({ name, schedule }: Scheduled, store: Store, now: Date): number | null {
  const due = dueRun(schedule, null, new Date(now.getTime() + SKEW_MS));
  if (due === null) return null;
  const last = lastBegun(store, name, now);
  return (last === null ? due >= now.getTime() - FIRST_MS : last < due - SKEW_MS) ? due : null;
}

/** What is to come of a pipeline that has a schedule. */
export interface Coming {
  /** The next run, with the jitter in it; null where the rules have no more days. */
  readonly next: Date | null;
  /** Since when a run is due that nobody made; the time that its jitter may take is over. */
  readonly dueSince: Date | null;
}

/** Null where the pipeline has no schedule. Without a store, nothing was ever run, and nothing is known to be missing. */
export function comingRun(pipeline: Pipeline, all: readonly Pipeline[], store: Store | null, now: Date): Coming | null {
  if (!isScheduled(pipeline)) return null;
  const { schedule } = pipeline;
  const missed = store === null || !store.pipelineNames().includes(pipeline.name) ? null : missedRun(pipeline, store, now);
  const isOver = missed !== null && missed + schedule.jitterMs <= now.getTime();
  return { next: nextRuns(schedule, jitterName(pipeline, all), now, 1)[0] ?? null, dueSince: isOver ? new Date(missed) : null };
}

/** How long to wait, in ms, until the jitter of the run that is due is over. */
export function waitOf(pipeline: Pipeline, all: readonly Pipeline[], now: Date): number {
  return isScheduled(pipeline) ? jitterLeft(pipeline.schedule, jitterName(pipeline, all), now) : 0;
}

const WEEKDAYS = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"];

/** `Mon 2026-11-30 02:30 +08:00`, with seconds where there are some. */
export function shownTime(at: Date, timeZone: string): string {
  const { date, time, offset } = wallClock(at, timeZone);
  return `${WEEKDAYS[new Date(`${date}T00:00:00Z`).getUTCDay()]} ${date} ${time.replace(/:00$/, "")} ${offset}`;
}
