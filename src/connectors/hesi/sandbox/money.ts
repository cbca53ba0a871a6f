import type { SampleForeign } from "../../sandbox/claims.js";
import { Refused } from "./envelope.js";
import type { Detail, Flow, Money } from "./shapes.js";

/** From fen. As text unless the document is one of those that write numbers. */
export function money(fen: number, asNumber = false): Money {
  const text = formatFen(fen);
  return {
    standard: asNumber ? Number(text) : text,
    standardStrCode: "CNY",
    standardNumCode: "156",
    standardScale: 2,
    standardSymbol: "¥",
    standardUnit: "元",
  };
}

/** `standard` equals `foreign` × `rate`. */
export function foreignMoney(fen: number, { currency, amount, scale, rate }: SampleForeign): Money {
  const foreign = scale === 0 ? String(amount) : formatFen(amount);
  return { ...money(fen), foreign, foreignStrCode: currency, foreignScale: scale, rate, sysRate: rate };
}

export function formatFen(fen: number): string {
  const digits = String(Math.abs(fen)).padStart(3, "0");
  return `${fen < 0 ? "-" : ""}${digits.slice(0, -2)}.${digits.slice(-2)}`;
}

/** Reads `318`, `318.5`, `318.00` exactly; throws Refused where there is more than a fen. */
export function toFen(value: string | number): number {
  const found = /^(-?)(\d{1,13})(?:\.(\d{1,2}))?$/.exec(String(value));
  if (found === null) throw new Refused(400, `金额[${value}]格式不正确`);
  const [, sign = "", whole = "", digits = ""] = found;
  return Number(sign + whole + digits.padEnd(2, "0"));
}

export function amountOf(detail: Detail): number {
  return toFen(detail.feeTypeForm.amount.standard);
}

/** The header is the sum of the details; a loan is cleared first, and the rest is paid. */
export function settle(flow: Flow, writtenOff = toFen(flow.form.writtenOffMoney.standard)): void {
  const { form } = flow;
  const total = form.details.reduce((sum, detail) => sum + amountOf(detail), 0);
  const cleared = Math.max(0, Math.min(writtenOff, total));
  form.expenseMoney = money(total);
  form.writtenOffMoney = cleared === 0 ? { ...money(0), standard: "0" } : money(cleared);
  form.payMoney = money(total - cleared);
  form.companyRealPay = money(total - cleared);
}
