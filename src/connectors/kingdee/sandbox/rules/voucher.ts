import { formatMinor, parseDecimal, timesRate } from "../amounts.js";
import { CODE, type Fault, fault } from "../answers.js";
import { amountOf, type Bill, idOf, textOf, type Values } from "../bill.js";
import type { Books } from "../books.js";
import { periodOf } from "../dates.js";
import { DIMENSIONS } from "../forms/base-forms.js";
import type { Draft, DraftRow } from "../save/model.js";
import { type RuleContext, refuse } from "./rule.js";

export const VOUCHER = "GL_VOUCHER";
const LINES = "FEntity";

/** Completes a voucher with its period, or says why the general ledger does not take it. */
export function judgeVoucher(context: RuleContext): void {
  const { books, draft, checks } = context;
  const book = books.get("BD_AccountBook", idOf(draft.values, "FAccountBookID"));
  const date = textOf(draft.values, "FDate");
  if (book === undefined || date === "") return;
  judgeOrganisation(context, book);
  judgePeriod(context, book, periodOf(date));
  const lines = draft.entries[LINES] ?? [];
  if (checks && lines.length < 2) refuse(context, "凭证至少要有两条分录", LINES);
  lines.forEach((line, at) => {
    judgeLine(context, book, line, at + 1);
  });
  const imbalance = imbalanceOf(lines);
  if (imbalance !== 0n) refuse(context, `凭证借贷不平衡，差额${formatMinor(imbalance)}`, "FDEBIT");
}

function judgeOrganisation(context: RuleContext, book: Bill): void {
  const { values } = context.draft;
  const owner = idOf(book.values, "FACCOUNTORGID");
  if (idOf(values, "FACCBOOKORGID") === 0) values["FACCBOOKORGID"] = owner;
  else if (values["FACCBOOKORGID"] !== owner) refuse(context, "核算组织与账簿不一致", "FACCBOOKORGID");
}

function judgePeriod(context: RuleContext, book: Bill, period: string): void {
  const { values } = context.draft;
  const [year = 0, month = 0] = period.split("-").map(Number);
  const differs = (key: string, own: number): boolean =>
    values[key] !== null && values[key] !== undefined && values[key] !== 0 && values[key] !== own;
  const { old } = context;
  const moved = old !== null && textOf(old.values, "FDate") !== values["FDate"];
  if (!moved && (differs("FYEAR", year) || differs("FPERIOD", month))) refuse(context, "会计期间与凭证日期不一致", "FPERIOD");
  values["FYEAR"] = year;
  values["FPERIOD"] = month;
  if (context.checks) context.faults.push(...periodFaults(book, period));
}

/** Saving looks at the period, and auditing looks again: it may have been closed in between. */
function periodFaults(book: Bill, period: string): readonly Fault[] {
  const closed = textOf(book.values, "_closedThrough");
  if (period > closed) return [];
  const [year, month] = period.split("-").map(Number);
  return [fault(`账簿“${textOf(book.values, "FName")}”的会计期间${year}年第${month}期已结账`, CODE.validation, "FDate")];
}

function judgeLine(context: RuleContext, book: Bill, line: DraftRow, place: number): void {
  const { books, checks } = context;
  const { values } = line;
  const debit = amountOf(values, "FDEBIT");
  const credit = amountOf(values, "FCREDIT");
  values["FDEBIT"] = String(debit);
  values["FCREDIT"] = String(credit);
  if (checks && debit !== 0n && credit !== 0n) refuse(context, `第${place}条分录的借方和贷方不能同时有金额`, "FDEBIT");
  if (checks && debit === 0n && credit === 0n) refuse(context, `第${place}条分录的金额不能为零`, "FDEBIT");
  judgeCurrency(context, book, line, debit + credit, place);
  const account = books.get("BD_Account", idOf(values, "FACCOUNTID"));
  if (account !== undefined) judgeAccount(context, account, line);
}

function judgeCurrency(context: RuleContext, book: Bill, line: DraftRow, amount: bigint, place: number): void {
  const { values } = line;
  const isOwn = idOf(values, "FCURRENCYID") === idOf(book.values, "FCURRENCYID");
  const rate = parseDecimal(textOf(values, "FEXCHANGERATE") || (isOwn ? "1" : "0"));
  values["FEXCHANGERATE"] = textOf(values, "FEXCHANGERATE") || (isOwn ? "1" : "0");
  if (isOwn && (values["FAMOUNTFOR"] ?? null) === null) values["FAMOUNTFOR"] = String(amount);
  if (!context.checks || rate === null) return;
  if (rate.digits <= 0n) {
    refuse(context, `第${place}条分录的汇率必须大于零`, "FEXCHANGERATE");
    return;
  }
  const converted = timesRate(amountOf(values, "FAMOUNTFOR"), rate);
  const off = converted - amount;
  // Lines that share one foreign amount are each rounded, so a cent is left to them; the book's own currency has no such excuse.
  if (isOwn ? off !== 0n : off > 1n || off < -1n) refuse(context, `第${place}条分录的原币金额与本位币金额不一致`, "FAMOUNTFOR");
}

function judgeAccount(context: RuleContext, account: Bill, line: DraftRow): void {
  const number = textOf(account.values, "FNumber");
  if (context.checks && account.values["FISDETAIL"] !== true) {
    refuse(context, `科目 ${number} 不是明细科目，不能录入凭证`, "FAccountID");
    return;
  }
  const given = namesOf(line.values, "FDetailID");
  const takes = namesOf(account.values, "_takes");
  if (context.checks) {
    for (const key of Object.keys(namesOf(account.values, "_required"))) {
      if (given[key] === undefined) refuse(context, `科目 ${number} 必录维度${DIMENSIONS.get(key)?.title ?? key}未录入`, "FAccountID");
    }
  }
  // A dimension that the account does not have is dropped without a word.
  line.values["FDetailID"] = Object.fromEntries(Object.entries(given).filter(([key]) => takes[key] !== undefined));
}

function namesOf(values: Values, key: string): Readonly<Record<string, number>> {
  const value = values[key];
  return typeof value === "object" && value !== null ? value : {};
}

export function imbalanceOf(lines: readonly { readonly values: Values }[]): bigint {
  return lines.reduce((sum, { values }) => sum + amountOf(values, "FDEBIT") - amountOf(values, "FCREDIT"), 0n);
}

/** What is checked again when a voucher is audited. */
export function auditFaults(books: Books, voucher: Bill): readonly Fault[] {
  const book = books.get("BD_AccountBook", idOf(voucher.values, "FAccountBookID"));
  const imbalance = imbalanceOf(voucher.entries[LINES] ?? []);
  return [
    ...(book === undefined ? [] : periodFaults(book, periodOf(textOf(voucher.values, "FDate")))),
    ...(imbalance === 0n ? [] : [fault(`凭证借贷不平衡，差额${formatMinor(imbalance)}`, CODE.validation, "FDEBIT")]),
  ];
}

/** Numbers a voucher within its book, group and period. A number that the client chose is taken as it is, even one that is taken. */
export function numberVoucher(books: Books, draft: Draft, old: Bill | null): void {
  const { values } = draft;
  const series = seriesOf(values);
  const chosen = textOf(values, "FVOUCHERGROUPNO");
  if (chosen === "") {
    const kept = old !== null && seriesOf(old.values) === series ? textOf(old.values, "FVOUCHERGROUPNO") : "";
    values["FVOUCHERGROUPNO"] = kept === "" ? String(books.next(series)) : kept;
  } else if (/^\d{1,9}$/.test(chosen)) books.pass(series, Number(chosen));
  values["FBillNo"] = values["FVOUCHERGROUPNO"] ?? "";
}

function seriesOf(values: Values): string {
  return `voucher ${values["FAccountBookID"]} ${values["FVOUCHERGROUPID"]} ${values["FYEAR"]} ${values["FPERIOD"]}`;
}
