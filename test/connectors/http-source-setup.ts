import { Value } from "typebox/value";
import type { Column, ConnectorContext, ReadRequest, Source, SourceEvent } from "../../src/connectors/contract.js";
import type { HttpConnection } from "../../src/connectors/http/connection.js";
import { connector } from "../../src/connectors/http/index.js";
import { HttpSourceOptions } from "../../src/connectors/http/source/options.js";
import type { Problem } from "../../src/model/problem.js";
import { recordsOf } from "./conformance.js";
import { aClock, afterThisTest, type FakeClock, noteWhatCameOut } from "./http-setup.js";

/** Source options as a pipeline writes them: what is left out is filled in by the schema. */
export type Written = { readonly [key: string]: unknown };

export const LIST: Written = { request: { path: "/claims" }, records: "$.items", pages: "none" };

export interface ReadOptions {
  readonly connection?: Partial<HttpConnection>;
  readonly source?: Written;
  readonly columns?: readonly (string | Column)[];
  readonly since?: string | null;
  readonly wasRead?: ReadRequest["wasRead"];
  readonly clock?: FakeClock;
  readonly signal?: AbortSignal;
  readonly timeZone?: string;
  /** Left out: the clock moves instead. */
  readonly sleep?: (ms: number) => Promise<void>;
}

export function openSource(
  url: string,
  { connection = {}, source = LIST, clock = aClock(), signal, timeZone, sleep }: ReadOptions = {},
): Source {
  const context: ConnectorContext = {
    folder: "/",
    timeZone: timeZone ?? "Asia/Shanghai",
    now: () => clock.now,
    sleep:
      sleep ??
      (async (ms) => {
        clock.waits.push(ms);
        clock.now = new Date(clock.now.getTime() + ms);
      }),
    signal: signal ?? new AbortController().signal,
  };
  const defaults = { timeout: "2s", concurrency: 4, max_response: 100_000, insecure: false };
  const options = Value.Default(HttpSourceOptions, structuredClone(source));
  if (!Value.Check(HttpSourceOptions, options)) throw new Error(JSON.stringify(Value.Errors(HttpSourceOptions, options)));
  const opened = connector.source?.open({ ...defaults, url, ...connection } as never, options as never, context) as Source;
  afterThisTest(() => opened.close?.());
  return opened;
}

/** Everything that comes out of one reading. */
export async function readEvents(url: string, options: ReadOptions = {}): Promise<SourceEvent[]> {
  const events: SourceEvent[] = [];
  const columns = (options.columns ?? ["id"]).map((column) =>
    typeof column === "string" ? { name: column, aliases: [], required: true } : column,
  );
  const request: ReadRequest = { columns, since: options.since ?? null, wasRead: options.wasRead ?? (() => false) };
  for await (const event of openSource(url, options).read(request)) events.push(event);
  noteWhatCameOut(JSON.stringify(events));
  return events;
}

/** The cells of every record, of a reading that ended well. */
export async function readCells(url: string, options: ReadOptions = {}) {
  const events = await readEvents(url, options);
  for (const event of events) if (event.kind === "abandoned") throw new Error(JSON.stringify(event.problem));
  return recordsOf(events).map(({ cells }) => cells);
}

/** Why the reading was given up. */
export async function abandonedBy(url: string, options: ReadOptions = {}): Promise<Problem> {
  const events = await readEvents(url, options);
  const last = events.at(-1);
  if (last?.kind !== "abandoned") throw new Error(`expected an abandoned unit, got ${JSON.stringify(events)}`);
  return last.problem;
}

export function unitsOf(events: readonly SourceEvent[]): string[] {
  return events.flatMap((event) => (event.kind === "complete" ? [event.unit.replace(/^\w+ \S+ ?/, "")] : []));
}

export function queryOf(url: string): Record<string, string> {
  return Object.fromEntries(new URL(url, "http://x").searchParams);
}
