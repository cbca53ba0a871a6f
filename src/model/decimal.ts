/** How a digit that does not fit is treated. `half-up` is what Chinese and most European tax rules ask for. */
export type RoundingMode = "half-up" | "half-even" | "half-down" | "up" | "down" | "ceiling" | "floor";

export const ROUNDING_MODES: readonly RoundingMode[] = ["half-up", "half-even", "half-down", "up", "down", "ceiling", "floor"];

/** More digits than this in one number is a mistake in the input, not an amount. */
const MAX_DIGITS = 60;

const POWERS: bigint[] = [1n];
/** 10 to the power of a small whole number. */
function powerOfTen(exponent: number): bigint {
  for (let known = POWERS.length; known <= exponent; known += 1) POWERS.push((POWERS[known - 1] as bigint) * 10n);
  return POWERS[exponent] as bigint;
}

/**
 * An exact decimal number: `coefficient / 10^scale`. It keeps the places it was written with (`12.50` prints as
 * `12.50`), never passes through a binary float, and is immutable.
 */
export class Decimal {
  static readonly ZERO = new Decimal(0n, 0);

  constructor(
    readonly coefficient: bigint,
    readonly scale: number,
  ) {}

  /** Reads `-?digits[.digits]` exactly as written; anything else (blanks, separators, exponents) is null. */
  static parse(text: string): Decimal | null {
    const length = text.length;
    let at = 0;
    if (length > 0 && (text.charCodeAt(0) === 45 || text.charCodeAt(0) === 43)) at = 1;
    if (at === length || length - at > MAX_DIGITS) return null;
    let point = -1;
    for (let i = at; i < length; i += 1) {
      const code = text.charCodeAt(i);
      if (code === 46) {
        if (point !== -1 || i === at || i === length - 1) return null;
        point = i;
      } else if (code < 48 || code > 57) return null;
    }
    if (point === -1) {
      // Up to 15 digits are exact in a number, and making a bigint from a number is several times faster than from text.
      return new Decimal(length <= 15 ? BigInt(+text) : BigInt(text.charCodeAt(0) === 43 ? text.slice(1) : text), 0);
    }
    const digits = text.slice(0, point) + text.slice(point + 1);
    return new Decimal(length <= 16 ? BigInt(+digits) : BigInt(digits.charCodeAt(0) === 43 ? digits.slice(1) : digits), length - point - 1);
  }

  /** For constants in code and for whole numbers that are counts, never for amounts. */
  static ofInteger(value: number | bigint): Decimal {
    return new Decimal(BigInt(value), 0);
  }

  add(other: Decimal): Decimal {
    if (this.scale === other.scale) return new Decimal(this.coefficient + other.coefficient, this.scale);
    return this.scale > other.scale
      ? new Decimal(this.coefficient + other.coefficient * powerOfTen(this.scale - other.scale), this.scale)
      : new Decimal(this.coefficient * powerOfTen(other.scale - this.scale) + other.coefficient, other.scale);
  }

  subtract(other: Decimal): Decimal {
    return this.add(other.negate());
  }

  multiply(other: Decimal): Decimal {
    return new Decimal(this.coefficient * other.coefficient, this.scale + other.scale);
  }

  /** The quotient to `places` decimal places. Throws RangeError when `divisor` is zero. */
  divide(divisor: Decimal, places: number, mode: RoundingMode): Decimal {
    if (divisor.coefficient === 0n) throw new RangeError("division by zero");
    const shift = places + divisor.scale - this.scale;
    const numerator = shift >= 0 ? this.coefficient * powerOfTen(shift) : this.coefficient;
    const denominator = shift >= 0 ? divisor.coefficient : divisor.coefficient * powerOfTen(-shift);
    return new Decimal(divideRounded(numerator, denominator, mode), places);
  }

  /** To exactly `places` decimal places; adding places is exact and needs no rounding. */
  round(places: number, mode: RoundingMode): Decimal {
    if (this.scale === places) return this;
    if (this.scale < places) return new Decimal(this.coefficient * powerOfTen(places - this.scale), places);
    return new Decimal(divideRounded(this.coefficient, powerOfTen(this.scale - places), mode), places);
  }

  negate(): Decimal {
    return new Decimal(-this.coefficient, this.scale);
  }

  abs(): Decimal {
    return this.coefficient < 0n ? this.negate() : this;
  }

  isZero(): boolean {
    return this.coefficient === 0n;
  }

  /** -1, 0 or 1. */
  compare(other: Decimal): -1 | 0 | 1 {
    let left = this.coefficient;
    let right = other.coefficient;
    if (this.scale > other.scale) right *= powerOfTen(this.scale - other.scale);
    else if (this.scale < other.scale) left *= powerOfTen(other.scale - this.scale);
    return left < right ? -1 : left > right ? 1 : 0;
  }

  equals(other: Decimal): boolean {
    return this.compare(other) === 0;
  }

  /** The same value in units of `10^-places`, or null when it has more places than that. Nothing is ever rounded here. */
  toMinor(places: number): bigint | null {
    if (this.scale === places) return this.coefficient;
    if (this.scale < places) return this.coefficient * powerOfTen(places - this.scale);
    const unit = powerOfTen(this.scale - places);
    return this.coefficient % unit === 0n ? this.coefficient / unit : null;
  }

  /** As written: `-0.50` for coefficient -50 and scale 2. */
  toString(): string {
    return formatScaled(this.coefficient, this.scale);
  }

  /** The shortest text of the value, so that `12.50` and `12.5` give the same: for keys and fingerprints. */
  toCanonical(): string {
    if (this.scale === 0) return this.coefficient.toString();
    let { coefficient, scale } = this;
    while (scale > 0 && coefficient % 10n === 0n) {
      coefficient /= 10n;
      scale -= 1;
    }
    return formatScaled(coefficient, scale);
  }
}

/** Writes `coefficient / 10^scale` as plain decimal text. */
export function formatScaled(coefficient: bigint, scale: number): string {
  if (scale === 0) return coefficient.toString();
  const negative = coefficient < 0n;
  const digits = (negative ? -coefficient : coefficient).toString().padStart(scale + 1, "0");
  const whole = digits.slice(0, digits.length - scale);
  return `${negative ? "-" : ""}${whole}.${digits.slice(digits.length - scale)}`;
}

/** Divides two integers and rounds the quotient to an integer. */
function divideRounded(numerator: bigint, denominator: bigint, mode: RoundingMode): bigint {
  const quotient = numerator / denominator;
  const remainder = numerator % denominator;
  if (remainder === 0n) return quotient;
  const negative = numerator < 0n !== denominator < 0n;
  const away = negative ? quotient - 1n : quotient + 1n;
  switch (mode) {
    case "down":
      return quotient;
    case "up":
      return away;
    case "ceiling":
      return negative ? quotient : away;
    case "floor":
      return negative ? away : quotient;
  }
  const twice = (remainder < 0n ? -remainder : remainder) * 2n;
  const whole = denominator < 0n ? -denominator : denominator;
  if (twice !== whole) return twice > whole ? away : quotient;
  if (mode === "half-up") return away;
  if (mode === "half-down") return quotient;
  return quotient % 2n === 0n ? quotient : away;
}

/**
 * Splits `total` over `weights` so that the parts add up to `total` exactly: each part is rounded down to `places`,
 * and the units left over go one each to the parts with the largest remainders (the first of equals wins).
 * Returns null when the weights are empty, add up to zero, or differ in sign.
 */
export function allocate(total: Decimal, weights: readonly Decimal[], places: number): Decimal[] | null {
  const scale = weights.reduce((most, weight) => Math.max(most, weight.scale), 0);
  const shares = weights.map((weight) => weight.coefficient * powerOfTen(scale - weight.scale));
  const sum = shares.reduce((left, right) => left + right, 0n);
  if (sum === 0n || shares.some((share) => share !== 0n && share < 0n !== sum < 0n)) return null;
  const minor = total.toMinor(places);
  if (minor === null) return null;
  const negative = minor < 0n;
  const magnitude = negative ? -minor : minor;
  const divisor = sum < 0n ? -sum : sum;
  const parts = shares.map((share) => {
    const product = magnitude * (share < 0n ? -share : share);
    return { units: product / divisor, remainder: product % divisor };
  });
  let left = magnitude - parts.reduce((units, part) => units + part.units, 0n);
  const order = parts
    .map((_, index) => index)
    .sort((a, b) => compareBigint((parts[b] as { remainder: bigint }).remainder, (parts[a] as { remainder: bigint }).remainder) || a - b);
  for (const index of order) {
    if (left === 0n) break;
    (parts[index] as { units: bigint }).units += 1n;
    left -= 1n;
  }
  return parts.map((part) => new Decimal(negative ? -part.units : part.units, places));
}

function compareBigint(left: bigint, right: bigint): number {
  return left < right ? -1 : left > right ? 1 : 0;
}
