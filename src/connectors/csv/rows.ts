import { problem } from "../../model/problem.js";
import type { MalformedRecord, RawCell, RawRecord } from "../contract.js";
import type { ColumnMatch } from "../files/columns.js";
import { RAW_LENGTH, RowBatch } from "../files/rows.js";
import type { CsvSettings } from "./options.js";
import type { RowScanner } from "./parse.js";

/** Turns the rows of one file into records. Every row becomes a record or is malformed, or is left out as the options say. */
export class RowReader {
  private readonly batch: RowBatch;

  constructor(
    private readonly scanner: RowScanner,
    private readonly match: ColumnMatch,
    private readonly settings: CsvSettings,
    private readonly unit: string,
  ) {
    this.batch = new RowBatch(settings.skipFooter);
  }

  push(text: string, isLast: boolean): void {
    this.scanner.push(text, isLast);
  }

  /** Reads on; true when a batch is full and more may follow, false when more text is needed. */
  fill(): boolean {
    while (!this.batch.isFull) {
      if (!this.scanner.next()) return false;
      const row = this.row();
      if (row !== null) this.batch.add(row);
    }
    return true;
  }

  /** The rows since the last call. */
  take(): ReturnType<RowBatch["take"]> {
    return this.batch.take();
  }

  /** Leaves out the footer, after the last row. */
  end(): void {
    this.batch.end();
  }

  private row(): RawRecord | MalformedRecord | null {
    const { scanner, match, settings } = this;
    if (scanner.fault === null && scanner.isEmptyFrom(0)) return null;
    if (settings.ignoredRows.length > 0 && this.isIgnoredRow()) return null;
    if (scanner.fault !== null) return this.refuse(scanner.fault, FAULT_HINT);
    const { count } = scanner;
    if (count < match.named && !settings.fillsShortRows) return this.refuse(`found ${count} cells, expected ${match.named}`, SHORT_HINT);
    if (count > match.width && !scanner.isEmptyFrom(match.width))
      return this.refuse(`found ${count} cells, expected ${match.width}`, LONG_HINT);
    if (settings.ignoredCells.length > 0 && this.hasIgnoredCell()) return null;
    const { places } = match;
    const cells: RawCell[] = [];
    for (let index = 0; index < places.length; index += 1) {
      const place = places[index] as number;
      cells.push(place === -1 ? null : scanner.cell(place));
    }
    return { line: scanner.line, cells };
  }

  private isIgnoredRow(): boolean {
    const text = this.scanner.raw();
    const isIgnored = this.settings.ignoredRows.some((pattern) => pattern.test(text));
    if (isIgnored) this.batch.leftOut += 1;
    return isIgnored;
  }

  private hasIgnoredCell(): boolean {
    const { scanner, match, settings } = this;
    const isIgnored = settings.ignoredCells.some(({ pattern }, index) =>
      pattern.test((scanner.cell(match.ignoredPlaces[index] as number) ?? "").trim()),
    );
    if (isIgnored) this.batch.leftOut += 1;
    return isIgnored;
  }

  private refuse(message: string, hint: string): MalformedRecord {
    // A row over several lines that does not fit is more likely two stray quotes with rows between them.
    this.scanner.keepFirstLine();
    const { line } = this.scanner;
    return {
      line,
      text: this.scanner.raw().slice(0, RAW_LENGTH),
      problem: problem("RECORD_MALFORMED", message, { file: this.unit, line }, hint),
    };
  }
}

const FAULT_HINT =
  'correct the row at its source: a cell with quotes in it is quoted whole, its quotes doubled; a file that means quotes literally is read with `quote: ""`';
const SHORT_HINT =
  "correct the row at its source; totals and footers are left out by `ignore` or `skip_footer`, and `short_rows: fill` reads missing cells as empty";
const LONG_HINT = "correct the row at its source: a cell with the separator in it must be quoted";
