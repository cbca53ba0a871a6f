import { problem } from "../../model/problem.js";
import type { MalformedRecord, RawCell } from "../contract.js";
import type { ColumnMatch } from "../files/columns.js";
import { RAW_LENGTH, RowBatch } from "../files/rows.js";
import { type CellContext, CellFault, cellValue } from "./cell.js";
import type { XlsxSettings } from "./options.js";
import { columnName, type SheetRow } from "./sheet.js";

/** Turns the rows below a header into records. Every row becomes a record or is malformed, or is left out as the options say. */
export class RowReader {
  private readonly batch: RowBatch;

  constructor(
    private readonly match: ColumnMatch,
    private readonly context: CellContext,
    private readonly settings: XlsxSettings,
    private readonly unit: string,
    /** Rows above the header. */
    above: number,
  ) {
    this.batch = new RowBatch(settings.skipFooter);
    this.batch.leftOut = above;
  }

  get isFull(): boolean {
    return this.batch.isFull;
  }

  add(row: SheetRow): void {
    if (isEmpty(row, this.context)) return;
    if (this.isIgnored(row)) {
      this.batch.leftOut += 1;
      return;
    }
    const cells: RawCell[] = [];
    const faults: string[] = [];
    for (const place of this.match.places) {
      const cell = place === -1 ? undefined : row.cells[place];
      const value = cell === undefined ? null : cellValue(cell, this.context);
      if (value instanceof CellFault) {
        faults.push(`the cell \`${columnName(place)}${row.number}\` holds ${value.message}`);
        cells.push(null);
      } else cells.push(value);
    }
    this.batch.add(faults.length === 0 ? { line: row.number, cells } : this.refuse(row, faults));
  }

  take(): ReturnType<RowBatch["take"]> {
    return this.batch.take();
  }

  /** Leaves out the footer, after the last row. */
  end(): void {
    this.batch.end();
  }

  private isIgnored(row: SheetRow): boolean {
    const { ignoredRows, ignoredCells } = this.settings;
    if (ignoredRows.length > 0) {
      const text = textOf(row, this.context);
      if (ignoredRows.some((pattern) => pattern.test(text))) return true;
    }
    return ignoredCells.some(({ pattern }, index) => {
      const cell = row.cells[this.match.ignoredPlaces[index] as number];
      return pattern.test(cell === undefined ? "" : shownText(cell, this.context).trim());
    });
  }

  private refuse(row: SheetRow, faults: readonly string[]): MalformedRecord {
    return {
      line: row.number,
      text: textOf(row, this.context).slice(0, RAW_LENGTH),
      problem: problem(
        "RECORD_MALFORMED",
        faults.join("; "),
        { file: this.unit, line: row.number },
        "correct the cell in the workbook and save it",
      ),
    };
  }
}

/** A row that only merged ranges reach into has nothing of its own: a record merged over two rows is one record. */
function isEmpty(row: SheetRow, context: CellContext): boolean {
  return (row.stored ?? row.cells).every((cell) => cell === undefined || cellValue(cell, context) === null);
}

function textOf(row: SheetRow, context: CellContext): string {
  return Array.from(row.cells, (cell) => (cell === undefined ? "" : shownText(cell, context))).join(",");
}

/** The value as text; of a cell without one, what is written there. */
function shownText(cell: NonNullable<SheetRow["cells"][number]>, context: CellContext): string {
  const value = cellValue(cell, context);
  if (value instanceof CellFault) return cell.text;
  return value === null ? "" : String(value);
}
