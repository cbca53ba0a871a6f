import { describe, expect, test } from "vitest";
import { parseDayRule } from "../../src/model/calendar.js";
import { parseCron } from "../../src/model/cron.js";
import { dueRun, jitterLeft, nextRuns, type Schedule, type WrittenRule } from "../../src/model/schedule.js";
import { wallClock } from "../../src/model/wall-clock.js";

function aSchedule(
  text: string,
  timeZone = "Asia/Shanghai",
  { only, except = [], jitterMs = 0 }: { only?: string[]; except?: string[]; jitterMs?: number } = {},
): Schedule {
  const read = parseCron(text);
  if ("fault" in read) throw new Error(read.fault.message);
  const rules = (texts: readonly string[]): WrittenRule[] =>
    texts.map((each) => {
      const rule = parseDayRule(each);
      if (rule === null) throw new Error(each);
      return { text: each, rule };
    });
  const calendar = { holidays: [], workdays: [] };
  return { cron: read.cron, timeZone, only: only === undefined ? null : rules(only), except: rules(except), jitterMs, calendar };
}

/** The next runs as the clock of the zone shows them. */
function local(schedule: Schedule, from: string, count: number, jitterOf: string | null = null): string[] {
  return nextRuns(schedule, jitterOf, new Date(from), count).map((at) => {
    const { date, time, offset } = wallClock(at, schedule.timeZone);
    return `${date} ${time.slice(0, 5)} ${offset}`;
  });
}

function due(schedule: Schedule, now: string): string | null {
  const at = dueRun(schedule, null, new Date(now));
  return at === null ? null : new Date(at).toISOString();
}

describe("the next runs", () => {
  test("are by the clock of the zone", () => {
    expect(local(aSchedule("30 2 * * *"), "2026-11-26T18:30:00Z", 2)).toEqual(["2026-11-28 02:30 +08:00", "2026-11-29 02:30 +08:00"]);
    expect(local(aSchedule("30 2 * * *"), "2026-11-26T18:29:59.999Z", 1)).toEqual(["2026-11-27 02:30 +08:00"]);
    expect(local(aSchedule("0 8 * * mon-fri", "America/St_Johns"), "2026-11-26T18:00:00Z", 2)).toEqual([
      "2026-11-27 08:00 -03:30",
      "2026-11-30 08:00 -03:30",
    ]);
  });

  test("in the hour that is left out in spring come once, when the clock has jumped", () => {
    const from = "2026-03-28T12:00:00Z";
    expect(local(aSchedule("30 2 * * *", "Europe/Berlin"), from, 2)).toEqual(["2026-03-29 03:00 +02:00", "2026-03-30 02:30 +02:00"]);
    // Runs in every hour have no such hour.
    expect(local(aSchedule("30 * * * *", "Europe/Berlin"), "2026-03-29T00:00:00Z", 2)).toEqual([
      "2026-03-29 01:30 +01:00",
      "2026-03-29 03:30 +02:00",
    ]);
  });

  test("in the hour that comes twice in autumn come once, the first time", () => {
    const schedule = aSchedule("30 2 * * *", "Europe/Berlin");
    expect(local(schedule, "2026-10-24T12:00:00Z", 2)).toEqual(["2026-10-25 02:30 +02:00", "2026-10-26 02:30 +01:00"]);
    expect(due(schedule, "2026-10-25T01:30:00Z")).toBe("2026-10-25T00:30:00.000Z");
    expect(local(aSchedule("0 1,2 * * *", "Europe/Berlin"), "2026-10-24T22:00:00Z", 3)).toEqual([
      ...["2026-10-25 01:00 +02:00", "2026-10-25 02:00 +02:00", "2026-10-26 01:00 +01:00"],
    ]);
  });

  test("come only on days that have runs", () => {
    const monthEnd = aSchedule("30 22 * * *", "Asia/Shanghai", { only: ["last day of month"] });
    expect(local(monthEnd, "2028-01-31T14:30:00Z", 2)).toEqual(["2028-02-29 22:30 +08:00", "2028-03-31 22:30 +08:00"]);
    const working = aSchedule("0 0 * * *", "Asia/Shanghai", { except: ["days off", "2026-11-30"] });
    expect(local(working, "2026-11-26T20:00:00Z", 2)).toEqual(["2026-12-01 00:00 +08:00", "2026-12-02 00:00 +08:00"]);
  });

  test("end where the rules have no more days", () => {
    expect(local(aSchedule("0 2 * * *", "Asia/Shanghai", { only: ["2026-12-31", "2026-12-01"] }), "2026-11-26T00:00:00Z", 5)).toEqual([
      "2026-12-01 02:00 +08:00",
      "2026-12-31 02:00 +08:00",
    ]);
    expect(local(aSchedule("0 2 1 * *", "Asia/Shanghai", { only: ["last day of month"] }), "2026-11-26T00:00:00Z", 1)).toEqual([]);
  });
});

describe("the run that is due", () => {
  test("is the latest one, also on a later day", () => {
    const monthEnd = aSchedule("30 22 * * *", "Asia/Shanghai", { only: ["last day of month"] });
    expect(due(monthEnd, "2026-11-29T15:00:00Z")).toBe("2026-10-31T14:30:00.000Z");
    expect(due(monthEnd, "2026-11-30T14:30:00Z")).toBe("2026-11-30T14:30:00.000Z");
    expect(due(monthEnd, "2026-12-05T00:00:00Z")).toBe("2026-11-30T14:30:00.000Z");
    expect(due(aSchedule("0 2 * * *", "Asia/Shanghai", { only: ["2027-01-01"] }), "2026-11-26T00:00:00Z")).toBeNull();
  });

  test("is none on a day that `except` names, so that nothing is made up for then", () => {
    const working = aSchedule("30 2 * * *", "Asia/Shanghai", { except: ["days off"] });
    expect(due(working, "2026-11-28T04:00:00Z")).toBeNull();
    expect(due(working, "2026-11-29T16:00:00Z")).toBe("2026-11-26T18:30:00.000Z");
    // On this Sunday the clocks of Santiago go from midnight to one.
    const santiago = aSchedule("30 0 * * *", "America/Santiago", { except: ["2026-09-06"] });
    expect(due(santiago, "2026-09-07T03:10:00Z")).toBe("2026-09-05T04:30:00.000Z");
    expect(local(santiago, "2026-09-05T12:00:00Z", 1)).toEqual(["2026-09-07 00:30 -03:00"]);
  });
});

describe("the jitter", () => {
  const schedule = aSchedule("30 2 * * *", "Asia/Shanghai", { jitterMs: 20 * 60_000 });
  const late = (name: string, day: number): number => {
    const from = Date.UTC(2026, 10, day, 18, 30);
    return ((nextRuns(schedule, name, new Date(from - 3_600_000), 1)[0]?.getTime() ?? 0) - from) / 1000;
  };

  test("is the same each time, below what was asked for, and differs between names and days", () => {
    const found = [1, 2, 3, 4, 5].flatMap((day) => [late("staff", day), late("expense-to-gl", day)]);
    expect(found).toEqual([1, 2, 3, 4, 5].flatMap((day) => [late("staff", day), late("expense-to-gl", day)]));
    expect(found.every((seconds) => seconds >= 0 && seconds < 1200 && Number.isInteger(seconds))).toBe(true);
    expect(new Set(found).size).toBeGreaterThan(5);
  });

  test("is waited for, and belongs to the run", () => {
    const at = Date.UTC(2026, 10, 1, 18, 30);
    const jitterMs = late("staff", 1) * 1000;
    expect(jitterMs).toBeGreaterThan(2000);
    expect(dueRun(schedule, "staff", new Date(at + jitterMs - 1))).toBe(at - 86_400_000 + late("staff", 0) * 1000);
    expect(dueRun(schedule, "staff", new Date(at + jitterMs))).toBe(at + jitterMs);
    expect(nextRuns(schedule, "staff", new Date(at + 1000), 1)[0]?.getTime()).toBe(at + jitterMs);
    expect(jitterLeft(schedule, "staff", new Date(at + 2000))).toBe(jitterMs - 2000);
    expect(jitterLeft(schedule, "staff", new Date(at + jitterMs + 5000))).toBe(0);
  });
});
