import { styleText } from "node:util";
import { formatAmount, formatMinor } from "../../model/money.js";
import type { AccountTotal } from "../../model/plan.js";
import type { RunResult } from "../../model/run.js";
import { problemToJson, renderProblems } from "./problem.js";
import { count } from "./progress.js";
import { pointer } from "./report-problems.js";
import { pad, renderTable } from "./table.js";
import { type Language, runWords } from "./words.js";

/** Lines that are told even when they say zero. */
const ALWAYS = [0, 2, 8, 9];

/** What a run did, for people. */
export function renderRun(result: RunResult, title: string, options: { readonly color: boolean; readonly language: Language }): string {
  const words = runWords(options.language);
  const style = (format: "bold" | "green" | "yellow" | "red" | "dim", text: string): string =>
    options.color ? styleText(format, text, { validateStream: false }) : text;
  const tone = result.status === "done" ? "green" : result.status === "waiting" ? "yellow" : "red";
  const seconds = ((Date.parse(result.endedAt) - Date.parse(result.startedAt)) / 1000).toFixed(1);
  const name = `${style("bold", result.pipeline)}${title === result.pipeline ? "" : `  ${title}`}`;
  let text = `${name}\n${words.run(result.id, style(tone, words.status[result.status]), seconds)}\n\n`;
  for (const [index, [what, number, unit, about]] of words.lines(result.counts).entries()) {
    if (number === 0 && !ALWAYS.includes(index)) continue;
    text += `  ${pad(what, 9, "left")} ${count(number).padStart(9)} ${unit}${about === "" ? "" : `  ${style("dim", about)}`}\n`;
  }
  text += "\n";
  if (result.totals.length > 0) text += `${renderTotals(result.totals, options.language)}\n`;
  return `${text}${renderProblems(result.problems, options)}${pointer(result.problems, options.language)}`;
}

/** Debits and credits by account, with a sum per currency. */
export function renderTotals(totals: readonly AccountTotal[], language: Language): string {
  const words = runWords(language);
  const sums = new Map<string, { debit: bigint; credit: bigint }>();
  const rows = totals.map((total) => {
    const sum = sums.get(total.currency) ?? { debit: 0n, credit: 0n };
    sum.debit += total.debitMinor;
    sum.credit += total.creditMinor;
    sums.set(total.currency, sum);
    return [`  ${total.account}`, blank(total.debitMinor, total.currency), blank(total.creditMinor, total.currency), total.currency];
  });
  for (const [currency, sum] of sums)
    rows.push([`  ${words.total}`, formatAmount(sum.debit, currency), formatAmount(sum.credit, currency), currency]);
  return renderTable(
    [{ title: `  ${words.account}` }, { title: words.debit, align: "right" }, { title: words.credit, align: "right" }, { title: "" }],
    rows,
  );
}

function blank(minor: bigint, currency: string): string {
  return minor === 0n ? "" : formatAmount(minor, currency);
}

/** The same as data; amounts as exact decimal text. */
export function runToJson(result: RunResult): unknown {
  return {
    ...result,
    totals: result.totals.map(({ account, currency, debitMinor, creditMinor }) => ({
      account,
      currency,
      debit: formatMinor(debitMinor, currency),
      credit: formatMinor(creditMinor, currency),
    })),
    problems: result.problems.map(problemToJson),
  };
}
