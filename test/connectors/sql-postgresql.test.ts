import { describe, expect, test } from "vitest";
import { postgresqlEngine } from "./sql-databases.js";
import { sqlServerSuite } from "./sql-server-suite.js";
import { missing } from "./sql-servers.js";
import { columnsOf, outcomeOf, sourceOf } from "./sql-setup.js";
import { sqlTargetSuite } from "./sql-target-suite.js";

const reason = missing.postgresql;

describe.skipIf(reason !== null)(reason ?? "PostgreSQL", () => {
  sqlTargetSuite(postgresqlEngine);
  sqlServerSuite(postgresqlEngine, { numbers: "SELECT generate_series(1, 2500) AS i" });

  test("every type comes as exact text that the record reader takes", async () => {
    const { connection, run } = await postgresqlEngine.database();
    await run(
      `CREATE TABLE t (k int, "金额" numeric(38, 10), free numeric, big bigint, r real, d double precision, m money, code char(6), name varchar(20), flag boolean,
        day date, at timestamp, midnight timestamp, z timestamptz, u uuid, j jsonb)`,
      `INSERT INTO t VALUES (1, 1234567890123456789012345678.0123456789, 0.10, 9223372036854775807, 0.1, 1e-7, 1234.56, '00042', '  张三 ', true,
        '2026-01-31', '2026-01-31 08:00:00.123456', '2026-01-31', '2026-01-31 08:00:00.5+08', '5d6c5d04-0000-4000-8000-00000000abcd', '{"a": 1.10}'),
        (2, NULL, NULL, NULL, NULL, NULL, NULL, NULL, '', false, NULL, '0044-03-15 BC', NULL, 'infinity', NULL, NULL)`,
    );
    const names = ["金额", "free", "big", "r", "d", "m", "code", "name", "flag", "day", "at", "midnight", "z", "u", "j"];
    const { rows } = await outcomeOf(sourceOf(connection, { query: "SELECT * FROM t", order_by: "k" }), columnsOf(...names));
    expect(rows).toEqual([
      [
        ...["1234567890123456789012345678.0123456789", "0.10", "9223372036854775807", "0.1", "0.0000001", "1234.56", "00042", "张三", true],
        ...[
          "2026-01-31",
          "2026-01-31T00:00:00.123Z",
          "2026-01-31",
          "2026-01-31T00:00:00.500Z",
          "5d6c5d04-0000-4000-8000-00000000abcd",
          '{"a": 1.10}',
        ],
      ],
      [null, null, null, null, null, null, null, null, false, null, "0044-03-15 00:00:00 BC", null, "infinity", null, null],
    ]);
    const zoned = sourceOf({ ...connection, time_zone: "UTC" }, { query: "SELECT k, at, midnight FROM t WHERE k = 1", order_by: "k" });
    expect((await outcomeOf(zoned, columnsOf("at", "midnight"))).rows).toEqual([["2026-01-31T08:00:00.123Z", "2026-01-31T00:00:00.000Z"]]);
  });

  test.each([
    ["local time", "at", "2026-11-20T00:00:00.900Z"],
    ["local time", "z", "2026-11-20T00:00:00.900Z"],
    ["instant", "z", "2026-11-20T00:00:00.900Z"],
    ["date", "day", "2026-11-20"],
    ["number", "n", "0000000000000000000000009007199254740993"],
    ["number", "x", "0000000000000000000000000000000000000001.5"],
    ["text", "c", "b"],
  ])(":since as %s over %s", async (since, column, cursor) => {
    const { connection, run } = await postgresqlEngine.database();
    await run(
      "CREATE TABLE t (k int, at timestamp, z timestamptz, day date, n bigint, x numeric, c text)",
      `INSERT INTO t VALUES (1, '2026-11-20 07:59:59.999999', '2026-11-20 07:59:59.999999+08', '2026-11-19', 9007199254740992, 1.4999, 'a'),
        (2, '2026-11-20 08:00:00', '2026-11-20 08:00:00+08', '2026-11-20', 9007199254740993, 1.5, 'b')`,
    );
    const source = () => sourceOf(connection, { query: `SELECT k FROM t WHERE ${column} >= :since`, order_by: "k", since });
    expect((await outcomeOf(source(), columnsOf("k"), cursor)).rows).toEqual([["2"]]);
    expect((await outcomeOf(source(), columnsOf("k"))).rows).toEqual([["1"], ["2"]]);
  });

  test.each(["numeric", "timestamp", "timestamptz", "date", "text", "uuid", "double precision"])(
    "pages are cut along %s exactly",
    async (type) => {
      const { connection, run } = await postgresqlEngine.database();
      const value: Record<string, string> = {
        numeric: "9007199254740993 + i * 0.000000001",
        timestamp: "timestamp '2026-11-20 08:00:00' + i * interval '1 microsecond'",
        timestamptz: "timestamptz '2026-10-25 00:00:00+00' + i * interval '7 minute 1 microsecond'",
        date: "date '2020-01-01' + i",
        text: "chr(33 + i % 90) || chr(19968 + i) || i % 2",
        uuid: "md5(i::text)::uuid",
        "double precision": "sqrt(i)",
      };
      await run(`CREATE TABLE t AS SELECT ${value[type]} AS k FROM generate_series(1, 200) i`);
      const { rows, problems } = await outcomeOf(
        sourceOf(connection, { query: "SELECT k FROM t", order_by: "k", page_size: 7 }),
        columnsOf("k"),
      );
      expect(problems).toEqual([]);
      expect(rows.length).toBe(200);
    },
  );
});
