/** Numbers with a larger exponent than this are no amounts and no codes; they stay as they are written. */
const MAX_EXPONENT = 400;

export interface WrittenNumber {
  readonly negative: boolean;
  /** Significant digits without leading or trailing zeros; empty for zero. */
  readonly digits: string;
  /** The value is 0.digits times ten to the power of this. */
  readonly point: number;
}

/** Reads `-12.50`, `4.2E+9` and the like exactly; null for anything else, and for exponents beyond any use. */
export function readWritten(text: string): WrittenNumber | null {
  const match = /^([+-]?)(\d*)(?:\.(\d*))?(?:[eE]([+-]?\d{1,9}))?$/.exec(text);
  const [, sign, whole = "", places = "", exponent = "0"] = match ?? [];
  if (match === null || whole + places === "") return null;
  const all = whole + places;
  const lead = all.length - all.replace(/^0+/, "").length;
  const digits = all.slice(lead).replace(/0+$/, "");
  const point = digits === "" ? 0 : whole.length - lead + Number(exponent);
  if (Math.abs(point) > MAX_EXPONENT) return null;
  return { negative: sign === "-" && digits !== "", digits, point };
}

/** The number in plain digits, without an exponent. */
export function plainText({ negative, digits, point }: WrittenNumber): string {
  const sign = negative ? "-" : "";
  if (digits === "") return "0";
  if (point <= 0) return `${sign}0.${"0".repeat(-point)}${digits}`;
  if (point >= digits.length) return `${sign}${digits}${"0".repeat(point - digits.length)}`;
  return `${sign}${digits.slice(0, point)}.${digits.slice(point)}`;
}

/** Rounded half up to this many significant digits. */
export function toSignificant(number: WrittenNumber, places: number): WrittenNumber {
  const { digits } = number;
  if (digits.length <= places) return number;
  const kept = digits.slice(0, places);
  if ((digits[places] as string) < "5") return { ...number, digits: kept.replace(/0+$/, "") };
  const raised = (BigInt(kept) + 1n).toString();
  return { ...number, digits: raised.replace(/0+$/, ""), point: number.point + raised.length - kept.length };
}
