import { type Problem, ProblemError, problem } from "../../model/problem.js";
import type { Column, ConnectorContext, RawCell, ReadRequest, Source, SourceEvent } from "../contract.js";
import { Delivery } from "../files/delivery.js";
import { RAW_LENGTH } from "../files/rows.js";
import { refuseOption } from "../http/action.js";
import { JsonNumber, writeJson } from "../http/json.js";
import { compileSpans, type Span, type Spans, WITHOUT_SINCE } from "../http/source/spans.js";
import { type Domain, QueryFault, type Row, TrytonClient } from "./client.js";
import { CompanyOf } from "./company.js";
import type { TrytonConnection } from "./connection.js";
import type { TrytonSourceOptions } from "./source-options.js";
import { STREAMS } from "./streams.js";
import { dateTime, fieldOf, idOf, type Plain, plainOf, wordOf } from "./values.js";

/** The time of the last change, whichever field has it. */
const CHANGED = "changed";
const FIELD = /^[a-z_]\w*(\.[a-z_]\w*)*$/;

/** Reads a model with `search_read`. A unit is one span of time, or everything; it is taken whole or not at all. */
export class TrytonSource implements Source {
  private readonly client: TrytonClient;
  private readonly company: CompanyOf;
  private readonly model: string;
  private readonly spans: Spans;
  private readonly domain: Domain;

  /** Nothing is sent yet. Throws ProblemError for options that cannot be used. */
  constructor(
    connection: TrytonConnection,
    private readonly options: TrytonSourceOptions,
    private readonly context: ConnectorContext,
  ) {
    this.client = new TrytonClient(connection, context);
    this.company = new CompanyOf(this.client, connection.company ?? null);
    this.model = modelOf(options);
    const { since, domain = [] } = options;
    this.spans =
      since === undefined ? WITHOUT_SINCE : compileSpans({ ...since, format: "iso", until: "exclusive" }, context.timeZone, true);
    this.domain = domain.map(conditionOf);
  }

  async *read(request: ReadRequest): AsyncGenerator<SourceEvent> {
    const fields = request.columns.map(pathOf);
    for (const span of this.spans.all(request.since, this.context.now())) {
      if (this.context.signal.aborted) return;
      if (!(yield* this.readUnit(span, fields, request))) return;
    }
  }

  close(): Promise<void> {
    return this.client.close();
  }

  /** One span, whole. False when nothing more can be read in order. */
  private async *readUnit(span: Span, fields: readonly (string | null)[], request: ReadRequest): AsyncGenerator<SourceEvent, boolean> {
    const unit = `${this.model}${span.name}`;
    const { signal } = this.context;
    const delivery = new Delivery();
    try {
      for await (const rows of this.pages(span, fields)) {
        for (const row of rows) this.add(delivery, row, fields, unit);
        for (const part of delivery.take(false)) {
          yield { kind: "records", unit, ...part };
          if (signal.aborted) return false;
        }
        if (signal.aborted) return false;
      }
    } catch (error) {
      yield { kind: "abandoned", unit, problem: problemOf(error, unit) };
      return false;
    }
    const fingerprint = delivery.fingerprint();
    if (delivery.isWhole && request.wasRead(unit, fingerprint)) {
      yield { kind: "known", unit };
      return true;
    }
    for (const part of delivery.take(true)) {
      yield { kind: "records", unit, ...part };
      if (signal.aborted) return false;
    }
    yield { kind: "complete", unit, fingerprint };
    return true;
  }

  /** Each page begins behind the id of the one before, so that no record is skipped when others come or go meanwhile. */
  private async *pages({ since, until }: Span, columns: readonly (string | null)[]): AsyncGenerator<readonly Row[]> {
    const { page_size: limit, inactive } = this.options;
    await this.company.get();
    const asked = new Set(columns.flatMap((path) => (path === null ? [] : path === CHANGED ? ["write_date", "create_date"] : [path])));
    const window = since === null || until === null ? [] : [changedWithin(since, until)];
    for (let last = "0"; ; ) {
      const rows = await this.client.query({
        model: this.model,
        domain: [...this.domain, ...window, ["id", ">", idOf(last)]],
        fields: [...asked].length === 0 ? ["id"] : [...asked],
        limit,
        context: inactive ? { active_test: false } : {},
      });
      yield rows;
      if (rows.length < limit) return;
      last = wordOf(rows.at(-1)?.get("id"));
    }
  }

  private add(delivery: Delivery, row: Row, fields: readonly (string | null)[], unit: string): void {
    const line = delivery.count + 1;
    const faults: string[] = [];
    const cells = fields.map((path): RawCell => {
      if (path === null) return null;
      const value = path === CHANGED ? (row.get("write_date") ?? row.get("create_date")) : fieldOf(row, path);
      const plain = plainOf(value);
      if (plain === undefined) faults.push(`\`${path}\` holds a list or an object, expected one value`);
      return plain === undefined || plain === "" ? null : plain;
    });
    if (faults.length === 0) {
      delivery.add({ line, cells }, JSON.stringify(cells));
      return;
    }
    const text = writeJson(row);
    const hint = "ask for a field behind a reference, such as `party.code`, or read the model of the list";
    const found = problem("RECORD_MALFORMED", faults.join("; "), { file: unit, line }, hint);
    delivery.add({ line, text: text.slice(0, RAW_LENGTH), problem: found }, text);
  }
}

/** What was never changed after it was made has no `write_date`. */
function changedWithin(since: string, until: string): Plain {
  const within = (field: string): readonly Plain[] => [
    [field, ">=", dateTime(since)],
    [field, "<", dateTime(until)],
  ];
  return ["OR", within("write_date"), [["write_date", "=", null], ...within("create_date")]];
}

function modelOf({ stream, model }: TrytonSourceOptions): string {
  if (model !== undefined && stream !== undefined)
    return refuseOption("CONFIG_WRONG_VALUE", "the source has both `stream` and `model`", "keep one of them");
  if (model !== undefined) return model;
  if (stream !== undefined) return STREAMS[stream];
  return refuseOption(
    "CONFIG_MISSING_KEY",
    "the source has neither `stream` nor `model`",
    "say what is read: `stream: parties`, or `model: party.party`",
  );
}

/** A part of a domain as it stands in YAML. Throws ProblemError for what is none. */
function conditionOf(value: unknown): Plain {
  if (value === null || typeof value === "string" || typeof value === "boolean") return value;
  if (typeof value === "number" && Number.isSafeInteger(value)) return new JsonNumber(String(value));
  if (Array.isArray(value)) return value.map(conditionOf);
  return refuseOption(
    "CONFIG_WRONG_VALUE",
    "`domain` holds something that is no list, text, whole number, true, false or null",
    'expected lists such as `[["type", "=", "in"]]`; write an amount as text',
  );
}

/** The field of a column: its alias where it has one, else its own name. Null for a column that the record can do without and that has none. */
function pathOf({ name, aliases, required }: Column): string | null {
  const paths = aliases.length === 0 ? [name] : aliases;
  const [path = ""] = paths;
  if (paths.length === 1 && FIELD.test(path.trim())) return path.trim();
  if (paths.length === 1 && !required) return null;
  const found =
    paths.length > 1 ? `has several names: ${paths.map((each) => `\`${each}\``).join(", ")}` : `is called \`${path}\`, which is no field`;
  throw new ProblemError(
    problem(
      "SOURCE_MISSING_COLUMN",
      `the column \`${name}\` ${found}`,
      { field: name },
      `name its field of the ERP: \`source.columns: { ${name}: code }\``,
    ),
  );
}

function problemOf(error: unknown, unit: string): Problem {
  if (error instanceof QueryFault) return problem("SOURCE_UNREADABLE", error.message, { file: unit }, error.hint);
  const [first] = error instanceof ProblemError ? error.problems : [];
  if (first === undefined) throw error;
  return problem("SOURCE_UNREADABLE", first.message, { file: unit }, first.hint ?? "check the connection");
}
