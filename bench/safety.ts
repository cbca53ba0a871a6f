import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import Database from "better-sqlite3";
import { request } from "undici";
import type { NotedDocument } from "./bare-posts.js";
import { freshProcess, inTemporaryFolder, inTurn, median, root, spread, sync, table } from "./measure.js";
import { type WorkloadTarget, writeExport, writeProject } from "./workload.js";

export interface SafetyOptions {
  readonly runs: number;
  /** For the embedded ledger. */
  readonly documents: number;
  /** For HTTP; a slow server gets fewer of them where fewer calls are under way, so that each case takes about as long. */
  readonly posts: number;
  /** Calls under way at once, over HTTP. */
  readonly concurrency: readonly number[];
}

interface Case {
  readonly name: string;
  readonly documents: number;
  /** The ledger's own when left out. */
  readonly http?: HttpCase;
}

interface HttpCase {
  readonly concurrency: number;
  readonly latencyMs: number;
  /** The system cannot tell what it got last, so each key is looked up before it is sent. */
  readonly asksFirst?: boolean;
}

interface Posted {
  /** From the first attempt to the end of posting. */
  readonly seconds: number;
  /** Of the whole process. */
  readonly wholeSeconds: number;
}

const SLOW_MS = 20;

/** Documents per second with the whole protocol, beside the same documents posted to the same target by a loop that remembers nothing. */
export async function safety({ runs, documents, posts, concurrency: concurrencies }: SafetyOptions): Promise<void> {
  const mostCalls = Math.max(4, ...concurrencies);
  const cases: Case[] = [{ name: "embedded ledger", documents }];
  for (const latencyMs of [0, SLOW_MS])
    for (const concurrency of concurrencies)
      cases.push({
        name: `HTTP, ${latencyMs === 0 ? "answers at once" : `answers after ${latencyMs} ms`}, ${concurrency} at once`,
        documents: latencyMs === 0 ? posts : Math.ceil((posts * concurrency) / mostCalls),
        http: { concurrency, latencyMs },
      });
  cases.push({
    name: `HTTP, answers after ${SLOW_MS} ms, 4 at once, each key asked for before it is sent`,
    documents: Math.ceil((posts * 4) / mostCalls),
    http: { concurrency: 4, latencyMs: SLOW_MS, asksFirst: true },
  });

  const rows: string[][] = [];
  const servers = new Map<number, HttpBooks>();
  try {
    for (const latencyMs of [0, SLOW_MS]) servers.set(latencyMs, await HttpBooks.start(latencyMs));
    for (const each of cases) {
      const books = each.http === undefined ? null : (servers.get(each.http.latencyMs) ?? null);
      rows.push(await inTemporaryFolder((folder) => compare(folder, each, books, runs)));
    }
  } finally {
    for (const server of servers.values()) await server.stop();
  }
  console.log("\nThe cost of safety: documents per second\n");
  console.log(table(["target", "documents", "with the protocol", "without", "times as long", "the whole `sync run`"], rows));
}

async function compare(folder: string, { name, documents, http }: Case, books: HttpBooks | null, runs: number): Promise<string[]> {
  const project = join(folder, "project");
  mkdirSync(project);
  writeProject(project, http === undefined ? {} : { target: httpTarget(http) });
  // About four lines to a document.
  await writeExport(join(project, "exports", "lines.csv"), documents * 4, 20261126);
  const noted = join(folder, "documents.json");
  const env = { BENCH_URL: books?.url ?? "" };
  let count = 0;
  const { safe, bare } = await inTurn<Posted, "safe" | "bare">(runs, {
    safe: async () => {
      await forget(project, books);
      const { seconds } = freshProcess([sync, "run", "--quiet"], { cwd: project, env });
      const all = notedDocuments(project);
      count = all.length;
      writeFileSync(noted, JSON.stringify(all));
      return { seconds: postingSeconds(project), wholeSeconds: seconds };
    },
    bare: async () => {
      await forget(project, books);
      const script = ["--import", "tsx", join(root, "bench/bare-posts.ts"), project, noted];
      const { seconds, stdout } = freshProcess(script, { cwd: root, env });
      const booked = books === null ? vouchersOf(project) : await books.count();
      if (booked !== count) throw new Error(`${name}: ${booked} of ${count} documents were booked`);
      return { seconds: Number(stdout), wholeSeconds: seconds };
    },
  });
  const rates = (all: readonly Posted[]): string => spread(rateOf(all, count, "seconds"), 0);
  const ratios = safe.map((each, run) => each.seconds / (bare[run]?.seconds ?? Number.NaN));
  return [name, String(count), rates(safe), rates(bare), spread(ratios, 2), median(rateOf(safe, count, "wholeSeconds")).toFixed(0)];
}

function rateOf(all: readonly Posted[], count: number, which: keyof Posted): number[] {
  return all.map((each) => count / each[which]);
}

/** Forgets what was posted and what is known of it. */
async function forget(project: string, books: HttpBooks | null): Promise<void> {
  for (const name of ["store.db", "books.db"])
    for (const end of ["", "-wal", "-shm"]) rmSync(join(project, `${name}${end}`), { force: true });
  await books?.empty();
}

/** Books behind HTTP, in a process of their own. */
class HttpBooks {
  private constructor(
    readonly url: string,
    private readonly server: ChildProcess,
  ) {}

  static async start(latencyMs: number): Promise<HttpBooks> {
    const server = spawn(process.execPath, ["--import", "tsx", join(root, "bench/http-books.ts"), String(latencyMs)], {
      cwd: root,
      stdio: ["ignore", "pipe", "inherit"],
    });
    const [url] = (await once(createInterface(server.stdout), "line")) as [string];
    return new HttpBooks(url, server);
  }

  async empty(): Promise<void> {
    await this.ask("DELETE", "/");
  }

  async count(): Promise<number> {
    return this.ask("GET", "/count");
  }

  /** On a connection of its own: while a process is measured, this one could not notice that a kept one is closed. */
  private async ask(method: "GET" | "DELETE", path: string): Promise<number> {
    const { body } = await request(`${this.url}${path}`, { method, reset: true });
    return ((await body.json()) as { count: number }).count;
  }

  async stop(): Promise<void> {
    this.server.kill();
    await once(this.server, "exit");
  }
}

/** As the store tells it: from the time of the first attempt to the end of the run, by when everything is settled and the target closed. */
function postingSeconds(project: string): number {
  return readStore(project, (db) => {
    const first = db.prepare<[], string>("SELECT min(sent_at) FROM attempts").pluck().get();
    const last = db.prepare<[], string>("SELECT max(ended_at) FROM runs").pluck().get();
    const open = db.prepare<[], number>("SELECT count(*) FROM attempts WHERE outcome IS NOT 'accepted'").pluck().get();
    if (open !== 0) throw new Error(`${open} documents were not accepted`);
    return (Date.parse(last ?? "") - Date.parse(first ?? "")) / 1000;
  });
}

/** What was sent, in its order. */
function notedDocuments(project: string): NotedDocument[] {
  const all = "SELECT content, idempotency_key AS idempotencyKey, fingerprint FROM attempts ORDER BY id";
  return readStore(project, (db) => db.prepare<[], NotedDocument>(all).all());
}

function vouchersOf(project: string): number {
  const db = new Database(join(project, "books.db"), { readonly: true });
  try {
    return db.prepare<[], number>("SELECT count(*) FROM vouchers").pluck().get() ?? 0;
  } finally {
    db.close();
  }
}

function readStore<T>(project: string, read: (db: Database.Database) => T): T {
  const db = new Database(join(project, "store.db"), { readonly: true });
  try {
    return read(db);
  } finally {
    db.close();
  }
}

/** A system that does not refuse a second document by itself, as most do not. */
function httpTarget({ concurrency, asksFirst }: HttpCase): WorkloadTarget {
  return {
    connection: `{ connector: http, url: "\${env.BENCH_URL}", concurrency: ${concurrency} }`,
    options: `  post:
    path: /vouchers
    body:
      externalId: $.idempotencyKey
      date: $.date
      currency: $.currency
      text: $.text
      lines:
        $each: $.lines
        $item:
          account: $$.account
          debit: $$.debit
          credit: $$.credit
          text: $$.text
          partner: $$.partner
          dimensions: { $each: $$.dimensions, $item: { name: $$.name, value: $$.value } }
    reference: $.number
    rejected: { when: { status: 422 }, message: $.message }
  lookup:
    path: /vouchers?externalId={$.idempotencyKey}
    many: $.data
    found: $$.number
    key: $$.externalId
${asksFirst === true ? "" : "  latest:\n    path: /newest?source={$.pipeline}\n    found: $.externalId\n    absent: { path: $.externalId, exists: false }\n"}`,
  };
}
