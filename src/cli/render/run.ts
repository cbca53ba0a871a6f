import { styleText } from "node:util";
import { formatAmount, formatMinor } from "../../model/money.js";
import type { AccountTotal } from "../../model/plan.js";
import type { RunResult } from "../../model/run.js";
import { problemToJson, renderProblems } from "./problem.js";
import { count } from "./progress.js";
import { renderTable } from "./table.js";

const STATUS_WORDS: Record<RunResult["status"], string> = {
  running: "running",
  done: "done",
  waiting: "done, and items wait",
  "in-doubt": "in doubt: some answers are unknown",
  threshold: "stopped by a threshold; nothing was sent",
  failed: "stopped by an error",
  interrupted: "stopped on request; what was sent is finished",
};

/** What a run did, for people. */
export function renderRun(result: RunResult, title: string, options: { readonly color: boolean }): string {
  const { counts } = result;
  const style = (format: "bold" | "green" | "yellow" | "red" | "dim", text: string): string =>
    options.color ? styleText(format, text, { validateStream: false }) : text;
  const tone = result.status === "done" ? "green" : result.status === "waiting" ? "yellow" : "red";
  const seconds = ((Date.parse(result.endedAt) - Date.parse(result.startedAt)) / 1000).toFixed(1);
  const lines = [
    `${style("bold", result.pipeline)}${title === result.pipeline ? "" : `  ${title}`}`,
    `run ${result.id}: ${style(tone, STATUS_WORDS[result.status])}, ${seconds} s`,
    "",
  ];
  const detail = (about: string): string => style("dim", about);
  const known = counts.unitsKnown === 0 ? "" : `; ${files(counts.unitsKnown)} as before, not read again`;
  lines.push(
    `  read      ${figure(counts.read)} records  ${detail(`${count(counts.changed)} new or changed, ${count(counts.unchanged)} as before, from ${files(counts.units)}${known}`)}`,
  );
  if (counts.leftOut > 0)
    lines.push(
      `  left out  ${figure(counts.leftOut)} ${counts.leftOut === 1 ? "row" : "rows"}  ${detail("as the source's options say: totals, footers")}`,
    );
  lines.push(`  posted    ${figure(counts.posted)} documents`);
  if (counts.recovered > 0)
    lines.push(`  recovered ${figure(counts.recovered)} postings  ${detail("found in the target, and not in the store until now")}`);
  if (counts.confirmed > 0)
    lines.push(
      `  confirmed ${figure(counts.confirmed)} documents  ${detail("their answer was lost, and the target was found to hold them")}`,
    );
  if (counts.replaced > 0)
    lines.push(`  replaced  ${figure(counts.replaced)} documents  ${detail("changed at the source: reversed and posted again")}`);
  if (counts.reversed > 0) lines.push(`  reversed  ${figure(counts.reversed)} documents  ${detail("no longer wanted at the source")}`);
  lines.push(`  kept      ${figure(counts.kept)} documents  ${detail("posted before and unchanged")}`);
  lines.push(
    `  waiting   ${figure(counts.waiting)} items${counts.waiting > 0 ? `  ${detail("each with its reason: sync quarantine list")}` : ""}`,
  );
  if (counts.unconfirmed > 0)
    lines.push(
      `  in doubt  ${figure(counts.unconfirmed)} documents  ${detail("sent, answer unknown; looked up before anything else is sent")}`,
    );
  lines.push("");
  let text = lines.map((line) => `${line}\n`).join("");
  if (result.totals.length > 0) text += `${renderTotals(result.totals)}\n`;
  if (result.problems.length > 0) text += `${renderProblems(result.problems, options)}\n`;
  return text;
}

function files(n: number): string {
  return n === 1 ? "1 file" : `${count(n)} files`;
}

function figure(n: number): string {
  return count(n).padStart(9);
}

/** Debits and credits by account, with a sum per currency. */
export function renderTotals(totals: readonly AccountTotal[]): string {
  const sums = new Map<string, { debit: bigint; credit: bigint }>();
  const rows = totals.map((total) => {
    const sum = sums.get(total.currency) ?? { debit: 0n, credit: 0n };
    sum.debit += total.debitMinor;
    sum.credit += total.creditMinor;
    sums.set(total.currency, sum);
    return [`  ${total.account}`, blank(total.debitMinor, total.currency), blank(total.creditMinor, total.currency), total.currency];
  });
  for (const [currency, sum] of sums)
    rows.push(["  total", formatAmount(sum.debit, currency), formatAmount(sum.credit, currency), currency]);
  return renderTable(
    [{ title: "  account" }, { title: "debit", align: "right" }, { title: "credit", align: "right" }, { title: "" }],
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
