import { dateTimeReader } from "../../model/date-formats.js";
import { type Problem, ProblemError, problem } from "../../model/problem.js";
import type { Column, ConnectorContext, RawCell, ReadRequest, Source, SourceEvent } from "../contract.js";
import { Delivery } from "../files/delivery.js";
import { FieldFault } from "../files/fields.js";
import { RAW_LENGTH } from "../files/rows.js";
import { refuseOption } from "../http/action.js";
import { type Json, writeJson } from "../http/json.js";
import { cellOf } from "../http/source/fields.js";
import { compileSpans, type Span, type Spans, WITHOUT_SINCE } from "../http/source/spans.js";
import { KingdeeClient, QueryFault, type QueryRow } from "./client.js";
import type { KingdeeConnection } from "./connection.js";
import { allOf, oneOf, quoted } from "./filter.js";
import { FIELD_KEY, type KingdeeSourceOptions } from "./source-options.js";
import { STREAMS, type Stream } from "./streams.js";

/** How often a unit is begun anew whose rows moved while it was read. */
const MOST_READINGS = 3;

/** The rows moved from page to page while they were read. */
class Moved extends Error {}

/** Reads a form with `ExecuteBillQuery`. A unit is one span of time, or everything; it is taken whole or not at all. */
export class KingdeeSource implements Source {
  private readonly client: KingdeeClient;
  private readonly stream: Stream & { readonly form: string };
  private readonly spans: Spans;
  private readonly filter: string;
  private readonly order: readonly string[];
  private readonly cell: (value: Json) => RawCell | FieldFault;

  /** Nothing is sent yet. Throws ProblemError for options that cannot be used. */
  constructor(
    connection: KingdeeConnection,
    private readonly options: KingdeeSourceOptions,
    private readonly context: ConnectorContext,
  ) {
    this.client = new KingdeeClient(connection, context);
    this.stream = streamOf(options);
    const { since } = options;
    this.spans =
      since === undefined
        ? WITHOUT_SINCE
        : compileSpans(
            { ...since, format: "yyyy-MM-dd HH:mm:ss", until: "exclusive", time_zone: connection.time_zone },
            context.timeZone,
            true,
          );
    this.filter = filterOf(options, this.stream);
    const { order = this.stream.order } = options;
    this.order = since === undefined ? order : [since.field, ...order];
    this.cell = options.times === "as sent" ? (value) => cellOf(value, true) : momentCell(connection.time_zone);
  }

  async *read(request: ReadRequest): AsyncGenerator<SourceEvent> {
    const fields = request.columns.map(fieldOf);
    const spans = [...this.spans.all(request.since, this.context.now())];
    for (let span = spans.shift(); span !== undefined; span = spans.shift()) {
      if (this.context.signal.aborted) return;
      const ended = yield* this.readUnit(span, fields, request);
      if (ended === "stop") return;
      if (ended !== "done") spans.unshift(...ended);
    }
  }

  close(): Promise<void> {
    return this.client.close();
  }

  /** One span, whole; or the halves it must be read in. `stop`: nothing more can be read in order. */
  private async *readUnit(
    span: Span,
    fields: readonly (string | null)[],
    request: ReadRequest,
  ): AsyncGenerator<SourceEvent, readonly Span[] | "done" | "stop"> {
    const unit = `${this.stream.form}${span.name}`;
    const { signal } = this.context;
    for (let readings = 1; ; readings += 1) {
      const delivery = new Delivery();
      try {
        for await (const rows of this.pages(span, fields)) {
          for (const row of rows) this.add(delivery, row, fields, unit);
          for (const part of delivery.take(false)) {
            yield { kind: "records", unit, ...part };
            if (signal.aborted) return "stop";
          }
          if (signal.aborted) return "stop";
        }
        const fingerprint = delivery.fingerprint();
        if (delivery.isWhole && request.wasRead(unit, fingerprint)) {
          yield { kind: "known", unit };
          return "done";
        }
        for (const part of delivery.take(true)) {
          yield { kind: "records", unit, ...part };
          if (signal.aborted) return "stop";
        }
        yield { kind: "complete", unit, fingerprint };
        return "done";
      } catch (error) {
        // What was passed on cannot be taken back.
        if (delivery.isWhole) {
          if (error instanceof Moved && readings < MOST_READINGS) continue;
          const halves = error instanceof QueryFault && error.limit !== null ? this.spans.halves(span) : null;
          if (halves !== null) return halves;
        }
        yield { kind: "abandoned", unit, problem: this.problemOf(error, unit) };
        return "stop";
      }
    }
  }

  /**
   * The rows of each page, without the one it shares with the page before: each page is asked from the last row of the one before, because a row that
   * is not there any more shows that others moved to a page that was read already.
   */
  private async *pages({ since, until }: Span, columns: readonly (string | null)[]): AsyncGenerator<readonly QueryRow[]> {
    const asked = [...new Set([...columns.filter((each): each is string => each !== null), ...this.order])];
    const { since: changed, page_size: limit } = this.options;
    const window =
      changed === undefined || since === null || until === null
        ? null
        : `${changed.field}>=${quoted(since)} AND ${changed.field}<${quoted(until)}`;
    const places = columns.map((column) => (column === null ? -1 : asked.indexOf(column)));
    const question = {
      form: this.stream.form,
      fields: asked,
      filter: allOf(this.filter, window),
      order: this.order.map((field) => `${field} ASC`).join(", "),
      limit,
    };
    let last: string | null = null;
    for (let start = 0; ; ) {
      const rows = await this.client.query({ ...question, start });
      if (last !== null && textOfRow(rows[0]) !== last) throw new Moved();
      const fresh = last === null ? rows : rows.slice(1);
      yield fresh.map((row) => places.map((place) => (place === -1 ? null : (row[place] as Json))));
      if (rows.length < limit) return;
      start += rows.length - 1;
      last = textOfRow(rows.at(-1));
    }
  }

  private add(delivery: Delivery, row: QueryRow, fields: readonly (string | null)[], unit: string): void {
    const line = delivery.count + 1;
    const faults: string[] = [];
    const cells = row.map((value, index): RawCell => {
      const cell = this.cell(value);
      if (!(cell instanceof FieldFault)) return cell;
      faults.push(`\`${fields[index] ?? ""}\` ${cell.message}`);
      return null;
    });
    if (faults.length === 0) delivery.add({ line, cells }, JSON.stringify(cells));
    else {
      const text = writeJson(row);
      const found = problem(
        "RECORD_MALFORMED",
        faults.join("; "),
        { file: unit, line },
        "ask for a field of it, such as `FSupplierId.FNumber`",
      );
      delivery.add({ line, text: text.slice(0, RAW_LENGTH), problem: found }, text);
    }
  }

  private problemOf(error: unknown, unit: string): Problem {
    const unreadable = (message: string, hint: string): Problem => problem("SOURCE_UNREADABLE", message, { file: unit }, hint);
    if (error instanceof QueryFault) return unreadable(error.message, error.hint);
    if (error instanceof Moved)
      return unreadable(
        "its rows moved while it was read: the end of a page is not where the next one begins",
        "the next run reads it again; if it stays so, `order` does not tell all rows apart",
      );
    const [first] = error instanceof ProblemError ? error.problems : [];
    if (first === undefined) throw error;
    return unreadable(first.message, first.hint ?? "check the connection");
  }
}

function textOfRow(row: QueryRow | undefined): string | null {
  return row === undefined ? null : writeJson(row);
}

function streamOf({ stream, form }: KingdeeSourceOptions): Stream & { readonly form: string } {
  const known: Stream = stream === undefined ? { form: null, order: ["FID"], organisationField: null, isBaseData: false } : STREAMS[stream];
  const id = form ?? known.form;
  if (id !== null) return { ...known, form: id };
  return refuseOption(
    "CONFIG_MISSING_KEY",
    stream === undefined ? "the source has neither `stream` nor `form`" : `\`stream: ${stream}\` needs \`form\``,
    stream === undefined
      ? "say what is read: `stream: departments`, or `form: BD_Department`"
      : "it is kept in another form from site to site, such as `BAS_PreBaseDataOne`; ask who set it up",
  );
}

function filterOf(options: KingdeeSourceOptions, stream: Stream): string {
  const { filter, approved = stream.isBaseData, usable, organisations, organisation_field: field = stream.organisationField } = options;
  if (organisations !== undefined && field === null)
    refuseOption(
      "CONFIG_MISSING_KEY",
      "`organisations` needs `organisation_field`",
      "say where the number of the organisation stands, such as `FUseOrgId.FNumber`",
    );
  return allOf(
    filter ?? null,
    approved ? "FDocumentStatus='C'" : null,
    usable ? "FForbidStatus='A'" : null,
    organisations === undefined || field === null ? null : oneOf(field, organisations),
  );
}

/** The field key of a column: its alias where it has one, else its own name. Null for a column that the record can do without and that has none. */
function fieldOf({ name, aliases, required }: Column): string | null {
  const keys = aliases.length === 0 ? [name] : aliases;
  const [key = ""] = keys;
  const isKey = keys.length === 1 && new RegExp(FIELD_KEY).test(key.trim());
  if (isKey) return key.trim();
  if (keys.length === 1 && !required) return null;
  const found =
    keys.length > 1 ? `has several names: ${keys.map((each) => `\`${each}\``).join(", ")}` : `is called \`${key}\`, which is no field key`;
  throw new ProblemError(
    problem(
      "SOURCE_MISSING_COLUMN",
      `the column \`${name}\` ${found}`,
      { field: name },
      `name its field of the ERP: \`source.columns: { ${name}: FNumber }\``,
    ),
  );
}

const LOCAL_TIME = /^(\d{4}-\d{2}-\d{2})T(\d{2}:\d{2}:\d{2})(?:\.(\d{1,7}))?$/;

/** Times of the server's clock as instants, to the millisecond. Midnight is how the ERP writes a date, so it is one. */
function momentCell(timeZone: string): (value: Json) => RawCell | FieldFault {
  const instant = dateTimeReader(["yyyy-MM-ddTHH:mm:ss.SSS"], timeZone);
  return (value) => {
    const cell = cellOf(value, true);
    const found = typeof cell === "string" ? LOCAL_TIME.exec(cell) : null;
    if (found === null) return cell;
    const [, date = "", time = "", fraction = ""] = found;
    if (time === "00:00:00" && /^0*$/.test(fraction)) return date;
    return instant(`${date}T${time}.${fraction.slice(0, 3).padEnd(3, "0")}`) ?? cell;
  };
}
