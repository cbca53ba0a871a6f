import type { Decimal } from "../model/decimal.js";
import type { Value } from "../model/value.js";
import { BOOLEAN, conversionHint, describe, describeOne, NUMBER, sameValue, typeOf, unify, withNullable } from "./kinds.js";
import { assuming } from "./narrowing.js";
import {
  type Context,
  describeBoth,
  finish,
  labelOf,
  type Operand,
  refuse,
  requireKind,
  requireKindOrEmpty,
  requireValue,
  textOf,
} from "./operand.js";
import type { BinaryOperator, Node } from "./syntax.js";
import type { Evaluate, Expected } from "./types.js";

type NodeOf<K extends Node["kind"]> = Node & { readonly kind: K };

export function compileUnary(node: NodeOf<"unary">, context: Context): Operand | null {
  const operand = context.compile(node.operand, context);
  const wanted = node.operator === "-" ? NUMBER : BOOLEAN;
  if (operand === null || !requireKind(context, node.operand, operand, wanted, `\`${node.operator}\``)) return null;
  const read = operand.evaluate;
  const evaluate: Evaluate =
    node.operator === "-" ? (environment) => (read(environment) as Decimal).negate() : (environment) => !read(environment);
  return finish(context, wanted, evaluate, [operand]);
}

export function compileBinary(node: NodeOf<"binary">, context: Context): Operand | null {
  const { operator } = node;
  const left = context.compile(node.left, context);
  const rightContext = operator === "and" || operator === "or" ? assuming(context, node.left, operator === "and") : context;
  const right = context.compile(node.right, rightContext);
  if (left === null || right === null) return null;
  switch (operator) {
    case "and":
    case "or":
      return compileLogic(node, left, right, context);
    case "??":
      return compileCoalesce(node, left, right, context);
    case "==":
    case "!=":
      return compileEquality(node, left, right, context);
    case "in":
    case "not in":
      return compileMembership(node, left, right, context);
    case "<":
    case "<=":
    case ">":
    case ">=":
      return compileOrder(node, operator, left, right, context);
    default:
      return compileArithmetic(node, left, right, context);
  }
}

function compileLogic(node: NodeOf<"binary">, left: Operand, right: Operand, context: Context): Operand | null {
  const user = `\`${node.operator}\``;
  // Both sides are always checked, so that both mistakes are reported at once.
  const fits = [requireKind(context, node.left, left, BOOLEAN, user), requireKind(context, node.right, right, BOOLEAN, user)];
  if (fits.includes(false)) return null;
  const first = left.evaluate;
  const second = right.evaluate;
  const evaluate: Evaluate =
    node.operator === "and"
      ? (environment) => first(environment) && second(environment)
      : (environment) => first(environment) || second(environment);
  return finish(context, BOOLEAN, evaluate, [left, right]);
}

function compileCoalesce(node: NodeOf<"binary">, left: Operand, right: Operand, context: Context): Operand | null {
  const type = unify(left.type, right.type);
  if (type === null) {
    const hint = "`??` binds weaker than comparisons and sums; put what belongs together in parentheses";
    return refuse(context, node, "EXPR_TYPE", `the two sides of \`??\` are ${describeBoth(left.type, right.type)}`, hint);
  }
  const first = left.evaluate;
  const second = right.evaluate;
  const evaluate: Evaluate = (environment) => first(environment) ?? second(environment);
  return finish(context, withNullable(type, right.type.nullable), evaluate, [left, right]);
}

function compileEquality(node: NodeOf<"binary">, left: Operand, right: Operand, context: Context): Operand | null {
  const wantsEqual = node.operator === "==";
  const first = left.evaluate;
  const second = right.evaluate;
  let evaluate: Evaluate;
  if (right.type.kind === "null") evaluate = (environment) => (first(environment) === null) === wantsEqual;
  else if (left.type.kind === "null") evaluate = (environment) => (second(environment) === null) === wantsEqual;
  else {
    const kind = comparableKind(node, left, right, context);
    if (kind === null) return null;
    evaluate =
      kind === "number"
        ? (environment) => sameValue(first(environment), second(environment)) === wantsEqual
        : (environment) => (first(environment) === second(environment)) === wantsEqual;
  }
  return finish(context, BOOLEAN, evaluate, [left, right]);
}

/** The kind of both sides, or null after a fault. */
function comparableKind(node: NodeOf<"binary">, left: Operand, right: Operand, context: Context): string | null {
  const { kind } = left.type;
  if (kind === right.type.kind && kind !== "list" && kind !== "row") return kind;
  if (kind === right.type.kind) {
    const hint = kind === "row" ? "compare one of its columns" : "compare its values with `in`, or join them with `join(…)`";
    return refuse(context, node, "EXPR_TYPE", `a ${describe(left.type)} cannot be compared with \`${node.operator}\``, hint);
  }
  const leftText = labelOf(context, node.left);
  const rightText = labelOf(context, node.right);
  const message = `\`${leftText}\` is ${describeOne(left.type)} and \`${rightText}\` is ${describeOne(right.type)}, so they cannot be compared`;
  return refuse(context, node, "EXPR_TYPE", message, comparisonHint(node, left, right, context));
}

/** Text is turned into the other kind rather than the other way round: as text, `10` comes before `9`. */
function comparisonHint(node: NodeOf<"binary">, left: Operand, right: Operand, context: Context): string | undefined {
  const turnRight = right.type.kind === "text" || right.type.kind === "datetime" || right.type.kind === "list";
  const [from, to, part] = turnRight ? [right.type, left.type, node.right] : [left.type, right.type, node.left];
  return conversionHint(from, to.kind)?.replace("…", textOf(context, part));
}

const ORDER: Readonly<Record<"<" | "<=" | ">" | ">=", (order: number) => boolean>> = {
  "<": (order) => order < 0,
  "<=": (order) => order <= 0,
  ">": (order) => order > 0,
  ">=": (order) => order >= 0,
};

function compileOrder(
  node: NodeOf<"binary">,
  operator: keyof typeof ORDER,
  left: Operand,
  right: Operand,
  context: Context,
): Operand | null {
  const user = `\`${operator}\``;
  const present = [requireValue(context, node.left, left, user), requireValue(context, node.right, right, user)];
  if (present.includes(false)) return null;
  const kind = comparableKind(node, left, right, context);
  if (kind === null) return null;
  if (kind === "boolean") return refuse(context, node, "EXPR_TYPE", `true and false have no order, so ${user} cannot compare them`);
  const first = left.evaluate;
  const second = right.evaluate;
  const holds = ORDER[operator];
  if (kind === "number") {
    const limit = right.constant as Decimal | undefined;
    // Most conditions on amounts compare with zero, where the sign is the answer.
    const evaluate: Evaluate =
      limit?.isZero() === true
        ? (environment) => holds(signOf((first(environment) as Decimal).coefficient))
        : (environment) => holds((first(environment) as Decimal).compare(second(environment) as Decimal));
    return finish(context, BOOLEAN, evaluate, [left, right]);
  }
  const evaluate: Evaluate = (environment) => holds(compareText(first(environment) as string, second(environment) as string));
  return finish(context, BOOLEAN, evaluate, [left, right]);
}

function signOf(value: bigint): number {
  return value > 0n ? 1 : value < 0n ? -1 : 0;
}

/** By code unit; dates and instants order as text. */
export function compareText(left: string, right: string): number {
  return left < right ? -1 : left > right ? 1 : 0;
}

function compileMembership(node: NodeOf<"binary">, left: Operand, right: Operand, context: Context): Operand | null {
  const { operator } = node;
  if (right.type.kind !== "list") {
    const hint =
      right.type.kind === "text" ? `write \`contains(${textOf(context, node.right)}, ${textOf(context, node.left)})\`` : undefined;
    const message = `\`${labelOf(context, node.right)}\` is ${describeOne(right.type)}, and \`${operator}\` needs a list`;
    return refuse(context, node.right, "EXPR_TYPE", message, hint ?? "write a list as `[a, b]`");
  }
  if (!requireValue(context, node.right, right, `\`${operator}\``)) return null;
  if (unify(left.type, right.type.of) === null) {
    const message = `\`${labelOf(context, node.left)}\` is ${describeOne(left.type)}, and the list holds ${describe(right.type.of)}`;
    return refuse(
      context,
      node,
      "EXPR_TYPE",
      message,
      conversionHint(left.type, right.type.of.kind)?.replace("…", textOf(context, node.left)),
    );
  }
  const wanted = operator === "in";
  const find = left.evaluate;
  const list = right.evaluate;
  let evaluate: Evaluate = (environment) => {
    const value = find(environment);
    return (list(environment) as readonly Value[]).some((each) => sameValue(each, value)) === wanted;
  };
  if (right.constant !== undefined && right.type.of.kind !== "number") {
    const known = new Set(right.constant as readonly Value[]);
    evaluate = (environment) => known.has(find(environment)) === wanted;
  }
  return finish(context, BOOLEAN, evaluate, [left, right]);
}

function compileArithmetic(node: NodeOf<"binary">, left: Operand, right: Operand, context: Context): Operand | null {
  const operator = node.operator as BinaryOperator & ("+" | "-" | "*");
  const refusal = otherArithmetic(operator, left, right);
  if (refusal !== null) return refuse(context, node, "EXPR_TYPE", refusal.message, refusal.hint);
  const user = `\`${operator}\``;
  const fits = [requireKind(context, node.left, left, NUMBER, user), requireKind(context, node.right, right, NUMBER, user)];
  if (fits.includes(false)) return null;
  const first = left.evaluate as (environment: Parameters<Evaluate>[0]) => Decimal;
  const second = right.evaluate as (environment: Parameters<Evaluate>[0]) => Decimal;
  const evaluate: Evaluate =
    operator === "+"
      ? (environment) => first(environment).add(second(environment))
      : operator === "-"
        ? (environment) => first(environment).subtract(second(environment))
        : (environment) => first(environment).multiply(second(environment));
  return finish(context, NUMBER, evaluate, [left, right]);
}

/** What people mean by adding things that are not numbers. */
function otherArithmetic(operator: string, left: Operand, right: Operand): { readonly message: string; readonly hint: string } | null {
  const kinds = [left.type.kind, right.type.kind];
  if (operator === "+" && kinds[0] === "text" && kinds[1] === "text") {
    return { message: "`+` adds numbers, and both sides are text", hint: "join texts with `concat(a, b)` or as `${a}${b}`" };
  }
  if (operator !== "*" && kinds[0] === "date" && (kinds[1] === "number" || kinds[1] === "date")) {
    const hint =
      operator === "-" && kinds[1] === "date"
        ? "write `days_between(from, to)`"
        : "write `add_days(date, days)` or `add_months(date, months)`";
    return { message: `\`${operator}\` takes numbers, and the left side is a date`, hint };
  }
  return null;
}

export function compileConditional(node: NodeOf<"conditional">, context: Context): Operand | null {
  const condition = context.compile(node.condition, context);
  const yes = context.compile(node.yes, assuming(context, node.condition, true));
  const no = context.compile(node.no, assuming(context, node.condition, false));
  const fits = condition !== null && requireKind(context, node.condition, condition, BOOLEAN, "the condition of `? :`");
  if (!fits || yes === null || no === null) return null;
  const type = unify(yes.type, no.type);
  if (type === null) {
    const message = `the two branches of \`? :\` are ${describeBoth(yes.type, no.type)}`;
    return refuse(context, node, "EXPR_TYPE", message, conversionHint(no.type, yes.type.kind)?.replace("…", textOf(context, node.no)));
  }
  const test = condition.evaluate;
  const whenTrue = yes.evaluate;
  const whenFalse = no.evaluate;
  const evaluate: Evaluate = (environment) => (test(environment) === true ? whenTrue(environment) : whenFalse(environment));
  return finish(context, type, evaluate, [condition, yes, no]);
}

export function compileList(node: NodeOf<"list">, context: Context): Operand | null {
  if (node.items.length === 0) return refuse(context, node, "EXPR_TYPE", "a list needs at least one value");
  const items: Operand[] = [];
  for (const item of node.items) {
    const operand = context.compile(item, context);
    if (operand !== null) items.push(operand);
  }
  const [first] = items;
  if (first === undefined || items.length !== node.items.length) return null;
  let of = first.type;
  for (const [index, item] of items.entries()) {
    if (item.type.kind === "list" || item.type.kind === "row") {
      return refuse(context, node.items[index] ?? node, "EXPR_TYPE", `a list cannot hold a ${describe(item.type)}`);
    }
    const both = unify(of, item.type);
    if (both === null) {
      const message = `a list holds values of one kind, and this one has ${describeBoth(of, item.type)}`;
      return refuse(context, node.items[index] ?? node, "EXPR_TYPE", message);
    }
    of = both;
  }
  const readers = items.map((item) => item.evaluate);
  const evaluate: Evaluate = (environment) => readers.map((read) => read(environment));
  return finish(context, { kind: "list", of, nullable: false }, evaluate, items);
}

/** The value fits where the expression stands. */
export function requireExpected(context: Context, node: Node, operand: Operand, expected: Expected): boolean {
  if (!requireKindOrEmpty(context, node, operand, typeOf(expected), "this place")) return false;
  return expected.nullable || requireValue(context, node, operand, "this place");
}
