import type { FunctionRow } from "./function-row.js";
import { DATE_FUNCTIONS } from "./functions-dates.js";
import { LIST_FUNCTIONS } from "./functions-lists.js";
import { NUMBER_FUNCTIONS } from "./functions-numbers.js";
import { PATTERN_FUNCTIONS } from "./functions-patterns.js";
import { RECORD_FUNCTIONS } from "./functions-records.js";
import { TEXT_FUNCTIONS } from "./functions-text.js";

/** Every function of the language. The reference page and its tests are made from this table. */
export const FUNCTIONS: readonly FunctionRow[] = [
  ...TEXT_FUNCTIONS,
  ...PATTERN_FUNCTIONS,
  ...NUMBER_FUNCTIONS,
  ...DATE_FUNCTIONS,
  ...LIST_FUNCTIONS,
  ...RECORD_FUNCTIONS,
];

const BY_NAME: ReadonlyMap<string, FunctionRow> = new Map(FUNCTIONS.map((row) => [row.name, row]));

export const FUNCTION_NAMES: readonly string[] = [...BY_NAME.keys()];

export function findFunction(name: string): FunctionRow | undefined {
  return BY_NAME.get(name);
}
