import { styleText } from "node:util";
import { stringify } from "csv-stringify/sync";
import { formatAmount, formatMinor } from "../../model/money.js";
import {
  type AccountComparison,
  FINDING_KINDS,
  type Finding,
  type LeftOut,
  type OpenItem,
  type Reconciliation,
  type Standings,
  type Verdict,
} from "../../model/reconciliation.js";
import { displayKey } from "../../model/record.js";
import { visible } from "../../model/visible.js";
import { problemToJson } from "./problem.js";
import { count } from "./progress.js";
import { renderTable } from "./table.js";

interface Options {
  /** Documents shown in each list. */
  readonly limit: number;
  readonly color: boolean;
}

/** Stands where a side does not have the document, or nobody can tell. */
const NONE = "–";

const COLORS = {
  agree: "green",
  "agree, items wait": "yellow",
  "in doubt": "yellow",
  differ: "red",
  incomplete: "red",
} as const satisfies Record<Verdict, string>;

/** The three sides for people: the verdict, what differs, what waits, and the accounts. */
export function renderReconciliation(result: Reconciliation, options: Options): string {
  const { pipeline, title, findings, open, leftOut, accounts } = result;
  const paint = (format: "bold" | (typeof COLORS)[Verdict], text: string): string =>
    options.color ? styleText(format, text, { validateStream: false }) : text;
  let text = `${paint("bold", pipeline)}${title === pipeline ? "" : `  ${title}`}\n`;
  text += `${result.period ?? "all periods"}, compared ${minute(result.endedAt)} UTC\n\n`;
  text += `${renderSides(result)}\n${paint(COLORS[result.verdict], verdictText(result))}\n`;
  if (findings.length > 0) text += `\ndifferences\n${section(findings, options, FINDING_COLUMNS, findingCells)}`;
  if (open.length > 0) text += `\nnot in the target as wanted, and on the list\n${section(open, options, OPEN_COLUMNS, openCells)}`;
  if (leftOut.length > 0) text += `\nleft out by a person, with a reason\n${section(leftOut, options, LEFT_OUT_COLUMNS, leftOutCells)}`;
  if (accounts.length > 0) text += `\nby account, debits less credits\n${renderAccounts(accounts)}${renderUncounted(open)}`;
  return text;
}

/** What cannot be built has no lines, so no sum holds it. */
function renderUncounted(open: readonly OpenItem[]): string {
  const n = open.filter(({ sourceMinor, oursMinor }) => sourceMinor === null && oursMinor === null).length;
  if (n === 0) return "";
  return `  not in these sums: ${n === 1 ? "1 item" : `${count(n)} items`} on the list that cannot be built yet, so nobody knows the amounts\n`;
}

function renderSides({ sourceRead, targetRead, target, counts }: Reconciliation): string {
  const read =
    sourceRead === null
      ? "never read to its end by a run"
      : `as last read ${minute(sourceRead.at)} UTC by run ${sourceRead.run}; not read again now (\`sync plan\` reads it and sends nothing)`;
  const presence = { list: "listed", read: "read one by one", lookup: "looked up one by one", none: "not asked: it cannot tell" }[
    targetRead.presence
  ];
  const content = targetRead.content === "none" ? ", without its content" : "";
  const told = targetRead.presence === "none" ? NONE : count(counts.target);
  return renderTable(
    [{ title: "side" }, { title: "documents", align: "right" }, { title: "" }],
    [
      ["source", count(counts.source), read],
      ["ours", count(counts.ours), "postings in the store"],
      ["target", told, `\`${target.name}\`${target.name === target.connector ? "" : ` (${target.connector})`}, ${presence} now${content}`],
    ],
  );
}

function verdictText({ verdict, findings, open, counts, leftOut, accounts }: Reconciliation): string {
  const decided = leftOut.length === 0 ? "" : `; ${documents(leftOut.length)} left out by a person`;
  switch (verdict) {
    case "agree":
      return `source, postings and target agree, to the cent: ${documents(counts.agreed)}${decided}`;
    case "agree, items wait":
      return `${documents(counts.agreed)} agree, to the cent; ${items(open.length)}, each with its reason${decided}`;
    case "in doubt":
      return `no difference, and in doubt: the answer to some sends is unknown; ${items(open.length)}${decided}`;
    case "incomplete":
      return `NOT all could be compared; of what could, nothing differs${open.length === 0 ? "" : `; ${items(open.length)}`}${decided}`;
    case "differ": {
      const kinds = FINDING_KINDS.map((kind) => [kind, findings.filter((each) => each.kind === kind).length] as const).filter(
        ([, n]) => n > 0,
      );
      const told = kinds.map(([kind, n]) => `${count(n)} ${kind}`).join(", ");
      const apart = accounts.filter(({ agrees }) => !agrees).length;
      const sums = apart === 0 ? "" : `, ${count(apart)} ${apart === 1 ? "account" : "accounts"} apart`;
      return `they do NOT agree: ${told === "" ? "the sums of accounts" : told}${sums}; ${documents(counts.agreed)} agree${open.length === 0 ? "" : `; ${items(open.length)}`}${decided}`;
    }
  }
}

function documents(n: number): string {
  return n === 1 ? "1 document" : `${count(n)} documents`;
}

function items(n: number): string {
  return n === 1 ? "1 item waits" : `${count(n)} items wait`;
}

type Columns = Parameters<typeof renderTable>[0];

const AMOUNTS = [
  { title: "source", align: "right" },
  { title: "ours", align: "right" },
  { title: "target", align: "right" },
  { title: "" },
] as const;
const FINDING_COLUMNS: Columns = [
  { title: "  document" },
  { title: "date" },
  { title: "what" },
  { title: "between" },
  ...AMOUNTS,
  { title: "about" },
];
const OPEN_COLUMNS: Columns = [{ title: "  document" }, { title: "date" }, { title: "status" }, ...AMOUNTS, { title: "why" }];
const LEFT_OUT_COLUMNS: Columns = [
  { title: "  document" },
  { title: "date" },
  ...AMOUNTS,
  { title: "reason" },
  { title: "what was wrong" },
];

function section<T>(all: readonly T[], { limit }: Options, columns: Columns, cells: (each: T) => readonly string[]): string {
  const shown = all.slice(0, limit).map((each) => cells(each).map(visible));
  const rest = all.length - shown.length;
  const table = shown.length === 0 ? "" : renderTable(columns, shown);
  return table + (rest === 0 ? "" : `  … and ${count(rest)} more; show them with --limit ${all.length}\n`);
}

function findingCells(finding: Finding): readonly string[] {
  const { kind, between, about, listed } = finding;
  const note = listed === null ? "" : ` (on the list: ${listed.code})`;
  return [...place(finding), kind, between.join(" – "), ...amounts(finding), about + note];
}

function openCells(item: OpenItem): readonly string[] {
  return [...place(item), item.status, ...amounts(item), `${item.problem.code}: ${item.problem.message}`];
}

function leftOutCells(item: LeftOut): readonly string[] {
  return [...place(item), ...amounts(item), item.reason, item.problem.message];
}

function place({ key, date }: Standings): readonly [string, string] {
  return [`  ${displayKey(key)}`, date === "" ? NONE : date];
}

function amounts({ sourceMinor, oursMinor, targetMinor, currency }: Standings): string[] {
  return [...[sourceMinor, oursMinor, targetMinor].map((minor) => (minor === null ? NONE : formatAmount(minor, currency))), currency];
}

function renderAccounts(accounts: readonly AccountComparison[]): string {
  const rows = accounts.map((row) => {
    const { account, currency, sourceMinor, oursMinor, targetMinor, waitingMinor, agrees } = row;
    const show = (minor: bigint | null): string => (minor === null ? NONE : formatAmount(minor, currency));
    const blank = (minor: bigint | null): string => (minor === 0n ? "" : show(minor));
    return [
      `  ${account}`,
      show(sourceMinor),
      show(oursMinor),
      show(targetMinor),
      blank(differenceOf(row)),
      blank(waitingMinor),
      currency,
      agrees ? "" : "differs",
    ];
  });
  return renderTable(
    [
      { title: "  account" },
      { title: "source", align: "right" },
      { title: "ours", align: "right" },
      { title: "target", align: "right" },
      { title: "source – target", align: "right" },
      { title: "of it waiting", align: "right" },
      { title: "" },
      { title: "" },
    ],
    rows.map((row) => row.map(visible)),
  );
}

function differenceOf({ sourceMinor, targetMinor }: AccountComparison): bigint | null {
  return targetMinor === null ? null : sourceMinor - targetMinor;
}

function minute(instant: string): string {
  return instant.slice(0, 16).replace("T", " ");
}

/** The same as data, everything of it; amounts as exact decimal text, null where a side does not have the document. */
export function reconciliationToJson(result: Reconciliation): unknown {
  const standings = ({ key, date, currency, sourceMinor, oursMinor, targetMinor, reference }: Standings) => ({
    document: displayKey(key),
    date: date === "" ? null : date,
    currency: currency === "" ? null : currency,
    source: plain(sourceMinor, currency),
    ours: plain(oursMinor, currency),
    target: plain(targetMinor, currency),
    reference,
  });
  return {
    ...result,
    findings: result.findings.map((finding) => ({
      what: finding.kind,
      between: finding.between,
      ...standings(finding),
      about: finding.about,
      listed: finding.listed === null ? null : problemToJson(finding.listed),
    })),
    open: result.open.map((item) => ({ status: item.status, ...standings(item), problem: problemToJson(item.problem) })),
    leftOut: result.leftOut.map((item) => ({ ...standings(item), reason: item.reason, problem: problemToJson(item.problem) })),
    accounts: result.accounts.map((row) => ({
      account: row.account,
      currency: row.currency,
      source: plain(row.sourceMinor, row.currency),
      ours: plain(row.oursMinor, row.currency),
      target: plain(row.targetMinor, row.currency),
      difference: plain(differenceOf(row), row.currency),
      waiting: plain(row.waitingMinor, row.currency),
      agrees: row.agrees,
    })),
    problems: result.problems.map(problemToJson),
  };
}

function plain(minor: bigint | null, currency: string): string | null {
  return minor === null ? null : formatMinor(minor, currency);
}

const CSV_COLUMNS = "row,what,document,account,date,currency,source,ours,target,difference,waiting,reference,about".split(",");

/** One table for spreadsheets: a row for each document that differs, waits or was left out, and one for each account. UTF-8 with a mark, as Excel wants it. */
export function reconciliationToCsv({ findings, open, leftOut, accounts }: Reconciliation): string {
  const document = (row: string, what: string, each: Standings, about: string): (string | null)[] => {
    const { key, date, currency, sourceMinor, oursMinor, targetMinor, reference } = each;
    const sides = [sourceMinor, oursMinor, targetMinor].map((minor) => plain(minor, currency));
    const difference = sourceMinor === null && targetMinor === null ? null : plain((sourceMinor ?? 0n) - (targetMinor ?? 0n), currency);
    return [row, what, harmless(displayKey(key)), null, date, currency, ...sides, difference, null, harmless(reference), harmless(about)];
  };
  const rows = [
    ...findings.map((each) => document("difference", each.kind, each, each.about)),
    ...open.map((each) => document("open", each.status, each, `${each.problem.code}: ${each.problem.message}`)),
    ...leftOut.map((each) => document("left out", "dropped", each, each.reason)),
    ...accounts.map((row) => {
      const { account, currency, sourceMinor, oursMinor, targetMinor, waitingMinor, agrees } = row;
      const sums = [sourceMinor, oursMinor, targetMinor, differenceOf(row), waitingMinor].map((minor) => plain(minor, currency));
      return ["account", agrees ? "agrees" : "differs", null, harmless(account), null, currency, ...sums, null, null];
    }),
  ];
  return stringify([CSV_COLUMNS, ...rows], { bom: true });
}

/** A spreadsheet runs texts that begin like a formula; amounts are ours and may begin with a minus. */
function harmless(text: string | null): string | null {
  return text !== null && /^[=+\-@\t\r]/.test(text) ? `'${text}` : text;
}
