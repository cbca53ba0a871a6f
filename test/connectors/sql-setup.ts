import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import Database from "better-sqlite3";
import type { TSchema } from "typebox";
import { Value } from "typebox/value";
import { afterEach } from "vitest";
import type { Column, ConnectorContext, RawCell, ReadRequest, Source, SourceEvent } from "../../src/connectors/contract.js";
import { SqlConnection, SqlSourceOptions } from "../../src/connectors/sql/options.js";
import { openSqlSource } from "../../src/connectors/sql/source.js";
import { type Problem, ProblemError } from "../../src/model/problem.js";

let open: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of open.reverse()) await close();
  open = [];
});

export function afterThisTest(close: () => unknown): void {
  open.push(close);
}

/** A folder of this test. */
export function aFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "sql-"));
  afterThisTest(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** A database file with this in it. */
export function aDatabase(script: string): string {
  const file = join(aFolder(), "data.db");
  const db = new Database(file);
  db.pragma("journal_mode = WAL");
  db.exec(script);
  db.close();
  return file;
}

/** Options as the configuration hands them over: checked, with defaults. */
export function checked<T>(schema: TSchema, given: object): T {
  const options = Value.Default(schema, structuredClone(given));
  if (!Value.Check(schema, options)) throw new Error(`not valid options: ${JSON.stringify([...Value.Errors(schema, options)])}`);
  return options as T;
}

export function connectionOf(given: object): SqlConnection {
  return checked<SqlConnection>(SqlConnection, given);
}

export function contextOf(given: Partial<ConnectorContext> = {}): ConnectorContext {
  return {
    folder: "/",
    timeZone: "Asia/Shanghai",
    now: () => new Date("2026-11-20T00:00:00Z"),
    sleep: (ms) => new Promise((resolve) => setTimeout(resolve, ms)),
    signal: new AbortController().signal,
    ...given,
  };
}

export function sourceOf(connection: object, source: object, context: Partial<ConnectorContext> = {}): Source {
  return openSqlSource(connectionOf(connection), checked<SqlSourceOptions>(SqlSourceOptions, source), contextOf(context));
}

export function columnsOf(...names: string[]): Column[] {
  return names.map((name) => ({ name, aliases: [], required: true }));
}

export interface Outcome {
  readonly events: readonly SourceEvent[];
  readonly rows: readonly (readonly RawCell[])[];
  readonly complete: readonly string[];
  readonly problems: readonly Problem[];
}

export async function outcomeOf(
  source: Source,
  columns: readonly Column[],
  since: string | null = null,
  wasRead: ReadRequest["wasRead"] = () => false,
): Promise<Outcome> {
  const events: SourceEvent[] = [];
  for await (const event of source.read({ columns, since, wasRead })) events.push(event);
  await source.close?.();
  return {
    events,
    rows: events.flatMap((event) => (event.kind === "records" ? event.records.map(({ cells }) => cells) : [])),
    complete: events.flatMap((event) => (event.kind === "complete" ? [event.unit] : [])),
    problems: events.flatMap((event) => (event.kind === "abandoned" || event.kind === "notice" ? [event.problem] : [])),
  };
}

/** The problem with which `work` ends. */
export async function problemOf(work: () => unknown): Promise<Problem> {
  try {
    await work();
  } catch (error) {
    if (error instanceof ProblemError && error.problems[0] !== undefined) return error.problems[0];
    throw error;
  }
  throw new Error("nothing was wrong");
}
