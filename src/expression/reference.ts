import { Decimal } from "../model/decimal.js";
import type { Value } from "../model/value.js";
import { EXAMPLE_ROWS, EXAMPLE_SCOPE } from "./example-records.js";
import type { FunctionGroup, FunctionRow } from "./function-row.js";
import { FUNCTIONS } from "./functions.js";
import { display } from "./kinds.js";
import type { Type } from "./types.js";

const GROUPS: readonly (readonly [FunctionGroup, string])[] = [
  ["text", "Text"],
  ["patterns", "Patterns"],
  ["numbers", "Numbers"],
  ["dates", "Dates"],
  ["lists", "Lists"],
  ["records", "All records of the document"],
];

/** The function reference in Markdown, as it stands between the markers of `docs/expressions.md`. */
export function renderFunctionReference(): string {
  const groups = GROUPS.map(([group, title]) => {
    const rows = FUNCTIONS.filter((row) => row.group === group);
    return `### ${title}\n\n${rows.map(renderFunction).join("\n\n")}`;
  });
  return `${renderRecords()}\n\n${groups.join("\n\n")}\n`;
}

function renderFunction(row: FunctionRow): string {
  const signatures = row.signatures.map((signature) => `\`${signature}\``).join("  \n");
  const examples = row.examples.map(([expression, result]) => `${expression} → ${result}`).join("\n");
  return `#### ${row.name}\n\n${signatures}\n\n${row.about}\n\n\`\`\`expr\n${examples}\n\`\`\``;
}

/** The records of the examples, as a table. */
function renderRecords(): string {
  const names = EXAMPLE_SCOPE.fields.map((field) => field.name);
  const lines = [
    names,
    names.map(() => "---"),
    ...EXAMPLE_ROWS.map((row) => row.map((value) => (value === null ? "(empty)" : display(value)))),
  ];
  return lines.map((cells) => `| ${cells.join(" | ")} |`).join("\n");
}

/** A value as the language writes it; a date and a moment as they are, since they have no literal. */
export function renderValue(value: Value, type: Type): string {
  if (value === null) return "null";
  if (typeof value === "boolean") return String(value);
  if (value instanceof Decimal) return value.toString();
  if (typeof value === "string") return type.kind === "text" ? JSON.stringify(value) : value;
  const of: Type = type.kind === "list" ? type.of : type;
  return `[${value.map((each) => renderValue(each, of)).join(", ")}]`;
}
