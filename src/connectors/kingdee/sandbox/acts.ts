import { SandboxError } from "../../sandbox/contract.js";
import { type Bill, idOf, statusOfBill, textOf, type Values } from "./bill.js";
import type { Books } from "./books.js";
import { nextPeriod } from "./dates.js";
import { isObject, parseExact } from "./exact-json.js";
import { DIMENSIONS } from "./forms/base-forms.js";
import type { KnownForm } from "./forms/index.js";
import { plainBill } from "./inspect.js";
import { markFailed, markPaid, PAYMENT } from "./push.js";
import { VOUCHER } from "./rules/voucher.js";
import { ModelReader } from "./save/model.js";
import { saveModel } from "./save/save.js";
import { addBase, dimensionValues } from "./seed.js";
import type { Settings } from "./settings.js";
import { isStep, takeStep } from "./steps.js";

export interface ActSetting {
  readonly books: Books;
  readonly settings: Settings;
  readonly time: string;
}

type Body = Readonly<Record<string, unknown>>;
type Act = (setting: ActSetting, body: Body) => unknown;

const BOOK = "BD_AccountBook";

/** What the system's own users do by hand. */
const ACTS: Readonly<Record<string, Act>> = {
  close_period: closePeriod,
  reopen_period: reopenPeriod,
  renumber_vouchers: renumberVouchers,
  post_voucher: (setting, body) => change(setting, { form: VOUCHER, ...body }, { _posted: true }),
  edit: editByHand,
  edit_voucher: (setting, body) => editByHand(setting, { form: VOUCHER, ...body }),
  delete: deleteByHand,
  delete_voucher: (setting, body) => deleteByHand(setting, { form: VOUCHER, ...body }),
  step: stepByHand,
  lock: (setting, body) => change(setting, body, { _locked: true }),
  unlock: (setting, body) => change(setting, body, { _locked: false }),
  forbid: (setting, body) => change(setting, body, { FForbidStatus: "B" }),
  enable: (setting, body) => change(setting, body, { FForbidStatus: "A" }),
  forbid_account: (setting, body) => change(setting, { form: "BD_Account", ...body }, { FForbidStatus: "B" }),
  add,
  pay,
};

/** Throws SandboxError when it cannot be done; nothing has changed then. */
export function act(setting: ActSetting, name: string, body: unknown): unknown {
  const work = Object.hasOwn(ACTS, name) ? ACTS[name] : undefined;
  if (work === undefined) throw new SandboxError(`nobody can \`${name}\`; there are ${[...Object.keys(ACTS), "settings"].join(", ")}`, 404);
  if (typeof body !== "object" || body === null || Array.isArray(body)) throw new SandboxError("the body is an object");
  return work(setting, body as Body);
}

function textIn(body: Body, name: string): string {
  const value = body[name];
  if (typeof value === "string" || typeof value === "number") return String(value);
  throw new SandboxError(`\`${name}\` is missing`);
}

function formIn({ books }: ActSetting, body: Body): KnownForm {
  const id = textIn(body, "form");
  const known = books.forms.get(id);
  if (known === undefined) throw new SandboxError(`there is no form \`${id}\``, 404);
  return known;
}

/** The bill that the body names by `id`, or by a `number` that only one has. */
function billIn(setting: ActSetting, body: Body): { readonly known: KnownForm; readonly bill: Bill } {
  const { books } = setting;
  const known = formIn(setting, body);
  const byId = body["id"] !== undefined;
  const found = byId ? [books.get(known.form.id, Number(body["id"]))] : books.byNumber(known.form.id, textIn(body, "number"));
  const [bill, ...more] = found;
  const told = byId ? `id ${textIn(body, "id")}` : `number ${textIn(body, "number")}`;
  if (bill === undefined) throw new SandboxError(`there is no ${known.form.id} with ${told}`, 404);
  if (more.length > 0) throw new SandboxError(`several ${known.form.id} have ${told}; name one by \`id\``);
  return { known, bill };
}

function change(setting: ActSetting, body: Body, values: Values): unknown {
  const { known, bill } = billIn(setting, body);
  const changed = { ...bill, values: { ...bill.values, ...values, FModifyDate: setting.time } };
  setting.books.put(known.form.id, changed);
  return plainBill(setting.books, known.form, changed);
}

function bookIn(setting: ActSetting, body: Body): Bill {
  return billIn(setting, { form: BOOK, number: body["book"] ?? "001" }).bill;
}

function closePeriod(setting: ActSetting, body: Body): unknown {
  const book = bookIn(setting, body);
  const period = periodIn(body);
  if (period <= textOf(book.values, "_closedThrough")) throw new SandboxError(`the period \`${period}\` is already closed`);
  return closeThrough(setting, book, period);
}

function reopenPeriod(setting: ActSetting, body: Body): unknown {
  const book = bookIn(setting, body);
  const period = periodIn(body);
  if (period > textOf(book.values, "_closedThrough")) throw new SandboxError(`the period \`${period}\` is open`);
  const [year = 0, month = 0] = period.split("-").map(Number);
  return closeThrough(setting, book, month === 1 ? `${year - 1}-12` : `${year}-${String(month - 1).padStart(2, "0")}`);
}

function periodIn(body: Body): string {
  const period = textIn(body, "period");
  if (!/^\d{4}-(0[1-9]|1[0-2])$/.test(period)) throw new SandboxError(`\`period\` is \`${period}\`, expected a month such as \`2025-01\``);
  return period;
}

function closeThrough({ books, time }: ActSetting, book: Bill, period: string): unknown {
  const [year = 0, month = 0] = nextPeriod(period).split("-").map(Number);
  books.put(BOOK, {
    ...book,
    values: { ...book.values, _closedThrough: period, FCURRENTYEAR: year, FCURRENTPERIOD: month, FModifyDate: time },
  });
  return { book: book.values["FNumber"], closedThrough: period };
}

/** 断号整理: the vouchers of a month are numbered without gaps, those that are posted keep theirs. */
function renumberVouchers({ books, time }: ActSetting, body: Body): unknown {
  const period = periodIn(body);
  const next = new Map<string, number>();
  let changed = 0;
  for (const bill of [...books.all(VOUCHER)]) {
    const { values } = bill;
    if (textOf(values, "FDate").slice(0, 7) !== period || values["FDocumentStatus"] === "Z") continue;
    const series = `${idOf(values, "FAccountBookID")} ${idOf(values, "FVOUCHERGROUPID")}`;
    const number = String((next.get(series) ?? 0) + 1);
    next.set(series, Number(number));
    if (values["_posted"] === true || values["FVOUCHERGROUPNO"] === number) continue;
    books.put(VOUCHER, { ...bill, values: { ...values, FVOUCHERGROUPNO: number, FBillNo: number, FModifyDate: time } });
    changed += 1;
  }
  return { changed };
}

/** `model` is the model of a Save, and the rules of the form hold; only the state of the bill is no hindrance, and stays. */
function editByHand(setting: ActSetting, body: Body): unknown {
  const { books } = setting;
  const { known, bill } = billIn(setting, body);
  const model = parseExact(JSON.stringify(body["model"] ?? {}));
  if (!isObject(model)) throw new SandboxError("`model` is an object, as in a Save");
  const { form } = known;
  const status = statusOfBill(bill);
  if (form.kind === "base") return editBase(setting, known, bill, body);
  books.put(form.id, { ...bill, values: { ...bill.values, FDocumentStatus: "A", _locked: false } });
  const request = { known, deletesRows: false, only: [], checks: true, asDraft: false, returnFields: [] };
  const result = saveModel({ ...setting, organisation: 0 }, request, { ...model, [form.primary]: String(bill.id) });
  if (result.faults !== undefined) throw new SandboxError(result.faults.map(({ message }) => message).join("; "));
  const edited = books.get(form.id, bill.id) as Bill;
  const kept = { ...edited, values: { ...edited.values, FDocumentStatus: status } };
  books.put(form.id, kept);
  return plainBill(books, form, kept);
}

function editBase(setting: ActSetting, known: KnownForm, bill: Bill, body: Body): unknown {
  const values = { ...bill.values, ...valuesIn(setting, known, body), FModifyDate: setting.time };
  const edited = { ...bill, values };
  setting.books.put(known.form.id, edited);
  return plainBill(setting.books, known.form, edited);
}

function deleteByHand(setting: ActSetting, body: Body): unknown {
  const { known, bill } = billIn(setting, body);
  setting.books.remove(known.form.id, bill.id);
  return { deleted: bill.id };
}

function stepByHand(setting: ActSetting, body: Body): unknown {
  const { books, time } = setting;
  const name = textIn(body, "step");
  if (!isStep(name)) throw new SandboxError(`there is no step \`${name}\``);
  const { known, bill } = billIn(setting, body);
  const faults = takeStep(books, known, name, bill, time);
  if (faults.length > 0) throw new SandboxError(faults.map(({ message }) => message).join("; "));
  const after = books.get(known.form.id, bill.id);
  return after === undefined ? { deleted: bill.id } : plainBill(books, known.form, after);
}

/** New base data, audited and usable: `{ form, number, name, model?, organisation?, required? }`; `required` are dimensions of an account. */
function add(setting: ActSetting, body: Body): unknown {
  const { books, time } = setting;
  const known = formIn(setting, body);
  const { form } = known;
  if (form.kind !== "base") throw new SandboxError(`\`${form.id}\` is no base data`);
  const [number, name] = [textIn(body, "number"), textIn(body, "name")];
  if (books.byNumber(form.id, number).length > 0) throw new SandboxError(`${form.id} has the number \`${number}\` already`);
  const values = {
    ...ownership(setting, known, body),
    ...valuesIn(setting, known, body),
    ...(form.id === "BD_Account" ? accountValues(setting, body) : {}),
  };
  const id = addBase(books, form.id, { number, name, values }, time);
  return plainBill(books, form, books.get(form.id, id) as Bill);
}

function valuesIn({ books }: ActSetting, known: KnownForm, body: Body): Values {
  const model = parseExact(JSON.stringify(body["model"] ?? {}));
  if (!isObject(model)) throw new SandboxError("`model` is an object, as in a Save");
  const reader = new ModelReader(books, known, null, { deletesRows: true, only: [] }, 0);
  const { values } = reader.read(model);
  if (reader.faults.length > 0) throw new SandboxError(reader.faults.map(({ message }) => message).join("; "));
  return values;
}

/** Belongs to the organisation that is named, or to the first and allocated to the others. */
function ownership({ books }: ActSetting, { form }: KnownForm, body: Body): Values {
  if (!form.fields.some(({ key }) => key === "FUseOrgId")) return {};
  const organisations = [...books.all("ORG_Organizations")];
  if (body["organisation"] === undefined) {
    const [head, ...others] = organisations.map(({ id }) => id);
    return { FCreateOrgId: head ?? 0, FUseOrgId: head ?? 0, _allocated: Object.fromEntries(others.map((id) => [String(id), 1])) };
  }
  const number = textIn(body, "organisation");
  const owner = organisations.find(({ values }) => values["FNumber"] === number);
  if (owner === undefined) throw new SandboxError(`there is no organisation \`${number}\``, 404);
  return { FCreateOrgId: owner.id, FUseOrgId: owner.id };
}

/** A new account is one to book on, and its superior is one no more. */
function accountValues({ books }: ActSetting, body: Body): Values {
  const required = Array.isArray(body["required"]) ? body["required"].map(String) : [];
  const unknown = required.find((key) => !DIMENSIONS.has(key));
  if (unknown !== undefined) throw new SandboxError(`there is no dimension \`${unknown}\`; there are ${[...DIMENSIONS.keys()].join(", ")}`);
  const number = textIn(body, "number");
  const parents = [...books.all("BD_Account")].filter(({ values }) => number.startsWith(textOf(values, "FNumber")));
  const parent = parents.sort((left, right) => textOf(right.values, "FNumber").length - textOf(left.values, "FNumber").length)[0];
  if (parent !== undefined) books.put("BD_Account", { ...parent, values: { ...parent.values, FISDETAIL: false } });
  return { FISDETAIL: true, FPARENTID: parent?.id ?? 0, ...dimensionValues(required) };
}

/** The bank has paid an audited payment, `{ number, reference? }`, or has not, `{ number, failed: "余额不足" }`; then it can still be paid. */
function pay(setting: ActSetting, body: Body): unknown {
  const { books, time } = setting;
  const { known, bill } = billIn(setting, { form: PAYMENT, ...body });
  if (statusOfBill(bill) !== "C") throw new SandboxError(`the payment \`${textOf(bill.values, "FBillNo")}\` is not audited`);
  const failed = body["failed"];
  if (typeof failed === "string" && bill.values["_paid"] === true) throw new SandboxError("it is paid, and cannot fail any more");
  if (typeof failed === "string") markFailed(books, bill, failed, time);
  else markPaid(books, bill, typeof body["reference"] === "string" ? body["reference"] : `BANK${bill.id}`, time);
  return plainBill(books, known.form, books.get(PAYMENT, bill.id) as Bill);
}
