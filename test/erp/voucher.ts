export type Side = "debit" | "credit";

export interface VoucherLine {
  readonly account: string;
  readonly side: Side;
  /** Exact text with two places. */
  readonly amount: string;
  readonly text?: string;
}

/** `saved` and `submitted` are drafts: no part of the books, and they can still be changed or deleted. */
export type Status = "saved" | "submitted" | "audited";

/** What a client sends. */
export interface Draft {
  readonly externalNo: string;
  readonly date: string;
  readonly text: string;
  /** Free for the client's own use. */
  readonly remark: string;
  readonly lines: readonly VoucherLine[];
}

export interface Voucher extends Draft {
  readonly number: string;
  readonly status: Status;
  /** Number of the voucher this one cancels. */
  readonly reverses: string | null;
  readonly reversedBy: string | null;
  /** Milliseconds since 1970. */
  readonly bookedAt: number;
}

/** The voucher a client means, or what is wrong with it. */
export function readDraft(body: unknown): Draft | string {
  if (!isObject(body)) return "请求体不是对象";
  const { externalNo, date, text, lines, remark } = body;
  if (typeof externalNo !== "string" || externalNo === "") return "externalNo 必填";
  if (typeof date !== "string" || !/^\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])$/.test(date)) return "date 格式错误";
  if (!Array.isArray(lines) || lines.length === 0) return "lines 必填";
  const read: VoucherLine[] = [];
  for (const line of lines as unknown[]) {
    if (!isObject(line) || typeof line["account"] !== "string" || line["account"] === "") return "account 必填";
    const debit = amountOf(line["debit"]);
    const credit = amountOf(line["credit"]);
    if (debit === "wrong" || credit === "wrong") return "金额格式错误";
    if ((debit === null) === (credit === null)) return "借方与贷方必须且只能填一个";
    const words = typeof line["text"] === "string" ? { text: line["text"] } : {};
    read.push({ account: line["account"], side: debit === null ? "credit" : "debit", amount: show(debit ?? credit ?? 0n), ...words });
  }
  const words = (value: unknown): string => (typeof value === "string" ? value : "");
  return { externalNo, date, text: words(text), remark: words(remark), lines: read };
}

/** In cents; null where the side is left empty. */
function amountOf(value: unknown): bigint | null | "wrong" {
  if (value === undefined || value === null || value === "") return null;
  if (typeof value !== "string" && typeof value !== "number") return "wrong";
  const text = String(value);
  return /^-?\d+(\.\d{1,2})?$/.test(text) ? minor(text) : "wrong";
}

/** Cents of an amount that is known to be well written. */
export function minor(text: string): bigint {
  const [whole = "0", fraction = ""] = text.replace("-", "").split(".");
  const cents = BigInt(whole) * 100n + BigInt(fraction.padEnd(2, "0"));
  return text.startsWith("-") ? -cents : cents;
}

export function show(cents: bigint): string {
  const digits = (cents < 0n ? -cents : cents).toString().padStart(3, "0");
  return `${cents < 0n ? "-" : ""}${digits.slice(0, -2)}.${digits.slice(-2)}`;
}

export function sum(lines: readonly VoucherLine[], side: Side): bigint {
  return lines.reduce((total, line) => (line.side === side ? total + minor(line.amount) : total), 0n);
}

export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
