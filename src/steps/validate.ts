import type { Expression, Pipeline, SourceSettings } from "../config/pipeline.js";
import { type Environment, EvaluationError } from "../expression/types.js";
import { cursorText } from "../model/cursor.js";
import { dateReader, dateTimeReader } from "../model/date-formats.js";
import { Decimal } from "../model/decimal.js";
import { readNumber } from "../model/numerals.js";
import { type Problem, problem } from "../model/problem.js";
import { displayKey, type Field, joinKey, type Origin, type Row } from "../model/record.js";
import { canonicalText, type Value } from "../model/value.js";

/** A cell as a source gives it. */
export type Cell = string | boolean | null;

/** A record that was read. With a problem it cannot be used; it still has its keys where those could be read. */
export interface CheckedRecord {
  readonly key: string | null;
  readonly documentKey: string | null;
  /** Of a batch: which of its members it belongs to. */
  readonly member: string | null;
  /** The cursor field, in a form that orders as text. */
  readonly cursor: string | null;
  readonly row: Row;
  /** The row as it is stored and compared. */
  readonly data: string;
  readonly problem: Problem | null;
}

/** Turns the cells of a record (in schema order) into typed values and checks them. Made once per run. */
export type RecordCheck = (cells: readonly Cell[], origin: Origin) => CheckedRecord;

/** The value of a cell that is not empty; undefined where it has none of the kind wanted. */
export type Converter = (cell: string) => Value | undefined;

export function recordCheck(pipeline: Pipeline, timeZone: string): RecordCheck {
  const { source, mapping } = pipeline;
  const { fields } = source.schema;
  const converters = fields.map((field) => converter(field, source, timeZone));
  const wanted = fields.map((field) => wantedText(field, source));
  const environment: Environment = { row: [], records: [], lookups: pipeline.lookups.map((lookup) => lookup.table), variables: [] };
  const fieldsOf = (expression: Expression): number[] => expression.fields.map((name) => fields.findIndex((field) => field.name === name));
  const keyFields = fieldsOf(mapping.key);
  const memberFields = mapping.batch === null ? [] : fieldsOf(mapping.batch);
  const checksSchema = source.schema.constrains;
  const isPlain = source.numbers.decimal === ".";

  // Scratch space of one record, reused: most records have no fault and should cost no allocation for them.
  const broken = new Set<number>();
  const faults: string[] = [];
  let hint: string | undefined;
  let row: Value[] = [];
  const stored: (string | boolean | null)[] = new Array(fields.length).fill(null);

  const fail = (index: number, message: string, next?: string): void => {
    faults.push(message);
    broken.add(index);
    hint ??= next;
    row[index] = null;
    stored[index] = null;
  };

  const sound = (index: number): Value => (broken.has(index) ? null : (row[index] as Value));

  return (cells, origin) => {
    row = new Array(fields.length);
    if (faults.length > 0) {
      broken.clear();
      faults.length = 0;
      hint = undefined;
    }
    for (let i = 0; i < fields.length; i += 1) {
      const cell = cells[i] ?? null;
      const field = fields[i] as Field;
      if (cell === null || cell === "") {
        row[i] = null;
        stored[i] = null;
        if (!field.nullable)
          fail(
            i,
            `\`${field.name}\` is empty, expected ${wanted[i] as string}`,
            "mend the row at the source, or take the field out of `required` in the record schema",
          );
        continue;
      }
      if (typeof cell === "boolean") {
        if (field.type === "boolean") {
          row[i] = cell;
          stored[i] = cell;
        } else fail(i, `\`${field.name}\` ${found(field, String(cell))}, expected ${wanted[i] as string}`);
        continue;
      }
      const value = (converters[i] as Converter)(cell);
      if (value === undefined) fail(i, `\`${field.name}\` ${found(field, cell)}, expected ${wanted[i] as string}`, formatHint(field));
      else {
        row[i] = value;
        stored[i] = value instanceof Decimal && isPlain && isPlainNumber(cell) ? cell : storedText(value);
      }
    }
    if (faults.length === 0 && checksSchema) {
      for (const fault of source.schema.validate(schemaObject(fields, row))) {
        const index = fault.field === null ? -1 : fields.findIndex((field) => field.name === fault.field);
        if (index >= 0) {
          const kept = row[index] as Value;
          fail(index, fault.message);
          row[index] = kept;
          stored[index] = storedText(kept);
        } else faults.push(fault.message);
      }
    }

    const key = recordKey(source, origin, sound);
    let documentKey: string | null = null;
    if (faults.length === 0 || !keyFields.some((index) => broken.has(index))) {
      environment.row = row;
      try {
        const value = mapping.key.evaluate(environment) as string;
        if (value === "") faults.push("the document key is empty");
        else documentKey = value;
      } catch (cause) {
        if (!(cause instanceof EvaluationError)) throw cause;
        faults.push(`the document key cannot be made: ${cause.message}`);
      }
    }
    let member: string | null = null;
    if (mapping.batch !== null && !memberFields.some((index) => broken.has(index))) {
      environment.row = row;
      try {
        const value = mapping.batch.evaluate(environment) as string;
        if (value === "") faults.push("the name of its member is empty");
        else member = value;
      } catch (cause) {
        if (!(cause instanceof EvaluationError)) throw cause;
        faults.push(`the name of its member cannot be made: ${cause.message}`);
      }
    }
    const cursor = source.cursor === null ? null : cursorText(row[source.cursor.field] ?? null);
    const data = JSON.stringify(stored);
    if (faults.length === 0 && key !== null && documentKey !== null) return { key, documentKey, member, cursor, row, data, problem: null };
    const [first] = broken;
    const at = {
      record: displayKey(key ?? `${origin.unit}:${origin.line}`),
      ...(first === undefined ? {} : { field: (fields[first] as Field).name }),
      file: origin.unit,
      line: origin.line,
    };
    const code = key === null || documentKey === null ? "RECORD_NO_KEY" : "RECORD_INVALID";
    const message = faults.length === 0 ? "the record has no key" : faults.join("; ");
    return { key, documentKey, member, cursor, row, data, problem: problem(code, message, at, hint) };
  };
}

/** What a record is known by, from the values of its fields: null where one of those that make it is. Without such fields, its place. */
export function recordKey({ key }: SourceSettings, { unit, line }: Origin, valueAt: (index: number) => Value): string | null {
  if (key === null) return `${unit}#${line}`;
  const parts: string[] = [];
  for (const index of key) {
    const value = valueAt(index);
    if (value === null) return null;
    parts.push(canonicalText(value));
  }
  return joinKey(parts);
}

/** The cells of a stored record as a row; the inverse of `storedText`. */
export function rowReader(fields: readonly Field[]): (data: string) => Row {
  const numeric = fields.map((field) => field.type === "number");
  return (data) => {
    const cells = JSON.parse(data) as (string | boolean | null)[];
    const row: Value[] = new Array(fields.length);
    for (let i = 0; i < fields.length; i += 1) {
      const cell = cells[i] ?? null;
      row[i] = numeric[i] === true && typeof cell === "string" ? Decimal.parse(cell) : cell;
    }
    return row;
  };
}

function storedText(value: Value): string | boolean | null {
  if (value instanceof Decimal) return value.toString();
  if (value === null || typeof value === "boolean" || typeof value === "string") return value;
  return canonicalText(value);
}

/** Digits as `Decimal` writes them itself, so that the cell is the stored text: most amounts of most files. */
function isPlainNumber(cell: string): boolean {
  const first = cell.charCodeAt(0);
  if (first < 48 || first > 57) return false;
  if (first === 48 && cell.length > 1 && cell.charCodeAt(1) !== 46) return false;
  for (let i = 1; i < cell.length; i += 1) {
    const code = cell.charCodeAt(i);
    if (code !== 46 && (code < 48 || code > 57)) return false;
  }
  return true;
}

/** How the cells of one field are read, one after the other. */
export function converter(field: Field, source: SourceSettings, timeZone: string): Converter {
  switch (field.type) {
    case "text":
      return (cell) => cell;
    case "number":
      return (cell) => readNumber(cell, source.numbers) ?? undefined;
    case "boolean":
      return readBoolean;
    case "date": {
      const read = dateReader(source.dates.length === 0 ? ["yyyy-MM-dd"] : withIso(source.dates, "yyyy-MM-dd"));
      return lastKept((cell) => read(cell) ?? undefined);
    }
    case "datetime": {
      const read = dateTimeReader(
        withIso(
          source.dates,
          "yyyy-MM-dd HH:mm:ss",
          "yyyy-MM-ddTHH:mm:ss",
          "yyyy-MM-ddTHH:mm:ssXXX",
          "yyyy-MM-ddTHH:mm:ss.SSSXXX",
          "yyyy-MM-dd HH:mm",
          "yyyy-MM-dd",
        ),
        timeZone,
      );
      return lastKept((cell) => read(cell) ?? undefined);
    }
  }
}

/** The lines of a document stand together and have its dates in common. */
function lastKept(convert: Converter): Converter {
  let cell: string | null = null;
  let value: Value | undefined;
  return (next) => {
    if (next !== cell) {
      value = convert(next);
      cell = next;
    }
    return value;
  };
}

function withIso(formats: readonly string[], ...iso: readonly string[]): string[] {
  return [...formats, ...iso.filter((format) => !formats.includes(format))];
}

function readBoolean(cell: string): boolean | undefined {
  switch (cell.toLowerCase()) {
    case "true":
    case "yes":
    case "y":
    case "1":
    case "是":
      return true;
    case "false":
    case "no":
    case "n":
    case "0":
    case "否":
      return false;
    default:
      return undefined;
  }
}

function wantedText(field: Field, source: SourceSettings): string {
  switch (field.type) {
    case "text":
      return "text";
    case "number":
      return `a number such as \`1,234.50\``;
    case "boolean":
      return "yes or no";
    case "date":
      return `a date as ${(source.dates.length === 0 ? ["yyyy-MM-dd"] : source.dates).map((format) => `\`${format}\``).join(" or ")}`;
    case "datetime":
      return `a date and time as ${(source.dates.length === 0 ? ["yyyy-MM-dd HH:mm:ss"] : source.dates).map((format) => `\`${format}\``).join(" or ")}`;
  }
}

function formatHint(field: Field): string {
  if (field.type === "date" || field.type === "datetime") return "mend the row at the source, or add the format under `source.dates`";
  return "mend the row at the source";
}

/** Whoever may see a personal value sees it in the record itself. */
function found({ personal }: Field, cell: string): string {
  return personal ? "has a value that cannot be used" : `is \`${shorten(cell)}\``;
}

function shorten(text: string): string {
  return text.length > 80 ? `${text.slice(0, 80)}…` : text;
}

/** The record as the JSON Schema sees it: canonical text, and no key for what is empty. */
function schemaObject(fields: readonly Field[], row: Row): Record<string, unknown> {
  const object: Record<string, unknown> = {};
  for (let i = 0; i < fields.length; i += 1) {
    const value = row[i] as Value;
    if (value !== null) object[(fields[i] as Field).name] = value instanceof Decimal ? value.toString() : value;
  }
  return object;
}
