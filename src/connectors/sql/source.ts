import { type Problem, ProblemError, problem } from "../../model/problem.js";
import type { ConnectorContext, RawCell, ReadRequest, Source, SourceEvent } from "../contract.js";
import { Delivery } from "../files/delivery.js";
import { BytesFound, CellReader } from "./cells.js";
import { matchColumns } from "./columns.js";
import { type Connection, readConnection } from "./connection.js";
import { DatabaseError, type Form, type Native, type ResultColumn, type Session } from "./dialect.js";
import type { SqlConnection, SqlSourceOptions } from "./options.js";
import { countRows, describe, keysOf, type Reading, readPages } from "./pages.js";
import { type Query, readQuery } from "./query.js";
import { type Since, sinceOf } from "./since.js";

/** Throws ProblemError when the options contradict each other. Nothing is opened before `read`. */
export function openSqlSource(options: SqlConnection, source: SqlSourceOptions, context: ConnectorContext): Source {
  const connection = readConnection(options, context.timeZone);
  const { query } = source;
  const queries =
    typeof query === "string"
      ? [readQuery("query", query, connection.dialect)]
      : Object.entries(query).map(([name, text]) => readQuery(name, text, connection.dialect));
  if (queries.length === 0) {
    throw new ProblemError(problem("CONFIG_MISSING_KEY", "`query` names no query", [], "write one SELECT, or several by name"));
  }
  const usesSince = queries.some(({ pieces }) => pieces.length > 1);
  if (usesSince && source.since === undefined) {
    throw new ProblemError(
      problem(
        "CONFIG_MISSING_KEY",
        "the query has `:since`, and `since` does not say what it is",
        [],
        "add `since: local time`, or what the cursor column holds",
      ),
    );
  }
  if (!usesSince && source.since !== undefined) {
    throw new ProblemError(
      problem("CONFIG_WRONG_VALUE", "`since` is given, and no query has `:since`", [], "add `WHERE … >= :since`, or remove `since`"),
    );
  }
  return new SqlSource(connection, queries, source, context);
}

class SqlSource implements Source {
  private readonly cells: CellReader;

  constructor(
    private readonly connection: Connection,
    private readonly queries: readonly Query[],
    private readonly options: SqlSourceOptions,
    private readonly context: ConnectorContext,
  ) {
    this.cells = new CellReader({
      timeZone: connection.settings.timeZone,
      projectTimeZone: context.timeZone,
      trim: options.trim,
    });
  }

  async *read(request: ReadRequest): AsyncGenerator<SourceEvent> {
    const { dialect, settings, name } = this.connection;
    const since = this.options.since === undefined ? null : sinceOf(this.options.since, request.since, settings.timeZone);
    if (this.context.signal.aborted) return;
    let session: Session;
    try {
      session = await dialect.connect(settings, "read");
    } catch (error) {
      throw new ProblemError(unreadable(error, name, name));
    }
    try {
      const progress = { done: 0, total: 0 };
      for (const query of this.queries) {
        if (this.context.signal.aborted) return;
        const unit = unitName(query, since);
        try {
          yield* this.readUnit(session, { dialect, query, since, unit }, request, progress);
        } catch (error) {
          yield { kind: "abandoned", unit, problem: problemOf(error, unit, name) };
          // What comes after a broken connection would only say so again.
          if (session.isBroken) return;
        }
      }
    } finally {
      await session.close();
    }
  }

  /** One query, whole, in one transaction. */
  private async *readUnit(
    session: Session,
    reading: Reading,
    request: ReadRequest,
    progress: { done: number; total: number },
  ): AsyncGenerator<SourceEvent> {
    const { unit } = reading;
    await session.begin(this.options.consistency);
    try {
      const columns = await describe(session, reading);
      const matches = matchColumns(columns, request.columns, unit);
      const orderBy = typeof this.options.order_by === "string" ? [this.options.order_by] : this.options.order_by;
      const keys = keysOf(orderBy, columns, unit);
      const total = await countRows(session, reading, keys);
      progress.total += total;
      const before = progress.done;
      const selected = [...new Set(matches.filter((match): match is ResultColumn => match !== null))];
      const rows = new RowReader(matches, selected, this.cells, unit);
      const delivery = new Delivery();
      for await (const page of readPages(session, reading, selected, keys, this.options.page_size)) {
        for (const row of page) {
          const cells = rows.read(row);
          delivery.add({ line: delivery.count + 1, cells }, JSON.stringify(cells));
          // A page of which rows came twice would go on for ever.
          if (delivery.count > total) throw new Changed();
        }
        for (const { records, malformed } of delivery.take(false)) {
          progress.done += records.length;
          yield { kind: "records", unit, records, malformed, progress: { ...progress } };
          if (this.context.signal.aborted) return;
        }
        if (this.context.signal.aborted) return;
      }
      if (delivery.count !== total) throw new Changed();
      const fingerprint = delivery.fingerprint();
      if (delivery.isWhole && request.wasRead(unit, fingerprint)) {
        progress.done = before + total;
        yield { kind: "known", unit };
        return;
      }
      for (const { records, malformed } of delivery.take(true)) {
        progress.done += records.length;
        yield { kind: "records", unit, records, malformed, progress: { ...progress } };
        if (this.context.signal.aborted) return;
      }
      yield { kind: "complete", unit, fingerprint };
    } finally {
      // Also when nobody reads on: a session must not be left in a transaction.
      await session.rollback();
    }
  }
}

/** The rows changed between our statements, where the database did not keep them still for us. */
class Changed extends Error {}

/**
 * The window belongs to the name: a record that waits in quarantine is taken off the list by a new reading of its own unit only, and a later
 * window does not hold it any more.
 */
function unitName({ name }: Query, since: Since | null): string {
  return since?.shown == null ? name : `${name} since ${since.shown}`;
}

class RowReader {
  private readonly places: readonly number[];
  private readonly forms: readonly Form[];

  constructor(
    private readonly matches: readonly (ResultColumn | null)[],
    selected: readonly ResultColumn[],
    private readonly cells: CellReader,
    private readonly unit: string,
  ) {
    this.places = matches.map((match) => (match === null ? -1 : selected.indexOf(match)));
    this.forms = matches.map((match) => match?.form ?? "text");
  }

  /** Throws ProblemError for a value that is not text. */
  read(row: readonly Native[]): RawCell[] {
    return this.places.map((place, index) => {
      if (place === -1) return null;
      try {
        return this.cells.read(row[place] ?? null, this.forms[index] ?? "text");
      } catch (error) {
        if (!(error instanceof BytesFound)) throw error;
        const { name, type } = this.matches[index] as ResultColumn;
        throw new ProblemError(
          problem(
            "SOURCE_DECODE",
            `the column \`${name}\`${type === "" ? "" : ` (${type})`} of \`${this.unit}\` holds bytes, not text`,
            { file: this.unit, field: name },
            "turn it into text in the query",
          ),
        );
      }
    });
  }
}

function problemOf(error: unknown, unit: string, database: string): Problem {
  if (error instanceof ProblemError && error.problems[0] !== undefined) return error.problems[0];
  if (error instanceof Changed) {
    return problem(
      "SOURCE_UNREADABLE",
      `\`${unit}\` changed while it was read; nothing was taken from it`,
      { file: unit },
      "the next run reads it again; with `consistency: snapshot`, and tables that have transactions, this does not happen",
    );
  }
  return unreadable(error, unit, database);
}

function unreadable(error: unknown, unit: string, database: string): Problem {
  if (!(error instanceof DatabaseError)) throw error;
  const { kind, words } = error;
  const at = { file: unit };
  if (kind === "sign in")
    return problem(
      "SOURCE_UNREADABLE",
      `the database \`${database}\` does not let us in: ${words}`,
      at,
      "check `user` and `password` of the connection",
    );
  if (kind === "unreachable")
    return problem(
      "SOURCE_UNREADABLE",
      `the database \`${database}\` cannot be reached: ${words}`,
      at,
      "check the connection in sync.yaml, and that the database is up",
    );
  if (kind === "lost")
    return problem(
      "SOURCE_UNREADABLE",
      `the connection to \`${database}\` was lost: ${words}`,
      at,
      "nothing was taken from it; the next run reads it again",
    );
  if (kind === "busy")
    return problem(
      "SOURCE_UNREADABLE",
      `the database \`${database}\` has no time for us: ${words}`,
      at,
      "nothing was taken from it; the next run reads it again",
    );
  return problem(
    "SOURCE_UNREADABLE",
    `the database does not answer \`${unit}\`: ${words}`,
    at,
    "try the query in a client of the database",
  );
}
