import { copyFileSync, existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import Database from "better-sqlite3";
import { Type } from "typebox";
import { loadPipeline } from "../../src/config/load.js";
import type { Pipeline } from "../../src/config/pipeline.js";
import { loadProject } from "../../src/config/project.js";
import type { ConnectorRegistry } from "../../src/config/registry.js";
import { defineConnector, type Source, type Target } from "../../src/connectors/contract.js";
import { Store } from "../../src/store/store.js";
import { Inspector } from "./inspector.js";

/** How a pipeline of the simulation differs from the others. */
export interface Variant {
  readonly hasCursor: boolean;
  readonly overlapMs: number;
  readonly wholeDocuments: boolean;
  readonly changed: "reverse and repost" | "hold";
}

/** A cursor that is a time can be read again from a while before; one that is text, from where it stands. */
const recordSchema = (cursorFormat: string | undefined): unknown => ({
  type: "object",
  required: ["单号", "行", "状态", "金额", "科目"],
  properties: {
    单号: { type: "string" },
    行: { type: "string" },
    状态: { type: "string" },
    更新: { type: "string", format: cursorFormat },
    金额: { type: "string", format: "decimal" },
    科目: { type: "string" },
  },
});

/** A pipeline with a name of its own in a store, and what the store looks like from outside. */
export interface Prepared {
  readonly pipeline: Pipeline;
  /** One connection for each process. */
  readonly stores: readonly Store[];
  readonly inspector: Inspector;
  /** A connection of nobody's. */
  readonly raw: Database.Database;
}

const none = Type.Object({}, { additionalProperties: false });
const notOpened = (): never => {
  throw new Error("bug: every simulated process opens a source and a target of its own");
};

const connectors: ConnectorRegistry = new Map([
  [
    "simsource",
    async () =>
      defineConnector({
        name: "simsource",
        summary: "people and their wishes",
        connection: none,
        source: { options: none, open: notOpened },
      }),
  ],
  [
    "sim",
    async () =>
      defineConnector({
        name: "sim",
        summary: "books in memory",
        connection: none,
        target: { options: none, documents: ["journal"], open: notOpened },
      }),
  ],
]);

/** Histories that share one store file; each has a pipeline of its own in it. */
const HISTORIES_PER_STORE = 50;
/** As many processes as can be alive at one time. */
const STORES = 3;

/** Where histories happen: a folder, pipelines compiled once, and a store with a connection for each process. */
export class Place {
  // A store on a real disk would wait for it thousands of times a second; what is simulated here is not the disk.
  private readonly folder = mkdtempSync(join(existsSync("/dev/shm") ? "/dev/shm" : tmpdir(), "sync-sim-"));
  private readonly pipelines = new Map<string, Pipeline>();
  private readonly cursor = { stores: [] as Store[], raw: null as Database.Database | null, histories: 0, file: 0 };

  /** A fresh part of a store for one history. */
  async prepare(variant: Variant, seed: number): Promise<Prepared> {
    const { cursor } = this;
    if (cursor.raw === null || cursor.histories >= HISTORIES_PER_STORE) this.newStore();
    cursor.histories += 1;
    const raw = cursor.raw;
    if (raw === null) throw new Error("bug: no store");
    const compiled = await this.compiled(variant);
    const pipeline = { ...compiled, name: `s${seed}` };
    return { pipeline, stores: cursor.stores, inspector: new Inspector(raw, pipeline.name), raw };
  }

  dispose(): void {
    this.closeStore();
    rmSync(this.folder, { recursive: true, force: true });
  }

  private newStore(): void {
    this.closeStore();
    const { cursor } = this;
    cursor.file += 1;
    cursor.histories = 0;
    const file = join(this.folder, `store-${cursor.file}.db`);
    const now = (): Date => new Date("2026-11-20T18:00:00.000Z");
    // Made once and copied, because to make one takes as long as a history.
    const empty = join(this.folder, "empty.db");
    if (!existsSync(empty)) {
      setPageSize(empty);
      Store.open(empty, { create: true, now }).close();
    }
    copyFileSync(empty, file);
    cursor.stores = Array.from({ length: STORES }, () => Store.open(file, { create: false, now }));
    for (const store of cursor.stores) {
      const db = Reflect.get(store, "db") as Database.Database;
      // No power fails here, and a process that dies has its last transaction written or not, whatever the disk does.
      db.pragma("synchronous = OFF");
      db.pragma("temp_store = MEMORY");
      rememberStatements(db);
    }
    cursor.raw = new Database(file);
  }

  private closeStore(): void {
    const { cursor } = this;
    for (const store of cursor.stores) store.close();
    cursor.raw?.close();
    for (const end of ["", "-wal", "-shm"]) rmSync(join(this.folder, `store-${cursor.file}.db${end}`), { force: true });
    cursor.raw = null;
  }

  private async compiled(variant: Variant): Promise<Pipeline> {
    const name = JSON.stringify(variant);
    const known = this.pipelines.get(name);
    if (known !== undefined) return known;
    const write = (file: string, text: string): string => {
      writeFileSync(join(this.folder, file), text);
      return join(this.folder, file);
    };
    write("record.schema.json", JSON.stringify(recordSchema(variant.overlapMs > 0 ? "date-time" : undefined)));
    const projectFile = write("sync.yaml", "timeZone: Asia/Shanghai\nconnections:\n  there: { connector: sim }\n");
    const file = write(
      "p.yaml",
      `pipeline: p
source:
  connector: simsource
  record: record.schema.json
  key: [单号, 行]
  ${variant.hasCursor ? `cursor: { field: 更新${variant.overlapMs > 0 ? `, overlap: ${variant.overlapMs / 1_000}s` : ""} }` : ""}
  delivers: ${variant.wholeDocuments ? "documents" : "lines"}
document:
  type: journal
  key: \${单号}
  when: \${状态 == "好"}
  header: { date: "2026-11-20", currency: CNY, text: "报销 \${单号}" }
  lines:
    - { debit: "\${金额}", account: "\${科目}" }
    - { each: document, credit: "\${sum(金额)}", account: "2241" }
target:
  connection: there
  changed: ${variant.changed}
  gone: ${variant.changed === "hold" ? "hold" : "reverse"}
`,
    );
    const project = await loadProject(projectFile, { env: {}, connectors });
    if (project.value === null) throw new Error(JSON.stringify(project.problems));
    const pipeline = await loadPipeline(file, project.value, { connectors });
    if (pipeline.value === null) throw new Error(JSON.stringify(pipeline.problems));
    this.pipelines.set(name, pipeline.value);
    return pipeline.value;
  }
}

/** Almost every write is of a few short rows, and is as long as the pages they stand on. */
function setPageSize(file: string): void {
  const db = new Database(file);
  db.pragma("page_size = 1024");
  // The size counts from the first write on.
  db.pragma("user_version = 1");
  db.pragma("user_version = 0");
  db.close();
}

const ONLY_MAKES = /^(\s*CREATE (TEMP TABLE IF NOT EXISTS|INDEX IF NOT EXISTS temp\.)[^;]*(;|$))+\s*$/;

/** A night run prepares its statements once; thousands of runs in one process would spend a third of their time on that. */
function rememberStatements(db: Database.Database): void {
  const known = new Map<string, Database.Statement>();
  const prepare = db.prepare.bind(db) as (sql: string) => Database.Statement;
  const remembering = (sql: string): Database.Statement => {
    const statement = known.get(sql);
    if (statement === undefined) {
      const prepared = prepare(sql);
      known.set(sql, prepared);
      return prepared;
    }
    return statement.reader ? statement.pluck(false).raw(false) : statement;
  };
  Object.defineProperty(db, "prepare", { value: remembering });
  // All that the store makes this way are its temporary tables, where they are not there yet.
  const made = new Set<string>();
  const exec = db.exec.bind(db);
  const execOnce = (sql: string): Database.Database => {
    if (made.has(sql)) return db;
    if (!ONLY_MAKES.test(sql)) throw new Error(`bug: not to be left out a second time: ${sql}`);
    made.add(sql);
    return exec(sql);
  };
  Object.defineProperty(db, "exec", { value: execOnce });
}

/** The pipeline of one process: the same in all but where it reads and where it posts. */
export function connect(pipeline: Pipeline, source: Source, target: Target): Pipeline {
  return {
    ...pipeline,
    source: { ...pipeline.source, connector: { ...pipeline.source.connector, source: { options: none, open: () => source } } },
    target: {
      ...pipeline.target,
      connector: { ...pipeline.target.connector, target: { options: none, documents: ["journal"], open: () => target } },
    },
  };
}
