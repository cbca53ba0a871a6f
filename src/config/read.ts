import { bug, type Place, type Problem, type ProblemCode, problem } from "../model/problem.js";
import { listNames, nearest, suggest } from "./nearest.js";
import { expectedOf, SCHEMA_KEYWORDS, type SchemaNode, showExample } from "./schema-node.js";
import { isFile, isFolder, resolveFrom } from "./source-file.js";
import { type Entry, keyPlace, type MapTree, placeOf, type ScalarTree, type Tree } from "./tree.js";

/** What reading collects beside the value. */
export interface ReadContext {
  readonly problems: Problem[];
  /** Called for the text of every option marked `secret`. */
  readonly onSecret?: (tree: ScalarTree) => void;
  /** False while another reader takes care of keys this schema does not know. */
  readonly reportUnknownKeys?: boolean;
  /** Paths stay as they are written and need not exist: for fingerprints. */
  readonly keepPaths?: boolean;
}

/**
 * Reads a tree as its schema says: checked, defaults filled in, numbers taken as text where text is wanted, paths made
 * absolute. One mistake gives one problem; a part that is wrong is left out of the value, so that the rest can still
 * be looked at.
 */
export function read(tree: Tree, schema: SchemaNode, context: ReadContext, name: string | null = null): unknown {
  for (const keyword of Object.keys(schema))
    if (!SCHEMA_KEYWORDS.has(keyword) && !keyword.startsWith("~")) bug(`option schemas cannot use the keyword ${keyword}`);
  if (tree.kind === "scalar" && tree.isUnusable === true) return undefined;
  if (schema.secret === true) hideSecret(tree, context);
  if (schema.anyOf !== undefined && schema.template !== true) return readUnion(tree, schema, schema.anyOf, context, name);
  if (schema.allOf !== undefined) return Object.assign({}, ...schema.allOf.map((part) => read(tree, part, context, name)));
  if (schema.template === true) return readTemplate(tree, context, name);
  if (schema.type === "object") return readMap(tree, schema, context, name);
  if (schema.type === "array") return readList(tree, schema, context, name);
  return readScalar(tree, schema, context, name);
}

/** The value of a schema whose key is not given. */
export function defaultOf(schema: SchemaNode): unknown {
  return schema.default === undefined ? undefined : structuredClone(schema.default);
}

function hideSecret(tree: Tree, context: ReadContext): void {
  if (tree.kind === "scalar") {
    if (!/^\$\{[^}]*\}$/.test(tree.file.text.slice(tree.start, tree.end).replace(/^["']|["']$/g, ""))) tree.file.hide(tree.start, tree.end);
    context.onSecret?.(tree);
  } else if (tree.kind === "list") for (const item of tree.items) hideSecret(item, context);
  else for (const entry of tree.entries.values()) hideSecret(entry.value, context);
}

// ---------------------------------------------------------------- mappings and lists

function readMap(tree: Tree, schema: SchemaNode, context: ReadContext, name: string | null): unknown {
  if (tree.kind !== "map") return wrongKind(tree, schema, context, name);
  const value: Record<string, unknown> = {};
  const properties = schema.properties ?? {};
  const unknown: Entry[] = [];
  for (const entry of tree.entries.values()) {
    const described = Object.hasOwn(properties, entry.key) ? properties[entry.key] : patternSchema(schema, entry.key);
    if (described !== undefined) assign(value, entry.key, read(entry.value, described, context, entry.key));
    else if (schema.additionalProperties === false) unknown.push(entry);
    else if (typeof schema.additionalProperties === "object")
      assign(value, entry.key, read(entry.value, schema.additionalProperties, context, entry.key));
  }
  const missing = missingKeys(tree, schema, value);
  if (context.reportUnknownKeys !== false) {
    for (const entry of unknown) {
      const close = reportUnknownKey(entry, tree, schema, missing, context);
      // A misspelt key is one mistake, not an unknown key and a missing one.
      if (close !== null) missing.delete(close);
    }
  }
  for (const key of missing) reportMissingKey(tree, key, properties[key], context);
  return value;
}

function assign(value: Record<string, unknown>, key: string, part: unknown): void {
  if (part !== undefined) Object.defineProperty(value, key, { value: part, enumerable: true, writable: true, configurable: true });
}

function missingKeys(tree: MapTree, schema: SchemaNode, value: Record<string, unknown>): Set<string> {
  const missing = new Set<string>();
  for (const [key, described] of Object.entries(schema.properties ?? {})) {
    if (tree.entries.has(key)) continue;
    const given = defaultOf(described);
    if (given !== undefined) assign(value, key, given);
    else if (schema.required?.includes(key) === true) missing.add(key);
  }
  return missing;
}

function patternSchema(schema: SchemaNode, key: string): SchemaNode | undefined {
  for (const [pattern, described] of Object.entries(schema.patternProperties ?? {}))
    if (new RegExp(pattern, "u").test(key)) return described;
  return undefined;
}

function reportUnknownKey(
  entry: Entry,
  tree: MapTree,
  schema: SchemaNode,
  missing: ReadonlySet<string>,
  context: ReadContext,
): string | null {
  const known = Object.keys(schema.properties ?? {});
  if (known.length === 0 && schema.patternProperties !== undefined) {
    context.problems.push(
      problem(
        "CONFIG_WRONG_VALUE",
        `\`${entry.key}\` is not a name; expected letters and digits, with \`.\`, \`_\` and \`-\` between them`,
        keyPlace(entry),
        "choose a name without blanks",
      ),
    );
    return null;
  }
  const open = known.filter((key) => !tree.entries.has(key));
  // Of two names that are equally near, the one that is wanted and not there is the one that was meant.
  const close = nearest(entry.key, [...missing]) ?? nearest(entry.key, open);
  const hint = close === null ? suggest(entry.key, known, "keys") : `did you mean \`${close}\`?`;
  context.problems.push(problem("CONFIG_UNKNOWN_KEY", `unknown key \`${entry.key}\``, keyPlace(entry), hint));
  return close;
}

function reportMissingKey(tree: MapTree, key: string, schema: SchemaNode | undefined, context: ReadContext): void {
  const about = schema?.description ?? (schema === undefined ? "" : expectedOf(schema));
  const example = schema?.examples?.[0];
  const shown = example === undefined ? "" : `, as in \`${key}: ${showExample(example)}\``;
  context.problems.push(problem("CONFIG_MISSING_KEY", `key \`${key}\` is missing`, placeOf(tree), `add \`${key}\`: ${about}${shown}`));
}

function readList(tree: Tree, schema: SchemaNode, context: ReadContext, name: string | null): unknown {
  if (tree.kind !== "list") return wrongKind(tree, schema, context, name);
  if (tree.items.length < (schema.minItems ?? 0))
    return refuse(tree, context, name, "is an empty list", `at least ${schema.minItems} item`);
  if (schema.maxItems !== undefined && tree.items.length > schema.maxItems)
    return refuse(tree, context, name, `has ${tree.items.length} items`, `at most ${schema.maxItems}`);
  const items = tree.items.map((item) =>
    schema.items === undefined ? undefined : read(item, inherit(schema.items, schema), context, name),
  );
  if (schema.uniqueItems === true) {
    const seen = new Set<string>();
    for (const [index, item] of items.entries()) {
      const text = JSON.stringify(item);
      const at = tree.items[index];
      if (seen.has(text) && at !== undefined) return refuse(at, context, name, `holds \`${showExample(item)}\` twice`, "each item once");
      seen.add(text);
    }
  }
  return items;
}

/** `path` and `secret` on a list or union are meant for the texts in it. */
function inherit(inner: SchemaNode, outer: SchemaNode): SchemaNode {
  let result = inner;
  if (outer.path !== undefined && inner.path === undefined) result = { ...result, path: outer.path };
  if (outer.secret === true) result = { ...result, secret: true };
  return result;
}

// ---------------------------------------------------------------- unions

function readUnion(tree: Tree, schema: SchemaNode, branches: readonly SchemaNode[], context: ReadContext, name: string | null): unknown {
  let best: { problems: Problem[]; value: unknown; score: number } | null = null;
  for (const branch of branches) {
    if (!takesKind(tree, branch)) continue;
    const problems: Problem[] = [];
    const value = read(tree, inherit(branch, schema), { ...context, problems }, name);
    if (problems.length === 0) return value;
    const score = problems.length - sharedKeys(tree, branch);
    if (best === null || score < best.score) best = { problems, value, score };
  }
  if (best === null) return wrongKind(tree, schema, context, name);
  const literals = branches.flatMap((branch) => branch.enum ?? []);
  if (literals.length > 0 && tree.kind === "scalar") return readScalar(tree, { ...schema, enum: literals }, context, name);
  context.problems.push(...best.problems);
  return best.value;
}

function sharedKeys(tree: Tree, branch: SchemaNode): number {
  if (tree.kind !== "map") return 0;
  return 3 * Object.keys(branch.properties ?? {}).filter((key) => tree.entries.has(key)).length;
}

function takesKind(tree: Tree, schema: SchemaNode): boolean {
  if (schema.anyOf !== undefined) return schema.anyOf.some((branch) => takesKind(tree, branch));
  if (schema.type === "object") return tree.kind === "map";
  if (schema.type === "array") return tree.kind === "list";
  if (tree.kind !== "scalar") return false;
  const isEmpty = tree.value === null;
  if (schema.type === "null") return isEmpty;
  if (isEmpty) return false;
  if (schema.type === "boolean") return booleanOf(tree) !== undefined;
  if (schema.type === "number" || schema.type === "integer") return numberOf(tree) !== undefined;
  return true;
}

// ---------------------------------------------------------------- scalars

function readTemplate(tree: Tree, context: ReadContext, name: string | null): unknown {
  if (tree.kind === "scalar" && tree.value !== null) return tree.text;
  return wrongKind(tree, { type: "string" }, context, name);
}

function readScalar(tree: Tree, schema: SchemaNode, context: ReadContext, name: string | null): unknown {
  if (schema.type === undefined && schema.enum === undefined && schema.const === undefined) return plainValue(tree);
  if (tree.kind !== "scalar") return wrongKind(tree, schema, context, name);
  const allowed = schema.enum ?? (schema.const === undefined ? undefined : [schema.const]);
  if (allowed !== undefined) return readEnum(tree, schema, allowed, context, name);
  if (tree.value === null) return schema.type === "null" ? null : wrongKind(tree, schema, context, name);
  if (schema.type === "boolean") return booleanOf(tree) ?? wrongKind(tree, schema, context, name);
  if (schema.type === "number" || schema.type === "integer") return readNumber(tree, schema, context, name);
  if (schema.type !== "string") return wrongKind(tree, schema, context, name);
  return readText(tree, schema, context, name);
}

function readEnum(tree: ScalarTree, schema: SchemaNode, allowed: readonly unknown[], context: ReadContext, name: string | null): unknown {
  const found = allowed.find((each) => each === tree.value || (typeof each === "string" && tree.value !== null && each === tree.text));
  if (found !== undefined) return found;
  if (tree.value === null) return wrongKind(tree, schema, context, name);
  const names = allowed.map(String);
  const isShown = schema.secret !== true && tree.filledIn === undefined;
  const close = isShown ? nearest(tree.text, names) : null;
  const code: ProblemCode = name === "encoding" ? "CONFIG_UNKNOWN_ENCODING" : "CONFIG_WRONG_VALUE";
  const shown = isShown ? ` \`${tree.text}\`` : "";
  context.problems.push(
    problem(
      code,
      `unknown value${shown}${name === null ? "" : ` for \`${name}\``}; expected ${names.length === 1 ? "" : "one of "}${listNames(names)}`,
      placeOf(tree),
      close === null ? undefined : `did you mean \`${close}\`?`,
    ),
  );
  return undefined;
}

function readNumber(tree: ScalarTree, schema: SchemaNode, context: ReadContext, name: string | null): unknown {
  const value = numberOf(tree);
  if (value === undefined) return wrongKind(tree, schema, context, name);
  const found = foundValue(tree, schema);
  if (schema.type === "integer" && !Number.isSafeInteger(value)) return refuse(tree, context, name, found, "a whole number");
  if (schema.minimum !== undefined && value < schema.minimum) return refuse(tree, context, name, found, `at least \`${schema.minimum}\``);
  if (schema.maximum !== undefined && value > schema.maximum) return refuse(tree, context, name, found, `at most \`${schema.maximum}\``);
  if (schema.exclusiveMinimum !== undefined && value <= schema.exclusiveMinimum)
    return refuse(tree, context, name, found, `more than \`${schema.exclusiveMinimum}\``);
  if (schema.exclusiveMaximum !== undefined && value >= schema.exclusiveMaximum)
    return refuse(tree, context, name, found, `less than \`${schema.exclusiveMaximum}\``);
  return value;
}

function readText(tree: ScalarTree, schema: SchemaNode, context: ReadContext, name: string | null): unknown {
  const text = tree.text;
  const found = foundValue(tree, schema);
  const length = [...text].length;
  if (length < (schema.minLength ?? 0))
    return refuse(
      tree,
      context,
      name,
      length === 0 ? "is empty" : found,
      schema.minLength === 1 ? "text" : `at least ${schema.minLength} characters`,
    );
  if (schema.maxLength !== undefined && length > schema.maxLength)
    return refuse(tree, context, name, `has ${length} characters`, `at most ${schema.maxLength}`);
  if (schema.pattern !== undefined && !new RegExp(schema.pattern, "u").test(text)) {
    const example = schema.examples?.[0];
    const expected =
      example === undefined
        ? `text that fits \`${schema.pattern}\``
        : `${schema.description ?? "text"}, such as \`${showExample(example)}\``;
    return refuse(tree, context, name, found, expected);
  }
  return schema.path === undefined || context.keepPaths === true ? text : readPath(tree, schema.path, context, name);
}

function readPath(tree: ScalarTree, kind: "file" | "folder" | "new file", context: ReadContext, name: string | null): unknown {
  const path = resolveFrom(tree.file, tree.text);
  if (kind === "new file" || (kind === "file" ? isFile(path) : isFolder(path))) return path;
  const other = kind === "file" ? isFolder(path) : isFile(path);
  const message = other
    ? `\`${tree.text}\` is a ${kind === "file" ? "folder" : "file"}; expected a ${kind}`
    : `${name === null ? "" : `\`${name}\` names a ${kind} that does not exist: `}\`${tree.text}\``;
  context.problems.push(
    problem(
      "CONFIG_MISSING_FILE",
      message,
      placeOf(tree),
      `the path starts at the folder of \`${tree.file.name}\`; create the ${kind} or correct the path`,
    ),
  );
  return undefined;
}

function numberOf(tree: ScalarTree): number | undefined {
  if (typeof tree.value === "number") return Number.isFinite(tree.value) ? tree.value : undefined;
  // A port from the environment arrives as text.
  if (tree.filledIn !== undefined && /^-?\d+(\.\d+)?$/.test(tree.text)) return Number(tree.text);
  return undefined;
}

function booleanOf(tree: ScalarTree): boolean | undefined {
  if (typeof tree.value === "boolean") return tree.value;
  if (tree.filledIn !== undefined && (tree.text === "true" || tree.text === "false")) return tree.text === "true";
  return undefined;
}

/** The tree as plain values; `asWritten` keeps scalars as their text, with every digit. */
export function plainValue(tree: Tree, asWritten = false): unknown {
  if (tree.kind === "scalar") return asWritten ? tree.text : tree.value;
  if (tree.kind === "list") return tree.items.map((item) => plainValue(item, asWritten));
  const value: Record<string, unknown> = {};
  for (const entry of tree.entries.values()) assign(value, entry.key, plainValue(entry.value, asWritten));
  return value;
}

// ---------------------------------------------------------------- words

/** One refusal: `` `overlap` is `soon`; expected … ``. Gives undefined, so that the value is left out. */
function refuse(
  tree: Tree,
  context: ReadContext,
  name: string | null,
  found: string,
  expected: string,
  at: Place = placeOf(tree),
): undefined {
  context.problems.push(problem("CONFIG_WRONG_VALUE", `${name === null ? "this" : `\`${name}\``} ${found}; expected ${expected}`, at));
  return undefined;
}

function wrongKind(tree: Tree, schema: SchemaNode, context: ReadContext, name: string | null): undefined {
  return refuse(tree, context, name, foundKind(tree, schema), expectedOf(schema));
}

function foundKind(tree: Tree, schema: SchemaNode): string {
  if (tree.kind === "map") return "is a mapping";
  if (tree.kind === "list") return "is a list";
  if (tree.value === null) return "is empty";
  if (!mayHoldSecret(schema)) return foundValue(tree, schema, "is the text");
  tree.file.hide(tree.start, tree.end);
  return "is a text";
}

/** A secret that stands alone where it should have had a key is as secret as under it. */
function mayHoldSecret(schema: SchemaNode): boolean {
  if (schema.secret === true || schema.additionalProperties === true) return true;
  const within = [schema.properties, schema.patternProperties].flatMap((each) => Object.values(each ?? {}));
  return [...within, ...(schema.anyOf ?? []), ...(schema.items === undefined ? [] : [schema.items])].some(mayHoldSecret);
}

/** What comes from the environment or from a file may be a secret, also where it stands in the wrong place. */
function foundValue(tree: ScalarTree, schema: SchemaNode, textIs = "is"): string {
  if (schema.secret === true) return "is not usable";
  if (tree.filledIn !== undefined) return "is filled in with a value that is not usable";
  return `${typeof tree.value === "string" ? textIs : "is"} \`${tree.text}\``;
}
