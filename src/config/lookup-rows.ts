import { readFileSync } from "node:fs";
import { CsvError, parse } from "csv-parse/sync";
import { dateReader } from "../model/date-formats.js";
import { readNumber } from "../model/numerals.js";
import { type Place, type Problem, type ProblemCode, problem } from "../model/problem.js";
import type { Field } from "../model/record.js";
import type { FieldType, Value } from "../model/value.js";
import { SourceFile, showPath } from "./source-file.js";

/** A CSV file of a lookup: its columns, and its cells with blanks around them dropped. */
export interface LookupSheet {
  readonly file: SourceFile;
  readonly header: readonly string[];
  readonly rows: readonly SheetRow[];
}

export interface SheetRow {
  /** Line of the file on which the row ends. */
  readonly line: number;
  readonly cells: readonly string[];
}

/** More faults of one file than this say nothing new. */
const MOST_FAULTS = 20;

/** Reads the file as strict UTF-8, or else as GB18030. Null and a problem when it is neither, or no CSV. */
export function readSheet(
  path: string,
  projectFolder: string,
  problems: Problem[],
  code: ProblemCode = "CONFIG_LOOKUP",
): LookupSheet | null {
  const name = showPath(path, projectFolder);
  const text = decode(readFileSync(path));
  if (text === null) {
    problems.push(problem(code, "the file is neither UTF-8 nor GB18030 text", { file: name }, "save it as CSV UTF-8"));
    return null;
  }
  const file = new SourceFile(path, name, text);
  const rows = splitRows(text, { what: "the file", whole: { file: name }, line: (line) => file.linePlace(line) }, problems, code);
  return rows === null ? null : { file, ...rows };
}

/** What a text is called, and where it and its lines stand. */
export interface TextPlace {
  readonly what: string;
  readonly whole: Place;
  readonly line: (line: number) => Place;
}

/** CSV text as a header and rows; null and a problem when it is none. */
export function splitRows(text: string, at: TextPlace, problems: Problem[], code: ProblemCode): Omit<LookupSheet, "file"> | null {
  try {
    const parsed = parse(text, { info: true, relax_column_count: true, skip_empty_lines: true, trim: true }) as unknown as {
      record: string[];
      info: { lines: number };
    }[];
    const rows = parsed.map(({ record, info }) => ({ line: info.lines, cells: record }));
    const [first, ...rest] = rows;
    if (first !== undefined) return { header: first.cells, rows: rest.filter((row) => row.cells.some((cell) => cell !== "")) };
    problems.push(problem(code, `${at.what} is empty; expected a header row`, at.whole));
  } catch (error) {
    if (!(error instanceof CsvError)) throw error;
    const line = (error as unknown as { lines?: number }).lines ?? 1;
    problems.push(
      problem(
        code,
        `${at.what} cannot be split into cells: ${error.code === "CSV_QUOTE_NOT_CLOSED" ? "a quote is opened and never closed" : lowerFirst(error.message)}`,
        at.line(line),
        "check the quotes",
      ),
    );
  }
  return null;
}

function decode(bytes: Uint8Array): string | null {
  for (const encoding of ["utf-8", "gb18030"]) {
    try {
      return new TextDecoder(encoding, { fatal: true }).decode(bytes);
    } catch {
      // The next encoding is tried.
    }
  }
  return null;
}

function lowerFirst(text: string): string {
  return text.charAt(0).toLowerCase() + text.slice(1);
}

/** Turns rows into values by the columns' types; a row that cannot be read becomes a problem at its line. */
export function typeRows(sheet: LookupSheet, columns: readonly (Field | null)[], problems: Problem[]): { line: number; values: Value[] }[] {
  const faults: Problem[] = [];
  const typed: { line: number; values: Value[] }[] = [];
  for (const row of sheet.rows) {
    const at = (cell?: string): Place => sheet.file.linePlace(row.line, cell);
    if (row.cells.length !== sheet.header.length && row.cells.slice(sheet.header.length).some((cell) => cell !== "")) {
      faults.push(
        problem(
          "CONFIG_LOOKUP",
          `the row has ${row.cells.length} cells; the header has ${sheet.header.length}`,
          at(),
          "put quotes around a cell that holds a comma",
        ),
      );
      continue;
    }
    const values: Value[] = [];
    for (const [index, column] of columns.entries()) {
      if (column === null) continue;
      const cell = row.cells[index] ?? "";
      const value = cell === "" ? null : readValue(cell, column.type);
      if (value === undefined)
        faults.push(problem("CONFIG_LOOKUP", `\`${column.name}\` is \`${cell}\`; expected ${EXPECTED[column.type]}`, at(cell)));
      values.push(value ?? null);
    }
    typed.push({ line: row.line, values });
  }
  problems.push(...shorten(faults, sheet.file));
  return typed;
}

/** The first faults of a file, and how many more there are. */
export function shorten(faults: readonly Problem[], file: SourceFile): Problem[] {
  if (faults.length <= MOST_FAULTS) return [...faults];
  const rest = problem("CONFIG_LOOKUP", `${faults.length - MOST_FAULTS} more rows of this file cannot be used`, { file: file.name });
  return [...faults.slice(0, MOST_FAULTS), rest];
}

const EXPECTED: Readonly<Record<FieldType, string>> = {
  text: "text",
  number: "a number such as `0.06`",
  date: "a date such as `2026-01-31`",
  datetime: "a date such as `2026-01-31`",
  boolean: "`true`, `false`, `是` or `否`",
};

/** ISO, and what spreadsheets make of it. */
const readDate = dateReader(["yyyy-MM-dd", "yyyy/M/d", "yyyy-M-d", "yyyy.M.d", "yyyy年M月d日"]);

const BOOLEANS: ReadonlyMap<string, boolean> = new Map([
  ["true", true],
  ["false", false],
  ["yes", true],
  ["no", false],
  ["y", true],
  ["n", false],
  ["1", true],
  ["0", false],
  ["是", true],
  ["否", false],
]);

/** A cell as a value of the type, or undefined when it is none. */
export function readValue(cell: string, type: FieldType): Value | undefined {
  switch (type) {
    case "text":
      return cell;
    case "number":
      return readNumber(cell) ?? undefined;
    case "boolean":
      return BOOLEANS.get(cell.toLowerCase());
    default:
      return readDate(cell) ?? undefined;
  }
}

export function describeType(type: FieldType): string {
  return EXPECTED[type];
}
