import type { Client } from "pg";
import {
  type Access,
  type ConnectionSettings,
  type Consistency,
  DatabaseError,
  type Dialect,
  type FailureKind,
  type Form,
  type Native,
  type ResultColumn,
  type Session,
  type Statement,
} from "../dialect.js";
import { quoted, quoteTable } from "../statement.js";
import { connectFailure, messageOf, oneLine, within } from "./failure.js";

export const postgresql: Dialect = {
  name: "postgresql",
  title: "PostgreSQL",
  port: 5432,
  quote: (name) => quoted(name, '"'),
  placeholder: (position) => `$${position}`,
  // Text has no type of its own here: it takes that of the column it is compared with or put into.
  bind: (kind, value, placeholder) => {
    switch (kind) {
      case "number":
        return { expression: /^-?\d{1,18}$/.test(value) ? `CAST(${placeholder} AS bigint)` : `CAST(${placeholder} AS numeric)`, value };
      case "date":
        return { expression: `CAST(${placeholder} AS date)`, value };
      // The session's zone is that of the connection, so this is right beside a `timestamptz` too.
      case "local time":
        return { expression: `CAST(${placeholder} AS timestamp)`, value };
      case "instant":
        return { expression: `CAST(${placeholder} AS timestamptz)`, value: `${value}Z` };
      // The column says what it becomes, exactly.
      case "amount":
      case "text":
        return { expression: placeholder, value };
    }
  },
  limit: (rows) => ` LIMIT ${rows}`,
  lockedRow: { hint: "", suffix: " FOR UPDATE" },
  rowsPerInsert: (columns) => Math.max(1, Math.min(100, Math.floor(10_000 / columns))),
  syntax: { backtick: false, bracket: false, dollar: true, backslash: false, hash: false, q: false, question: false, with: true },
  uniqueColumns: async (session, table) => {
    const text = `SELECT a.attname FROM pg_index i JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = i.indkey[0]
      WHERE i.indrelid = to_regclass($1) AND i.indisunique AND i.indisvalid AND i.indnkeyatts = 1 AND i.indpred IS NULL AND i.indexprs IS NULL`;
    return (await session.rows({ text, values: [quoteTable(postgresql, table)] })).map(([column]) => String(column));
  },
  refuses: async (session, table) => {
    const text = "SELECT relpersistence FROM pg_class WHERE oid = to_regclass($1)";
    const [row] = await session.rows({ text, values: [quoteTable(postgresql, table)] });
    return row?.[0] === "u" ? "it is UNLOGGED: a crash of the server empties it" : null;
  },
  connect: async (settings, access) => {
    const { default: pg } = await import("pg");
    const { host, port, database, user, password, tls, connectTimeoutMs } = settings;
    const client = new pg.Client({
      ...{ host, port, database, user, password },
      ssl: tls === null ? false : { rejectUnauthorized: true, ...(tls.ca === null ? {} : { ca: tls.ca }) },
      connectionTimeoutMillis: connectTimeoutMs,
      keepAlive: true,
      application_name: "erp-sync",
      client_encoding: "UTF8",
      // Every value comes as the text the server wrote: nothing is turned into a number or a Date on the way.
      types: { getTypeParser: () => (text: string) => text } as never,
    });
    const session = new PostgresqlSession(client, settings.timeoutMs);
    try {
      await within(connectTimeoutMs, "signing in", client.connect(), () => client.connection.stream.destroy());
      await session.prepare(settings, access);
      return session;
    } catch (error) {
      client.connection.stream.destroy();
      throw connectFailure(error, kindOf(error));
    }
  },
};

/** How long a row lock is waited for. */
const LOCK_MS = 10_000;

class PostgresqlSession implements Session {
  isBroken = false;

  constructor(
    private readonly client: Client,
    private readonly timeoutMs: number,
  ) {
    // A connection that is cut while nothing is asked of it would otherwise end the process.
    client.on("error", () => {
      this.isBroken = true;
    });
    client.on("end", () => {
      this.isBroken = true;
    });
  }

  async prepare({ timeZone }: ConnectionSettings, access: Access): Promise<void> {
    await this.rows({
      text: "SELECT set_config('TimeZone', $1, false), set_config('DateStyle', 'ISO, YMD', false), set_config('bytea_output', 'hex', false)",
      values: [timeZone],
    });
    if (access === "read") await this.run({ text: "SET SESSION CHARACTERISTICS AS TRANSACTION READ ONLY", values: [] });
    else {
      await this.run({ text: `SET lock_timeout = ${LOCK_MS}`, values: [] });
      // What we report as booked must survive a crash of the server.
      await this.run({ text: "SET synchronous_commit = on", values: [] });
    }
  }

  async begin(consistency: Consistency): Promise<void> {
    const level = consistency === "snapshot" ? "REPEATABLE READ" : "READ COMMITTED";
    await this.run({ text: `BEGIN ISOLATION LEVEL ${level}`, values: [] });
  }

  async columns(statement: Statement): Promise<readonly ResultColumn[]> {
    const { fields } = await this.query(statement);
    return fields.map(({ name, dataTypeID, dataTypeModifier }) => columnOf(name, dataTypeID, dataTypeModifier));
  }

  async rows(statement: Statement): Promise<readonly (readonly Native[])[]> {
    return (await this.query(statement)).rows;
  }

  async run(statement: Statement): Promise<void> {
    await this.query(statement);
  }

  async commit(): Promise<void> {
    const { command } = await this.query({ text: "COMMIT", values: [] });
    // A transaction in which something failed answers COMMIT with ROLLBACK, and no error.
    if (command !== "COMMIT") throw new DatabaseError("refused", `COMMIT was answered with ${command}`);
  }

  async rollback(): Promise<void> {
    if (this.isBroken) return;
    await this.query({ text: "ROLLBACK", values: [] }).catch(() => this.giveUp());
  }

  async close(): Promise<void> {
    if (this.isBroken) this.client.connection.stream.destroy();
    else await within(this.timeoutMs, "signing off", this.client.end(), () => this.giveUp()).catch(() => undefined);
  }

  private giveUp(): void {
    this.isBroken = true;
    this.client.connection.stream.destroy();
  }

  private async query({ text, values }: Statement) {
    try {
      const asked = this.client.query<Native[]>({ text, values: [...values], rowMode: "array" });
      return await within(this.timeoutMs, "the statement", asked, () => this.giveUp());
    } catch (error) {
      if (error instanceof DatabaseError) throw error;
      const kind = kindOf(error);
      if (kind === null || isFatal(error)) this.isBroken = true;
      throw new DatabaseError(kind ?? "lost", wordsOf(error));
    }
  }
}

/** What the server answered by its code (PostgreSQL documentation, appendix A); null when this is no answer of the server. */
function kindOf(error: unknown): FailureKind | null {
  const { code, severity } = error as { code?: unknown; severity?: unknown };
  if (typeof code !== "string" || !/^[0-9A-Z]{5}$/.test(code) || typeof severity !== "string") return null;
  if (code === "23505") return "unique";
  if (code.startsWith("28")) return "sign in";
  // 40: rolled back by the server (deadlock, serialization). 53: no resources. 55P03: lock not available. 57: operator intervention.
  // 40003 says itself that it does not know.
  if (code === "40003" || code.startsWith("08")) return null;
  if (/^(40|53|55P03|57)/.test(code)) return "busy";
  return "refused";
}

function isFatal(error: unknown): boolean {
  const { severity } = error as { severity?: unknown };
  return severity === "FATAL" || severity === "PANIC";
}

/** The message and, for constraints, which. The detail is left out, because it repeats values. */
function wordsOf(error: unknown): string {
  const { code } = error as { code?: unknown };
  return oneLine(`${messageOf(error)}${typeof code === "string" ? ` (${code})` : ""}`);
}

const FORMS: Readonly<Record<number, readonly [string, Form]>> = {
  16: ["boolean", "boolean"],
  17: ["bytea", "bytes"],
  20: ["bigint", "number"],
  21: ["smallint", "number"],
  23: ["integer", "number"],
  26: ["oid", "number"],
  700: ["real", "float"],
  701: ["double precision", "float"],
  790: ["money", "text"],
  1082: ["date", "date"],
  1114: ["timestamp", "local time"],
  1184: ["timestamptz", "instant"],
  1700: ["numeric", "number"],
};

function columnOf(name: string, oid: number, modifier: number): ResultColumn {
  const [type, form] = FORMS[oid] ?? [`type ${oid}`, "text"];
  const isWhole = oid === 20 || oid === 21 || oid === 23 || oid === 26;
  // numeric(p, s) keeps (p << 16 | s) + 4 as its modifier, with s in 11 bits that may be negative (PostgreSQL 15).
  const scale = (((modifier - 4) & 0x7ff) ^ 1024) - 1024;
  const places = isWhole ? 0 : oid === 1700 && modifier >= 4 ? scale : null;
  // Type `money` is written as the server's locale says, which no reader could know.
  const select = oid === 790 ? (column: string) => `CAST(${column} AS numeric)` : (column: string) => column;
  return {
    name,
    type,
    form: oid === 790 ? "number" : form,
    places: oid === 790 ? 2 : places,
    select,
    compare: oid === 790 ? null : (marker) => marker,
  };
}
