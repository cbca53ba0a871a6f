import { type Static, Type } from "typebox";
import { DIALECTS } from "./dialect.js";

const closed = { additionalProperties: false };
const DURATION = "^\\d{1,9}(ms|s|m|h)$";
const NAME = "^[^\\u0000]{1,128}$";

const text = (description: string, ...examples: string[]) => Type.String({ minLength: 1, description, examples });
const name = (description: string, ...examples: string[]) => Type.String({ pattern: NAME, description, examples });

export const SqlConnection = Type.Object(
  {
    dialect: Type.Enum([...DIALECTS], { description: "which database; `mysql` is also MariaDB", examples: ["postgresql"] }),
    file: Type.Optional(Type.String({ description: "the database file, for `sqlite`", path: "new file", examples: ["data/expenses.db"] })),
    host: Type.Optional(text("host name of the server, as its certificate says it", "erp-db.example.com")),
    port: Type.Optional(
      Type.Integer({
        description: "port of the server; the usual one of the database when left out",
        minimum: 1,
        maximum: 65_535,
        examples: [5433],
      }),
    ),
    database: Type.Optional(text("name of the database; for Oracle the service name", "erp")),
    user: Type.Optional(text("user name", "sync")),
    password: Type.Optional(Type.String({ description: "password", secret: true, examples: ["${env.ERP_DB_PASSWORD}"] })),
    ca: Type.Optional(
      Type.String({
        description: "certificate authority that signed the server's certificate, as a PEM file; those of Node.js when left out",
        path: "file",
        examples: ["certificates/company-ca.pem"],
      }),
    ),
    insecure: Type.Boolean({
      description: "whether we talk without TLS: everything, the password too, can then be read and changed on the way",
      default: false,
      examples: [true],
    }),
    time_zone: Type.Optional(
      Type.String({
        description:
          "IANA time zone of times that are stored without one; that of sync.yaml when left out, and always for `sqlite`, which has only text",
        minLength: 1,
        examples: ["UTC"],
      }),
    ),
    connect_timeout: Type.String({
      description: "how long signing in may take",
      default: "10s",
      pattern: DURATION,
      examples: ["30s"],
    }),
    timeout: Type.String({
      description: "how long one statement may take; after that the connection is given up",
      default: "5m",
      pattern: DURATION,
      examples: ["30m"],
    }),
    connections: Type.Integer({
      description: "most connections a target opens at once",
      default: 2,
      minimum: 1,
      maximum: 32,
      examples: [1],
    }),
  },
  closed,
);
export type SqlConnection = Static<typeof SqlConnection>;

export const SINCE = ["local time", "instant", "date", "number", "text"] as const;

const Query = Type.String({ minLength: 1 });

export const SqlSourceOptions = Type.Object(
  {
    query: Type.Union([Query, Type.Record(Type.String({ minLength: 1, maxLength: 80 }), Query)], {
      description:
        "one SELECT whose result columns are the record's fields; or several by name, for tables of the same shape. Each is taken whole or not at all. `:since` stands for the cursor",
      examples: [
        "SELECT doc_no AS 单据编号, line_no AS 行号, amount AS 金额, updated_at AS 更新时间 FROM expense_lines WHERE updated_at >= :since",
        { "2025": "SELECT … FROM UFDATA_001_2025.dbo.GL_accvouch", "2026": "SELECT … FROM UFDATA_001_2026.dbo.GL_accvouch" },
      ],
    }),
    order_by: Type.Union([name(""), Type.Array(name(""), { minItems: 1, uniqueItems: true })], {
      description: "result columns that together are different in every row and never empty; pages are cut along them",
      examples: [["单据编号", "行号"]],
    }),
    since: Type.Optional(
      Type.Enum([...SINCE], {
        description:
          "what `:since` is: a time without zone (on the clock of `time_zone`), a moment with zone, a date, a number or text; needed when a query has `:since`",
        examples: ["local time", "number"],
      }),
    ),
    page_size: Type.Integer({
      description: "rows per page",
      default: 5_000,
      minimum: 1,
      maximum: 100_000,
      examples: [1_000],
    }),
    consistency: Type.Enum(["snapshot", "committed"], {
      description:
        "`snapshot`: all pages of a query show one moment; `committed`: for databases that do not allow it. A query that changed meanwhile is then read again by the next run",
      default: "snapshot",
      examples: ["committed"],
    }),
    trim: Type.Boolean({
      description: "whether blanks around text are dropped, as CHAR columns are filled up with them",
      default: true,
      examples: [false],
    }),
  },
  closed,
);
export type SqlSourceOptions = Static<typeof SqlSourceOptions>;

const table = (...examples: string[]) =>
  Type.Union(
    [name(""), Type.Object({ schema: name("schema, owner or database", "apps"), name: name("its name", "XX_SYNC_HEADERS") }, closed)],
    {
      description: "the table, spelt as the database spells it; with a schema as `{ schema: …, name: … }`",
      examples: [...examples, { schema: "apps", name: "XX_SYNC_HEADERS" }],
    },
  );

const Value = Type.Union([
  Type.String(),
  Type.Integer(),
  Type.Object({ sql: text("an expression of the database, such as a sequence or the time", "SYSDATE") }, closed),
]);

const columns = (description: string, ...examples: Readonly<Record<string, unknown>>[]) =>
  Type.Record(Type.String({ pattern: NAME }), Value, { description, examples });

export const SqlTargetOptions = Type.Object(
  {
    rows: Type.Enum(["kept", "current"], {
      description:
        "`kept`: every version stays, and a changed document is cancelled by a row of its own, as an ERP's interface wants it; `current`: the tables hold each document once, as it is now, as a data warehouse wants it: changed rows are replaced, and those of a document that is gone are deleted",
      default: "kept",
      examples: ["current"],
    }),
    header: Type.Object(
      {
        table: table("exp_interface_headers"),
        key: name(
          "the column with our key; it alone must have a unique index, because only that keeps a document from being booked twice",
          "ext_key",
        ),
        fingerprint: Type.Optional(
          name("a column for the fingerprint of the content, 64 characters; with it, other content under our key is noticed", "ext_hash"),
        ),
        reverses: Type.Optional(
          name("a column for the key of the document that a row cancels; without it nothing is reversed", "reverses_key"),
        ),
        id: Type.Optional(
          name("a column that the database itself numbers upwards; it names the document, and gives the order of postings", "interface_id"),
        ),
        columns: columns("the other columns: `$.NAME` of the document, a constant, or `{ sql: … }`", {
          doc_date: "$.date",
          currency: "$.currency",
          description: "$.text",
          source: "SYNC",
        }),
        result: Type.Optional(
          Type.Object(
            {
              number: Type.Optional(name("the column in which the import program leaves the document number", "voucher_no")),
              status: name("the column with its verdict", "status"),
              failed: Type.Array(Type.String({ minLength: 1 }), {
                description: "values of `status` that mean refused",
                minItems: 1,
                examples: [["REJECTED", "E"]],
              }),
              message: Type.Optional(name("the column with its reason", "error_message")),
            },
            { ...closed, description: "what the ERP's import program writes into the row; read when a document is looked up" },
          ),
        ),
      },
      { ...closed, description: "the table with one row for each document" },
    ),
    more: Type.Optional(
      Type.Array(
        Type.Object(
          { table: table("GL_INTERFACE_CONTROL"), columns: columns("its columns, as in `header`", { GROUP_ID: "$.id" }) },
          closed,
        ),
        {
          description: "further tables that take one row for each document, in this order, before the lines",
          examples: [[{ table: "AP_INVOICES_INTERFACE", columns: { INVOICE_ID: { sql: "AP_INVOICES_INTERFACE_S.NEXTVAL" } } }]],
        },
      ),
    ),
    lines: Type.Object(
      {
        table: table("exp_interface_lines"),
        columns: columns(
          "its columns: `$$.NAME` of the line, `$.NAME` of the document, a constant, or `{ sql: … }`; one must be `$.idempotencyKey` or `$.id`",
          { ext_key: "$.idempotencyKey", line_no: "$$.number", account: "$$.account", debit: "$$.debit", credit: "$$.credit" },
        ),
      },
      { ...closed, description: "the table with one row for each line" },
    ),
    create: Type.Optional(
      Type.Array(text(""), {
        description:
          "statements that make the tables, run in order and in one transaction with the first document that is posted, when one of the tables is not there; MySQL and Oracle commit each by itself",
        minItems: 1,
        examples: [
          [
            "CREATE TABLE exp_interface_headers (interface_id INTEGER PRIMARY KEY, ext_key TEXT NOT NULL UNIQUE, doc_date TEXT, currency TEXT)",
            "CREATE TABLE exp_interface_lines (ext_key TEXT, line_no INTEGER, account TEXT, debit TEXT, credit TEXT)",
          ],
        ],
      }),
    ),
    quiet: Type.Optional(
      Type.String({
        description: "how long a COMMIT whose answer was lost may still take effect; two minutes when left out, nothing for SQLite",
        pattern: DURATION,
        examples: ["5m"],
      }),
    ),
  },
  closed,
);
export type SqlTargetOptions = Static<typeof SqlTargetOptions>;
export type TableOption = Static<typeof SqlTargetOptions>["header"]["table"];
export type ValueOption = Static<typeof Value>;
