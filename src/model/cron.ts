/** When in the day and on which days, as the five fields of cron say it. Each list is sorted. */
export interface Cron {
  /** As every cron reads it: months and days of the week are numbers, Sunday is 0. */
  readonly text: string;
  readonly minutes: readonly number[];
  readonly hours: readonly number[];
  readonly days: readonly number[];
  /** From 1. */
  readonly months: readonly number[];
  readonly weekdays: readonly number[];
}

/** What is wrong with an expression, and where in its text. */
export interface CronFault {
  readonly message: string;
  readonly hint: string;
  readonly start: number;
  readonly end: number;
}

interface FieldRule {
  readonly name: string;
  readonly from: number;
  readonly to: number;
  /** Names from `from` on. */
  readonly names: readonly string[];
}

const MONTHS = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];
const WEEKDAYS = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"];
const LONGEST_MONTHS = [31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];

const FIELDS: readonly [FieldRule, FieldRule, FieldRule, FieldRule, FieldRule] = [
  { name: "minute", from: 0, to: 59, names: [] },
  { name: "hour", from: 0, to: 23, names: [] },
  { name: "day of month", from: 1, to: 31, names: [] },
  { name: "month", from: 1, to: 12, names: MONTHS },
  // Both 0 and 7 are Sunday.
  { name: "day of week", from: 0, to: 7, names: WEEKDAYS },
];

const EXAMPLE = "`30 2 * * *` is every day at 02:30";

/**
 * Reads what every cron understands, and no more: five fields of numbers, names, `*`, lists, ranges and steps. Dialects differ in
 * `L`, `W`, `#` and nicknames, and in what it means when both kinds of day are given, so these are said with calendar rules.
 */
export function parseCron(text: string): { readonly cron: Cron } | { readonly fault: CronFault } {
  const fields = [...text.matchAll(/\S+/g)].map((match) => ({ text: match[0], start: match.index }));
  if (fields.length !== FIELDS.length) {
    const message = `\`${text}\` has ${fields.length} ${fields.length === 1 ? "field" : "fields"}; expected five: minute, hour, day of month, month, day of week`;
    return { fault: { message, hint: EXAMPLE, start: 0, end: text.length } };
  }
  const lists: number[][] = [];
  for (const [index, rule] of FIELDS.entries()) {
    const field = fields[index] as { text: string; start: number };
    const read = readField(field.text, rule);
    if (typeof read === "string") return { fault: faultAt(field, read, hintFor(field.text, rule)) };
    lists.push(read);
  }
  const [minutes, hours, days, months, weekdays] = lists as [number[], number[], number[], number[], number[]];
  const [, , dayField, , weekdayField] = fields as [Part, Part, Part, Part, Part];
  if (dayField.text !== "*" && weekdayField.text !== "*") {
    const message = "both a day of the month and a day of the week are given, which means either of them in one cron and both in another";
    return { fault: faultAt(weekdayField, message, "give one of them here, and say the other under `only` or `except`") };
  }
  if (months.every((month) => (days[0] as number) > (LONGEST_MONTHS[month - 1] as number))) {
    return { fault: faultAt(dayField, `no month that is named has a day ${days[0]}`, "`only: last day of month` is the last one of each") };
  }
  const written = [...fields.slice(0, 3).map((field) => field.text), listed(months, 12), listed(weekdays, 7)].join(" ");
  return { cron: { text: written, minutes, hours, days, months, weekdays } };
}

type Part = { readonly text: string; readonly start: number };

function faultAt({ text, start }: Part, message: string, hint: string): CronFault {
  return { message, hint, start, end: start + text.length };
}

/** The numbers a field stands for, or what is wrong with it. */
function readField(text: string, rule: FieldRule): number[] | string {
  const numbers = new Set<number>();
  for (const part of text.split(",")) {
    const [, range = "", step] = /^([^/]+)(?:\/(\d{1,2}))?$/.exec(part) ?? [];
    const bounds: (number | null)[] = range === "*" ? [rule.from, rule.to] : range.split("-").map((each) => numberOf(each, rule));
    const [first, last, more] = bounds;
    if (first === undefined || first === null || last === null || more !== undefined) return notAValue(text, part, rule);
    if (step !== undefined && (last === undefined || Number(step) === 0)) return notAValue(text, part, rule);
    const to = last ?? first;
    if (first > to) return `the ${rule.name} \`${part}\` runs backwards`;
    for (let value = first; value <= to; value += Number(step ?? 1)) numbers.add(rule.names === WEEKDAYS ? value % 7 : value);
  }
  return [...numbers].sort((a, b) => a - b);
}

function notAValue(text: string, part: string, { name, from, to, names }: FieldRule): string {
  const shown = part === text ? `\`${text}\`` : `\`${part}\` in \`${text}\``;
  const also = names.length === 0 ? "" : ` or \`${names[0]}\` to \`${names.at(-1)}\``;
  return `${shown} is no ${name}; expected \`*\`, or ${from} to ${to}${also}, with \`,\`, \`-\` and \`/\``;
}

function numberOf(text: string, { from, to, names }: FieldRule): number | null {
  const name = names.indexOf(text.toLowerCase());
  const value = name === -1 ? (/^\d{1,2}$/.test(text) ? Number(text) : -1) : name + from;
  return value >= from && value <= to ? value : null;
}

function hintFor(text: string, { name }: FieldRule): string {
  if (name === "day of month" && /^L|W/i.test(text)) return "say it under `only`: `last day of month`, `last workday of month`";
  if (name === "day of week" && /[L#]/i.test(text)) return "say it under `only`: `first 7 days of month`, `last 7 days of month`";
  return EXAMPLE;
}

/** `*`, or numbers and ranges. */
function listed(numbers: readonly number[], all: number): string {
  if (numbers.length === all) return "*";
  return runsOf(numbers)
    .map(([from, to]) => (from === to ? `${from}` : to === from + 1 ? `${from},${to}` : `${from}-${to}`))
    .join(",");
}

/** Sorted numbers as stretches without a gap. */
export function runsOf(numbers: readonly number[]): [number, number][] {
  const runs: [number, number][] = [];
  for (const each of numbers) {
    const last = runs.at(-1);
    if (last !== undefined && last[1] === each - 1) last[1] = each;
    else runs.push([each, each]);
  }
  return runs;
}

/** The shortest time between two runs, in minutes, where each day has some. */
export function shortestGap({ hours, minutes }: Cron): number {
  const times = hours.flatMap((hour) => minutes.map((minute) => hour * 60 + minute));
  const day = 24 * 60;
  return Math.min(...times.map((time, index) => (times[index + 1] ?? (times[0] as number) + day) - time));
}
