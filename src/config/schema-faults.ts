import type { ErrorObject } from "ajv/dist/2020.js";
import { Decimal } from "../model/decimal.js";
import type { Field } from "../model/record.js";
import { nearest } from "./nearest.js";
import { brokenRule, type NumberRules } from "./number-rules.js";
import type { SchemaFault } from "./pipeline.js";

const MOST_LISTED = 5;

/** What is wrong with a record, in words for the people who keep the data: the field, what was found, what was expected. */
export function explainFaults(
  errors: readonly ErrorObject[],
  fields: ReadonlyMap<string, Field>,
  rules: readonly NumberRules[],
): SchemaFault[] {
  const faults: SchemaFault[] = [];
  const seen = new Set<string>();
  for (const error of outermost(errors)) {
    const fault = explain(error, fields, rules);
    const text = `${fault.field}\n${fault.message}`;
    if (seen.has(text)) continue;
    seen.add(text);
    faults.push(fault);
  }
  return faults;
}

/** An alternative that does not fit is no mistake of its own, and `if` only announces what `then` says. */
function outermost(errors: readonly ErrorObject[]): ErrorObject[] {
  const alternatives = errors.filter((error) => error.keyword === "anyOf" || error.keyword === "oneOf" || error.keyword === "not");
  return errors.filter(
    (error) =>
      error.keyword !== "if" && !alternatives.some((outer) => outer !== error && error.schemaPath.startsWith(`${outer.schemaPath}/`)),
  );
}

function explain(error: ErrorObject, fields: ReadonlyMap<string, Field>, rules: readonly NumberRules[]): SchemaFault {
  const name = fieldOf(error);
  const field = name === null ? undefined : fields.get(name);
  if (name === null || field === undefined) return { field: null, message: aboutRecord(error) };
  if (error.keyword === "required") return { field: name, message: `\`${name}\` is empty; expected a value` };
  if (error.keyword === "dependentRequired") {
    const because = String((error.params as { property?: unknown }).property);
    return { field: name, message: `\`${name}\` is empty; expected a value, because \`${because}\` has one` };
  }
  const found = field.personal || typeof error.data === "object" ? "has a value that cannot be used" : `is \`${show(error.data)}\``;
  return { field: name, message: `\`${name}\` ${found}; expected ${expected(error, field, rules)}` };
}

function fieldOf(error: ErrorObject): string | null {
  const params = error.params as { missingProperty?: unknown };
  if (typeof params.missingProperty === "string") return params.missingProperty;
  const pointer = error.instancePath.split("/")[1];
  return pointer === undefined ? null : pointer.replaceAll("~1", "/").replaceAll("~0", "~");
}

function aboutRecord(error: ErrorObject): string {
  if (error.keyword === "anyOf" || error.keyword === "oneOf")
    return `the record fits ${error.keyword === "anyOf" ? "none" : "not exactly one"} of the alternatives in \`${error.keyword}\` of its schema`;
  if (error.keyword === "not") return "the record is what `not` in its schema rules out";
  return `the record breaks \`${error.keyword}\` of its schema: ${error.message ?? ""}`;
}

function expected(error: ErrorObject, field: Field, rules: readonly NumberRules[]): string {
  const params = error.params as Readonly<Record<string, unknown>>;
  switch (error.keyword) {
    case "exactNumber": {
      const value = Decimal.parse(String(error.data));
      return value === null ? "a number" : (brokenRule(value, rules[error.schema as number] ?? {}) ?? "a number");
    }
    case "enum":
      return oneOf((params["allowedValues"] as readonly unknown[]).map(String), error.data, field);
    case "const":
      return `\`${show(params["allowedValue"])}\``;
    case "pattern":
      return `text that fits the pattern \`${String(params["pattern"])}\``;
    case "minLength":
      return `at least ${String(params["limit"])} characters`;
    case "maxLength":
      return `at most ${String(params["limit"])} characters`;
    case "format":
      return `the form \`${String(params["format"])}\``;
    case "type":
      return field.type === "boolean" ? "`true` or `false`" : "text";
    case "anyOf":
    case "oneOf":
      return `one of the alternatives in \`${error.keyword}\` of its schema`;
    case "not":
      return "anything but what `not` in its schema rules out";
    default:
      return `what \`${error.keyword}\` of its schema asks for`;
  }
}

function oneOf(allowed: readonly string[], data: unknown, field: Field): string {
  const shown = allowed.slice(0, MOST_LISTED).map((each) => `\`${each}\``);
  const rest = allowed.length > MOST_LISTED ? ` and ${allowed.length - MOST_LISTED} more` : "";
  const close = field.personal || typeof data !== "string" ? null : nearest(data, allowed);
  return `${allowed.length === 1 ? "" : "one of "}${shown.join(", ")}${rest}${close === null ? "" : `; did you mean \`${close}\`?`}`;
}

/** Cells can be long; a message is for reading. */
function show(value: unknown): string {
  const text = String(value);
  return text.length > 80 ? `${text.slice(0, 80)}…` : text;
}
