import { dateReader, dateTimeReader, dateWriter, zonedDateReader } from "../model/date-formats.js";
import { addDays, addMonths, daysBetween, monthEnd, periodOf } from "../model/dates.js";
import { Decimal } from "../model/decimal.js";
import { define, type FunctionRow } from "./function-row.js";
import { DATE, DATETIME, NUMBER, TEXT } from "./kinds.js";
import { date, datetime, prepared, preparedRest, text, whole } from "./parameters.js";

const on = date("date");

interface DateFormats {
  readonly shown: string;
  readonly read: (text: string) => string | null;
}

const DEFAULT_FORMAT = ["yyyy-MM-dd"];
const DEFAULT_TIME_FORMAT = ["yyyy-MM-dd HH:mm:ss"];

function showFormats(formats: readonly string[]): string {
  return formats.map((format) => `\`${format}\``).join(" or ");
}

function dateFormats(given: readonly string[]): DateFormats {
  const formats = given.length === 0 ? DEFAULT_FORMAT : given;
  return { shown: showFormats(formats), read: dateReader(formats) };
}

interface TimeFormats {
  readonly shown: string;
  readonly readIn: (zone: string) => (text: string) => string | null;
}

function timeFormats(given: readonly string[]): TimeFormats {
  const formats = given.length === 0 ? DEFAULT_TIME_FORMAT : given;
  // The zone is an argument of its own, so mistakes in the formats are looked for with any.
  dateTimeReader(formats, "UTC");
  const readers = new Map<string, (text: string) => string | null>();
  return {
    shown: showFormats(formats),
    readIn: (zone) => {
      let reader = readers.get(zone);
      if (reader === undefined) {
        reader = dateTimeReader(formats, zone);
        readers.set(zone, reader);
      }
      return reader;
    },
  };
}

interface Zone {
  readonly name: string;
  readonly dateOf: (instant: string) => string | null;
}

const zone = prepared("zone", "time zone", (name): Zone => ({ name, dateOf: zonedDateReader(name) }));

export const DATE_FUNCTIONS: readonly FunctionRow[] = [
  define({
    name: "date",
    group: "dates",
    parameters: [text("value"), preparedRest("format", "date format", dateFormats)],
    result: DATE,
    about:
      "Reads a date in the first format that fits, `yyyy-MM-dd` when none is given. Letters: `yyyy` `yy` `M` `MM` `MMM` (Jan) `d` `dd`, `H` `HH` `mm` `ss` `SSS` (checked and dropped); anything else stands for itself, letters in single quotes. Text that fits none has no answer.",
    examples: [
      ['date("2026年11月5日", "yyyy年M月d日")', "2026-11-05"],
      ['date("20261105", "yyyy-MM-dd", "yyyyMMdd")', "2026-11-05"],
    ],
    run: (site, given, formats) => formats.read(given) ?? site.fail(`${site.show(given)} is not a date in the format ${formats.shown}`),
  }),
  define({
    name: "datetime",
    group: "dates",
    parameters: [text("value"), zone, preparedRest("format", "date format", timeFormats)],
    result: DATETIME,
    about:
      "Reads a moment from local time in a time zone, in the first format that fits, `yyyy-MM-dd HH:mm:ss` when none is given; `XXX` reads `Z` or `+08:00` instead of the zone. A local time that the zone skips has no answer; of two, it is the earlier.",
    examples: [['datetime("2026-11-20 08:30:00", "Asia/Shanghai")', "2026-11-20T00:30:00.000Z"]],
    run: (site, given, at, formats) =>
      formats.readIn(at.name)(given) ?? site.fail(`${site.show(given)} is not a time in \`${at.name}\` in the format ${formats.shown}`),
  }),
  define({
    name: "date_of",
    group: "dates",
    parameters: [datetime("moment"), zone],
    result: DATE,
    about: "The date of a moment in a time zone.",
    examples: [['date_of(更新时间, "Asia/Shanghai")', "2026-11-21"]],
    run: (site, moment, at) => at.dateOf(moment) ?? site.fail(`${site.show(moment)} has no date in \`${at.name}\``),
  }),
  define({
    name: "format_date",
    group: "dates",
    parameters: [on, prepared("format", "date format", dateWriter)],
    result: TEXT,
    about: "Writes a date with the letters of `date`.",
    examples: [
      ['format_date(支付日期, "yyyyMMdd")', '"20261120"'],
      ['format_date(支付日期, "M月d日")', '"11月20日"'],
    ],
    run: (_site, given, write) => write(given),
  }),
  define({
    name: "period",
    group: "dates",
    parameters: [on],
    result: TEXT,
    about: "The accounting period of a date, as `YYYY-MM`.",
    examples: [["period(支付日期)", '"2026-11"']],
    run: (_site, given) => periodOf(given),
  }),
  define({
    name: "month_start",
    group: "dates",
    parameters: [on],
    result: DATE,
    about: "The first day of the month.",
    examples: [["month_start(支付日期)", "2026-11-01"]],
    run: (_site, given) => `${periodOf(given)}-01`,
  }),
  define({
    name: "month_end",
    group: "dates",
    parameters: [on],
    result: DATE,
    about: "The last day of the month.",
    examples: [["month_end(支付日期)", "2026-11-30"]],
    run: (_site, given) => monthEnd(given),
  }),
  define({
    name: "add_days",
    group: "dates",
    parameters: [on, whole("days", -1_000_000, 1_000_000)],
    result: DATE,
    about: "The date so many days later, or earlier when negative.",
    examples: [["add_days(支付日期, 30)", "2026-12-20"]],
    run: (site, given, days) => addDays(given, days) ?? site.fail(`${site.show(given)} and ${days} days leaves the years 1000 to 9999`),
  }),
  define({
    name: "add_months",
    group: "dates",
    parameters: [on, whole("months", -100_000, 100_000)],
    result: DATE,
    about: "The same day so many months later, or the last day of a month that has no such day.",
    examples: [['add_months(date("2026-01-31"), 1)', "2026-02-28"]],
    run: (site, given, months) =>
      addMonths(given, months) ?? site.fail(`${site.show(given)} and ${months} months leaves the years 1000 to 9999`),
  }),
  define({
    name: "days_between",
    group: "dates",
    parameters: [date("from"), date("to")],
    result: NUMBER,
    about: "Whole days from one date to another; negative when the second is earlier.",
    examples: [["days_between(支付日期, month_end(支付日期))", "10"]],
    run: (_site, from, to) => Decimal.ofInteger(daysBetween(from, to)),
  }),
  define({
    name: "year",
    group: "dates",
    parameters: [on],
    result: NUMBER,
    about: "The year of a date.",
    examples: [["year(支付日期)", "2026"]],
    run: (_site, given) => Decimal.ofInteger(+given.slice(0, 4)),
  }),
  define({
    name: "month",
    group: "dates",
    parameters: [on],
    result: NUMBER,
    about: "The month of a date, 1 to 12.",
    examples: [["month(支付日期)", "11"]],
    run: (_site, given) => Decimal.ofInteger(+given.slice(5, 7)),
  }),
  define({
    name: "day",
    group: "dates",
    parameters: [on],
    result: NUMBER,
    about: "The day of the month of a date.",
    examples: [["day(支付日期)", "20"]],
    run: (_site, given) => Decimal.ofInteger(+given.slice(8, 10)),
  }),
];
