import { closest, distance } from "fastest-levenshtein";
import { type Problem, problem } from "../../model/problem.js";
import type { Column } from "../contract.js";
import type { Ignored } from "./options.js";

export interface ColumnMatch {
  /** For each requested column its place in the row, from 0, or -1 when the file has no such column. */
  readonly places: readonly number[];
  /** For each pattern of `ignore` on a column, the place of that column. */
  readonly ignoredPlaces: readonly number[];
  /** Cells up to the last column that has a name: a row with fewer is short. */
  readonly named: number;
  /** Cells of the header, nameless ones included: a row with more is long. */
  readonly width: number;
}

/** Finds the requested columns. Names are matched exactly; two columns with one name are refused, asked for or not. */
export function matchColumns(names: readonly string[], columns: readonly Column[], ignored: Ignored, unit: string): ColumnMatch | Problem {
  const places = new Map<string, number>();
  for (const [place, name] of names.entries()) {
    const other = places.get(name);
    if (name === "") continue;
    if (other !== undefined) {
      return duplicate(`\`${unit}\` has two columns \`${name}\`, the ${ordinal(other)} and the ${ordinal(place)}`, unit);
    }
    places.set(name, place);
  }
  const found: number[] = [];
  const missing: string[] = [];
  for (const column of columns) {
    const matches = new Map<number, string>();
    for (const name of [column.name, ...column.aliases].map(trimmed)) {
      const place = places.get(name);
      if (place !== undefined) matches.set(place, name);
    }
    if (matches.size > 1) {
      const both = [...matches].map(([place, name]) => `\`${name}\` (the ${ordinal(place)})`).join(" and ");
      return duplicate(`\`${unit}\` has several columns that are all called \`${column.name}\` here: ${both}`, unit);
    }
    const [place] = matches.keys();
    if (place === undefined && column.required) missing.push(column.name);
    found.push(place ?? -1);
  }
  const ignoredPlaces: number[] = [];
  for (const { column } of ignored.ignoredCells) {
    const place = places.get(column) ?? found[columns.findIndex((each) => each.name.trim() === column)] ?? -1;
    if (place === -1 && !missing.includes(column)) missing.push(column);
    ignoredPlaces.push(place);
  }
  if (missing.length > 0) return missingColumns(missing, names, unit);
  return { places: found, ignoredPlaces, named: names.findLastIndex((name) => name !== "") + 1, width: names.length };
}

function duplicate(message: string, unit: string): Problem {
  return problem(
    "SOURCE_DUPLICATE_HEADER",
    message,
    { file: unit },
    "rename one at the source, or take one of the aliases out of `source.columns`",
  );
}

export function missingColumns(missing: readonly string[], names: readonly string[], unit: string): Problem {
  const present = names.filter((name) => name !== "");
  const first = missing[0] as string;
  const longer = present.find((name) => name.includes(first) || first.includes(name));
  const near = longer ?? (present.length === 0 ? null : closest(first, present));
  const isNear = near !== null && (longer !== undefined || distance(first, near) <= Math.max(1, Math.floor(first.length / 3)));
  return problem(
    "SOURCE_MISSING_COLUMN",
    `\`${unit}\` has no column ${listNames(missing)}; its columns are ${listNames(present)}${isNear ? `; the nearest to \`${first}\` is \`${near}\`` : ""}`,
    { file: unit },
    `if a column has another name here, add it under \`source.columns\`: \`${first}: [${isNear ? near : "its name in this file"}]\``,
  );
}

function ordinal(place: number): string {
  const number = place + 1;
  const ending = number % 100 >= 11 && number % 100 <= 13 ? "th" : (["th", "st", "nd", "rd"][number % 10] ?? "th");
  return `${number}${ending}`;
}

export function listNames(names: readonly string[]): string {
  return names.map((name) => `\`${name}\``).join(", ");
}

function trimmed(name: string): string {
  return name.trim();
}
