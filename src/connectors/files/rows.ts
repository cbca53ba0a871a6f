import type { MalformedRecord, RawRecord } from "../contract.js";

/** Rows handed on at a time. */
const BATCH_ROWS = 2000;
/** The longest text of a malformed row that is kept. */
export const RAW_LENGTH = 4000;

/** Gathers the rows of one file into batches. A footer is held back, because only the end of the file tells where it begins. */
export class RowBatch {
  /** Rows left out on purpose, by `ignore` or `skip_footer`. */
  leftOut = 0;

  private records: RawRecord[] = [];
  private malformed: MalformedRecord[] = [];
  private readonly held: (RawRecord | MalformedRecord)[] = [];

  constructor(private readonly skipFooter = 0) {}

  get isFull(): boolean {
    return this.records.length + this.malformed.length >= BATCH_ROWS;
  }

  add(row: RawRecord | MalformedRecord): void {
    let next: RawRecord | MalformedRecord | undefined = row;
    if (this.skipFooter > 0) {
      this.held.push(row);
      next = this.held.length > this.skipFooter ? this.held.shift() : undefined;
    }
    if (next === undefined) return;
    if ("cells" in next) this.records.push(next);
    else this.malformed.push(next);
  }

  /** The rows since the last call. */
  take(): { readonly records: readonly RawRecord[]; readonly malformed: readonly MalformedRecord[]; readonly leftOut: number } {
    const { records, malformed, leftOut } = this;
    this.records = [];
    this.malformed = [];
    return { records, malformed, leftOut };
  }

  /** Leaves out the footer, after the last row. */
  end(): void {
    this.leftOut += this.held.length;
    this.held.length = 0;
  }
}
