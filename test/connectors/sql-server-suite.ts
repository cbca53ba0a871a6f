import { readFileSync } from "node:fs";
import { setTimeout as wait } from "node:timers/promises";
import { describe, expect, test } from "vitest";
import type { Target } from "../../src/connectors/contract.js";
import { sourceConformance } from "./conformance.js";
import { aDocument, aLine, itemOf, only } from "./ledger-documents.js";
import type { Engine, TestDatabase } from "./sql-databases.js";
import { proxyTo } from "./sql-proxy.js";
import type { SqlServer } from "./sql-servers.js";
import { aFolder, afterThisTest, columnsOf, outcomeOf, problemOf, sourceOf } from "./sql-setup.js";
import { balancesOf, createInterface, openTarget } from "./sql-target-suite.js";

/** Many documents, made by the database itself. */
export interface Series {
  /** A SELECT of whole numbers `i` from 1 to 2500. */
  readonly numbers: string;
}

/** The statement, and not the isolation level of a transaction. */
const COMMIT = /COMMIT(?!TED)/;

/** What only a database with a server has: a wire that can be cut, other users, TLS. */
export function sqlServerSuite(engine: Engine & { readonly server: () => SqlServer }, { numbers }: Series): void {
  const quote = (name: string): string => (engine.dialect === "mysql" ? `\`${name}\`` : `"${name}"`);

  async function lines(): Promise<TestDatabase> {
    const database = await engine.database();
    const [text, cast] = engine.dialect === "mysql" ? ["VARCHAR(20)", "CHAR"] : ["TEXT", "TEXT"];
    await database.run(
      `CREATE TABLE ${quote("报销明细")} (${quote("单据编号")} ${text}, ${quote("行号")} BIGINT, ${quote("金额")} DECIMAL(30, 2))`,
      `INSERT INTO ${quote("报销明细")} SELECT concat('BX-', lpad(CAST(i DIV 3 AS ${cast}), 4, '0')), 9007199254740993 + mod(i, 3), i + 0.05 FROM (${numbers}) n`.replace(
        "i DIV 3",
        engine.dialect === "mysql" ? "i DIV 3" : "i / 3",
      ),
    );
    return database;
  }
  const query = `SELECT ${["单据编号", "行号", "金额"].map(quote).join(", ")} FROM ${quote("报销明细")}`;
  const orderBy = ["单据编号", "行号"];

  sourceConformance(`sql on ${engine.name}`, async () => {
    const { connection } = await lines();
    const halves = { early: `${query} WHERE ${quote("金额")} < 1100`, late: `${query} WHERE ${quote("金额")} >= 1100` };
    return {
      open: (context) => sourceOf(connection, { query: halves, order_by: orderBy, page_size: 700 }, context),
      columns: columnsOf("单据编号", "行号", "金额"),
      folder: aFolder(),
    };
  });

  describe(`reading ${engine.name}`, () => {
    test("page by page gives every row once, with all digits of large numbers", async () => {
      const { connection } = await lines();
      const columns = columnsOf("单据编号", "行号", "金额");
      const [small, large] = await Promise.all(
        [13, 5_000].map((page_size) => outcomeOf(sourceOf(connection, { query, order_by: orderBy, page_size }), columns)),
      );
      expect(small?.problems).toEqual([]);
      expect(small?.rows.length).toBe(2_500);
      expect(small?.rows).toEqual(large?.rows);
      expect(small?.rows[0]).toEqual(["BX-0000", "9007199254740994", "1.05"]);
    });

    test("shows one moment, while somebody writes; without a snapshot it takes nothing of what changed", async () => {
      for (const consistency of ["snapshot", "committed"]) {
        const { connection, run } = await lines();
        await run(`INSERT INTO ${quote("报销明细")} SELECT concat('CX-', n.i), m.i, 1 FROM (${numbers}) n, (${numbers}) m WHERE m.i <= 5`);
        const source = sourceOf(connection, { query, order_by: orderBy, page_size: 6_000, consistency });
        let count = 0;
        const found: string[] = [];
        for await (const event of source.read({ columns: columnsOf("单据编号"), since: null, wasRead: () => false })) {
          if (event.kind === "abandoned") found.push(event.problem.message);
          if (event.kind === "complete") found.push("complete");
          if (event.kind !== "records") continue;
          if (count === 0) await run(`DELETE FROM ${quote("报销明细")} WHERE ${quote("单据编号")} = 'CX-999'`);
          count += event.records.length;
        }
        if (consistency === "snapshot") expect([count, found]).toEqual([15_000, ["complete"]]);
        else expect(found).toEqual(["`query` changed while it was read; nothing was taken from it"]);
      }
    });

    test("cannot write, whatever the query calls", async () => {
      const { connection, run, rows } = await lines();
      if (engine.dialect === "mysql") {
        await run("CREATE FUNCTION sweep() RETURNS INT MODIFIES SQL DATA BEGIN DELETE FROM `报销明细`; RETURN 1; END");
      } else {
        await run(`CREATE FUNCTION sweep() RETURNS int LANGUAGE sql AS 'DELETE FROM "报销明细"; SELECT 1'`);
      }
      const { problems } = await outcomeOf(sourceOf(connection, { query: "SELECT sweep() AS k", order_by: "k" }), columnsOf("k"));
      expect(problems[0]?.message).toMatch(/read.only/i);
      expect((await rows(`SELECT count(*) FROM ${quote("报销明细")}`)).map(([count]) => Number(count))).toEqual([2_500]);
    });

    test("abandons the query whose connection is cut, and takes nothing of it", async () => {
      const { connection } = await lines();
      const proxy = await proxyTo(engine.server().port);
      const source = sourceOf(
        { ...connection, port: proxy.port, ca: undefined, insecure: true },
        { query, order_by: orderBy, page_size: 100 },
      );
      proxy.cutAt(/c1/, "after");
      const { complete, problems } = await outcomeOf(source, columnsOf("单据编号"));
      expect(complete).toEqual([]);
      expect(problems).toMatchObject([{ code: "SOURCE_UNREADABLE" }]);
      expect(problems[0]?.message).toContain("was lost");
    });
  });

  describe(`the way to ${engine.name}`, () => {
    const select = { query: "SELECT 1 AS k", order_by: "k" };
    const readOne = async (connection: object) => (await outcomeOf(sourceOf(connection, select), columnsOf("k"))).rows;

    test("is encrypted and checked; what nobody we know has signed is refused", async () => {
      const { connection } = await engine.database();
      expect(await readOne(connection)).toEqual([["1"]]);
      const unknown = await problemOf(() => readOne({ ...connection, ca: undefined }));
      expect(unknown).toMatchObject({ code: "SOURCE_UNREADABLE" });
      expect(unknown.message).toMatch(/certificate/);
      const otherName = await problemOf(() => readOne({ ...connection, host: "127.0.0.1" }));
      expect(otherName.message).toMatch(/altnames|certificate|host/i);
    });

    test("tells a wrong password from a server that is not there, and prints neither password", async () => {
      const { connection } = await engine.database();
      const wrong = await problemOf(() => readOne({ ...connection, password: "geheim-4711" }));
      expect(wrong.message).toContain("does not let us in");
      expect(JSON.stringify(wrong)).not.toContain("geheim-4711");
      const { port } = await proxyTo(1);
      const absent = await problemOf(() => readOne({ ...connection, port: 1 }));
      expect(absent.message).toContain("cannot be reached: the connection was refused (ECONNREFUSED)");
      expect((await problemOf(() => readOne({ ...connection, port }))).code).toBe("SOURCE_UNREADABLE");
      await createInterface(await engine.database(), engine);
      expect(await problemOf(() => openTarget({ ...connection, password: "geheim-4711" }))).toMatchObject({ code: "TARGET_SIGN_IN" });
      expect(await problemOf(() => openTarget({ ...connection, port: 1 }))).toMatchObject({ code: "TARGET_UNAVAILABLE" });
    });

    test("has an authority that is really a certificate", () => {
      expect(readFileSync(engine.server().ca, "utf8")).toContain("BEGIN CERTIFICATE");
    });
  });

  describe(`posting into ${engine.name} over a bad wire`, () => {
    async function overProxy(
      given: object = {},
    ): Promise<TestDatabase & { readonly target: Target; readonly proxy: Awaited<ReturnType<typeof proxyTo>>; readonly direct: Target }> {
      const database = await engine.database();
      await createInterface(database, engine);
      const proxy = await proxyTo(engine.server().port);
      const connection = { ...database.connection, port: proxy.port, ca: undefined, insecure: true, connections: 1, ...given };
      const target = await openTarget(connection);
      const direct = await openTarget(database.connection);
      for (const each of [target, direct]) afterThisTest(() => each.close?.());
      return { ...database, target, proxy, direct };
    }
    const item = itemOf(aDocument());

    test("a COMMIT whose answer is lost is in doubt, and the look-up finds the document", async () => {
      const { target, proxy, rows } = await overProxy();
      proxy.cutAt(COMMIT, "after");
      const outcomes = await target.post([item, itemOf(aDocument({ key: "BX-002" }))]);
      expect(outcomes.map(({ kind }) => kind)).toEqual(["unconfirmed", "created"]);
      expect(outcomes[0]).toMatchObject({ problem: { code: "TARGET_UNCONFIRMED" } });
      expect(await target.lookup(item.idempotencyKey)).toEqual({ reference: "1", fingerprint: item.fingerprint });
      expect(only(await target.post([item]))).toMatchObject({ kind: "exists", reference: "1" });
      expect((await rows("SELECT COUNT(*) FROM interface_lines")).map(([count]) => Number(count))).toEqual([4]);
    });

    test("a COMMIT that never arrives is in doubt as well, and the look-up does not find the document", async () => {
      const { target, proxy, rows } = await overProxy();
      proxy.cutAt(COMMIT, "before");
      expect(only(await target.post([item])).kind).toBe("unconfirmed");
      expect(await target.lookup(item.idempotencyKey)).toBeNull();
      expect(await rows("SELECT account FROM interface_lines")).toEqual([]);
      expect(only(await target.post([item])).kind).toBe("created");
      expect(target.traits.quietMs).toBe(120_000);
    });

    test("a COMMIT that is not answered in time is in doubt", async () => {
      const { target, proxy, direct } = await overProxy({ timeout: "1500ms" });
      proxy.freezeAt(COMMIT);
      const outcome = only(await target.post([item]));
      expect(outcome).toMatchObject({ kind: "unconfirmed" });
      if ("problem" in outcome) expect(outcome.problem.message).toContain("longer than 1500 ms");
      expect((await direct.lookup(item.idempotencyKey))?.reference).toBe("1");
    });

    test("a connection that is cut before COMMIT leaves nothing behind, and is said to have done nothing", async () => {
      const { target, proxy, rows } = await overProxy();
      for (const when of ["before", "after"] as const) {
        proxy.cutAt(/interface_lines/, when);
        expect(only(await target.post([item]))).toMatchObject({ kind: "busy", problem: { code: "TARGET_BUSY" } });
        expect(await target.lookup(item.idempotencyKey)).toBeNull();
      }
      expect(await rows("SELECT account FROM interface_lines")).toEqual([]);
      expect(only(await target.post([item])).kind).toBe("created");
    });

    test("a connection that died while it was idle costs nothing", async () => {
      const { target, proxy } = await overProxy();
      expect(only(await target.post([item])).kind).toBe("created");
      proxy.cutAll();
      await wait(50);
      expect(only(await target.post([itemOf(aDocument({ key: "BX-002" }))])).kind).toBe("created");
    });

    test("two who post the same documents at the same moment book each once", async () => {
      const database = await engine.database();
      await createInterface(database, engine);
      const [first, second] = await Promise.all([openTarget(database.connection), openTarget(database.connection)]);
      for (const each of [first, second]) afterThisTest(() => each.close?.());
      const items = Array.from({ length: 40 }, (_, index) =>
        itemOf(aDocument({ key: `BX-${index}`, lines: [aLine(), aLine({ side: "credit", account: "224101" })] })),
      );
      const outcomes = await Promise.all([first.post(items), second.post([...items].reverse())]);
      const kinds = outcomes.flat().map(({ kind }) => kind);
      expect(kinds.filter((kind) => kind === "created").length).toBe(40);
      expect(kinds.filter((kind) => kind === "exists").length).toBe(40);
      expect(await balancesOf(database)).toEqual(
        new Map([
          ["660201", 400_000n],
          ["224101", -400_000n],
        ]),
      );
    });
  });
}
