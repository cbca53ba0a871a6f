import { nearestName } from "../../model/nearest.js";
import { ProblemError, problem } from "../../model/problem.js";
import type { Column } from "../contract.js";
import type { ResultColumn } from "./dialect.js";

/**
 * For each requested column the column of the result, or null where it has none. Names are compared exactly after trimming, first with the
 * field's name, then with its other names. Throws ProblemError when a required column is missing or two could be meant.
 */
export function matchColumns(found: readonly ResultColumn[], wanted: readonly Column[], unit: string): readonly (ResultColumn | null)[] {
  const byName = new Map<string, ResultColumn>();
  for (const column of found) {
    const name = column.name.trim();
    if (byName.has(name)) {
      const message = `the result of \`${unit}\` has two columns \`${name}\``;
      throw new ProblemError(problem("SOURCE_DUPLICATE_HEADER", message, { file: unit }, "give one of them another name with AS"));
    }
    byName.set(name, column);
  }
  const missing: string[] = [];
  const matches = wanted.map((column) => {
    const names = [...new Set([column.name, ...column.aliases].map((name) => name.trim()))].filter((name) => byName.has(name));
    if (names.length > 1) {
      const both = names.map((name) => `\`${name}\``).join(" and ");
      const message = `the result of \`${unit}\` has several columns that are all called \`${column.name}\` here: ${both}`;
      throw new ProblemError(
        problem("SOURCE_DUPLICATE_HEADER", message, { file: unit }, "leave one out of the query, or take it out of `source.columns`"),
      );
    }
    const [name] = names;
    if (name === undefined && column.required) missing.push(column.name);
    return name === undefined ? null : (byName.get(name) ?? null);
  });
  const [first] = missing;
  if (first !== undefined) throw new ProblemError(missingColumns(missing, first, [...byName.keys()], unit));
  return matches;
}

function missingColumns(missing: readonly string[], first: string, known: readonly string[], unit: string) {
  const list = (names: readonly string[]): string => names.map((name) => `\`${name}\``).join(", ");
  const near = nearestName(first, known);
  return problem(
    "SOURCE_MISSING_COLUMN",
    `the result of \`${unit}\` has no column ${list(missing)}; its columns are ${list(known)}`,
    { file: unit },
    near === null
      ? `name it so in the query, as \`… AS ${first}\`, or add its name under \`source.columns\``
      : `did you mean \`${near}\`? Name it so in the query, or add it under \`source.columns\`: \`${first}: [${near}]\``,
  );
}
