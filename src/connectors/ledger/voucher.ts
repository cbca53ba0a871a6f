import type { DateText, Period } from "../../model/dates.js";
import type { Side } from "../../model/document.js";

export type VoucherKind = "journal" | "payable" | "reversal";

/** One line of a booked voucher; `amountMinor` is negative in a red entry. */
export interface BookedLine {
  /** From 1. */
  readonly number: number;
  readonly account: string;
  readonly side: Side;
  readonly amountMinor: bigint;
  readonly text: string;
  readonly partner: string | null;
  readonly dimensions: Readonly<Record<string, string>>;
}

/** A voucher as it stands in the books. */
export interface BookedVoucher {
  readonly id: number;
  /** `2026-11 记-0001`: unique in the books. */
  readonly reference: string;
  readonly word: string;
  readonly period: Period;
  readonly number: number;
  readonly kind: VoucherKind;
  readonly date: DateText;
  readonly currency: string;
  readonly text: string;
  readonly attachments: number;
  readonly documentKey: string;
  readonly externalReference: string;
  readonly fingerprint: string;
  /** References of the voucher it cancels, and of the one that cancels it. */
  readonly reverses: string | null;
  readonly reversedBy: string | null;
  readonly fields: Readonly<Record<string, string>>;
  /** UTC instant. */
  readonly postedAt: string;
  readonly lines: readonly BookedLine[];
}

/** The number as it stands on the voucher, `记-0001`: unique within its month only. */
export function shortReference(word: string, number: number): string {
  return `${word}-${number < 1000 ? String(number).padStart(4, "0") : number}`;
}

/** `2026-11 记-0001`: unique in the books. */
export function formatReference(period: Period, word: string, number: number): string {
  return `${period} ${shortReference(word, number)}`;
}

/** The same in one word, for programs that take no blanks: `记-2026-11-0001`. */
export function compactReference(period: Period, word: string, number: number): string {
  return `${word}-${period}-${String(number).padStart(4, "0")}`;
}

export interface VoucherNumber {
  /** Null when the text names no month. */
  readonly period: Period | null;
  readonly word: string;
  readonly number: number;
}

/** Reads `2026-11 记-0001`, `记-2026-11-0001`, `记-0001` and `记-1`; anything else is null. */
export function parseReference(text: string): VoucherNumber | null {
  const match =
    /^(?<period>\d{4}-\d{2})\s+(?<word>\p{L}{1,8})-(?<number>\d{1,9})$/u.exec(text) ??
    /^(?<word>\p{L}{1,8})-(?:(?<period>\d{4}-\d{2})-)?(?<number>\d{1,9})$/u.exec(text);
  const groups = match?.groups;
  if (groups === undefined) return null;
  return { period: groups["period"] ?? null, word: groups["word"] ?? "", number: Number(groups["number"]) };
}

/** How a correcting voucher names the one it cancels (会计基础工作规范 art. 51(5)): `注销2026年11月20日记-0001号凭证`. */
export function cancellationText(date: DateText, word: string, number: number, text: string): string {
  const day = `${+date.slice(0, 4)}年${+date.slice(5, 7)}月${+date.slice(8, 10)}日`;
  return `注销${day}${shortReference(word, number)}号凭证${text === "" ? "" : ` ${text}`}`;
}

const CANCELLATION = /^注销\d{1,4}年\d{1,2}月\d{1,2}日\p{L}{1,8}-\d+号凭证(?: |$)/u;

/** What `cancellationText` put before a text, with the blank; empty where it put nothing there. */
export function cancellationOf(text: string): string {
  return CANCELLATION.exec(text)?.[0] ?? "";
}
