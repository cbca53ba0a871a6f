import { describe, expect, test } from "vitest";
import { sourceConformance } from "./conformance.js";
import { aTenant, contextOf, type Doc, malformedOf, openSource, readCells, readEvents, serveHesi } from "./hesi-setup.js";
import { aClock } from "./http-setup.js";

const LINES = ["form.code", "row.line", "row.id", "detail.feeType.code", "row.amount", "row.taxAmount", "row.department.code"];

describe("documents", () => {
  test("one record for each part of a fee line, its tax divided to the cent, names looked up", async () => {
    const { url } = await serveHesi();
    expect(
      await readCells(url, { columns: LINES, optional: ["apportion.apportionForm.项目.code", "apportion.apportionForm.项目.name"] }),
    ).toEqual([
      ["B26000017", "1", "ID_det1", "TRAIN", "318.00", "26.26", "D100", null, null],
      ["B26000017", "2", "ID_ap1", "HOTEL", "333.37", "18.87", "D100", "P001", "一号项目"],
      ["B26000017", "3", "ID_ap2", "HOTEL", "666.73", "37.74", "D200", "P002", "二号项目"],
      ["B26000018", "1", "ID_flow2", null, "12345678901234567.10", null, "D200", null, null],
      ["B26000019", "1", "ID_det3", "HOTEL", "50", null, "D200", null, null],
    ]);
  });

  test("or for each fee line, or for each document", async () => {
    const { url } = await serveHesi();
    expect(
      await readCells(url, { source: { rows: "details" }, columns: ["row.id", "row.amount", "row.taxAmount", "detail.invoices.count"] }),
    ).toEqual([
      ["ID_det1", "318.00", "26.26", "1"],
      ["ID_det2", "1000.10", "56.61", "2"],
      ["ID_flow2", "12345678901234567.10", null, null],
      ["ID_det3", "50", null, "0"],
    ]);
    expect(
      await readCells(url, {
        source: { rows: "documents" },
        columns: ["form.code", "form.expenseMoney.standard", "document.invoices.numbers"],
      }),
    ).toEqual([
      ["B26000017", "1318.10", "26317000000123456789,044001900211-67083249"],
      ["B26000018", "12345678901234567.10", null],
      ["B26000019", "50", null],
    ]);
  });

  test("times are those of the clock on the wall, states are told in plain words, people and accounts by name", async () => {
    const { url } = await serveHesi();
    const columns = [
      "updateTime",
      "form.expenseDate",
      "form.voucherCreateTime",
      "form.u_到货",
      "state",
      "document.isVoided",
      "document.isApproved",
      "document.isFinal",
      "submitter.name",
      "form.u_法人.code",
      "paymentAccount.code",
      "payee.cardNo",
    ];
    const cells = await readCells(url, { source: { rows: "documents", times: ["u_到货"] }, columns });
    expect(cells).toEqual([
      [
        "2026-11-21T10:00:00.000+08:00",
        "2026-11-21T00:00:00.000+08:00",
        null,
        "2026-11-21T00:00:00.000+08:00",
        "paid",
        false,
        true,
        false,
        "张三",
        "E01",
        "ACC1",
        "6222000000000000042",
      ],
      ["2026-11-21T10:01:00.000+08:00", null, null, null, "nullify", true, false, false, "李四", null, null, null],
      ["2026-11-21T10:02:00.000+08:00", null, null, null, "archived", false, true, true, "张三", null, null, null],
    ]);
  });

  test("only what changed, by updateTime, live documents only, the window open at its end", async () => {
    const server = await serveHesi();
    expect(
      await readCells(server.url, { columns: ["form.code"], since: "2026-11-21T02:02:00.000Z", source: { rows: "documents" } }),
    ).toEqual([["B26000018"], ["B26000019"]]);
    const asked = server.received.map(({ url }) => new URL(url, "http://x")).find(({ pathname }) => pathname.endsWith("getApplyList"));
    expect(Object.fromEntries([...(asked?.searchParams ?? [])].filter(([name]) => name !== "accessToken"))).toEqual({
      type: "expense",
      orderBy: "updateTime",
      orderByType: "asc",
      active: "true",
      startDate: "2026-11-21 10:01:00",
      endDate: "2026-12-01 10:03:04",
      start: "0",
      count: "100",
    });
  });

  test("the list alone does where it holds the form", async () => {
    const server = await serveHesi();
    expect(await readCells(server.url, { source: { detail: false }, columns: ["row.id"] })).toHaveLength(5);
    expect(server.calls.filter((call) => call.includes("flowDetails"))).toEqual([]);
  });

  test("one that is deleted between list and detail is reported with the system's words", async () => {
    const server = await serveHesi((_, path, query) =>
      path === "/v1.1/flowDetails" && query["flowId"] === "ID_flow1"
        ? { status: 412, body: { errorCode: 412, errorMessage: "单据已删除" } }
        : undefined,
    );
    const events = await readEvents(server.url, { columns: ["form.code"], source: { rows: "documents" } });
    expect(malformedOf(events)).toMatchObject([
      {
        text: "B26000017|ID_flow1",
        problem: { code: "RECORD_MALFORMED", message: "it was listed, and its detail is not there any more (HTTP 412): 单据已删除" },
      },
    ]);
    expect(events.at(-1)?.kind).toBe("complete");
  });

  test("deleted ones come with their state where that is asked for, from the list, because they have no detail", async () => {
    const tenant = aTenant();
    (tenant.documents[0] as Doc).active = false;
    const { url } = await serveHesi(undefined, tenant);
    expect(await readCells(url, { columns: ["form.code"], source: { rows: "documents" } })).toEqual([["B26000018"], ["B26000019"]]);
    expect(await readCells(url, { columns: ["form.code", "document.isDeleted"], source: { rows: "documents", deleted: true } })).toEqual([
      ["B26000017", true],
      ["B26000018", false],
      ["B26000019", false],
    ]);
  });

  test("an id that no list has is reported, and does not become an empty cell", async () => {
    const tenant = aTenant();
    (tenant.documents[2] as Doc).form["expenseDepartment"] = "corp1:d9";
    const { url } = await serveHesi(undefined, tenant);
    const events = await readEvents(url, { columns: ["form.code", "department.code"], source: { rows: "documents" } });
    expect(malformedOf(events)).toMatchObject([
      {
        text: "B26000019|ID_flow3|row 1",
        problem: { message: "`department.code` asks for `code` of `corp1:d9`, and there is no department with that id" },
      },
    ]);
  });

  test("a column that no document can have stops, and names what there is", async () => {
    const { url } = await serveHesi();
    const last = (await readEvents(url, { columns: ["stat"] })).at(-1);
    expect(last).toMatchObject({ kind: "abandoned", problem: { code: "SOURCE_MISSING_COLUMN" } });
  });
});

describe("pages", () => {
  function many(count: number): ReturnType<typeof aTenant> {
    const tenant = aTenant();
    const [pattern] = tenant.documents.slice(1);
    const documents = Array.from({ length: count }, (_, at) => ({
      ...(pattern as Doc),
      id: `ID_m${at}`,
      form: { ...(pattern as Doc).form, code: `M${String(at).padStart(4, "0")}` },
      updateTime: 1795226400000 + at * 1000,
    }));
    return { ...tenant, documents };
  }
  const CODES = { columns: ["form.code"], source: { rows: "documents" } };

  test("are read by the rows received, each row once", async () => {
    const server = await serveHesi(undefined, many(250));
    const cells = await readCells(server.url, CODES);
    expect(cells.map(([code]) => code)).toEqual(Array.from({ length: 250 }, (_, at) => `M${String(at).padStart(4, "0")}`));
    expect(server.calls.filter((call) => call.includes("getApplyList"))).toHaveLength(3);
  });

  test("documents that leave the list while it is read let none be missed", async () => {
    const tenant = many(250);
    let lists = 0;
    const server = await serveHesi((_, path) => {
      if (path !== "/v1.1/docs/getApplyList") return undefined;
      lists += 1;
      // Somebody approves three of the first page: they move behind the end of the window.
      if (lists === 2)
        for (const at of [3, 50, 99]) (tenant.documents.find(({ id }) => id === `ID_m${at}`) as Doc).updateTime = Date.parse("2026-12-24");
      return undefined;
    }, tenant);
    const codes = (await readCells(server.url, CODES)).map(([code]) => code);
    expect(new Set(codes).size).toBe(codes.length);
    expect(codes).toHaveLength(250);
  });

  test("a count of 0 on later pages, as older releases have it, is no end", async () => {
    const tenant = many(150);
    const server = await serveHesi((_, path, query) => {
      if (path !== "/v1.1/docs/getApplyList" || query["start"] === "0") return undefined;
      const start = Number(query["start"]);
      return { body: { count: 0, items: tenant.documents.slice(start, start + 100) } };
    }, tenant);
    expect(await readCells(server.url, CODES)).toHaveLength(150);
  });

  test("a list that says more than it gives is read anew, and then given up", async () => {
    const tenant = many(5);
    let lists = 0;
    const server = await serveHesi((_, path, query) => {
      if (path !== "/v1.1/docs/getApplyList") return undefined;
      lists += Number(query["start"] === "0");
      return { body: { count: 7, items: tenant.documents.slice(Number(query["start"])) } };
    }, tenant);
    expect((await readEvents(server.url, CODES)).at(-1)).toMatchObject({ kind: "abandoned", problem: { code: "SOURCE_UNREADABLE" } });
    expect(lists).toBe(3);
  });

  test("504 halves the time that is asked for, and then the page", async () => {
    const tenant = many(40);
    const sizes = new Set<string>();
    const server = await serveHesi((_, path, query) => {
      if (path !== "/v1.1/docs/getApplyList") return undefined;
      sizes.add(query["count"] ?? "");
      return Number(query["count"]) > 25 &&
        (query["startDate"] ?? "") <= "2026-11-21 10:00:40" &&
        (query["endDate"] ?? "") > "2026-11-21 10:00:00"
        ? { status: 504, body: "upstream timed out" }
        : undefined;
    }, tenant);
    const events = await readEvents(server.url, {
      ...CODES,
      source: { rows: "documents", since: { start: "2026-11-21", halve: "1h" } },
      since: null,
    });
    const codes = events.flatMap((event) => (event.kind === "records" ? event.records.map(({ cells }) => cells[0]) : []));
    expect(new Set(codes).size).toBe(40);
    expect(events.filter(({ kind }) => kind === "complete").length).toBeGreaterThan(3);
    expect([...sizes]).toEqual(["100", "25"]);
  });
});

describe("invoices", () => {
  test("one record for each, under the system's own names, with a number that tells it from all others", async () => {
    const { url } = await serveHesi();
    const columns = ["form.code", "invoice.type", "detail.line"];
    const optional = [
      "invoice.number",
      "E_system_发票主体_发票号码",
      "E_system_发票主体_价税合计.standard",
      "E_system_发票主体_发票日期",
      "E_是否抵扣",
    ];
    expect(await readCells(url, { source: { stream: "invoices" }, columns, optional })).toEqual([
      ["B26000017", "invoice", "1", "26317000000123456789", "26317000000123456789", "318.00", "2026-11-20T00:00:00.000+08:00", true],
      ["B26000017", "invoice", "2", "044001900211-67083249", "6708 3249", "1000.00", "2026-11-20T00:00:00.000+08:00", true],
      ["B26000017", "taxi", "2", null, null, null, null, null],
    ]);
  });

  test("one that is listed and not given out is reported", async () => {
    const tenant = aTenant();
    tenant.invoiceBodies["taxi"] = [];
    const { url } = await serveHesi(undefined, tenant);
    const events = await readEvents(url, { source: { stream: "invoices" }, columns: ["form.code", "invoice.number"] });
    expect(malformedOf(events).map(({ problem }) => problem.message)).toEqual(["its invoice `ID_taxi1` is listed and is not given out"]);
  });
});

describe("master data", () => {
  test.each([
    [
      "staffs",
      ["id", "code", "name", "defaultDepartment.code"],
      [
        ["corp1:u1", "00042", "张三", "D100"],
        ["corp1:u2", null, "李四", "D200"],
      ],
    ],
    [
      "departments",
      ["code", "parentId.code", "updateTime"],
      [
        ["D0", null, "2026-01-01T08:00:00.000+08:00"],
        ["D100", "D0", "2026-01-01T08:00:01.000+08:00"],
        ["D200", "D0", "2026-01-01T08:00:02.000+08:00"],
      ],
    ],
    [
      "fee_types",
      ["code", "name"],
      [
        ["TRAIN", "火车"],
        ["HOTEL", "住宿"],
      ],
    ],
    [
      "dimensions",
      ["id", "name"],
      [
        ["corp1:项目", "项目"],
        ["corp1:法人实体", "法人实体"],
      ],
    ],
    [
      "dimension_items",
      ["dimensionId.name", "code", "parentId.code"],
      [
        ["项目", "P001", null],
        ["项目", "P002", "P001"],
        ["法人实体", "E01", null],
      ],
    ],
    ["payees", ["name", "cardNo"], [["张三", "6222000000000000042"]]],
    ["payment_accounts", ["code", "detail.number"], [["ACC1", "12345"]]],
    [
      "currencies",
      ["orgCode", "strCode", "rate"],
      [
        ["CNY", "JPY", "0.0485"],
        ["CNY", "USD", "7.10"],
      ],
    ],
  ])("%s", async (stream, columns, rows) => {
    const { url } = await serveHesi();
    expect(await readCells(url, { source: { stream }, columns })).toEqual(rows);
  });

  test("datalinks, with short names for the fields of their entity", async () => {
    const { url } = await serveHesi();
    expect(
      await readCells(url, {
        source: { stream: "datalinks", entity: "ent1" },
        columns: ["code", "data.金额.standard", "form.E_ent1_name"],
      }),
    ).toEqual([["110", "99.00", "北京"]]);
    expect(() => openSource(url, { source: { stream: "datalinks" } })).toThrow("`stream: datalinks` needs `entity`");
  });

  test("items of one dimension by its name; a list is one unit, so that what is missing from it is gone", async () => {
    const { url } = await serveHesi();
    const events = await readEvents(url, { source: { stream: "dimension_items", dimension: "项目" }, columns: ["code"] });
    expect(events.flatMap((event) => (event.kind === "complete" ? [event.unit] : []))).toEqual(["dimension_items 项目"]);
    expect((await readEvents(url, { source: { stream: "dimension_items", dimension: "没有" }, columns: ["code"] })).at(-1)).toMatchObject({
      kind: "abandoned",
      problem: { message: expect.stringContaining("there is no dimension `没有`; there is `项目`, `法人实体`") },
    });
  });
});

sourceConformance("hesi", async () => {
  const tenant = aTenant();
  const [pattern] = tenant.documents.slice(1);
  for (let at = 0; at < 1_200; at += 1)
    tenant.documents.push({
      ...(pattern as Doc),
      id: `ID_c${at}`,
      form: { ...(pattern as Doc).form, code: `C${at}` },
      updateTime: Date.parse("2026-11-02") + at,
    });
  const { url } = await serveHesi(undefined, tenant);
  return {
    open: (context) =>
      openSource(url, {
        source: { detail: false, since: { start: "2026-11-01", most: "10d" } },
        clock: aClock(),
        signal: contextOf(aClock(), context.signal).signal,
      }),
    columns: [
      { name: "form.code", aliases: [], required: true },
      { name: "row.line", aliases: [], required: true },
    ],
    folder: "/",
  };
});
