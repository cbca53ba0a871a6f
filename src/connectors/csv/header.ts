import { closest, distance } from "fastest-levenshtein";
import { type Problem, problem } from "../../model/problem.js";
import type { Column } from "../contract.js";
import type { CsvSettings } from "./options.js";
import { RowScanner } from "./parse.js";

/** The header is looked for in this many lines after those that are skipped. */
export const HEADER_SEARCH_LINES = 200;

const DELIMITERS = [",", ";", "\t", "|"].map((character) => character.charCodeAt(0));
const SHOWN_LENGTH = 200;

export interface Header {
  /** Trimmed names, in the order of the file; empty text for a column without a name. */
  readonly names: readonly string[];
  /** Stands at the first row below the header and holds the text it was found in. */
  readonly scanner: RowScanner;
}

/**
 * Finds the header in the first text of a file. `head` must hold the skipped lines and the ones to search, or be the
 * whole file (`isLast`). With `delimiter: detect` the candidate that splits the header into most columns is taken.
 */
export function findHeader(
  head: string,
  isLast: boolean,
  settings: CsvSettings,
  columns: readonly Column[],
  unit: string,
): Header | Problem {
  const wanted = settings.contains?.map((name) => [
    name,
    ...(columns.find((column) => column.name.trim() === name)?.aliases ?? []).map(trimmed),
  ]);
  let best: Header | null = null;
  for (const delimiter of settings.delimiter === null ? DELIMITERS : [settings.delimiter]) {
    if (delimiter === settings.quote) continue;
    const scanner = new RowScanner({ delimiter, quote: settings.quote, escape: settings.escape, trim: settings.trim });
    scanner.push(head, isLast);
    const names = seek(scanner, settings, wanted ?? null);
    if (names !== null && (best === null || names.length > best.names.length)) best = { names, scanner };
  }
  if (settings.fixedNames !== null) return withoutHeader(head, isLast, settings, settings.fixedNames, best);
  return best ?? noHeader(head, settings, unit);
}

/** The scanner of a file whose columns are named by the pipeline. It stands before its first row. */
function withoutHeader(head: string, isLast: boolean, settings: CsvSettings, names: readonly string[], best: Header | null): Header {
  const delimiter = settings.delimiter ?? best?.scanner.dialect.delimiter ?? (DELIMITERS[0] as number);
  const scanner = new RowScanner({ delimiter, quote: settings.quote, escape: settings.escape, trim: settings.trim });
  scanner.push(head, isLast);
  skip(scanner, settings.skipLines);
  return { names, scanner };
}

function skip(scanner: RowScanner, lines: number): boolean {
  for (let skipped = 0; skipped < lines; skipped += 1) if (!scanner.skipLine()) return false;
  return true;
}

function seek(scanner: RowScanner, settings: CsvSettings, wanted: readonly (readonly string[])[] | null): string[] | null {
  if (!skip(scanner, settings.skipLines)) return null;
  const lastLine = settings.skipLines + HEADER_SEARCH_LINES;
  while (scanner.next() && (wanted === null || scanner.line <= lastLine)) {
    if (scanner.fault === null && !scanner.isEmptyFrom(0)) {
      const names = namesOf(scanner);
      if (wanted === null || wanted.every((any) => any.some((name) => names.includes(name)))) return names;
    }
    if (wanted === null && scanner.fault !== null) return null;
    // What looks like a quoted cell in a preamble may be a stray quote, so no line of it is passed over.
    scanner.keepFirstLine();
  }
  return null;
}

function namesOf(scanner: RowScanner): string[] {
  const names: string[] = [];
  for (let index = 0; index < scanner.count; index += 1) names.push((scanner.cell(index) ?? "").trim());
  return names;
}

function noHeader(head: string, settings: CsvSettings, unit: string): Problem {
  const { contains, skipLines } = settings;
  const lines = head.split(/\r\n|\n|\r/).slice(skipLines);
  const index = lines.findIndex((line) => line.trim() !== "");
  if (index === -1) {
    const message =
      skipLines === 0
        ? `\`${unit}\` is empty, expected a header row`
        : `\`${unit}\` has nothing below the ${skipLines} lines that are skipped`;
    return problem("SOURCE_NO_HEADER", message, { file: unit }, "check that the export is complete");
  }
  const at = { file: unit, line: skipLines + index + 1 };
  const first = `\`${(lines[index] as string).trim().slice(0, SHOWN_LENGTH)}\``;
  if (contains === null) {
    return problem(
      "SOURCE_NO_HEADER",
      `the header of \`${unit}\` cannot be split into columns: ${first}`,
      at,
      "check its quotes, and the `quote` of this source",
    );
  }
  return problem(
    "SOURCE_NO_HEADER",
    `no header row in \`${unit}\`: none of the first ${HEADER_SEARCH_LINES} lines contains ${list(contains)}; the first line is ${first}`,
    at,
    "correct the names under `header.contains`, or check `delimiter` and `encoding`",
  );
}

export interface ColumnMatch {
  /** For each requested column its place in the row, from 0, or -1 when the file has no such column. */
  readonly places: readonly number[];
  /** For each pattern of `ignore` on a column, the place of that column. */
  readonly ignoredPlaces: readonly number[];
  /** Cells up to the last column that has a name: a row with fewer is short. */
  readonly named: number;
  /** Cells of the header, nameless ones included: a row with more is long. */
  readonly width: number;
}

/** Finds the requested columns. Names are matched exactly; two columns with one name are refused, asked for or not. */
export function matchColumns(
  names: readonly string[],
  columns: readonly Column[],
  settings: CsvSettings,
  unit: string,
): ColumnMatch | Problem {
  const places = new Map<string, number>();
  for (const [place, name] of names.entries()) {
    const other = places.get(name);
    if (name === "") continue;
    if (other !== undefined) {
      return duplicate(`\`${unit}\` has two columns \`${name}\`, the ${ordinal(other)} and the ${ordinal(place)}`, unit);
    }
    places.set(name, place);
  }
  const found: number[] = [];
  const missing: string[] = [];
  for (const column of columns) {
    const matches = new Map<number, string>();
    for (const name of [column.name, ...column.aliases].map(trimmed)) {
      const place = places.get(name);
      if (place !== undefined) matches.set(place, name);
    }
    if (matches.size > 1) {
      const both = [...matches].map(([place, name]) => `\`${name}\` (the ${ordinal(place)})`).join(" and ");
      return duplicate(`\`${unit}\` has several columns that are all called \`${column.name}\` here: ${both}`, unit);
    }
    const [place] = matches.keys();
    if (place === undefined && column.required) missing.push(column.name);
    found.push(place ?? -1);
  }
  const ignoredPlaces: number[] = [];
  for (const { column } of settings.ignoredCells) {
    const place = places.get(column) ?? found[columns.findIndex((each) => each.name.trim() === column)] ?? -1;
    if (place === -1 && !missing.includes(column)) missing.push(column);
    ignoredPlaces.push(place);
  }
  if (missing.length > 0) return missingColumns(missing, names, unit);
  return { places: found, ignoredPlaces, named: names.findLastIndex((name) => name !== "") + 1, width: names.length };
}

function duplicate(message: string, unit: string): Problem {
  return problem(
    "SOURCE_DUPLICATE_HEADER",
    message,
    { file: unit },
    "rename one at the source, or take one of the aliases out of `source.columns`",
  );
}

function missingColumns(missing: readonly string[], names: readonly string[], unit: string): Problem {
  const present = names.filter((name) => name !== "");
  const first = missing[0] as string;
  const near = present.length === 0 ? null : closest(first, present);
  const isNear =
    near !== null && (distance(first, near) <= Math.max(1, Math.floor(first.length / 3)) || near.includes(first) || first.includes(near));
  return problem(
    "SOURCE_MISSING_COLUMN",
    `\`${unit}\` has no column ${list(missing)}; its columns are ${list(present)}${isNear ? `; the nearest to \`${first}\` is \`${near}\`` : ""}`,
    { file: unit },
    `if a column has another name here, add it under \`source.columns\`: \`${first}: [${isNear ? near : "its name in this file"}]\``,
  );
}

function ordinal(place: number): string {
  const number = place + 1;
  const ending = number % 100 >= 11 && number % 100 <= 13 ? "th" : (["th", "st", "nd", "rd"][number % 10] ?? "th");
  return `${number}${ending}`;
}

function list(names: readonly string[]): string {
  return names.map((name) => `\`${name}\``).join(", ");
}

function trimmed(name: string): string {
  return name.trim();
}
