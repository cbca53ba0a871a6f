import { expect, test } from "vitest";
import { describeKills } from "./figures.js";
import { killLedgerRuns } from "./ledger-kills.js";

const KILLS = 12;

test("killed at random moments while it posts into the embedded ledger, it ends in the books of a quiet run", async () => {
  const figures = await killLedgerRuns(300, KILLS, 20_261_120);
  console.log(describeKills(figures));
  expect(figures.faults).toEqual([]);
  expect(figures.kills).toBe(KILLS);
});
