import { Temporal } from "temporal-polyfill";
import { describe, expect, test } from "vitest";
import { dateTimeReader } from "../../src/model/date-formats.js";
import { addZonedDays, momentWriter, startOfDay } from "../../src/model/moment-formats.js";

const at = (text: string): number => Date.parse(text);
const iso = (ms: number): string => new Date(ms).toISOString();

describe("writing moments", () => {
  test.each([
    ["yyyy-MM-dd HH:mm:ss", "Asia/Shanghai", "2026-01-31T16:05:09.120Z", "2026-02-01 00:05:09"],
    ["yyyy-MM-dd'T'HH:mm:ss.SSSXXX", "Asia/Shanghai", "2026-01-31T16:05:09.120Z", "2026-02-01T00:05:09.120+08:00"],
    ["yyyy-MM-ddTHH:mm:ssXXX", "America/New_York", "2026-07-01T03:00:00Z", "2026-06-30T23:00:00-04:00"],
    ["yyyyMMdd", "Asia/Shanghai", "2026-01-31T16:00:00Z", "20260201"],
    ["yyyy年M月d日 HH:mm", "Asia/Shanghai", "2026-01-31T16:05:59Z", "2026年2月1日 00:05"],
    ["d MMM yy", "UTC", "2026-02-03T00:00:00Z", "3 Feb 26"],
  ])("%s in %s", (format, zone, moment, expected) => {
    expect(momentWriter(format, zone).write(at(moment))).toBe(expected);
  });

  test("what is written is read back as the same moment, outside of hours that come twice", () => {
    for (const zone of ["Asia/Shanghai", "America/New_York", "Europe/London", "Australia/Lord_Howe", "Asia/Kathmandu"]) {
      const read = dateTimeReader(["yyyy-MM-dd HH:mm:ss"], zone);
      const { write } = momentWriter("yyyy-MM-dd HH:mm:ss", zone);
      for (let ms = at("2026-01-01T00:30:00Z"); ms < at("2027-01-01T00:00:00Z"); ms += 46_861_000) {
        const zoned = Temporal.Instant.fromEpochMilliseconds(ms).toZonedDateTimeISO(zone);
        const both = ["earlier", "later"].map((way) => zoned.toPlainDateTime().toZonedDateTime(zone, { disambiguation: way as "earlier" }));
        if (both[0]?.epochMilliseconds === both[1]?.epochMilliseconds) expect(read(write(ms))).toBe(iso(ms));
      }
    }
  });

  test("from within an hour that comes twice, nothing is left out, whichever of the two the other side takes it for", () => {
    const { writeFrom } = momentWriter("yyyy-MM-dd HH:mm:ss", "America/New_York");
    // The clock goes from 02:00 EDT back to 01:00 EST at 06:00 UTC.
    for (const moment of ["2026-11-01T05:00:00Z", "2026-11-01T05:30:00Z", "2026-11-01T06:30:00Z", "2026-11-01T06:59:59Z"])
      expect(writeFrom(at(moment))).toBe("2026-11-01 00:59:59");
    expect(writeFrom(at("2026-11-01T04:59:59Z"))).toBe("2026-11-01 00:59:59");
    expect(writeFrom(at("2026-11-01T07:00:00Z"))).toBe("2026-11-01 02:00:00");
    const withOffset = momentWriter("yyyy-MM-ddTHH:mmXXX", "America/New_York");
    expect(withOffset.writeFrom(at("2026-11-01T06:30:00Z"))).toBe("2026-11-01T01:30-05:00");
  });
});

describe("days on the clock of a zone", () => {
  test.each([
    ["2026-03-08T12:00:00Z", 0, "America/New_York", "2026-03-08T05:00:00.000Z"],
    ["2026-03-08T12:00:00Z", 1, "America/New_York", "2026-03-09T04:00:00.000Z"],
    // Beirut has no midnight on that day: its clock jumps from 00:00 to 01:00.
    ["2026-03-28T12:00:00Z", 1, "Asia/Beirut", "2026-03-28T22:00:00.000Z"],
  ])("the day of %s, %d later, in %s", (moment, days, zone, expected) => {
    expect(iso(startOfDay(at(moment), days, zone))).toBe(expected);
  });

  test("a day is 23 hours long where the clock goes forward", () => {
    expect(addZonedDays(at("2026-03-08T00:00:00-05:00"), 1, "America/New_York")).toBe(at("2026-03-09T00:00:00-04:00"));
  });
});
