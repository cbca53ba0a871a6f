import type { Connection, DbType } from "oracledb";
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

const DATE = "'YYYY-MM-DD'";
const SECONDS = "'YYYY-MM-DD HH24:MI:SS'";
const NANOSECONDS = "'YYYY-MM-DD HH24:MI:SS.FF9'";
const ZONED = "'YYYY-MM-DD HH24:MI:SS.FF9TZH:TZM'";
/** How long a row lock is waited for, in seconds. */
const LOCK_SECONDS = 10;

/** Oracle Database 12.1 and later, without client libraries. The driver makes binary floats of numbers and Dates of times, so both are asked for as text. */
export const oracle: Dialect = {
  name: "oracle",
  title: "Oracle",
  port: 1521,
  quote: (name) => quoted(name, '"'),
  placeholder: (position) => `:${position}`,
  bind: (kind, value, placeholder) => {
    switch (kind) {
      case "number":
        return { expression: `TO_NUMBER(${placeholder})`, value };
      case "date":
        return { expression: `TO_DATE(${placeholder}, ${DATE})`, value };
      // Beside a DATE a TIMESTAMP would keep an index from being used.
      case "local time":
        return { expression: `TO_DATE(${placeholder}, ${SECONDS})`, value };
      case "instant":
        return { expression: `TO_TIMESTAMP_TZ(${placeholder}, ${ZONED})`, value: `${value.replace("T", " ")}.000000000+00:00` };
      // The column says what it becomes, exactly.
      case "amount":
      case "text":
        return { expression: placeholder, value };
    }
  },
  limit: (rows) => ` FETCH FIRST ${rows} ROWS ONLY`,
  lockedRow: { hint: "", suffix: ` FOR UPDATE WAIT ${LOCK_SECONDS}` },
  rowsPerInsert: () => 1,
  syntax: { backtick: false, bracket: false, dollar: false, backslash: false, hash: false, q: true, question: false, with: true },
  uniqueColumns: async (session, table) => {
    const text = `SELECT MAX(c.column_name) FROM all_indexes i JOIN all_ind_columns c ON c.index_owner = i.owner AND c.index_name = i.index_name
      WHERE i.table_owner = NVL(:1, SYS_CONTEXT('USERENV', 'CURRENT_SCHEMA')) AND i.table_name = :2 AND i.uniqueness = 'UNIQUE'
        AND i.status IN ('VALID', 'N/A') AND i.index_type = 'NORMAL'
      GROUP BY i.owner, i.index_name HAVING COUNT(*) = 1`;
    return (await session.rows({ text, values: [table.schema, table.name] })).map(([column]) => String(column));
  },
  refuses: async (session, table) => {
    const text = `SELECT temporary FROM all_tables WHERE owner = NVL(:1, SYS_CONTEXT('USERENV', 'CURRENT_SCHEMA')) AND table_name = :2`;
    const [row] = await session.rows({ text, values: [table.schema, table.name] });
    return row?.[0] === "Y" ? "it is temporary: its rows are gone with the session" : null;
  },
  connect: async (settings, access) => {
    const { default: oracledb } = await import("oracledb");
    try {
      const connecting = oracledb.getConnection({
        user: settings.user,
        password: settings.password,
        connectString: connectString(settings),
      });
      const giveUp = (): void => void connecting.then((late) => late.close({ drop: true })).catch(() => undefined);
      const connection = await within(settings.connectTimeoutMs, "signing in", connecting, giveUp);
      const session = new OracleSession(connection, settings, access, oracledb.STRING);
      await session.prepare();
      return session;
    } catch (error) {
      throw connectFailure(error, oracleKindOf(error));
    }
  },
};

/** `ca` cannot be given: the driver takes authorities only from a wallet with a key of ours, or those of Node.js. */
export function connectString({ host, port, database, tls, connectTimeoutMs }: ConnectionSettings): string {
  if (tls?.ca != null)
    throw new DatabaseError("unreachable", "`ca` cannot be used with Oracle; name the file in NODE_EXTRA_CA_CERTS instead");
  if (/[()=/?,\s]/.test(host) || /[()=/?,\s]/.test(database))
    throw new DatabaseError("unreachable", "`host` and `database` are plain names");
  const seconds = Math.max(1, Math.ceil(connectTimeoutMs / 1000));
  return `${tls === null ? "tcp" : "tcps"}://${host}:${port}/${database}?connect_timeout=${seconds}`;
}

class OracleSession implements Session {
  isBroken = false;

  constructor(
    private readonly connection: Connection,
    private readonly settings: ConnectionSettings,
    private readonly access: Access,
    private readonly textType: DbType,
  ) {}

  async prepare(): Promise<void> {
    // The name was checked: it is one of the IANA database.
    const zone = this.settings.timeZone.replaceAll("'", "");
    await this.run({
      text: `ALTER SESSION SET NLS_NUMERIC_CHARACTERS = '.,' NLS_DATE_FORMAT = ${DATE} TIME_ZONE = '${zone}'`,
      values: [],
    });
  }

  async begin(consistency: Consistency): Promise<void> {
    // This shows one moment, and keeps us from writing; without it each statement shows its own.
    if (this.access === "read" && consistency === "snapshot") await this.run({ text: "SET TRANSACTION READ ONLY", values: [] });
  }

  async columns(statement: Statement): Promise<readonly ResultColumn[]> {
    const { metaData = [] } = await this.execute(statement);
    return metaData.map(({ name, dbTypeName, scale, precision }) => oracleColumn({ name, type: dbTypeName ?? "", scale, precision }));
  }

  async rows(statement: Statement): Promise<readonly (readonly Native[])[]> {
    return (await this.execute(statement)).rows ?? [];
  }

  async run(statement: Statement): Promise<void> {
    await this.execute(statement);
  }

  async commit(): Promise<void> {
    await this.asked(this.connection.commit());
  }

  async rollback(): Promise<void> {
    if (this.isBroken) return;
    await this.asked(this.connection.rollback()).catch(() => {
      this.isBroken = true;
    });
  }

  async close(): Promise<void> {
    await this.connection.close({ drop: this.isBroken }).catch(() => undefined);
  }

  private execute({ text, values }: Statement) {
    const type = this.textType;
    const asText = values.map((value) => (typeof value === "number" || typeof value === "bigint" ? String(value) : value));
    return this.asked(
      this.connection.execute<Native[]>(text, asText as string[], {
        autoCommit: false,
        fetchArraySize: 1_000,
        fetchTypeHandler: ({ dbTypeName }) => (dbTypeName === "CLOB" || dbTypeName === "NCLOB" ? { type, converter: same } : undefined),
      }),
    );
  }

  private async asked<T>(answer: Promise<T>): Promise<T> {
    try {
      return await within(this.settings.timeoutMs, "the statement", answer, () => {
        this.isBroken = true;
        void this.connection.close({ drop: true }).catch(() => undefined);
      });
    } catch (error) {
      if (error instanceof DatabaseError) throw error;
      const kind = oracleKindOf(error);
      if (kind === null) this.isBroken = true;
      throw new DatabaseError(kind ?? "lost", oneLine(messageOf(error)));
    }
  }
}

function same<T>(value: T | null): T | null {
  return value;
}

/** What the server answered, by its number (Oracle error messages); null when this is no answer of the server. The driver turns those that end the session into its own. */
export function oracleKindOf(error: unknown): FailureKind | null {
  const number = /^ORA-(\d{5})$/.exec(codeOf(error))?.[1];
  if (number === undefined) return null;
  if (number === "00001") return "unique";
  if (["01005", "01017", "01045", "28000", "28001", "28002"].includes(number)) return "sign in";
  // 00054, 30006: lock. 00060: deadlock. 08177: serialisation. 00018, 00020: too many sessions. 01033, 01034, 01090: starting or stopping.
  if (["00018", "00020", "00054", "00060", "01033", "01034", "01090", "08177", "30006"].includes(number)) return "busy";
  if (["00028", "01012", "01089", "01092", "03113", "03114", "03135"].includes(number)) return null;
  return "refused";
}

export interface OracleColumn {
  readonly name: string;
  readonly type: string;
  readonly scale?: number | undefined;
  readonly precision?: number | undefined;
}

/** How a column of this type is read exactly, and compared with what was read. */
export function oracleColumn({ name, type, scale, precision }: OracleColumn): ResultColumn {
  const of = (
    form: Form,
    select: ResultColumn["select"],
    compare: ResultColumn["compare"],
    places: number | null = null,
  ): ResultColumn => ({
    ...{ name, type, form, places, select, compare },
  });
  const same = (text: string): string => text;
  const written = (format: string) => (text: string) => `TO_CHAR(${text}, ${format})`;
  const inUtc = (text: string): string => `TO_CHAR(${text} AT TIME ZONE 'UTC', ${NANOSECONDS}) || '+00:00'`;
  switch (type) {
    case "NUMBER":
      // A NUMBER without precision keeps what it is given; its scale is told as -127.
      return of(
        "number",
        written("'TM9'"),
        (marker) => `TO_NUMBER(${marker})`,
        (precision ?? 0) === 0 || scale === -127 ? null : (scale ?? 0),
      );
    case "BINARY_FLOAT":
    case "BINARY_DOUBLE":
      return of("float", same, null);
    case "BOOLEAN":
      return of("boolean", same, null);
    case "DATE":
      return of("local time", written(SECONDS), (marker) => `TO_DATE(${marker}, ${SECONDS})`);
    case "TIMESTAMP":
      return of("local time", written(NANOSECONDS), (marker) => `TO_TIMESTAMP(${marker}, ${NANOSECONDS})`);
    case "TIMESTAMP WITH TIME ZONE":
    case "TIMESTAMP WITH LOCAL TIME ZONE":
      return of("instant", inUtc, (marker) => `TO_TIMESTAMP_TZ(${marker}, ${ZONED})`);
    case "VARCHAR2":
    case "NVARCHAR2":
    case "CHAR":
    case "NCHAR":
      return of("text", same, same);
    case "CLOB":
    case "NCLOB":
      return of("text", same, null);
    case "RAW":
    case "LONG RAW":
    case "BLOB":
    case "BFILE":
      return of("bytes", same, null);
    default:
      return of("text", same, null);
  }
}
