import type { ConnectionPool, Transaction } from "mssql";
import { shortestFloat } from "../cells.js";
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
import { quoted } from "../statement.js";
import { codeOf, connectFailure, messageOf, oneLine, within } from "./failure.js";

/** The driver makes binary floats of decimals and local dates of times, so both are asked for as text. Values go out as text too. */
export const sqlserver: Dialect = {
  name: "sqlserver",
  title: "SQL Server",
  port: 1433,
  quote: (name) => quoted(name, "[", "]"),
  placeholder: (position) => `@p${position}`,
  bind: (kind, value, placeholder) => {
    switch (kind) {
      // Text does not become `money` by itself.
      case "amount":
        return { expression: `CAST(${placeholder} AS decimal(38, ${(value.split(".")[1] ?? "").length}))`, value };
      case "number": {
        const places = (value.split(".")[1] ?? "").length;
        return {
          expression: /^-?\d{1,18}$/.test(value) ? `CAST(${placeholder} AS bigint)` : `CAST(${placeholder} AS decimal(38, ${places}))`,
          value,
        };
      }
      // These types read ISO text whatever the language of the session; the older `datetime` does not.
      case "date":
        return { expression: `CAST(${placeholder} AS date)`, value };
      case "local time":
        return { expression: `CAST(${placeholder} AS datetime2(0))`, value };
      case "instant":
        return { expression: `CAST(${placeholder} AS datetimeoffset(0))`, value: `${value.replace("T", " ")} +00:00` };
      case "text":
        return { expression: placeholder, value };
    }
  },
  limit: (rows) => ` OFFSET 0 ROWS FETCH NEXT ${rows} ROWS ONLY`,
  lockedRow: { hint: " WITH (UPDLOCK, HOLDLOCK)", suffix: "" },
  // 2,100 values in a statement.
  rowsPerInsert: (columns) => Math.max(1, Math.min(100, Math.floor(2_000 / columns))),
  syntax: { backtick: false, bracket: true, dollar: false, backslash: false, hash: false, q: false, question: false, with: false },
  uniqueColumns: async (session, table) => {
    const text = `SELECT max(c.name) FROM sys.indexes i
      JOIN sys.index_columns k ON k.object_id = i.object_id AND k.index_id = i.index_id AND k.is_included_column = 0
      JOIN sys.columns c ON c.object_id = k.object_id AND c.column_id = k.column_id
      WHERE i.object_id = object_id(@p1) AND i.is_unique = 1 AND i.has_filter = 0 AND i.is_disabled = 0
      GROUP BY i.index_id HAVING count(*) = 1`;
    const name = table.schema === null ? quoted(table.name, "[", "]") : `${quoted(table.schema, "[", "]")}.${quoted(table.name, "[", "]")}`;
    return (await session.rows({ text, values: [name] })).map(([column]) => String(column));
  },
  refuses: async () => null,
  connect: async (settings, access) => {
    const { default: mssql } = await import("mssql");
    const { host, port, database, user, password, tls, connectTimeoutMs, timeoutMs } = settings;
    const pool = new mssql.ConnectionPool({
      ...{ server: host, port, database, user, password },
      connectionTimeout: connectTimeoutMs,
      requestTimeout: timeoutMs,
      arrayRowMode: true,
      pool: { min: 0, max: 1 },
      options: {
        encrypt: tls !== null,
        trustServerCertificate: false,
        useUTC: true,
        appName: "erp-sync",
        readOnlyIntent: access === "read",
        // The first failure of a transaction ends it.
        abortTransactionOnError: true,
        ...(tls?.ca == null ? {} : { cryptoCredentialsDetails: { ca: tls.ca } }),
      },
    });
    try {
      await within(connectTimeoutMs, "signing in", pool.connect(), () => void pool.close().catch(() => undefined));
      return new SqlServerSession(mssql, pool, settings, access);
    } catch (error) {
      await pool.close().catch(() => undefined);
      throw connectFailure(error, codeOf(error) === "ELOGIN" ? "sign in" : serverKindOf(error));
    }
  },
};

/** How long a lock is waited for, in milliseconds. */
const LOCK_MS = 10_000;
const LONGEST_SHORT_TEXT = 4_000;

type Driver = typeof import("mssql");

class SqlServerSession implements Session {
  isBroken = false;
  private transaction: Transaction | null = null;

  constructor(
    private readonly driver: Driver,
    private readonly pool: ConnectionPool,
    private readonly settings: ConnectionSettings,
    private readonly access: Access,
  ) {
    pool.on("error", () => {
      this.isBroken = true;
    });
  }

  async begin(consistency: Consistency): Promise<void> {
    const { SNAPSHOT, READ_COMMITTED } = this.driver.ISOLATION_LEVEL;
    const transaction = new this.driver.Transaction(this.pool);
    await this.asked(transaction.begin(consistency === "snapshot" ? SNAPSHOT : READ_COMMITTED));
    this.transaction = transaction;
    if (this.access !== "read") await this.run({ text: `SET LOCK_TIMEOUT ${LOCK_MS}`, values: [] });
  }

  async columns(statement: Statement): Promise<readonly ResultColumn[]> {
    const [columns = []] = (await this.query(statement)).columns;
    return columns.map(serverColumn);
  }

  async rows(statement: Statement): Promise<readonly (readonly Native[])[]> {
    const { recordset, columns } = await this.query(statement);
    const isReal = (columns[0] ?? []).map((column) => declarationOf(column) === "real");
    const rows = (recordset ?? []) as Native[][];
    if (!isReal.includes(true)) return rows;
    return rows.map((row) =>
      row.map((value, index) => (isReal[index] === true && typeof value === "number" ? shortestFloat(value) : value)),
    );
  }

  async run(statement: Statement): Promise<void> {
    await this.query(statement);
  }

  async commit(): Promise<void> {
    const { transaction } = this;
    if (transaction === null) return;
    this.transaction = null;
    await this.asked(transaction.commit());
  }

  async rollback(): Promise<void> {
    const { transaction } = this;
    this.transaction = null;
    if (transaction === null || this.isBroken) return;
    // Where the server has rolled back itself, there is nothing left to roll back.
    await this.asked(transaction.rollback()).catch((error: unknown) => {
      if (error instanceof DatabaseError && error.kind === "lost") this.isBroken = true;
    });
  }

  async close(): Promise<void> {
    await this.pool.close().catch(() => undefined);
  }

  private async query({ text, values }: Statement): Promise<Answered> {
    const { NVarChar, MAX } = this.driver;
    const request = this.transaction === null ? this.pool.request() : this.transaction.request();
    for (const [index, value] of values.entries()) {
      const written = value === null ? null : String(value);
      // A long type keeps an index from being used, so it is taken only where it must be.
      request.input(`p${index + 1}`, NVarChar((written?.length ?? 0) > LONGEST_SHORT_TEXT ? MAX : LONGEST_SHORT_TEXT), written);
    }
    return (await this.asked(request.query(text))) as unknown as Answered;
  }

  private async asked<T>(answer: Promise<T>): Promise<T> {
    try {
      return await within(this.settings.timeoutMs, "the statement", answer, () => {
        this.isBroken = true;
        void this.pool.close().catch(() => undefined);
      });
    } catch (error) {
      if (error instanceof DatabaseError) throw error;
      const kind = serverKindOf(error);
      if (kind === null) this.isBroken = true;
      const { number } = error as { number?: unknown };
      throw new DatabaseError(kind ?? "lost", oneLine(`${messageOf(error)}${typeof number === "number" ? ` (${number})` : ""}`));
    }
  }
}

interface Answered {
  readonly recordset?: unknown;
  readonly columns: readonly (readonly ServerColumn[])[];
}

export interface ServerColumn {
  readonly name: string;
  /** A type of the driver, which knows its own name in SQL. */
  readonly type: { readonly declaration?: string } | undefined;
  readonly scale?: number | undefined;
}

/** What the server answered, by its number (SQL Server documentation, sys.messages); null when this is no answer of the server. */
export function serverKindOf(error: unknown): FailureKind | null {
  const { number, class: severity } = error as { number?: unknown; class?: unknown };
  if (typeof number !== "number" || number <= 0) return null;
  // From class 20 on the server ends the connection.
  if (typeof severity === "number" && severity >= 20) return null;
  if (number === 2601 || number === 2627) return "unique";
  if ([4060, 18_452, 18_456, 18_487, 18_488].includes(number)) return "sign in";
  // 1205: deadlock. 1222: lock. 3960: snapshot conflict. The others: Azure has no room now, or moves the database.
  if ([1205, 1222, 3960, 10_928, 10_929, 40_197, 40_501, 40_613, 49_918, 49_919, 49_920].includes(number)) return "busy";
  return "refused";
}

function declarationOf({ type }: ServerColumn): string {
  return type?.declaration ?? "";
}

/** How a column of this type is read exactly, and compared with what was read. */
export function serverColumn(column: ServerColumn): ResultColumn {
  const type = declarationOf(column).toLowerCase();
  const of = (
    form: Form,
    select: ResultColumn["select"],
    compare: ResultColumn["compare"],
    places: number | null = null,
  ): ResultColumn => ({
    ...{ name: column.name, type, form, places, select, compare },
  });
  const same = (text: string): string => text;
  const written = (length: number, style: number) => (text: string) => `CONVERT(varchar(${length}), ${text}, ${style})`;
  const readAs = (sqlType: string) => (marker: string) => `CONVERT(${sqlType}, ${marker}, 121)`;
  switch (type) {
    case "tinyint":
    case "smallint":
    case "int":
    case "bigint":
      return of("number", same, (marker) => `CAST(${marker} AS bigint)`, 0);
    case "decimal":
    case "numeric": {
      const places = column.scale ?? 0;
      return of(
        "number",
        (text) => `CONVERT(varchar(50), ${text})`,
        (marker) => `CAST(${marker} AS decimal(38, ${places}))`,
        places,
      );
    }
    case "money":
    case "smallmoney":
      return of(
        "number",
        (text) => `CONVERT(varchar(50), CAST(${text} AS decimal(19, 4)))`,
        (marker) => `CAST(CAST(${marker} AS decimal(19, 4)) AS money)`,
        4,
      );
    case "float":
    case "real":
      return of("float", same, null);
    case "bit":
      return of("boolean", same, null);
    case "date":
      return of("date", written(10, 23), (marker) => `CAST(${marker} AS date)`);
    case "datetime":
      return of("local time", written(23, 121), readAs("datetime"));
    case "smalldatetime":
      return of("local time", written(23, 121), readAs("smalldatetime"));
    case "datetime2":
      return of("local time", written(27, 121), readAs("datetime2(7)"));
    case "datetimeoffset":
      return of("instant", written(34, 121), readAs("datetimeoffset(7)"));
    case "time":
      return of("text", written(16, 121), null);
    case "binary":
    case "varbinary":
    case "image":
      return of("bytes", same, null);
    case "char":
    case "varchar":
      // Beside wide text a narrow column would be turned into wide text, and its index would be of no use.
      return of("text", same, (marker) => `CAST(${marker} AS varchar(8000))`);
    case "nchar":
    case "nvarchar":
      return of("text", same, same);
    case "uniqueidentifier":
      return of("text", same, (marker) => `CAST(${marker} AS uniqueidentifier)`);
    default:
      return of("text", (text) => `CAST(${text} AS nvarchar(max))`, null);
  }
}
