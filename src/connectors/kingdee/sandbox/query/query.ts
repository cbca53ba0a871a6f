import { formatMinor, parseDecimal } from "../amounts.js";
import { CODE, type Fault, fault } from "../answers.js";
import type { Bill, Row, Stored } from "../bill.js";
import type { Books } from "../books.js";
import { Exact, isObject, type Json, type JsonObject, type Written } from "../exact-json.js";
import type { FieldKind } from "../forms/form.js";
import type { KnownForm } from "../forms/index.js";
import { plainText } from "../texts.js";
import { compareText, compile, type Test } from "./compile.js";
import { type Condition, FilterError, type FilterLine, parseFilter, parseFilterLines } from "./filter.js";
import { type Column, type Cursor, columnOf } from "./path.js";

export interface Question {
  readonly form: KnownForm;
  readonly keys: readonly string[];
  readonly filter: Json;
  readonly order: string;
  readonly start: number;
  /** 0 is as many as the system gives. */
  readonly limit: number;
  /** An absolute last row, not a size; 0 is none. */
  readonly top: number;
}

export type Answer = { readonly rows: readonly (readonly Written[])[]; readonly fault?: undefined } | { readonly fault: Fault };

class UnknownField extends Error {}

/** Answers a query with the values of its columns. More than `mostRows` are cut off without a word. */
export function ask(books: Books, question: Question, mostRows: number): Answer {
  try {
    return { rows: rowsOf(books, question, mostRows) };
  } catch (error) {
    if (error instanceof UnknownField) return { fault: fault(`元数据中标识为${error.message}的字段不存在`, CODE.exception) };
    if (error instanceof FilterError) return { fault: fault(`查询条件错误：${error.message}`, CODE.exception) };
    throw error;
  }
}

function rowsOf(books: Books, question: Question, mostRows: number): readonly (readonly Written[])[] {
  const { form } = question;
  const entities = new Set<string>();
  const find = (path: string): Column => {
    const column = columnOf(books, form, path);
    if (column === null) throw new UnknownField(path);
    if (column.entity !== null) entities.add(column.entity);
    return column;
  };
  const columns = question.keys.map(find);
  const condition = conditionOf(question.filter);
  const test: Test = condition === null ? () => true : compile(condition, find);
  const order = orderOf(question.order, find);
  const needed = [...entities];
  const cursors: Cursor[] = [];
  for (const bill of books.all(form.form.id)) {
    for (const cursor of spread(bill, needed)) if (test(cursor) === true) cursors.push(cursor);
  }
  if (order.length > 0) cursors.sort((left, right) => compareBy(order, left, right));
  const { start, limit, top } = question;
  const end = Math.min(start + (limit > 0 ? Math.min(limit, mostRows) : mostRows), top > 0 ? top : Number.POSITIVE_INFINITY);
  return cursors.slice(start, Math.max(start, end)).map((cursor) => columns.map((column) => written(column.kind, column.read(cursor))));
}

/** The header is repeated for each row of an entity that is asked for; a bill without such rows still gives one line. */
function spread(bill: Bill, entities: readonly string[]): readonly Cursor[] {
  const [first, ...others] = entities;
  if (first === undefined) return [{ bill, rows: {} }];
  let cursors: readonly Cursor[] = rowsIn(bill, first).map((row) => ({ bill, rows: { [first]: row } }));
  for (const entity of others) {
    cursors = cursors.flatMap((cursor) => rowsIn(bill, entity).map((row) => ({ bill, rows: { ...cursor.rows, [entity]: row } })));
  }
  return cursors;
}

const NO_ROWS: readonly undefined[] = [undefined];

function rowsIn(bill: Bill, entity: string): readonly (Row | undefined)[] {
  const rows = bill.entries[entity] ?? [];
  return rows.length === 0 ? NO_ROWS : rows;
}

function conditionOf(filter: Json): Condition | null {
  if (typeof filter === "string") {
    const text = filter.trim();
    return parseFilter(text);
  }
  if (!Array.isArray(filter)) return null;
  const lines = (filter as readonly Json[]).filter(isObject).map(
    (line: JsonObject): FilterLine => ({
      Left: plainText(line["Left"]),
      FieldName: plainText(line["FieldName"]),
      Compare: plainText(line["Compare"]),
      Value: plainText(line["Value"]),
      Right: plainText(line["Right"]),
      Logic: plainText(line["Logic"]),
    }),
  );
  return parseFilterLines(lines);
}

interface Sorting {
  readonly column: Column;
  readonly descending: boolean;
}

function orderOf(text: string, find: (path: string) => Column): readonly Sorting[] {
  return text
    .split(",")
    .map((part) => part.trim())
    .filter((part) => part !== "")
    .map((part) => {
      const [path = "", direction = "ASC", ...more] = part.split(/\s+/);
      if (more.length > 0 || !/^(asc|desc)$/i.test(direction)) throw new FilterError(`“${part}”附近有语法错误`);
      return { column: find(path), descending: /^desc$/i.test(direction) };
    });
}

function compareBy(order: readonly Sorting[], left: Cursor, right: Cursor): number {
  for (const { column, descending } of order) {
    const found = compareStored(column.kind, column.read(left), column.read(right));
    if (found !== 0) return descending ? -found : found;
  }
  return left.bill.id - right.bill.id;
}

function compareStored(kind: FieldKind, left: Stored, right: Stored): number {
  if (left === null || right === null) return Number(left !== null) - Number(right !== null);
  if (kind === "amount") return Number(BigInt(left as string) - BigInt(right as string) > 0n) || -Number(left !== right);
  if (kind === "decimal") {
    const [one, other] = [parseDecimal(String(left)), parseDecimal(String(right))];
    return one === null || other === null ? 0 : Number(one.digits * 10n ** BigInt(other.scale) - other.digits * 10n ** BigInt(one.scale));
  }
  if (typeof left === "number" && typeof right === "number") return left - right;
  return compareText(String(left), String(right));
}

/** A kept value as an answer shows it. */
export function written(kind: FieldKind, value: Stored): Written {
  if (value === null) return kind === "text" ? "" : null;
  if (kind === "amount") return new Exact(formatMinor(BigInt(value as string)));
  if (kind === "decimal") return new Exact(String(value));
  // The server leaves out milliseconds that are nought.
  if (kind === "date" || kind === "time") return String(value).replace(/\.000$/, "");
  return value;
}
