// Makes one store after the other, each at the same moment as all other threads that were given the same counter; posts what went wrong.
import { parentPort, workerData } from "node:worker_threads";
import { Store } from "../../src/store/store.js";

const { folder, arrived, threads, rounds } = workerData as { folder: string; arrived: Int32Array; threads: number; rounds: number };
const faults: string[] = [];
for (let round = 1; round <= rounds; round += 1) {
  Atomics.add(arrived, 0, 1);
  while (Atomics.load(arrived, 0) < threads * round);
  try {
    Store.open(`${folder}/${round}.db`, { create: true, now: () => new Date("2026-11-20T00:00:00Z") }).close();
  } catch (cause) {
    faults.push(String(cause));
  }
}
parentPort?.postMessage(faults);
