import { isIP } from "node:net";
import type { Connection, FieldPacket } from "mysql2/promise";
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
import { connectFailure, messageOf, oneLine, within } from "./failure.js";

/** MySQL 8 and MariaDB. */
export const mysql: Dialect = {
  name: "mysql",
  title: "MySQL",
  port: 3306,
  quote: (name) => quoted(name, "`"),
  placeholder: () => "?",
  bind: (kind, value, placeholder) => {
    switch (kind) {
      // Text beside a number would be compared as a binary float.
      case "number":
        return { expression: exactNumber(value, placeholder), value };
      case "date":
        return { expression: `CAST(${placeholder} AS DATE)`, value };
      case "local time":
      case "instant":
        return { expression: `CAST(${placeholder} AS DATETIME(6))`, value: value.replace("T", " ") };
      // The column says what it becomes, exactly.
      case "amount":
      case "text":
        return { expression: placeholder, value };
    }
  },
  limit: (rows) => ` LIMIT ${rows}`,
  lockedRow: { hint: "", suffix: " FOR UPDATE" },
  rowsPerInsert: (columns) => Math.max(1, Math.min(100, Math.floor(10_000 / columns))),
  syntax: { backtick: true, bracket: false, dollar: false, backslash: true, hash: true, q: false, question: true, with: true },
  uniqueColumns: async (session, table) => {
    const text = `SELECT max(column_name) FROM information_schema.statistics
      WHERE table_schema = coalesce(?, database()) AND table_name = ? AND non_unique = 0
      GROUP BY index_name HAVING count(*) = 1 AND max(sub_part) IS NULL`;
    return (await session.rows({ text, values: [table.schema, table.name] })).map(([column]) => String(column));
  },
  refuses: async (session, table) => {
    const text = `SELECT t.engine, e.transactions FROM information_schema.tables t LEFT JOIN information_schema.engines e ON e.engine = t.engine
      WHERE t.table_schema = coalesce(?, database()) AND t.table_name = ?`;
    const [row] = await session.rows({ text, values: [table.schema, table.name] });
    return row === undefined || row[1] === "YES" ? null : `its engine ${String(row[0])} has no transactions: half a document could stay`;
  },
  connect: async (settings, access) => {
    const { createConnection } = await import("mysql2/promise");
    const { host, port, database, user, password, tls, connectTimeoutMs } = settings;
    // The driver compares the certificate of an address with the name `localhost`.
    if (tls !== null && isIP(host) !== 0)
      throw new DatabaseError("unreachable", `\`host\` is the address ${host}, and a certificate is checked by host name only`);
    try {
      const connecting = createConnection({
        ...{ host, port, database, user, password },
        ...(tls === null ? {} : { ssl: { rejectUnauthorized: true, verifyIdentity: true, ...(tls.ca === null ? {} : { ca: tls.ca }) } }),
        connectTimeout: connectTimeoutMs,
        charset: "utf8mb4",
        // Nothing becomes a number or a Date that could lose digits or its zone.
        supportBigNumbers: true,
        bigNumberStrings: true,
        decimalNumbers: false,
        dateStrings: true,
        jsonStrings: true,
        rowsAsArray: true,
        multipleStatements: false,
        flags: ["-LOCAL_FILES"],
      });
      const session = new MysqlSession(
        await within(connectTimeoutMs, "signing in", connecting, () => void connecting.then((late) => late.destroy())),
        settings,
      );
      await session.prepare(access);
      return session;
    } catch (error) {
      throw connectFailure(error, kindOf(error));
    }
  },
};

function exactNumber(value: string, placeholder: string): string {
  if (/^-?\d{1,18}$/.test(value)) return `CAST(${placeholder} AS SIGNED)`;
  return `CAST(${placeholder} AS DECIMAL(65, ${Math.min(30, (value.split(".")[1] ?? "").length)}))`;
}

/** How long a row lock is waited for, in seconds. */
const LOCK_SECONDS = 10;

class MysqlSession implements Session {
  isBroken = false;

  constructor(
    private readonly connection: Connection,
    private readonly settings: ConnectionSettings,
  ) {
    connection.on("error", () => {
      this.isBroken = true;
    });
  }

  async prepare(access: Access): Promise<void> {
    // TIMESTAMP columns are moments, and come in the session's zone.
    await this.run({ text: "SET time_zone = '+00:00'", values: [] });
    if (access === "read") await this.run({ text: "SET SESSION TRANSACTION READ ONLY", values: [] });
    else {
      // Without it, what does not fit is cut and booked.
      await this.run({
        text: "SET sql_mode = concat(@@sql_mode, ',STRICT_ALL_TABLES,ERROR_FOR_DIVISION_BY_ZERO,NO_ENGINE_SUBSTITUTION')",
        values: [],
      });
      await this.run({ text: `SET innodb_lock_wait_timeout = ${LOCK_SECONDS}`, values: [] });
    }
  }

  async begin(consistency: Consistency): Promise<void> {
    const level = consistency === "snapshot" ? "REPEATABLE READ" : "READ COMMITTED";
    await this.run({ text: `SET TRANSACTION ISOLATION LEVEL ${level}`, values: [] });
    await this.simple(consistency === "snapshot" ? "START TRANSACTION WITH CONSISTENT SNAPSHOT" : "START TRANSACTION");
  }

  async columns(statement: Statement): Promise<readonly ResultColumn[]> {
    const [, fields] = await this.execute(statement);
    return fields.map(columnOf);
  }

  async rows(statement: Statement): Promise<readonly (readonly Native[])[]> {
    const [rows, fields] = await this.execute(statement);
    const isFloat = fields.map((field) => field.columnType === TYPE.float);
    const isBits = fields.map((field) => field.columnType === TYPE.bit);
    if (!isFloat.includes(true) && !isBits.includes(true)) return rows;
    return rows.map((row) =>
      row.map((value, index) => {
        if (isFloat[index] === true && typeof value === "number") return shortestFloat(value);
        return isBits[index] === true && value instanceof Uint8Array ? BigInt(`0x${Buffer.from(value).toString("hex")}`) : value;
      }),
    );
  }

  async run(statement: Statement): Promise<void> {
    await this.execute(statement);
  }

  async commit(): Promise<void> {
    await this.simple("COMMIT");
  }

  async rollback(): Promise<void> {
    if (!this.isBroken) await this.simple("ROLLBACK").catch(() => this.giveUp());
  }

  async close(): Promise<void> {
    if (this.isBroken) this.connection.destroy();
    else await within(this.settings.timeoutMs, "signing off", this.connection.end(), () => this.giveUp()).catch(() => undefined);
  }

  private giveUp(): void {
    this.isBroken = true;
    this.connection.destroy();
  }

  private execute({ text, values }: Statement): Promise<[Native[][], FieldPacket[]]> {
    // A number would be sent as a binary float.
    const exact = values.map((value) => (typeof value === "number" || typeof value === "bigint" ? String(value) : value));
    return this.asked(this.connection.execute(text, exact) as Promise<unknown>) as Promise<[Native[][], FieldPacket[]]>;
  }

  /** What cannot be prepared on every version. */
  private async simple(text: string): Promise<void> {
    await this.asked(this.connection.query(text));
  }

  private async asked<T>(answer: Promise<T>): Promise<T> {
    try {
      return await within(this.settings.timeoutMs, "the statement", answer, () => this.giveUp());
    } catch (error) {
      if (error instanceof DatabaseError) throw error;
      const kind = kindOf(error);
      if (kind === null) this.isBroken = true;
      const { code } = error as { code?: unknown };
      throw new DatabaseError(kind ?? "lost", oneLine(`${messageOf(error)}${typeof code === "string" ? ` (${code})` : ""}`));
    }
  }
}

/** What the server answered, by its number (MySQL and MariaDB error references); null when this is no answer of the server. */
function kindOf(error: unknown): FailureKind | null {
  const { errno, sqlState } = error as { errno?: unknown; sqlState?: unknown };
  if (typeof errno !== "number" || errno < 1000 || typeof sqlState !== "string") return null;
  // 1053, 1077, 1927: shutting down or killed, which does not say what became of the statement.
  if ([1053, 1077, 1152, 1158, 1159, 1160, 1161, 1184, 1927].includes(errno)) return null;
  if (errno === 1062 || errno === 1586) return "unique";
  if ([1044, 1045, 1049, 1130, 1251, 1698, 1862].includes(errno)) return "sign in";
  // 1040, 1203, 1226: too many connections. 1205: lock wait. 1213: deadlock. 1290, 1836: read-only now. 3572: lock not available.
  if ([1040, 1203, 1205, 1213, 1226, 1290, 1836, 3572].includes(errno)) return "busy";
  return "refused";
}

const TYPE = { float: 4, double: 5, timestamp: 7, bit: 16 } as const;
const WHOLE: Readonly<Record<number, string>> = { 1: "TINYINT", 2: "SMALLINT", 3: "INT", 8: "BIGINT", 9: "MEDIUMINT", 13: "YEAR" };
const NAMES: Readonly<Record<number, string>> = {
  0: "DECIMAL",
  4: "FLOAT",
  5: "DOUBLE",
  7: "TIMESTAMP",
  10: "DATE",
  11: "TIME",
  12: "DATETIME",
  16: "BIT",
  245: "JSON",
  246: "DECIMAL",
};
const STRINGS = new Set([15, 249, 250, 251, 252, 253, 254]);
const BINARY = 63;
const UNSIGNED = 32;
const ENUM_OR_SET = 256 | 2048;

function columnOf(field: FieldPacket): ResultColumn {
  const { name, decimals = 0 } = field;
  const code = (field.columnType ?? 0) & 0xff;
  const flags = Number(field.flags ?? 0);
  const same = (column: string): string => column;
  const column = (type: string, form: Form, compare: ResultColumn["compare"], places: number | null = null): ResultColumn => ({
    ...{ name, type, form, places, compare },
    select: same,
  });
  const whole = WHOLE[code];
  if (whole !== undefined)
    return column(whole, "number", (marker) => `CAST(${marker} AS ${(flags & UNSIGNED) === 0 ? "SIGNED" : "UNSIGNED"})`, 0);
  const type = NAMES[code] ?? "TEXT";
  if (code === 0 || code === 246) return column(type, "number", (marker) => `CAST(${marker} AS DECIMAL(65, ${decimals}))`, decimals);
  if (code === TYPE.float || code === TYPE.double) return column(type, "float", null);
  if (code === TYPE.timestamp) return column(type, "instant", (marker) => `CAST(${marker} AS DATETIME(6))`);
  if (code === 12) return column(type, "local time", (marker) => `CAST(${marker} AS DATETIME(6))`);
  if (code === 10) return column(type, "date", (marker) => `CAST(${marker} AS DATE)`);
  if (code === 11) return column(type, "text", (marker) => `CAST(${marker} AS TIME(6))`);
  if (code === TYPE.bit) return column(type, "number", null, 0);
  const { characterSet } = field as { characterSet?: number };
  if (STRINGS.has(code) && characterSet === BINARY) return column("BINARY", "bytes", null);
  // ENUM and SET are sorted by their place in the declaration, and compared by their text.
  return column(type, "text", (flags & ENUM_OR_SET) === 0 ? (marker) => marker : null);
}
