import { describe, expect, test } from "vitest";
import { loadWorkspace } from "../../src/config/load.js";
import { connectors } from "../../src/connectors/index.js";
import { afterThisTest, only } from "../connectors/http-setup.js";
import { type Runner, runnerOf } from "../connectors/runner.js";
import { type Claim, ClaimsProject, MOVES, type MoveRow, manyClaims, type PipelineName } from "./tryton-claims.js";
import { losingEvery } from "./tryton-proxy.js";
import type { TrytonServer } from "./tryton-server.js";

interface Night extends Runner {
  readonly deliver: (claims: readonly Claim[]) => void;
  /** Key and code of what waits. */
  readonly waiting: () => readonly (readonly [string, string])[];
}

/** The shipped example, run night after night with one store. Waiting takes no time, but for that of an unanswered call. */
async function project(pipeline: PipelineName, url: string, password: string, ...more: readonly string[]): Promise<Night> {
  const claims = new ClaimsProject(pipeline, ...more);
  afterThisTest(() => claims.dispose());
  const loaded = await loadWorkspace(claims.config, { env: { TRYTON_URL: url, TRYTON_PASSWORD: password }, connectors });
  expect(loaded.problems).toEqual([]);
  const one = only(loaded.pipelines);
  let now = Date.now();
  const sleep = async (ms: number): Promise<void> => {
    now += ms;
    await new Promise((resolve) => setTimeout(resolve, Math.min(ms, 20)));
  };
  const runner = runnerOf(one, claims.folder, { now: () => new Date(now), sleep });
  afterThisTest(() => runner.store.close());
  return {
    ...runner,
    run: async () => {
      now += 3_600_000;
      return runner.run();
    },
    deliver: (delivered) => claims.deliver(delivered),
    waiting: () =>
      runner.store.quarantine.list(runner.store.pipelineId(pipeline)).map(({ key, problem }): [string, string] => [key, problem.code]),
  };
}

/** `size` is how many documents go through the network that loses answers. */
export function pipelineSuite(server: () => TrytonServer, size: number): void {
  const moves = (): MoveRow[] => server().rows<MoveRow>(MOVES);

  describe("the shipped pipelines", () => {
    test("claims become moves once; changes, voids and what cannot be posted", async () => {
      const { url, password } = server();
      const october = await server().call<number[]>("admin", "model.account.period.search", [["name", "=", "2026-10"]], 0, null, null);
      await server().call("admin", "model.account.period.close", october);
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
        { code: "BX-7", date: "2026-10-31" },
      ]);
      expect((await night.run()).counts).toMatchObject({ posted: 3 });
      expect(night.waiting()).toEqual([
        ["BX-4", "TARGET_REJECTED"],
        ["BX-5", "TARGET_REJECTED"],
        ["BX-6", "TARGET_PERIOD_CLOSED"],
        ["BX-7", "TARGET_PERIOD_CLOSED"],
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
      const claims = manyClaims(size);
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
