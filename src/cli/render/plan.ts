import { styleText } from "node:util";
import { type Document, documentAmount } from "../../model/document.js";
import type { DocumentCover } from "../../model/document-cover.js";
import { hasLines } from "../../model/document-types.js";
import { formatAmount } from "../../model/money.js";
import { CHANGE_KINDS, type Change, type ChangeKind, SENDING_KINDS } from "../../model/plan.js";
import { displayKey } from "../../model/record.js";
import { visible } from "../../model/visible.js";
import type { Planned } from "../../run/plan.js";
import { DimensionTotals } from "../../steps/plan.js";
import type { RunRow } from "../../store/runs.js";
import { coveredChange } from "../personal.js";
import { documentToJson } from "./document.js";
import { problemToJson } from "./problem.js";
import { count } from "./progress.js";
import { renderTotals } from "./run.js";
import { pad, renderTable } from "./table.js";
import type { Language } from "./words.js";

const SIGNS = {
  create: "+",
  supplement: "+",
  replace: "~",
  update: "~",
  finish: ">",
  reverse: "-",
  hold: "!",
  keep: "=",
} as const satisfies Record<ChangeKind, string>;
const COLORS = {
  create: "green",
  supplement: "green",
  replace: "yellow",
  update: "yellow",
  finish: "cyan",
  reverse: "red",
  hold: "magenta",
  keep: "dim",
} as const satisfies Record<ChangeKind, string>;
const SHOWN: readonly ChangeKind[] = [...SENDING_KINDS, "hold"];
/** Lines of one document before the rest is folded. */
const LINES = 12;
/** Values of one dimension before the rest is folded. */
const VALUES = 30;

type Paint = (kind: ChangeKind, text: string) => string;

/** The plan as a diff for people: documents with their fields and lines, then totals. At most `limit` documents are shown. */
export function renderPlan(
  planned: Planned,
  waiting: number,
  options: {
    readonly limit: number;
    readonly color: boolean;
    readonly language: Language;
    readonly before: RunRow | null;
    readonly cover: DocumentCover;
  },
): string {
  const { counts } = planned;
  const paint: Paint = (kind, text) => (options.color ? styleText(COLORS[kind], text, { validateStream: false }) : text);
  let text = "";
  let shown = 0;
  const total = SHOWN.reduce((sum, kind) => sum + counts[kind], 0);
  for (const batch of planned.changes.inOrder(SHOWN, 100)) {
    for (const { change } of batch) {
      if (shown === options.limit) break;
      text += `${renderChange(coveredChange(change, options.cover), paint)}\n`;
      shown += 1;
    }
    if (shown === options.limit) break;
  }
  if (total > shown) text += `… and ${count(total - shown)} more documents; show them with --limit ${total}\n\n`;
  text += `plan: ${summary(counts)}\n`;
  if (waiting > 0) text += `${count(waiting)} items wait in quarantine: sync quarantine list\n`;
  text += renderChecks(planned) + renderBefore(options.before);
  const accounts = planned.totals.byAccount();
  if (accounts.length > 0)
    text += `\n${renderTotals(accounts, options.language)}\n${renderPeriods(planned)}${renderDimensions(planned, options.cover)}`;
  return text;
}

/** Who says that it can be posted, and how what stands there now is known. */
function renderChecks({ counts, asksTarget, readsTarget }: Planned): string {
  let text = "";
  if (counts.create + counts.supplement + counts.replace + counts.update > 0)
    text += asksTarget
      ? "checked: the target was asked whether it takes each of them\n"
      : "checked: by us only, because this target cannot be asked without posting\n";
  if (counts.replace + counts.update + counts.reverse > 0)
    text += readsTarget
      ? "before: as it stands in the target, which was read\n"
      : "before: as it was posted, because this target cannot be read\n";
  return text;
}

function renderBefore(before: RunRow | null): string {
  if (before?.result == null) return "";
  const { posted, replaced, reversed } = before.result.counts;
  return `last time: run ${before.id} of ${before.startedAt.slice(0, 16).replace("T", " ")} UTC posted ${count(posted)}, replaced ${count(replaced)}, reversed ${count(reversed)}\n`;
}

/** What is seldom is told only where there is some. */
export function summary(counts: Planned["counts"]): string {
  const seldom = (n: number, what: string): string => (n === 0 ? "" : `${count(n)} ${what}, `);
  return `${count(counts.create)} to post, ${seldom(counts.supplement, "to add to batches")}${count(counts.replace)} to replace, ${seldom(counts.update, "drafts to correct")}${seldom(counts.finish, "drafts to finish")}${count(counts.reverse)} to reverse, ${count(counts.hold)} held, ${count(counts.keep)} looked at and unchanged`;
}

function renderPeriods(planned: Planned): string {
  return renderTable(
    [{ title: "  period" }, { title: "debit", align: "right" }, { title: "credit", align: "right" }, { title: "" }],
    planned.totals
      .byPeriod()
      .map(({ period, currency, debitMinor, creditMinor }) => [
        `  ${period}`,
        formatAmount(debitMinor, currency),
        formatAmount(creditMinor, currency),
        currency,
      ]),
  );
}

/** A table for each dimension, such as the department; one with many values is cut, because it says little on a terminal. */
function renderDimensions(planned: Planned, cover: DocumentCover): string {
  const totals = new DimensionTotals();
  for (const batch of planned.changes.inOrder(SENDING_KINDS, 500)) for (const { change } of batch) totals.addChange(change);
  return totals
    .byDimension()
    .map(([name, sums]) => {
      const shown = sums.slice(0, VALUES);
      const rows = shown.map(({ name: value, currency, debitMinor, creditMinor }) => [
        `  ${cover.dimension(name, value)}`,
        formatAmount(debitMinor, currency),
        formatAmount(creditMinor, currency),
        currency,
      ]);
      const more =
        sums.length > shown.length ? `  … and ${count(sums.length - shown.length)} more: a plan that is saved has them all\n` : "";
      const columns = [
        { title: `  ${name}` },
        { title: "debit", align: "right" },
        { title: "credit", align: "right" },
        { title: "" },
      ] as const;
      return `\n${renderTable(columns, rows)}${more}`;
    })
    .join("");
}

function renderChange(change: Change, paint: Paint): string {
  const head = (document: Document | null, about: string): string => {
    const facts = document === null ? "" : `  ${hasLines(document.type) ? moneyFacts(document) : statementFacts(document)}`;
    const key = paint(change.kind, visible(`${SIGNS[change.kind]} ${displayKey(change.key)}`));
    return `${key}${visible(facts)}${about === "" ? "" : visible(`  (${about})`)}\n`;
  };
  switch (change.kind) {
    case "create":
      return head(change.document, "") + renderLines(change.document, "+", (text) => paint("create", text));
    case "supplement":
      return head(change.document, "added to what is posted") + renderLines(change.document, "+", (text) => paint("create", text));
    case "update":
      return head(change.document, `draft ${change.posted.reference}`) + renderDifference(change.posted.document, change.document, paint);
    case "finish":
      return head(change.posted.document, `draft ${change.posted.reference}, got as far as ${change.posted.step ?? "booked"}`);
    case "reverse":
      return head(change.posted.document, postedAs(change)) + renderLines(change.posted.document, "-", (text) => paint("reverse", text));
    case "replace":
      return head(change.document, postedAs(change)) + renderDifference(change.posted.document, change.document, paint);
    case "hold":
      return head(change.document, `held: ${change.problem.message}`);
    case "keep":
      return head(null, "unchanged");
  }
}

function moneyFacts(document: Document): string {
  return `${document.date}  ${formatAmount(documentAmount(document), document.currency)} ${document.currency}  ${document.text}`;
}

/** What a document without lines says. */
function statementFacts({ fields, text }: Document): string {
  return [text, ...Object.entries(fields).map(([name, value]) => `${name} ${value}`)].filter((part) => part !== "").join(", ");
}

function postedAs({ posted, gone }: Extract<Change, { kind: "replace" | "reverse" }>): string {
  return gone === undefined ? `posted as ${posted.reference}` : `posted as ${posted.reference}, no longer in the target`;
}

function lineTexts(document: Document): string[] {
  return document.lines.map((line) => {
    const extras = [
      line.partner,
      ...Object.entries({ ...line.dimensions, ...line.fields }).map(([name, value]) => `${name} ${value}`),
    ].filter((each) => each !== null);
    const amount = formatAmount(line.amountMinor, document.currency);
    return visible(
      `${line.side === "debit" ? "debit " : "credit"}  ${pad(line.account, 10, "left")}  ${pad(amount, 14, "right")}  ${line.text}${extras.length > 0 ? `  [${extras.join(", ")}]` : ""}`,
    );
  });
}

function renderLines(document: Document, sign: string, paint: (text: string) => string): string {
  const texts = lineTexts(document);
  const shown = texts.length > LINES ? texts.slice(0, LINES) : texts;
  const rest = texts.length > LINES ? `      … and ${texts.length - LINES} more lines\n` : "";
  return shown.map((text) => `${paint(`    ${sign} ${text}`)}\n`).join("") + rest;
}

/** Header fields before and after, and the lines that went or came; equal lines are not repeated. */
function renderDifference(before: Document, after: Document, paint: Paint): string {
  let text = "";
  const fields: (readonly [string, string, string])[] = [
    ["date", before.date, after.date],
    ["currency", before.currency, after.currency],
    ["text", before.text, after.text],
    ["attachments", String(before.attachments), String(after.attachments)],
    ...[...new Set([...Object.keys(before.fields), ...Object.keys(after.fields)])].map(
      (name) => [name, before.fields[name] ?? "", after.fields[name] ?? ""] as const,
    ),
  ];
  for (const [name, from, to] of fields) {
    if (from !== to)
      text += `    ${visible(name)}: ${paint("reverse", from === "" ? "empty" : visible(from))} → ${paint("create", to === "" ? "empty" : visible(to))}\n`;
  }
  const old = lineTexts(before);
  const fresh = lineTexts(after);
  const kept = new Map<string, number>();
  for (const line of old) kept.set(line, (kept.get(line) ?? 0) + 1);
  const added: string[] = [];
  for (const line of fresh) {
    const left = kept.get(line) ?? 0;
    if (left > 0) kept.set(line, left - 1);
    else added.push(line);
  }
  for (const line of old) {
    const left = kept.get(line) ?? 0;
    if (left === 0) continue;
    kept.set(line, left - 1);
    text += `${paint("reverse", `    - ${line}`)}\n`;
  }
  return text + added.map((line) => `${paint("create", `    + ${line}`)}\n`).join("");
}

/** Every change of the plan as data, `keep` included. */
export function* planToJson(planned: Planned, cover: DocumentCover): Generator<unknown> {
  for (const batch of planned.changes.inOrder(CHANGE_KINDS, 100)) {
    for (const { change: real } of batch) {
      const change = coveredChange(real, cover);
      yield {
        key: displayKey(change.key),
        change: change.kind,
        ...("document" in change && change.document !== null ? { after: documentToJson(change.document) } : {}),
        ...("posted" in change ? { before: documentToJson(change.posted.document), posted: change.posted.reference } : {}),
        ...(change.kind === "hold" ? { problem: problemToJson(change.problem) } : {}),
      };
    }
  }
}
