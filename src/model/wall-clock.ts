import { zoneOffsets } from "./date-formats.js";
import type { DateText } from "./dates.js";

/** An instant as clocks in a zone show it. */
export interface WallClock {
  readonly date: DateText;
  /** `HH:MM:SS` */
  readonly time: string;
  /** `+08:00` */
  readonly offset: string;
}

/** Throws DateFormatError where there is no such zone. */
export function wallClock(at: Date, timeZone: string): WallClock {
  const offsetMs = zoneOffsets(timeZone).ofInstant(at.getTime());
  const local = new Date(at.getTime() + offsetMs).toISOString();
  const minutes = Math.round(offsetMs / 60_000);
  const two = (n: number): string => String(n).padStart(2, "0");
  const size = Math.abs(minutes);
  return {
    date: local.slice(0, 10) as DateText,
    time: local.slice(11, 19),
    offset: `${minutes < 0 ? "-" : "+"}${two(Math.floor(size / 60))}:${two(size % 60)}`,
  };
}
