import { type Problem, ProblemError, problem } from "../../model/problem.js";
import type { Column } from "../contract.js";
import { FieldMatcher, type Fields } from "../files/fields.js";
import { MAX_LINE_LENGTH } from "../files/lines.js";
import { RAW_LENGTH, RowBatch } from "../files/rows.js";
import type { JsonSettings } from "./options.js";
import { JsonFault, parseRecord } from "./parse.js";
import type { Item } from "./scan.js";

/** Turns JSON objects into records. Each becomes a record or is malformed, or is left out as the options say. */
export class RecordReader {
  private readonly batch = new RowBatch();
  private readonly matcher: FieldMatcher;
  /** Items of the list so far. */
  private items = 0;

  constructor(
    columns: readonly Column[],
    private readonly settings: JsonSettings,
    private readonly unit: string,
  ) {
    this.matcher = new FieldMatcher(columns, settings, unit);
  }

  get isFull(): boolean {
    return this.batch.isFull;
  }

  take(): ReturnType<RowBatch["take"]> {
    return this.batch.take();
  }

  /** After the last record: the required columns that none of them has. */
  end(): Problem | null {
    return this.matcher.end();
  }

  /** A line by itself: whatever is wrong with it is wrong with no other. */
  addLine(text: string, line: number, isTooLong: boolean): void {
    if (text.trim() === "" && !isTooLong) return;
    if (isTooLong) {
      this.refuse(text, line, line, `the line is longer than ${MAX_LINE_LENGTH / 2 ** 20} MB`);
      return;
    }
    if (this.isIgnoredRow(text)) return;
    try {
      this.add(parseRecord(text, this.settings.trim), text, line, line);
    } catch (error) {
      if (!(error instanceof JsonFault)) throw error;
      this.refuse(text, line, line, `the line is not JSON: at column ${error.offset + 1} ${error.reason}`);
    }
  }

  /** An item of the list. One that is not JSON means that the file is broken, and where it goes on cannot be known. */
  addItem(item: Item): void {
    this.items += 1;
    let fields: Fields | null;
    try {
      fields = parseRecord(item.text, this.settings.trim);
    } catch (error) {
      if (!(error instanceof JsonFault)) throw error;
      throw broken(this.unit, item, error);
    }
    // The place in the list is its line: a file may have all of its items on one line.
    if (!this.isIgnoredRow(item.text)) this.add(fields, item.text, this.items, item.line);
  }

  private isIgnoredRow(text: string): boolean {
    const isIgnored = this.settings.ignoredRows.some((pattern) => pattern.test(text));
    if (isIgnored) this.batch.leftOut += 1;
    return isIgnored;
  }

  private add(fields: Fields | null, text: string, line: number, physicalLine: number): void {
    if (fields === null) {
      this.refuse(text, line, physicalLine, "the record is no object");
      return;
    }
    if (this.matcher.isIgnored(fields)) {
      this.batch.leftOut += 1;
      return;
    }
    const { cells, faults } = this.matcher.cells(fields);
    if (faults.length === 0) this.batch.add({ line, cells });
    else this.refuse(text, line, physicalLine, faults.join("; "));
  }

  private refuse(text: string, line: number, physicalLine: number, message: string): void {
    const at = { file: this.unit, line: physicalLine };
    const hint = "correct the record at its source, or ask for other columns; those of an object within it are called `outer.inner`";
    this.batch.add({ line, text: text.slice(0, RAW_LENGTH), problem: problem("RECORD_MALFORMED", message, at, hint) });
  }
}

function broken(unit: string, item: Item, fault: JsonFault): ProblemError {
  const before = item.text.slice(0, fault.offset);
  const breaks = before.split("\n").length - 1;
  const at = {
    file: unit,
    line: item.line + breaks,
    column: breaks === 0 ? item.column + fault.offset : fault.offset - before.lastIndexOf("\n"),
  };
  const message = `\`${unit}\` is not JSON that can be read: ${fault.reason}`;
  return new ProblemError(problem("SOURCE_FORMAT", message, at, "correct it at its source, or send it again; nothing was taken from it"));
}
