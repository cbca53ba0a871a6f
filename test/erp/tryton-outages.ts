import { setTimeout as wait } from "node:timers/promises";
import { expect, test } from "vitest";
import { describeKills, storeFaults } from "../kill/figures.js";
import { MOVES, type MoveRow, manyClaims } from "./tryton-claims.js";
import { booksFaults, type KillPlan, killTrytonRuns, openClaims, runUntilDone, type Witness } from "./tryton-kills.js";
import type { TrytonServer } from "./tryton-server.js";

/** How long the server is away. */
const AWAY_MS = 1_500;

/** The program in a process of its own, killed; and a server that goes away in the middle. */
export function outageSuite(server: () => TrytonServer, plan: KillPlan): void {
  const witness = (): Witness => {
    const erp = server();
    return {
      url: erp.url,
      password: erp.password,
      connection: [],
      moves: async () => erp.rows<MoveRow>(MOVES),
      clear: async () => erp.clear(),
      owed: async () => erp.balances().get("2241") ?? 0n,
    };
  };

  test("the server is stopped while drafts are made, killed while they are posted, and started each time: nothing is there twice, nothing is lost", async () => {
    const erp = witness();
    const claims = manyClaims(plan.documents);
    const project = await openClaims(erp, plan.batch);
    project.deliver(claims);
    let isOver = false;
    const running = runUntilDone(project.folder).finally(() => {
      isOver = true;
    });
    for (const [signal, isTime] of [
      ["SIGTERM", (moves: readonly MoveRow[]) => moves.length >= plan.documents / 4],
      ["SIGKILL", (moves: readonly MoveRow[]) => moves.filter(({ state }) => state === "posted").length >= plan.documents / 4],
    ] as const) {
      while (!isOver && !isTime(await erp.moves())) await wait(10);
      expect(isOver).toBe(false);
      await server().goDown(signal);
      await wait(AWAY_MS);
      await server().comeUp();
    }
    const codes = await running;
    expect([await booksFaults(erp, claims, []), await storeFaults(project.folder, claims.length), codes.at(-1)]).toEqual([[], [], 0]);
    project.dispose();
  }, 600_000);

  test(`SIGKILL ${plan.kills} times while ${plan.documents} documents are posted: nothing is there twice, nothing is lost`, async () => {
    const figures = await killTrytonRuns(witness(), plan);
    console.log(describeKills(figures));
    expect(figures.faults).toEqual([]);
    expect(figures.kills).toBe(plan.kills);
  }, 3_600_000);
}
