import { mkdirSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { loadPipeline } from "../../src/config/load.js";
import type { Pipeline } from "../../src/config/pipeline.js";
import { loadProject } from "../../src/config/project.js";
import type { ConnectorRegistry } from "../../src/config/registry.js";
import { connector as csv } from "../../src/connectors/csv/index.js";
import type { Document } from "../../src/model/document.js";
import type { Reconciliation } from "../../src/model/reconciliation.js";
import type { Effects } from "../../src/run/effects.js";
import { type RunOutcome, type RunRequest, runPipeline } from "../../src/run/pipeline.js";
import { reconcile } from "../../src/run/reconcile.js";
import { AuditLog } from "../../src/store/audit-log.js";
import { Store } from "../../src/store/store.js";
import { SimTarget, simConnector } from "./sim-target.js";

const HEADER = "单号,行,状态,更新,金额,科目";

/** A project in a temporary folder with a CSV source and the simulated target, and a clock that the test moves. */
export class Workplace {
  readonly folder = mkdtempSync(join(tmpdir(), "sync-run-"));
  target = new SimTarget();
  now = new Date("2026-11-20T18:00:00.000Z");
  store: Store;
  source = { key: "[单号, 行]", cursor: "", delivers: "lines", extra: "", settle: "0s" };
  /** Name and document key of the pipeline. */
  pipeline = "p";
  documentKey = "${单号}";
  documentExtra = "";
  /** Which documents are wanted. */
  when = '状态 == "好"';
  /** All of `document` of the pipeline, instead of a voucher. */
  document: string | null = null;
  date = "2026-11-20";
  /** Rows have a seventh cell, `日期`. */
  day = false;
  text = "报销 ${单号}";
  extra = "";
  targetExtra = "";
  stop = new AbortController();
  alive: (pid: number) => boolean = () => true;
  host = "night";

  constructor() {
    this.write("sync.yaml", "store: store.db\ntimeZone: Asia/Shanghai\nconnections:\n  there: { connector: sim }\n");
    this.write(
      "line.schema.json",
      JSON.stringify({
        type: "object",
        required: ["单号", "行", "状态", "金额", "科目"],
        properties: {
          单号: { type: "string" },
          行: { type: "string" },
          状态: { type: "string" },
          更新: { type: "string", format: "date-time" },
          金额: { type: "string", format: "decimal" },
          科目: { type: "string" },
          日期: { type: "string", format: "date" },
        },
      }),
    );
    this.store = this.openStore();
  }

  openStore(): Store {
    return Store.open(join(this.folder, "store.db"), { create: true, now: () => this.now });
  }

  /** The store is lost; the target is not. */
  forgetStore(): void {
    for (const end of ["", "-wal", "-shm"]) rmSync(join(this.folder, `store.db${end}`), { force: true });
    this.store = this.openStore();
  }

  write(name: string, text: string): void {
    const path = join(this.folder, name);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, text);
    // Long ago, so that nothing looks as if it were still being written.
    utimesSync(path, new Date("2020-01-01"), new Date("2020-01-01"));
  }

  /** Rows `单号,行,状态,更新,金额,科目`; the update time may be left empty. */
  export(name: string, ...rows: string[]): void {
    this.write(`exports/${name}.csv`, `${[this.day ? `${HEADER},日期` : HEADER, ...rows].join("\n")}\n`);
  }

  private documentText(): string {
    return `document:
  type: journal
  key: ${this.documentKey}
  ${this.documentExtra}
  when: \${${this.when}}
  header: { date: "${this.date}", currency: CNY, text: "${this.text}" }
  lines:
    - { debit: "\${金额}", account: "\${科目}" }
    - { each: document, credit: "\${sum(金额)}", account: "2241" }`;
  }

  private pipelineText(): string {
    return `pipeline: ${this.pipeline}
source:
  connector: csv
  files: exports/*.csv
  settle: ${this.source.settle}
  record: line.schema.json
  ${this.source.key === "" ? "" : `key: ${this.source.key}`}
  ${this.source.cursor}
  delivers: ${this.source.delivers}
  ${this.source.extra}
${this.document ?? this.documentText()}
${this.extra}
target:
  connection: there
${this.targetExtra}
`;
  }

  async run(
    options: Partial<Pick<RunRequest, "kind" | "full" | "verify" | "only" | "asWanted" | "allowed">> & {
      readonly onProgress?: Effects["onProgress"];
      readonly onSleep?: () => void;
    } = {},
  ): Promise<RunOutcome> {
    const request = {
      pipeline: await this.load(),
      store: this.store,
      effects: {
        ...this.effects(),
        ...(options.onProgress === undefined ? {} : { onProgress: options.onProgress }),
        sleep: async () => options.onSleep?.(),
      },
      timeZone: "Asia/Shanghai",
      folder: this.folder,
    };
    return runPipeline({
      ...request,
      kind: options.kind ?? "run",
      full: options.full ?? false,
      verify: options.verify ?? false,
      only: options.only ?? null,
      asWanted: options.asWanted ?? false,
      ...(options.allowed === undefined ? {} : { allowed: options.allowed }),
    });
  }

  async reconcile(period: string | null = null): Promise<Reconciliation> {
    const store = Store.openReadOnly(join(this.folder, "store.db"));
    try {
      const pipeline = await this.load();
      return await reconcile({ pipeline, store, effects: this.effects(), timeZone: "Asia/Shanghai", folder: this.folder, period });
    } finally {
      store.close();
    }
  }

  async load(): Promise<Pipeline> {
    this.write("p.yaml", this.pipelineText());
    const connectors: ConnectorRegistry = new Map([
      ["csv", async () => csv],
      ["sim", async () => simConnector(this.target)],
    ]);
    const project = await loadProject(join(this.folder, "sync.yaml"), { env: {}, connectors });
    if (project.value === null) throw new Error(JSON.stringify(project.problems));
    const pipeline = await loadPipeline(join(this.folder, "p.yaml"), project.value, { connectors });
    if (pipeline.value === null) throw new Error(JSON.stringify(pipeline.problems));
    return pipeline.value;
  }

  effects(): Effects {
    return {
      now: () => this.now,
      sleep: async () => undefined,
      every: () => () => undefined,
      signal: this.stop.signal,
      actor: "test",
      host: this.host,
      pid: 4711,
      isAlive: (pid) => this.alive(pid),
      random: () => 0.5,
      randomWord: () => `w${Math.random()}`,
      program: "test",
      onProgress: () => undefined,
    };
  }

  sampleDocument(): Document {
    return { type: "journal", key: "X", date: "2026-11-20", currency: "CNY", text: "", attachments: 0, fields: {}, lines: [] };
  }

  /** The live documents of the target as `key: amount account amount account …`, in key order. */
  books(): string[] {
    return this.target
      .live()
      .map(
        ({ document }) =>
          `${document.key}: ${document.lines.map((line) => `${line.side === "debit" ? "" : "-"}${line.amountMinor} ${line.account}`).join(", ")}`,
      )
      .sort();
  }

  /** The audit log, oldest first. */
  auditRows(): { readonly event: string; readonly subject: string | null; readonly detail: string }[] {
    const log = AuditLog.open(join(this.folder, "store.db"));
    try {
      return [...log.rows()];
    } finally {
      log.close();
    }
  }

  waiting(): string[] {
    return this.store.quarantine.list(this.store.pipelineId(this.pipeline)).map((item) => `${item.key} ${item.problem.code}`);
  }

  minutesPass(minutes: number): void {
    this.now = new Date(this.now.getTime() + minutes * 60_000);
  }

  dispose(): void {
    this.store.close();
    rmSync(this.folder, { recursive: true, force: true });
  }
}
