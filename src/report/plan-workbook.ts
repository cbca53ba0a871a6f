import { type Cell, type CellValue, type WriteSheet, writeXlsx, XLSX_MAX_ROWS_PER_SHEET } from "hucre/xlsx";
import type { Document, Line } from "../model/document.js";
import { hasLines } from "../model/document-types.js";
import { formatMinor } from "../model/money.js";
import { SENDING_KINDS } from "../model/plan.js";
import { documentOfLine, type PlanChange, type PlanSum } from "../model/plan-file.js";
import { displayKey } from "../model/record.js";
import { visible } from "../model/visible.js";
import { clockText, sumsByCurrency } from "./amounts.js";
import { placeOf, reasonOf } from "./page-waiting.js";
import type { PageWords, ReportLanguage } from "./page-words.js";
import type { ReportedPlan } from "./reported-plan.js";
import { type Survey, surveyPlan } from "./survey.js";
import { pageWords } from "./words.js";

/** Most characters that a cell of Excel holds. */
const CELL_CHARACTERS = 32_767;
/** Digits with which Excel keeps a number; what has more stays text, so that no amount is changed. */
const EXCEL_DIGITS = 15;
/** Two decimal places, and a third where the currency has one. */
const AMOUNT = "#,##0.00#";
const WIDTHS = { narrow: 12, usual: 18, wide: 44 } as const;

type Version = keyof PageWords["sheets"]["versions"];

/**
 * A plan as a workbook, for those who live in Excel: a summary, one row for each line of a document, what waits. Cells are texts and numbers and
 * never formulas. It is made in memory.
 */
export async function planWorkbook(plan: ReportedPlan, language: ReportLanguage): Promise<Uint8Array> {
  const words = pageWords(language);
  const survey = await surveyPlan(plan);
  return writeXlsx({
    sheets: [summarySheet(plan, survey, words), ...(await documentSheets(plan, survey, words)), waitingSheet(plan, survey, words)],
  });
}

function summarySheet(plan: ReportedPlan, survey: Survey, words: PageWords): WriteSheet {
  const { head, totals, hash, isSaved, timeZone } = plan;
  const { head: named, summary, amounts, state } = words;
  const { columns } = summary;
  const facts: readonly (readonly [string, string])[] = [
    [isSaved ? state.plan : state.preview, plain(isSaved ? state.aboutPlan : state.aboutPreview)],
    [named.pipeline, `${head.pipeline}, ${head.title}`],
    [named.target, plain(named.targetIs(head.connection, head.connector))],
    [named.made, `${clockText(head.made.at, timeZone)} (${timeZone}) ${plain(named.madeBy(head.made.by, head.made.host, head.made.run))}`],
    ...(isSaved ? [[named.approval, plain(head.asks === null ? named.nobody : named.needs(head.asks, plan.needed))] as const] : []),
    [named.id, head.id],
    [named.hash, hash],
  ];
  const kinds = [...SENDING_KINDS, "hold" as const].flatMap((kind): CellValue[][] => {
    const sums = survey.kinds.get(kind);
    if (sums === undefined) return [];
    const currencies = [...new Set([...sums.posted.keys(), ...sums.takenBack.keys()])].sort();
    const title = words.kinds[kind].title;
    if (currencies.length === 0) return [[title, sums.count]];
    return currencies.map((currency, index) => {
      const booked = kind === "hold" ? null : amountCell(sums.posted.get(currency) ?? 0n, currency);
      return [title, index === 0 ? sums.count : null, currency, booked, amountCell(sums.takenBack.get(currency) ?? 0n, currency)];
    });
  });
  const sums = (title: string, list: readonly PlanSum[]): CellValue[][] => [
    [],
    [textCell(title), null, words.sheets.currency, amounts.debit, amounts.credit],
    ...sumsByCurrency(list).flatMap(([currency, all]) =>
      all.map(({ name, debitMinor, creditMinor }) => [
        textCell(name),
        null,
        currency,
        amountCell(debitMinor, currency),
        amountCell(creditMinor, currency),
      ]),
    ),
  ];
  const rows: CellValue[][] = [
    ...facts.map((fact) => fact.map(textCell)),
    [],
    [columns.what, columns.number, words.sheets.currency, columns.posted, columns.takenBack],
    ...kinds,
    [summary.waiting, survey.waiting],
    ...sums(amounts.perAccount, totals.accounts),
    ...sums(amounts.perPeriod, totals.periods),
    ...Object.entries(totals.dimensions).flatMap(([name, list]) => sums(amounts.per(name), list)),
  ];
  const { narrow, usual, wide } = WIDTHS;
  return {
    name: words.sheets.summary,
    rows,
    columns: [{ width: wide }, { width: usual }, { width: narrow }, { width: usual, numFmt: AMOUNT }, { width: usual, numFmt: AMOUNT }],
  };
}

/** One row for each line of each document; a further sheet where one is full. */
async function documentSheets(plan: ReportedPlan, survey: Survey, words: PageWords): Promise<WriteSheet[]> {
  const { sheets, document: named, amounts } = words;
  const { narrow, usual, wide } = WIDTHS;
  const columns = [
    { header: sheets.kind, width: usual },
    { header: sheets.key, width: usual },
    { header: sheets.version, width: usual },
    { header: sheets.date, width: narrow },
    { header: sheets.documentText, width: wide },
    { header: amounts.account, width: narrow },
    { header: amounts.debit, width: usual, numFmt: AMOUNT },
    { header: amounts.credit, width: usual, numFmt: AMOUNT },
    { header: sheets.currency, width: narrow },
    { header: sheets.lineText, width: wide },
    { header: named.partner, width: usual },
    ...survey.dimensions.map((name) => ({ header: textCell(name), width: usual })),
    { header: sheets.further, width: wide },
    { header: sheets.reference, width: usual },
    { header: sheets.reason, width: wide },
  ];
  const titles = columns.map(({ header }) => header);
  const parts: CellValue[][][] = [];
  const add = (row: CellValue[]): void => {
    const last = parts.at(-1);
    if (last === undefined || last.length === XLSX_MAX_ROWS_PER_SHEET) parts.push([titles, row]);
    else last.push(row);
  };
  await plan.read({
    change: (change) => {
      for (const [version, encoded] of versionsOf(change)) {
        const shown = documentOfLine(encoded);
        // A document without lines, such as master data, is one row.
        const lines = shown.lines.length === 0 ? [null] : shown.lines;
        for (const line of lines) add(rowOf(change, version, shown, line, survey, words));
      }
      if (change.after === undefined && change.before === undefined) add(rowOf(change, "held", null, null, survey, words));
    },
  });
  const filled = parts.length === 0 ? [[titles]] : parts;
  return filled.map((rows, index) => ({
    name: index === 0 ? sheets.documents : `${sheets.documents} ${index + 1}`,
    rows,
    columns: columns.map(({ header: _, ...column }) => column),
    ...underTitles(titles.length),
  }));
}

function* versionsOf({ change, before, after }: PlanChange): Generator<readonly [Version, unknown]> {
  if (before !== undefined && change !== "hold") yield [change === "finish" ? "posted" : "takenBack", before];
  if (after !== undefined) yield [change === "hold" ? "held" : "posted", after];
}

function rowOf(
  { change, key, posting, problem }: PlanChange,
  version: Version,
  document: Document | null,
  line: Line | null,
  { dimensions }: Survey,
  words: PageWords,
): CellValue[] {
  const { sheets, kinds } = words;
  const isMoney = document !== null && hasLines(document.type);
  const amountOn = (side: Line["side"]): CellValue =>
    line === null || document === null || line.side !== side ? null : amountCell(line.amountMinor, document.currency);
  const further = { ...document?.fields, ...line?.fields };
  const reason = problem === undefined ? "" : `${reasonOf(problem.code, words).title}: ${plain(problem.message)}`;
  return [
    kinds[change].short,
    textCell(displayKey(key)),
    sheets.versions[version],
    isMoney ? textCell(document.date) : null,
    textCell(document?.text ?? ""),
    textCell(line?.account ?? ""),
    amountOn("debit"),
    amountOn("credit"),
    isMoney ? textCell(document.currency) : null,
    textCell(line?.text ?? ""),
    textCell(line?.partner ?? ""),
    ...dimensions.map((name) => textCell(line?.dimensions[name] ?? "")),
    textCell(
      Object.entries(further)
        .map(([name, value]) => `${name} ${value}`)
        .join("; "),
    ),
    textCell(posting?.reference ?? ""),
    textCell(reason),
  ];
}

function waitingSheet({ timeZone }: ReportedPlan, { causes }: Survey, words: PageWords): WriteSheet {
  const { sheets } = words;
  const titles = [sheets.key, sheets.reason, sheets.found, sheets.place, sheets.since];
  const rows = causes.flatMap(({ code, waits }) =>
    waits.map(({ waits: key, problem, since }) =>
      [displayKey(key), reasonOf(code, words).title, plain(problem.message), placeOf(problem, words), clockText(since, timeZone)].map(
        textCell,
      ),
    ),
  );
  const { usual, wide } = WIDTHS;
  return {
    name: sheets.waiting,
    rows: [titles, ...rows],
    columns: [usual, wide, wide, wide, usual].map((width) => ({ width })),
    ...underTitles(titles.length),
  };
}

/** Titles in bold that stay where they are. */
function underTitles(columns: number): Pick<WriteSheet, "cells" | "freezePane"> {
  const bold: Partial<Cell> = { style: { font: { bold: true } } };
  return { cells: new Map(Array.from({ length: columns }, (_, column) => [`0,${column}`, bold])), freezePane: { rows: 1 } };
}

/** Sentences of the page mark values with backticks, which say nothing to Excel. */
function plain(text: string): string {
  return text.replaceAll("`", "");
}

/** `_x0041_` in a workbook stands for `A`, so a text that looks like it is marked as it stands (ECMA-376 part 1, 22.9.2.19). */
function textCell(text: string): CellValue {
  if (text === "") return null;
  const shown = visible(text).replaceAll(/_(?=x[0-9A-Fa-f]{4}_)/g, "_x005F_");
  return shown.length <= CELL_CHARACTERS ? shown : `${shown.slice(0, CELL_CHARACTERS - 1)}…`;
}

function amountCell(amountMinor: bigint, currency: string): CellValue {
  const text = formatMinor(amountMinor, currency);
  return text.replace(/\D/g, "").replace(/^0+/, "").length <= EXCEL_DIGITS ? Number(text) : text;
}
