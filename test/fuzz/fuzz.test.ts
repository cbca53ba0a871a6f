import { expect, test } from "vitest";
import { fuzz } from "./fuzz.js";

// A longer search: npm run fuzz -- --cases 100000
test("4,000 broken files are each answered by the rules, in bounded memory", { timeout: 300_000 }, async () => {
  const { endings, malformed, findings, memory } = await fuzz(20_261_130, 4000);
  expect(findings).toEqual([]);
  expect(memory).toBeLessThan(1_000_000_000);
  // The search reaches what it is for.
  expect(malformed).toBeGreaterThan(500);
  for (const ending of [
    "complete",
    "abandoned SOURCE_FORMAT",
    "abandoned SOURCE_DECODE",
    "abandoned SOURCE_MISSING_COLUMN",
    "abandoned SOURCE_NO_HEADER",
  ])
    expect(endings.get(ending), ending).toBeGreaterThan(20);
});
