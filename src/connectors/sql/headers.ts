import { ProblemError, problem } from "../../model/problem.js";
import { CellReader } from "./cells.js";
import type { Connection } from "./connection.js";
import type { Native, ResultColumn, Session, Statement, TableName } from "./dialect.js";
import { tableName } from "./layout.js";
import type { SqlTargetOptions } from "./options.js";
import { quoteTable, StatementBuilder } from "./statement.js";

/** A row of the header table, as far as it tells what became of a document. */
export interface HeaderRow {
  readonly idempotencyKey: string;
  readonly fingerprint: string | null;
  readonly id: string | null;
  /** What people look the document up by: its number in the ERP, else the database's number of the row, else our key. */
  readonly reference: string;
  /** The words of the import program that refused it; null when it did not. */
  readonly failure: string | null;
}

const ROLES = ["key", "fingerprint", "reverses", "id", "number", "status", "message"] as const;
type Role = (typeof ROLES)[number];

const PAGE = 1_000;

/** Reads the header table. */
export class Headers {
  private readonly table: TableName;
  private readonly failed: ReadonlySet<string>;
  private readonly cells: CellReader;

  private constructor(
    private readonly connection: Connection,
    options: SqlTargetOptions["header"],
    private readonly columns: ReadonlyMap<Role, ResultColumn>,
  ) {
    this.table = tableName(options.table);
    this.failed = new Set(options.result?.failed);
    const { timeZone } = connection.settings;
    this.cells = new CellReader({ timeZone, projectTimeZone: timeZone, trim: true });
  }

  /** Throws DatabaseError when the table or a column is not there. */
  static async open(session: Session, connection: Connection, options: SqlTargetOptions["header"]): Promise<Headers> {
    const { key, fingerprint, reverses, id, result } = options;
    const names = { key, fingerprint, reverses, id, number: result?.number, status: result?.status, message: result?.message };
    const roles = ROLES.filter((role) => names[role] !== undefined);
    const found = await describeTable(
      session,
      connection,
      tableName(options.table),
      roles.map((role) => names[role] as string),
    );
    const bytes = found.find(({ form }) => form === "bytes");
    if (bytes !== undefined) {
      const message = `the column \`${bytes.name}\` (${bytes.type}) holds bytes, expected text`;
      throw new ProblemError(problem("TARGET_UNAVAILABLE", message, [], "give it a text type, or name another column"));
    }
    return new Headers(connection, options, new Map(roles.map((role, index) => [role, found[index] as ResultColumn])));
  }

  /** The row under this key, letter by letter: a column may compare without case, and then another key looks like ours. */
  async find(session: Session, idempotencyKey: string, isLocked = false): Promise<HeaderRow | null> {
    const { dialect } = this.connection;
    const { hint, suffix } = isLocked ? dialect.lockedRow : { hint: "", suffix: "" };
    const statement = this.select(hint).sql(" WHERE ");
    this.compare(statement, "key", "=", idempotencyKey).sql(suffix);
    const rows = (await session.rows(statement.build())).map((row) => this.read(row));
    return rows.find((row) => row.idempotencyKey === idempotencyKey.trim()) ?? null;
  }

  /** The key of the row that cancels this one. Only with a column `reverses`. */
  async cancelledBy(session: Session, idempotencyKey: string): Promise<string | null> {
    const statement = this.select("").sql(" WHERE ");
    this.compare(statement, "reverses", "=", idempotencyKey);
    const [row] = await session.rows(statement.build());
    return row === undefined ? null : this.read(row).idempotencyKey;
  }

  /** Rows whose key begins with `prefix`, in the order of `id`, after this one; null behind the last. Only with a column `id`. */
  async page(
    session: Session,
    prefix: string,
    after: string | null,
  ): Promise<{ readonly rows: readonly HeaderRow[]; readonly next: string | null }> {
    const statement = this.likePrefix(prefix);
    if (after !== null) this.compare(statement.sql(" AND "), "id", ">", after);
    const rows = (await session.rows(statement.sql(this.order("", PAGE)).build())).map((row) => this.read(row));
    const next = rows.length < PAGE ? null : (rows.at(-1)?.id ?? null);
    return { rows: rows.filter((row) => row.idempotencyKey.startsWith(prefix)), next };
  }

  /** The newest of these rows. A column that compares without case shows those of others too, so a few are looked at. */
  async newest(session: Session, prefix: string): Promise<HeaderRow | null> {
    const rows = await session.rows(this.likePrefix(prefix).sql(this.order(" DESC", PAGE)).build());
    return rows.map((row) => this.read(row)).find((row) => row.idempotencyKey.startsWith(prefix)) ?? null;
  }

  /** Deletes the header under this key, which was found there letter by letter: a unique index lets no other row look like it. */
  deletion(idempotencyKey: string): Statement {
    const statement = new StatementBuilder(this.connection.dialect).sql(
      `DELETE FROM ${quoteTable(this.connection.dialect, this.table)} WHERE `,
    );
    return this.compare(statement, "key", "=", idempotencyKey).build();
  }

  /** Deletes the rows of another table that name this header by its `id`. Only with a column `id`. */
  deletionOfLinked(table: TableName, link: string, idempotencyKey: string): Statement {
    const { dialect } = this.connection;
    const id = dialect.quote(this.columns.get("id")?.name ?? "");
    const statement = new StatementBuilder(dialect).sql(
      `DELETE FROM ${quoteTable(dialect, table)} WHERE ${dialect.quote(link)} IN (SELECT ${id} FROM ${quoteTable(dialect, this.table)} WHERE `,
    );
    return this.compare(statement, "key", "=", idempotencyKey).sql(")").build();
  }

  private select(hint: string): StatementBuilder {
    const { dialect } = this.connection;
    const list = [...this.columns.values()].map((column) => column.select(dialect.quote(column.name))).join(", ");
    return new StatementBuilder(dialect).sql(`SELECT ${list} FROM ${quoteTable(dialect, this.table)}${hint}`);
  }

  private compare(statement: StatementBuilder, role: Role, operator: string, value: string): StatementBuilder {
    const column = this.columns.get(role);
    if (column === undefined) throw new Error(`bug: there is no column for ${role}`);
    return statement
      .sql(`${this.connection.dialect.quote(column.name)} ${operator} `)
      .native(value, column.compare ?? ((marker) => marker));
  }

  private likePrefix(prefix: string): StatementBuilder {
    const pattern = `${prefix.replace(/[!%_[]/g, "!$&")}%`;
    const statement = this.select("").sql(" WHERE ");
    return this.compare(statement, "key", "LIKE", pattern).sql(" ESCAPE '!'");
  }

  private order(direction: string, rows: number): string {
    const { dialect } = this.connection;
    return ` ORDER BY ${dialect.quote(this.columns.get("id")?.name ?? "")}${direction}${dialect.limit(rows)}`;
  }

  private read(row: readonly Native[]): HeaderRow {
    const texts = new Map<Role, string | null>();
    [...this.columns].forEach(([role, { form }], index) => {
      const cell = this.cells.read(row[index] ?? null, form);
      texts.set(role, cell === null ? null : String(cell));
    });
    const idempotencyKey = texts.get("key") ?? "";
    const id = texts.get("id") ?? null;
    const status = texts.get("status") ?? null;
    const isFailed = status !== null && this.failed.has(status);
    return {
      idempotencyKey,
      id,
      fingerprint: texts.get("fingerprint") ?? null,
      reference: texts.get("number") ?? id ?? idempotencyKey,
      failure: isFailed ? (texts.get("message") ?? `its status is \`${status}\``) : null,
    };
  }
}

/** These columns of a table, in this order. */
export async function describeTable(
  session: Session,
  { dialect }: Connection,
  table: TableName,
  names: readonly string[],
): Promise<readonly ResultColumn[]> {
  const list = names.map((name) => dialect.quote(name)).join(", ");
  return session.columns({ text: `SELECT ${list} FROM ${quoteTable(dialect, table)} WHERE 1 = 0`, values: [] });
}

/** Throws ProblemError when nothing in the database keeps a key from being used twice, or a document from staying in half. */
export async function checkTables(
  session: Session,
  { dialect, name }: Connection,
  key: string,
  tables: readonly TableName[],
): Promise<void> {
  const refuse = (message: string, hint: string): never => {
    throw new ProblemError(problem("TARGET_UNAVAILABLE", `\`${name}\`: ${message}`, [], hint));
  };
  for (const table of tables) {
    const refusal = await dialect.refuses(session, table);
    if (refusal !== null) refuse(`nothing is posted into \`${table.name}\`, because ${refusal}`, "change the table, or name another");
  }
  const [header] = tables;
  if (header === undefined) return;
  const unique = await dialect.uniqueColumns(session, header);
  if (unique.some((column) => column.toLowerCase() === key.toLowerCase())) return;
  const quotedTable = quoteTable(dialect, header);
  refuse(
    `\`${key}\` of \`${header.name}\` has no unique index of its own, so one document could be booked twice`,
    `have one made: CREATE UNIQUE INDEX ${dialect.quote(`${header.name}_${key}`)} ON ${quotedTable} (${dialect.quote(key)}); or name a table of your own as \`header\`, and the ERP's under \`more\``,
  );
}
