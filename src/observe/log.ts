import { type DestinationStream, pino } from "pino";
import type { LogLevel } from "../config/observe-schema.js";
import type { Listener, Told } from "./hub.js";
import { type Fields, lineOf } from "./line.js";

export interface LogOptions {
  readonly level: LogLevel;
  readonly details: "counts" | "keys";
  /** Takes each line, with its end, before it returns. */
  readonly write: (line: string) => void;
  /** The text without any secret of the project. */
  readonly cover: (text: string) => string;
  /** Of the run that is under way; null where none is traced. */
  readonly trace: () => string | null;
}

/** A run may find a million problems; the list of what waits has them all. */
const MOST_PROBLEMS = 1_000;

/** Writes one line of JSON for each event. Lines are written at once and not by a thread beside, which loses the last of them when the program ends. */
export function logListener({ level, details, write, cover, trace }: LogOptions): Listener {
  const destination: DestinationStream = { write };
  const logger = pino({ level, base: null, timestamp: false, formatters: { level: (label) => ({ level: label }) } }, destination);
  let problems = 0;
  const hear = (told: Told): void => {
    const { kind } = told.happening;
    if (kind === "run started") problems = 0;
    if (kind === "problem found") {
      problems += 1;
      if (problems > MOST_PROBLEMS) return;
    }
    const line = lineOf(told, details, trace());
    if (line === null || !logger.isLevelEnabled(line.level)) return;
    const more = kind === "run ended" && problems > MOST_PROBLEMS ? { problems_not_listed: problems - MOST_PROBLEMS } : {};
    logger[line.level](covered({ ...line.fields, ...more }, cover));
  };
  return { name: "log", hear };
}

/** Fields hold no secret by what they are; should a person have written one where it does not belong, such as a name, it is covered. */
function covered(fields: Fields, cover: (text: string) => string): Fields {
  return Object.fromEntries(
    Object.entries(fields).map(([name, value]) => {
      if (typeof value === "string") return [name, cover(value)];
      if (Array.isArray(value)) return [name, value.map((each: string) => cover(each))];
      return [name, value];
    }),
  );
}
