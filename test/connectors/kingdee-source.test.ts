import { describe, expect, test } from "vitest";
import type { SourceEvent } from "../../src/connectors/contract.js";
import { recordsOf, sourceConformance } from "./conformance.js";
import { type Call, openKingdeeSource, readEvents, serveKingdee, status } from "./kingdee-setup.js";

const DEPARTMENTS = { stream: "departments" };

function problemOf(events: readonly SourceEvent[]) {
  const last = events.at(-1);
  if (last?.kind !== "abandoned") throw new Error(`expected an abandoned unit, got ${JSON.stringify(events)}`);
  return last.problem;
}

const cellsOf = (events: readonly SourceEvent[]) => recordsOf(events).map(({ cells }) => cells);

/** Rows of a table, as the ERP gives pages of them. */
function pageOf(rows: readonly (readonly unknown[])[], { data }: Call): unknown {
  const { StartRow, Limit } = data as { StartRow: number; Limit: number };
  return rows.slice(StartRow, StartRow + Limit);
}

describe("the query", () => {
  test("asks for the fields of the columns, in a stable order, and reads until a page is short", async () => {
    const rows = Array.from({ length: 5 }, (_, index) => [`D0${index}`, `部门${index}`, 100 + index]);
    const server = await serveKingdee((call) => pageOf(rows, call));
    const columns = [
      { name: "编号", aliases: ["FNumber"], required: true },
      { name: "名称", aliases: ["FName"], required: true },
      { name: "备注", aliases: [], required: false },
    ];
    const events = await readEvents(server.url, { options: { ...DEPARTMENTS, page_size: 3 }, columns });
    expect(cellsOf(events)).toEqual(rows.map(([number, name]) => [number, name, null]));
    expect(server.calls.map(({ data }) => data)).toEqual(
      // Each page begins with the last row of the one before.
      [0, 2, 4].map((start) => ({
        FormId: "BD_Department",
        FieldKeys: "FNumber,FName,FDEPTID",
        FilterString: "FDocumentStatus='C'",
        OrderString: "FDEPTID ASC",
        TopRowCount: 0,
        StartRow: start,
        Limit: 3,
      })),
    );
    expect(events.at(-1)).toMatchObject({ kind: "complete", unit: "BD_Department" });
  });

  test("reads what changed, in half-open spans by the server's clock", async () => {
    const server = await serveKingdee(() => []);
    const clock = { waits: [], now: new Date("2026-11-03T02:03:04Z") };
    const options = { ...DEPARTMENTS, since: { start: "2026-11-01", field: "FMODIFYDATE", most: "1d" } };
    const events = await readEvents(server.url, { options, clock, since: "2026-11-01T16:00:00.000Z" });
    expect(server.calls.map(({ data }) => [data["FilterString"], data["OrderString"]])).toEqual([
      [
        "(FDocumentStatus='C') AND (FMODIFYDATE>='2026-11-02 00:00:00' AND FMODIFYDATE<'2026-11-03 00:00:00')",
        "FMODIFYDATE ASC, FDEPTID ASC",
      ],
      [
        "(FDocumentStatus='C') AND (FMODIFYDATE>='2026-11-03 00:00:00' AND FMODIFYDATE<'2026-11-03 10:03:04')",
        "FMODIFYDATE ASC, FDEPTID ASC",
      ],
    ]);
    expect(events.flatMap((event) => (event.kind === "complete" ? [event.unit] : []))).toEqual([
      "BD_Department from 2026-11-02T00:00:00+08:00 to 2026-11-03T00:00:00+08:00",
      "BD_Department from 2026-11-03T00:00:00+08:00 to now",
    ]);
  });

  test.each([
    [{ stream: "payables", filter: "FSUPPLIERID.FNumber = 'S''1'" }, "AP_Payable", "FSUPPLIERID.FNumber = 'S''1'"],
    [
      { stream: "employees", approved: false, usable: true, organisations: ["100", "O'2"] },
      "BD_Empinfo",
      "(FForbidStatus='A') AND (FUseOrgId.FNumber IN ('100','O''2'))",
    ],
    [
      { stream: "projects", form: "BAS_PreBaseDataOne", organisations: ["100"], organisation_field: "FCreateOrgId.FNumber" },
      "BAS_PreBaseDataOne",
      "(FDocumentStatus='C') AND (FCreateOrgId.FNumber='100')",
    ],
    [{ form: "ER_ExpenseRequest" }, "ER_ExpenseRequest", ""],
  ])("%o asks %s for `%s`", async (options, form, filter) => {
    const server = await serveKingdee(() => []);
    await readEvents(server.url, { options });
    expect(server.calls[0]?.data).toMatchObject({ FormId: form, FilterString: filter });
  });

  test.each([
    [{}, "the source has neither `stream` nor `form`"],
    [{ stream: "projects" }, "`stream: projects` needs `form`"],
    [{ stream: "accounts", organisations: ["100"] }, "`organisations` needs `organisation_field`"],
  ])("refuses %o", (options, message) => {
    expect(() => openKingdeeSource("http://127.0.0.1:9", { options })).toThrow(message);
  });

  test("a column that is no field key is named", async () => {
    const columns = [{ name: "编号", aliases: [], required: true }];
    await expect(readEvents("http://127.0.0.1:9", { options: DEPARTMENTS, columns })).rejects.toThrow(
      "the column `编号` is called `编号`, which is no field key",
    );
  });
});

describe("values", () => {
  test("keep every digit, and times become instants", async () => {
    const body =
      '[["00042",12345678901234567.10,1.5E2,true,null,"","2025-01-23T14:16:16.517","2025-01-23T00:00:00","2025-01-23T14:16:16.5170001"]]';
    const server = await serveKingdee(() => body);
    const columns = ["FA", "FB", "FC", "FD", "FE", "FF", "FG", "FH", "FI"];
    const options = { form: "T", order: ["FA"] };
    expect(cellsOf(await readEvents(server.url, { options, columns }))).toEqual([
      ["00042", "12345678901234567.10", "150", true, null, null, "2025-01-23T06:16:16.517Z", "2025-01-23", "2025-01-23T06:16:16.517Z"],
    ]);
    expect(cellsOf(await readEvents(server.url, { options: { ...options, times: "as sent" }, columns }))[0]?.[7]).toBe(
      "2025-01-23T00:00:00",
    );
  });

  test("an object in a row keeps that row only from being used", async () => {
    const server = await serveKingdee(() => [[["a"]], ["D02"]]);
    const events = await readEvents(server.url, { options: { form: "T", order: ["FNumber"] } });
    expect(cellsOf(events)).toEqual([["D02"]]);
    expect(events.flatMap((event) => (event.kind === "records" ? event.malformed : []))).toMatchObject([
      { line: 1, problem: { code: "RECORD_MALFORMED", message: "`FNumber` holds a list, expected text, a number, true or false" } },
    ]);
  });
});

describe("what is no answer with rows", () => {
  const refused = status({ Errors: [{ FieldName: null, Message: "元数据中标识为FX的字段不存在", DIndex: 0 }], MsgCode: 4 });

  test.each([
    ["an error that looks like a row", [[refused]], "元数据中标识为FX的字段不存在 [MsgCode 4]"],
    ["an error that stands alone", refused, "元数据中标识为FX的字段不存在 [MsgCode 4]"],
    ["a row that is too short", [["D01"], ["D02", "x"]], "a row has not the 2 values that were asked for"],
    ["a page that is not JSON", "<html><title>登录</title></html>", "its answer is not JSON: 登录"],
    ["an object", {}, "its answer is no list of rows: {}"],
    ["an HTTP error", { status: 404, body: [] }, "its answer is no list of rows (HTTP 404)"],
  ])("%s", async (_, body, message) => {
    const server = await serveKingdee(() => body);
    const events = await readEvents(server.url, { options: { form: "T", order: ["FID"] }, columns: ["FNumber"] });
    expect(recordsOf(events)).toEqual([]);
    expect(problemOf(events)).toMatchObject({ code: "SOURCE_UNREADABLE" });
    expect(problemOf(events).message).toContain(message.replace(" (HTTP 404)", ""));
  });

  test("locks, limits and a failing database are asked again", async () => {
    const answers = [status({ MsgCode: 14 }), status({ MsgCode: 6 }), [["D01", 1]]];
    const server = await serveKingdee(() => answers.shift());
    const clock = { waits: [] as number[], now: new Date("2026-11-03T02:03:04Z") };
    expect(cellsOf(await readEvents(server.url, { options: DEPARTMENTS, clock }))).toEqual([["D01"]]);
    expect(clock.waits).toEqual([500, 1000]);
  });

  test("no permission is not asked again", async () => {
    const server = await serveKingdee(() => [[status({ MsgCode: 2, Errors: [{ Message: "没有权限" }] })]]);
    expect(problemOf(await readEvents(server.url, { options: DEPARTMENTS })).message).toContain("没有权限 [MsgCode 2]");
    expect(server.calls).toHaveLength(1);
  });
});

describe("rows that move while they are read", () => {
  const rows = ["D01", "D02", "D03", "D04"].map((number, index) => [number, index]);

  test("are read anew from the beginning", async () => {
    let pages = 0;
    const server = await serveKingdee((call) => {
      pages += 1;
      // The second is gone by the time that the second page is asked for.
      return pageOf(pages === 1 ? rows : rows.filter(([number]) => number !== "D02"), call);
    });
    const events = await readEvents(server.url, { options: { ...DEPARTMENTS, page_size: 3 } });
    expect(cellsOf(events)).toEqual([["D01"], ["D03"], ["D04"]]);
  });

  test("are given up where they never come to rest", async () => {
    let pages = 0;
    const server = await serveKingdee((call) => {
      pages += 1;
      return pageOf(pages % 2 === 1 ? rows : [...rows].reverse(), call);
    });
    const events = await readEvents(server.url, { options: { ...DEPARTMENTS, page_size: 3 } });
    expect(problemOf(events).message).toBe("its rows moved while it was read: the end of a page is not where the next one begins");
    expect(server.calls).toHaveLength(6);
  });
});

test("a span that is too much is read in halves", async () => {
  const server = await serveKingdee(({ data }) => {
    const isLong =
      String(data["FilterString"]).includes("<'2026-11-03 10:00:00'") && String(data["FilterString"]).includes(">='2026-11-01");
    return isLong ? "x".repeat(200_000) : [["D01", "2026-11-02T01:00:00", 1]];
  });
  const clock = { waits: [], now: new Date("2026-11-03T02:00:00Z") };
  const options = { ...DEPARTMENTS, since: { start: "2026-11-01", halve: "12h" } };
  const events = await readEvents(server.url, { connection: { max_response: 100_000 }, options, clock });
  expect(cellsOf(events)).toEqual([["D01"], ["D01"]]);
});

sourceConformance("kingdee", async () => {
  const days = { "2026-11-01": 2_500, "2026-11-02": 3 };
  const server = await serveKingdee((call) => {
    const [, day = ""] = />='(\d{4}-\d\d-\d\d)/.exec(String(call.data["FilterString"])) ?? [];
    const count = days[day as keyof typeof days] ?? 0;
    return pageOf(
      Array.from({ length: count }, (_, index) => {
        const row: Record<string, unknown> = {
          FNumber: `${day}-${index}`,
          FName: `部门${index}`,
          FModifyDate: `${day}T01:00:00`,
          FDEPTID: index,
        };
        return String(call.data["FieldKeys"])
          .split(",")
          .map((key) => row[key]);
      }),
      call,
    );
  });
  const clock = { waits: [], now: new Date("2026-11-02T16:00:00Z") };
  return {
    open: ({ signal }) =>
      openKingdeeSource(server.url, { options: { ...DEPARTMENTS, since: { start: "2026-11-01", most: "1d" } }, clock, signal }),
    columns: ["FNumber", "FName"].map((name) => ({ name, aliases: [], required: true })),
    folder: "/",
  };
});
