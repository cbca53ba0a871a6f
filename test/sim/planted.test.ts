import { describe, expect, test } from "vitest";
import { PLANTS } from "./plants.js";
import { search } from "./search.js";

/** Each planted fault must be found in so many histories. */
const WITHIN = 2_000;

describe("a simulation that finds nothing proves nothing: each of these faults is found", () => {
  test.each(PLANTS.map((plant) => ({ plant, name: plant.name })))("$name", async ({ plant }) => {
    const { histories, failed } = await search(1, WITHIN, { plant, stopAtFirst: true });
    expect(failed.map((each) => each.violations[0])).toHaveLength(1);
    expect(histories).toBeLessThanOrEqual(WITHIN);
  });
});
