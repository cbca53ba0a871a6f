import { type Document, documentAmount, type Line, lineAmount } from "../../model/document.js";
import { DOCUMENT_TYPES, type DocumentTypeInfo } from "../../model/document-types.js";
import { formatMinor } from "../../model/money.js";
import { nearestName } from "../../model/nearest.js";
import { ProblemError, problem } from "../../model/problem.js";
import type { Dialect, Kind, Statement, TableName } from "./dialect.js";
import type { SqlTargetOptions, TableOption, ValueOption } from "./options.js";
import { quoteTable, StatementBuilder } from "./statement.js";

/** One document as it is inserted. */
export interface Entry {
  readonly document: Document;
  readonly idempotencyKey: string;
  readonly fingerprint: string;
  /** Of a reversal: the key of what it cancels, and the number that was known by. */
  readonly reverses: { readonly idempotencyKey: string; readonly reference: string } | null;
}

interface Scope {
  readonly entry: Entry;
  /** What the database numbered the header with. */
  readonly id: string | null;
  readonly line: Line | null;
  /** Of the line, from 1. */
  readonly number: number;
}

type Reader = (scope: Scope) => string | null;

interface Cell {
  readonly column: string;
  readonly value: { readonly kind: Kind; readonly read: Reader } | { readonly sql: string };
}

export interface TableLayout {
  readonly table: TableName;
  readonly cells: readonly Cell[];
  /** Columns that take an amount of money. */
  readonly amounts: readonly string[];
  /** The column that names the header by its `id`; null where there is none. */
  readonly link: string | null;
}

export interface Layout {
  readonly header: TableLayout;
  readonly more: readonly TableLayout[];
  readonly lines: TableLayout;
}

const HEADER_FIELDS = new Map<string, Kind>(
  Object.values(DOCUMENT_TYPES).flatMap(({ fields }) =>
    Object.entries(fields).map(([name, { type }]): [string, Kind] => [name, type === "date" ? "date" : "text"]),
  ),
);

const LINE_FIELDS = new Map<string, Kind>(
  Object.values<DocumentTypeInfo>(DOCUMENT_TYPES).flatMap(({ lineFields }) =>
    Object.entries(lineFields).map(([name, { type }]): [string, Kind] => [
      name,
      type === "amount" ? "amount" : type === "date" ? "date" : "text",
    ]),
  ),
);

const OF_DOCUMENT: Readonly<Record<string, readonly [Kind, Reader]>> = {
  type: ["text", ({ entry }) => entry.document.type],
  key: ["text", ({ entry }) => entry.document.key],
  date: ["date", ({ entry }) => entry.document.date],
  year: ["text", ({ entry }) => entry.document.date.slice(0, 4)],
  month: ["text", ({ entry }) => String(Number(entry.document.date.slice(5, 7)))],
  period: ["text", ({ entry }) => entry.document.date.slice(0, 7)],
  currency: ["text", ({ entry }) => entry.document.currency],
  text: ["text", ({ entry }) => entry.document.text],
  attachments: ["text", ({ entry }) => String(entry.document.attachments)],
  total: ["amount", ({ entry: { document } }) => formatMinor(documentAmount(document), document.currency)],
  idempotencyKey: ["text", ({ entry }) => entry.idempotencyKey],
  fingerprint: ["text", ({ entry }) => entry.fingerprint],
  reverses: ["text", ({ entry }) => entry.reverses?.reference ?? null],
  id: ["text", ({ id }) => id],
};

const ofLine =
  (read: (line: Line, currency: string) => string | null): Reader =>
  ({ line, entry }) =>
    line === null ? null : read(line, entry.document.currency);

const OF_LINE: Readonly<Record<string, readonly [Kind, Reader]>> = {
  number: ["text", ({ number }) => String(number)],
  side: ["text", ofLine((line) => line.side)],
  account: ["text", ofLine((line) => line.account)],
  amount: ["amount", ofLine(lineAmount)],
  debit: ["amount", ofLine((line, currency) => (line.side === "debit" ? lineAmount(line, currency) : null))],
  credit: ["amount", ofLine((line, currency) => (line.side === "credit" ? lineAmount(line, currency) : null))],
  text: ["text", ofLine((line) => line.text)],
  partner: ["text", ofLine((line) => line.partner)],
};

/** What goes into which column. Throws ProblemError for a name that means nothing, or a column that is given twice. */
export function readLayout(options: SqlTargetOptions): Layout {
  const { header, more = [], lines } = options;
  const hasId = header.id !== undefined;
  const own: Cell[] = [{ column: header.key, value: { kind: "text", read: ({ entry }) => entry.idempotencyKey } }];
  if (header.fingerprint !== undefined)
    own.push({ column: header.fingerprint, value: { kind: "text", read: ({ entry }) => entry.fingerprint } });
  if (header.reverses !== undefined)
    own.push({ column: header.reverses, value: { kind: "text", read: ({ entry }) => entry.reverses?.idempotencyKey ?? null } });
  const reserved = [header.id, header.result?.number, header.result?.status, header.result?.message].filter((name) => name !== undefined);
  for (const name of [...own.map(({ column }) => column), ...reserved])
    if (Object.hasOwn(header.columns, name) && name !== header.result?.status)
      refuse(`header.columns.${name}`, "the column is filled by its own option", "remove it here");
  const names = own.map(({ column }) => column);
  if (new Set(names).size < names.length) refuse("header", "one column is named for two things", "give each its own column");
  const linked = Object.values(lines.columns).some((value) => value === "$.idempotencyKey" || value === "$.id");
  if (!linked)
    refuse(
      "lines.columns",
      "no column says to which document a line belongs",
      "give one `$.idempotencyKey`, or `$.id` where `header.id` is named",
    );
  if (options.rows === "current") checkCurrent(options);
  return {
    header: tableOf(header.table, [...own, ...cellsOf(header.columns, "header.columns", { hasId: false, hasLine: false })]),
    more: more.map(({ table, columns }, index) => tableOf(table, cellsOf(columns, `more.${index}.columns`, { hasId, hasLine: false }))),
    lines: tableOf(lines.table, cellsOf(lines.columns, "lines.columns", { hasId, hasLine: true }), lines.columns),
  };
}

/** Rows that are replaced belong to us alone, and are found again by the number of their header. */
function checkCurrent({ header, more = [], lines }: SqlTargetOptions): void {
  const current = "`rows: current`";
  if (header.id === undefined)
    refuse("header", `${current} needs \`id\``, "name the column that the database numbers upwards; lines are found by it");
  for (const key of ["reverses", "result"] as const)
    if (header[key] !== undefined)
      refuse(`header.${key}`, `it does not go with ${current}, where nothing is cancelled or imported`, "leave it out, or keep the rows");
  const tables = [["lines", lines.columns] as const, ...more.map(({ columns }, index) => [`more.${index}`, columns] as const)];
  for (const [where, columns] of tables)
    if (!Object.values(columns).includes("$.id"))
      refuse(`${where}.columns`, `${current} needs a column with \`$.id\``, "by it the rows of a document are found again");
}

export function tableName(option: TableOption): TableName {
  return typeof option === "string" ? { schema: null, name: option } : option;
}

function tableOf(option: TableOption, cells: readonly Cell[], columns: SqlTargetOptions["lines"]["columns"] = {}): TableLayout {
  const link = Object.entries(columns).find(([, value]) => value === "$.id")?.[0] ?? null;
  const amounts = cells.flatMap(({ column, value }) => ("kind" in value && value.kind === "amount" ? [column] : []));
  return { table: tableName(option), cells, amounts, link };
}

interface Allowed {
  readonly hasId: boolean;
  readonly hasLine: boolean;
}

function cellsOf(columns: Readonly<Record<string, ValueOption>>, where: string, allowed: Allowed): Cell[] {
  return Object.entries(columns).map(([column, value]) => ({ column, value: sourceOf(value, `${where}.${column}`, allowed) }));
}

function sourceOf(value: ValueOption, where: string, { hasId, hasLine }: Allowed): Cell["value"] {
  if (typeof value === "object") return { sql: value.sql };
  if (typeof value === "number") {
    if (!Number.isSafeInteger(value)) refuse(where, `\`${value}\` has more digits than YAML keeps`, "write it in quotes");
    return constant(String(value));
  }
  if (!value.startsWith("$")) return constant(value);
  const path = /^(\$\$?)\.(?:(fields|dimensions)\.(.+)|([^.]+))$/u.exec(value);
  if (path === null)
    return refuse(
      where,
      `\`${value}\` is no name`,
      "as in `$.date`, `$.fields.invoice`, `$$.amount`, `$$.dimensions.部门`, `$$.fields.tax`",
    );
  const [, root, group, member = "", name = ""] = path;
  if (root === "$$" && !hasLine)
    return refuse(where, `\`${value}\` is of a line, and this table has one row for the whole document`, "`$.NAME` is the document");
  if (group === "fields" && root === "$") {
    const kind = HEADER_FIELDS.get(member);
    if (kind === undefined) return unknown(where, value, member, [...HEADER_FIELDS.keys()]);
    return { kind, read: ({ entry }) => emptyAsNull(entry.document.fields[member]) };
  }
  if (group === "fields" && root === "$$") {
    const kind = LINE_FIELDS.get(member);
    if (kind === undefined) return unknown(where, value, member, [...LINE_FIELDS.keys()]);
    return { kind, read: ({ line }) => emptyAsNull(line?.fields?.[member]) };
  }
  if (group === "dimensions" && root === "$$") return { kind: "text", read: ({ line }) => emptyAsNull(line?.dimensions[member]) };
  const known = root === "$" ? OF_DOCUMENT : OF_LINE;
  const found = group === undefined && Object.hasOwn(known, name) ? known[name] : undefined;
  if (found === undefined) return unknown(where, value, name, Object.keys(known));
  if (name === "id" && !hasId)
    return refuse(
      where,
      "`$.id` is known only behind a header with `header.id`",
      "name the column that the database numbers as `header.id`",
    );
  return { kind: found[0], read: found[1] };
}

function constant(text: string): Cell["value"] {
  return { kind: "text", read: () => text };
}

function emptyAsNull(text: string | undefined): string | null {
  return text === undefined || text === "" ? null : text;
}

/** The INSERT for one row of a table that has one row for each document. */
export function insertRow(dialect: Dialect, layout: TableLayout, entry: Entry, id: string | null): Statement {
  return insert(dialect, layout, [{ entry, id, line: null, number: 0 }]);
}

/** The INSERTs for the lines of a document: few, where the database takes several rows at once. */
export function insertLines(dialect: Dialect, layout: TableLayout, entry: Entry, id: string | null): readonly Statement[] {
  const scopes = entry.document.lines.map((line, index): Scope => ({ entry, id, line, number: index + 1 }));
  const size = dialect.rowsPerInsert(layout.cells.length);
  const statements: Statement[] = [];
  for (let from = 0; from < scopes.length; from += size) statements.push(insert(dialect, layout, scopes.slice(from, from + size)));
  return statements;
}

function insert(dialect: Dialect, { table, cells }: TableLayout, scopes: readonly Scope[]): Statement {
  const builder = new StatementBuilder(dialect);
  builder.sql(`INSERT INTO ${quoteTable(dialect, table)} (${cells.map(({ column }) => dialect.quote(column)).join(", ")}) VALUES `);
  scopes.forEach((scope, row) => {
    builder.sql(row === 0 ? "(" : ", (");
    cells.forEach(({ value }, index) => {
      if (index > 0) builder.sql(", ");
      if ("sql" in value) builder.sql(value.sql);
      else builder.bind(value.kind, value.read(scope));
    });
    builder.sql(")");
  });
  return builder.build();
}

function unknown(where: string, value: string, name: string, known: readonly string[]): never {
  const near = nearestName(name, known);
  return refuse(
    where,
    `there is no \`${value}\``,
    near === null ? `there is ${known.map((each) => `\`${each}\``).join(", ")}` : `did you mean \`${near}\`?`,
  );
}

function refuse(where: string, found: string, hint: string): never {
  throw new ProblemError(problem("CONFIG_WRONG_VALUE", `\`${where}\`: ${found}`, [], hint));
}
