import { mkdtempSync, readFileSync, rmSync, statSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import Database from "better-sqlite3";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { writeExport, writeProject } from "../../bench/workload.js";
import { loadPipeline } from "../../src/config/load.js";
import { loadProject } from "../../src/config/project.js";
import type { ConnectorRegistry } from "../../src/config/registry.js";
import { connector as csv } from "../../src/connectors/csv/index.js";
import { connector as ledger } from "../../src/connectors/ledger/index.js";
import { runPipeline } from "../../src/run/pipeline.js";
import { Store } from "../../src/store/store.js";

/**
 * What a job costs in counted work instead of seconds, which differ from machine to machine: statements, flushes, JSON, bytes. The bounds are what
 * was counted when they were written, rounded up. Whoever passes one has added work to every line or document, and says why before raising it.
 */
const LINES = 2_000;

interface Work {
  /** Statements run on the store and on the books; beginnings and ends of transactions included. */
  store: number;
  books: number;
  /** Each is a flush to the disk. */
  storeCommits: number;
  booksCommits: number;
  stringified: number;
  parsed: number;
  /** The most rows that one statement gave at once of what waits, or is about to. */
  faultsAtOnce: number;
}

const METHODS = ["run", "get", "all"] as const;
type Call = (this: Database.Statement, ...values: unknown[]) => unknown;

let folder = "";
let work: Work = nothing();
const restore: (() => void)[] = [];

function nothing(): Work {
  return { store: 0, books: 0, storeCommits: 0, booksCommits: 0, stringified: 0, parsed: 0, faultsAtOnce: 0 };
}

/** Puts `made` in the place of a method until the end. */
function replace<T extends object, K extends keyof T>(owner: T, name: K, made: (former: T[K]) => T[K]): void {
  const former = owner[name];
  owner[name] = made(former);
  restore.push(() => {
    owner[name] = former;
  });
}

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "sync-work-"));
  writeProject(folder);
  await writeExport(join(folder, "exports", "lines.csv"), LINES, 20261126);
  const database = new Database(":memory:");
  const statements = Object.getPrototypeOf(database.prepare("SELECT 1")) as Record<(typeof METHODS)[number], Call>;
  database.close();
  for (const method of METHODS) {
    replace(statements, method, (former) => {
      return function (this: Database.Statement, ...values: unknown[]): unknown {
        const place = this.database.name.endsWith("books.db") ? "books" : "store";
        work[place] += 1;
        if (this.source === "COMMIT") work[`${place}Commits`] += 1;
        const found = former.apply(this, values);
        if (Array.isArray(found) && method === "all" && /quarantine|faults|misfits/.test(this.source))
          work.faultsAtOnce = Math.max(work.faultsAtOnce, found.length);
        return found;
      };
    });
  }
  replace(JSON, "stringify", (former) => {
    return ((...values: Parameters<typeof former>) => {
      work.stringified += 1;
      return former(...values);
    }) as typeof former;
  });
  replace(JSON, "parse", (former) => {
    return (...values) => {
      work.parsed += 1;
      return former(...values);
    };
  });
});

afterAll(() => {
  for (const undo of restore) undo();
  rmSync(folder, { recursive: true, force: true });
});

async function run(full: boolean) {
  const connectors: ConnectorRegistry = new Map([
    ["csv", async () => csv],
    ["ledger", async () => ledger],
  ]);
  const project = await loadProject(join(folder, "sync.yaml"), { env: {}, connectors });
  if (project.value === null) throw new Error(JSON.stringify(project.problems));
  const pipeline = await loadPipeline(join(folder, "pipelines/main.yaml"), project.value, { connectors });
  if (pipeline.value === null) throw new Error(JSON.stringify(pipeline.problems));
  const now = (): Date => new Date("2026-11-26T10:00:00.000Z");
  const store = Store.open(join(folder, "store.db"), { create: true, now });
  try {
    work = nothing();
    const { result } = await runPipeline({
      pipeline: pipeline.value,
      store,
      effects: {
        now,
        sleep: async () => undefined,
        every: () => () => undefined,
        signal: new AbortController().signal,
        actor: "test",
        host: "night",
        pid: 4711,
        isAlive: () => true,
        random: () => 0.5,
        randomWord: () => "w",
        program: "test",
        onProgress: () => undefined,
      },
      timeZone: "Asia/Shanghai",
      folder: join(folder, "pipelines"),
      kind: "run",
      full,
      only: null,
    });
    return { counts: result.counts, status: result.status, work };
  } finally {
    store.close();
  }
}

/** Rows of a table of the store. */
function rowsOf(table: string): number {
  const db = new Database(join(folder, "store.db"), { readonly: true });
  try {
    return db.prepare(`SELECT count(*) FROM ${table}`).pluck().get() as number;
  } finally {
    db.close();
  }
}

/** Fails with every number that is passed, beside its bound. */
function expectAtMost(done: Work, bounds: Work): void {
  const passed = Object.entries(done).flatMap(([name, count]) => {
    const bound = bounds[name as keyof Work];
    return count > bound ? [`${name}: ${count}, at most ${bound}`] : [];
  });
  expect(passed).toEqual([]);
}

describe("the work of a job", () => {
  test("of a first load, for each line and each document", async () => {
    const { counts, work: done } = await run(false);
    expect(counts).toMatchObject({ read: LINES, changed: LINES, waiting: 0 });
    const documents = counts.posted;
    expect(documents).toBeGreaterThan(400);
    // Each document is noted once, answered once, and stands once in the postings and in the audit log.
    expect({ records: rowsOf("records"), attempts: rowsOf("attempts"), postings: rowsOf("postings") }).toEqual({
      records: LINES,
      attempts: documents,
      postings: documents,
    });
    expect(rowsOf("audit")).toBe(documents + 4);
    // One statement for each line gathers it; of each document nine are left: found, made, planned, noted (2), answered (4).
    expectAtMost(done, {
      store: LINES + 9.2 * documents,
      books: 2.4 * documents,
      storeCommits: 10,
      booksCommits: 3,
      stringified: LINES + 15.6 * documents,
      parsed: LINES + 1.1 * documents,
      faultsAtOnce: 0,
    });
    expect(statSync(join(folder, "store.db")).size / LINES).toBeLessThan(950);
    expect(statSync(join(folder, "books.db")).size / LINES).toBeLessThan(210);
  });

  test("of a second run, in which nothing changed", async () => {
    const { counts, work: done } = await run(false);
    expect(counts).toMatchObject({ read: 0, unitsKnown: 1 });
    expectAtMost(done, { store: 45, books: 15, storeCommits: 3, booksCommits: 1, stringified: 17, parsed: 0, faultsAtOnce: 0 });
  });

  test("of reading everything again", async () => {
    const { counts, work: done } = await run(true);
    expect(counts).toMatchObject({ read: LINES, unchanged: LINES, posted: 0 });
    // A line is found by its cells and gathered.
    expectAtMost(done, {
      store: 2 * LINES + 75,
      books: 15,
      storeCommits: 7,
      booksCommits: 1,
      stringified: 25,
      parsed: 0,
      faultsAtOnce: 0,
    });
  });

  test("of one change in a hundred", async () => {
    const file = join(folder, "exports", "lines.csv");
    const rows = readFileSync(file, "utf8").split("\n");
    let changed = 0;
    for (let index = 50; index < LINES; index += 100) {
      rows[index] = (rows[index] as string).replace(/,部门(\d+),/, ",新部门$1,").replace("客户拜访", "客户回访");
      changed += 1;
    }
    writeFileSync(file, rows.join("\n"));
    utimesSync(file, new Date("2026-11-20"), new Date("2026-11-20"));
    const { counts, work: done } = await run(false);
    expect(counts).toMatchObject({ read: LINES, changed, unchanged: LINES - changed });
    expectAtMost(done, {
      store: 2 * LINES + 18 * changed,
      books: 10.5 * changed,
      storeCommits: 12,
      booksCommits: 3,
      stringified: 20 * changed,
      parsed: 8.5 * changed,
      faultsAtOnce: 0,
    });
  });

  test("of bad rows, which are never in memory all at once", async () => {
    await writeExport(join(folder, "exports", "bad.csv"), LINES, 20261127, { badEvery: 2, claimsBefore: 10_000 });
    for (let night = 0; night < 2; night += 1) {
      const { counts, work: done } = await run(night === 1);
      expect(counts.waiting).toBeGreaterThan(LINES / 8);
      expect(rowsOf("quarantine")).toBeGreaterThan(LINES / 2);
      expect(done.faultsAtOnce).toBeGreaterThan(100);
      expect(done.faultsAtOnce).toBeLessThanOrEqual(500);
    }
  });
});
