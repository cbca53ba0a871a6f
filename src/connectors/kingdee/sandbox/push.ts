import { CODE, type Fault, fault, type Outcome } from "./answers.js";
import { amountOf, type Bill, idOf, statusOfBill, textOf } from "./bill.js";
import type { Books } from "./books.js";
import type { KnownForm } from "./forms/index.js";
import type { Named } from "./named.js";

export const PAYMENT = "AP_PAYBILL";
export const PAYMENT_LINES = "FPAYBILLENTRY";

interface PushRule {
  /** The field of what is owed in all. */
  readonly total: string;
  /** The employee's kind of payment, or the supplier's. */
  readonly party: (bill: Bill) => { readonly type: string; readonly id: number };
  /** Where the payable keeps the day it is due, for the date of the payment. */
  readonly date: string;
}

/** What can be pushed to a payment. */
const RULES: ReadonlyMap<string, PushRule> = new Map([
  [
    "AP_Payable",
    { total: "FALLAMOUNTFOR", party: (bill) => ({ type: "BD_Supplier", id: idOf(bill.values, "FSUPPLIERID") }), date: "FENDDATE_H" },
  ],
  [
    "AP_OtherPayable",
    {
      total: "FTOTALAMOUNTFOR_H",
      party: (bill) => ({ type: textOf(bill.values, "FCONTACTUNITTYPE"), id: idOf(bill.values, "FCONTACTUNIT") }),
      date: "FENDDATE_H",
    },
  ],
]);

/** Payments made from a bill. */
function* paymentsOf(books: Books, form: string, bill: Bill): Iterable<Bill> {
  for (const payment of books.all(PAYMENT)) {
    if (payment.values["_sourceForm"] === form && payment.values["_source"] === bill.id) yield payment;
  }
}

export function isPushed(books: Books, form: string, bill: Bill): boolean {
  if (!RULES.has(form)) return false;
  for (const _ of paymentsOf(books, form, bill)) return true;
  return false;
}

/** Makes one payment from each audited payable, for what is not yet on another payment. */
export function pushToPayment(books: Books, known: KnownForm, target: string, named: readonly Named[], time: string): readonly Outcome[] {
  const rule = RULES.get(known.form.id);
  return named.map((each, index): Outcome => {
    if ("fault" in each) return { index, faults: [each.fault] };
    if (rule === undefined || target !== PAYMENT)
      return { index, faults: [fault(`没有从${known.form.title}到“${target}”的转换规则`, CODE.parameterWrong)] };
    const pushed = pushOne(books, known, rule, each.bill, time);
    return "message" in pushed ? { index, faults: [pushed] } : { index, done: pushed };
  });
}

function pushOne(
  books: Books,
  known: KnownForm,
  rule: PushRule,
  bill: Bill,
  time: string,
): Fault | { readonly id: number; readonly number: string } {
  const { form } = known;
  const source = textOf(bill.values, form.number);
  if (statusOfBill(bill) !== "C") return fault(`${form.title}${source}未审核，不能下推`, CODE.notInThisState);
  const open = amountOf(bill.values, rule.total) - paidOrAsked(books, form.id, bill);
  if (open === 0n) return fault(`${form.title}${source}已全部下推`, CODE.validation);
  const party = rule.party(bill);
  const id = books.nextId();
  const number = `FKD${String(books.next(`number ${PAYMENT}`)).padStart(8, "0")}`;
  const idByNumber = (of: string, wanted: string): number => books.byNumber(of, wanted)[0]?.id ?? 0;
  const line = {
    FSETTLETYPEID: idByNumber("BD_SETTLETYPE", "JSFS04_SYS"),
    FPAYTOTALAMOUNTFOR: String(open),
    FSourceBillNumber: source,
    FBankStatus: "A",
    FBANKMSG: "",
    FQQLSH: "",
  };
  books.put(PAYMENT, {
    id,
    values: {
      FBillNo: number,
      FBillTypeID: idByNumber("BOS_BillType", party.type === "BD_Empinfo" ? "FKDLX02_SYS" : "FKDLX01_SYS"),
      FDATE: bill.values[rule.date] ?? null,
      FCONTACTUNITTYPE: party.type,
      FCONTACTUNIT: party.id,
      FRECTUNITTYPE: party.type,
      FRECTUNIT: party.id,
      FCURRENCYID: bill.values["FCURRENCYID"] ?? 0,
      FSETTLECUR: bill.values["FCURRENCYID"] ?? 0,
      FSETTLEORGID: bill.values["FSETTLEORGID"] ?? 0,
      FPAYORGID: bill.values["FPAYORGID"] ?? 0,
      FPAYTOTALAMOUNTFOR_H: String(open),
      FREALPAYAMOUNTFOR_H: String(open),
      FDocumentStatus: "A",
      FCancelStatus: "A",
      FCreateDate: time,
      FModifyDate: time,
      _sourceForm: form.id,
      _source: bill.id,
    },
    entries: { [PAYMENT_LINES]: [{ id: books.nextId(), values: line }] },
  });
  return { id, number };
}

function paidOrAsked(books: Books, form: string, bill: Bill): bigint {
  let sum = 0n;
  for (const payment of paymentsOf(books, form, bill)) {
    if (payment.values["FCancelStatus"] !== "B") sum += amountOf(payment.values, "FPAYTOTALAMOUNTFOR_H");
  }
  return sum;
}

/** The bank has not paid: each line says why. The letter for it is this stand-in's own; that of the system is not established. */
export function markFailed(books: Books, payment: Bill, reason: string, time: string): void {
  answerOfBank(books, payment, { FBankStatus: "F", FBANKMSG: reason }, { FModifyDate: time });
}

function answerOfBank(books: Books, payment: Bill, inLines: Bill["values"], inHeader: Bill["values"]): void {
  const lines = (payment.entries[PAYMENT_LINES] ?? []).map((row) => ({ ...row, values: { ...row.values, ...inLines } }));
  books.put(PAYMENT, {
    ...payment,
    values: { ...payment.values, ...inHeader },
    entries: { ...payment.entries, [PAYMENT_LINES]: lines },
  });
}

/** The bank has paid: each line says so, and the bill it came from is settled as far as it is paid. */
export function markPaid(books: Books, payment: Bill, reference: string, time: string): void {
  answerOfBank(books, payment, { FBankStatus: "C", FBANKMSG: "交易成功", FQQLSH: reference }, { FModifyDate: time, _paid: true });
  const form = textOf(payment.values, "_sourceForm");
  const rule = RULES.get(form);
  const source = rule === undefined ? undefined : books.get(form, idOf(payment.values, "_source"));
  if (rule === undefined || source === undefined) return;
  let paid = 0n;
  for (const each of paymentsOf(books, form, source))
    if (each.values["_paid"] === true) paid += amountOf(each.values, "FPAYTOTALAMOUNTFOR_H");
  const settled = paid === amountOf(source.values, rule.total) ? "C" : "B";
  books.put(form, { ...source, values: { ...source.values, FWRITTENOFFSTATUS: settled, FModifyDate: time } });
}
