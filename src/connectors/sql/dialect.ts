/** A value as a driver gives and takes it. Exact numbers are text or bigint; a `number` is a binary float or a small whole number. */
export type Native = string | number | bigint | boolean | null | Uint8Array;

export interface Statement {
  readonly text: string;
  readonly values: readonly Native[];
}

/**
 * What a value of ours is to the database; its text is exact. `number` is compared, `amount` is put into a column. `date` is `YYYY-MM-DD`, `local time` is `YYYY-MM-DD HH:mm:ss` on the wall
 * clock of the connection's time zone, `instant` is `YYYY-MM-DDTHH:mm:ss` in UTC.
 */
export type Kind = "text" | "number" | "amount" | "date" | "local time" | "instant";

/** How the values of a column come out of the database. `any`: each value says itself what it is, as in SQLite. */
export type Form = "text" | "number" | "float" | "boolean" | "date" | "local time" | "instant" | "bytes" | "any";

export interface ResultColumn {
  readonly name: string;
  /** The database's own word, for problems. */
  readonly type: string;
  readonly form: Form;
  /** Decimal places the column keeps; null when it keeps all, or is no number. */
  readonly places: number | null;
  /** An expression that gives the column without loss; of types the driver would turn into binary floats or local dates, as text. */
  readonly select: (quoted: string) => string;
  /** Turns a bound value, as `select` gave it, back into the column's type; null where a comparison with it would not be exact. */
  readonly compare: ((marker: string) => string) | null;
}

/** The connection as a driver uses it. */
export interface ConnectionSettings {
  readonly file: string;
  readonly host: string;
  readonly port: number;
  readonly database: string;
  readonly user: string;
  readonly password: string;
  /** Null: without TLS. `ca` is PEM text, or null for the authorities of Node.js. */
  readonly tls: { readonly ca: string | null } | null;
  /** IANA. */
  readonly timeZone: string;
  readonly connectTimeoutMs: number;
  readonly timeoutMs: number;
}

/** `create`: writes, and makes the database where it is a file that is not there. */
export type Access = "read" | "write" | "create";

/** `snapshot`: every statement of the transaction sees the database as it was at its first. */
export type Consistency = "snapshot" | "committed";

/**
 * One connection. Every method throws DatabaseError for what the database or the way to it says; after an error of the kind `lost` the
 * session is of no use any more.
 */
export interface Session {
  readonly isBroken: boolean;
  begin(consistency: Consistency): Promise<void>;
  columns(statement: Statement): Promise<readonly ResultColumn[]>;
  rows(statement: Statement): Promise<readonly (readonly Native[])[]>;
  run(statement: Statement): Promise<void>;
  commit(): Promise<void>;
  /** Throws nothing: a session that cannot roll back is broken, and the database rolls back itself. */
  rollback(): Promise<void>;
  close(): Promise<void>;
}

/** What one kind of database does in its own way. Statements are composed from these; values are always bound. */
export interface Dialect {
  readonly name: DialectName;
  readonly title: string;
  /** 0 where there is no server. */
  readonly port: number;
  readonly quote: (name: string) => string;
  /** The sign for the bound value number `position`, from 1. */
  readonly placeholder: (position: number) => string;
  /** The sign as an expression of the kind, and the value in the form this needs. */
  readonly bind: (kind: Kind, value: string, placeholder: string) => { readonly expression: string; readonly value: Native };
  /** Goes behind ORDER BY. */
  readonly limit: (rows: number) => string;
  /** Reads a row so that nobody else can change it before we commit: what goes behind the table, and what goes to the end. */
  readonly lockedRow: { readonly hint: string; readonly suffix: string };
  /** Rows that one INSERT may hold, given the columns of a row. */
  readonly rowsPerInsert: (columns: number) => number;
  /** How the user's query may quote things, beside '…' and "…". */
  readonly syntax: QuerySyntax;
  /** The names of columns that alone form a unique index or key of the table, as the database spells them. */
  readonly uniqueColumns: (session: Session, table: TableName) => Promise<readonly string[]>;
  /** Why the table cannot be posted into, beyond its columns; null when nothing speaks against it. */
  readonly refuses: (session: Session, table: TableName) => Promise<string | null>;
  /** Throws DatabaseError. */
  readonly connect: (settings: ConnectionSettings, access: Access) => Promise<Session>;
}

export interface QuerySyntax {
  readonly backtick: boolean;
  readonly bracket: boolean;
  readonly dollar: boolean;
  /** `\'` stands for a quote inside '…'. */
  readonly backslash: boolean;
  /** `#` begins a comment. */
  readonly hash: boolean;
  /** `q'[…]'`. */
  readonly q: boolean;
  /** `?` would be taken as a place for a value. */
  readonly question: boolean;
  /** A query may begin with WITH, although it becomes a part of ours. */
  readonly with: boolean;
}

export const DIALECTS = ["sqlite", "postgresql", "mysql", "sqlserver", "oracle"] as const;
export type DialectName = (typeof DIALECTS)[number];

export interface TableName {
  /** Null: where the connection looks first. */
  readonly schema: string | null;
  readonly name: string;
}

/**
 * What went wrong, as far as it matters for what was done. `unreachable`: no connection came about. `sign in`: it does not let us in.
 * `busy`: it has no time, and rolled back. `unique`: a unique index refused it. `refused`: it answered, and did not do it. `lost`: there
 * is no answer, and only what was sent before tells whether anything can have been done.
 */
export type FailureKind = "unreachable" | "sign in" | "busy" | "unique" | "refused" | "lost";

export class DatabaseError extends Error {
  constructor(
    readonly kind: FailureKind,
    /** The database's own words on one line, without values of the connection. */
    readonly words: string,
  ) {
    super(words);
    this.name = "DatabaseError";
  }
}
