import Database from "better-sqlite3";
import { readConnection } from "../../src/connectors/sql/connection.js";
import type { DialectName, Native, Session } from "../../src/connectors/sql/dialect.js";
import { dialectNamed } from "../../src/connectors/sql/dialects/index.js";
import { type SqlServer, startMariadb, startPostgresql } from "./sql-servers.js";
import { aDatabase, afterThisTest, connectionOf } from "./sql-setup.js";

/** An empty database of one test. */
export interface TestDatabase {
  readonly dialect: DialectName;
  readonly connection: Readonly<Record<string, unknown>>;
  /** Statements one by one, as the database's owner. */
  readonly run: (...statements: readonly string[]) => Promise<void>;
  readonly rows: (statement: string) => Promise<readonly (readonly Native[])[]>;
}

/** A kind of database, and the words of its own for what the tests need. */
export interface Engine {
  readonly name: string;
  readonly dialect: DialectName;
  readonly start: () => Promise<void>;
  readonly stop: () => Promise<void>;
  readonly database: () => Promise<TestDatabase>;
  readonly types: { readonly id: string; readonly text: string; readonly amount: string; readonly date: string };
}

export const sqliteEngine: Engine = {
  name: "sqlite",
  dialect: "sqlite",
  start: async () => undefined,
  stop: async () => undefined,
  types: { id: "INTEGER PRIMARY KEY AUTOINCREMENT", text: "TEXT", amount: "TEXT", date: "TEXT" },
  database: async () => {
    const file = aDatabase("");
    const open = <T>(work: (db: Database.Database) => T): T => {
      const db = new Database(file);
      db.pragma("foreign_keys = ON");
      try {
        return work(db);
      } finally {
        db.close();
      }
    };
    return {
      dialect: "sqlite",
      connection: { dialect: "sqlite", file },
      run: async (...statements) => open((db) => void db.exec(statements.join(";\n"))),
      rows: async (statement) => open((db) => db.prepare(statement).raw().all() as Native[][]),
    };
  },
};

let databases = 0;

function serverEngine(
  name: string,
  dialect: "postgresql" | "mysql",
  startServer: () => Promise<SqlServer>,
  types: Engine["types"],
  firstDatabase: string,
): Engine & { readonly server: () => SqlServer } {
  let server: SqlServer | null = null;
  const running = (): SqlServer => {
    if (server === null) throw new Error("the server does not run");
    return server;
  };
  const connectTo = async (database: string): Promise<Session> => {
    const { port, user, password, ca } = running();
    const connection = connectionOf({ dialect, host: "localhost", port, database, user, password, ca });
    return dialectNamed(dialect).connect(readConnection(connection, "Asia/Shanghai").settings, "write");
  };
  return {
    name,
    dialect,
    types,
    server: running,
    start: async () => {
      server = await startServer();
    },
    stop: async () => {
      await server?.stop();
    },
    database: async () => {
      const { port, user, password, ca } = running();
      databases += 1;
      const database = `测试_${process.pid}_${databases}`;
      const maker = await connectTo(firstDatabase);
      await maker.run({ text: `CREATE DATABASE ${dialectNamed(dialect).quote(database)}`, values: [] });
      await maker.close();
      const owner = await connectTo(database);
      afterThisTest(() => owner.close());
      return {
        dialect,
        connection: { dialect, host: "localhost", port, database, user, password, ca },
        run: async (...statements) => {
          for (const text of statements) await owner.run({ text, values: [] });
        },
        rows: (text) => owner.rows({ text, values: [] }),
      };
    },
  };
}

export const postgresqlEngine = serverEngine(
  "postgresql",
  "postgresql",
  startPostgresql,
  { id: "bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY", text: "text", amount: "numeric(18, 2)", date: "date" },
  "postgres",
);

export const mariadbEngine = serverEngine(
  "mariadb",
  "mysql",
  startMariadb,
  { id: "BIGINT AUTO_INCREMENT PRIMARY KEY", text: "VARCHAR(200)", amount: "DECIMAL(18, 2)", date: "DATE" },
  "mysql",
);
