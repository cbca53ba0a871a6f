import { type SchemaNode, schemaNode } from "../../src/config/schema-node.js";

/** One example of one option, with the smallest set of options around it that makes sense. */
export interface OptionExample {
  /** As the reference writes it: `post.rejected[].when`. */
  readonly option: string;
  readonly example: unknown;
  readonly options: Readonly<Record<string, unknown>>;
}

type Build = (inner: unknown) => unknown;
type Mapping = Readonly<Record<string, unknown>>;

/** Makes a mapping in which one key was set whole again: what goes with the key, without what excludes it. */
export type Complete = (option: string, key: string, mapping: Mapping) => Mapping;

/** Every example in a connector's schema. `base` is a set of options that works; each example is laid over it. */
export function examplesOf(schema: object, base: Mapping, complete: Complete): OptionExample[] {
  const found: OptionExample[] = [];
  visit(schemaNode(schema as never), "", base, (inner) => inner, { found, complete });
  return found;
}

/** Every option that takes one value and has no example. */
export function withoutExample(schema: object): string[] {
  const found: string[] = [];
  eachOption(schemaNode(schema as never), "", (option, described) => {
    const isOne = described.anyOf === undefined && described.type !== "object" && described.type !== undefined;
    if (isOne && (described.examples ?? []).length === 0 && described.enum === undefined && described.const === undefined)
      found.push(option);
  });
  return found;
}

function eachOption(schema: SchemaNode, path: string, see: (option: string, described: SchemaNode) => void): void {
  for (const branch of [...(schema.anyOf ?? []), ...(schema.allOf ?? [])]) eachOption(branch, path, see);
  if (schema.items !== undefined) eachOption(schema.items, `${path}[]`, see);
  for (const [name, described] of Object.entries(schema.properties ?? {})) {
    const option = path === "" ? name : `${path}.${name}`;
    see(option, described);
    eachOption(described, option, see);
  }
}

interface Collection {
  readonly found: OptionExample[];
  readonly complete: Complete;
}

function visit(schema: SchemaNode, path: string, around: unknown, build: Build, to: Collection): void {
  for (const branch of [...(schema.anyOf ?? []), ...(schema.allOf ?? [])]) visit(branch, path, fitting(branch, around), build, to);
  if (schema.items !== undefined) visit(schema.items, `${path}[]`, undefined, (inner) => build([inner]), to);
  if (schema.type !== "object") return;
  const known = isObject(around) ? around : (sampleOf(schema) as Record<string, unknown>);
  for (const [name, described] of Object.entries(schema.properties ?? {})) {
    const option = path === "" ? name : `${path}.${name}`;
    const inner: Build = (value) => build(to.complete(option, name, { ...known, [name]: value }));
    for (const example of described.examples ?? []) {
      to.found.push({ option, example, options: inner(example) as Record<string, unknown> });
    }
    visit(described, option, known[name], inner, to);
  }
}

/** What is known of a value counts for a branch of a union only where it is of that kind. */
function fitting(branch: SchemaNode, around: unknown): unknown {
  if (branch.type === "object" && isObject(around) && needed(branch).every((key) => Object.hasOwn(around, key))) return around;
  return undefined;
}

function needed(schema: SchemaNode): string[] {
  return (schema.required ?? []).filter((key) => schema.properties?.[key]?.default === undefined);
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** The smallest value a schema takes, made of its first examples. */
function sampleOf(schema: SchemaNode): unknown {
  const [example] = schema.examples ?? [];
  if (example !== undefined) return example;
  if (schema.enum !== undefined) return schema.enum[0];
  if (schema.const !== undefined) return schema.const;
  if (schema.anyOf !== undefined) return sampleOf(schema.anyOf[0] as SchemaNode);
  if (schema.allOf !== undefined) return Object.assign({}, ...schema.allOf.map(sampleOf));
  if (schema.type === "array") return schema.items === undefined ? [] : [sampleOf(schema.items)];
  if (schema.type === "object") {
    const required = Object.entries(schema.properties ?? {}).filter(
      ([name, described]) => schema.required?.includes(name) === true && described.default === undefined,
    );
    return Object.fromEntries(required.map(([name, described]) => [name, sampleOf(described)]));
  }
  if (schema.type === "boolean") return true;
  return schema.type === "integer" || schema.type === "number" ? 1 : "x";
}
