import { MONTH_NAMES, type Part, parseFormat, type Unit, type ZoneOffsets, zoneOffsets } from "./date-formats.js";

const DAY_MS = 86_400_000;

/** How fine a format is: its smallest step in milliseconds, or whole days, whose length differs where clocks change. */
export type Step = number | "day";

/** Writes moments for other systems. Times are milliseconds since 1970 UTC. */
export interface MomentWriter {
  readonly step: Step;
  /** Cut down to the step. */
  readonly write: (utcMs: number) => string;
  /**
   * The same, where everything from that moment on is asked for. An hour that the clock shows twice has no writing of its own; whoever reads
   * it as the later one would leave an hour out. So what lies in it is written as the last step before it.
   */
  readonly writeFrom: (utcMs: number) => string;
}

const STEPS: readonly (readonly [Unit, number])[] = [
  ["milli", 1],
  ["second", 1000],
  ["minute", 60_000],
  ["hour", 3_600_000],
];

/**
 * A writer in a format of the letters that `dateTimeReader` reads, on the clock of `timeZone` (IANA name). Throws DateFormatError for a format or
 * zone that cannot be used.
 */
export function momentWriter(format: string, timeZone: string): MomentWriter {
  const parts = parseFormat(format);
  const offsets = zoneOffsets(timeZone);
  const step = STEPS.find(([unit]) => parts.some((part) => part.unit === unit))?.[1] ?? "day";
  const hasOffset = parts.some((part) => part.unit === "offset");
  const writeLocal = (localMs: number, offsetMs: number): string => parts.map((part) => writePart(part, localMs, offsetMs)).join("");
  const write = (utcMs: number): string => writeLocal(utcMs + offsets.ofInstant(utcMs), offsets.ofInstant(utcMs));
  if (hasOffset || step === "day") return { step, write, writeFrom: write };
  return {
    step,
    write,
    writeFrom: (utcMs) => {
      const begin = repeatedFrom(utcMs, offsets);
      return begin === null ? write(utcMs) : writeLocal(begin - step, 0);
    },
  };
}

function writePart({ unit, text, min, max }: Part, localMs: number, offsetMs: number): string {
  const local = new Date(localMs);
  switch (unit) {
    case "literal":
      return text;
    case "year":
      return String(local.getUTCFullYear())
        .padStart(4, "0")
        .slice(4 - max);
    case "month":
      return min === 3 ? (MONTH_NAMES[local.getUTCMonth()] as string) : String(local.getUTCMonth() + 1).padStart(min, "0");
    case "day":
      return String(local.getUTCDate()).padStart(min, "0");
    case "hour":
      return String(local.getUTCHours()).padStart(min, "0");
    case "minute":
      return String(local.getUTCMinutes()).padStart(2, "0");
    case "second":
      return String(local.getUTCSeconds()).padStart(2, "0");
    case "milli":
      return String(local.getUTCMilliseconds()).padStart(3, "0");
    case "offset":
      return offsetText(offsetMs);
  }
}

function offsetText(offsetMs: number): string {
  const minutes = Math.round(Math.abs(offsetMs) / 60_000);
  const two = (value: number): string => String(value).padStart(2, "0");
  return `${offsetMs < 0 ? "-" : "+"}${two(Math.floor(minutes / 60))}:${two(minutes % 60)}`;
}

/** Where the stretch of local time begins, as if it were UTC, that the clock shows twice and this moment lies in; null when it lies in none. */
function repeatedFrom(utcMs: number, { ofInstant }: ZoneOffsets): number | null {
  const local = utcMs + ofInstant(utcMs);
  const isTwice = [ofInstant(utcMs - DAY_MS), ofInstant(utcMs + DAY_MS)].some(
    (offset) => offset !== ofInstant(utcMs) && ofInstant(local - offset) === offset,
  );
  if (!isTwice) return null;
  // The clock was set back once within these two days; where, is found by halving.
  let before = utcMs - DAY_MS;
  let after = utcMs + DAY_MS;
  while (after - before > 1) {
    const middle = Math.floor((before + after) / 2);
    if (ofInstant(middle) === ofInstant(utcMs - DAY_MS)) before = middle;
    else after = middle;
  }
  return after + ofInstant(after);
}

/** The first moment of the day in which this one lies, `days` days later, on the clock of the zone. */
export function startOfDay(utcMs: number, days: number, timeZone: string): number {
  const offsets = zoneOffsets(timeZone);
  const midnight = Math.floor((utcMs + offsets.ofInstant(utcMs)) / DAY_MS) * DAY_MS + days * DAY_MS;
  // A zone that sets its clock forward at midnight has no midnight on that day; its day begins when the clock jumps.
  return midnight - (offsets.ofLocal(midnight) ?? offsets.ofInstant(midnight - DAY_MS));
}

/** The same time on the clock, so many days later. */
export function addZonedDays(utcMs: number, days: number, timeZone: string): number {
  const offsets = zoneOffsets(timeZone);
  const local = utcMs + offsets.ofInstant(utcMs) + days * DAY_MS;
  return local - (offsets.ofLocal(local) ?? offsets.ofInstant(local - DAY_MS));
}
