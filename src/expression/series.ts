import type { Value } from "../model/value.js";
import { describe } from "./kinds.js";
import { forEachRecord } from "./narrowing.js";
import { type Context, labelOf, type Operand, OUTSIDE, refuse, requireKind, requireValue } from "./operand.js";
import type { Read } from "./parameters.js";
import type { Node } from "./syntax.js";
import type { Environment, Type } from "./types.js";

/** Many values: one for each record of the document, or those of a list. */
export interface Series {
  readonly node: Node;
  /** The type of one value. */
  readonly item: Type;
  readonly values: Read<readonly Value[]>;
  /** What the values depend on. */
  readonly parts: readonly Operand[];
}

/** The values an aggregate is about: those of a list when its argument is one, otherwise the argument for each record. */
export function seriesOf(node: Node, context: Context, name: string): Series | null {
  if (isList(node, context)) {
    const operand = context.compile(node, context);
    if (operand === null || operand.type.kind !== "list" || !requireValue(context, node, operand, `\`${name}\``)) return null;
    return { node, item: operand.type.of, values: operand.evaluate as Read<readonly Value[]>, parts: [operand] };
  }
  return recordSeries(node, context, name);
}

export function recordSeries(node: Node, context: Context, name: string): Series | null {
  if (!mayAggregate(node, context, name)) return null;
  const operand = context.compile(node, forEachRecord(context, name));
  if (operand === null) return null;
  const { type, evaluate } = operand;
  if (type.kind === "list" || type.kind === "row") {
    const message = `\`${labelOf(context, node)}\` is a ${describe(type)}, and \`${name}\` needs one value of each record`;
    return refuse(context, node, "EXPR_TYPE", message, type.kind === "row" ? "take one of its columns" : undefined);
  }
  const values = (environment: Environment): readonly Value[] => {
    const { row, records } = environment;
    try {
      return records.map((record) => {
        environment.row = record;
        return evaluate(environment);
      });
    } finally {
      environment.row = row;
    }
  };
  return { node, item: type, values, parts: [operand, OUTSIDE] };
}

/** The records of the document can be seen from here, one by one. */
export function mayAggregate(at: { readonly start: number; readonly end: number }, context: Context, name: string): boolean {
  if (!context.scope.aggregates) {
    const message = `\`${name}\` is about all records of a document, and here only one record is known`;
    refuse(context, at, "EXPR_ARGUMENTS", message, "use it in the header, in checks, or in lines with `each: document`");
    return false;
  }
  if (context.aggregate !== null) {
    refuse(
      context,
      at,
      "EXPR_ARGUMENTS",
      `\`${name}\` cannot stand inside \`${context.aggregate}\`, which already takes each record alone`,
    );
    return false;
  }
  return true;
}

/** Told from the writing alone: what a field means depends on the answer. */
function isList(node: Node, context: Context): boolean {
  switch (node.kind) {
    case "list":
      return true;
    case "call":
      return context.givesList(node.name);
    case "conditional":
      return isList(node.yes, context) || isList(node.no, context);
    case "binary":
      return node.operator === "??" && (isList(node.left, context) || isList(node.right, context));
    case "name":
    case "member": {
      const name = labelOf(context, node);
      return context.scope.variables.some((variable) => variable.name === name && variable.type.kind === "list");
    }
    default:
      return false;
  }
}

/** Each value of the series has this kind and is there. */
export function requireItems(series: Series, context: Context, wanted: Type, user: string): boolean {
  return requireKind(context, series.node, { ...OUTSIDE, type: series.item }, wanted, user);
}
