import { currencyPlaces } from "../../model/money.js";
import type { Found, PostedEntry, Posting, PostOutcome } from "../../model/posting.js";
import { type Problem, type ProblemCode, ProblemError, problem } from "../../model/problem.js";
import type { ConnectorContext, PostItem, ReverseItem, Target, TargetTraits, UpdateItem } from "../contract.js";
import { durationMs } from "../files/duration.js";
import { busy, foundIn, refusedByImport, unavailable } from "./answers.js";
import { type Connection, readConnection } from "./connection.js";
import { areMissing, TablesToCome } from "./create.js";
import { DatabaseError, type Session } from "./dialect.js";
import { checkTables, describeTable, type HeaderRow, Headers } from "./headers.js";
import { type Entry, insertLines, insertRow, type Layout, readLayout } from "./layout.js";
import type { SqlConnection, SqlTargetOptions } from "./options.js";
import { Sessions } from "./sessions.js";

/** Documents in one call, each in a transaction of its own. */
const BATCH = 50;
/** A COMMIT that left us can be sent again by the network for about as long. */
const QUIET_MS = 120_000;

/**
 * Opens the database and looks at the tables: without a unique index on the key nothing is posted. Tables that are to be made wait for the first
 * document. Throws ProblemError.
 */
export async function openSqlTarget(options: SqlConnection, target: SqlTargetOptions, context: ConnectorContext): Promise<Target> {
  const connection = readConnection(options, context.timeZone);
  const layout = readLayout(target);
  const open = (): Promise<Target> => openTables(connection, layout, target, options.connections);
  const { create } = target;
  if (create === undefined || !(await areMissing(connection, layout))) return open();
  const traits = traitsOf(connection, target, options.connections);
  const isNumbered = target.header.id !== undefined;
  return new TablesToCome({ connection, layout, create, open, traits, isNumbered, sleep: context.sleep });
}

async function openTables(connection: Connection, layout: Layout, target: SqlTargetOptions, connections: number): Promise<Target> {
  const sessions = new Sessions(connection, connection.dialect.port === 0 ? 1 : connections);
  try {
    return await sessions.use(async (session) => {
      const { header, more, lines } = layout;
      await checkTables(session, connection, target.header.key, [header.table, ...more.map(({ table }) => table), lines.table]);
      const headers = await Headers.open(session, connection, target.header);
      const narrowest = await placesOfAmounts(session, connection, layout);
      return new SqlTarget({ connection, layout, headers, sessions, narrowest }, target, connections);
    });
  } catch (error) {
    await sessions.close();
    throw new ProblemError(unavailable(error, connection.name));
  }
}

interface Opened {
  readonly connection: Connection;
  readonly layout: Layout;
  readonly headers: Headers;
  readonly sessions: Sessions;
  /** The column of an amount that keeps the fewest decimal places; null when all keep any number. */
  readonly narrowest: { readonly column: string; readonly places: number } | null;
}

class SqlTarget implements Target {
  readonly traits: TargetTraits;
  readonly latest?: (pipeline: string) => Promise<string | null>;
  readonly postings?: (pipeline: string) => AsyncIterable<PostedEntry>;
  readonly update?: (items: readonly UpdateItem[]) => Promise<readonly PostOutcome[]>;
  private readonly hasReversals: boolean;
  /** Rows are replaced and deleted: what stands there is never final. */
  private readonly isCurrent: boolean;

  constructor(
    private readonly opened: Opened,
    options: SqlTargetOptions,
    connections: number,
  ) {
    const { rows, header } = options;
    this.traits = traitsOf(opened.connection, options, connections);
    this.isCurrent = rows === "current";
    if (this.isCurrent)
      this.update = (items) => this.each(items, (item) => ({ key: item.document.key, send: (session) => this.renew(session, item) }));
    this.hasReversals = header.reverses !== undefined;
    // Only a number that grows tells which row is the newest.
    if (header.id !== undefined) {
      this.latest = async (pipeline) =>
        (await this.ask((session) => opened.headers.newest(session, `${pipeline}/`)))?.idempotencyKey ?? null;
      this.postings = (pipeline) => this.list(pipeline);
    }
  }

  async post(items: readonly PostItem[]): Promise<readonly PostOutcome[]> {
    return this.each(items, ({ document, idempotencyKey, fingerprint }) => {
      const entry = { document, idempotencyKey, fingerprint, reverses: null };
      return { key: document.key, send: (session) => this.send(session, entry, null) };
    });
  }

  /** A red entry: the same sides with negative amounts. Where rows are replaced, they are deleted. */
  async reverse(items: readonly ReverseItem[]): Promise<readonly PostOutcome[]> {
    return this.each(items, (item) => ({
      key: item.posting.documentKey,
      send: (session) => (this.isCurrent ? this.remove(session, item) : this.cancel(session, item)),
    }));
  }

  async lookup(idempotencyKey: string): Promise<Found | null> {
    const row = await this.ask((session) => this.opened.headers.find(session, idempotencyKey));
    if (row === null) return null;
    if (row.failure !== null) throw new ProblemError(refusedByImport("TARGET_CONFLICT", row, row.failure, []));
    return this.found(row);
  }

  async close(): Promise<void> {
    await this.opened.sessions.close();
  }

  private async *list(pipeline: string): AsyncGenerator<PostedEntry> {
    const { headers } = this.opened;
    for (let after: string | null = null; ; ) {
      const page: Awaited<ReturnType<Headers["page"]>> = await this.ask((session) => headers.page(session, `${pipeline}/`, after));
      for (const row of page.rows) yield { idempotencyKey: row.idempotencyKey, ...this.found(row) };
      if (page.next === null) return;
      after = page.next;
    }
  }

  private found(row: HeaderRow): Found {
    return this.isCurrent ? { ...foundIn(row), isDraft: true } : foundIn(row);
  }

  /** Throws ProblemError when the database cannot be asked now. */
  private async ask<T>(question: (session: Session) => Promise<T>): Promise<T> {
    try {
      return await this.opened.sessions.use(question);
    } catch (error) {
      throw new ProblemError(busy(error, [], this.opened.connection.name));
    }
  }

  private async each<T>(
    items: readonly T[],
    work: (item: T) => { readonly key: string; readonly send: (session: Session) => Promise<PostOutcome> },
  ): Promise<readonly PostOutcome[]> {
    const outcomes: PostOutcome[] = [];
    for (const item of items) {
      const { key, send } = work(item);
      const { sessions, connection } = this.opened;
      try {
        outcomes.push(await sessions.use(send));
      } catch (error) {
        // Only connecting throws: what happens on a connection is an outcome.
        if (error instanceof DatabaseError && error.kind === "sign in" && outcomes.length === 0)
          throw new ProblemError(unavailable(error, connection.name));
        outcomes.push({ kind: "busy", problem: busy(error, { document: key }, connection.name), retryAfterMs: null });
      }
    }
    return outcomes;
  }

  /** One document in one transaction. Until COMMIT has been sent, whatever goes wrong leaves nothing behind. */
  private async send(
    session: Session,
    entry: Entry,
    prepare: ((session: Session) => Promise<PostOutcome | null>) | null,
  ): Promise<PostOutcome> {
    const { narrowest } = this.opened;
    const at = { document: entry.document.key };
    const places = currencyPlaces(entry.document.currency);
    if (narrowest !== null && narrowest.places < places) {
      const message = `the column \`${narrowest.column}\` keeps ${narrowest.places} decimal places, and ${entry.document.currency} has ${places}: the amount would be rounded`;
      return { kind: "rejected", problem: problem("TARGET_REJECTED", message, at, "give the column more decimal places") };
    }
    return this.transact(session, entry, async () => {
      const early = prepare === null ? null : await prepare(session);
      return early ?? { kind: "created", reference: await this.insert(session, entry), fingerprint: entry.fingerprint };
    });
  }

  /** Works in one transaction, which is committed when something was done. */
  private async transact(session: Session, entry: Entry, work: () => Promise<PostOutcome>): Promise<PostOutcome> {
    const at = { document: entry.document.key };
    let outcome: PostOutcome;
    try {
      await session.begin("committed");
      outcome = await work();
      if (outcome.kind !== "created") {
        await session.rollback();
        return outcome;
      }
    } catch (error) {
      await session.rollback();
      return this.refusal(session, entry, error);
    }
    try {
      await session.commit();
    } catch (error) {
      if (!(error instanceof DatabaseError)) throw error;
      // A server that ends the connection over a COMMIT may have done it first.
      if (error.kind === "lost" || session.isBroken) {
        const message = `COMMIT was sent, and its answer was lost: ${error.words}`;
        return { kind: "unconfirmed", problem: problem("TARGET_UNCONFIRMED", message, at, "it is looked up before anything else is sent") };
      }
      await session.rollback();
      return this.refusal(session, entry, error);
    }
    return outcome;
  }

  /** The rows of a document are replaced by those of its new version, which gets its new key. */
  private renew(session: Session, { posting, document, idempotencyKey, fingerprint }: UpdateItem): Promise<PostOutcome> {
    const { headers } = this.opened;
    return this.send(session, { document, idempotencyKey, fingerprint, reverses: null }, async () => {
      const known = await headers.find(session, idempotencyKey);
      if (known !== null) return { kind: "exists", ...this.found(known) };
      const fault = await this.clear(session, posting);
      if (fault === null) return null;
      return fault === "absent" ? { kind: "rejected", problem: notThere(posting) } : { kind: "rejected", problem: fault };
    });
  }

  private remove(session: Session, { posting, idempotencyKey, fingerprint }: ReverseItem): Promise<PostOutcome> {
    const { document, reference } = posting;
    return this.transact(session, { document, idempotencyKey, fingerprint, reverses: null }, async () => {
      const fault = await this.clear(session, posting);
      if (fault === null) return { kind: "created", reference };
      // That it is not there is what is wanted.
      return fault === "absent" ? { kind: "exists", reference } : { kind: "rejected", problem: fault };
    });
  }

  /** Deletes the rows of a posting inside the open transaction, unless they are not those that were posted. */
  private async clear(
    session: Session,
    { idempotencyKey, reference, fingerprint, documentKey }: Posting,
  ): Promise<Problem | "absent" | null> {
    const { headers, layout } = this.opened;
    const row = await headers.find(session, idempotencyKey, true);
    if (row === null) return "absent";
    if (row.fingerprint !== null && row.fingerprint !== fingerprint)
      return problem(
        "TARGET_CONFLICT",
        `\`${reference}\` has other content than what was posted as \`${idempotencyKey}\``,
        { document: documentKey },
        "compare the two before anything is replaced",
      );
    for (const { table, link } of [layout.lines, ...[...layout.more].reverse()])
      if (link !== null) await session.run(headers.deletionOfLinked(table, link, idempotencyKey));
    await session.run(headers.deletion(idempotencyKey));
    return null;
  }

  /** What the document is known by, inside the open transaction. */
  private async insert(session: Session, entry: Entry): Promise<string> {
    const { layout, headers, connection } = this.opened;
    await session.run(insertRow(connection.dialect, layout.header, entry, null));
    const row = await headers.find(session, entry.idempotencyKey);
    if (row === null) throw new DatabaseError("refused", "the key is not in its column as it was written: the column changes or cuts it");
    for (const table of layout.more) await session.run(insertRow(connection.dialect, table, entry, row.id));
    for (const statement of insertLines(connection.dialect, layout.lines, entry, row.id)) await session.run(statement);
    return row.reference;
  }

  private async cancel(session: Session, { posting, date, idempotencyKey, fingerprint }: ReverseItem): Promise<PostOutcome> {
    const { headers } = this.opened;
    const { document } = posting;
    const refuse = (code: ProblemCode, message: string, hint: string): PostOutcome => ({
      kind: "rejected",
      problem: problem(code, message, { document: posting.documentKey }, hint),
    });
    if (!this.hasReversals)
      return refuse(
        "TARGET_REJECTED",
        "the target has no column for what a row cancels",
        "name one as `header.reverses`, or cancel by hand",
      );
    if (document.lines.length === 0)
      return refuse(
        "TARGET_CONFLICT",
        `what was posted as \`${posting.reference}\` was recovered without its lines`,
        "cancel it by hand in the ERP",
      );
    const red = {
      ...document,
      date: date ?? document.date,
      // A correcting voucher needs no papers of its own.
      attachments: 0,
      lines: document.lines.map((line) => ({ ...line, amountMinor: -line.amountMinor })),
    };
    const { idempotencyKey: cancelled, reference } = posting;
    const entry: Entry = { document: red, idempotencyKey, fingerprint, reverses: { idempotencyKey: cancelled, reference } };
    return this.send(session, entry, async () => {
      const known = await headers.find(session, idempotencyKey);
      if (known !== null) return { kind: "exists", ...foundIn(known) };
      // Two reversals of one document wait here for each other.
      const original = await headers.find(session, cancelled, true);
      if (original === null)
        return refuse(
          "TARGET_REJECTED",
          `the table holds no row for \`${cancelled}\`, known as \`${reference}\``,
          "check that the connection is the one it was posted to, and that rows are kept after the import",
        );
      if (original.fingerprint !== null && original.fingerprint !== posting.fingerprint)
        return refuse(
          "TARGET_CONFLICT",
          `\`${original.reference}\` has other content than what was posted as \`${cancelled}\``,
          "compare the two before anything is cancelled",
        );
      if (original.failure !== null)
        return {
          kind: "rejected",
          problem: refusedByImport("TARGET_CONFLICT", original, original.failure, { document: posting.documentKey }),
        };
      const other = await headers.cancelledBy(session, cancelled);
      return other === null
        ? null
        : refuse("TARGET_CONFLICT", `\`${original.reference}\` is cancelled already, by \`${other}\``, "look at the row that cancels it");
    });
  }

  /** What a failure before, or an answer instead of, COMMIT means. Everything was rolled back. */
  private async refusal(session: Session, entry: Entry, error: unknown): Promise<PostOutcome> {
    if (!(error instanceof DatabaseError)) throw error;
    const at = { document: entry.document.key };
    const { headers, connection } = this.opened;
    if (error.kind === "unique") {
      try {
        const row = await headers.find(session, entry.idempotencyKey);
        if (row !== null && row.failure !== null)
          return { kind: "rejected", problem: refusedByImport("TARGET_REJECTED", row, row.failure, at) };
        if (row !== null) return { kind: "exists", ...foundIn(row) };
      } catch (cause) {
        return { kind: "busy", problem: busy(cause, at, connection.name), retryAfterMs: null };
      }
    }
    if (error.kind === "unique" || error.kind === "refused") {
      const hint = "correct the document, its mapping or the ERP's own data; it is tried again by the next run";
      return { kind: "rejected", problem: problem("TARGET_REJECTED", `the database refused it: ${error.words}`, at, hint) };
    }
    return { kind: "busy", problem: busy(error, at, connection.name), retryAfterMs: null };
  }
}

function traitsOf({ dialect }: Connection, { rows, quiet }: SqlTargetOptions, connections: number): TargetTraits {
  const isFile = dialect.port === 0;
  const quietMs = quiet === undefined ? null : durationMs(quiet);
  return {
    deduplicates: true,
    quietMs: quietMs ?? (isFile ? 0 : QUIET_MS),
    batch: BATCH,
    concurrency: isFile ? 1 : connections,
    searchable: true,
    ...(rows === "current" ? { drafts: true } : {}),
  };
}

function notThere({ idempotencyKey, reference, documentKey }: Posting): Problem {
  return problem(
    "TARGET_REJECTED",
    `the table holds no row for \`${idempotencyKey}\`, known as \`${reference}\``,
    { document: documentKey },
    "check that the connection is the one it was posted to; `sync recover` takes over what is there",
  );
}

/** Throws ProblemError for a column that cannot keep an amount exactly, DatabaseError for one that is not there. */
async function placesOfAmounts(session: Session, connection: Connection, { header, more, lines }: Layout): Promise<Opened["narrowest"]> {
  let narrowest: Opened["narrowest"] = null;
  for (const { table, cells, amounts } of [header, ...more, lines]) {
    const names = cells.map(({ column }) => column);
    for (const { name, type, form, places } of await describeTable(session, connection, table, names)) {
      if (!amounts.includes(name)) continue;
      if (form !== "number" && form !== "text" && form !== "any") {
        const message = `the column \`${name}\` of \`${table.name}\` (${type}) cannot keep an amount to the cent`;
        const hint = connection.dialect.name === "sqlite" ? "declare it TEXT: SQLite has no decimals" : "give it a decimal type";
        throw new ProblemError(problem("TARGET_UNAVAILABLE", message, [], hint));
      }
      if (places !== null && (narrowest === null || places < narrowest.places)) narrowest = { column: name, places };
    }
  }
  return narrowest;
}
