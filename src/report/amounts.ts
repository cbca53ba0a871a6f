import { Decimal } from "../model/decimal.js";
import { currencyPlaces, formatAmount } from "../model/money.js";
import type { PlanSum } from "../model/plan-file.js";
import { wallClock } from "../model/wall-clock.js";

/** Money by currency, in the smallest unit of each. */
export type Money = ReadonlyMap<string, bigint>;

export function addMoney(money: Map<string, bigint>, currency: string, amountMinor: bigint): void {
  money.set(currency, (money.get(currency) ?? 0n) + amountMinor);
}

/** `1,234.50 CNY`, one text for each currency, in their order. */
export function moneyTexts(money: Money): readonly string[] {
  return [...money].sort(([a], [b]) => (a < b ? -1 : 1)).map(([currency, minor]) => amountText(minor, currency));
}

export function amountText(amountMinor: bigint, currency: string): string {
  return `${formatAmount(amountMinor, currency)} ${currency}`;
}

export function countText(n: number): string {
  return n.toLocaleString("en-US");
}

/** A sum of a plan in smallest units. */
export interface Sum {
  readonly name: string;
  readonly debitMinor: bigint;
  readonly creditMinor: bigint;
}

/** By currency, in their order. */
export function sumsByCurrency(sums: readonly PlanSum[]): readonly (readonly [currency: string, sums: readonly Sum[]])[] {
  const found = new Map<string, Sum[]>();
  for (const { name, currency, debit, credit } of sums) {
    const minor = (text: string): bigint => Decimal.parse(text)?.toMinor(currencyPlaces(currency)) ?? 0n;
    const list = found.get(currency) ?? [];
    list.push({ name, debitMinor: minor(debit), creditMinor: minor(credit) });
    found.set(currency, list);
  }
  return [...found].sort(([a], [b]) => (a < b ? -1 : 1));
}

/** An instant as a clock in that zone shows it: `2026-11-20 18:00`. */
export function clockText(instant: string, timeZone: string): string {
  const { date, time } = wallClock(new Date(instant), timeZone);
  return `${date} ${time.slice(0, 5)}`;
}
