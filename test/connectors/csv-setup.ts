import { mkdtempSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { mkdir } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import type { Static } from "typebox";
import { Value } from "typebox/value";
import { onTestFinished } from "vitest";
import type {
  Column,
  ConnectorContext,
  MalformedRecord,
  RawCell,
  ReadRequest,
  Source,
  SourceEvent,
} from "../../src/connectors/contract.js";
import { CsvSourceOptions } from "../../src/connectors/csv/options.js";
import { openCsvSource } from "../../src/connectors/csv/source.js";
import type { Problem } from "../../src/model/problem.js";

export type Given = Partial<Static<typeof CsvSourceOptions>>;

/** A temporary folder with these files, old enough to be read at once; it is gone after the test. */
export function folderWith(files: Readonly<Record<string, string | Uint8Array>>): string {
  const folder = mkdtempSync(path.join(tmpdir(), "csv-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  for (const [name, content] of Object.entries(files)) put(folder, name, content);
  return folder;
}

export function put(folder: string, name: string, content: string | Uint8Array): void {
  const file = path.join(folder, name);
  writeFileSync(file, content);
  utimesSync(file, new Date("2026-01-01T00:00:00Z"), new Date("2026-01-01T00:00:00Z"));
}

export async function makeFolder(folder: string): Promise<void> {
  await mkdir(folder, { recursive: true });
}

/** The options as the configuration hands them over: checked, with defaults. */
export function optionsOf(given: Given): Static<typeof CsvSourceOptions> {
  const options = Value.Default(CsvSourceOptions, { files: "*.csv", ...given });
  if (!Value.Check(CsvSourceOptions, options)) throw new Error(`not valid options: ${JSON.stringify(options)}`);
  return options;
}

export function contextIn(folder: string, given: Partial<ConnectorContext> = {}): ConnectorContext {
  return {
    folder,
    timeZone: "Asia/Shanghai",
    now: () => new Date("2026-06-30T00:00:00Z"),
    sleep: async () => {},
    signal: new AbortController().signal,
    ...given,
  };
}

export function columnsOf(...names: string[]): Column[] {
  return names.map((name) => ({ name, aliases: [], required: true }));
}

export interface Outcome {
  readonly events: readonly SourceEvent[];
  readonly rows: readonly (readonly RawCell[])[];
  readonly lines: readonly number[];
  readonly malformed: readonly MalformedRecord[];
  /** The notices and the problems of abandoned units. */
  readonly problems: readonly Problem[];
  readonly complete: readonly string[];
}

export async function outcomeOf(
  source: Source,
  columns: readonly Column[],
  wasRead: ReadRequest["wasRead"] = () => false,
): Promise<Outcome> {
  const events: SourceEvent[] = [];
  for await (const event of source.read({ columns, since: null, wasRead })) events.push(event);
  const batches = events.flatMap((event) => (event.kind === "records" ? [event] : []));
  const records = batches.flatMap((event) => event.records);
  return {
    events,
    rows: records.map(({ cells }) => cells),
    lines: records.map(({ line }) => line),
    malformed: batches.flatMap((event) => event.malformed),
    problems: events.flatMap((event) => (event.kind === "notice" || event.kind === "abandoned" ? [event.problem] : [])),
    complete: events.flatMap((event) => (event.kind === "complete" ? [event.unit] : [])),
  };
}

/** Reads `content` as the only file `a.csv`. */
export async function readText(content: string | Uint8Array, columns: readonly Column[], given: Given = {}): Promise<Outcome> {
  const folder = folderWith({ "a.csv": content });
  return outcomeOf(openCsvSource({}, optionsOf(given), contextIn(folder)), columns);
}
