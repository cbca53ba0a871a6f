import type { Context } from "./operand.js";
import type { Node } from "./syntax.js";

/** The context in which `condition` is known to be true, or false: names it compares with `null` are not empty there. */
export function assuming(context: Context, condition: Node, holds: boolean): Context {
  const shown = shownNames(condition, holds);
  return shown.length === 0 ? context : { ...context, nonNull: new Set([...context.nonNull, ...shown]) };
}

function shownNames(node: Node, holds: boolean): readonly string[] {
  if (node.kind === "unary" && node.operator === "not") return shownNames(node.operand, !holds);
  if (node.kind !== "binary") return [];
  const { operator, left, right } = node;
  if (operator === (holds ? "and" : "or")) return [...shownNames(left, holds), ...shownNames(right, holds)];
  if (operator !== (holds ? "!=" : "==")) return [];
  const name = isNull(right) ? nameOf(left) : isNull(left) ? nameOf(right) : null;
  return name === null ? [] : [name];
}

function isNull(node: Node): boolean {
  return node.kind === "literal" && node.value === null;
}

/** A plain name, or one with dots. */
function nameOf(node: Node): string | null {
  if (node.kind === "name") return node.name;
  if (node.kind !== "member") return null;
  const object = nameOf(node.object);
  return object === null ? null : `${object}.${node.name}`;
}

/** Inside an aggregate a field belongs to each record in turn, so what was shown for one record says nothing. */
export function forEachRecord(context: Context, aggregate: string): Context {
  const variables = new Set(context.scope.variables.map((each) => each.name));
  return { ...context, aggregate, nonNull: new Set([...context.nonNull].filter((name) => variables.has(name))) };
}
