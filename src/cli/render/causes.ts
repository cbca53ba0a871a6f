import type { Cause } from "../../model/cause.js";
import { formatAmount } from "../../model/money.js";
import { dispositionOf } from "../../model/problem.js";
import { displayKey } from "../../model/record.js";
import { visible } from "../../model/visible.js";
import type { QuarantineItem } from "../../store/quarantine.js";
import { Money, moneyToJson, type Valuer } from "../limbo.js";
import { count } from "./progress.js";
import { pad } from "./table.js";
import { wrapWithin } from "./wrap.js";

/** A cause, and what its items are worth. */
interface ValuedCause extends Cause<QuarantineItem> {
  readonly money: Money;
}

interface CausesOf {
  readonly pipeline: string;
  readonly causes: readonly ValuedCause[];
}

interface CausesOptions {
  readonly columns: number;
  /** They are off the list, so there is nothing left to do. */
  readonly isDropped: boolean;
}

/** Keys shown of each cause. */
const EXAMPLES = 3;
const LABEL = 9;

export function valued(cause: Cause<QuarantineItem>, valuer: Valuer): ValuedCause {
  const money = new Money();
  for (const item of cause.items) money.add(valuer.ofItem(item));
  return { ...cause, money };
}

/** One paragraph for each cause: how many items, what is wrong, what they are worth, since when, which, and what to do. */
export function renderCauses(found: readonly CausesOf[], options: CausesOptions): string {
  const told = found.filter(({ causes }) => causes.length > 0);
  const isOne = found.length === 1;
  const parts = told.map(({ pipeline, causes }) => {
    const blocks = causes.map((cause) => block(cause, isOne ? "" : ` --pipeline ${pipeline}`, options));
    return `${isOne ? "" : `${pipeline}\n\n`}${blocks.join("\n")}`;
  });
  const all = told.flatMap(({ causes }) => causes);
  const total = all.reduce((sum, { items }) => sum + items.length, 0);
  return `${parts.join("\n")}\n${itemsText(total)}, ${all.length === 1 ? "1 cause" : `${count(all.length)} causes`}\n`;
}

function block({ code, message, hint, items, money }: ValuedCause, where: string, { columns, isDropped }: CausesOptions): string {
  const first = items.reduce((earliest, { firstAt }) => (firstAt < earliest ? firstAt : earliest), items[0]?.firstAt ?? "");
  const keys = items.slice(0, EXAMPLES).map(({ key }) => visible(displayKey(key)));
  const rows: (readonly [string, string])[] = [
    ["worth", moneyText(money)],
    ["since", `${first.slice(0, 16).replace("T", " ")} UTC`],
    [items.length > EXAMPLES ? "such as" : items.length === 1 ? "item" : "items", keys.join(", ")],
  ];
  if (!isDropped && hint !== null) rows.push(["to do", visible(hint)]);
  if (!isDropped) rows.push(["then", dispositionOf(code) === "verify" ? "sync run" : `sync quarantine retry --cause ${code}${where}`]);
  const lines = wrapWithin(visible(message), columns - 2).map((line) => `  ${line}`);
  for (const [label, text] of rows) {
    for (const [index, line] of wrapWithin(text, columns - 2 - LABEL).entries())
      lines.push(`  ${pad(index === 0 ? label : "", LABEL, "left")}${line}`);
  }
  return `${itemsText(items.length)}  ${code}\n${lines.map((line) => `${line}\n`).join("")}`;
}

/** What items are worth, in one line. */
export function moneyText(money: Money): string {
  const parts = money.byCurrency().map(({ currency, amountMinor }) => `${formatAmount(amountMinor, currency)} ${currency}`);
  if (money.unknown > 0 && money.unknown === money.items) return "an amount that nobody knows: the documents cannot be built";
  if (money.unknown > 0) parts.push(`${itemsText(money.unknown)} that cannot be built`);
  return parts.length === 0 ? "no amounts" : parts.join(", and ");
}

export function itemsText(n: number): string {
  return n === 1 ? "1 item" : `${count(n)} items`;
}

/** The same as data, with the keys of all items. */
export function causesToJson({ pipeline, causes }: CausesOf): unknown[] {
  return causes.map(({ code, message, hint, items, money }) => ({
    pipeline,
    code,
    message,
    hint,
    n: items.length,
    firstAt: items.reduce((earliest, { firstAt }) => (firstAt < earliest ? firstAt : earliest), items[0]?.firstAt ?? ""),
    worth: moneyToJson(money),
    keys: items.map(({ key }) => displayKey(key)),
  }));
}
