import { execFileSync } from "node:child_process";
import { expect, test } from "vitest";
import { bundled } from "../bundled.js";

test("memory for many records is set aside once they are under way, and not before", () => {
  const out = execFileSync(process.execPath, [bundled(new URL("room-steps.ts", import.meta.url).pathname)], { encoding: "utf8" });
  const [start, few, many, again] = JSON.parse(out) as number[];
  expect(start).toBeLessThan(16);
  expect(few).toBe(start);
  expect(many).toBe(16);
  expect(again).toBe(16);
});
