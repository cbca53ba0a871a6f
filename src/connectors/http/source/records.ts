import { type Problem, problem } from "../../../model/problem.js";
import type { Column } from "../../contract.js";
import { Delivery } from "../../files/delivery.js";
import { FieldMatcher } from "../../files/fields.js";
import type { Ignored } from "../../files/options.js";
import { RAW_LENGTH } from "../../files/rows.js";
import type { RecordFields } from "./fields.js";

/** What a page has in the place of one record. */
export interface Item {
  /** Null where it is no object. */
  readonly fields: RecordFields | null;
  /** As it came, for the quarantine. */
  readonly text: string;
  /** Why it cannot be used, whatever its fields are. */
  readonly fault?: string;
  /** What to do about the fault, where that is not to correct the record or the columns. */
  readonly hint?: string;
}

const CORRECT = "correct the record at its source, or ask for other columns; those of an object within it are called `outer.inner`";

/** Makes the records of one unit: each item becomes a record or is malformed, or is left out as the options say. */
export class Records {
  readonly delivery = new Delivery();
  leftOut = 0;
  /** Items so far; its place is the line of a record. */
  private count = 0;
  private readonly matcher: FieldMatcher;

  constructor(
    columns: readonly Column[],
    private readonly ignored: Ignored,
    private readonly unit: string,
  ) {
    this.matcher = new FieldMatcher(columns, ignored, unit);
  }

  add({ fields, text, fault, hint }: Item): void {
    this.count += 1;
    if (this.ignored.ignoredRows.some((pattern) => pattern.test(text)) || (fields !== null && this.matcher.isIgnored(fields))) {
      this.leftOut += 1;
      return;
    }
    if (fault !== undefined || fields === null) {
      this.refuse(text, fault ?? "the record is no object", hint);
      return;
    }
    const { cells, faults } = this.matcher.cells(fields);
    if (faults.length > 0) this.refuse(text, faults.join("; "));
    else this.delivery.add({ line: this.count, cells }, JSON.stringify(cells));
  }

  /** After the last one: the required columns that none of them has. */
  end(): Problem | null {
    return this.matcher.end();
  }

  private refuse(text: string, message: string, hint: string = CORRECT): void {
    const at = { file: this.unit, line: this.count };
    this.delivery.add({ line: this.count, text: text.slice(0, RAW_LENGTH), problem: problem("RECORD_MALFORMED", message, at, hint) }, text);
  }
}
