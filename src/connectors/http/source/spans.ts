import { DateFormatError, dateTimeReader } from "../../../model/date-formats.js";
import { addZonedDays, momentWriter, type Step, startOfDay } from "../../../model/moment-formats.js";
import { ProblemError, problem } from "../../../model/problem.js";
import { durationMs } from "../../files/duration.js";
import { refuseOption } from "../action.js";
import type { SinceOptions } from "./options.js";

const DAY_MS = 86_400_000;

/** What one unit asks for. */
export interface Span {
  /** As the request writes them; null where the request has none. */
  readonly since: string | null;
  readonly until: string | null;
  /** For the name of the unit; empty where there is only one. */
  readonly name: string;
  /** In milliseconds since 1970; null where it is not bounded by times. */
  readonly reach: Reach | null;
}

interface Reach {
  readonly from: number;
  readonly to: number;
  /** It ends where the whole reading ends. */
  readonly isLast: boolean;
}

/** Cuts what is to be read into spans, in order, so that nothing lies between two of them. */
export interface Spans {
  /** `cursor` is the position that the pipeline has reached; null at the very first reading. Throws ProblemError for one of another kind. */
  all(cursor: string | null, now: Date): readonly Span[];
  /** The span in two halves; null where it is as short as it may be. */
  halves(span: Span): readonly [Span, Span] | null;
}

const WHOLE: Span = { since: null, until: null, name: "", reach: null };
/** For sources that always read everything. */
export const WITHOUT_SINCE: Spans = { all: () => [WHOLE], halves: () => null };

/** `usesUntil`: the request has `$.until`. Throws ProblemError for options that cannot be used. */
export function compileSpans(options: SinceOptions, projectTimeZone: string, usesUntil: boolean): Spans {
  const { format, most } = options;
  if (most !== undefined && !usesUntil)
    refuseOption("CONFIG_MISSING_KEY", "`since.most` needs `$.until` in the request", "without it every request reads up to now");
  if (format !== "number" && format !== "text") return new TimeSpans(options, projectTimeZone, usesUntil);
  if (usesUntil || most !== undefined || options.halve !== undefined)
    refuseOption(
      "CONFIG_WRONG_VALUE",
      `\`since.format\` is \`${format}\`, which has no \`$.until\``,
      "spans are for times; leave out `most`, `halve` and `$.until`",
    );
  return {
    halves: () => null,
    all: (cursor) => {
      const value = cursor === null ? options.start : format === "text" ? cursor : numberOf(cursor);
      return [{ since: value, until: null, name: ` from ${value}`, reach: null }];
    },
  };
}

function numberOf(cursor: string): string {
  return /^\d{40}(\.\d+)?$/.test(cursor) ? cursor.replace(/^0+(?=\d)/, "") : wrongCursor(cursor, "number");
}

interface Writer {
  readonly step: Step;
  readonly write: (utcMs: number) => string;
  readonly writeFrom: (utcMs: number) => string;
}

class TimeSpans implements Spans {
  private readonly zone: string;
  private readonly writer: Writer;
  private readonly start: number;
  private readonly lag: number;
  private readonly overlap: number;

  constructor(
    private readonly options: SinceOptions,
    projectTimeZone: string,
    private readonly usesUntil: boolean,
  ) {
    this.zone = options.time_zone ?? projectTimeZone;
    this.writer = writerOf(options.format, this.zone);
    this.lag = durationMs(options.lag) ?? 0;
    this.overlap = durationMs(options.overlap) ?? 0;
    this.start = this.startOf(options);
    const { step } = this.writer;
    for (const key of ["most", "halve"] as const) {
      const length = options[key];
      if (length === undefined) continue;
      if (step === "day" && !length.endsWith("d"))
        refuseOption(
          "CONFIG_WRONG_VALUE",
          `\`since.${key}\` is \`${length}\`, and \`since.format\` has no time`,
          "give days, such as `31d`",
        );
      const shortest = this.overlap + (step === "day" ? 0 : 2 * step);
      if (lengthMs(length) <= shortest)
        refuseOption("CONFIG_WRONG_VALUE", `\`since.${key}\` is \`${length}\`, which is no more than spans overlap`, "give a longer one");
    }
  }

  all(cursor: string | null, now: Date): readonly Span[] {
    const { step } = this.writer;
    let from = cursor === null ? this.start : this.momentOf(cursor) - this.overlap;
    if (step === "day") from = startOfDay(from, 0, this.zone);
    if (!this.usesUntil) return [{ since: this.writer.writeFrom(from), until: null, name: ` from ${this.named(from)}`, reach: null }];
    const end = this.endOf(now.getTime());
    const spans: Span[] = [];
    while (from < end) {
      const to = Math.min(end, this.boundary(from));
      spans.push(this.span({ from, to, isLast: to === end }));
      from = to === end ? end : this.behind(to);
    }
    return spans;
  }

  halves({ reach }: Span): readonly [Span, Span] | null {
    const { halve } = this.options;
    if (reach === null || halve === undefined) return null;
    const { from, to, isLast } = reach;
    if (to - from <= lengthMs(halve)) return null;
    const middle = this.middle(from, to);
    const second = this.behind(middle);
    // What the halves share must not be all of it.
    if (middle <= from || middle >= to || second <= from) return null;
    return [this.span({ from, to: middle, isLast: false }), this.span({ from: second, to, isLast })];
  }

  private span(reach: Reach): Span {
    const { from, to, isLast } = reach;
    const { step, write, writeFrom } = this.writer;
    const isInclusive = this.options.until === "inclusive";
    const last = !isInclusive ? to : step === "day" ? startOfDay(to, -1, this.zone) : to - step;
    const end = isLast ? "now" : this.named(to);
    return { since: writeFrom(from), until: write(last), name: ` from ${this.named(from)} to ${end}`, reach };
  }

  /** Where the next span begins. An inclusive end leaves out what lies behind its last step, such as a fraction of a second. */
  private behind(boundary: number): number {
    const { step } = this.writer;
    const start = this.options.until === "inclusive" && step !== "day" ? boundary - step : boundary;
    return step === "day" ? startOfDay(start - this.overlap, 0, this.zone) : start - this.overlap;
  }

  /** Both 31 days of 24 hours and 31 days on the clock are kept to, because nobody knows how the system counts. */
  private boundary(from: number): number {
    const { most } = this.options;
    if (most === undefined) return Number.POSITIVE_INFINITY;
    const { step } = this.writer;
    const days = most.endsWith("d") ? Number(most.slice(0, -1)) : null;
    if (step === "day") return startOfDay(from, days ?? 1, this.zone);
    const elapsed = from + lengthMs(most);
    const boundary = days === null ? elapsed : Math.min(elapsed, addZonedDays(from, days, this.zone));
    return Math.floor(boundary / step) * step;
  }

  private middle(from: number, to: number): number {
    const { step } = this.writer;
    if (step !== "day") return Math.floor((from + to) / 2 / step) * step;
    return startOfDay(from, Math.floor(Math.round((to - from) / DAY_MS) / 2), this.zone);
  }

  /** What has begun belongs to what is read: of dates today, of times the second that runs, unless it is to settle first. */
  private endOf(now: number): number {
    const { step } = this.writer;
    const utcMs = now - this.lag;
    if (step !== "day") return (this.lag === 0 ? Math.ceil(utcMs / step) : Math.floor(utcMs / step)) * step;
    const midnight = startOfDay(utcMs, 0, this.zone);
    return midnight === utcMs ? midnight : startOfDay(utcMs, 1, this.zone);
  }

  private named(utcMs: number): string {
    const format = this.writer.step === "day" ? "yyyy-MM-dd" : "yyyy-MM-ddTHH:mm:ssXXX";
    return momentWriter(format, this.zone).write(utcMs);
  }

  private momentOf(cursor: string): number {
    return readMoment(cursor, this.zone) ?? readEpoch(cursor) ?? wrongCursor(cursor, "time");
  }

  private startOf({ start, format }: SinceOptions): number {
    const moment = readMoment(start, this.zone) ?? readWritten(start, format, this.zone);
    return (
      moment ??
      refuseOption(
        "CONFIG_WRONG_VALUE",
        `\`since.start\` is \`${start}\`, which is no time`,
        "expected one such as `2026-01-01` or `2026-01-01T00:00:00+08:00`",
      )
    );
  }
}

function writerOf(format: string, zone: string): Writer {
  try {
    if (format === "epoch s" || format === "epoch ms") {
      const unit = format === "epoch s" ? 1000 : 1;
      const write = (utcMs: number): string => String(Math.floor(utcMs / unit));
      return { step: unit, write, writeFrom: write };
    }
    if (format !== "iso") return momentWriter(format, zone);
    // The zone is checked here too, because units are named by its clock.
    momentWriter("yyyy-MM-dd", zone);
    return momentWriter("yyyy-MM-dd'T'HH:mm:ss'Z'", "UTC");
  } catch (error) {
    if (!(error instanceof DateFormatError)) throw error;
    return refuseOption(
      "CONFIG_WRONG_VALUE",
      `\`since\`: ${error.message}`,
      "a format looks like `yyyy-MM-dd HH:mm:ss`, or is `iso`, `epoch s` or `epoch ms`",
    );
  }
}

/** A date is its first moment on the clock of the zone. Null for a text that is neither a date nor a time with a zone. */
function readMoment(text: string, zone: string): number | null {
  const read = dateTimeReader(["yyyy-MM-dd"], zone);
  if (/^\d{4}-\d{2}-\d{2}$/.test(text)) {
    const utc = Date.parse(`${text}T12:00:00Z`);
    // The clock may skip midnight; noon it never does.
    return Number.isNaN(utc) ? null : Date.parse(read(text) ?? new Date(startOfDay(utc, 0, zone)).toISOString());
  }
  if (!/^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(:\d{2}(\.\d{1,3})?)?(Z|[+-]\d{2}:\d{2})$/.test(text)) return null;
  const utc = Date.parse(text);
  return Number.isNaN(utc) ? null : utc;
}

/** A cursor that is a number counts seconds or milliseconds since 1970: as seconds, this many are in the year 5138, and as milliseconds in 1973. */
const FEWEST_MS = 100_000_000_000;

function readEpoch(cursor: string): number | null {
  if (!/^0{25}\d{15}(\.\d+)?$/.test(cursor)) return null;
  const value = Number(cursor.slice(25, 40));
  return value >= FEWEST_MS ? value : value * 1000;
}

function readWritten(text: string, format: string, zone: string): number | null {
  if (format === "epoch s" || format === "epoch ms")
    return /^\d{1,15}$/.test(text) ? Number(text) * (format === "epoch s" ? 1000 : 1) : null;
  if (format === "iso") return null;
  const moment = dateTimeReader([format], zone)(text);
  return moment === null ? null : Date.parse(moment);
}

function lengthMs(length: string): number {
  return Number(length.slice(0, -1)) * ({ m: 60_000, h: 3_600_000, d: DAY_MS }[length.slice(-1)] as number);
}

function wrongCursor(cursor: string, kind: string): never {
  throw new ProblemError(
    problem(
      "CONFIG_WRONG_VALUE",
      `the cursor stands at \`${cursor.replace(/^0+(?=\d)/, "")}\`, which is no ${kind}`,
      [],
      "`since.format` of the source must be of the kind that the cursor field is",
    ),
  );
}
