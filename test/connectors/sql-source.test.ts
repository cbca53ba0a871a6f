import Database from "better-sqlite3";
import { describe, expect, test } from "vitest";
import { sourceConformance } from "./conformance.js";
import { aDatabase, aFolder, afterThisTest, columnsOf, outcomeOf, problemOf, sourceOf } from "./sql-setup.js";

const LINES = `
  CREATE TABLE 报销明细 (单据编号 TEXT, 行号 INTEGER, 金额 TEXT, 更新时间 TEXT, PRIMARY KEY (单据编号, 行号));
  WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 2500)
  INSERT INTO 报销明细 SELECT printf('BX-%04d', i / 3), i % 3, printf('%d.%02d', i, i % 100), printf('2026-11-%02d 08:00:00', 1 + i / 100) FROM n;`;
const QUERY = "SELECT 单据编号, 行号, 金额, 更新时间 FROM 报销明细";
const COLUMNS = columnsOf("单据编号", "行号", "金额", "更新时间");

function sqlite(file: string): object {
  return { dialect: "sqlite", file };
}

sourceConformance("sql on sqlite", () => {
  const folder = aFolder();
  const file = aDatabase(LINES);
  const query = { early: `${QUERY} WHERE 更新时间 < '2026-11-21'`, late: `${QUERY} WHERE 更新时间 >= '2026-11-21'` };
  return {
    open: (context) => sourceOf(sqlite(file), { query, order_by: ["单据编号", "行号"], page_size: 700 }, context),
    columns: COLUMNS,
    folder,
  };
});

describe("pages", () => {
  test.each([1, 7, 2_499, 2_500, 2_501])("of %i rows give every row once, in order", async (page_size) => {
    const source = sourceOf(sqlite(aDatabase(LINES)), { query: QUERY, order_by: ["单据编号", "行号"], page_size });
    const { rows, complete } = await outcomeOf(source, COLUMNS);
    expect(complete).toEqual(["query"]);
    expect(rows.length).toBe(2_500);
    const keys = rows.map(([document, line]) => `${document}/${line}`);
    expect(keys).toEqual([...keys].sort());
    expect(new Set(keys).size).toBe(2_500);
  });

  test("are cut along one column too, and along text that differs by case and blanks", async () => {
    const file = aDatabase("CREATE TABLE t (k TEXT); INSERT INTO t VALUES ('a'), ('A'), ('a '), ('b'), ('B'), ('甲'), ('0010'), ('10')");
    const { rows } = await outcomeOf(
      sourceOf(sqlite(file), { query: "SELECT k FROM t", order_by: "k", page_size: 2, trim: false }),
      columnsOf("k"),
    );
    expect(rows.flat()).toEqual(["0010", "10", "A", "B", "a", "a ", "b", "甲"]);
  });

  test("are refused where two rows are equal in `order_by`, as the database compares", async () => {
    const file = aDatabase("CREATE TABLE t (k TEXT COLLATE NOCASE); INSERT INTO t VALUES ('a'), ('A'), ('b')");
    const { problems, rows } = await outcomeOf(sourceOf(sqlite(file), { query: "SELECT k FROM t", order_by: "k" }), columnsOf("k"));
    expect(rows).toEqual([]);
    expect(problems).toMatchObject([
      { code: "CONFIG_WRONG_VALUE", message: "`order_by` is `k`, in which only 2 of 3 rows of `query` differ" },
    ]);
  });

  test("are refused where `order_by` is empty in a row, or names nothing", async () => {
    const file = aDatabase("CREATE TABLE t (k TEXT, n INTEGER); INSERT INTO t VALUES ('a', 1), ('b', NULL)");
    const empty = await outcomeOf(sourceOf(sqlite(file), { query: "SELECT * FROM t", order_by: ["k", "n"] }), columnsOf("k"));
    expect(empty.problems).toMatchObject([{ message: "`order_by` names `n`, which is empty in 1 rows of `query`" }]);
    const none = await outcomeOf(sourceOf(sqlite(file), { query: "SELECT * FROM t", order_by: "N" }), columnsOf("k"));
    expect(none.problems).toMatchObject([
      { code: "SOURCE_MISSING_COLUMN", message: "`order_by` names `N`, and the result of `query` has `k`, `n`" },
    ]);
  });

  test("show one moment, while somebody writes", async () => {
    const file = aDatabase(LINES);
    const writer = new Database(file);
    afterThisTest(() => writer.close());
    const source = sourceOf(sqlite(file), { query: QUERY, order_by: ["单据编号", "行号"], page_size: 2_000 });
    const seen: string[] = [];
    // More rows than are held back, so that the first of them come while later pages are still to be read.
    writer.exec(
      "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 20000) INSERT INTO 报销明细 SELECT printf('CX-%05d', i), 1, '1', '' FROM n",
    );
    for await (const event of source.read({ columns: COLUMNS, since: null, wasRead: () => false })) {
      if (event.kind === "abandoned") throw new Error(event.problem.message);
      if (event.kind !== "records") continue;
      if (seen.length === 0) writer.exec("DELETE FROM 报销明细 WHERE 单据编号 > 'CX-1'; INSERT INTO 报销明细 VALUES ('ZX', 1, '1', '')");
      seen.push(...event.records.map(({ cells }) => String(cells[0])));
    }
    expect(seen.length).toBe(22_500);
    expect(seen).not.toContain("ZX");
  });
});

describe("cells", () => {
  test("keep every digit, every zero and every character", async () => {
    const file =
      aDatabase(`CREATE TABLE t (k INTEGER, code TEXT, big INTEGER, amount TEXT, share REAL, name TEXT, empty TEXT, absent TEXT, free);
      INSERT INTO t VALUES (1, '00042', 9223372036854775807, '0.10', 1e-7, '  张三 “,”\n😀 ', '', NULL, '007'), (2, '-0', -9223372036854775808, '12345678901234567890.123', 1e21, 'x', ' ', NULL, 8)`);
    const columns = columnsOf("code", "big", "amount", "share", "name", "empty", "absent", "free");
    const { rows } = await outcomeOf(sourceOf(sqlite(file), { query: "SELECT * FROM t", order_by: "k" }), columns);
    expect(rows).toEqual([
      ["00042", "9223372036854775807", "0.10", "0.0000001", "张三 “,”\n😀", null, null, "007"],
      ["-0", "-9223372036854775808", "12345678901234567890.123", "1000000000000000000000", "x", null, null, "8"],
    ]);
  });

  test("that are bytes are refused, and only where they are asked for", async () => {
    const file = aDatabase("CREATE TABLE t (k INTEGER, picture BLOB); INSERT INTO t VALUES (1, x'ff00')");
    const options = { query: "SELECT * FROM t", order_by: "k" };
    expect((await outcomeOf(sourceOf(sqlite(file), options), columnsOf("k"))).rows).toEqual([["1"]]);
    const { problems } = await outcomeOf(sourceOf(sqlite(file), options), columnsOf("k", "picture"));
    expect(problems).toMatchObject([{ code: "SOURCE_DECODE", message: "the column `picture` (BLOB) of `query` holds bytes, not text" }]);
  });
});

describe("columns", () => {
  const file = () => aDatabase("CREATE TABLE t (k INTEGER, [报销 金额] TEXT); INSERT INTO t VALUES (1, '1.00')");

  test("are found by name or another name, an optional one may be absent", async () => {
    const source = sourceOf(sqlite(file()), { query: "SELECT * FROM t", order_by: "k" });
    const columns = [
      { name: "金额", aliases: ["Amount", " 报销 金额 "], required: true },
      { name: "备注", aliases: [], required: false },
    ];
    expect((await outcomeOf(source, columns)).rows).toEqual([["1.00", null]]);
  });

  test("that are missing are named, with the nearest", async () => {
    const { problems } = await outcomeOf(sourceOf(sqlite(file()), { query: "SELECT * FROM t", order_by: "k" }), columnsOf("报销金额"));
    expect(problems).toMatchObject([
      {
        code: "SOURCE_MISSING_COLUMN",
        message: "the result of `query` has no column `报销金额`; its columns are `k`, `报销 金额`",
        hint: "did you mean `报销 金额`? Name it so in the query, or add it under `source.columns`: `报销金额: [报销 金额]`",
      },
    ]);
  });

  test("with two names that both fit are refused", async () => {
    const source = sourceOf(sqlite(file()), { query: "SELECT * FROM t", order_by: "k" });
    const { problems } = await outcomeOf(source, [{ name: "k", aliases: ["报销 金额"], required: true }]);
    expect(problems).toMatchObject([{ code: "SOURCE_DUPLICATE_HEADER" }]);
  });
});

describe(":since", () => {
  const TIMES = `CREATE TABLE t (id INTEGER PRIMARY KEY, d TEXT, at TEXT, z TEXT, n INTEGER);
    INSERT INTO t VALUES (1, '2026-11-19', '2026-11-20 07:59:59', '2026-11-19T23:59:59.999Z', 9), (2, '2026-11-20', '2026-11-20 08:00:00', '2026-11-20T00:00:00.000Z', 10), (3, '2026-11-21', '2026-11-20 08:00:01', '2026-11-20T00:00:01Z', 9007199254740993)`;
  const read = async (since: string, column: string, cursor: string | null) => {
    const source = sourceOf(sqlite(aDatabase(TIMES)), {
      query: `SELECT id FROM t WHERE ${column} >= :since -- ':since'`,
      order_by: "id",
      since,
    });
    return outcomeOf(source, columnsOf("id"), cursor);
  };

  test.each([
    ["local time", "at", "2026-11-20T00:00:00.500Z", ["2", "3"]],
    ["instant", "z", "2026-11-20T00:00:00.500Z", ["2", "3"]],
    ["date", "d", "2026-11-20", ["2", "3"]],
    ["date", "d", "2026-11-19T16:00:00.000Z", ["2", "3"]],
    ["local time", "at", "2026-11-20", ["1", "2", "3"]],
    ["number", "n", "0000000000000000000000000000000000000010", ["2", "3"]],
    ["number", "n", "0000000000000000000000009007199254740993", ["3"]],
    ["text", "d", "2026-11-21", ["3"]],
  ])("as %s over %s from %s", async (since, column, cursor, expected) => {
    expect((await read(since, column, cursor)).rows.flat()).toEqual(expected);
    expect((await read(since, column, null)).rows.flat()).toEqual(["1", "2", "3"]);
  });

  test("names the unit, so that another window is another unit", async () => {
    expect((await read("date", "d", null)).complete).toEqual(["query"]);
    expect((await read("date", "d", "2026-11-20")).complete).toEqual(["query since 2026-11-20"]);
  });

  test("of another kind than the cursor is refused", async () => {
    expect(await problemOf(() => read("number", "n", "2026-11-20"))).toMatchObject({
      code: "CONFIG_WRONG_VALUE",
      message: "the cursor stands at `2026-11-20`, which is no number",
    });
  });
});

describe("the database", () => {
  test("that is not there stops the run", async () => {
    const source = sourceOf(sqlite(`${aFolder()}/none.db`), { query: "SELECT 1 AS k", order_by: "k" });
    expect(await problemOf(() => outcomeOf(source, columnsOf("k")))).toMatchObject({ code: "SOURCE_UNREADABLE" });
  });

  test("says in its own words what is wrong with a query, and the next one is read all the same", async () => {
    const file = aDatabase("CREATE TABLE t (k INTEGER); INSERT INTO t VALUES (1)");
    const source = sourceOf(sqlite(file), { query: { a: "SELECT k FROM tt", b: "SELECT k FROM t" }, order_by: "k" });
    const { problems, complete } = await outcomeOf(source, columnsOf("k"));
    expect(problems).toMatchObject([{ message: "the database does not answer `a`: no such table: tt (SQLITE_ERROR)" }]);
    expect(complete).toEqual(["b"]);
  });
});
