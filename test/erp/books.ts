export type Side = "debit" | "credit";

export interface VoucherLine {
  readonly account: string;
  readonly side: Side;
  /** Exact text with two places. */
  readonly amount: string;
}

export interface Voucher {
  readonly number: string;
  readonly externalNo: string;
  readonly date: string;
  readonly text: string;
  readonly lines: readonly VoucherLine[];
  /** Number of the voucher this one cancels. */
  readonly reverses: string | null;
  reversedBy: string | null;
  /** Milliseconds since 1970. */
  readonly bookedAt: number;
}

/** What the ERP knows of accounts and periods, and whether it looks for duplicates. */
export interface BookRules {
  /** Known accounts; any when null. */
  accounts: readonly string[] | null;
  /** Last closed month, YYYY-MM; none when null. */
  closedThrough: string | null;
  /** Refuses a second voucher with one external number. */
  refusesDuplicates: boolean;
}

/** HTTP status and body, as the ERP answers. Refusals by business rule come with HTTP 200, as in many real systems. */
export interface Reply {
  readonly status: number;
  readonly body: Readonly<Record<string, unknown>>;
}

export type Draft = Pick<Voucher, "externalNo" | "date" | "text" | "lines">;

/** Books of an ERP that, unless told to, does not mind booking one external number twice. */
export class ErpBooks {
  readonly vouchers: Voucher[] = [];
  private readonly byNumber = new Map<string, Voucher>();
  private readonly byExternalNo = new Map<string, Voucher[]>();

  constructor(
    readonly rules: BookRules,
    private readonly onBooked: (voucher: Voucher) => void,
    private readonly now: () => number,
  ) {}

  post(body: unknown): Reply {
    const draft = readDraft(body);
    if (typeof draft === "string") return refusal(400, "BAD_BODY", draft);
    const twin = this.find(draft.externalNo)[0];
    if (this.rules.refusesDuplicates && twin !== undefined) {
      return {
        status: 409,
        body: { success: false, errorCode: "DUPLICATE", errorMessage: `单据已存在: ${twin.number}`, number: twin.number },
      };
    }
    const debit = sum(draft.lines, "debit");
    const credit = sum(draft.lines, "credit");
    if (debit !== credit) return refusal(200, "UNBALANCED", `借贷不平: 借 ${show(debit)} 贷 ${show(credit)}`);
    const { accounts, closedThrough } = this.rules;
    const unknown = accounts === null ? undefined : draft.lines.find((line) => !accounts.includes(line.account));
    if (unknown !== undefined) return refusal(200, "ACCOUNT", `科目不存在: ${unknown.account}`);
    const period = draft.date.slice(0, 7);
    if (closedThrough !== null && period <= closedThrough) return refusal(200, "PERIOD_CLOSED", `会计期间已结账: ${period}`);
    return accepted(this.book(draft, null));
  }

  /** Cancels one voucher with a red one; a second time it refuses, as ERPs do, duplicate detection or not. */
  reverse(number: string, body: unknown): Reply {
    const original = this.byNumber.get(number);
    const externalNo = isObject(body) ? body["externalNo"] : undefined;
    if (typeof externalNo !== "string" || externalNo === "") return refusal(400, "BAD_BODY", "externalNo 必填");
    if (original === undefined) return refusal(404, "NO_VOUCHER", `凭证不存在: ${number}`);
    if (original.reversedBy !== null) return refusal(200, "REVERSED", `凭证已冲销: ${number} -> ${original.reversedBy}`);
    const date = isObject(body) && typeof body["date"] === "string" ? body["date"] : original.date;
    const { closedThrough } = this.rules;
    if (closedThrough !== null && date.slice(0, 7) <= closedThrough)
      return refusal(200, "PERIOD_CLOSED", `会计期间已结账: ${date.slice(0, 7)}`);
    const lines = original.lines.map((line) => ({ ...line, amount: show(-minor(line.amount)) }));
    const red = this.book({ externalNo, date, text: `冲销 ${number} ${original.text}`, lines }, number);
    original.reversedBy = red.number;
    return accepted(red);
  }

  find(externalNo: string): readonly Voucher[] {
    return this.byExternalNo.get(externalNo) ?? [];
  }

  latest(prefix: string): Voucher | null {
    return this.vouchers.findLast((voucher) => voucher.externalNo.startsWith(prefix)) ?? null;
  }

  private book(draft: Draft, reverses: string | null): Voucher {
    const number = `记-${String(this.vouchers.length + 1).padStart(6, "0")}`;
    const voucher: Voucher = { number, ...draft, reverses, reversedBy: null, bookedAt: this.now() };
    this.vouchers.push(voucher);
    this.byNumber.set(number, voucher);
    this.byExternalNo.set(draft.externalNo, [...this.find(draft.externalNo), voucher]);
    this.onBooked(voucher);
    return voucher;
  }
}

export function refusal(status: number, errorCode: string, errorMessage: string): Reply {
  return { status, body: { success: false, errorCode, errorMessage } };
}

function accepted(voucher: Voucher): Reply {
  return { status: 200, body: { success: true, number: voucher.number, externalNo: voucher.externalNo } };
}

function readDraft(body: unknown): Draft | string {
  if (!isObject(body)) return "请求体不是对象";
  const { externalNo, date, text, lines } = body;
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
    read.push({ account: line["account"], side: debit === null ? "credit" : "debit", amount: show(debit ?? credit ?? 0n) });
  }
  return { externalNo, date, text: typeof text === "string" ? text : "", lines: read };
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

function sum(lines: readonly VoucherLine[], side: Side): bigint {
  return lines.reduce((total, line) => (line.side === side ? total + minor(line.amount) : total), 0n);
}

export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
