import { expect, test } from "vitest";
import { killErpRuns } from "./erp-kills.js";
import { describeKills } from "./figures.js";

const KILLS = 8;

test("killed at random moments while it posts into the faulty ERP, it ends in the books of a quiet run", async () => {
  const figures = await killErpRuns(120, KILLS, 20_261_120);
  console.log(describeKills(figures));
  expect(figures.faults).toEqual([]);
  expect(figures.kills).toBe(KILLS);
});
