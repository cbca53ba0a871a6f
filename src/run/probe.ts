import type { Pipeline } from "../config/pipeline.js";
import type { ConnectorContext, RawCell } from "../connectors/contract.js";
import { idempotencyKey } from "../model/posting.js";
import { type Problem, ProblemError } from "../model/problem.js";
import { recordCheck } from "../steps/validate.js";
import { openTarget } from "./open-target.js";

/** A record as the source gives it, and what would keep it from being used. */
export interface ProbedRecord {
  readonly unit: string;
  readonly line: number;
  /** In the order of the schema's fields; null for a row that could not be split into cells. */
  readonly cells: readonly RawCell[] | null;
  /** The raw text of such a row. */
  readonly text: string | null;
  readonly problem: Problem | null;
}

export interface ProbedSource {
  readonly records: readonly ProbedRecord[];
  /** There is more than was asked for. */
  readonly hasMore: boolean;
  readonly problems: readonly Problem[];
}

/** Reads the first records of a pipeline's source from its beginning. Nothing is remembered, and nothing is moved at the source. */
export async function probeSource(pipeline: Pipeline, context: ConnectorContext, limit: number): Promise<ProbedSource> {
  const { source } = pipeline;
  if (source.connector.source === undefined) throw new Error(`bug: connector ${source.connector.name} is no source`);
  const records: ProbedRecord[] = [];
  const problems: Problem[] = [];
  const check = recordCheck(pipeline, context.timeZone);
  const columns = source.schema.fields.map((field, index) => ({
    name: field.name,
    aliases: source.aliases[index] ?? [],
    required: !field.nullable,
  }));
  const opened = source.connector.source.open(source.connectionOptions as never, source.options as never, context);
  try {
    for await (const event of opened.read({ columns, since: null, wasRead: () => false })) {
      if (event.kind === "notice" || event.kind === "abandoned") problems.push(event.problem);
      if (event.kind !== "records") continue;
      for (const { line, cells } of event.records)
        records.push({ unit: event.unit, line, cells, text: null, problem: check(cells, { unit: event.unit, line }).problem });
      for (const { line, text, problem } of event.malformed) records.push({ unit: event.unit, line, cells: null, text, problem });
      // One more than asked for, to know that there are more.
      if (records.length > limit) break;
    }
  } catch (cause) {
    if (!(cause instanceof ProblemError)) throw cause;
    problems.push(...cause.problems);
  } finally {
    await opened.close?.();
  }
  return { records: records.slice(0, limit), hasMore: records.length > limit, problems };
}

export interface ProbedTarget {
  /** What it was asked: for the last document it took from the pipeline, for a document that it cannot have, or nothing. */
  readonly asked: "latest" | "lookup" | null;
  /** The idempotency key of what it took last, where it can tell. */
  readonly latest: string | null;
  readonly problems: readonly Problem[];
}

/** Opens a pipeline's target and asks it a question that changes nothing. */
export async function probeTarget(pipeline: Pipeline, context: ConnectorContext): Promise<ProbedTarget> {
  try {
    const target = await openTarget(pipeline, context);
    try {
      if (target.latest !== undefined) return { asked: "latest", latest: await target.latest(pipeline.name), problems: [] };
      if (!target.traits.searchable) return { asked: null, latest: null, problems: [] };
      await target.lookup(idempotencyKey(pipeline.name, "connection-check", 1, "post"));
      return { asked: "lookup", latest: null, problems: [] };
    } finally {
      await target.close?.();
    }
  } catch (cause) {
    if (!(cause instanceof ProblemError)) throw cause;
    return { asked: null, latest: null, problems: cause.problems };
  }
}
