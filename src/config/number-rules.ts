import type { Decimal } from "../model/decimal.js";

/** The rules of a number, compared exactly: no amount ever passes through a binary float, not even to be checked. */
export interface NumberRules {
  minimum?: Decimal;
  maximum?: Decimal;
  exclusiveMinimum?: Decimal;
  exclusiveMaximum?: Decimal;
  multipleOf?: Decimal;
  enum?: readonly Decimal[];
  isInteger?: boolean;
  places?: number;
}

/** The first rule that a number breaks, as what was expected of it. */
export function brokenRule(value: Decimal, rules: NumberRules): string | null {
  const { minimum, maximum, exclusiveMinimum, exclusiveMaximum, multipleOf } = rules;
  if (rules.isInteger === true && value.toMinor(0) === null) return "a whole number";
  if (rules.places !== undefined && value.toMinor(rules.places) === null) return `at most ${rules.places} decimal places`;
  if (minimum !== undefined && value.compare(minimum) < 0) return `at least \`${minimum.toString()}\``;
  if (maximum !== undefined && value.compare(maximum) > 0) return `at most \`${maximum.toString()}\``;
  if (exclusiveMinimum !== undefined && value.compare(exclusiveMinimum) <= 0) return `more than \`${exclusiveMinimum.toString()}\``;
  if (exclusiveMaximum !== undefined && value.compare(exclusiveMaximum) >= 0) return `less than \`${exclusiveMaximum.toString()}\``;
  if (multipleOf !== undefined && !isMultiple(value, multipleOf)) return `a multiple of \`${multipleOf.toString()}\``;
  const allowed = rules.enum;
  if (allowed === undefined || allowed.some((each) => each.equals(value))) return null;
  const shown = allowed.slice(0, 5).map((each) => `\`${each.toString()}\``);
  return `one of ${shown.join(", ")}${allowed.length > 5 ? ` and ${allowed.length - 5} more` : ""}`;
}

function isMultiple(value: Decimal, step: Decimal): boolean {
  const places = Math.max(value.scale, step.scale);
  return (value.toMinor(places) ?? 0n) % (step.toMinor(places) ?? 1n) === 0n;
}
