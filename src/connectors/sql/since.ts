import { zonedDateReader } from "../../model/date-formats.js";
import { ProblemError, problem } from "../../model/problem.js";
import type { Kind } from "./dialect.js";
import type { SINCE } from "./options.js";

type SinceKind = (typeof SINCE)[number];

export interface Since {
  readonly kind: Kind;
  readonly value: string;
  /** As people read it; null when everything is read. */
  readonly shown: string | null;
}

/**
 * Lower than any position, so that a plain `>=` reads everything the first time: `>= NULL` would read nothing. The program knows no time
 * before the year 1000, and no cursor below zero.
 */
const LOWEST: Readonly<Record<SinceKind, string>> = {
  "local time": "1000-01-01 00:00:00",
  instant: "1000-01-01T00:00:00",
  date: "1000-01-01",
  number: "0",
  text: " ",
};

/**
 * The cursor as the query's `:since`. Times are cut to the second, because columns keep them with unlike fractions, and as text
 * `…:00.000` comes before `…:00`: reading a little more is harmless. Throws ProblemError when the cursor is of another kind.
 */
export function sinceOf(kind: SinceKind, cursor: string | null, timeZone: string): Since {
  if (cursor === null) return { kind, value: LOWEST[kind], shown: null };
  const isDate = /^\d{4}-\d{2}-\d{2}$/.test(cursor);
  const isInstant = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d{1,3})?Z$/.test(cursor);
  const number = /^(\d{40})(\.\d+)?$/.exec(cursor);
  if (kind === "text") return { kind, value: cursor, shown: cursor };
  if (kind === "number" && number !== null) {
    const value = cursor.replace(/^0+(?=\d)/, "");
    return { kind, value, shown: value };
  }
  if (kind === "date" && isDate) return { kind, value: cursor, shown: cursor };
  if (kind === "date" && isInstant) {
    const value = zonedDateReader(timeZone)(cursor);
    if (value !== null) return { kind, value, shown: value };
  }
  if (kind === "local time" && isDate) return { kind, value: `${cursor} 00:00:00`, shown: cursor };
  if (kind === "local time" && isInstant) return { kind, value: wallTime(cursor, timeZone), shown: cursor };
  if (kind === "instant" && isInstant) return { kind, value: cursor.slice(0, 19), shown: cursor };
  throw new ProblemError(
    problem(
      "CONFIG_WRONG_VALUE",
      `the cursor stands at \`${number === null ? cursor : cursor.replace(/^0+(?=\d)/, "")}\`, which is no ${kind}`,
      [],
      "`since` of the source must say what the cursor field is",
    ),
  );
}

/** The wall clock of a zone at an instant, to the second: `YYYY-MM-DD HH:mm:ss`. */
function wallTime(instant: string, timeZone: string): string {
  const digits = { month: "2-digit", day: "2-digit", hour: "2-digit", minute: "2-digit", second: "2-digit" } as const;
  const format = new Intl.DateTimeFormat("en-US", { timeZone, hourCycle: "h23", year: "numeric", ...digits });
  const [month = "", day = "", year = "", ...clock] = format.format(new Date(instant)).match(/\d+/g) ?? [];
  return `${year.padStart(4, "0")}-${month}-${day} ${clock.join(":")}`;
}
