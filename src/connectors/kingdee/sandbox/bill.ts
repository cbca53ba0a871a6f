/** A kept value: amounts as smallest units in text, dates as server-local text, references as internal ids (0 is none). */
export type Stored = string | number | boolean | null | Readonly<Record<string, number>>;
export type Values = Readonly<Record<string, Stored>>;

/** One row of an entity. */
export interface Row {
  readonly id: number;
  readonly values: Values;
}

/** One bill, or one item of base data. Values whose name begins with `_` are the system's own and never shown by its API. */
export interface Bill {
  readonly id: number;
  readonly values: Values;
  readonly entries: Readonly<Record<string, readonly Row[]>>;
}

/** How far a bill has got: Z kept only, A created, B handed in, C audited, D to be audited again. */
export type Status = "Z" | "A" | "B" | "C" | "D";

export function statusOfBill(bill: Bill): Status {
  return bill.values["FDocumentStatus"] as Status;
}

export function amountOf(values: Values, key: string): bigint {
  const value = values[key];
  return typeof value === "string" && value !== "" ? BigInt(value) : 0n;
}

export function idOf(values: Values, key: string): number {
  const value = values[key];
  return typeof value === "number" ? value : 0;
}

export function textOf(values: Values, key: string): string {
  const value = values[key];
  return typeof value === "string" ? value : "";
}
