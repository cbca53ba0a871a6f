import { describe, expect, test } from "vitest";
import { sourceConformance } from "./conformance.js";
import { aClock, type FakeClock, serve, thrownBy } from "./http-setup.js";
import { abandonedBy, openSource, queryOf, readCells, readEvents, unitsOf, type Written } from "./http-source-setup.js";

const at = (now: string): FakeClock => ({ waits: [], now: new Date(now) });

function source(since: Written, query: Written = { from: "$.since", to: "$.until" }): Written {
  return { request: { path: "/claims", query }, records: "$.items", pages: "none", since };
}

/** What was asked for, as `from to`, by a server that has nothing. */
async function asked(since: Written, now: string, cursor: string | null = null, timeZone = "Asia/Shanghai") {
  const { url, received } = await serve(() => ({ body: { items: [] } }));
  const events = await readEvents(url, { source: source(since), since: cursor, clock: at(now), timeZone });
  return { spans: received.map(({ url: each }) => Object.values(queryOf(each)).join(" ")), units: unitsOf(events) };
}

describe("how times are written", () => {
  test.each([
    ["iso", "2026-01-01T02:03:04Z 2026-12-01T02:03:04Z"],
    ["epoch s", "1767232984 1796090584"],
    ["epoch ms", "1767232984567 1796090584000"],
    ["yyyy-MM-dd HH:mm:ss", "2026-01-01 10:03:04 2026-12-01 10:03:04"],
    ["yyyy-MM-ddTHH:mm:ss.SSSXXX", "2026-01-01T10:03:04.567+08:00 2026-12-01T10:03:04.000+08:00"],
    ["yyyyMMdd", "20260101 20261202"],
  ])("%s", async (format, expected) => {
    const { spans } = await asked({ start: "2025-01-01", format }, "2026-12-01T02:03:04Z", "2026-01-01T02:03:04.567Z");
    expect(spans).toEqual([expected]);
  });

  test("on the clock of another zone", async () => {
    const { spans } = await asked(
      { start: "2026-01-01", format: "yyyy-MM-dd HH:mm", time_zone: "America/New_York" },
      "2026-07-01T04:00:00Z",
    );
    expect(spans).toEqual(["2026-01-01 00:00 2026-07-01 00:00"]);
  });

  test.each([
    ["2026-01-01T00:00:00+08:00", "iso"],
    ["2026-01-01 00:00:00", "yyyy-MM-dd HH:mm:ss"],
    ["1767196800", "epoch s"],
    ["2026-01-01", "epoch ms"],
  ])("the first reading begins at `start`: %s as %s", async (start, format) => {
    expect((await asked({ start, format }, "2026-01-02T00:00:00Z")).units).toEqual(["from 2026-01-01T00:00:00+08:00 to now"]);
  });

  test.each([
    ["1767232984567", "2026-01-01T02:02:04Z 2026-12-01T02:03:04Z"],
    ["1767232984", "2026-01-01T02:02:04Z 2026-12-01T02:03:04Z"],
  ])("a cursor that counts from 1970, less the overlap: %s", async (cursor, expected) => {
    const { spans } = await asked({ start: "2025-01-01", overlap: "1m" }, "2026-12-01T02:03:04Z", cursor.padStart(40, "0"));
    expect(spans).toEqual([expected]);
  });

  test("numbers and texts are no times", async () => {
    const { url, received } = await serve(() => ({ body: { items: [] } }));
    const options = source({ start: "0", format: "number" }, { after: "$.since" });
    expect(unitsOf(await readEvents(url, { source: options }))).toEqual(["from 0"]);
    expect(unitsOf(await readEvents(url, { source: options, since: `${"0".repeat(38)}42` }))).toEqual(["from 42"]);
    await readEvents(url, { source: source({ start: "a", format: "text" }, { after: "$.since" }), since: "C-9" });
    expect(received.map(({ url: each }) => queryOf(each)["after"])).toEqual(["0", "42", "C-9"]);
  });
});

describe("spans", () => {
  test("of at most 31 days, without a gap, by hours and on the clock", async () => {
    const { spans, units } = await asked({ start: "2026-01-01", format: "yyyy-MM-dd HH:mm:ss", most: "31d" }, "2026-03-05T00:00:00Z");
    expect(spans).toEqual([
      "2026-01-01 00:00:00 2026-02-01 00:00:00",
      "2026-02-01 00:00:00 2026-03-04 00:00:00",
      "2026-03-04 00:00:00 2026-03-05 08:00:00",
    ]);
    expect(units).toEqual([
      "from 2026-01-01T00:00:00+08:00 to 2026-02-01T00:00:00+08:00",
      "from 2026-02-01T00:00:00+08:00 to 2026-03-04T00:00:00+08:00",
      "from 2026-03-04T00:00:00+08:00 to now",
    ]);
  });

  test("across a change of the clock they are never longer than the limit, however it is counted", async () => {
    const zone = "America/New_York";
    const format = "yyyy-MM-ddTHH:mm:ssXXX";
    const forward = await asked({ start: "2026-02-20", format, most: "31d" }, "2026-04-01T04:00:00Z", null, zone);
    expect(forward.spans[0]).toBe("2026-02-20T00:00:00-05:00 2026-03-23T00:00:00-04:00");
    const back = await asked({ start: "2026-10-20", format, most: "31d" }, "2026-12-01T05:00:00Z", null, zone);
    expect(back.spans).toEqual([
      "2026-10-20T00:00:00-04:00 2026-11-19T23:00:00-05:00",
      "2026-11-19T23:00:00-05:00 2026-12-01T00:00:00-05:00",
    ]);
  });

  test("from within the hour that the clock shows twice, nothing is left out", async () => {
    const { spans } = await asked(
      { start: "2026-01-01", format: "yyyy-MM-dd HH:mm:ss", most: "1h" },
      "2026-11-01T07:30:00Z",
      "2026-11-01T05:30:00Z",
      "America/New_York",
    );
    expect(spans).toEqual(["2026-11-01 00:59:59 2026-11-01 01:30:00", "2026-11-01 00:59:59 2026-11-01 02:30:00"]);
  });

  test("of dates, whole days that do not overlap; today belongs to the last", async () => {
    const since = { start: "2026-01-01", format: "yyyy-MM-dd", most: "31d" };
    expect((await asked({ ...since, until: "inclusive" }, "2026-02-10T02:00:00Z")).spans).toEqual([
      "2026-01-01 2026-01-31",
      "2026-02-01 2026-02-10",
    ]);
    expect((await asked(since, "2026-02-10T02:00:00Z")).spans).toEqual(["2026-01-01 2026-02-01", "2026-02-01 2026-02-11"]);
  });

  test("with an inclusive end: the next one begins with its last second, because a fraction of it may be missing", async () => {
    const since = { start: "2026-01-01", format: "yyyy-MM-dd HH:mm:ss", most: "1d", until: "inclusive" };
    expect((await asked(since, "2026-01-02T20:00:00Z")).spans).toEqual([
      "2026-01-01 00:00:00 2026-01-01 23:59:59",
      "2026-01-01 23:59:59 2026-01-02 23:59:58",
      "2026-01-02 23:59:58 2026-01-03 03:59:59",
    ]);
  });

  test("that take in some of the one before, and end some time ago", async () => {
    const since = { start: "2026-01-01", format: "yyyy-MM-dd HH:mm", most: "1d", overlap: "5m", lag: "10m" };
    expect((await asked(since, "2026-01-02T00:10:00Z")).spans).toEqual([
      "2026-01-01 00:00 2026-01-02 00:00",
      "2026-01-01 23:55 2026-01-02 08:00",
    ]);
  });

  test.each([
    ["exclusive", "0", "2026-01-02 08:00:06"],
    ["inclusive", "0", "2026-01-02 08:00:05"],
    // What is still to settle is left alone for all of that time.
    ["exclusive", "10m", "2026-01-02 07:50:05"],
    ["inclusive", "10m", "2026-01-02 07:50:04"],
  ])("what changed in the second that has begun belongs to the last: %s, lag %s", async (until, lag, expected) => {
    const since = { start: "2026-01-02", format: "yyyy-MM-dd HH:mm:ss", until, lag };
    expect((await asked(since, "2026-01-02T00:00:05.300Z")).spans).toEqual([`2026-01-02 00:00:00 ${expected}`]);
  });

  test("none, where the cursor is ahead of the clock", async () => {
    expect((await asked({ start: "2026-01-01", lag: "10m" }, "2026-01-02T00:00:00Z", "2026-01-01T23:55:00Z")).spans).toEqual([]);
  });

  test("without an end, one request reads everything from there on", async () => {
    const { url, received } = await serve(() => ({ body: { items: [] } }));
    const events = await readEvents(url, { source: source({ start: "2026-01-01" }, { from: "$.since" }), since: "2026-05-05" });
    expect(received.map(({ url: each }) => queryOf(each))).toEqual([{ from: "2026-05-04T16:00:00Z" }]);
    expect(unitsOf(events)).toEqual(["from 2026-05-05T00:00:00+08:00"]);
  });

  test("a record at the border of two spans is not left out, and neither is its twin", async () => {
    const list = [
      { id: "C-1", changed: "2026-01-01T23:59:59Z" },
      { id: "C-2", changed: "2026-01-02T00:00:00Z" },
      { id: "C-3", changed: "2026-01-02T00:00:00Z" },
    ];
    for (const until of ["exclusive", "inclusive"]) {
      const { url } = await serve(({ url: each }) => {
        const { from = "", to = "" } = queryOf(each);
        return { body: { items: list.filter(({ changed }) => changed >= from && (until === "inclusive" ? changed <= to : changed < to)) } };
      });
      const options = source({ start: "2026-01-01T00:00:00Z", most: "1d", until });
      const ids = (await readCells(url, { source: options, clock: at("2026-01-02T12:00:00Z") })).flat();
      expect([...new Set(ids)].sort()).toEqual(["C-1", "C-2", "C-3"]);
    }
  });
});

describe("a span that is too much is halved", () => {
  const since = { start: "2026-01-01T00:00:00Z", most: "8h", halve: "1h" };
  const now = "2026-01-01T12:00:00Z";
  const hours = (query: Record<string, string>): number => (Date.parse(query["to"] ?? "") - Date.parse(query["from"] ?? "")) / 3_600_000;

  test.each([
    ["504", () => ({ status: 504 })],
    ["413", () => ({ status: 413 })],
    ["a rule", () => ({ body: { code: "TOO_MANY" } })],
    ["an answer over the limit", () => ({ body: { items: [{ id: "x".repeat(100_000) }] } })],
  ])("%s", async (_, tooMuch) => {
    const { url, received } = await serve(({ url: each }) =>
      hours(queryOf(each)) > 2 ? tooMuch() : { body: { items: [{ id: queryOf(each)["from"] }] } },
    );
    const options = { ...source(since), rejected: { when: { path: "$.code", equals: "TOO_MANY" }, means: "too much" } };
    expect(await readCells(url, { source: options, clock: at(now) })).toEqual(
      ["00", "02", "04", "06", "08", "10"].map((hour) => [`2026-01-01T${hour}:00:00Z`]),
    );
    expect(received.map(({ url: each }) => hours(queryOf(each)))).toEqual([8, 4, 2, 2, 4, 2, 2, 4, 2, 2]);
  });

  test("no answer in time", async () => {
    const { url } = await serve(({ url: each }) => (hours(queryOf(each)) > 6 ? undefined : { body: { items: [] } }));
    const events = await readEvents(url, { source: source(since), clock: at(now), connection: { timeout: "60ms" } });
    expect(events.filter(({ kind }) => kind === "complete").length).toBe(3);
  });

  test("down to the shortest, and then it is given up, with what comes after it", async () => {
    const { url, received } = await serve(() => ({ status: 504 }));
    const problem = await abandonedBy(url, { source: source(since), clock: at(now) });
    expect(problem.message).toContain("it answers HTTP 504");
    expect(received.map(({ url: each }) => hours(queryOf(each)))).toEqual([8, 4, 2, 1]);
  });

  test("not where that was not asked for: then it is asked again", async () => {
    const { url, received } = await serve(() => ({ status: 504 }));
    await abandonedBy(url, { source: source({ start: "2026-01-01" }), clock: at(now) });
    expect(received.length).toBe(3);
  });

  test("days are halved at midnight", async () => {
    const options = source({ start: "2026-01-01", format: "yyyy-MM-dd", most: "5d", halve: "1d" });
    const { url, received } = await serve(({ url: each }) =>
      queryOf(each)["to"] === "2026-01-06" ? { status: 504 } : { body: { items: [] } },
    );
    const clock = at("2026-01-05T12:00:00Z");
    expect(unitsOf(await readEvents(url, { source: options, clock }))).toEqual([
      "from 2026-01-01 to 2026-01-03",
      "from 2026-01-03 to 2026-01-04",
      "from 2026-01-04 to 2026-01-05",
    ]);
    expect(received.map(({ url: each }) => Object.values(queryOf(each)).join(" "))).toEqual([
      "2026-01-01 2026-01-06",
      "2026-01-01 2026-01-03",
      "2026-01-03 2026-01-06",
      "2026-01-03 2026-01-04",
      "2026-01-04 2026-01-06",
      "2026-01-04 2026-01-05",
      "2026-01-05 2026-01-06",
    ]);
  });
});

test("a span that fails ends the reading: a later one must not be taken without it", async () => {
  const { url, received } = await serve(({ url: each }) =>
    queryOf(each)["from"] === "2026-01-02T00:00:00Z" ? { status: 500 } : { body: { items: [{ id: "C-1" }] } },
  );
  const events = await readEvents(url, {
    source: source({ start: "2026-01-01T00:00:00Z", most: "1d" }),
    clock: at("2026-01-05T00:00:00Z"),
  });
  expect(events.map(({ kind }) => kind)).toEqual(["records", "complete", "abandoned"]);
  expect(received.length).toBe(4);
});

describe("options that cannot be used are refused before anything is sent", () => {
  test.each<[string, Written, Written, string]>([
    ["no since", { start: "2026-01-01" }, {}, "`since` is given, and the request does not send `$.since`"],
    ["most", { start: "2026-01-01", most: "31d" }, { a: "$.since" }, "`since.most` needs `$.until` in the request"],
    ["start", { start: "soon" }, { a: "$.since" }, "`since.start` is `soon`, which is no time"],
    [
      "format",
      { start: "2026-01-01", format: "YYYY-MM-dd" },
      { a: "$.since" },
      "`since`: date format `YYYY-MM-dd` has `YYYY`; the year is `yyyy`",
    ],
    [
      "zone",
      { start: "2026-01-01", time_zone: "Asia/Nowhere" },
      { a: "$.since" },
      "`since`: there is no time zone `Asia/Nowhere`; names are those of the IANA database, such as `Asia/Shanghai`",
    ],
    [
      "hours of dates",
      { start: "2026-01-01", format: "yyyy-MM-dd", most: "12h" },
      { a: "$.since", b: "$.until" },
      "`since.most` is `12h`, and `since.format` has no time",
    ],
    ["numbers", { start: "0", format: "number" }, { a: "$.since", b: "$.until" }, "`since.format` is `number`, which has no `$.until`"],
    [
      "all overlap",
      { start: "2026-01-01", most: "1h", overlap: "1h" },
      { a: "$.since", b: "$.until" },
      "`since.most` is `1h`, which is no more than spans overlap",
    ],
  ])("%s", async (_, since, query, message) => {
    expect((await thrownBy(() => openSource("http://127.0.0.1:1", { source: source(since, query) }))).message).toBe(message);
  });

  test("a cursor of another kind", async () => {
    const read = (since: Written, cursor: string) =>
      readEvents("http://127.0.0.1:1", { source: source(since, { a: "$.since" }), since: cursor });
    expect((await thrownBy(() => read({ start: "2026-01-01" }, "C-7"))).message).toBe("the cursor stands at `C-7`, which is no time");
    expect((await thrownBy(() => read({ start: "0", format: "number" }, "2026-01-01"))).message).toBe(
      "the cursor stands at `2026-01-01`, which is no number",
    );
  });
});

sourceConformance("http", async () => {
  const { url } = await serve(({ url: each }) => {
    const { from = "", page } = queryOf(each);
    const count = page === "1" ? (from === "2026-01-01" ? 2_500 : 3) : 0;
    return { body: { items: Array.from({ length: count }, (_, index) => ({ 单据编号: `${from}-${index}`, 金额: 12.5, 已付: true })) } };
  });
  const options = {
    ...source({ start: "2026-01-01", format: "yyyy-MM-dd", most: "10d" }, { from: "$.since", to: "$.until", page: "$.page" }),
    pages: { by: "page" },
  };
  const columns = ["单据编号", "金额", "已付", "备注"].map((name) => ({ name, aliases: [], required: false }));
  const clock = { ...aClock(), now: new Date("2026-01-25T00:00:00Z") };
  return {
    columns,
    folder: "/",
    open: ({ signal }) => openSource(url, { source: options, clock, signal, connection: { max_response: 10_000_000 } }),
  };
});
