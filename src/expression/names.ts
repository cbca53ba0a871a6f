import { canonicalText, type Value } from "../model/value.js";
import { sameValue, withNullable } from "./kinds.js";
import { nearestHint } from "./nearest.js";
import { type Context, finish, type Operand, OUTSIDE, refuse, requireKind, type Site, siteOf, textOf } from "./operand.js";
import { parse } from "./parse.js";
import type { Node } from "./syntax.js";
import { readTokens } from "./tokens.js";
import type { Environment, Evaluate, LookupSignature, LookupTable } from "./types.js";

type NodeOf<K extends Node["kind"]> = Node & { readonly kind: K };

export function compileName(node: NodeOf<"name">, context: Context): Operand | null {
  return readName(node.name, node, context) ?? refuseName(node.name, node, context);
}

/** A variable before a field: variables are named in the same file as the expression that uses them. */
function readName(name: string, node: Node, context: Context): Operand | null {
  const { scope } = context;
  const variable = scope.variables.findIndex((each) => each.name === name);
  const known = scope.variables[variable];
  if (known !== undefined) {
    const type = context.nonNull.has(name) ? withNullable(known.type, false) : known.type;
    return {
      type,
      evaluate: (environment) => environment.variables[variable] as Value,
      constant: undefined,
      personal: known.personal === true,
    };
  }
  const index = scope.fields.findIndex((each) => each.name === name);
  const field = scope.fields[index];
  if (field === undefined) return null;
  context.fields.add(name);
  const type = { kind: field.type, nullable: field.nullable && !context.nonNull.has(name) };
  const perRecord = scope.context === "record" || context.aggregate !== null;
  const evaluate: Evaluate = perRecord
    ? (environment) => environment.row[index] as Value
    : agreedValue(name, index, siteOf(context, node, field.personal));
  return { type, evaluate, constant: undefined, personal: field.personal };
}

function agreedValue(name: string, index: number, site: Site): Evaluate {
  return (environment) => {
    const { records } = environment;
    const value = environment.row[index] as Value;
    for (let i = 0; i < records.length; i += 1) {
      const other = (records[i] as readonly Value[])[index] as Value;
      if (!sameValue(value, other)) {
        const message = `the records of this document disagree on \`${name}\`: ${site.show(value)} and ${site.show(other)}`;
        const hint = `say which is meant: \`first(${name})\`, \`min(${name})\` or \`max(${name})\``;
        return site.fail(message, hint, "MAP_DISAGREE");
      }
    }
    return value;
  };
}

function refuseName(name: string, node: Node, context: Context): null {
  const { scope } = context;
  const lookup = scope.lookups.find((each) => each.name === name);
  if (lookup !== undefined) {
    const column = lookup.columns[0]?.name ?? "column";
    return refuse(context, node, "EXPR_TYPE", `\`${name}\` is a lookup and needs its key`, `write \`${callOf(lookup)}.${column}\``);
  }
  const known = [...scope.variables, ...scope.fields, ...scope.lookups].map((each) => each.name);
  return refuse(context, node, "EXPR_UNKNOWN_NAME", `there is no \`${name}\` here`, nearestHint(name, known, "names"));
}

function callOf(lookup: LookupSignature): string {
  const keys = lookup.keys.map((key) => key.name).join(", ");
  return `${lookup.name}[${keys}${lookup.dated && lookup.on === null ? ", on: date" : ""}]`;
}

export function compileMember(node: NodeOf<"member">, context: Context): Operand | null {
  const path = dottedName(node);
  if (path !== null) {
    const variable = readName(path, node, context);
    if (variable !== null) return variable;
    // Nothing of this path is known, so the whole of it is what was misspelt: `share.amout`.
    if (!startsWithKnownName(path, context)) return refuseName(path, node, context);
  }
  const object = context.compile(node.object, context);
  if (object === null) return null;
  if (object.type.kind !== "row") {
    const at = { start: node.nameStart, end: node.end };
    return refuse(context, at, "EXPR_TYPE", `\`${textOf(context, node.object)}\` has no columns`, "only a row of a lookup has");
  }
  return readColumn(node, object, object.type.lookup, object.type.nullable, context);
}

function dottedName(node: Node): string | null {
  if (node.kind === "name") return node.name;
  if (node.kind !== "member") return null;
  const object = dottedName(node.object);
  return object === null ? null : `${object}.${node.name}`;
}

function startsWithKnownName(path: string, context: Context): boolean {
  const { variables, fields, lookups } = context.scope;
  return [...variables, ...fields, ...lookups].some((each) => path.startsWith(`${each.name}.`));
}

function readColumn(node: NodeOf<"member">, row: Operand, lookup: LookupSignature, rowNullable: boolean, context: Context): Operand | null {
  const index = lookup.columns.findIndex((each) => each.name === node.name);
  const column = lookup.columns[index];
  if (column === undefined) {
    const at = { start: node.nameStart, end: node.end };
    const known = lookup.columns.map((each) => each.name);
    const message = `lookup \`${lookup.name}\` has no column \`${node.name}\``;
    return refuse(context, at, "EXPR_UNKNOWN_NAME", message, nearestHint(node.name, known, "columns"));
  }
  context.lookupColumns.add(`${lookup.name}.${column.name}`);
  const site = siteOf(context, node, row.personal);
  const find = row.evaluate;
  const evaluate: Evaluate = (environment) => {
    const found = find(environment) as readonly Value[] | null;
    if (found === null) return null;
    const value = found[index] as Value;
    if (value !== null || column.nullable) return value;
    const keys = row.describeKeys === undefined ? "" : ` for ${row.describeKeys(environment)}`;
    return site.fail(`lookup \`${lookup.name}\` has an empty \`${column.name}\`${keys}`, `fill in \`${column.name}\` in that row`);
  };
  const type = { kind: column.type, nullable: rowNullable || column.nullable };
  return { type, evaluate, constant: undefined, personal: column.personal };
}

export function compileLookup(node: NodeOf<"lookup">, context: Context): Operand | null {
  const name = dottedName(node.object);
  const position = context.scope.lookups.findIndex((each) => each.name === name);
  const lookup = context.scope.lookups[position];
  if (lookup === undefined) return refuseLookup(node, name, context);
  const keys = compileKeys(node, lookup, context);
  const on = compileDate(node, lookup, context);
  if (keys === null || on === null) return null;
  const parts = on === "none" ? keys : [...keys, on];
  const site = siteOf(
    context,
    node,
    keys.some((key) => key.personal),
  );
  const readers = keys.map((key) => key.evaluate);
  const readDate: Evaluate = on === "none" ? () => null : on.evaluate;
  const describeKeys = (environment: Environment): string => {
    const shown = readers.map((read) => site.show(read(environment))).join(", ");
    const date = readDate(environment);
    return date === null ? shown : `${shown} on ${String(date)}`;
  };
  const readKeys = keyReader(readers);
  const evaluate: Evaluate = (environment) => {
    const table = environment.lookups[position] as LookupTable;
    const found = table.find(readKeys(environment), readDate(environment) as string | null);
    if (found !== "missing") return found;
    if (table.missing === "empty") return null;
    const code = table.missing === "stop" ? "MAP_LOOKUP_STOP" : "MAP_LOOKUP_MISSING";
    return site.fail(`lookup \`${lookup.name}\` has no row for ${describeKeys(environment)}`, `add the row to \`${lookup.name}\``, code);
  };
  const operand = finish(context, { kind: "row", lookup, nullable: lookup.missingIsEmpty }, evaluate, [...parts, OUTSIDE]);
  return operand === null ? null : { ...operand, describeKeys };
}

function keyReader(readers: readonly Evaluate[]): (environment: Environment) => readonly string[] {
  const [first] = readers;
  if (first !== undefined && readers.length === 1) return (environment) => [canonicalText(first(environment))];
  return (environment) => readers.map((read) => canonicalText(read(environment)));
}

function compileKeys(node: NodeOf<"lookup">, lookup: LookupSignature, context: Context): Operand[] | null {
  const operands = node.keys.map((key) => context.compile(key, context));
  if (operands.length !== lookup.keys.length) {
    const wanted = lookup.keys.length === 1 ? "1 key" : `${lookup.keys.length} keys`;
    const message = `lookup \`${lookup.name}\` has ${wanted}, found ${operands.length}`;
    return refuse(context, node, "EXPR_ARGUMENTS", message, `write \`${callOf(lookup)}\``);
  }
  const keys: Operand[] = [];
  for (const [index, operand] of operands.entries()) {
    const key = lookup.keys[index];
    if (operand === null || key === undefined) continue;
    const user = `key \`${key.name}\` of lookup \`${lookup.name}\``;
    if (requireKind(context, node.keys[index] as Node, operand, { kind: key.type, nullable: false }, user)) keys.push(operand);
  }
  return keys.length === operands.length ? keys : null;
}

/** The date of a dated lookup: as written, or as the lookup itself says. */
function compileDate(node: NodeOf<"lookup">, lookup: LookupSignature, context: Context): Operand | "none" | null {
  const user = `the date of lookup \`${lookup.name}\``;
  const wanted = { kind: "date", nullable: false } as const;
  if (node.on !== null) {
    const date = context.compile(node.on, context);
    if (!lookup.dated) {
      return refuse(context, node.on, "EXPR_ARGUMENTS", `lookup \`${lookup.name}\` has no dates`, "leave out `on:`");
    }
    return date !== null && requireKind(context, node.on, date, wanted, user) ? date : null;
  }
  if (!lookup.dated) return "none";
  if (lookup.on === null) {
    const hint = `write \`${callOf(lookup)}\``;
    return refuse(context, node, "EXPR_ARGUMENTS", `rows of lookup \`${lookup.name}\` are valid for a time, so it needs a date`, hint);
  }
  const { tokens, faults } = readTokens(lookup.on, 0, false);
  const parsed = parse(tokens);
  const fault = faults[0] ?? parsed.fault;
  if (fault !== undefined || parsed.node === undefined) {
    return refuse(context, node, "EXPR_SYNTAX", `${user}, \`${lookup.on}\`: ${fault?.message ?? "cannot be read"}`, fault?.hint);
  }
  // A date that is itself looked up in the same table would never end.
  const lookups = context.scope.lookups.map((each) => (each === lookup ? { ...each, on: null } : each));
  const inner: Context = { ...context, source: lookup.on, scope: { ...context.scope, lookups }, at: context.at ?? node };
  const date = context.compile(parsed.node, inner);
  return date !== null && requireKind(inner, parsed.node, date, wanted, user) ? date : null;
}

function refuseLookup(node: NodeOf<"lookup">, name: string | null, context: Context): null {
  const { scope } = context;
  const text = name ?? textOf(context, node.object);
  const isValue = name === null || [...scope.fields, ...scope.variables].some((each) => each.name === name);
  for (const key of node.keys) context.compile(key, context);
  if (isValue) {
    const hint = "only a lookup takes keys in `[…]`; the values of a list are read with `at(list, n)`";
    return refuse(context, node.object, "EXPR_TYPE", `\`${text}\` is not a lookup`, hint);
  }
  const known = scope.lookups.map((each) => each.name);
  return refuse(context, node.object, "EXPR_UNKNOWN_NAME", `there is no lookup \`${text}\``, nearestHint(text, known, "lookups"));
}
