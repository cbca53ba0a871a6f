import type { Pipeline } from "../config/pipeline.js";
import type { LookupTable } from "../expression/types.js";
import type { Line } from "../model/document.js";
import type { Place } from "../model/problem.js";
import type { Row } from "../model/record.js";
import { canonicalText } from "../model/value.js";
import { type Grouped, groupDocument } from "./group.js";

/** A row of a lookup that decided something. */
export interface UsedRow {
  readonly lookup: string;
  readonly file: string;
  /** From 1; null: there is no such row, and the lookup's default, or nothing, was used. */
  readonly line: number | null;
  readonly keys: readonly string[];
  /** The day it was looked up for; null where rows hold at all times. */
  readonly on: string | null;
  /** By column, without those that are empty. */
  readonly values: Readonly<Record<string, string>>;
}

/** Why a line stands on its account. */
export interface Reason {
  /** As it was made, before lines were merged. */
  readonly line: Line;
  /** The expression of the account, and where it stands. */
  readonly rule: string;
  readonly at: Place;
  /** Position among the records of the document; null where the line is of all of them. */
  readonly record: number | null;
  /** What the expression reads of the record, without what is empty. */
  readonly fields: Readonly<Record<string, string>>;
  readonly rows: readonly UsedRow[];
}

export interface Explained {
  readonly grouped: Grouped;
  readonly reasons: readonly Reason[];
}

/** Builds a document as a run does, and notes for each line which rule gave its account, from which record and which rows of lookups. */
export function explainDocument(pipeline: Pipeline, key: string, records: readonly Row[]): Explained {
  const reasons: Reason[] = [];
  // Null while the document is built: what is looked up for amounts and texts gives no account.
  let used: UsedRow[] | null = null;
  const lookups = pipeline.lookups.map((_, index) => watched(pipeline, index, (row) => used?.push(row)));
  const grouped = groupDocument(pipeline, key, records, records, {
    lookups,
    onLine: (line, { account, each }, environment) => {
      const rows: UsedRow[] = [];
      used = rows;
      account.evaluate(environment);
      used = null;
      const fields = account.fields.flatMap((name) => {
        const position = pipeline.source.schema.fields.findIndex((field) => field.name === name);
        const text = canonicalText(environment.row[position] ?? null);
        return text === "" ? [] : [[name, text] as const];
      });
      reasons.push({
        line,
        rule: account.text,
        at: account.placeOf(0, account.text.length),
        record: each === "document" ? null : records.indexOf(environment.row),
        fields: Object.fromEntries(fields),
        rows,
      });
    },
  });
  return { grouped, reasons };
}

/** The lookup at this position, and what is found in it is told. */
function watched(pipeline: Pipeline, position: number, tell: (row: UsedRow) => void): LookupTable {
  const { signature, table, file } = pipeline.lookups[position] as Pipeline["lookups"][number];
  return {
    ...table,
    find: (keys, on) => {
      const found = table.find(keys, on);
      const cells =
        found === "missing" ? [] : signature.columns.map(({ name }, index) => [name, canonicalText(found[index] ?? null)] as const);
      const values = Object.fromEntries(cells.filter(([, text]) => text !== ""));
      tell({ lookup: signature.name, file, line: table.lineOf(keys, on), keys, on, values });
      return found;
    },
  };
}
