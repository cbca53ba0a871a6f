import { type Problem, problem } from "../../model/problem.js";
import type { Column } from "../contract.js";
import { listNames } from "../files/columns.js";
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
    `no header row in \`${unit}\`: none of the first ${HEADER_SEARCH_LINES} lines contains ${listNames(contains)}; the first line is ${first}`,
    at,
    "correct the names under `header.contains`, or check `delimiter` and `encoding`",
  );
}

function trimmed(name: string): string {
  return name.trim();
}
