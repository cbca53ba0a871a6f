import { describe, expect, test } from "vitest";
import { plainNumber, shortestFloat } from "../../src/connectors/sql/cells.js";
import type { DialectName } from "../../src/connectors/sql/dialect.js";
import { dialectNamed } from "../../src/connectors/sql/dialects/index.js";
import { readQuery } from "../../src/connectors/sql/query.js";
import { problemOf, sourceOf } from "./sql-setup.js";

const piecesOf = (text: string, dialect: DialectName = "postgresql") => readQuery("query", text, dialectNamed(dialect)).pieces;

describe("a query", () => {
  test.each<[string, readonly string[], DialectName?]>([
    ["SELECT 1 WHERE a >= :since", ["SELECT 1 WHERE a >= ", ""]],
    ["select a from t where a >= :since and b < :since;  \n-- the end", ["select a from t where a >= ", " and b < ", "  \n "]],
    ["SELECT ':since', \":since\", a::since, :since", ["SELECT ':since', \":since\", a::since, ", ""]],
    ["SELECT 'it''s :since', :since", ["SELECT 'it''s :since', ", ""]],
    ["SELECT $$ :since ; $$, $a$ $$ :since $a$, :since", ["SELECT $$ :since ; $$, $a$ $$ :since $a$, ", ""]],
    ["SELECT E'\\':since', :since", ["SELECT E'\\':since', ", ""]],
    ["SELECT '\\':since', :since", ["SELECT '\\':since', ", ""], "mysql"],
    ["SELECT `:since` # :since ;\n, :since", ["SELECT `:since`  \n, ", ""], "mysql"],
    ["SELECT [:since] FROM [a]]b], :since", ["SELECT [:since] FROM [a]]b], ", ""], "sqlserver"],
    ["SELECT q'[it's :since]', :since FROM dual", ["SELECT q'[it's :since]', ", " FROM dual"], "oracle"],
    ["/* (a */ WITH t AS (SELECT 1) SELECT * FROM t", ["  WITH t AS (SELECT 1) SELECT * FROM t"]],
    ["(SELECT 1) UNION (SELECT 2)", ["(SELECT 1) UNION (SELECT 2)"]],
    ["SELECT 金额, a[1:2] FROM 明细", ["SELECT 金额, a[1:2] FROM 明细"]],
  ])("%s", (text, pieces, dialect) => {
    expect(piecesOf(text, dialect)).toEqual(pieces);
  });

  test.each<[string, string, DialectName?]>([
    ["DELETE FROM t", "it begins with `DELETE`"],
    ["", "it begins with ``"],
    ["SELECT 1; DELETE FROM t", "it goes on behind a `;`"],
    ["SELECT 1) q; DROP TABLE t; --", "it closes a bracket that it did not open"],
    ["SELECT (1", "it opens a bracket that it does not close"],
    ["SELECT 'a", "a `'` is never closed"],
    ["SELECT 1 /* a", "a comment is never closed"],
    ["SELECT a FROM t WHERE b > :from", "it has the parameter `:from`"],
    ["SELECT a FROM t WHERE b > ?", "it has a `?`, which stands for a value", "mysql"],
    ["WITH t AS (SELECT 1) SELECT * FROM t", "it begins with WITH, which SQL Server takes only in front of a whole statement", "sqlserver"],
    ["SELECT 1 /*! INTO OUTFILE 'x' */", "it has a comment that is executed", "mysql"],
  ])("%s is refused", async (text, found, dialect) => {
    expect(await problemOf(() => piecesOf(text, dialect))).toMatchObject({ code: "CONFIG_WRONG_VALUE", message: `\`query\`: ${found}` });
  });
});

describe("the options", () => {
  const server = { dialect: "postgresql", host: "h", database: "d", user: "u", password: "p" };
  const query = { query: "SELECT 1 AS k", order_by: "k" };

  test.each([
    [{ dialect: "sqlite" }, query, "connection: `sqlite` needs `file`"],
    [{ dialect: "sqlite", file: "x.db", host: "h" }, query, "connection: `sqlite` has no `host`"],
    [{ dialect: "sqlite", file: "x.db", time_zone: "UTC" }, query, "connection: `sqlite` has no `time_zone`"],
    [{ ...server, file: "x.db" }, query, "connection: `postgresql` has no `file`"],
    [{ ...server, password: undefined }, query, "connection: `postgresql` needs `password`"],
    [{ ...server, insecure: true, ca: "ca.pem" }, query, "connection: `ca` is given, and `insecure` turns TLS off"],
    [{ ...server, time_zone: "Asia/Peking" }, query, "connection: there is no time zone `Asia/Peking`"],
    [{ ...server, timeout: "600h" }, query, "connection: `timeout` is `600h`"],
    [{ ...server, ca: "/none.pem" }, query, "connection: `/none.pem` cannot be read: ENOENT"],
    [server, { ...query, query: "SELECT 1 AS k WHERE 1 > :since" }, "the query has `:since`, and `since` does not say what it is"],
    [server, { ...query, since: "date" }, "`since` is given, and no query has `:since`"],
    [server, { ...query, query: { a: "SELECT 1 AS k", b: "DROP TABLE k" } }, "`query.b`: it begins with `DROP`"],
  ])("%j with %j contradict each other", async (connection, source, message) => {
    expect(await problemOf(() => sourceOf(connection, source))).toMatchObject({ message });
  });
});

describe("numbers", () => {
  test.each([
    [".5", "0.5"],
    ["-.50", "-0.50"],
    ["5.", "5"],
    ["1e-7", "0.0000001"],
    ["-1.5E+20", "-150000000000000000000"],
    ["1.25e1", "12.5"],
    ["12.30", "12.30"],
    ["0042", "42"],
    ["0", "0"],
    ["NaN", "NaN"],
    ["1e999", "1e999"],
    [".", "."],
  ])("%s is %s", (text, plain) => {
    expect(plainNumber(text)).toBe(plain);
  });

  test("floats of 32 bits are as short as they were written", () => {
    expect(shortestFloat(Math.fround(0.1))).toBe("0.1");
    expect(shortestFloat(Math.fround(16777217))).toBe("16777216");
    expect(shortestFloat(Math.fround(3.4028234e38))).toBe("3.4028235e+38");
  });
});
