import type { TSchema } from "typebox";
import { listNames } from "./nearest.js";

/** The part of JSON Schema that options are described in; anything else in a schema is a mistake in the program. */
export interface SchemaNode {
  readonly type?: string;
  readonly properties?: Readonly<Record<string, SchemaNode>>;
  readonly required?: readonly string[];
  readonly additionalProperties?: boolean | SchemaNode;
  readonly patternProperties?: Readonly<Record<string, SchemaNode>>;
  readonly items?: SchemaNode;
  readonly anyOf?: readonly SchemaNode[];
  readonly allOf?: readonly SchemaNode[];
  readonly enum?: readonly unknown[];
  readonly const?: unknown;
  readonly pattern?: string;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly exclusiveMinimum?: number;
  readonly exclusiveMaximum?: number;
  readonly minItems?: number;
  readonly maxItems?: number;
  readonly uniqueItems?: boolean;
  readonly default?: unknown;
  readonly title?: string;
  readonly description?: string;
  readonly examples?: readonly unknown[];
  /** Never printed; may only stand in a connection. */
  readonly secret?: boolean;
  /** Resolved against the folder of the file it is written in. */
  readonly path?: "file" | "folder" | "new file";
  /** Text with `${…}`: numbers and booleans are taken as they are written. */
  readonly template?: boolean;
}

/** Every keyword an option schema may use. */
export const SCHEMA_KEYWORDS = new Set<string>([
  ...["type", "properties", "required", "additionalProperties", "patternProperties", "items", "anyOf", "allOf", "enum", "const", "pattern"],
  ...["minLength", "maxLength", "minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "minItems", "maxItems", "uniqueItems"],
  ...["default", "title", "description", "examples", "secret", "path", "template"],
]);

export function schemaNode(schema: TSchema): SchemaNode {
  return schema as SchemaNode;
}

/** What a schema takes, in words. */
export function expectedOf(schema: SchemaNode): string {
  if (schema.template === true) return "text";
  if (schema.anyOf !== undefined) return schema.anyOf.map(expectedOf).join(" or ");
  if (schema.enum !== undefined) return `one of ${listNames(schema.enum.map(String))}`;
  if (schema.const !== undefined) return `\`${String(schema.const)}\``;
  switch (schema.type) {
    case "string":
      return "text";
    case "integer":
      return "a whole number";
    case "number":
      return "a number";
    case "boolean":
      return "`true` or `false`";
    case "null":
      return "nothing";
    case "array": {
      const items = schema.items === undefined ? "values" : schema.items.type === "string" ? "texts" : "items";
      return `a list of ${items}`;
    }
    case "object": {
      const keys = schema.required ?? [];
      return keys.length > 0 && keys.length <= 3 ? `a mapping with ${keys.map((key) => `\`${key}\``).join(" and ")}` : "a mapping";
    }
    default:
      return "a value";
  }
}

/** An example as it is written in YAML; text inside `[…]` and `{…}` has quotes where it needs them. */
export function showExample(example: unknown): string {
  if (typeof example !== "object" || example === null) return String(example);
  const inner = (value: unknown): string =>
    typeof value === "string" && !/^[\p{L}\p{N}./^$()*+-]+( [\p{L}\p{N}]+)*$/u.test(value) ? quote(value) : showExample(value);
  if (Array.isArray(example)) return `[${example.map(inner).join(", ")}]`;
  const entries = Object.entries(example).map(([key, value]) => `${key}: ${inner(value)}`);
  return entries.length === 0 ? "{}" : `{ ${entries.join(", ")} }`;
}

function quote(text: string): string {
  return text.includes('"') ? `'${text.replaceAll("'", "''")}'` : JSON.stringify(text);
}
