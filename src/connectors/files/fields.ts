import type { Problem } from "../../model/problem.js";
import type { Column, RawCell } from "../contract.js";
import { missingColumns } from "./columns.js";
import type { Ignored } from "./options.js";

/** Names remembered for the message about a missing column. */
const MAX_NAMES = 200;

/** What a field holds that is no cell; the text completes "`name` …". */
export class FieldFault {
  constructor(readonly message: string) {}
}

export type Fields = ReadonlyMap<string, RawCell | FieldFault>;

/**
 * Finds the requested columns in records that carry their own names, such as JSON objects. There is no header, so only the end
 * of the file tells whether a column is missing altogether.
 */
export class FieldMatcher {
  private readonly names: readonly (readonly string[])[];
  private readonly found: boolean[];
  private readonly seen = new Set<string>();
  private records = 0;

  constructor(
    private readonly columns: readonly Column[],
    private readonly ignored: Ignored,
    private readonly unit: string,
  ) {
    this.names = columns.map((column) => [column.name, ...column.aliases].map((name) => name.trim()));
    this.found = columns.map(() => false);
  }

  /** One cell per requested column, and what is wrong with the record. */
  cells(fields: Fields): { readonly cells: readonly RawCell[]; readonly faults: readonly string[] } {
    this.records += 1;
    for (const name of fields.keys()) {
      if (this.seen.size === MAX_NAMES) break;
      this.seen.add(name);
    }
    const faults: string[] = [];
    const cells = this.names.map((names, index): RawCell => {
      const present = names.filter((name) => fields.has(name));
      const [name] = present;
      if (name === undefined) return null;
      this.found[index] = true;
      if (new Set(present).size > 1)
        faults.push(`${present.map((each) => `\`${each}\``).join(" and ")} are both called \`${names[0]}\` here`);
      const value = fields.get(name) ?? null;
      if (!(value instanceof FieldFault)) return value;
      faults.push(`\`${name}\` ${value.message}`);
      return null;
    });
    return { cells, faults };
  }

  /** Whether `ignore` leaves the record out by one of its columns. */
  isIgnored(fields: Fields): boolean {
    return this.ignored.ignoredCells.some(({ column, pattern }) => {
      const names = this.names.find((each) => each[0] === column) ?? [column];
      const name = names.find((each) => fields.has(each));
      const value = name === undefined ? null : fields.get(name);
      return value !== undefined && !(value instanceof FieldFault) && pattern.test(value === null ? "" : String(value).trim());
    });
  }

  /** After the last record: the required columns that no record has. */
  end(): Problem | null {
    if (this.records === 0) return null;
    const missing = this.columns.filter((column, index) => column.required && this.found[index] !== true);
    return missing.length === 0
      ? null
      : missingColumns(
          missing.map(({ name }) => name),
          [...this.seen],
          this.unit,
        );
  }
}
