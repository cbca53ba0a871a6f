import { type Problem, problem } from "../model/problem.js";
import type { FieldType } from "../model/value.js";
import { listNames, nearest, suggest } from "./nearest.js";
import type { RecordSchema } from "./pipeline.js";
import { compileRecordCheck } from "./record-check.js";
import { followReference, type Property } from "./record-property.js";
import { isFile, readSourceFile } from "./source-file.js";
import { child, type Entry, keyPlace, type MapTree, parseTree, placeOf, scalarsOf, type Tree } from "./tree.js";

/** Keywords of JSON Schema 2020-12 that mean something for a flat record. Others are a slip of the pen or cannot apply. */
const KEYWORDS = [
  ...["$schema", "$id", "$comment", "$defs", "$ref", "title", "description", "default", "examples", "deprecated", "readOnly", "writeOnly"],
  ...["type", "properties", "required", "additionalProperties", "unevaluatedProperties", "dependentRequired", "dependentSchemas"],
  ...["allOf", "anyOf", "oneOf", "not", "if", "then", "else"],
  ...["enum", "const", "pattern", "format", "minLength", "maxLength"],
  ...["minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf"],
];

const FORMATS = ["date", "date-time", "decimal", "email", "uri", "uuid", "regex", "hostname", "ipv4", "ipv6", "time", "duration"];

/** Rules of text that a number does not have. */
const TEXT_ONLY = ["pattern", "minLength", "maxLength"];
const NUMBER_ONLY = ["minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf", "x-places"];

/**
 * Reads the JSON Schema of a record stream. The order of `properties` is the order of the fields. `string` is text, with
 * `format: date` or `date-time` a date or an instant; `number`, `integer` and `format: decimal` are exact numbers. A field
 * may be empty unless it is in `required` and its `type` does not list `null`. `x-personal: true` marks personal data.
 */
export function readRecordSchema(path: string, projectFolder: string, problems: Problem[]): RecordSchema | null {
  if (!isFile(path)) return null;
  const own: Problem[] = [];
  const file = readSourceFile(path, projectFolder, own);
  const root = file === null ? null : parseTree(file, own);
  const properties = root === null ? null : readProperties(root, own);
  const check = root?.kind === "map" && properties !== null && own.length === 0 ? compileRecordCheck(root, properties, own) : null;
  for (const each of own) problems.push(each.code === "CONFIG_YAML" ? { ...each, code: "CONFIG_SCHEMA" } : each);
  if (check === null || properties === null || own.length > 0) return null;
  return { file: path, fields: properties.map((property) => property.field), ...check };
}

function readProperties(root: Tree, problems: Problem[]): Property[] | null {
  const refuse = (at: Tree, message: string, hint?: string): null => {
    problems.push(problem("CONFIG_SCHEMA", message, placeOf(at), hint));
    return null;
  };
  if (root.kind !== "map") return refuse(root, "a record schema is a mapping; expected `type: object` with `properties`");
  const type = child(root, "type");
  if (type !== undefined && !(type.kind === "scalar" && type.value === "object"))
    return refuse(type, `a record is an object; found ${showTree(type)}`, 'write `"type": "object"`');
  const properties = child(root, "properties");
  if (properties === undefined || properties.kind !== "map" || properties.entries.size === 0)
    return refuse(properties ?? root, "a record schema needs `properties`, one for each field");
  checkKeywords(root, root, problems);
  const required = readRequired(root, properties, problems);
  return [...properties.entries.values()].flatMap((entry) => readProperty(entry, root, required, problems) ?? []);
}

function readRequired(root: MapTree, properties: MapTree, problems: Problem[]): Set<string> {
  const names = [...properties.entries.keys()];
  const required = new Set<string>();
  for (const item of scalarsOf(child(root, "required"))) {
    if (properties.entries.has(item.text)) required.add(item.text);
    else
      problems.push(
        problem(
          "CONFIG_SCHEMA",
          `\`required\` names \`${item.text}\`, which is not in \`properties\``,
          placeOf(item),
          suggest(item.text, names, "fields"),
        ),
      );
  }
  return required;
}

function readProperty(entry: Entry, root: MapTree, required: ReadonlySet<string>, problems: Problem[]): Property | null {
  const fail = (message: string, at: Tree, hint?: string): null => {
    problems.push(problem("CONFIG_SCHEMA", message, at === entry.value && at.kind === "map" ? keyPlace(entry) : placeOf(at), hint));
    return null;
  };
  if (entry.key.trim() !== entry.key || entry.key === "")
    return fail(
      `field name \`${entry.key}\` begins or ends with a blank; column names are matched after trimming`,
      entry.value,
      "remove the blank",
    );
  const schema = followReference(entry.value, root);
  if (schema === null)
    return fail(
      `the schema of \`${entry.key}\` cannot be followed`,
      entry.value,
      "`$ref` must name a mapping in this file, as in `#/$defs/amount`",
    );
  const faults = problems.length;
  checkKeywords(schema, root, problems);
  if (problems.length > faults) return null;
  const kinds = kindsOf(schema);
  const at = child(schema, "type") ?? entry.value;
  const known = kinds.filter((kind) => kind !== "null");
  const [kind] = known;
  if (known.length !== 1 || kind === undefined) {
    const found = known.length === 0 ? "no type" : `the types ${listNames(known)}`;
    return fail(
      `\`${entry.key}\` has ${found}; expected one of \`string\`, \`number\`, \`integer\`, \`boolean\`, with \`null\` beside it where it may be empty`,
      at,
    );
  }
  const types = ["string", "number", "integer", "boolean", "null"];
  const nested = "a record is flat: name the inner values as fields of their own";
  if (!types.includes(kind)) {
    const close = nearest(kind, types);
    const isNested = kind === "object" || kind === "array";
    return fail(
      `\`${entry.key}\` is of type \`${kind}\`; expected \`string\`, \`number\`, \`integer\` or \`boolean\``,
      at,
      isNested ? nested : close === null ? undefined : `did you mean \`${close}\`?`,
    );
  }
  const format = child(schema, "format");
  const formatName = format?.kind === "scalar" ? format.text : null;
  const isNumber = kind === "number" || kind === "integer" || (kind === "string" && formatName === "decimal");
  if (!checkRules(entry.key, schema, isNumber, kind, fail)) return null;
  const nullable = !required.has(entry.key) || kinds.includes("null");
  const personal = child(schema, "x-personal");
  return {
    field: {
      name: entry.key,
      type: isNumber ? "number" : kind === "boolean" ? "boolean" : textType(formatName),
      nullable,
      personal: personal?.kind === "scalar" && personal.value === true,
    },
    schema,
    isNumber,
  };
}

function textType(format: string | null): FieldType {
  return format === "date" ? "date" : format === "date-time" ? "datetime" : "text";
}

/** Refuses rules that could never hold for the kind of value. */
function checkRules(
  name: string,
  schema: MapTree,
  isNumber: boolean,
  kind: string,
  fail: (message: string, at: Tree, hint?: string) => null,
): boolean {
  for (const entry of schema.entries.values()) {
    if (isNumber && TEXT_ONLY.includes(entry.key)) {
      fail(
        `\`${entry.key}\` is a rule for text, and \`${name}\` is a number`,
        entry.value,
        "use `x-places` for decimal places, `minimum` and `maximum` for size",
      );
      return false;
    }
    if (!isNumber && NUMBER_ONLY.includes(entry.key)) {
      fail(
        `\`${entry.key}\` is a rule for numbers, and \`${name}\` is ${kind === "boolean" ? "a boolean" : "text"}`,
        entry.value,
        "give it `format: decimal`, or remove the rule",
      );
      return false;
    }
  }
  return true;
}

/** The types a property takes: from `type`, or from the values it lists. */
function kindsOf(schema: MapTree): string[] {
  const type = scalarsOf(child(schema, "type")).map((item) => item.text);
  if (child(schema, "type") !== undefined) {
    const tree = child(schema, "type");
    // `null` without quotes is as good as with them.
    const nulls = tree?.kind === "list" && tree.items.some((item) => item.kind === "scalar" && item.value === null) ? ["null"] : [];
    return [...new Set([...type, ...nulls])];
  }
  const values = child(schema, "enum") ?? child(schema, "const");
  const listed = values === undefined ? [] : values.kind === "list" ? values.items : [values];
  const kinds = listed.map((item) => (item.kind === "scalar" ? (item.value === null ? "null" : typeof item.value) : "object"));
  return [...new Set(kinds)];
}

function checkKeywords(schema: MapTree, root: MapTree, problems: Problem[]): void {
  const isRoot = schema === root;
  for (const entry of schema.entries.values()) {
    if (entry.key.startsWith("x-") || KEYWORDS.includes(entry.key)) {
      if (entry.key === "format") checkFormat(entry, problems);
      continue;
    }
    const close = nearest(entry.key, [...KEYWORDS, "x-places", "x-personal"]);
    problems.push(
      problem(
        "CONFIG_SCHEMA",
        `unknown keyword \`${entry.key}\`${isRoot ? "" : " in the schema of a field"}`,
        keyPlace(entry),
        close === null ? "names of your own begin with `x-`" : `did you mean \`${close}\`?`,
      ),
    );
  }
}

function checkFormat(entry: Entry, problems: Problem[]): void {
  const format = entry.value.kind === "scalar" ? entry.value.text : "";
  if (FORMATS.includes(format)) return;
  problems.push(
    problem(
      "CONFIG_SCHEMA",
      `unknown format \`${format}\`; expected one of ${listNames(FORMATS)}`,
      placeOf(entry.value),
      suggest(format, FORMATS, "formats"),
    ),
  );
}

function showTree(tree: Tree): string {
  return tree.kind === "scalar" ? `\`${tree.text}\`` : tree.kind === "list" ? "a list" : "a mapping";
}
