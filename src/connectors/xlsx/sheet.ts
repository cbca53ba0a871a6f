import { ProblemError, problem } from "../../model/problem.js";
import type { XmlElement } from "../files/xml.js";
import type { SheetCell } from "./cell.js";
import { readPart } from "./part.js";
import { RichText, type Sheet, type Workbook } from "./workbook.js";

const MAX_ROWS = 1_048_576;
const MAX_COLUMNS = 16_384;
const MAX_MERGES = 1_000_000;

export interface SheetRow {
  /** As Excel numbers it, from 1. */
  readonly number: number;
  /** By column from 0; undefined where nothing stands. */
  readonly cells: readonly (SheetCell | undefined)[];
  /** The cells as they are stored, where merged ranges have filled others. */
  readonly stored?: readonly (SheetCell | undefined)[];
}

export interface SheetPiece {
  readonly rows: readonly SheetRow[];
  /** How much of the sheet has been read, from 0 to 1. */
  readonly share: number;
}

/** How problems call a sheet, and the unit it is where sheets are taken one by one. */
export function sheetUnit(workbook: Workbook, sheet: Sheet): string {
  return `${workbook.unit}!${sheet.name}`;
}

/** The rows of a sheet as they stand in the file. With `merges`, every cell of a merged range has the content of its first. */
export async function* readRows(workbook: Workbook, sheet: Sheet, merges: readonly Merge[] | null): AsyncGenerator<SheetPiece> {
  const unit = sheetUnit(workbook, sheet);
  const parser = new RowParser(unit);
  const filler = merges === null ? null : new MergeFiller(merges, unit);
  for await (const share of readPart(workbook.archive, sheet.entry, workbook.unit, workbook.limit, parser)) {
    const rows = parser.take();
    yield { rows: filler === null ? rows : rows.map((row) => filler.fill(row)), share };
  }
}

interface OpenCell {
  readonly type: string;
  readonly style: number;
  hasFormula: boolean;
  hasValue: boolean;
}

class RowParser {
  private rows: SheetRow[] = [];
  private isInData = false;
  private row: { number: number; cells: (SheetCell | undefined)[] } | null = null;
  private lastRow = 0;
  private column = -1;
  private cell: OpenCell | null = null;
  /** Elements within a row or a cell that mean nothing here. */
  private depth = 0;
  private value = "";
  private isInValue = false;
  private inline: RichText | null = null;

  constructor(private readonly unit: string) {}

  take(): SheetRow[] {
    const { rows } = this;
    this.rows = [];
    return rows;
  }

  open(element: XmlElement): void {
    const { local } = element;
    if (this.inline !== null) this.inline.open(local);
    else if (this.cell !== null) this.openInCell(this.cell, local);
    else if (this.row !== null) {
      if (local === "c" && this.depth === 0) this.openCell(element);
      else this.depth += 1;
    } else if (local === "sheetData") this.isInData = true;
    else if (this.isInData && local === "row") this.openRow(element);
  }

  text(piece: string): void {
    if (this.inline !== null) this.inline.add(piece);
    else if (this.isInValue) this.value += piece;
  }

  close(): void {
    if (this.inline !== null) {
      if (this.inline.close() !== "is") return;
      this.value = this.inline.take();
      this.inline = null;
    } else if (this.isInValue) this.isInValue = false;
    else if (this.depth > 0) this.depth -= 1;
    else if (this.cell !== null) this.closeCell(this.cell);
    else if (this.row !== null) {
      this.rows.push(this.row);
      this.row = null;
    }
  }

  private openInCell(cell: OpenCell, local: string): void {
    if (this.depth === 0 && local === "v") {
      this.isInValue = true;
      cell.hasValue = true;
    } else if (this.depth === 0 && local === "is") {
      this.inline = new RichText();
      this.inline.open(local);
      cell.hasValue = true;
    } else {
      if (local === "f") cell.hasFormula = true;
      this.depth += 1;
    }
  }

  private closeCell(cell: OpenCell): void {
    const isText = cell.type === "s" || cell.type === "str" || cell.type === "inlineStr";
    if (this.row !== null) {
      const { type, style, hasFormula, hasValue } = cell;
      this.row.cells[this.column] = { type, style, hasFormula, hasValue, text: isText ? this.value : this.value.trim() };
    }
    this.cell = null;
    this.value = "";
  }

  private openRow(element: XmlElement): void {
    const noted = element.get("r");
    const number = noted === undefined ? this.lastRow + 1 : /^\d{1,7}$/.test(noted) ? Number(noted) : 0;
    if (number <= this.lastRow || number > MAX_ROWS)
      throw unreadable(this.unit, `its row \`${noted ?? number}\` follows row ${this.lastRow}`);
    this.lastRow = number;
    this.column = -1;
    this.row = { number, cells: [] };
  }

  private openCell(element: XmlElement): void {
    const place = element.get("r");
    const column = place === undefined ? this.column + 1 : columnOf(place);
    // Cells that go back would overwrite others.
    if (column <= this.column || column >= MAX_COLUMNS)
      throw unreadable(this.unit, `the cell \`${place ?? column + 1}\` of row ${this.lastRow} is out of order`);
    this.column = column;
    const style = Number(element.get("s") ?? "0");
    this.cell = { type: element.get("t") ?? "n", style, hasFormula: false, hasValue: false };
  }
}

/** Letters of `AB12` as a column from 0; -1 when they are none. */
export function columnOf(place: string): number {
  const letters = /^([A-Za-z]{1,3})\d*$/.exec(place)?.[1];
  if (letters === undefined) return -1;
  let column = 0;
  for (const letter of letters.toUpperCase()) column = column * 26 + letter.charCodeAt(0) - 64;
  return column - 1;
}

/** The letters of a column, from 0. */
export function columnName(column: number): string {
  let name = "";
  for (let rest = column + 1; rest > 0; rest = Math.floor((rest - 1) / 26)) name = String.fromCharCode(65 + ((rest - 1) % 26)) + name;
  return name;
}

/** A merged range; rows from 1, columns from 0, both ends included. */
export interface Merge {
  readonly top: number;
  readonly bottom: number;
  readonly left: number;
  readonly right: number;
}

/** The merged ranges stand behind the rows, so they take a reading of their own. */
export async function readMerges(workbook: Workbook, sheet: Sheet): Promise<Merge[]> {
  const merges: Merge[] = [];
  const open = (element: XmlElement): void => {
    if (element.local !== "mergeCell") return;
    const [, from, top, to, bottom] = /^([A-Z]{1,3})(\d{1,7}):([A-Z]{1,3})(\d{1,7})$/.exec(element.get("ref") ?? "") ?? [];
    if (from === undefined || to === undefined || merges.length >= MAX_MERGES) return;
    const merge = {
      top: Number(top),
      bottom: Math.min(Number(bottom), MAX_ROWS),
      left: columnOf(from),
      right: Math.min(columnOf(to), MAX_COLUMNS - 1),
    };
    merges.push(merge);
  };
  const events = { open, text: (): void => undefined, close: (): void => undefined };
  for await (const _share of readPart(workbook.archive, sheet.entry, workbook.unit, workbook.limit, events));
  return merges.sort((left, right) => left.top - right.top);
}

/** Gives the content of the first cell of each merged range to all cells of it that lie in rows of the file. */
class MergeFiller {
  private next = 0;
  private open: { readonly merge: Merge; readonly cell: SheetCell | undefined }[] = [];

  constructor(
    private readonly merges: readonly Merge[],
    private readonly unit: string,
  ) {}

  fill(row: SheetRow): SheetRow {
    this.open = this.open.filter(({ merge }) => merge.bottom >= row.number);
    for (let merge = this.merges[this.next]; merge !== undefined && merge.top <= row.number; merge = this.merges[this.next]) {
      this.next += 1;
      // A range whose first row stands nowhere is empty.
      if (merge.top === row.number) this.open.push({ merge, cell: row.cells[merge.left] });
    }
    if (this.open.length === 0) return row;
    const width = this.open.reduce((sum, { merge }) => sum + merge.right - merge.left + 1, 0);
    if (width > MAX_COLUMNS) throw unreadable(this.unit, `its merged ranges overlap in row ${row.number}`);
    const cells = [...row.cells];
    for (const { merge, cell } of this.open) for (let column = merge.left; column <= merge.right; column += 1) cells[column] = cell;
    return { number: row.number, cells, stored: row.cells };
  }
}

function unreadable(unit: string, what: string): ProblemError {
  return new ProblemError(
    problem(
      "SOURCE_FORMAT",
      `the sheet \`${unit}\` cannot be read: ${what}`,
      { file: unit },
      "open the workbook in Excel or WPS and save it again",
    ),
  );
}
