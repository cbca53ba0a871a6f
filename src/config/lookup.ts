import type { Static } from "typebox";
import type { LookupSignature, LookupTable } from "../expression/types.js";
import { type Problem, problem } from "../model/problem.js";
import { type Field, joinKey } from "../model/record.js";
import type { Value } from "../model/value.js";
import { canonicalText } from "../model/value.js";
import { describeType, type LookupSheet, readSheet, readValue, shorten, typeRows } from "./lookup-rows.js";
import { suggest } from "./nearest.js";
import type { Lookup } from "./pipeline.js";
import type { LookupFile } from "./schema.js";
import { child, childScalar, type Entry, keyPlace, placeOf, scalarsOf, type Tree } from "./tree.js";

type LookupSettings = Static<typeof LookupFile>;

/** Reads the table a pipeline names, or null and every problem of it. `settings` is what `entry` says, checked and with paths absolute. */
export function readLookup(entry: Entry, settings: Partial<LookupSettings>, projectFolder: string, problems: Problem[]): Lookup | null {
  if (settings.csv === undefined || settings.key === undefined) return null;
  const own: Problem[] = [];
  const lookup = readTable(entry, settings as LookupSettings, projectFolder, own);
  problems.push(...own);
  return own.length > 0 ? null : lookup;
}

function readTable(entry: Entry, settings: LookupSettings, projectFolder: string, problems: Problem[]): Lookup | null {
  const sheet = readSheet(settings.csv, projectFolder, problems);
  if (sheet === null || !checkHeader(sheet, problems)) return null;
  checkColumnNames(entry.value, sheet, problems);
  if (problems.length > 0) return null;
  const columns = sheet.header.map((name) => (name === "" ? null : columnOf(name, settings)));
  const named = columns.filter((column) => column !== null);
  const index = (name: string): number => named.findIndex((column) => column.name === name);
  const keyNames = typeof settings.key === "string" ? [settings.key] : settings.key;
  const rows = typeRows(sheet, columns, problems);
  const { valid } = settings;
  const table = new Rows(
    keyNames.map(index),
    valid === undefined ? null : { from: index(valid.from), to: valid.to === undefined ? null : index(valid.to) },
  );
  const faults: Problem[] = [];
  for (const row of rows) table.add(row.line, row.values, sheet, faults, named);
  table.checkOverlaps(sheet, faults);
  problems.push(...shorten(faults, sheet.file));
  const missing = settings.missing ?? "quarantine";
  const fallback = typeof missing === "string" ? null : readDefaultRow(entry, named, keyNames, missing.use, problems);
  const signature: LookupSignature = {
    name: entry.key,
    keys: keyNames.flatMap((name) => named.filter((column) => column.name === name)),
    columns: named,
    dated: valid !== undefined,
    on: valid?.on ?? null,
    missingIsEmpty: missing === "empty",
  };
  return { signature, table: tableOf(table, named, fallback, missing), file: settings.csv, rows: rows.length };
}

function checkHeader(sheet: LookupSheet, problems: Problem[]): boolean {
  const seen = new Set<string>();
  for (const name of sheet.header) {
    if (name !== "" && seen.has(name)) {
      problems.push(
        problem("CONFIG_DUPLICATE_NAME", `two columns have the name \`${name}\``, sheet.file.linePlace(1, name), "rename one of them"),
      );
      return false;
    }
    seen.add(name);
  }
  return true;
}

/** Every column the pipeline names must be in the file. */
function checkColumnNames(tree: Tree, sheet: LookupSheet, problems: Problem[]): void {
  const known = sheet.header.filter((name) => name !== "");
  const valid = child(tree, "valid");
  const scalars = [...scalarsOf(child(tree, "key")), childScalar(valid, "from"), childScalar(valid, "to")].filter(
    (each) => each !== undefined,
  );
  const named = scalars.map((scalar) => ({ name: scalar.text, at: placeOf(scalar) }));
  for (const map of [child(tree, "columns"), child(child(tree, "missing"), "use")])
    if (map?.kind === "map") for (const entry of map.entries.values()) named.push({ name: entry.key, at: keyPlace(entry) });
  for (const { name, at } of named)
    if (!known.includes(name))
      problems.push(
        problem("CONFIG_LOOKUP", `there is no column \`${name}\` in \`${sheet.file.name}\``, at, suggest(name, known, "columns")),
      );
}

function columnOf(name: string, settings: LookupSettings): Field {
  const keys = typeof settings.key === "string" ? [settings.key] : settings.key;
  const isValidity = name === settings.valid?.from || name === settings.valid?.to;
  const given = settings.columns?.[name];
  return {
    name,
    type: given?.type ?? (isValidity ? "date" : "text"),
    nullable: isValidity || (given?.optional === true && !keys.includes(name)),
    personal: given?.personal === true,
  };
}

function readDefaultRow(
  entry: Entry,
  columns: readonly Field[],
  keys: readonly string[],
  use: Readonly<Record<string, unknown>>,
  problems: Problem[],
): Value[] {
  const tree = child(child(entry.value, "missing"), "use");
  return columns.map((column) => {
    const written = childScalar(tree, column.name);
    const cell = Object.hasOwn(use, column.name) ? (written?.text ?? "").trim() : "";
    if (cell === "") {
      if (!column.nullable && !keys.includes(column.name) && tree !== undefined)
        problems.push(
          problem(
            "CONFIG_LOOKUP",
            `the default row has no \`${column.name}\`, which may not be empty`,
            placeOf(tree),
            `add \`${column.name}\`, or give it \`optional: true\` under \`columns\``,
          ),
        );
      return null;
    }
    const value = readValue(cell, column.type);
    if (value !== undefined) return value;
    const at = written === undefined ? [] : placeOf(written);
    problems.push(problem("CONFIG_LOOKUP", `\`${column.name}\` is \`${cell}\`; expected ${describeType(column.type)}`, at));
    return null;
  });
}

// ---------------------------------------------------------------- the table at run time

interface TableRow {
  readonly line: number;
  readonly values: readonly Value[];
  readonly from: string;
  readonly to: string;
}

const ALWAYS = "0000-01-01";
const FOR_EVER = "9999-12-31";

class Rows {
  private readonly byKey = new Map<string, TableRow[]>();

  constructor(
    readonly keys: readonly number[],
    readonly validity: { readonly from: number; readonly to: number | null } | null,
  ) {}

  add(line: number, values: readonly Value[], sheet: LookupSheet, problems: Problem[], columns: readonly Field[]): void {
    const parts = this.keys.map((index) => canonicalText(values[index] ?? null));
    const empty = parts.indexOf("");
    if (empty !== -1) {
      const name = columns[this.keys[empty] ?? 0]?.name ?? "";
      problems.push(
        problem("CONFIG_LOOKUP", `\`${name}\` is empty; expected a key`, sheet.file.linePlace(line), "fill it in, or remove the row"),
      );
      return;
    }
    const dateAt = (index: number | null | undefined, otherwise: string): string =>
      index === null || index === undefined ? otherwise : ((values[index] as string | null | undefined) ?? otherwise);
    const row = { line, values, from: dateAt(this.validity?.from, ALWAYS), to: dateAt(this.validity?.to, FOR_EVER) };
    if (row.to < row.from) {
      problems.push(
        problem("CONFIG_LOOKUP", `the row is valid to \`${row.to}\` and from \`${row.from}\`: it never holds`, sheet.file.linePlace(line)),
      );
      return;
    }
    const key = joinKey(parts);
    const rows = this.byKey.get(key);
    if (rows === undefined) this.byKey.set(key, [row]);
    else rows.push(row);
  }

  /** Sorts the rows of each key by date, and finds those that say two things for one day. */
  checkOverlaps(sheet: LookupSheet, problems: Problem[]): void {
    for (const rows of this.byKey.values()) {
      rows.sort((a, b) => (a.from < b.from ? -1 : a.from > b.from ? 1 : a.line - b.line));
      for (let i = 1; i < rows.length; i += 1) {
        const [before, row] = [rows[i - 1], rows[i]];
        if (before === undefined || row === undefined || row.from > before.to) continue;
        const [first, second] = before.line < row.line ? [before, row] : [row, before];
        const key = this.keys.map((index) => `\`${canonicalText(row.values[index] ?? null)}\``).join(", ");
        const message =
          this.validity === null
            ? `${key} stands twice, first on line ${first.line}`
            : `${key} has two rows for ${row.from === ALWAYS ? "the same days" : `\`${row.from}\``}, the other on line ${first.line}`;
        const hint = this.validity === null ? "keep one of the two rows" : "end the earlier row before the later one begins";
        problems.push(problem("CONFIG_LOOKUP", message, sheet.file.linePlace(second.line), hint));
      }
    }
    problems.sort((a, b) => (a.at[0]?.line ?? 0) - (b.at[0]?.line ?? 0));
  }

  find(keys: readonly string[], on: string | null): TableRow | null {
    const rows = this.byKey.get(joinKey(keys));
    if (rows === undefined) return null;
    if (this.validity === null) return rows[0] ?? null;
    if (on === null) return null;
    for (let i = rows.length - 1; i >= 0; i -= 1) {
      const row = rows[i] as TableRow;
      if (row.from <= on) return on <= row.to ? row : null;
    }
    return null;
  }
}

function tableOf(
  rows: Rows,
  columns: readonly Field[],
  fallback: readonly Value[] | null,
  missing: LookupSettings["missing"],
): LookupTable {
  const lineOf: LookupTable["lineOf"] = (keys, on) => rows.find(keys, on)?.line ?? null;
  if (fallback === null) {
    const kind = typeof missing === "string" ? missing : "quarantine";
    return { missing: kind, lineOf, find: (keys, on) => rows.find(keys, on)?.values ?? "missing" };
  }
  const places = new Map(rows.keys.map((column, part) => [column, part]));
  // Key columns of the default row are what was looked for.
  const defaultRow = (keys: readonly string[]): Value[] =>
    fallback.map((value, index) => {
      const part = places.get(index);
      const column = columns[index];
      return part === undefined || column === undefined ? value : (readValue(keys[part] ?? "", column.type) ?? null);
    });
  return { missing: "default", lineOf, find: (keys, on) => rows.find(keys, on)?.values ?? defaultRow(keys) };
}
