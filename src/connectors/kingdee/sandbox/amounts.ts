const DECIMAL = /^([+-]?)(\d+)(?:\.(\d*))?$/;

/** An exact decimal number. Amounts are kept as whole numbers of the smallest unit (分, cents), so that no float ever holds one. */
export interface Decimal {
  readonly digits: bigint;
  readonly scale: number;
}

/** Reads `120.50`, `-3`, `1e2`; null when the text is not a plain decimal number. */
export function parseDecimal(text: string): Decimal | null {
  const [, mantissa = text, exponent = "0"] = /^([^eE]+)[eE]([+-]?\d{1,3})$/.exec(text.trim()) ?? [];
  const [, sign, whole, fraction = ""] = DECIMAL.exec(mantissa.trim()) ?? [];
  if (whole === undefined) return null;
  const scale = fraction.length - Number(exponent);
  const digits = BigInt(`${sign === "-" ? "-" : ""}${whole}${fraction}`);
  return scale >= 0 ? { digits, scale } : { digits: digits * 10n ** BigInt(-scale), scale: 0 };
}

export function compareDecimals(left: Decimal, right: Decimal): number {
  const scale = Math.max(left.scale, right.scale);
  const difference = raise(left, scale) - raise(right, scale);
  return difference < 0n ? -1 : difference > 0n ? 1 : 0;
}

/** The smallest units of an amount, or null when it has more than two places: the stand-in never rounds what a client sent. */
export function toMinor(text: string): bigint | null {
  const parsed = parseDecimal(text);
  if (parsed === null) return null;
  if (parsed.scale <= 2) return raise(parsed, 2);
  const unit = 10n ** BigInt(parsed.scale - 2);
  return parsed.digits % unit === 0n ? parsed.digits / unit : null;
}

/** `-12050n` is `-120.50`. */
export function formatMinor(minor: bigint): string {
  const digits = (minor < 0n ? -minor : minor).toString().padStart(3, "0");
  return `${minor < 0n ? "-" : ""}${digits.slice(0, -2)}.${digits.slice(-2)}`;
}

/** Smallest units times a rate, rounded half away from zero to whole units. */
export function timesRate(minor: bigint, rate: Decimal): bigint {
  const unit = 10n ** BigInt(rate.scale);
  const product = minor * rate.digits;
  const rounded = ((product < 0n ? -product : product) * 2n + unit) / (unit * 2n);
  return product < 0n ? -rounded : rounded;
}

function raise(value: Decimal, scale: number): bigint {
  return value.digits * 10n ** BigInt(scale - value.scale);
}
