import { expect, test } from "vitest";
import { historyText, search } from "./search.js";

/** CI and `npm run sim` go through many more. */
const HISTORIES = 1_000;

test(`in ${HISTORIES} histories of faults, crashes and changing wishes every promise is kept`, async () => {
  const { histories, runs, failed } = await search(1, HISTORIES);
  expect(failed.slice(0, 2).map(historyText).join("\n")).toBe("");
  expect(histories).toBe(HISTORIES);
  expect(runs).toBeGreaterThan(HISTORIES * 4);
});

test("a seed tells the same history every time", async () => {
  const [one, again] = [await search(77, 3), await search(77, 3)];
  expect(one).toEqual(again);
});
