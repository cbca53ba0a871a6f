import { describe, expect, test } from "vitest";
import { type Calendar, DAY_RULE_FORMS, fitsRule, parseDayRange, parseDayRule } from "../../src/model/calendar.js";
import { addDays } from "../../src/model/dates.js";

/** The week of the national holiday 2026, and the Saturday and Sunday that are worked for it. */
const CHINA: Calendar = {
  holidays: [{ from: "2026-10-01", to: "2026-10-07" }],
  workdays: [
    { from: "2026-09-27", to: "2026-09-27" },
    { from: "2026-10-10", to: "2026-10-10" },
  ],
};
const PLAIN: Calendar = { holidays: [], workdays: [] };

/** The days of some months that a rule names. */
function days(text: string, from: string, to: string, calendar: Calendar = PLAIN): string[] {
  const rule = parseDayRule(text);
  if (rule === null) throw new Error(`\`${text}\` is no rule`);
  const found: string[] = [];
  for (let day: string | null = from; day !== null && day <= to; day = addDays(day, 1)) if (fitsRule(day, rule, calendar)) found.push(day);
  return found;
}

describe("a rule for days", () => {
  test("names the ends of months, quarters and years", () => {
    expect(days("last day of month", "2028-01-01", "2028-04-30")).toEqual(["2028-01-31", "2028-02-29", "2028-03-31", "2028-04-30"]);
    expect(days("First 2 days of quarter", "2026-01-01", "2026-07-31")).toEqual([
      ...["2026-01-01", "2026-01-02", "2026-04-01", "2026-04-02", "2026-07-01", "2026-07-02"],
    ]);
    expect(days("last day of year", "2025-12-01", "2027-01-05")).toEqual(["2025-12-31", "2026-12-31"]);
  });

  test("counts workdays as they are in China, 调休 included", () => {
    expect(days("workdays", "2026-09-25", "2026-10-11", CHINA)).toEqual([
      ...["2026-09-25", "2026-09-27", "2026-09-28", "2026-09-29", "2026-09-30", "2026-10-08", "2026-10-09", "2026-10-10"],
    ]);
    expect(days("days off", "2026-09-26", "2026-10-11", CHINA)).toEqual([
      ...["2026-09-26", "2026-10-01", "2026-10-02", "2026-10-03", "2026-10-04", "2026-10-05", "2026-10-06", "2026-10-07", "2026-10-11"],
    ]);
    expect(days("first workday of month", "2026-09-01", "2026-10-31", CHINA)).toEqual(["2026-09-01", "2026-10-08"]);
    expect(days("workday 3 of month", "2026-10-01", "2026-10-31", CHINA)).toEqual(["2026-10-10"]);
    expect(days("last 2 workdays of month", "2026-10-01", "2026-11-30")).toEqual(["2026-10-29", "2026-10-30", "2026-11-27", "2026-11-30"]);
  });

  test("names dates, stretches, and days of every year", () => {
    expect(days("2026-10-01 .. 2026-10-03", "2026-09-01", "2027-12-31")).toEqual(["2026-10-01", "2026-10-02", "2026-10-03"]);
    expect(days("12-25", "2025-01-01", "2026-12-31")).toEqual(["2025-12-25", "2026-12-25"]);
    expect(days("12-31..01-01", "2025-12-01", "2027-01-31")).toEqual([...["2025-12-31", "2026-01-01", "2026-12-31", "2027-01-01"]]);
    expect(days("02-29", "2026-01-01", "2028-12-31")).toEqual(["2028-02-29"]);
  });

  test("is refused when it names nothing", () => {
    for (const wrong of [
      "last day",
      "first 0 days of month",
      "workday 0 of month",
      "2026-02-30",
      "2026-10-08..2026-10-01",
      "13-01",
      "1..2..3",
      "",
    ])
      expect(parseDayRule(wrong), wrong).toBeNull();
    expect(parseDayRange("2026-10-01..12-25")).toBeNull();
    for (const form of DAY_RULE_FORMS) expect(parseDayRule(form), form).not.toBeNull();
  });
});
