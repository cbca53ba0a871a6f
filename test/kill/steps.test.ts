import { expect, test } from "vitest";
import { describeKills } from "./figures.js";
import { killStepRuns } from "./steps-kills.js";

/** `npm run test:kill -- --only steps` has more of both. */
const KILLS = 4;

test("killed at random moments while it saves, submits and audits, it ends in the books of a quiet run", async () => {
  const figures = await killStepRuns(50, KILLS, 20_261_120);
  console.log(describeKills(figures));
  expect(figures.faults).toEqual([]);
  expect(figures.kills).toBe(KILLS);
}, 180_000);
