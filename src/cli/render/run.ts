import { styleText } from "node:util";
import stringWidth from "string-width";
import { formatAmount, formatMinor } from "../../model/money.js";
import type { AccountTotal } from "../../model/plan.js";
import type { RunResult } from "../../model/run.js";
import { problemToJson, renderProblems } from "./problem.js";
import { count } from "./progress.js";
import { pointer } from "./report-problems.js";
import { pad, renderTable } from "./table.js";
import { type Language, runWords } from "./words.js";
import { wrapWithin } from "./wrap.js";

/** Lines that are told even when they say zero. */
const ALWAYS = [0, 2, 8, 9];

interface RunOptions {
  readonly color: boolean;
  readonly language: Language;
}

/** What a run did, for people. */
export function renderRun(result: RunResult, title: string, options: RunOptions): string {
  return `${renderHead(result, title, options)}\n${renderFigures(result, options)}`;
}

/** Which run it is, and how it ended. */
export function renderHead(result: RunResult, title: string, { color, language }: RunOptions): string {
  const words = runWords(language);
  const tone = result.status === "done" ? "green" : result.status === "waiting" ? "yellow" : "red";
  const seconds = secondsBetween(result.startedAt, result.endedAt);
  const name = `${style(color, "bold", result.pipeline)}${title === result.pipeline ? "" : `  ${title}`}`;
  return `${name}\n${words.run(result.id, style(color, tone, words.status[result.status]), seconds)}\n`;
}

/** Its counts, what it booked by account, and what stopped it. `columns`: explanations are broken to this width. */
export function renderFigures(result: RunResult, options: RunOptions & { readonly columns?: number }): string {
  const words = runWords(options.language);
  let text = "";
  for (const [index, [what, number, unit, about]] of words.lines(result.counts).entries()) {
    if (number === 0 && !ALWAYS.includes(index)) continue;
    const begin = `  ${pad(what, 9, "left")} ${count(number).padStart(9)} ${unit}`;
    const indent = stringWidth(begin) + 2;
    const [first = "", ...rest] = options.columns === undefined ? [about] : wrapWithin(about, options.columns - indent);
    text += `${begin}${first === "" ? "" : `  ${style(options.color, "dim", first)}`}\n`;
    for (const line of rest) text += `${" ".repeat(indent)}${style(options.color, "dim", line)}\n`;
  }
  text += "\n";
  if (result.totals.length > 0) text += `${renderTotals(result.totals, options.language)}\n`;
  return `${text}${renderProblems(result.problems, options)}${pointer(result.problems, options.language)}`;
}

/** `12.3`. */
export function secondsBetween(from: string, to: string): string {
  return ((Date.parse(to) - Date.parse(from)) / 1000).toFixed(1);
}

function style(color: boolean, format: "bold" | "green" | "yellow" | "red" | "dim", text: string): string {
  return color ? styleText(format, text, { validateStream: false }) : text;
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

/** What to look at next. */
export function nextSteps(targetConnector: string, result: RunResult, language: Language): string {
  const { next, steps } = runWords(language);
  const lines: (readonly [string, string])[] = [];
  if (result.counts.waiting > 0) lines.push(["sync quarantine list", steps.quarantine]);
  if (targetConnector === "ledger") lines.push(["sync ledger balance", steps.balance], ["sync ledger journal", steps.journal]);
  lines.push(["sync status", steps.status]);
  return `${next}\n${lines.map(([command, about]) => `  ${command.padEnd(32)}${about}\n`).join("")}`;
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
