import { type Calendar, DAY_RULE_FORMS, type DayRange, parseDayRange, parseDayRule } from "../model/calendar.js";
import { parseCron, shortestGap } from "../model/cron.js";
import { type Problem, problem } from "../model/problem.js";
import type { Schedule, WrittenRule } from "../model/schedule.js";
import { listNames, nearest } from "./nearest.js";
import type { PipelineFile, ProjectFile } from "./schema.js";
import { child, childScalar, type MapTree, placeInText, placeOf, type ScalarTree, scalarsOf, type Tree } from "./tree.js";

const UNIT_MS = { s: 1000, m: 60_000, h: 3_600_000 } as const;

/** The days that the project names as holidays, and as worked. */
export function readCalendar(tree: MapTree, given: ProjectFile["calendar"], problems: Problem[]): Calendar {
  const written = child(tree, "calendar");
  const ranges = (key: "holidays" | "workdays"): DayRange[] =>
    given?.[key] === undefined ? [] : scalarsOf(child(written, key)).flatMap((each) => dayRange(each, problems));
  return { holidays: ranges("holidays"), workdays: ranges("workdays") };
}

function dayRange(written: ScalarTree, problems: Problem[]): DayRange[] {
  const range = parseDayRange(written.text);
  if (range !== null) return [range];
  const message = `\`${written.text}\` names no days; expected a date, or two with \`..\` between them`;
  const hint = "write `2026-10-01`, `2026-10-01..2026-10-08`, or `12-25` for every year";
  problems.push(problem("CONFIG_WRONG_VALUE", message, placeOf(written), hint));
  return [];
}

/** When the pipeline runs; null where it does not say. */
export function readSchedule(
  tree: MapTree,
  given: PipelineFile["schedule"],
  project: { readonly timeZone: string; readonly calendar: Calendar },
  problems: Problem[],
): Schedule | null {
  const written = child(tree, "schedule");
  const expression = childScalar(written, "cron");
  if (given === undefined || expression === undefined) return null;
  const zone = childScalar(written, "timeZone");
  if (zone !== undefined) checkTimeZone(zone, problems);
  const only = given.only === undefined ? null : rules(child(written, "only"), problems);
  const except = rules(child(written, "except"), problems);
  const read = parseCron(expression.text);
  if ("fault" in read) {
    const { message, hint, start, end } = read.fault;
    problems.push(problem("CONFIG_WRONG_VALUE", message, placeInText(expression, start, end), hint));
    return null;
  }
  const jitterMs = durationMs(given.jitter ?? "0s");
  const gap = shortestGap(read.cron);
  const jitter = childScalar(written, "jitter");
  if (jitter !== undefined && jitterMs >= gap * 60_000) {
    const message = `\`jitter\` is \`${jitter.text}\`, and runs come within ${gap} ${gap === 1 ? "minute" : "minutes"} of each other`;
    problems.push(
      problem("CONFIG_WRONG_VALUE", message, placeOf(jitter), "choose a jitter that is shorter than the time between two runs"),
    );
  }
  return { cron: read.cron, timeZone: given.timeZone ?? project.timeZone, only, except, jitterMs, calendar: project.calendar };
}

function rules(tree: Tree | undefined, problems: Problem[]): WrittenRule[] {
  return scalarsOf(tree).flatMap((written) => {
    const rule = parseDayRule(written.text);
    if (rule !== null) return [{ text: written.text, rule }];
    const close = nearest(written.text, DAY_RULE_FORMS);
    const hint = close === null ? `such as ${listNames(DAY_RULE_FORMS)}` : `did you mean \`${close}\`?`;
    problems.push(problem("CONFIG_WRONG_VALUE", `\`${written.text}\` is no rule for days`, placeOf(written), hint));
    return [];
  });
}

/** A zone that this machine knows, by its IANA name. */
export function checkTimeZone(written: ScalarTree, problems: Problem[]): void {
  const timeZone = written.text;
  try {
    new Intl.DateTimeFormat("en", { timeZone });
  } catch {
    const close = nearest(timeZone, Intl.supportedValuesOf("timeZone"));
    const hint = close === null ? "names look like `Asia/Shanghai`" : `did you mean \`${close}\`?`;
    problems.push(problem("CONFIG_WRONG_VALUE", `unknown time zone \`${timeZone}\`; expected an IANA name`, placeOf(written), hint));
  }
}

/** `90s`, `15m`, `2h`, as the schema lets it be written. */
function durationMs(text: string): number {
  return Number(text.slice(0, -1)) * UNIT_MS[text.slice(-1) as keyof typeof UNIT_MS];
}
