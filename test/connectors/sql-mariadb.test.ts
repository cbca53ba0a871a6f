import { describe, expect, test } from "vitest";
import { mariadbEngine } from "./sql-databases.js";
import { sqlServerSuite } from "./sql-server-suite.js";
import { missing } from "./sql-servers.js";
import { columnsOf, outcomeOf, problemOf, sourceOf } from "./sql-setup.js";
import { createInterface, openTarget, sqlTargetSuite } from "./sql-target-suite.js";

const reason = missing.mysql;

describe.skipIf(reason !== null)(reason ?? "MariaDB", () => {
  sqlTargetSuite(mariadbEngine);
  sqlServerSuite(mariadbEngine, { numbers: "SELECT seq AS i FROM seq_1_to_2500" });

  test("every type comes as exact text that the record reader takes", async () => {
    const { connection, run } = await mariadbEngine.database();
    await run(
      "CREATE TABLE t (k INT, `金额` DECIMAL(38, 10), big BIGINT, huge BIGINT UNSIGNED, r FLOAT, d DOUBLE, code CHAR(6), name VARCHAR(20), flag TINYINT(1), bits BIT(1), day DATE, at DATETIME(6), midnight DATETIME, z TIMESTAMP(3) NULL, tm TIME, j JSON, e ENUM('乙', '甲'))",
      `INSERT INTO t VALUES (1, 1234567890123456789012345678.0123456789, -9223372036854775808, 18446744073709551615, 0.1, 1e-7, '00042', '  张三 ', 1, b'1',
        '2026-01-31', '2026-01-31 08:00:00.123456', '2026-01-31', '2026-01-30 19:00:00.500', '08:00:00', '{"a": 1.10}', '甲'),
        (2, NULL, NULL, NULL, NULL, NULL, NULL, '', 0, b'0', NULL, NULL, NULL, NULL, NULL, NULL, NULL)`.replace(
        "'2026-01-30 19:00:00.500'",
        "'2026-01-31 00:00:00.500'",
      ),
    );
    const names = ["金额", "big", "huge", "r", "d", "code", "name", "flag", "bits", "day", "at", "midnight", "z", "tm", "j", "e"];
    const { rows } = await outcomeOf(sourceOf(connection, { query: "SELECT * FROM t", order_by: "k" }), columnsOf(...names));
    expect(rows).toEqual([
      [
        ...[
          "1234567890123456789012345678.0123456789",
          "-9223372036854775808",
          "18446744073709551615",
          "0.1",
          "0.0000001",
          "00042",
          "张三",
          "1",
          "1",
        ],
        ...["2026-01-31", "2026-01-31T00:00:00.123Z", "2026-01-31", "2026-01-31T00:00:00.500Z", "08:00:00", '{"a": 1.10}', "甲"],
      ],
      [null, null, null, null, null, null, null, "0", "0", null, null, null, null, null, null, null],
    ]);
  });

  test.each([
    ["local time", "at", "2026-11-20T00:00:00.900Z"],
    ["instant", "z", "2026-11-20T00:00:00.900Z"],
    ["date", "day", "2026-11-20"],
    ["number", "n", "0000000000000000000000009007199254740993"],
    ["number", "x", "0000000000000000000000000000000000000001.5"],
    ["text", "c", "b"],
  ])(":since as %s over %s", async (since, column, cursor) => {
    const { connection, run } = await mariadbEngine.database();
    await run(
      "CREATE TABLE t (k INT, at DATETIME(6), z TIMESTAMP(6), day DATE, n BIGINT, x DECIMAL(20, 10), c VARCHAR(5))",
      `INSERT INTO t VALUES (1, '2026-11-20 07:59:59.999999', '2026-11-19 23:59:59.999999', '2026-11-19', 9007199254740992, 1.4999, 'a'),
        (2, '2026-11-20 08:00:00', '2026-11-20 00:00:00', '2026-11-20', 9007199254740993, 1.5, 'b')`,
    );
    const source = () => sourceOf(connection, { query: `SELECT k FROM t WHERE ${column} >= :since`, order_by: "k", since });
    expect((await outcomeOf(source(), columnsOf("k"), cursor)).rows).toEqual([["2"]]);
    expect((await outcomeOf(source(), columnsOf("k"))).rows).toEqual([["1"], ["2"]]);
  });

  test.each<[string, string]>([
    ["DECIMAL(30, 9)", "9007199254740993 + seq * 0.000000001"],
    ["BIGINT UNSIGNED", "18446744073709551615 - seq"],
    ["DATETIME(6)", "'2026-11-20 08:00:00' + INTERVAL seq MICROSECOND"],
    ["TIMESTAMP(6) NULL", "'2026-10-25 00:00:00' + INTERVAL seq * 7 MINUTE"],
    ["DATE", "'2020-01-01' + INTERVAL seq DAY"],
    ["TIME(6)", "SEC_TO_TIME(seq * 100.000001)"],
    ["VARCHAR(20) COLLATE utf8mb4_unicode_ci", "concat(char(97 + seq % 26), lpad(seq, 3, '0'), if(seq % 2, 'É', 'é'))"],
    ["VARCHAR(20) COLLATE utf8mb4_bin", "concat(char(65 + seq % 50), seq)"],
  ])("pages are cut along %s exactly", async (type, value) => {
    const { connection, run } = await mariadbEngine.database();
    await run(`CREATE TABLE t (k ${type})`, `INSERT INTO t SELECT ${value} FROM seq_1_to_200`);
    const { rows, problems } = await outcomeOf(
      sourceOf(connection, { query: "SELECT k FROM t", order_by: "k", page_size: 7 }),
      columnsOf("k"),
    );
    expect(problems).toEqual([]);
    expect(rows.length).toBe(200);
  });

  test.each(["DOUBLE", "ENUM('b', 'a')", "BINARY(3)"])("pages are not cut along %s, which cannot be compared exactly", async (type) => {
    const { connection, run } = await mariadbEngine.database();
    await run(`CREATE TABLE t (k ${type})`);
    const { problems } = await outcomeOf(sourceOf(connection, { query: "SELECT k FROM t", order_by: "k" }), []);
    expect(problems).toMatchObject([{ code: "CONFIG_WRONG_VALUE" }]);
  });

  test("tables without transactions are not posted into", async () => {
    const database = await mariadbEngine.database();
    await createInterface(database, mariadbEngine);
    await database.run(
      "ALTER TABLE interface_lines DROP FOREIGN KEY interface_lines_ibfk_1",
      "ALTER TABLE interface_lines ENGINE = MyISAM",
    );
    expect((await problemOf(() => openTarget(database.connection))).message).toContain(
      "nothing is posted into `interface_lines`, because its engine MyISAM has no transactions: half a document could stay",
    );
  });
});
