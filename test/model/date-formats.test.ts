import fc from "fast-check";
import { Temporal } from "temporal-polyfill";
import { describe, expect, it } from "vitest";
import { DateFormatError, dateReader, dateTimeReader, dateWriter, zonedDateReader } from "../../src/model/date-formats.js";

const ZONES = [
  "Asia/Shanghai",
  "America/New_York",
  "Europe/London",
  "Australia/Lord_Howe",
  "Pacific/Apia",
  "America/Sao_Paulo",
  "Africa/Casablanca",
  "UTC",
];

describe("dateReader", () => {
  it.each([
    ["yyyy-MM-dd", "2026-11-05", "2026-11-05"],
    ["yyyy/M/d", "2026/11/5", "2026-11-05"],
    ["yyyy/M/d", "2026/1/15", "2026-01-15"],
    ["yyyyMMdd", "20261105", "2026-11-05"],
    ["yyyy年M月d日", "2026年11月5日", "2026-11-05"],
    ["dd.MM.yyyy", "05.11.2026", "2026-11-05"],
    ["dd-MMM-yy", "05-Nov-26", "2026-11-05"],
    ["dMMMyyyy", "5NOV2026", "2026-11-05"],
    ["dd/MM/yy", "05/11/68", "2068-11-05"],
    ["dd/MM/yy", "05/11/69", "1969-11-05"],
    ["yyyy-MM-dd HH:mm:ss", "2026-11-05 23:59:59", "2026-11-05"],
    ["yyyy-MM-ddTHH:mm", "2026-11-05T00:00", "2026-11-05"],
    ["'Tag' d'.'M'.'yyyy", "Tag 5.11.2026", "2026-11-05"],
    ["yyyy''MM''dd", "2026'11'05", "2026-11-05"],
    ["yyyy-MM-dd", "2024-02-29", "2024-02-29"],
  ])("%s reads %s", (format, text, date) => {
    expect(dateReader([format])(text)).toBe(date);
  });

  it.each([
    ["yyyy-MM-dd", "2026-11-5"],
    ["yyyy-MM-dd", "2026-11-05 "],
    ["yyyy-MM-dd", " 2026-11-05"],
    ["yyyy-MM-dd", "2026/11/05"],
    ["yyyy-MM-dd", "2026-02-29"],
    ["yyyy-MM-dd", "2026-13-01"],
    ["yyyy-MM-dd", "2026-00-10"],
    ["yyyy-MM-dd", "0026-11-05"],
    ["yyyy-MM-dd", "２０２６-11-05"],
    ["yyyy-MM-dd", "-026-11-05"],
    ["yyyy-MM-dd", ""],
    ["yyyy/M/d", "2026/011/5"],
    ["yyyy/MM/dd", "2026/1/05"],
    ["yyyyMMdd", "202611055"],
    ["dd-MMM-yyyy", "05-Nop-2026"],
    ["yyyy-MM-dd HH:mm", "2026-11-05 24:00"],
    ["yyyy-MM-dd HH:mm", "2026-11-05 23:60"],
    ["yyyy年M月d日", "2026年11月5"],
  ])("%s does not read %j", (format, text) => {
    expect(dateReader([format])(text)).toBeNull();
  });

  it("tries formats in order", () => {
    const read = dateReader(["yyyy-MM-dd", "dd/MM/yyyy", "MM/dd/yyyy"]);
    expect([read("2026-11-05"), read("05/11/2026"), read("11/25/2026"), read("x")]).toEqual([
      "2026-11-05",
      "2026-11-05",
      "2026-11-25",
      null,
    ]);
  });

  it.each([
    ["YYYY-MM-dd", "date format `YYYY-MM-dd` has `YYYY`; the year is `yyyy`"],
    ["yyyy-MM-DD", "date format `yyyy-MM-DD` has `DD`; the day is `dd`"],
    ["yyyy-mm-dd", "date format `yyyy-mm-dd` has no month; `mm` is minutes, and the month is `MM`"],
    ["yyyy-MM", "date format `yyyy-MM` has no day"],
    ["yyyy-MM-dd yyyy", "date format `yyyy-MM-dd yyyy` has the year twice"],
    ["yyyyMd", "date format `yyyyMd` has `M` right before `d`, so digits could belong to either"],
    ["yyyy-MM-dd hh:mm", "date format `yyyy-MM-dd hh:mm` has `hh`; hours count to 23 and are `HH`"],
    ["yyyy-MM-ddTHH:mm:ssZ", "date format `yyyy-MM-ddTHH:mm:ssZ` has `Z`; a zone offset or Z is `XXX`"],
    ["yyyy-MM-dd'", "date format `yyyy-MM-dd'` has a quote that is never closed"],
    ["yyyy-MM-dd XXX", "date format `yyyy-MM-dd XXX` has a zone offset, so what it reads is a moment and not a date"],
    ["", "date format `` has no year"],
  ])("%j is refused", (format, message) => {
    expect(() => dateReader([format])).toThrow(new DateFormatError(message));
  });

  it("refuses a letter that it does not know, and names those it does", () => {
    expect(() => dateReader(["yyyy-MM-dd EEE"])).toThrow("known letters are yyyy, yy, M, MM, MMM, d, dd, H, HH, mm, ss, SSS, XXX");
  });

  const day = fc.integer({ min: -350_000, max: 2_900_000 }).map((days) => Temporal.PlainDate.from("1970-01-01").add({ days }));
  const format = fc.constantFrom("yyyy-MM-dd", "yyyy/M/d", "yyyyMMdd", "dd.MM.yyyy", "yyyy年M月d日", "d-MMM-yyyy");

  it("reads what Temporal says is a date, in any format, and writes it back", () => {
    fc.assert(
      fc.property(day, format, (date, how) => {
        const written = dateWriter(how)(date.toString());
        expect(dateReader([how])(written)).toBe(date.toString());
      }),
      { numRuns: 3000 },
    );
  });

  it("agrees with Temporal on which days exist", () => {
    const part = (most: number): fc.Arbitrary<string> => fc.integer({ min: 0, max: most }).map((each) => String(each).padStart(2, "0"));
    fc.assert(
      fc.property(fc.integer({ min: 1000, max: 9999 }), part(14), part(33), (year, month, dayOfMonth) => {
        const text = `${year}-${month}-${dayOfMonth}`;
        let expected: string | null = null;
        try {
          expected = Temporal.PlainDate.from(text).toString();
        } catch {}
        expect(dateReader(["yyyy-MM-dd"])(text)).toBe(expected);
        expect(dateReader(["yyyyMMdd"])(text.replaceAll("-", ""))).toBe(expected);
      }),
      { numRuns: 3000 },
    );
  });
});

describe("dateWriter", () => {
  it("refuses a time", () => {
    expect(() => dateWriter("yyyy-MM-dd HH:mm")).toThrow("asks for `HH`, and a date has no time");
  });
  it("writes part of a date", () => {
    expect(dateWriter("yy年M月")("2026-03-09")).toBe("26年3月");
  });
});

describe("dateTimeReader", () => {
  const FORMAT = "yyyy-MM-dd HH:mm:ss.SSS";

  it.each([
    ["Asia/Shanghai", "yyyy-MM-dd HH:mm:ss", "2026-11-20 08:30:00", "2026-11-20T00:30:00.000Z"],
    ["Asia/Shanghai", "yyyy-MM-dd", "2026-11-20", "2026-11-19T16:00:00.000Z"],
    ["Asia/Shanghai", "yyyy-MM-ddTHH:mm:ssXXX", "2026-11-20T08:30:00Z", "2026-11-20T08:30:00.000Z"],
    ["Asia/Shanghai", "yyyy-MM-ddTHH:mm:ssXXX", "2026-11-20T08:30:00-05:30", "2026-11-20T14:00:00.000Z"],
    ["America/New_York", FORMAT, "2026-03-08 02:30:00.000", null],
    ["America/New_York", FORMAT, "2026-03-08 03:00:00.000", "2026-03-08T07:00:00.000Z"],
    ["America/New_York", FORMAT, "2026-11-01 01:30:00.000", "2026-11-01T05:30:00.000Z"],
    ["America/New_York", FORMAT, "2026-11-01 02:00:00.000", "2026-11-01T07:00:00.000Z"],
    ["Australia/Lord_Howe", FORMAT, "2026-10-04 02:15:00.000", null],
    ["Australia/Lord_Howe", FORMAT, "2026-10-04 02:45:00.000", "2026-10-03T15:45:00.000Z"],
    ["Pacific/Apia", FORMAT, "2011-12-30 12:00:00.000", null],
    ["Asia/Shanghai", FORMAT, "9999-12-31 23:59:59.999", "9999-12-31T15:59:59.999Z"],
    ["America/New_York", FORMAT, "9999-12-31 23:59:59.999", null],
    ["UTC", "yyyy-MM-ddTHH:mm:ssXXX", "2026-11-20T08:30:00+0800", null],
    ["UTC", "yyyy-MM-ddTHH:mm:ssXXX", "2026-11-20T08:30:00+19:00", null],
    ["UTC", "yyyy-MM-ddTHH:mm:ssXXX", "2026-11-20T08:30:00", null],
    ["UTC", "yyyy-MM-dd HH:mm:ss", "2026-11-20 08:30:60", null],
  ])("in %s %s reads %s", (zone, format, text, instant) => {
    expect(dateTimeReader([format], zone)(text)).toBe(instant);
  });

  it("refuses a time zone that does not exist", () => {
    expect(() => dateTimeReader([FORMAT], "Asia/Shangai")).toThrow(DateFormatError);
  });

  it.each(ZONES)("agrees with Temporal in %s, at any time and around the changes of the clock", (zone) => {
    const read = dateTimeReader([FORMAT], zone);
    const dateOf = zonedDateReader(zone);
    const anywhere = fc.integer({ min: Date.UTC(1970, 0, 1), max: Date.UTC(2045, 0, 1) });
    const changes = [2011, 2018, 2026].flatMap((year) => transitionsOf(zone, year));
    const near = fc
      .tuple(fc.constantFrom(...changes, 0), fc.integer({ min: -4 * 3_600_000, max: 4 * 3_600_000 }))
      .map(([at, off]) => at + off);
    fc.assert(
      fc.property(fc.oneof(anywhere, near), (instantMs) => {
        const zoned = Temporal.Instant.fromEpochMilliseconds(instantMs).toZonedDateTimeISO(zone);
        expect(dateOf(new Date(instantMs).toISOString())).toBe(zoned.toPlainDate().toString());
        for (const local of [zoned.toPlainDateTime(), zoned.toPlainDateTime().add({ minutes: 45 })]) {
          const text = local.toString({ fractionalSecondDigits: 3 }).replace("T", " ");
          const earlier = local.toZonedDateTime(zone, { disambiguation: "earlier" });
          const exists = earlier.toPlainDateTime().equals(local);
          expect(read(text)).toBe(exists ? new Date(earlier.epochMilliseconds).toISOString() : null);
        }
      }),
      { numRuns: 400 },
    );
  });
});

/** The instants of a year at which the zone changes its clock. */
function transitionsOf(zone: string, year: number): number[] {
  const found: number[] = [];
  let at: Temporal.ZonedDateTime | null = Temporal.ZonedDateTime.from(`${year}-01-01T00:00[${zone}]`);
  while (at !== null && at.year === year) {
    at = at.getTimeZoneTransition("next");
    if (at !== null && at.year === year) found.push(at.epochMilliseconds);
  }
  return found;
}
