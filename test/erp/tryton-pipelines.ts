import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { loadWorkspace } from "../../src/config/load.js";
import { connectors } from "../../src/connectors/index.js";
import { afterThisTest } from "../connectors/http-setup.js";
import { type Runner, runnerOf } from "../connectors/runner.js";
import { losingEvery } from "./tryton-proxy.js";
import type { TrytonServer } from "./tryton-server.js";

const EXAMPLE = fileURLToPath(new URL("../../fixtures/connectors/tryton/example", import.meta.url));
const HEADER = "单据编号,行号,状态,支付日期,报销人,工号,金额,税额,科目,部门";

export interface Claim {
  readonly code: string;
  readonly status?: string;
  readonly date?: string;
  readonly employee?: string;
  readonly account?: string;
  /** Gross and tax of each line. */
  readonly lines?: readonly (readonly [string, string])[];
}

const rowsOf = ({
  code,
  status = "已审批",
  date = "2026-11-20",
  employee = "E001",
  account = "660203",
  lines = [["106.00", "6.00"]],
}: Claim) => lines.map(([gross, tax], index) => [code, index + 1, status, date, "张三", employee, gross, tax, account, "D100"].join(","));

interface Night extends Runner {
  readonly deliver: (claims: readonly Claim[]) => void;
  /** Key and code of what waits. */
  readonly waiting: () => readonly (readonly [string, string])[];
}

/** The shipped example, run night after night with one store. Waiting takes no time, but for that of an unanswered call. */
async function project(pipeline: string, url: string, password: string, more = ""): Promise<Night> {
  const folder = mkdtempSync(join(tmpdir(), "tryton-example-"));
  afterThisTest(() => rmSync(folder, { recursive: true }));
  cpSync(EXAMPLE, folder, { recursive: true });
  const file = join(folder, `${pipeline}.yaml`);
  // The target stands at the end of the file.
  writeFileSync(file, `${readFileSync(file, "utf8")}  ${more}\n`);
  const loaded = await loadWorkspace(join(folder, "sync.yaml"), { env: { TRYTON_URL: url, TRYTON_PASSWORD: password }, connectors });
  expect(loaded.problems).toEqual([]);
  const one = loaded.pipelines.find(({ name }) => name === pipeline);
  if (one === undefined) throw new Error(`no pipeline ${pipeline}`);
  let now = Date.now();
  const sleep = async (ms: number): Promise<void> => {
    now += ms;
    await new Promise((resolve) => setTimeout(resolve, Math.min(ms, 20)));
  };
  const runner = runnerOf(one, folder, { now: () => new Date(now), sleep });
  afterThisTest(() => runner.store.close());
  let night = 0;
  return {
    ...runner,
    run: async () => {
      now += 3_600_000;
      return runner.run();
    },
    deliver: (claims) => {
      night += 1;
      const name = `${pipeline === "expense-to-ap" ? "应付" : "报销"}-${night}.csv`;
      writeFileSync(join(folder, name), `${[HEADER, ...claims.flatMap(rowsOf)].join("\n")}\n`);
    },
    waiting: () =>
      runner.store.quarantine.list(runner.store.pipelineId(pipeline)).map(({ key, problem }): [string, string] => [key, problem.code]),
  };
}

interface MoveRow {
  readonly description: string;
  readonly state: string;
  readonly post_number: string | null;
  readonly debit: number;
}

const MOVES = `SELECT move.description, move.state, move.post_number, (SELECT CAST(ROUND(SUM(debit) * 100) AS INTEGER) FROM account_move_line WHERE move = move.id) AS debit
  FROM account_move AS move ORDER BY move.id`;

/** `size` is how many documents go through the network that loses answers. */
export function pipelineSuite(server: () => TrytonServer, size: number): void {
  const moves = (): MoveRow[] => server().rows<MoveRow>(MOVES);

  describe("the shipped pipelines", () => {
    test("claims become moves once; changes, voids and what cannot be posted", async () => {
      const { url, password } = server();
      const night = await project("expense-to-gl", url, password);
      night.deliver([
        { code: "BX-1" },
        {
          code: "BX-2",
          lines: [
            ["53.00", "3.00"],
            ["0.01", "0.00"],
          ],
        },
        { code: "BX-3" },
        { code: "BX-4", account: "6699" },
        { code: "BX-5", employee: "E999" },
        { code: "BX-6", date: "2030-01-01" },
      ]);
      expect((await night.run()).counts).toMatchObject({ posted: 3 });
      expect(night.waiting()).toEqual([
        ["BX-4", "TARGET_REJECTED"],
        ["BX-5", "TARGET_REJECTED"],
        ["BX-6", "TARGET_PERIOD_CLOSED"],
      ]);
      expect(moves().map(({ description, state, debit }) => [description, state, debit])).toEqual([
        ["expense-to-gl/BX-1/1", "posted", 10_600],
        ["expense-to-gl/BX-2/1", "posted", 5_301],
        ["expense-to-gl/BX-3/1", "posted", 10_600],
      ]);

      const again = await night.run();
      expect(again.counts).toMatchObject({ posted: 0, replaced: 0, reversed: 0 });
      expect(moves()).toHaveLength(3);

      night.deliver([
        { code: "BX-1", lines: [["90.00", "0.00"]] },
        { code: "BX-3", status: "已作废" },
      ]);
      expect((await night.run()).counts).toMatchObject({ replaced: 1, reversed: 1 });
      expect(
        moves()
          .slice(3)
          .map(({ description, state, debit }) => [description, state, debit])
          .sort(),
      ).toEqual([
        ["expense-to-gl/BX-1/1/reversal", "posted", -10_600],
        ["expense-to-gl/BX-1/2", "posted", 9_000],
        ["expense-to-gl/BX-3/1/reversal", "posted", -10_600],
      ]);
      expect(server().balances().get("2241")).toBe(-14_301n);
    });

    test("claims become supplier invoices once; changes and voids", async () => {
      const { url, password } = server();
      const night = await project("expense-to-ap", url, password);
      night.deliver([
        { code: "BX-1" },
        {
          code: "BX-2",
          lines: [
            ["53.00", "3.00"],
            ["0.01", "0.00"],
          ],
        },
      ]);
      expect((await night.run()).counts).toMatchObject({ posted: 2, waiting: 0 });
      expect((await night.run()).counts).toMatchObject({ posted: 0, replaced: 0 });
      night.deliver([
        { code: "BX-1", status: "已作废" },
        { code: "BX-2", lines: [["10.60", "0.60"]] },
      ]);
      expect((await night.run()).counts).toMatchObject({ replaced: 1, reversed: 1, waiting: 0 });
      const invoices = server().rows<{ reference: string; state: string }>("SELECT reference, state FROM account_invoice ORDER BY id");
      expect(invoices.map(({ reference, state }) => [reference, state])).toEqual([
        ["expense-to-ap/BX-1/1", "cancelled"],
        ["expense-to-ap/BX-2/1", "cancelled"],
        ["expense-to-ap/BX-2/2", "posted"],
      ]);
      expect([...server().balances()].sort()).toEqual([
        ["22210101", 60n],
        ["2241", -1_060n],
        ["660203", 1_000n],
      ]);
    });
  });

  describe("a network that loses every 20th answer after the request went through, while sessions end in the middle", () => {
    test("nothing is booked twice and nothing is lost, as Tryton's own tables say", async () => {
      const erp = server();
      const proxy = await losingEvery(20, erp.url, (call) => {
        if (call % 35 === 0) erp.endSessions();
      });
      afterThisTest(() => proxy.close());
      const night = await project("expense-to-gl", proxy.url, erp.password, "batch: 3");
      const claims = Array.from({ length: size }, (_, n): Claim => ({ code: `BX-${n}`, lines: [[`${n + 1}.06`, "0.06"]] }));
      night.deliver(claims);
      for (let runs = 0; runs < 6; runs += 1) {
        const { counts } = await night.run();
        if (counts.posted === 0 && counts.waiting === 0) break;
      }
      // Some of them change afterwards, so that reversals go the same way.
      night.deliver(claims.slice(0, 6).map((claim) => ({ ...claim, lines: [["1.00", "0.00"]] })));
      for (let runs = 0; runs < 6; runs += 1) {
        const { counts } = await night.run();
        if (counts.posted === 0 && counts.replaced === 0 && counts.waiting === 0) break;
      }
      const keys = claims.map(({ code }) => `expense-to-gl/${code}/1`);
      const changed = keys.slice(0, 6).flatMap((key) => [`${key}/reversal`, key.replace(/1$/, "2")]);
      const writes = proxy.lost.filter((method) => /\.(create|post|execute|write)$/.test(method));
      expect([proxy.lost.length > 5, writes.length > 1, proxy.lost]).toEqual([true, true, proxy.lost]);
      expect(
        moves()
          .map(({ description }) => description)
          .sort(),
      ).toEqual([...keys, ...changed].sort());
      expect(moves().filter(({ state }) => state !== "posted")).toEqual([]);
      expect(new Set(moves().map(({ post_number }) => post_number)).size).toBe(size + 12);
      // From 1.06 on, of which the first 6 became 1.00 each.
      const sum = claims.slice(6).reduce((total, _, n) => total + (n + 7) * 100 + 6, 0) + 6 * 100;
      expect(erp.balances().get("2241")).toBe(BigInt(-sum));
    }, 600_000);
  });
}
