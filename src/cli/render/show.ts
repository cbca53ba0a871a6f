import { styleText } from "node:util";
import { documentAmount, type Line, lineAmount } from "../../model/document.js";
import { hasLines } from "../../model/document-types.js";
import { formatAmount } from "../../model/money.js";
import { displayKey } from "../../model/record.js";
import { visible } from "../../model/visible.js";
import type { Shown } from "../../run/show.js";
import type { Reason, UsedRow } from "../../steps/explain.js";
import type { PostingHistory } from "../../store/postings.js";
import type { QuarantineItem } from "../../store/quarantine.js";
import { documentToJson } from "./document.js";
import { problemToJson } from "./problem.js";

export interface ShownDocument {
  readonly key: string;
  readonly pipeline: string;
  readonly parts: readonly Shown[];
  readonly history: readonly PostingHistory[];
  readonly waits: readonly QuarantineItem[];
}

interface ShowRenderOptions {
  readonly why: boolean;
  readonly color: boolean;
  readonly pathOf: (file: string) => string;
}

/** A document for people: what it is, where it stands, its lines, and with `why` what decided each account. */
export function renderShown({ key, pipeline, parts, history, waits }: ShownDocument, options: ShowRenderOptions): string {
  const bold = (text: string): string => (options.color ? styleText("bold", text, { validateStream: false }) : text);
  let text = `${bold(visible(displayKey(key)))}  of ${pipeline}\n`;
  for (const { version, reference, postedAt, reversedBy } of history)
    text += `posted as ${reference}, version ${version}, ${postedAt}${reversedBy === null ? "" : `; taken back by ${reversedBy}`}\n`;
  for (const { problem, status } of waits) text += `${status}: ${problem.message}\n`;
  if (parts.length === 0) text += "no record of it is left: it was only posted\n";
  for (const part of parts) text += `\n${renderPart(part, options)}`;
  if (!options.why && parts.some(({ explained }) => explained.reasons.length > 0))
    text += `\nwhy each account: sync show ${displayKey(key)} --why\n`;
  return text;
}

function renderPart({ member, records, explained }: Shown, options: ShowRenderOptions): string {
  const { grouped, reasons } = explained;
  const head = member === null ? "" : `${member}: `;
  if (grouped.kind === "unwanted") return `${head}not wanted: \`document.when\` says so\n`;
  if (grouped.kind === "faulty")
    return `${head}cannot be posted:\n${grouped.problems.map((each) => `  ${each.code}: ${each.message}\n`).join("")}`;
  const { document } = grouped;
  let text = hasLines(document.type)
    ? `${head}${document.date}  ${formatAmount(documentAmount(document), document.currency)} ${document.currency}  ${visible(document.text)}\n`
    : `${head}${visible(document.text)}\n`;
  if (!options.why) return text + document.lines.map((line) => `  ${lineText(line, document.currency)}\n`).join("");
  for (const reason of reasons) {
    const { line, rule, at, record, fields, rows } = reason;
    text += `\n  ${lineText(line, document.currency)}\n`;
    text += `    rule    ${at.file === undefined ? "" : `${at.file}:${at.line ?? 1}  `}${rule}\n`;
    for (const row of rows) text += `    row     ${rowText(row, options)}\n`;
    const place = record === null ? undefined : records[record];
    if (place !== undefined)
      text += `    record  ${visible(place.unit)}:${place.line}${Object.keys(fields).length === 0 ? "" : `  ${valuesText(fields)}`}\n`;
    else text += "    record  all of the document\n";
  }
  if (document.lines.length < reasons.length)
    text += `\n  merged or left out because they are zero: ${document.lines.length} lines are posted\n`;
  return text;
}

function lineText(line: Line, currency: string): string {
  const more = [line.partner, ...Object.entries(line.dimensions).map(([name, value]) => `${name} ${value}`)].filter(
    (each) => each !== null,
  );
  const extras = more.length === 0 ? "" : `  [${more.join(", ")}]`;
  return visible(`${line.side} ${line.account}  ${formatAmount(line.amountMinor, currency)}  ${line.text}${extras}`);
}

function rowText({ lookup, file, line, keys, on, values }: UsedRow, { pathOf }: ShowRenderOptions): string {
  const asked = `${lookup}[${keys.join(", ")}]${on === null ? "" : ` on ${on}`}`;
  if (line === null)
    return `${asked}: no row in ${pathOf(file)}${Object.keys(values).length === 0 ? "" : `, so the default: ${valuesText(values)}`}`;
  return `${asked} = ${pathOf(file)}:${line}  ${valuesText(values)}`;
}

function valuesText(values: Readonly<Record<string, string>>): string {
  return visible(
    Object.entries(values)
      .map(([name, value]) => `${name} ${value}`)
      .join(", "),
  );
}

/** The same as data. */
export function shownToJson({ key, pipeline, parts, history, waits }: ShownDocument, pathOf: (file: string) => string): unknown {
  return {
    key: displayKey(key),
    pipeline,
    postings: history,
    waits: waits.map(({ status, problem }) => ({ status, problem: problemToJson(problem) })),
    parts: parts.map(({ member, records, explained: { grouped, reasons } }) => ({
      member,
      records: records.map(({ key: record, unit, line }) => ({ key: displayKey(record), unit, line })),
      document: grouped.kind === "wanted" ? documentToJson(grouped.document) : null,
      unwanted: grouped.kind === "unwanted",
      problems: grouped.kind === "faulty" ? grouped.problems.map(problemToJson) : [],
      why: grouped.kind === "wanted" ? reasons.map((reason) => reasonToJson(reason, grouped.document.currency, pathOf)) : [],
    })),
  };
}

function reasonToJson({ line, rule, at, record, fields, rows }: Reason, currency: string, pathOf: (file: string) => string): unknown {
  return {
    account: line.account,
    [line.side]: lineAmount(line, currency),
    rule,
    at,
    record,
    fields,
    rows: rows.map((row) => ({ ...row, file: pathOf(row.file) })),
  };
}
