import { SandboxError } from "../../sandbox/contract.js";
import { formatMinor } from "./amounts.js";
import { amountOf, type Bill, idOf, type Stored, textOf, type Values } from "./bill.js";
import type { Books } from "./books.js";
import { DIMENSIONS } from "./forms/base-forms.js";
import type { Field, Form } from "./forms/form.js";
import { VOUCHER } from "./rules/voucher.js";

/** The bills that have a plain name. Any other form is seen as `forms/FORMID`. */
const NAMES: Readonly<Record<string, string>> = {
  vouchers: VOUCHER,
  payables: "AP_Payable",
  other_payables: "AP_OtherPayable",
  reimbursements: "ER_ExpReimbursement",
  payments: "AP_PAYBILL",
  invoices: "IV_ReceivedInvoice",
  assets: "FA_CARD",
};

/** What a test sees: references as numbers, amounts as text with two places. `?number=`, `?id=` and `?status=` narrow a list. */
export function inspect(books: Books, name: string, query: URLSearchParams): unknown {
  if (name === "trial_balance") return trialBalance(books, query);
  if (name === "periods")
    return [...books.all("BD_AccountBook")].map(({ values }) => ({ book: values["FNumber"], closedThrough: values["_closedThrough"] }));
  const id = NAMES[name] ?? (name.startsWith("forms/") ? name.slice("forms/".length) : undefined);
  const form = id === undefined ? undefined : books.forms.get(id)?.form;
  if (form === undefined) {
    const known = [...Object.keys(NAMES), "trial_balance", "periods", "sessions", "calls", "settings"].join(", ");
    throw new SandboxError(
      `there is no \`${name}\`; there are ${known}, and forms/FORMID with ${books.forms
        .all()
        .map((each) => each.id)
        .join(", ")}`,
      404,
    );
  }
  return chosen(books, form, query).map((bill) => plainBill(books, form, bill));
}

function chosen(books: Books, form: Form, query: URLSearchParams): readonly Bill[] {
  const number = query.get("number");
  const id = query.get("id");
  const status = query.get("status");
  const bills = number === null ? [...books.all(form.id)] : books.byNumber(form.id, number);
  return bills
    .filter((bill) => id === null || String(bill.id) === id)
    .filter((bill) => status === null || bill.values["FDocumentStatus"] === status);
}

/** One bill in plain words and its own fields. */
export function plainBill(books: Books, form: Form, bill: Bill): unknown {
  const { values } = bill;
  const [lines, ...others] = form.entities;
  const rowsOf = (key: string, fields: readonly Field[]): unknown[] =>
    (bill.entries[key] ?? []).map((row) => ({ FEntryID: row.id, ...plainValues(books, fields, row.values, values) }));
  return {
    id: bill.id,
    number: textOf(values, form.number),
    status: values["FDocumentStatus"],
    ...(form.kind === "bill" ? { cancelled: values["FCancelStatus"] === "B" } : { forbidden: values["FForbidStatus"] === "B" }),
    ...(form.id === VOUCHER ? { posted: values["_posted"] === true } : {}),
    header: plainValues(books, form.fields, values, values),
    ...(lines === undefined ? {} : { lines: rowsOf(lines.key, lines.fields) }),
    ...Object.fromEntries(others.map((entity) => [entity.key, rowsOf(entity.key, entity.fields)])),
  };
}

function plainValues(books: Books, fields: readonly Field[], values: Values, header: Values): Readonly<Record<string, unknown>> {
  const pairs = fields
    .filter((field) => (values[field.key] ?? null) !== null)
    .map((field) => [field.key, plainValue(books, field, values[field.key] ?? null, header)]);
  return Object.fromEntries(pairs) as Readonly<Record<string, unknown>>;
}

function plainValue(books: Books, field: Field, value: Stored, header: Values): unknown {
  if (field.kind === "amount") return formatMinor(BigInt(value as string));
  if (field.kind === "date") return String(value).slice(0, 10);
  if (field.kind === "reference")
    return numberOf(books, typeof field.form === "object" ? textOf(header, field.form.by) : (field.form ?? ""), value as number);
  if (field.kind !== "dimensions") return value;
  return Object.fromEntries(
    Object.entries(value as Readonly<Record<string, number>>).map(([key, id]) => [
      key,
      numberOf(books, DIMENSIONS.get(key)?.form ?? "", id),
    ]),
  );
}

function numberOf(books: Books, form: string, id: number): string | null {
  const known = books.forms.get(form)?.form;
  const bill = known === undefined ? undefined : books.get(form, id);
  return known === undefined || bill === undefined ? null : textOf(bill.values, known.number);
}

interface Sums {
  debit: bigint;
  credit: bigint;
}

/** Turnover by account to the cent, drafts and cancelled vouchers left out. `?book=`, `?period=2025-01` and `?status=C` narrow it. */
function trialBalance(books: Books, query: URLSearchParams): unknown {
  const [book, period, status] = [query.get("book"), query.get("period"), query.get("status")];
  const accounts = new Map<number, Sums>();
  const total: Sums = { debit: 0n, credit: 0n };
  for (const { values, entries } of books.all(VOUCHER)) {
    if (values["FDocumentStatus"] === "Z" || values["FCancelStatus"] === "B") continue;
    if (status !== null && values["FDocumentStatus"] !== status) continue;
    if (period !== null && textOf(values, "FDate").slice(0, 7) !== period) continue;
    if (book !== null && numberOf(books, "BD_AccountBook", idOf(values, "FAccountBookID")) !== book) continue;
    for (const { values: line } of entries["FEntity"] ?? []) {
      const account = idOf(line, "FACCOUNTID");
      const sums = accounts.get(account) ?? { debit: 0n, credit: 0n };
      accounts.set(account, sums);
      for (const each of [sums, total]) {
        each.debit += amountOf(line, "FDEBIT");
        each.credit += amountOf(line, "FCREDIT");
      }
    }
  }
  const rows = [...accounts].map(([id, sums]) => ({
    account: numberOf(books, "BD_Account", id) ?? "",
    ...told(sums),
    balance: formatMinor(sums.debit - sums.credit),
  }));
  return {
    accounts: rows.sort((left, right) => (left.account < right.account ? -1 : 1)),
    ...told(total),
    balanced: total.debit === total.credit,
  };
}

function told({ debit, credit }: Sums): { readonly debit: string; readonly credit: string } {
  return { debit: formatMinor(debit), credit: formatMinor(credit) };
}
