import { Decimal } from "../../model/decimal.js";

/**
 * Divides an amount in proportion to others, to `places` decimal places; what rounding leaves over goes to the largest of them, so that the parts add
 * up to it exactly. Null for each where it cannot be divided: nothing to divide, a share that is no number, or shares that add up to nothing.
 */
export function split(amount: string | null, shares: readonly (string | null)[], places: number): readonly (string | null)[] {
  const whole = amount === null ? null : Decimal.parse(amount);
  const parts = shares.map((share) => (share === null ? null : Decimal.parse(share)));
  const known = parts.filter((part): part is Decimal => part !== null);
  const sum = known.reduce((total, part) => total.add(part), Decimal.ZERO);
  if (whole === null || known.length !== parts.length || sum.isZero()) return shares.map(() => null);
  const divided = known.map((part) => whole.multiply(part).divide(sum, Math.max(places, whole.scale), "half-even"));
  const rest = whole.subtract(divided.reduce((total, part) => total.add(part), Decimal.ZERO));
  let largest = 0;
  for (const [at, part] of known.entries()) if (part.abs().compare((known[largest] as Decimal).abs()) > 0) largest = at;
  return divided.map((part, at) => (at === largest ? part.add(rest) : part).toString());
}
