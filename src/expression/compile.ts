import type { TextPart, TextShape } from "../model/personal.js";
import { FUNCTION_NAMES, findFunction } from "./functions.js";
import { display } from "./kinds.js";
import { compileLookup, compileMember, compileName } from "./names.js";
import { nearestHint } from "./nearest.js";
import { type Context, constantOperand, type Operand, refuse } from "./operand.js";
import { compileBinary, compileConditional, compileList, compileUnary, requireExpected } from "./operators.js";
import { parse } from "./parse.js";
import type { Node } from "./syntax.js";
import { readTokens, type Token } from "./tokens.js";
import type { Compiled, CompileResult, Expected, Scope } from "./types.js";

/**
 * Compiles a bare expression, without `${…}`, that gives a value of the expected type. All faults that can be told apart
 * are reported at once, with offsets into `text`.
 */
export function compileExpression(text: string, scope: Scope, expected: Expected): CompileResult {
  const context = newContext(text, scope);
  const { tokens, faults } = readTokens(text, 0, false);
  context.faults.push(...faults);
  const part = faults.length > 0 ? null : compilePart(tokens, context);
  if (part === null || !requireExpected(context, part.node, part.operand, expected)) return { faults: context.faults };
  return { compiled: compiledFrom(text, context, part.operand) };
}

export function newContext(source: string, scope: Scope): Context {
  return {
    source,
    scope,
    faults: [],
    fields: new Set(),
    lookupColumns: new Set(),
    nonNull: new Set(),
    aggregate: null,
    at: null,
    compile: compileNode,
    givesList: (name) => findFunction(name)?.givesList === true,
  };
}

/** One expression from its tokens; null after a fault. */
export function compilePart(tokens: readonly Token[], context: Context): { readonly node: Node; readonly operand: Operand } | null {
  const parsed = parse(tokens);
  if (parsed.node === undefined) {
    context.faults.push(parsed.fault);
    return null;
  }
  const operand = compileNode(parsed.node, context);
  return operand === null ? null : { node: parsed.node, operand };
}

export function compiledFrom(text: string, context: Context, operand: Operand, parts: TextShape = [partOf(operand)]): Compiled {
  const { type, evaluate, constant } = operand;
  return { text, type, evaluate, constant, parts, fields: [...context.fields], lookupColumns: [...context.lookupColumns] };
}

export function partOf({ constant, personal }: Operand): TextPart {
  return constant === undefined ? { personal } : { text: display(constant) };
}

function compileNode(node: Node, context: Context): Operand | null {
  switch (node.kind) {
    case "literal":
      return constantOperand(node.type, node.value);
    case "name":
      return compileName(node, context);
    case "member":
      return compileMember(node, context);
    case "lookup":
      return compileLookup(node, context);
    case "call":
      return compileCall(node, context);
    case "list":
      return compileList(node, context);
    case "unary":
      return compileUnary(node, context);
    case "binary":
      return compileBinary(node, context);
    case "conditional":
      return compileConditional(node, context);
  }
}

function compileCall(node: Node & { readonly kind: "call" }, context: Context): Operand | null {
  const row = findFunction(node.name);
  if (row !== undefined) return row.compile({ node, context });
  const at = { start: node.start, end: node.nameEnd };
  const message = `there is no function \`${node.name}\``;
  if (context.scope.fields.some((field) => field.name.startsWith(`${node.name}(`))) {
    return refuse(context, at, "EXPR_UNKNOWN_FUNCTION", message, "a field name with brackets goes in backquotes");
  }
  refuse(context, at, "EXPR_UNKNOWN_FUNCTION", message, functionHint(node.name, context));
  for (const parameter of node.parameters) context.compile(parameter, context);
  return null;
}

/** What a function is called in spreadsheets and other languages. */
const OTHER_NAMES: Readonly<Record<string, string>> = {
  if: "write `condition ? a : b`",
  iif: "write `condition ? a : b`",
  coalesce: "write `a ?? b`",
  ifnull: "write `a ?? b`",
  nvl: "write `a ?? b`",
  isblank: "write `x == null`",
  substring: "write `slice(text, start, length)`",
  substr: "write `slice(text, start, length)`",
  mid: "write `slice(text, start, length)`; positions count from 0",
  len: "write `length(text)`",
  vlookup: "declare a lookup and write `name[key].column`",
  regex: "write `matches(text, pattern)`",
  to_number: "write `number(text)`",
  to_text: "write `text(value)`",
  string: "write `text(value)`",
  int: "write `round(x, 0)`",
  avg: 'write `average(x, places, "half-up")`',
  now: "an expression cannot see the clock, so that the same records always give the same document",
  today: "an expression cannot see the clock, so that the same records always give the same document",
};

function functionHint(name: string, context: Context): string | undefined {
  const other = OTHER_NAMES[name.toLowerCase()];
  if (other !== undefined) return other;
  if (context.scope.lookups.some((lookup) => lookup.name === name)) return `\`${name}\` is a lookup: write \`${name}[key].column\``;
  return nearestHint(name, FUNCTION_NAMES, "functions");
}
