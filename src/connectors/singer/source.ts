import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { ProblemError, problem } from "../../model/problem.js";
import type { ConnectorContext, ReadRequest, Source, SourceEvent } from "../contract.js";
import { durationMs } from "../files/duration.js";
import { FieldMatcher } from "../files/fields.js";
import { LineSplitter, MAX_LINE_LENGTH } from "../files/lines.js";
import { RAW_LENGTH, RowBatch } from "../files/rows.js";
import { selectStream, streamNames } from "./catalog.js";
import { readMessage } from "./message.js";
import type { SingerConnection, SingerSourceOptions } from "./options.js";
import { Tap } from "./tap.js";

/** A longer catalog is none: the largest known ones, of databases with thousands of tables, have some tens of megabytes. */
const MOST_CATALOG = 256 * 1024 * 1024;
const NOTHING_IGNORED = { ignoredRows: [], ignoredCells: [] };

/** Throws ProblemError when the options contradict each other. Nothing is started before `read`. */
export function openSingerSource(connection: SingerConnection, options: SingerSourceOptions, context: ConnectorContext): Source {
  if (connection.config !== undefined && connection.config_file !== undefined)
    refuse("the connection has `config` and `config_file`", "keep one of them");
  const isOwn = options.catalog !== undefined || !options.discover;
  if (isOwn && (options.replication_method !== undefined || options.replication_key !== undefined)) {
    refuse(
      "`replication_method` and `replication_key` are written into the catalog that the tap gives, and it is not asked for one",
      "write them into your own catalog, or leave `catalog` and `discover` out",
    );
  }
  const idleMs = durationMs(options.idle) ?? 0;
  if (idleMs <= 0) refuse(`\`idle\` is \`${options.idle}\``, "expected a time such as `10m`");
  return { read: (request) => readTap({ connection, options, context, idleMs }, request) };
}

interface Reading {
  readonly connection: SingerConnection;
  readonly options: SingerSourceOptions;
  readonly context: ConnectorContext;
  readonly idleMs: number;
}

/** One run of the tap is one unit: it is taken whole, together with the state that it ends with. */
async function* readTap(reading: Reading, request: ReadRequest): AsyncGenerator<SourceEvent> {
  const { connection, options, context, idleMs } = reading;
  const { signal } = context;
  const tap = new Tap({ connection, folder: connection.folder ?? context.folder, idleMs, signal });
  const state = options.state === "keep" ? (request.state ?? null) : null;
  const unit = unitName(options.stream, state);
  try {
    const args = await tap.configuration();
    const catalog = await catalogOf(tap, args, options);
    if (signal.aborted) return;
    if (catalog.file !== null) args.push(options.catalog_argument, catalog.file);
    if (state !== null) args.push("--state", await tap.file("state.json", state));
    yield* readMessages(tap.output(args), tap, { unit, state, names: catalog.names }, reading, request);
  } catch (error) {
    if (!(error instanceof ProblemError)) throw error;
    yield { kind: "abandoned", unit, problem: error.problems[0] as (typeof error.problems)[number] };
  } finally {
    await tap.dispose();
  }
}

/**
 * The state that the tap starts from belongs to the name: a record that waits in quarantine is taken off the list by a new reading of its own
 * unit only, and a later state does not bring it any more.
 */
function unitName(stream: string, state: string | null): string {
  return state === null ? stream : `${stream} after state ${createHash("sha256").update(state).digest("hex").slice(0, 8)}`;
}

interface Catalog {
  /** Null for taps that take none. */
  readonly file: string | null;
  /** What messages call the stream. */
  readonly names: ReadonlySet<string>;
}

async function catalogOf(tap: Tap, configuration: readonly string[], options: SingerSourceOptions): Promise<Catalog> {
  const { stream, catalog: own } = options;
  if (own !== undefined) return { file: own, names: streamNames(await readFile(own, "utf8"), stream, own) };
  if (!options.discover) return { file: null, names: new Set([stream]) };
  let text = "";
  for await (const piece of tap.output([...configuration, "--discover"])) {
    text += piece;
    if (text.length > MOST_CATALOG) {
      throw new ProblemError(problem("SOURCE_TOO_LARGE", `the catalog of \`${tap.name}\` is larger than ${MOST_CATALOG / 2 ** 20} MB`));
    }
  }
  const { replication_method: method = null, replication_key: key = null } = options;
  const { catalog, names } = selectStream(text, { stream, replicationMethod: method, replicationKey: key }, tap.name);
  return { file: await tap.file("catalog.json", catalog), names };
}

async function* readMessages(
  output: AsyncIterable<string>,
  tap: Tap,
  from: { readonly unit: string; readonly state: string | null; readonly names: ReadonlySet<string> },
  { options, context: { signal } }: Reading,
  request: ReadRequest,
): AsyncGenerator<SourceEvent> {
  const { unit, names } = from;
  const { stream, trim } = options;
  const matcher = new FieldMatcher(request.columns, NOTHING_IGNORED, unit);
  const batch = new RowBatch();
  const lines = new LineSplitter();
  const hash = createHash("sha256");
  /** Other streams that records came of. */
  const others = new Set<string>();
  let hasStream = false;
  let state = from.state;
  const take = (text: string, line: number, isTooLong: boolean): void => {
    const at = { file: unit, line };
    const refuse = (message: string, hint: string): void =>
      batch.add({ line, text: tap.shown(text.slice(0, RAW_LENGTH)), problem: problem("RECORD_MALFORMED", message, at, hint) });
    if (text.trim() === "" && !isTooLong) return;
    if (isTooLong) {
      refuse(`the line is longer than ${MAX_LINE_LENGTH / 2 ** 20} MB`, "leave the field that is so long out of the tap's catalog");
      return;
    }
    const message = readMessage(text, trim);
    if (message.kind === "faulty")
      refuse(`the line ${message.message}`, "a tap writes nothing but its messages to standard output; tell its makers");
    else if (message.kind === "state") state = message.value;
    else if (message.kind === "other" && message.type.toUpperCase() === "BATCH") throw new ProblemError(batched(tap.name, unit));
    else if (message.kind === "schema") hasStream ||= names.has(message.stream);
    else if (message.kind === "record" && !names.has(message.stream)) {
      others.add(message.stream);
      batch.leftOut += 1;
    } else if (message.kind === "record") {
      hasStream = true;
      hash.update(text).update("\n");
      const { cells, faults } = matcher.cells(message.fields);
      if (faults.length === 0) batch.add({ line, cells });
      else refuse(faults.join("; "), "ask for other columns; those of an object within a record are called `outer.inner`");
    }
  };
  for await (const piece of output) {
    lines.push(piece, false);
    while (lines.next()) {
      take(lines.text, lines.line, lines.isTooLong);
      if (batch.isFull) yield { kind: "records", unit, ...rowsOf(batch) };
    }
  }
  if (signal.aborted) return;
  lines.push("", true);
  while (lines.next()) take(lines.text, lines.line, lines.isTooLong);
  // A stream that is called otherwise must not look like one that has no news.
  if (!hasStream && others.size > 0) throw new ProblemError(otherStreams(tap.name, stream, [...others], unit));
  const missing = matcher.end();
  if (missing !== null) throw new ProblemError(missing);
  yield { kind: "records", unit, ...rowsOf(batch) };
  yield {
    kind: "complete",
    unit,
    fingerprint: hash.digest("hex"),
    leftOut: batch.leftOut,
    ...(state === null || options.state === "ignore" ? {} : { state }),
  };
}

function rowsOf(batch: RowBatch): Pick<Extract<SourceEvent, { kind: "records" }>, "records" | "malformed"> {
  const { records, malformed } = batch.take();
  return { records, malformed };
}

function otherStreams(tap: string, stream: string, others: readonly string[], unit: string): ReturnType<typeof problem> {
  const list = others.slice(0, 20).map((name) => `\`${name}\``);
  return problem(
    "SOURCE_FORMAT",
    `\`${tap}\` delivered nothing of the stream \`${stream}\`, and records of ${list.join(", ")}`,
    { file: unit },
    "write under `stream` what the tap's messages call it",
  );
}

function batched(tap: string, unit: string): ReturnType<typeof problem> {
  return problem(
    "SOURCE_FORMAT",
    `\`${tap}\` delivers its records in files (BATCH messages), expected RECORD messages`,
    { file: unit },
    "take `batch_config` out of the tap's configuration",
  );
}

function refuse(found: string, hint: string): never {
  throw new ProblemError(problem("CONFIG_WRONG_VALUE", found, [], hint));
}
