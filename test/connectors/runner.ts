import { join } from "node:path";
import type { Pipeline } from "../../src/config/pipeline.js";
import type { Reconciliation } from "../../src/model/reconciliation.js";
import type { RunResult } from "../../src/model/run.js";
import type { Effects } from "../../src/run/effects.js";
import { runPipeline } from "../../src/run/pipeline.js";
import { reconcile } from "../../src/run/reconcile.js";
import { Store } from "../../src/store/store.js";

export interface Runner {
  readonly store: Store;
  readonly run: () => Promise<RunResult>;
  /** Compares source, postings and target, as `sync reconcile` does. */
  readonly reconcile: () => Promise<Reconciliation>;
}

/** Runs a pipeline as the program does, again and again with one store, which the caller closes. */
export function runnerOf(pipeline: Pipeline, folder: string, more: Partial<Effects> = {}): Runner {
  const effects: Effects = {
    now: () => new Date(),
    sleep: (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms)),
    every: () => () => undefined,
    signal: new AbortController().signal,
    actor: "test",
    host: "here",
    pid: 1,
    isAlive: () => true,
    random: () => 0.5,
    randomWord: () => `w${Math.random()}`,
    program: "test",
    onProgress: () => {},
    ...more,
  };
  const store = Store.open(join(folder, "store.db"), { create: true, now: () => new Date(), actor: "test" });
  const request = { pipeline, store, effects, timeZone: "Asia/Shanghai", folder, kind: "run", full: false, only: null } as const;
  const reconciled = async (): Promise<Reconciliation> => {
    const frozen = Store.openReadOnly(join(folder, "store.db"));
    try {
      return await reconcile({ pipeline, store: frozen, effects, timeZone: "Asia/Shanghai", folder, period: null });
    } finally {
      frozen.close();
    }
  };
  return { store, run: async () => (await runPipeline(request)).result, reconcile: reconciled };
}
