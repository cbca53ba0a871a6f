import { type Problem, problem } from "../../model/problem.js";
import type { Column } from "../contract.js";
import { type ColumnMatch, listNames, matchColumns } from "../files/columns.js";
import { type CellContext, CellFault, cellValue } from "./cell.js";
import type { XlsxSettings } from "./options.js";
import type { SheetRow } from "./sheet.js";

/** The header is looked for in this many rows that are not empty. */
const SEARCHED_ROWS = 200;

/** Looks for the header in the rows of one sheet, one after the other. */
export class HeaderSearch {
  /** Where the requested columns are, or why they are not there; null while more rows are needed. */
  result: ColumnMatch | Problem | null = null;
  /** Rows above the header that are not empty. */
  above = 0;

  private readonly wanted: readonly (readonly string[])[];
  private best: { readonly names: readonly string[]; readonly count: number } | null = null;
  private first: string | null = null;

  constructor(
    private readonly columns: readonly Column[],
    private readonly settings: XlsxSettings,
    private readonly context: CellContext,
    private readonly unit: string,
  ) {
    const named = (column: Column): string[] => [column.name, ...column.aliases].map((name) => name.trim());
    const required = columns.filter((column) => column.required);
    this.wanted =
      settings.contains?.map((name) => {
        const column = columns.find((each) => each.name.trim() === name);
        return column === undefined ? [name] : named(column);
      }) ?? (required.length > 0 ? required.map(named) : [columns.flatMap(named)]);
  }

  /** True when the search is over. */
  add(row: SheetRow): boolean {
    const names = namesOf(row, this.context);
    const shown = names.filter((name) => name !== "");
    if (shown.length === 0) return false;
    this.first ??= shown.join(",").slice(0, 200);
    const count = this.wanted.filter((any) => any.some((name) => names.includes(name))).length;
    if (count === this.wanted.length) {
      this.result = matchColumns(names, this.columns, this.settings, this.unit);
      return true;
    }
    if (count > (this.best?.count ?? 0)) this.best = { names, count };
    this.above += 1;
    return this.above >= SEARCHED_ROWS && this.fail();
  }

  /** After the last row. */
  end(): void {
    if (this.result === null) this.fail();
  }

  /** The row that comes nearest to a header tells best what is missing. */
  private fail(): true {
    const { best, unit, settings } = this;
    const missing = best === null || settings.contains !== null ? null : matchColumns(best.names, this.columns, settings, unit);
    this.result = missing !== null && "code" in missing ? missing : this.noHeader();
    return true;
  }

  private noHeader(): Problem {
    const { unit, settings } = this;
    if (this.first === null)
      return problem(
        "SOURCE_NO_HEADER",
        `\`${unit}\` is empty, expected a header row`,
        { file: unit },
        "check that the export is complete",
      );
    const names = settings.contains ?? this.wanted.map((any) => any[0] as string);
    return problem(
      "SOURCE_NO_HEADER",
      `no header row in \`${unit}\`: none of the first ${SEARCHED_ROWS} rows has ${listNames(names)}; the first row is \`${this.first}\``,
      { file: unit },
      "say which `sheet` it is, or correct the names under `source.columns` or `header.contains`",
    );
  }
}

/** A name that is merged over several columns is the name of the first, or there would be two of it. */
function namesOf(row: SheetRow, context: CellContext): string[] {
  const names: string[] = [];
  const cells = row.stored ?? row.cells;
  for (let column = 0; column < cells.length; column += 1) {
    const cell = cells[column];
    const value = cell === undefined ? null : cellValue(cell, context);
    names.push(value === null || value instanceof CellFault ? "" : String(value).trim());
  }
  return names;
}
