import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Client } from "pg";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { afterThisTest } from "../connectors/http-setup.js";
import { type SqlServer, startPostgresql } from "../connectors/sql-servers.js";
import { describeKills, storeFaults } from "../kill/figures.js";
import { type Claim, MOVES, type MoveRow, manyClaims } from "./tryton-claims.js";
import { makeCompany } from "./tryton-company.js";
import { booksFaults, type KillPlan, killTrytonRuns, openClaims, runUntilDone, type Witness } from "./tryton-kills.js";
import { TrytonProcess } from "./tryton-process.js";
import { losingEvery } from "./tryton-proxy.js";
import { POSTED } from "./tryton-server.js";

const WRITERS = 4;
/** Tryton asks the catalogue hundreds of times while it makes its tables: its statistics must keep up. */
const WHILE_TABLES_ARE_MADE = { autovacuum_naptime: "1s", autovacuum_analyze_threshold: "20", autovacuum_vacuum_cost_delay: "0" };

/** A real Tryton on PostgreSQL, into which four calls at once are made. */
export function postgresqlSuite(plan: KillPlan): void {
  let home: string;
  let postgresql: SqlServer;
  let server: TrytonProcess;
  let tables: Client;

  beforeAll(async () => {
    home = mkdtempSync(join(tmpdir(), "sync-tryton-postgresql-"));
    postgresql = await startPostgresql({ ...WHILE_TABLES_ARE_MADE, timezone: "UTC" });
    const { port, user, password } = postgresql;
    const login = { host: "127.0.0.1", port, user, password };
    const first = new Client({ ...login, database: "postgres" });
    await first.connect();
    await first.query("CREATE DATABASE company");
    await first.end();
    const uri = `postgresql://${user}:${encodeURIComponent(password)}@127.0.0.1:${port}/`;
    server = await TrytonProcess.start(await makeCompany(home, uri), uri);
    tables = new Client({ ...login, database: "company" });
    await tables.connect();
  }, 1_800_000);

  afterAll(async () => {
    await tables?.end();
    await server?.dispose();
    await postgresql?.stop();
    rmSync(home, { recursive: true, force: true });
  });

  const rows = async <T>(sql: string): Promise<T[]> => (await tables.query(sql)).rows as T[];

  const witness = (url = server.url): Witness => ({
    url,
    password: server.password,
    connection: ["backend: postgresql", `writers: ${WRITERS}`],
    moves: () => rows<MoveRow>(MOVES),
    clear: async () => {
      for (const table of POSTED) await tables.query(`DELETE FROM "${table}"`);
    },
    owed: async () => {
      const [sum] = await rows<{ owed: string }>(
        `SELECT CAST(COALESCE(SUM(line.debit - line.credit), 0) * 100 AS BIGINT) AS owed FROM account_move_line AS line
         JOIN account_move AS move ON move.id = line.move JOIN account_account AS account ON account.id = line.account
         WHERE move.state = 'posted' AND account.code = '2241'`,
      );
      return BigInt(sum?.owed ?? "0");
    },
  });

  describe("four writers", () => {
    test("a network that loses every 20th answer, while sessions end in the middle: nothing is there twice, nothing is lost", async () => {
      const ended: Promise<unknown>[] = [];
      const proxy = await losingEvery(20, server.url, (call) => {
        if (call % 50 === 0) ended.push(tables.query("DELETE FROM ir_session"));
      });
      afterThisTest(() => proxy.close());
      const erp = witness(proxy.url);
      const claims = manyClaims(plan.documents);
      const changed = claims.filter((_, index) => index % 10 === 0).map((claim): Claim => ({ ...claim, lines: [["1.00", "0.00"]] }));
      const project = await openClaims(erp, plan.batch);
      project.deliver(claims);
      await runUntilDone(project.folder);
      project.deliver(changed);
      await runUntilDone(project.folder);
      await Promise.all(ended);
      const writes = proxy.lost.filter((method) => /\.(create|post|execute|write)$/.test(method));
      console.log(
        `lost ${proxy.lost.length} answers, ${writes.length} of them to calls that changed something; ended sessions ${ended.length} times`,
      );
      expect([writes.length > 1, ended.length > 0]).toEqual([true, true]);
      expect(await booksFaults(erp, claims, changed)).toEqual([]);
      // One more run goes through the same network, and nobody is to sign in for it in vain.
      expect(await storeFaults(project.folder, claims.length)).toEqual([]);
      project.dispose();
    }, 3_600_000);

    test(`SIGKILL ${plan.kills} times while ${plan.documents} documents are posted: nothing is there twice, nothing is lost`, async () => {
      const figures = await killTrytonRuns(witness(), plan);
      console.log(describeKills(figures));
      expect(figures.faults).toEqual([]);
      expect(figures.kills).toBe(plan.kills);
    }, 3_600_000);

    test("supplier invoices, whose numbers are locked: each is posted once, under a number of its own", async () => {
      const claims = manyClaims(plan.documents);
      const project = await openClaims(witness(), plan.batch, "expense-to-ap");
      project.deliver(claims);
      const codes = await runUntilDone(project.folder);
      const invoices = await rows<{ reference: string; state: string; number: string }>(
        "SELECT reference, state, number FROM account_invoice",
      );
      expect(invoices.map(({ reference }) => reference).sort()).toEqual(claims.map(({ code }) => `expense-to-ap/${code}/1`).sort());
      expect(invoices.filter(({ state }) => state !== "posted")).toEqual([]);
      expect(new Set(invoices.map(({ number }) => number)).size).toBe(claims.length);
      console.log(`supplier invoices: ${claims.length} posted by runs that ended with ${codes.join(", ")}`);
      expect(await storeFaults(project.folder, claims.length)).toEqual([]);
      project.dispose();
    }, 3_600_000);
  });
}
