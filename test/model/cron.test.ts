import { describe, expect, test } from "vitest";
import { type Cron, parseCron, shortestGap } from "../../src/model/cron.js";

function read(text: string): Cron {
  const found = parseCron(text);
  if ("fault" in found) throw new Error(found.fault.message);
  return found.cron;
}

/** The part of the text that is marked, and what is said of it. */
function fault(text: string): [string, string, string] {
  const found = parseCron(text);
  if (!("fault" in found)) throw new Error(`\`${text}\` was taken`);
  const { start, end, message, hint } = found.fault;
  return [text.slice(start, end), message, hint];
}

describe("a cron expression", () => {
  test("becomes numbers, and a text that every cron reads", () => {
    expect(read("30 2 * * *")).toMatchObject({ text: "30 2 * * *", minutes: [30], hours: [2], weekdays: [0, 1, 2, 3, 4, 5, 6] });
    expect(read("*/20 8-18/5 * JAN-mar,12 *")).toMatchObject({
      text: "*/20 8-18/5 * 1-3,12 *",
      minutes: [0, 20, 40],
      hours: [8, 13, 18],
      months: [1, 2, 3, 12],
    });
    // Sunday is 0 and 7, but Kubernetes takes only 0.
    expect(read("0  0 * * 7")).toMatchObject({ text: "0 0 * * 0", weekdays: [0] });
    expect(read("0 0 * * fri-7")).toMatchObject({ text: "0 0 * * 0,5,6" });
    expect(read("0 0 * * 0-7").text).toBe("0 0 * * *");
  });

  test("that cannot be read is shown at the field", () => {
    expect(fault("61 2 * * *")).toEqual([
      "61",
      "`61` is no minute; expected `*`, or 0 to 59, with `,`, `-` and `/`",
      "`30 2 * * *` is every day at 02:30",
    ]);
    expect(fault("0 2,25 * * *").slice(0, 2)).toEqual([
      "2,25",
      "`25` in `2,25` is no hour; expected `*`, or 0 to 23, with `,`, `-` and `/`",
    ]);
    expect(fault("0 22-2 * * *").slice(0, 2)).toEqual(["22-2", "the hour `22-2` runs backwards"]);
    expect(fault("0 2 * * *  *")[1]).toContain("has 6 fields; expected five");
    expect(fault("@daily")[1]).toContain("has 1 field; expected five");
    for (const wrong of ["5/10 * * * *", "*/0 * * * *", "1,,2 * * * *", "1-2-3 * * * *", "-1 * * * *", "? * * * *", "+1 * * * *"])
      expect(fault(wrong)[0]).toBe(wrong.split(" ")[0]);
  });

  test("leaves to calendar rules what crons do not agree on", () => {
    expect(fault("0 2 L * *")).toEqual([
      "L",
      expect.stringContaining("is no day of month"),
      expect.stringContaining("`last day of month`"),
    ]);
    expect(fault("0 2 * * 5#1")[2]).toContain("`first 7 days of month`");
    expect(fault("0 2 1 * mon")).toEqual([
      "mon",
      expect.stringContaining("both a day of the month and a day of the week"),
      expect.anything(),
    ]);
    expect(fault("0 2 31 2,4 *")).toEqual(["31", "no month that is named has a day 31", expect.stringContaining("last day of month")]);
    expect(read("0 2 29 2 *").days).toEqual([29]);
  });

  test("has a shortest time between two runs, also over midnight", () => {
    expect(shortestGap(read("30 2 * * *"))).toBe(1440);
    expect(shortestGap(read("*/15 * * * *"))).toBe(15);
    expect(shortestGap(read("50 0,23 * * *"))).toBe(60);
    expect(shortestGap(read("* * * * *"))).toBe(1);
  });
});
