import { Type } from "typebox";

/** The part of `sync.yaml` and of a pipeline file that says when pipelines run. */

const closed = { additionalProperties: false } as const;

const days = (about: string, ...examples: (string | string[])[]) =>
  Type.Optional(Type.Union([Type.String(), Type.Array(Type.String(), { minItems: 1 })], { description: about, examples }));

export const Schedule = Type.Object(
  {
    cron: Type.String({
      description:
        "minute, hour, day of month, month, day of week, as every cron reads them; of the two kinds of day one is `*`, and the rest is said under `only` and `except`",
      examples: ["30 2 * * *", "0 8-18 * * mon-fri"],
    }),
    timeZone: Type.Optional(
      Type.String({
        description: "IANA time zone of `cron` and of the days; that of the project when left out",
        examples: ["Europe/London"],
      }),
    ),
    only: days(
      "only these days have runs: `workdays`, `days off`, `first day of month`, `last 3 workdays of quarter`, `workday 3 of month`, dates, or `10-01..10-07` of every year; of several, one must fit",
      "last day of month",
      ["2026-12-31", "workday 3 of month"],
    ),
    except: days("days, in the same words, on which nothing is run, not even what was missed before", "days off", [
      "10-01..10-07",
      "12-25",
    ]),
    jitter: Type.Optional(
      Type.String({
        description:
          "each day's runs begin later by less than this, so that many installations do not ask one system in the same second; how much later is fixed by the pipeline's name and the day",
        pattern: "^[1-9]\\d{0,3}(s|m|h)$",
        examples: ["20m"],
      }),
    ),
  },
  { ...closed, description: "when it runs: `sync schedule` shows it, and writes the files for the scheduler of the machine" },
);

export const Calendar = Type.Object(
  {
    holidays: Type.Optional(
      Type.Array(Type.String(), {
        description: "days that are not worked: dates, stretches of dates, or days of every year",
        examples: [["2026-10-01..2026-10-07", "01-01"]],
      }),
    ),
    workdays: Type.Optional(
      Type.Array(Type.String(), { description: "weekends that are worked (调休)", examples: [["2026-09-27", "2026-10-10"]] }),
    ),
  },
  { ...closed, description: "what counts as a workday in schedules; Monday to Friday when left out" },
);
