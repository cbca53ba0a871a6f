import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Target } from "../../src/connectors/contract.js";
import { SqlTargetOptions } from "../../src/connectors/sql/options.js";
import { openSqlTarget } from "../../src/connectors/sql/target.js";
import { Decimal } from "../../src/model/decimal.js";
import type { PostedEntry } from "../../src/model/posting.js";
import { aDocument, aLine, itemOf, only, referenceOf, problemOf as refusalOf, reversalOf } from "./ledger-documents.js";
import type { Engine, TestDatabase } from "./sql-databases.js";
import { afterThisTest, checked, connectionOf, contextOf, problemOf } from "./sql-setup.js";
import { targetConformance } from "./target-conformance.js";

/** The options of the tests: tables as an interface has them, with names that must be quoted. */
export const INTERFACE = {
  header: {
    table: "接口 Header",
    key: "ext_key",
    fingerprint: "ext_hash",
    reverses: "reverses_key",
    id: "interface_id",
    columns: {
      "Doc Date": "$.date",
      currency: "$.currency",
      摘要: "$.text",
      papers: "$.attachments",
      source: "SYNC",
      period: "$.period",
      status: "NEW",
    },
    result: { number: "voucher_no", status: "status", failed: ["ERROR", "REJECTED"], message: "message" },
  },
  lines: {
    table: "interface_lines",
    columns: {
      interface_id: "$.id",
      line_no: "$$.number",
      account: "$$.account",
      entered_dr: "$$.debit",
      entered_cr: "$$.credit",
      text: "$$.text",
      partner: "$$.partner",
      部门: "$$.dimensions.部门",
    },
  },
};

const { reverses: _, result: __, ...currentHeader } = INTERFACE.header;
/** The same tables as a data warehouse has them: each document once, as it is now. */
export const CURRENT = { rows: "current", header: currentHeader, lines: INTERFACE.lines };

export async function createInterface({ run }: TestDatabase, engine: Engine): Promise<void> {
  await run(...interfaceStatements(engine));
}

export function interfaceStatements({ dialect, types }: Engine): readonly string[] {
  const quote = (name: string): string => (dialect === "mysql" ? `\`${name}\`` : `"${name}"`);
  const key = dialect === "mysql" ? "VARCHAR(200) COLLATE utf8mb4_general_ci" : types.text;
  return [
    `CREATE TABLE accounts (code ${dialect === "mysql" ? "VARCHAR(20)" : "TEXT"} PRIMARY KEY)`,
    "INSERT INTO accounts VALUES ('660201'), ('224101')",
    `CREATE TABLE ${quote("接口 Header")} (interface_id ${types.id}, ext_key ${key} NOT NULL, ext_hash ${types.text}, reverses_key ${key},
      ${quote("Doc Date")} ${types.date}, currency ${types.text}, ${quote("摘要")} ${types.text}, papers INT, source ${types.text}, period ${types.text},
      status ${types.text}, voucher_no ${types.text}, message ${types.text}, UNIQUE (ext_key))`,
    `CREATE TABLE interface_lines (interface_id BIGINT NOT NULL, line_no INT NOT NULL, account ${dialect === "mysql" ? "VARCHAR(20)" : "TEXT"} NOT NULL,
      entered_dr ${types.amount}, entered_cr ${types.amount}, text ${types.text}, partner ${types.text}, ${quote("部门")} ${types.text}, PRIMARY KEY (interface_id, line_no), FOREIGN KEY (account) REFERENCES accounts (code))`,
  ];
}

export function openTarget(connection: object, options: object = INTERFACE): Promise<Target> {
  return openSqlTarget(connectionOf(connection), checked<SqlTargetOptions>(SqlTargetOptions, options), contextOf());
}

/** Debit minus credit by account, in cents, of what is there. */
export async function balancesOf({ rows, dialect }: TestDatabase): Promise<Map<string, bigint>> {
  const text = dialect === "mysql" ? "CHAR" : "TEXT";
  const found = await rows(`SELECT account, CAST(entered_dr AS ${text}), CAST(entered_cr AS ${text}) FROM interface_lines`);
  const balances = new Map<string, bigint>();
  const minor = (value: unknown): bigint => (value === null ? 0n : (Decimal.parse(String(value))?.toMinor(2) ?? bad(value)));
  for (const [account, debit, credit] of found)
    balances.set(String(account), (balances.get(String(account)) ?? 0n) + minor(debit) - minor(credit));
  for (const [account, balance] of balances) if (balance === 0n) balances.delete(account);
  return balances;
}

function bad(value: unknown): never {
  throw new Error(`no amount: ${String(value)}`);
}

/** What a target does on any database. */
export function sqlTargetSuite(engine: Engine): void {
  beforeAll(() => engine.start());
  afterAll(() => engine.stop());

  async function anInterface(): Promise<TestDatabase & { readonly target: Target }> {
    const database = await engine.database();
    await createInterface(database, engine);
    const target = await openTarget(database.connection);
    afterThisTest(() => target.close?.());
    return { ...database, target };
  }
  const quote = (name: string): string => (engine.dialect === "mysql" ? `\`${name}\`` : `"${name}"`);
  const header = quote("接口 Header");

  targetConformance(`sql on ${engine.name}`, async () => {
    const database = await engine.database();
    await createInterface(database, engine);
    return {
      open: () => openTarget(database.connection),
      document: (key) => aDocument({ key }),
      refused: (key) => aDocument({ key, lines: [aLine(), aLine({ side: "credit", account: "999999" })] }),
      balances: () => balancesOf(database),
    };
  });

  describe(`an interface table on ${engine.name}`, () => {
    test("gets every field as it is: exact amounts, Chinese, zeros, empty values, red entries", async () => {
      const { target, rows } = await anInterface();
      const lines = [
        aLine({ amountMinor: 1_234_567_890_123_456n, text: "住宿'; DROP TABLE accounts; --", dimensions: { 部门: "00042" } }),
        aLine({ amountMinor: -10n, text: "红字 😀" }),
        aLine({ side: "credit", account: "224101", amountMinor: 1_234_567_890_123_446n, partner: "E001" }),
      ];
      const document = aDocument({ key: "BX \\ 'x' %_", date: "2026-01-31", text: '报销 "甲" \\', lines });
      expect(referenceOf(only(await target.post([itemOf(document)])))).toBe("1");
      const text = engine.dialect === "mysql" ? "CHAR" : "TEXT";
      const [found] = await rows(
        `SELECT ext_key, CAST(${quote("Doc Date")} AS ${text}), currency, ${quote("摘要")}, CAST(papers AS ${text}), source, period, status, reverses_key FROM ${header}`,
      );
      expect(found?.[1]).toMatch(/^(2026-01-31|31\/01\/2026)$/);
      expect(found?.filter((_, index) => index !== 1)).toEqual([
        "expense/BX \\ 'x' %_/1",
        "CNY",
        '报销 "甲" \\',
        "2",
        "SYNC",
        "2026-01",
        "NEW",
        null,
      ]);
      const booked = await rows(
        `SELECT CAST(line_no AS ${text}), account, CAST(entered_dr AS ${text}), CAST(entered_cr AS ${text}), text, partner, ${quote("部门")} FROM interface_lines ORDER BY line_no`,
      );
      expect(booked).toEqual([
        ["1", "660201", "12345678901234.56", null, "住宿'; DROP TABLE accounts; --", null, "00042"],
        ["2", "660201", "-0.10", null, "红字 😀", null, null],
        ["3", "224101", null, "12345678901234.46", "差旅费", "E001", null],
      ]);
    });

    test("takes a document with many lines in one piece, or not at all", async () => {
      const { target, rows } = await anInterface();
      const many = Array.from({ length: 1_001 }, () => aLine({ amountMinor: 1n }));
      const document = aDocument({ lines: [...many, aLine({ side: "credit", account: "224101", amountMinor: 1_001n })] });
      const broken = { ...document, key: "BX-002", lines: [...many, aLine({ side: "credit", account: "none", amountMinor: 1_001n })] };
      const [first, second] = await target.post([itemOf(broken), itemOf(document)]);
      expect(first?.kind).toBe("rejected");
      expect(second?.kind).toBe("created");
      expect((await rows("SELECT COUNT(*) FROM interface_lines")).map(([count]) => Number(count))).toEqual([1_002]);
      expect((await rows(`SELECT COUNT(*) FROM ${header}`)).map(([count]) => Number(count))).toEqual([1]);
    });

    test("is refused at opening without a unique index on the key alone", async () => {
      const database = await engine.database();
      const { run, connection } = database;
      const key = engine.dialect === "mysql" ? "VARCHAR(100)" : "TEXT";
      const options = { header: { table: "h", key: "k", columns: {} }, lines: { table: "l", columns: { k: "$.idempotencyKey" } } };
      await run(
        `CREATE TABLE h (k ${key} NOT NULL, other INT)`,
        `CREATE TABLE l (k ${key})`,
        "CREATE INDEX plain ON h (k)",
        "CREATE UNIQUE INDEX both_columns ON h (k, other)",
      );
      if (engine.dialect !== "mysql") await run("CREATE UNIQUE INDEX some_rows ON h (k) WHERE other > 0");
      else await run("CREATE UNIQUE INDEX beginning ON h (k(10))");
      const found = await problemOf(() => openTarget(connection, options));
      expect(found.code).toBe("TARGET_UNAVAILABLE");
      expect(found.message).toContain("`k` of `h` has no unique index of its own, so one document could be booked twice");
      const create = /CREATE UNIQUE INDEX [^;]+/.exec(found.hint ?? "")?.[0] ?? "";
      await run(create);
      await (await openTarget(connection, options)).close?.();
    });

    test("is refused at opening where a table, a column or a name is not there", async () => {
      const database = await engine.database();
      await createInterface(database, engine);
      const { connection } = database;
      const { header: known, lines } = INTERFACE;
      expect(await problemOf(() => openTarget(connection, { ...INTERFACE, lines: { ...lines, table: "none" } }))).toMatchObject({
        code: "TARGET_UNAVAILABLE",
      });
      const wrong = await problemOf(() => openTarget(connection, { header: { ...known, columns: { amuont: "$.total" } }, lines }));
      expect(wrong).toMatchObject({ code: "TARGET_UNAVAILABLE" });
      expect(wrong.message).toContain("amuont");
      expect(
        await problemOf(() =>
          openTarget(connection, { header: known, lines: { ...lines, columns: { ...lines.columns, account: "$$.acount" } } }),
        ),
      ).toMatchObject({
        code: "CONFIG_WRONG_VALUE",
        message: "`lines.columns.account`: there is no `$$.acount`",
        hint: "did you mean `account`?",
      });
    });

    test("is refused where a column would round: at opening, or for the currency", async () => {
      const database = await engine.database();
      await createInterface(database, engine);
      const floats = { sqlite: "DECIMAL(18, 2)", postgresql: "double precision", mysql: "DOUBLE", sqlserver: "", oracle: "" }[
        engine.dialect
      ];
      const type = engine.dialect === "postgresql" ? "TYPE" : "";
      if (engine.dialect === "sqlite") await database.run("ALTER TABLE interface_lines ADD COLUMN rounded DECIMAL(18, 2)");
      else await database.run(`ALTER TABLE interface_lines ADD COLUMN rounded ${floats}`);
      const { lines } = INTERFACE;
      const rounding = { ...INTERFACE, lines: { ...lines, columns: { ...lines.columns, rounded: "$$.amount" } } };
      const found = await problemOf(() => openTarget(database.connection, rounding));
      expect(found.message).toMatch(/^the column `rounded` of `interface_lines` \(.+\) cannot keep an amount to the cent$/);
      if (engine.dialect === "sqlite") return;
      await database.run(
        `ALTER TABLE interface_lines ${engine.dialect === "postgresql" ? "ALTER COLUMN" : "MODIFY"} entered_dr ${type} decimal(18, 1)`,
      );
      const target = await openTarget(database.connection);
      afterThisTest(() => target.close?.());
      const [yuan, yen] = await target.post([itemOf(aDocument()), itemOf(aDocument({ key: "BX-JP", currency: "JPY" }))]);
      expect(yuan).toMatchObject({
        kind: "rejected",
        problem: {
          code: "TARGET_REJECTED",
          message: "the column `entered_dr` keeps 1 decimal places, and CNY has 2: the amount would be rounded",
        },
      });
      expect(yen?.kind).toBe("created");
    });

    test("books nothing that does not fit: a text that is too long is refused, not cut", async () => {
      if (engine.dialect === "sqlite") return;
      const { target, run, rows } = await anInterface();
      await run(
        engine.dialect === "mysql"
          ? "ALTER TABLE interface_lines MODIFY text VARCHAR(5)"
          : "ALTER TABLE interface_lines ALTER COLUMN text TYPE varchar(5)",
      );
      const outcome = only(
        await target.post([
          itemOf(aDocument({ lines: [aLine({ text: "差旅费用报销单" }), aLine({ side: "credit", account: "224101" })] })),
        ]),
      );
      expect(refusalOf(outcome)).toMatchObject({ code: "TARGET_REJECTED" });
      expect(await rows("SELECT account FROM interface_lines")).toEqual([]);
    });

    test("tells keys apart by every letter, also where the column does not", async () => {
      const { target } = await anInterface();
      const [lower] = await target.post([itemOf(aDocument({ key: "bx-1" }))]);
      expect(lower?.kind).toBe("created");
      const upper = only(await target.post([itemOf(aDocument({ key: "BX-1" }))]));
      // A column that takes both for one refuses it; it must never be taken for the other.
      expect(upper.kind).toBe(engine.dialect === "mysql" ? "rejected" : "created");
      expect((await target.lookup("expense/BX-1/1"))?.reference).toBe(engine.dialect === "mysql" ? undefined : "2");
    });

    test("gives back what the import program made of it", async () => {
      const { target, run } = await anInterface();
      const documents = ["A", "B", "C"].map((key) => aDocument({ key }));
      await target.post(documents.map((document) => itemOf(document)));
      await run(
        `UPDATE ${header} SET status = 'DONE', voucher_no = '记-0007' WHERE ext_key = 'expense/A/1'`,
        `UPDATE ${header} SET status = 'ERROR', message = '期间 2026-11 已结账' WHERE ext_key = 'expense/B/1'`,
        `UPDATE ${header} SET status = 'REJECTED' WHERE ext_key = 'expense/C/1'`,
      );
      expect(await target.lookup("expense/A/1")).toEqual({ reference: "记-0007", fingerprint: itemOf(documents[0] as never).fingerprint });
      expect(await problemOf(() => target.lookup("expense/B/1"))).toMatchObject({
        code: "TARGET_CONFLICT",
        message: "the import program of the ERP refused `expense/B/1`: 期间 2026-11 已结账",
      });
      const again = await target.post(documents.map((document) => itemOf(document)));
      expect(again.map(({ kind }) => kind)).toEqual(["exists", "rejected", "rejected"]);
      expect(again[0]).toMatchObject({ reference: "记-0007" });
      expect(again[2]).toMatchObject({
        problem: { code: "TARGET_REJECTED", message: "the import program of the ERP refused `expense/C/1`: its status is `REJECTED`" },
      });
      const [first, second] = await target.reverse([reversalOf(documents[1] as never, "2"), reversalOf(documents[0] as never, "1")]);
      expect(first).toMatchObject({ kind: "rejected", problem: { code: "TARGET_CONFLICT" } });
      expect(second?.kind).toBe("created");
    });

    test("cancels with a red entry that names what it cancels, on another day where the month is closed", async () => {
      const { target, rows } = await anInterface();
      const document = aDocument();
      await target.post([itemOf(document)]);
      const [outcome] = await target.reverse([{ ...reversalOf(document, "1"), date: "2026-12-01" }]);
      expect(outcome).toMatchObject({ kind: "created", reference: "2" });
      const text = engine.dialect === "mysql" ? "CHAR" : "TEXT";
      expect(await rows(`SELECT ext_key, reverses_key, period, CAST(papers AS ${text}) FROM ${header} WHERE interface_id = 2`)).toEqual([
        ["expense/BX-001/1/reversal", "expense/BX-001/1", "2026-12", "0"],
      ]);
      expect(
        await rows(
          `SELECT account, CAST(entered_dr AS ${text}), CAST(entered_cr AS ${text}) FROM interface_lines WHERE interface_id = 2 ORDER BY line_no`,
        ),
      ).toEqual([
        ["660201", "-100.00", null],
        ["224101", null, "-100.00"],
      ]);
    });

    test("refuses to cancel what is not there, has other content, or was recovered without its lines", async () => {
      const { target, run } = await anInterface();
      const document = aDocument();
      const reversal = reversalOf(document, "1");
      expect(only(await target.reverse([reversal]))).toMatchObject({ kind: "rejected", problem: { code: "TARGET_REJECTED" } });
      await target.post([itemOf(document)]);
      const empty = { ...reversal, posting: { ...reversal.posting, document: { ...document, lines: [] } } };
      expect(only(await target.reverse([empty]))).toMatchObject({ kind: "rejected", problem: { code: "TARGET_CONFLICT" } });
      await run(`UPDATE ${header} SET ext_hash = 'other'`);
      expect(only(await target.reverse([reversal]))).toMatchObject({ kind: "rejected", problem: { code: "TARGET_CONFLICT" } });
    });

    test("keeps each document once, as it is now, where rows are current", async () => {
      const database = await engine.database();
      await createInterface(database, engine);
      const target = await openTarget(database.connection, CURRENT);
      afterThisTest(() => target.close?.());
      const text = engine.dialect === "mysql" ? "CHAR" : "TEXT";
      const held = () =>
        database.rows(
          `SELECT ext_key, account, CAST(entered_dr AS ${text}), CAST(entered_cr AS ${text}) FROM ${header} h JOIN interface_lines l ON l.interface_id = h.interface_id ORDER BY h.interface_id, line_no`,
        );
      const [first, other] = [aDocument(), aDocument({ key: "bx-001" })];
      await target.post([itemOf(first), itemOf(other, "expense/BX-002/1")]);
      const found = await target.lookup("expense/BX-001/1");
      expect(found).toMatchObject({ isDraft: true, fingerprint: itemOf(first).fingerprint });

      // Changed: other lines, one more of them, under the key of the new version.
      const lines = [aLine({ amountMinor: 1n }), aLine({ amountMinor: 2n }), aLine({ side: "credit", account: "224101", amountMinor: 3n })];
      const second = itemOf(aDocument({ lines }), "expense/BX-001/2");
      const { posting } = reversalOf(first, found?.reference ?? "");
      const outcome = only((await target.update?.([{ ...second, posting }])) ?? []);
      expect(outcome).toMatchObject({ kind: "created", fingerprint: second.fingerprint });
      expect(await held()).toEqual([
        ["expense/BX-002/1", "660201", "100.00", null],
        ["expense/BX-002/1", "224101", null, "100.00"],
        ["expense/BX-001/2", "660201", "0.01", null],
        ["expense/BX-001/2", "660201", "0.02", null],
        ["expense/BX-001/2", "224101", null, "0.03"],
      ]);
      expect(await target.latest?.("expense")).toBe("expense/BX-001/2");
      expect(await target.lookup("expense/BX-001/1")).toBeNull();
      // Once more, as after a lost answer: it is there.
      expect(only((await target.update?.([{ ...second, posting }])) ?? [])).toMatchObject({ kind: "exists" });

      // Other content than was posted is not replaced, and what cannot be written leaves the old rows where they were.
      const third = { ...itemOf(aDocument(), "expense/BX-001/3"), posting: { ...posting, ...second, fingerprint: "other" } };
      expect(only((await target.update?.([third])) ?? [])).toMatchObject({ kind: "rejected", problem: { code: "TARGET_CONFLICT" } });
      const bad = itemOf(aDocument({ lines: [aLine(), aLine({ side: "credit", account: "999999" })] }), "expense/BX-001/3");
      const ofSecond = { ...posting, ...second };
      expect(only((await target.update?.([{ ...bad, posting: ofSecond }])) ?? [])).toMatchObject({ kind: "rejected" });
      expect((await held()).length).toBe(5);
      const absent = { ...itemOf(aDocument(), "expense/BX-001/3"), posting: { ...posting, idempotencyKey: "expense/BX-009/1" } };
      expect(only((await target.update?.([absent])) ?? [])).toMatchObject({ kind: "rejected", problem: { code: "TARGET_REJECTED" } });

      // Gone: its rows are deleted, those of others stay.
      const gone = { posting: ofSecond, idempotencyKey: "expense/BX-001/2/reversal", fingerprint: second.fingerprint };
      expect(only(await target.reverse([gone]))).toMatchObject({ kind: "created" });
      expect(only(await target.reverse([gone]))).toMatchObject({ kind: "exists" });
      expect((await held()).map(([key]) => key)).toEqual(["expense/BX-002/1", "expense/BX-002/1"]);
    });

    test("makes tables that are not there with the first document, and nothing before", async () => {
      const database = await engine.database();
      const create = interfaceStatements(engine);
      const openBoth = () => Promise.all([1, 2].map(() => openTarget(database.connection, { ...INTERFACE, create })));
      const targets = await openBoth();
      for (const target of targets) {
        afterThisTest(() => target.close?.());
        expect(await target.lookup("expense/BX-001/1")).toBeNull();
        expect(await target.latest?.("expense")).toBeNull();
        const entries: PostedEntry[] = [];
        for await (const entry of target.postings?.("expense") ?? []) entries.push(entry);
        expect(entries).toEqual([]);
      }
      await expect(database.rows("SELECT * FROM accounts")).rejects.toThrow();

      // Both at once: whoever comes second finds them made. In one process a database file would wait for itself.
      const post = async (at: number) => only((await targets[at]?.post([itemOf(aDocument({ key: `BX-00${at + 1}` }))])) ?? []).kind;
      const kinds = engine.dialect === "sqlite" ? [await post(0), await post(1)] : await Promise.all([post(0), post(1)]);
      expect(kinds).toEqual(["created", "created"]);
      const [first] = targets;
      expect((await first?.lookup("expense/BX-002/1"))?.fingerprint).toBe(itemOf(aDocument({ key: "BX-002" })).fingerprint);

      // What is there stays as it is.
      const later = await openTarget(database.connection, { ...INTERFACE, create: ["DROP TABLE interface_lines"] });
      afterThisTest(() => later.close?.());
      expect(only(await later.post([itemOf(aDocument())])).kind).toBe("exists");
      expect((await database.rows("SELECT * FROM interface_lines")).length).toBe(4);
    });

    test("statements that make no tables are a problem of the target, and nothing is left of them", async () => {
      const database = await engine.database();
      const create = ["CREATE TABLE left_over (a INT)", "CREATE TABEL accounts (a INT)"];
      const target = await openTarget(database.connection, { ...INTERFACE, create });
      afterThisTest(() => target.close?.());
      const refusal = await problemOf(() => target.post([itemOf(aDocument())]));
      expect(refusal).toMatchObject({ code: "TARGET_UNAVAILABLE", hint: "correct `create` of the target" });
      expect(refusal.message).toMatch(/did not make the tables: .*TABEL/s);
      // MySQL commits each statement that makes a table.
      if (engine.dialect !== "mysql") await expect(database.rows("SELECT * FROM left_over")).rejects.toThrow();
    });

    test.each<[string, object, string]>([
      ["without a number of the header", { header: { ...CURRENT.header, id: undefined } }, "`rows: current` needs `id`"],
      ["with a column for what is cancelled", { header: { ...CURRENT.header, reverses: "reverses_key" } }, "`header.reverses`"],
      ["with an import program", { header: { ...CURRENT.header, result: INTERFACE.header.result } }, "`header.result`"],
      [
        "with lines that do not name their header",
        { lines: { ...CURRENT.lines, columns: { ...CURRENT.lines.columns, interface_id: "$.idempotencyKey" } } },
        "needs a column with `$.id`",
      ],
    ])("current rows are refused %s", async (_, more, words) => {
      const database = await engine.database();
      await createInterface(database, engine);
      const { header: given, ...others } = { ...CURRENT, ...more };
      const kept = Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));
      const refusal = await problemOf(() => openTarget(database.connection, { ...others, header: kept }));
      expect(refusal.message).toContain(words);
    });

    test("lists what a pipeline posted, oldest first, and knows the newest", async () => {
      const { target } = await anInterface();
      expect(await target.latest?.("expense")).toBeNull();
      const documents = Array.from({ length: 12 }, (_, index) => aDocument({ key: `BX-${12 - index}` }));
      await target.post(documents.map((document) => itemOf(document)));
      await target.post([itemOf(aDocument(), "expens%/BX-1/1"), itemOf(aDocument(), "expense_2/BX-1/1")]);
      await target.reverse([reversalOf(documents[0] as never, "1")]);
      const entries: PostedEntry[] = [];
      for await (const entry of target.postings?.("expense") ?? []) entries.push(entry);
      expect(entries.map(({ idempotencyKey }) => idempotencyKey)).toEqual([
        ...documents.map(({ key }) => `expense/${key}/1`),
        "expense/BX-12/1/reversal",
      ]);
      expect(entries[0]).toEqual({
        idempotencyKey: "expense/BX-12/1",
        reference: "1",
        fingerprint: itemOf(documents[0] as never).fingerprint,
      });
      expect(await target.latest?.("expense")).toBe("expense/BX-12/1/reversal");
      expect(await target.latest?.("expens_")).toBeNull();
    });

    test("works with a table of claims of its own, where the ERP's tables must not be changed", async () => {
      const database = await engine.database();
      const { run, rows, connection } = database;
      const key = engine.dialect === "mysql" ? "VARCHAR(200)" : "TEXT";
      await run(
        `CREATE TABLE claims (k ${key} PRIMARY KEY)`,
        `CREATE TABLE gl_control (group_id ${key}, made ${key})`,
        `CREATE TABLE gl_interface (reference21 ${key}, entered ${engine.types.amount}, side ${key})`,
      );
      const options = {
        header: { table: "claims", key: "k", columns: {} },
        more: [{ table: "gl_control", columns: { group_id: "$.idempotencyKey", made: { sql: "lower('SYNC')" } } }],
        lines: { table: "gl_interface", columns: { reference21: "$.idempotencyKey", entered: "$$.amount", side: "$$.side" } },
      };
      const target = await openTarget(connection, options);
      afterThisTest(() => target.close?.());
      expect(target.latest).toBeUndefined();
      const item = itemOf(aDocument());
      expect(only(await target.post([item]))).toMatchObject({ kind: "created", reference: "expense/BX-001/1" });
      expect(only(await target.post([item]))).toEqual({ kind: "exists", reference: "expense/BX-001/1" });
      expect(await rows("SELECT made FROM gl_control")).toEqual([["sync"]]);
      expect((await rows("SELECT side FROM gl_interface ORDER BY side")).flat()).toEqual(["credit", "debit"]);
      expect(only(await target.reverse([reversalOf(aDocument(), "x")]))).toMatchObject({
        kind: "rejected",
        problem: { message: "the target has no column for what a row cancels" },
      });
    });
  });
}
