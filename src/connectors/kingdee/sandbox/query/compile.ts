import { compareDecimals, parseDecimal } from "../amounts.js";
import type { Stored } from "../bill.js";
import { toServerTime } from "../dates.js";
import { type Condition, FilterError, type Operand } from "./filter.js";
import type { Column, Cursor } from "./path.js";

type Comparison = Extract<Condition, { kind: "compare" }>;

/** Null is neither: what compares with something empty, and its opposite too. Only true keeps a row. */
export type Test = (cursor: Cursor) => boolean | null;

/** `columnOf` throws for a name that is no field. */
export function compile(condition: Condition, columnOf: (path: string) => Column): Test {
  if (condition.kind === "compare") return comparison(condition, columnOf);
  if (condition.kind === "not") {
    const part = compile(condition.part, columnOf);
    return (cursor) => {
      const holds = part(cursor);
      return holds === null ? null : !holds;
    };
  }
  const parts = condition.parts.map((part) => compile(part, columnOf));
  // One false decides an AND and one true an OR; otherwise what is not known stays so.
  const decides = condition.kind === "or";
  return (cursor) => {
    let result: boolean | null = !decides;
    for (const part of parts) {
      const holds = part(cursor);
      if (holds === decides) return decides;
      if (holds === null) result = null;
    }
    return result;
  };
}

function comparison(condition: Comparison, columnOf: (path: string) => Column): Test {
  const { left, operator, right } = condition;
  if (!("path" in left)) return constant(left, condition);
  const column = columnOf(left.path);
  if (operator === "is null") return (cursor) => column.read(cursor) === null;
  const literals = right.map((each) => literalOf(each));
  if (operator === "like") {
    const pattern = likePattern(literals[0] ?? "");
    return (cursor) => {
      const value = column.read(cursor);
      return value === null ? null : pattern.test(String(value));
    };
  }
  const tests = literals.map((literal) => comparer(column, literal));
  if (operator === "in") {
    return (cursor) => {
      const value = column.read(cursor);
      return value === null ? null : tests.some((compare) => compare(value) === 0);
    };
  }
  const [compare] = tests;
  const holds = HOLDS[operator];
  return (cursor) => {
    const order = compare?.(column.read(cursor)) ?? null;
    return order === null ? null : holds(order);
  };
}

const HOLDS = {
  "=": (order: number) => order === 0,
  "<>": (order: number) => order !== 0,
  "<": (order: number) => order < 0,
  "<=": (order: number) => order <= 0,
  ">": (order: number) => order > 0,
  ">=": (order: number) => order >= 0,
} as const;

/** `1=1` and its like, which clients use as an empty filter. */
function constant(left: { readonly literal: string | null }, condition: Comparison): Test {
  const [right] = condition.right.map((each) => literalOf(each));
  if (!(condition.operator in HOLDS) || left.literal === null) throw new FilterError("条件中缺少字段");
  const order = compareText(left.literal, right ?? "");
  const holds = HOLDS[condition.operator as keyof typeof HOLDS](order);
  return () => holds;
}

function literalOf(operand: Operand): string | null {
  if ("path" in operand) throw new FilterError(`“${operand.path}”不是值`);
  return operand.literal;
}

/** Compares a kept value with a literal: null where either is empty. */
function comparer(column: Column, literal: string | null): (value: Stored) => number | null {
  if (literal === null) return () => null;
  const { kind } = column;
  if (kind === "date" || kind === "time") {
    const time = toServerTime(literal);
    if (time === null) throw new FilterError(`“${literal}”不是日期`);
    return (value) => (typeof value === "string" ? compareText(value, time) : null);
  }
  if (kind === "boolean") {
    const wanted = literal === "1" || literal.toLowerCase() === "true";
    return (value) => (value === null ? null : Number(value) - Number(wanted));
  }
  if (kind === "integer" || kind === "reference" || kind === "amount" || kind === "decimal") {
    const wanted = parseDecimal(literal);
    if (wanted === null) throw new FilterError(`“${literal}”不是数字`);
    return (value) => {
      if (value === null) return null;
      const own = kind === "amount" ? { digits: BigInt(value as string), scale: 2 } : parseDecimal(String(value));
      return own === null ? null : compareDecimals(own, wanted);
    };
  }
  return (value) => (value === null ? null : compareText(String(value), literal));
}

export function compareText(left: string, right: string): number {
  return left < right ? -1 : left > right ? 1 : 0;
}

function likePattern(like: string): RegExp {
  const source = like
    .replace(/[\\^$.*+?()[\]{}|/]/g, "\\$&")
    .replaceAll("%", ".*")
    .replaceAll("_", ".");
  return new RegExp(`^${source}$`, "su");
}
