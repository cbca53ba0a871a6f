import type { ProblemCode } from "../model/problem.js";
import type { Value } from "../model/value.js";
import { conversionHint, describe, describeOne, display, NULL } from "./kinds.js";
import type { Node } from "./syntax.js";
import { type Environment, type Evaluate, EvaluationError, type Fault, type Scope, type Type } from "./types.js";

/** A compiled part of an expression. */
export interface Operand {
  readonly type: Type;
  readonly evaluate: Evaluate;
  /** The value when it depends on nothing. */
  readonly constant: Value | undefined;
  /** It may show a personal field, so messages do not print it. */
  readonly personal: boolean;
  /** Of a lookup row: its keys as messages name them. */
  readonly describeKeys?: (environment: Environment) => string;
}

/** What is known at one place of an expression. The lists and sets are shared by the whole expression, except `nonNull`. */
export interface Context {
  /** The text that the nodes' offsets point into. */
  readonly source: string;
  readonly scope: Scope;
  readonly faults: Fault[];
  readonly fields: Set<string>;
  readonly lookupColumns: Set<string>;
  /** Names that a condition around this place has shown not to be empty. */
  readonly nonNull: ReadonlySet<string>;
  /** The aggregate around this place, in which a field is each record's own. */
  readonly aggregate: string | null;
  /** Where all faults are reported when the source is not the user's own text: the date expression of a lookup. */
  readonly at: { readonly start: number; readonly end: number } | null;
  readonly compile: (node: Node, context: Context) => Operand | null;
  /** The function of this name gives a list. */
  readonly givesList: (functionName: string) => boolean;
}

/** Where a part that can fail at run time stands. */
export class Site {
  constructor(
    readonly start: number,
    readonly end: number,
    readonly personal: boolean,
  ) {}

  fail(message: string, hint?: string, code: EvaluationError["code"] = "MAP_FAILED"): never {
    throw new EvaluationError(code, message, this.start, this.end, hint);
  }

  /** A value for a message, unless it is somebody's personal data. */
  show(value: Value): string {
    if (value === null) return "an empty value";
    return this.personal ? "a personal value" : `\`${display(value)}\``;
  }
}

export function siteOf(context: Context, node: Node, personal: boolean): Site {
  const { start, end } = context.at ?? node;
  return new Site(start, end, personal);
}

/** Notes a fault and gives null, so that a caller can return it. */
export function refuse(
  context: Context,
  at: { readonly start: number; readonly end: number },
  code: ProblemCode,
  message: string,
  hint?: string,
): null {
  const { start, end } = context.at ?? at;
  context.faults.push(hint === undefined ? { code, message, start, end } : { code, message, hint, start, end });
  return null;
}

/** The part as it was written. */
export function textOf(context: Context, node: Node): string {
  return context.source.slice(node.start, node.end);
}

/** The part as messages call it: a name without its backquotes, because values stand in backquotes anyway. */
export function labelOf(context: Context, node: Node): string {
  return node.kind === "name" ? node.name : textOf(context, node);
}

const NOWHERE: Environment = { row: [], records: [], lookups: [], variables: [] };

/** Finishes a part made of others. One that depends on constants alone is evaluated here and now. */
export function finish(context: Context, type: Type, evaluate: Evaluate, parts: readonly Operand[]): Operand | null {
  const personal = parts.some((part) => part.personal);
  if (parts.some((part) => part.constant === undefined)) return { type, evaluate, constant: undefined, personal };
  try {
    return constantOperand(type, evaluate(NOWHERE));
  } catch (error) {
    if (!(error instanceof EvaluationError)) throw error;
    return refuse(context, { start: error.start, end: error.end }, "EXPR_ARGUMENTS", error.message, error.hint);
  }
}

/** A part of everything that reads tables or records: it keeps the whole from being constant. */
export const OUTSIDE: Operand = { type: NULL, evaluate: () => null, constant: undefined, personal: false };

export function constantOperand(type: Type, constant: Value): Operand {
  return { type, evaluate: () => constant, constant, personal: false };
}

/** The operand has this kind and cannot be empty; otherwise a fault names `user`, which needs it. */
export function requireKind(context: Context, node: Node, operand: Operand, wanted: Type, user: string): boolean {
  return requireKindOrEmpty(context, node, operand, wanted, user) && requireValue(context, node, operand, user);
}

export function requireKindOrEmpty(context: Context, node: Node, operand: Operand, wanted: Type, user: string): boolean {
  const found = operand.type;
  if (isKind(found, wanted) || (found.kind === "null" && wanted.nullable)) return true;
  const text = textOf(context, node);
  const hint = conversionHint(found, wanted.kind)?.replace("…", text);
  if (found.kind === "null") refuse(context, node, "EXPR_TYPE", `\`null\` stands where ${user} needs ${describeOne(wanted)}`);
  else
    refuse(
      context,
      node,
      "EXPR_TYPE",
      `\`${labelOf(context, node)}\` is ${describeOne(found)}, and ${user} needs ${describeOne(wanted)}`,
      hint,
    );
  return false;
}

function isKind(found: Type, wanted: Type): boolean {
  if (found.kind === "list" && wanted.kind === "list") return found.of.kind === wanted.of.kind && !found.of.nullable;
  return found.kind === wanted.kind;
}

export function requireValue(context: Context, node: Node, operand: Operand, user: string): boolean {
  if (!operand.type.nullable) return true;
  const text = textOf(context, node);
  refuse(
    context,
    node,
    "EXPR_MAYBE_EMPTY",
    `\`${labelOf(context, node)}\` may be empty, and ${user} needs a value`,
    emptyHint(operand.type, text, node),
  );
  return false;
}

/** What to write for the empty case. */
function emptyHint(type: Type, text: string, node: Node): string {
  const simple = node.kind !== "binary" && node.kind !== "conditional";
  const part = simple ? text : `(${text})`;
  const instead = type.kind === "number" ? "0" : type.kind === "text" ? '""' : type.kind === "boolean" ? "false" : "…";
  return `say what stands there instead, as in \`${part} ?? ${instead}\``;
}

/** `text and a number`, for two kinds that do not go together. */
export function describeBoth(left: Type, right: Type): string {
  return `${describe(left)} and ${describe(right)}`;
}
