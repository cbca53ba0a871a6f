import { Decimal } from "../../model/decimal.js";
import { currencyPlaces } from "../../model/money.js";
import type { AccountTotal } from "../../model/plan.js";
import type { PlanSum } from "../../model/plan-file.js";
import { displayKey } from "../../model/record.js";
import type { LeftOut } from "../../run/allowed.js";
import type { ReadPlan } from "../../run/read-plan.js";
import { summary } from "./plan.js";
import { count } from "./progress.js";
import { renderTotals } from "./run.js";
import { renderTable } from "./table.js";
import type { Language } from "./words.js";

/** Items that are listed one by one. */
const MOST = 50;

/** What a saved plan is about, in a few lines and its totals. */
export function renderReadPlan(
  { head, totals, hash, approvals }: ReadPlan,
  options: { readonly color: boolean; readonly language: Language },
): string {
  const { made } = head;
  let text = `plan ${head.id}\n${head.pipeline}  ${head.title}, into ${head.connection}\nmade ${made.at} by ${made.by} on ${made.host}, in run ${made.run}\n`;
  text += `SHA-256 ${hash}\n\n${summary(totals.counts)}\n`;
  if (totals.waiting > 0) text += `${count(totals.waiting)} items wait and are not in it\n`;
  if (totals.accounts.length > 0) text += `\n${renderTotals(totals.accounts.map(accountOf), options.language)}`;
  for (const { by, at, reason, signature } of approvals)
    text += `\napproved by ${by}, ${at}${signature === null ? ", not signed" : ", signed"}${reason === "" ? "" : `: ${reason}`}\n`;
  return text;
}

/** What a plan has and was not posted, with the reason; nothing where all of it was. */
export function renderLeftOut(items: readonly LeftOut[], pipeline: string): string {
  if (items.length === 0) return "";
  const rows = items.slice(0, MOST).map(({ key, change, why }) => [`  ${displayKey(key)}`, change, why]);
  const more = items.length > MOST ? `  … and ${count(items.length - MOST)} more: --json has them all\n` : "";
  return `\nleft out of the plan:\n${renderTable([{ title: "  document" }, { title: "planned" }, { title: "why not" }], rows)}${more}\nthey need a new plan: sync plan ${pipeline} --out FILE\n`;
}

function accountOf({ name, currency, debit, credit }: PlanSum): AccountTotal {
  const minor = (text: string): bigint => Decimal.parse(text)?.toMinor(currencyPlaces(currency)) ?? 0n;
  return { account: name, currency, debitMinor: minor(debit), creditMinor: minor(credit) };
}
