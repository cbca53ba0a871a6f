import { type ErrorObject, Ajv2020 as Validator } from "ajv/dist/2020.js";
import { fullFormats } from "ajv-formats/dist/formats.js";
import { Decimal } from "../model/decimal.js";
import { type Problem, problem } from "../model/problem.js";
import { brokenRule, type NumberRules } from "./number-rules.js";
import { compilePattern } from "./pattern-engine.js";
import type { RecordSchema, SchemaFault } from "./pipeline.js";
import { followReference, type Property } from "./record-property.js";
import { explainFaults } from "./schema-faults.js";
import { child, type MapTree, placeOf, type Tree } from "./tree.js";

/** Says of a field only what its type says too, so that a record whose cells were read need not be checked again. */
const PLAIN_KEYWORDS = new Set(["type", "title", "description", "default", "examples", "deprecated", "readOnly", "writeOnly", "$comment"]);
const PLAIN_ROOT = new Set([
  ...PLAIN_KEYWORDS,
  "$schema",
  "$id",
  "$defs",
  "properties",
  "required",
  "additionalProperties",
  "unevaluatedProperties",
]);
const PLAIN_FORMATS = new Set(["date", "date-time", "decimal"]);

type Json = string | number | boolean | null | readonly Json[] | { readonly [key: string]: Json };

/** The check of whole records, or null and problems when the schema cannot be compiled. */
export function compileRecordCheck(
  root: MapTree,
  properties: readonly Property[],
  problems: Problem[],
): Pick<RecordSchema, "validate" | "constrains"> | null {
  const constrains = doesConstrain(root, properties);
  const translation = new Translation(root, new Set(properties.filter((each) => each.isNumber).map((each) => each.field.name)), problems);
  const schema = translation.translate(root, false);
  if (problems.length > 0 || schema === null) return null;
  const nullable = new Set(properties.filter((each) => each.field.nullable).map((each) => each.field.name));
  const required = properties.map((each) => each.field.name).filter((name) => !nullable.has(name));
  const validator = new Validator({
    allErrors: true,
    strict: false,
    verbose: true,
    validateSchema: false,
    code: { regExp: compilePattern },
  });
  for (const [name, format] of Object.entries(fullFormats)) validator.addFormat(name, format);
  addNumberKeyword(validator, translation.rules);
  try {
    const check = validator.compile({ ...(schema as object), required });
    const fields = new Map(properties.map((each) => [each.field.name, each.field]));
    const validate = (record: Readonly<Record<string, unknown>>): readonly SchemaFault[] =>
      check(record) ? NO_FAULTS : explainFaults((check.errors ?? []) as ErrorObject[], fields, translation.rules);
    return { validate, constrains };
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    problems.push(problem("CONFIG_SCHEMA", `the record schema cannot be used: ${message}`, placeOf(root)));
    return null;
  }
}

const NO_FAULTS: readonly SchemaFault[] = [];

function doesConstrain(root: MapTree, properties: readonly Property[]): boolean {
  const says = (key: string, plain: ReadonlySet<string>): boolean => !plain.has(key) && !(key.startsWith("x-") && key !== "x-places");
  if ([...root.entries.keys()].some((key) => says(key, PLAIN_ROOT))) return true;
  return properties.some(({ schema }) =>
    [...schema.entries.values()].some((entry) => {
      if (entry.key === "format") return !(entry.value.kind === "scalar" && PLAIN_FORMATS.has(entry.value.text));
      if (entry.key === "type") return entry.value.kind === "scalar" && entry.value.text === "integer";
      return says(entry.key, PLAIN_KEYWORDS);
    }),
  );
}

// ---------------------------------------------------------------- schema trees to ajv

const NUMBER_RULES = ["minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf"] as const;
const OMITTED = new Set(["$schema", "$id", "$defs", "required", "additionalProperties", "unevaluatedProperties", "default", "examples"]);

/**
 * Turns a schema into one for records as they are kept: numbers as exact text with rules of their own, empty values left
 * out, references written out.
 */
class Translation {
  /** Rules of numbers, by the index that stands in the translated schema. */
  readonly rules: NumberRules[] = [];

  constructor(
    private readonly root: MapTree,
    private readonly numbers: ReadonlySet<string>,
    private readonly problems: Problem[],
  ) {}

  translate(tree: Tree, isNumber: boolean): Json {
    if (tree.kind === "scalar" && typeof tree.value === "boolean") return tree.value;
    const schema = followReference(tree, this.root);
    if (schema === null) return this.refuse(tree, "expected a schema: a mapping, `true` or `false`");
    const result: Record<string, Json> = {};
    for (const { key, value } of schema.entries.values()) {
      if (OMITTED.has(key) && !(key === "required" && schema !== this.root)) continue;
      if (key === "properties" || key === "dependentSchemas") result[key] = this.translateEach(value, key === "properties");
      else if (key === "allOf" || key === "anyOf" || key === "oneOf") {
        if (value.kind !== "list") return this.refuse(value, `\`${key}\` takes a list of schemas`);
        result[key] = value.items.map((item) => this.translate(item, isNumber));
      } else if (key === "not" || key === "if" || key === "then" || key === "else") result[key] = this.translate(value, isNumber);
      else if (!isNumber) this.translateKeyword(key, value, result);
    }
    if (isNumber) {
      const rules = this.numberRules(schema);
      result["type"] = "string";
      if (Object.keys(rules).length > 0) result["exactNumber"] = this.rules.push(rules) - 1;
    }
    return result;
  }

  private translateEach(tree: Tree, areFields: boolean): Json {
    if (tree.kind !== "map") return this.refuse(tree, "expected a mapping of field names to schemas");
    const entries = [...tree.entries.values()];
    return Object.fromEntries(entries.map(({ key, value }) => [key, this.translate(value, areFields && this.numbers.has(key))]));
  }

  private translateKeyword(key: string, value: Tree, result: Record<string, Json>): void {
    if (key.startsWith("x-")) return;
    if (key === "type") {
      // An empty value is left out of the record, so `null` never arrives.
      const types = (value.kind === "list" ? value.items : [value]).flatMap((item) =>
        item.kind === "scalar" && item.value !== null && item.text !== "null" ? [item.text] : [],
      );
      if (types.length > 0) result[key] = types;
    } else if (key === "enum") {
      if (value.kind !== "list") this.refuse(value, "`enum` takes a list of values");
      else result[key] = value.items.flatMap((item) => (item.kind === "scalar" && item.value !== null ? [plain(item)] : []));
    } else if (key === "pattern" && value.kind === "scalar") {
      this.checkPattern(value);
      result[key] = value.text;
    } else result[key] = plain(value);
    const count = result[key];
    if ((key === "minLength" || key === "maxLength") && !(typeof count === "number" && Number.isInteger(count) && count >= 0))
      this.refuse(value, `\`${key}\` takes a whole number that is not negative`);
  }

  private checkPattern(tree: Tree & { kind: "scalar" }): void {
    try {
      compilePattern(tree.text, "u");
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      this.refuse(tree, `pattern \`${tree.text}\` cannot be used: ${reason}`);
    }
  }

  private numberRules(schema: MapTree): NumberRules {
    const rules: NumberRules = {};
    for (const key of NUMBER_RULES) {
      const limit = this.decimal(child(schema, key), key);
      if (limit !== undefined) rules[key] = limit;
    }
    if (rules.multipleOf !== undefined && rules.multipleOf.coefficient <= 0n)
      this.refuse(child(schema, "multipleOf") ?? schema, "`multipleOf` must be more than zero");
    const listed = child(schema, "enum") ?? child(schema, "const");
    if (listed !== undefined) {
      const items = listed.kind === "list" ? listed.items : [listed];
      rules.enum = items.flatMap((item) => (item.kind === "scalar" && item.value === null ? [] : (this.decimal(item, "enum") ?? [])));
    }
    const type = child(schema, "type");
    const types = type?.kind === "list" ? type.items : type === undefined ? [] : [type];
    if (types.some((item) => item.kind === "scalar" && item.text === "integer")) rules.isInteger = true;
    const places = child(schema, "x-places");
    if (places?.kind === "scalar" && typeof places.value === "number" && Number.isInteger(places.value) && places.value >= 0)
      rules.places = places.value;
    else if (places !== undefined) this.refuse(places, "`x-places` takes the most decimal places as a whole number");
    return rules;
  }

  /** The number as it is written in the file, digit by digit. */
  private decimal(tree: Tree | undefined, key: string): Decimal | undefined {
    if (tree === undefined) return undefined;
    const value = tree.kind === "scalar" ? Decimal.parse(tree.text) : null;
    if (value !== null) return value;
    this.refuse(tree, `\`${key}\` of a number takes plain digits, such as \`0.01\``);
    return undefined;
  }

  private refuse(at: Tree, message: string): null {
    this.problems.push(problem("CONFIG_SCHEMA", message, placeOf(at)));
    return null;
  }
}

function plain(tree: Tree): Json {
  if (tree.kind === "scalar") return tree.value;
  if (tree.kind === "list") return tree.items.map(plain);
  return Object.fromEntries([...tree.entries.values()].map((entry) => [entry.key, plain(entry.value)]));
}

// ---------------------------------------------------------------- keywords of our own

function addNumberKeyword(validator: Validator, rules: readonly NumberRules[]): void {
  validator.addKeyword({
    keyword: "exactNumber",
    type: "string",
    schemaType: "number",
    errors: false,
    validate: (index: number, text: string): boolean => {
      const value = Decimal.parse(text);
      return value !== null && brokenRule(value, rules[index] ?? {}) === null;
    },
  });
}
