import { mkdirSync } from "node:fs";
import { dirname } from "node:path";
import type Database from "better-sqlite3";
import {
  type Access,
  DatabaseError,
  type Dialect,
  type FailureKind,
  type Native,
  type ResultColumn,
  type Session,
  type Statement,
} from "../dialect.js";
import { quoted } from "../statement.js";

export const sqlite: Dialect = {
  name: "sqlite",
  title: "SQLite",
  port: 0,
  quote: (name) => quoted(name, '"'),
  placeholder: () => "?",
  // Text takes the type of the column it meets; a number must be one also where it meets no column.
  bind: (kind, value, placeholder) => ({ expression: kind === "number" ? `CAST(${placeholder} AS NUMERIC)` : placeholder, value }),
  limit: (rows) => ` LIMIT ${rows}`,
  // A transaction that writes has the whole file.
  lockedRow: { hint: "", suffix: "" },
  rowsPerInsert: (columns) => Math.max(1, Math.floor(500 / columns)),
  syntax: { backtick: true, bracket: true, dollar: false, backslash: false, hash: false, q: false, question: true, with: true },
  uniqueColumns: async (session, table) => {
    const text = `SELECT l.name, i.name FROM pragma_index_list(?, ?) l JOIN pragma_index_info(l.name, ?) i
      WHERE l."unique" = 1 AND l.partial = 0 AND (SELECT count(*) FROM pragma_index_info(l.name, ?)) = 1`;
    const schema = table.schema ?? "main";
    const rows = await session.rows({ text, values: [table.name, schema, schema, schema] });
    return rows.map(([, column]) => String(column));
  },
  refuses: async () => null,
  connect: async ({ file }, access) => {
    const { default: Sqlite } = await import("better-sqlite3");
    if (access === "create") mkdirSync(dirname(file), { recursive: true });
    return attempt(
      () =>
        new SqliteSession(new Sqlite(file, { readonly: access === "read", fileMustExist: access !== "create", timeout: BUSY_MS }), access),
    );
  },
};

/** How long to wait for another program that writes, in milliseconds. */
const BUSY_MS = 10_000;

class SqliteSession implements Session {
  private isUnusable = false;

  constructor(
    private readonly db: Database.Database,
    private readonly access: Access,
  ) {
    try {
      db.defaultSafeIntegers(true);
      if (access !== "read") {
        db.pragma("foreign_keys = ON");
        // What we report as booked must survive a power cut.
        db.pragma("synchronous = FULL");
      } else db.pragma("query_only = ON");
    } catch (error) {
      db.close();
      throw error;
    }
  }

  get isBroken(): boolean {
    return this.isUnusable || !this.db.open;
  }

  async begin(): Promise<void> {
    await this.run({ text: this.access === "read" ? "BEGIN" : "BEGIN IMMEDIATE", values: [] });
  }

  async columns({ text, values }: Statement): Promise<readonly ResultColumn[]> {
    return attempt(() => {
      const statement = this.db.prepare(text);
      // It must be executed once, so that a mistake in a value or a table that is gone shows here.
      statement.raw().all(...values);
      return statement.columns().map(({ name, type }) => columnOf(name, type ?? ""));
    });
  }

  async rows({ text, values }: Statement): Promise<readonly (readonly Native[])[]> {
    return attempt(
      () =>
        this.db
          .prepare(text)
          .raw()
          .all(...values) as Native[][],
    );
  }

  async run({ text, values }: Statement): Promise<void> {
    attempt(() => this.db.prepare(text).run(...values));
  }

  async commit(): Promise<void> {
    try {
      await this.run({ text: "COMMIT", values: [] });
    } catch (error) {
      // Somebody is reading, or a constraint that waits for the end is not met: nothing was written. Any other failure may have come too late.
      if (!(error instanceof DatabaseError) || /SQLITE_(BUSY|CONSTRAINT)/.test(error.words)) throw error;
      this.isUnusable = true;
      throw new DatabaseError("lost", error.words);
    }
  }

  async rollback(): Promise<void> {
    try {
      if (this.db.open && this.db.inTransaction) await this.run({ text: "ROLLBACK", values: [] });
    } catch {
      this.isUnusable = true;
    }
  }

  async close(): Promise<void> {
    this.db.close();
  }
}

/** Values say themselves what they are; the declared type says whether SQLite would make a binary float of a decimal (rules of affinity). */
function columnOf(name: string, type: string): ResultColumn {
  const upper = type.toUpperCase();
  const isText = /CHAR|CLOB|TEXT/.test(upper);
  const isWhole = upper.includes("INT");
  const isFree = isText || upper === "" || upper.includes("BLOB");
  return {
    name,
    type,
    form: isWhole ? "number" : isFree ? "any" : "float",
    places: isWhole ? 0 : null,
    select: (column) => column,
    compare: (marker) => marker,
  };
}

function attempt<T>(work: () => T): T {
  try {
    return work();
  } catch (error) {
    throw failureOf(error);
  }
}

function failureOf(error: unknown): unknown {
  const { code, message } = error as { code?: unknown; message: string };
  if (typeof code !== "string" || !code.startsWith("SQLITE_")) {
    // What the driver itself refuses, such as a file that is not there.
    return error instanceof TypeError && /directory|database/i.test(message) ? new DatabaseError("unreachable", message) : error;
  }
  return new DatabaseError(kindOf(code), `${message} (${code})`);
}

function kindOf(code: string): FailureKind {
  if (code.startsWith("SQLITE_BUSY") || code === "SQLITE_LOCKED") return "busy";
  if (code === "SQLITE_CONSTRAINT_UNIQUE" || code === "SQLITE_CONSTRAINT_PRIMARYKEY") return "unique";
  if (/^SQLITE_(CANTOPEN|NOTADB)/.test(code)) return "unreachable";
  return "refused";
}
