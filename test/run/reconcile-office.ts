import { join } from "node:path";
import Database from "better-sqlite3";
import { loadPipeline } from "../../src/config/load.js";
import type { Pipeline } from "../../src/config/pipeline.js";
import { loadProject } from "../../src/config/project.js";
import { connectors } from "../../src/connectors/index.js";
import type { Reconciliation } from "../../src/model/reconciliation.js";
import type { Effects } from "../../src/run/effects.js";
import { type RunOutcome, type RunRequest, runPipeline } from "../../src/run/pipeline.js";
import { reconcile } from "../../src/run/reconcile.js";
import { Store } from "../../src/store/store.js";
import { BillsProject, PIPELINE } from "../feed/bills.js";

/** Bills from files into real books, all in this process, and compared as the command does it. */
export class Office {
  readonly project = new BillsProject();
  now = new Date("2026-11-26T10:00:00.000Z");
  readonly stop = new AbortController();

  async run(kind: RunRequest["kind"] = "run"): Promise<RunOutcome["result"]> {
    const pipeline = await this.pipeline();
    const store = Store.open(this.project.store, { create: true, now: () => this.now });
    try {
      const { folder } = this.project;
      const request = { pipeline, store, effects: this.effects(), timeZone: "Asia/Shanghai", folder, kind, full: false, only: null };
      return (await runPipeline(request)).result;
    } finally {
      store.close();
    }
  }

  async reconcile(period: string | null = null): Promise<Reconciliation> {
    const pipeline = await this.pipeline();
    const store = Store.openReadOnly(this.project.store);
    try {
      const { folder } = this.project;
      return await reconcile({ pipeline, store, effects: this.effects(), timeZone: "Asia/Shanghai", folder, period });
    } finally {
      store.close();
    }
  }

  /** What a person with the file of the books in hand can do, past everything that guards them. */
  editBooks(...statements: readonly string[]): void {
    const db = new Database(this.project.ledger);
    try {
      db.pragma("foreign_keys = OFF");
      const triggers = db.prepare("SELECT name FROM sqlite_schema WHERE type = 'trigger'").pluck().all() as string[];
      for (const name of triggers) db.exec(`DROP TRIGGER ${name}`);
      for (const statement of statements) db.exec(statement);
    } finally {
      db.close();
    }
  }

  private async pipeline(): Promise<Pipeline> {
    const { folder } = this.project;
    const project = await loadProject(join(folder, "sync.yaml"), { env: {}, connectors });
    if (project.value === null) throw new Error(JSON.stringify(project.problems));
    const pipeline = await loadPipeline(join(folder, `${PIPELINE}.yaml`), project.value, { connectors });
    if (pipeline.value === null) throw new Error(JSON.stringify(pipeline.problems));
    return pipeline.value;
  }

  private effects(): Effects {
    return {
      now: () => this.now,
      sleep: async () => undefined,
      every: () => () => undefined,
      signal: this.stop.signal,
      actor: "test",
      host: "office",
      pid: 4711,
      isAlive: () => true,
      random: () => 0.5,
      randomWord: () => `w${Math.random()}`,
      program: "test",
      onProgress: () => undefined,
    };
  }

  dispose(): void {
    this.project.dispose();
  }
}

/** What differs, as `document what between: about`. */
export function told({ findings }: Reconciliation): string[] {
  return findings.map(({ key, kind, between, about }) => `${key} ${kind}, ${between.join(" – ")}: ${about}`);
}

/** What differs, as `document what`. */
export function kinds({ findings }: Reconciliation): string[] {
  return findings.map(({ key, kind }) => `${key} ${kind}`);
}
