import type { AddressInfo } from "node:net";
import { createServer, type Socket } from "node:net";
import { describe, expect, test } from "vitest";
import type { DialectName, ResultColumn } from "../../src/connectors/sql/dialect.js";
import { dialectNamed } from "../../src/connectors/sql/dialects/index.js";
import { connectString, oracleColumn, oracleKindOf } from "../../src/connectors/sql/dialects/oracle.js";
import { serverColumn, serverKindOf } from "../../src/connectors/sql/dialects/sqlserver.js";
import { insertLines, insertRow, readLayout } from "../../src/connectors/sql/layout.js";
import { SqlTargetOptions } from "../../src/connectors/sql/options.js";
import { pageStatement } from "../../src/connectors/sql/pages.js";
import { readQuery } from "../../src/connectors/sql/query.js";
import { sinceOf } from "../../src/connectors/sql/since.js";
import { aDocument, aLine, itemOf } from "./ledger-documents.js";
import { afterThisTest, checked, columnsOf, outcomeOf, problemOf, sourceOf } from "./sql-setup.js";

/** Neither database can be had here, so these look at what would be sent, and at what the drivers do before they reach one. */

const CURSOR = "2026-11-20T00:00:00.900Z";

function page(
  dialectName: DialectName,
  columns: readonly ResultColumn[],
  keys: readonly ResultColumn[],
  kind: "local time" | "instant" = "local time",
) {
  const dialect = dialectNamed(dialectName);
  const query = readQuery("query", "SELECT * FROM t WHERE at >= :since", dialect);
  const reading = { dialect, query, since: sinceOf(kind, CURSOR, "Asia/Shanghai"), unit: "query" };
  return pageStatement(reading, columns, keys, ["BX-1", "9007199254740993"], 100);
}

const decimal = { declaration: "decimal" };

describe("sql server", () => {
  const of = (declaration: string, scale?: number) => serverColumn({ name: "x", type: { declaration }, scale });

  test("a page: quoted names, exact text, values by name, in the order of the keys", () => {
    const amount = serverColumn({ name: "金额", type: decimal, scale: 2 });
    const keys = [
      serverColumn({ name: "doc]no", type: { declaration: "varchar" } }),
      serverColumn({ name: "line", type: { declaration: "bigint" } }),
    ];
    expect(page("sqlserver", [amount], keys)).toEqual({
      text:
        "SELECT CONVERT(varchar(50), q.[金额]) AS [c1], q.[doc]]no] AS [c2], q.[line] AS [c3] FROM (SELECT * FROM t WHERE at >= CAST(@p1 AS datetime2(0))\n) q" +
        " WHERE q.[doc]]no] >= CAST(@p2 AS varchar(8000)) AND (q.[doc]]no] > CAST(@p3 AS varchar(8000)) OR (q.[doc]]no] = CAST(@p4 AS varchar(8000)) AND (q.[line] > CAST(@p5 AS bigint))))" +
        " ORDER BY q.[doc]]no], q.[line] OFFSET 0 ROWS FETCH NEXT 100 ROWS ONLY",
      values: ["2026-11-20 08:00:00", "BX-1", "BX-1", "BX-1", "9007199254740993"],
    });
    expect(page("sqlserver", [], keys, "instant").values[0]).toBe("2026-11-20 00:00:00 +00:00");
  });

  test.each([
    ["decimal", 4, "number", "CONVERT(varchar(50), c)", "CAST(@p AS decimal(38, 4))"],
    ["money", undefined, "number", "CONVERT(varchar(50), CAST(c AS decimal(19, 4)))", "CAST(CAST(@p AS decimal(19, 4)) AS money)"],
    ["bigint", undefined, "number", "c", "CAST(@p AS bigint)"],
    ["float", undefined, "float", "c", null],
    ["bit", undefined, "boolean", "c", null],
    ["date", undefined, "date", "CONVERT(varchar(10), c, 23)", "CAST(@p AS date)"],
    ["datetime", undefined, "local time", "CONVERT(varchar(23), c, 121)", "CONVERT(datetime, @p, 121)"],
    ["datetime2", 7, "local time", "CONVERT(varchar(27), c, 121)", "CONVERT(datetime2(7), @p, 121)"],
    ["datetimeoffset", 7, "instant", "CONVERT(varchar(34), c, 121)", "CONVERT(datetimeoffset(7), @p, 121)"],
    ["nvarchar", undefined, "text", "c", "@p"],
    ["varbinary", undefined, "bytes", "c", null],
    ["xml", undefined, "text", "CAST(c AS nvarchar(max))", null],
  ])("%s(%s) comes as %s", (declaration, scale, form, select, compare) => {
    const column = of(declaration, scale);
    expect([column.form, column.select("c"), column.compare?.("@p") ?? null]).toEqual([form, select, compare]);
  });

  test("the driver names its types as this expects", async () => {
    const { default: mssql } = await import("mssql");
    const {
      Decimal,
      Numeric,
      Money,
      BigInt: Big,
      Float,
      Real,
      Bit,
      Date: Day,
      DateTime,
      DateTime2,
      DateTimeOffset,
      NVarChar,
      VarBinary,
    } = mssql.TYPES;
    const types = [Decimal, Numeric, Money, Big, Float, Real, Bit, Day, DateTime, DateTime2, DateTimeOffset, NVarChar, VarBinary];
    expect(types.map((type) => (type as unknown as { declaration: string }).declaration)).toEqual(
      "decimal numeric money bigint float real bit date datetime datetime2 datetimeoffset nvarchar varbinary".split(" "),
    );
  });

  test.each([
    [{ number: 2627, class: 14 }, "unique"],
    [{ number: 2601, class: 14 }, "unique"],
    [{ number: 547, class: 16 }, "refused"],
    [{ number: 1205, class: 13 }, "busy"],
    [{ number: 18456, class: 14 }, "sign in"],
    [{ number: 596, class: 21 }, null],
    [{ code: "ETIMEOUT" }, null],
    [{ code: "ESOCKET" }, null],
  ])("%j is %s", (error, kind) => {
    expect(serverKindOf(error)).toBe(kind);
  });
});

describe("oracle", () => {
  test("a page: quoted names, exact text, values by place, in the order of the keys", () => {
    const amount = oracleColumn({ name: "AMOUNT", type: "NUMBER", precision: 18, scale: 2 });
    const keys = [
      oracleColumn({ name: "DOC_NO", type: "VARCHAR2" }),
      oracleColumn({ name: "LINE_NO", type: "NUMBER", precision: 0, scale: -127 }),
    ];
    expect(page("oracle", [amount], keys)).toEqual({
      text:
        `SELECT TO_CHAR(q."AMOUNT", 'TM9') AS "c1", q."DOC_NO" AS "c2", TO_CHAR(q."LINE_NO", 'TM9') AS "c3" FROM (SELECT * FROM t WHERE at >= TO_DATE(:1, 'YYYY-MM-DD HH24:MI:SS')\n) q` +
        ` WHERE q."DOC_NO" >= :2 AND (q."DOC_NO" > :3 OR (q."DOC_NO" = :4 AND (q."LINE_NO" > TO_NUMBER(:5)))) ORDER BY q."DOC_NO", q."LINE_NO" FETCH FIRST 100 ROWS ONLY`,
      values: ["2026-11-20 08:00:00", "BX-1", "BX-1", "BX-1", "9007199254740993"],
    });
    expect(page("oracle", [], keys, "instant").values[0]).toBe("2026-11-20 00:00:00.000000000+00:00");
  });

  test.each([
    ["NUMBER", "number", "TO_CHAR(c, 'TM9')", "TO_NUMBER(:1)"],
    ["DATE", "local time", "TO_CHAR(c, 'YYYY-MM-DD HH24:MI:SS')", "TO_DATE(:1, 'YYYY-MM-DD HH24:MI:SS')"],
    ["TIMESTAMP", "local time", "TO_CHAR(c, 'YYYY-MM-DD HH24:MI:SS.FF9')", "TO_TIMESTAMP(:1, 'YYYY-MM-DD HH24:MI:SS.FF9')"],
    [
      "TIMESTAMP WITH TIME ZONE",
      "instant",
      "TO_CHAR(c AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS.FF9') || '+00:00'",
      "TO_TIMESTAMP_TZ(:1, 'YYYY-MM-DD HH24:MI:SS.FF9TZH:TZM')",
    ],
    ["NVARCHAR2", "text", "c", ":1"],
    ["CLOB", "text", "c", null],
    ["BINARY_DOUBLE", "float", "c", null],
    ["RAW", "bytes", "c", null],
  ])("%s comes as %s", (type, form, select, compare) => {
    const column = oracleColumn({ name: "X", type });
    expect([column.form, column.select("c"), column.compare?.(":1") ?? null]).toEqual([form, select, compare]);
  });

  test.each([
    [18, 2, 2],
    [10, 0, 0],
    [0, -127, null],
    [0, 0, null],
    [126, -127, null],
  ])("NUMBER(%i, %i) keeps %s places", (precision, scale, places) => {
    expect(oracleColumn({ name: "X", type: "NUMBER", precision, scale }).places).toBe(places);
  });

  test.each([
    [{ code: "ORA-00001" }, "unique"],
    [{ code: "ORA-02291" }, "refused"],
    [{ code: "ORA-00060" }, "busy"],
    [{ code: "ORA-01017" }, "sign in"],
    [{ code: "ORA-03113" }, null],
    [{ code: "NJS-500" }, null],
  ])("%j is %s", (error, kind) => {
    expect(oracleKindOf(error)).toBe(kind);
  });

  test("the driver is told a plain address, and nothing can be slipped into it", async () => {
    const settings = {
      file: "",
      host: "db.example.com",
      port: 2484,
      database: "ERP",
      user: "u",
      password: "p",
      tls: { ca: null },
      timeZone: "UTC",
      connectTimeoutMs: 1_500,
      timeoutMs: 1,
    };
    expect(connectString(settings)).toBe("tcps://db.example.com:2484/ERP?connect_timeout=2");
    expect(connectString({ ...settings, tls: null })).toBe("tcp://db.example.com:2484/ERP?connect_timeout=2");
    expect(() => connectString({ ...settings, database: "ERP?wallet_location=x" })).toThrow("`host` and `database` are plain names");
    expect(() => connectString({ ...settings, tls: { ca: "PEM" } })).toThrow("NODE_EXTRA_CA_CERTS");
  });
});

describe("what is inserted", () => {
  const layout = readLayout(
    checked<SqlTargetOptions>(SqlTargetOptions, {
      header: {
        table: { schema: "APPS", name: "HEADERS" },
        key: "EXT_KEY",
        columns: { GL_DATE: "$.date", MADE: { sql: "SYSDATE" }, TOTAL: "$.total" },
      },
      lines: { table: "LINES", columns: { EXT_KEY: "$.idempotencyKey", DR: "$$.debit", CR: "$$.credit" } },
    }),
  );
  const lines = [aLine({ amountMinor: -1_050n }), aLine({ side: "credit", amountMinor: -1_050n })];
  const { document, idempotencyKey, fingerprint } = itemOf(aDocument({ lines }));
  const entry = { document, idempotencyKey, fingerprint, reverses: null };

  test("into SQL Server: several rows at once, dates and amounts by type", () => {
    const dialect = dialectNamed("sqlserver");
    expect(insertRow(dialect, layout.header, entry, null)).toEqual({
      text: "INSERT INTO [APPS].[HEADERS] ([EXT_KEY], [GL_DATE], [MADE], [TOTAL]) VALUES (@p1, CAST(@p2 AS date), SYSDATE, CAST(@p3 AS decimal(38, 2)))",
      values: ["expense/BX-001/1", "2026-11-20", "-10.50"],
    });
    expect(insertLines(dialect, layout.lines, entry, null)).toEqual([
      {
        text: "INSERT INTO [LINES] ([EXT_KEY], [DR], [CR]) VALUES (@p1, CAST(@p2 AS decimal(38, 2)), @p3), (@p4, @p5, CAST(@p6 AS decimal(38, 2)))",
        values: ["expense/BX-001/1", "-10.50", null, "expense/BX-001/1", null, "-10.50"],
      },
    ]);
  });

  test("into Oracle: one row at a time", () => {
    const dialect = dialectNamed("oracle");
    expect(insertRow(dialect, layout.header, entry, null).text).toBe(
      `INSERT INTO "APPS"."HEADERS" ("EXT_KEY", "GL_DATE", "MADE", "TOTAL") VALUES (:1, TO_DATE(:2, 'YYYY-MM-DD'), SYSDATE, :3)`,
    );
    expect(insertLines(dialect, layout.lines, entry, null).map(({ text }) => text)).toEqual([
      `INSERT INTO "LINES" ("EXT_KEY", "DR", "CR") VALUES (:1, :2, :3)`,
      `INSERT INTO "LINES" ("EXT_KEY", "DR", "CR") VALUES (:1, :2, :3)`,
    ]);
  });
});

describe.each(["sqlserver", "oracle"])("the driver of %s", (dialect) => {
  const connection = { dialect, host: "127.0.0.1", database: "ERP", user: "sync", password: "geheim-4711", connect_timeout: "1s" };
  const read = (given: object) =>
    outcomeOf(sourceOf({ ...connection, ...given }, { query: "SELECT 1 AS k", order_by: "k" }), columnsOf("k"));

  test("says that a server is not there", async () => {
    const found = await problemOf(() => read({ port: 1 }));
    expect(found).toMatchObject({ code: "SOURCE_UNREADABLE" });
    expect(found.message).toContain("cannot be reached");
    expect(found.message).toMatch(/refused|ECONNREFUSED|Failed to connect/);
  });

  test("does not wait for ever for a server that says nothing", async () => {
    const open = new Set<Socket>();
    const silent = createServer((socket) => {
      open.add(socket);
      socket.on("error", () => undefined).resume();
    });
    await new Promise<void>((resolve) => silent.listen(0, "127.0.0.1", resolve));
    afterThisTest(() => {
      for (const socket of open) socket.destroy();
      silent.close();
    });
    const found = await problemOf(() => read({ port: (silent.address() as AddressInfo).port }));
    expect(found.code).toBe("SOURCE_UNREADABLE");
    expect(JSON.stringify(found)).not.toContain("geheim-4711");
  });
});
