import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Worker } from "node:worker_threads";
import { expect, test } from "vitest";
import { bundled } from "../bundled.js";

const OPENER = new URL("opener.ts", import.meta.url).pathname;
const THREADS = 4;
const ROUNDS = 60;

test("a store that several make at the same moment is opened by all of them", async () => {
  const folder = mkdtempSync(join(tmpdir(), "sync-store-together-"));
  const arrived = new Int32Array(new SharedArrayBuffer(4));
  const workerData = { folder, arrived, threads: THREADS, rounds: ROUNDS };
  const faults = await Promise.all(
    Array.from({ length: THREADS }, async () => (await once(new Worker(bundled(OPENER), { workerData }), "message"))[0] as string[]),
  );
  expect(faults.flat()).toEqual([]);
  rmSync(folder, { recursive: true });
});
