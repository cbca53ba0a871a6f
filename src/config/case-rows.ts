import type { RawRecord } from "../connectors/contract.js";
import { type Place, type Problem, problem } from "../model/problem.js";
import type { TestCase } from "./case-schema.js";
import { type LookupSheet, readSheet, splitRows } from "./lookup-rows.js";
import type { Project, SourceSettings } from "./pipeline.js";
import { fieldIndex } from "./source-settings.js";
import { keyPlace, placeInText, placeOf, type ScalarTree, type Tree } from "./tree.js";

type Input = NonNullable<TestCase["input"]>;
type Given = Readonly<Record<string, string | number | boolean | null>>;

export interface RowsContext {
  readonly source: SourceSettings;
  readonly project: Project;
  readonly problems: Problem[];
}

/** The columns that a case leaves out, by position in the record schema. */
export type Usual = ReadonlyMap<number, string | null>;

/** The rows of a case as its source would give them: one cell for each field of the record. */
export function readRows(tree: Tree, input: Input, usual: Usual, context: RowsContext): RawRecord[] {
  if (tree.kind === "list") return listRows(tree.items, input as readonly Given[], usual, context);
  if (tree.kind === "scalar") {
    const sheet = splitRows(tree.text, textPlace(tree), context.problems, "CONFIG_WRONG_VALUE");
    return sheet === null ? [] : sheetRows(sheet, (line, part) => placeInLine(tree, line, part), usual, context);
  }
  const { file } = input as { readonly file?: string };
  // That it is not there is told where the input was read.
  if (file === undefined) return [];
  const sheet = readSheet(file, context.project.folder, context.problems, "CONFIG_WRONG_VALUE");
  return sheet === null ? [] : sheetRows(sheet, (line, part) => sheet.file.linePlace(line, part), usual, context);
}

/** Values by column name, each column known. */
export function readUsual(tree: Tree | undefined, given: Given, context: RowsContext): Map<number, string | null> {
  const cells = new Map<number, string | null>();
  if (tree?.kind !== "map") return cells;
  for (const entry of tree.entries.values()) {
    const field = columnIndex(entry.key, keyPlace(entry), context);
    if (field === -1) continue;
    if (cells.has(field)) context.problems.push(twice(entry.key, keyPlace(entry)));
    const value = given[entry.key];
    cells.set(field, value === undefined || value === null || value === "" ? null : String(value));
  }
  return cells;
}

function listRows(items: readonly Tree[], rows: readonly Given[], usual: Usual, context: RowsContext): RawRecord[] {
  return items.map((item, index) => {
    const cells = new Map([...usual, ...readUsual(item, rows[index] ?? {}, context)]);
    return { line: index + 1, cells: context.source.schema.fields.map((_, field) => cells.get(field) ?? null) };
  });
}

function sheetRows(
  sheet: Omit<LookupSheet, "file">,
  at: (line: number, part?: string) => Place,
  usual: Usual,
  context: RowsContext,
): RawRecord[] {
  const columns = sheet.header.map((name) => columnIndex(name, at(1, name), context));
  const doubled = columns.findIndex((field, index) => field !== -1 && columns.indexOf(field) !== index);
  if (doubled !== -1) context.problems.push(twice(sheet.header[doubled] ?? "", at(1, sheet.header[doubled])));
  return sheet.rows.map(({ line, cells }) => {
    if (cells.length !== sheet.header.length) {
      const message = `the row has ${cells.length} cells; the header has ${sheet.header.length}`;
      context.problems.push(problem("CONFIG_WRONG_VALUE", message, at(line), "put quotes around a cell that holds a comma"));
    }
    const given = new Map(usual);
    for (const [index, field] of columns.entries()) {
      const cell = cells[index] ?? "";
      given.set(field, cell === "" ? null : cell);
    }
    return { line, cells: context.source.schema.fields.map((_, field) => given.get(field) ?? null) };
  });
}

/** A field by its own name or by one of those it may arrive under. */
function columnIndex(name: string, at: Place, { source, problems }: RowsContext): number {
  const byAlias = source.aliases.findIndex((aliases) => aliases.includes(name));
  const { fields } = source.schema;
  return byAlias !== -1 && !fields.some((field) => field.name === name) ? byAlias : fieldIndex(name, at, fields, problems);
}

function twice(name: string, at: Place): Problem {
  return problem("CONFIG_DUPLICATE_NAME", `the column \`${name}\` stands twice in one row`, at, "keep one of the two");
}

function textPlace(tree: ScalarTree): Parameters<typeof splitRows>[1] {
  return { what: "the text", whole: placeOf(tree), line: (line) => placeInLine(tree, line) };
}

/** The place of a line of a scalar's text, counted from 1, or of some text in it. */
function placeInLine(tree: ScalarTree, line: number, part?: string): Place {
  const lines = tree.text.split("\n");
  const start = lines.slice(0, line - 1).reduce((sum, each) => sum + each.length + 1, 0);
  const text = lines[line - 1] ?? "";
  const found = part === undefined || part === "" ? -1 : text.indexOf(part);
  return found === -1
    ? placeInText(tree, start, start + text.length)
    : placeInText(tree, start + found, start + found + (part as string).length);
}
