import { Decimal } from "../../model/decimal.js";
import type { RawCell } from "../contract.js";
import { FieldFault } from "../files/fields.js";
import { textOf } from "../http/json.js";
import { fieldsOf, type RecordFields } from "../http/source/fields.js";
import type { Invoice } from "./invoices.js";
import { listAt, type Row } from "./list.js";
import { split } from "./split.js";

export type RowsOf = "apportions" | "details" | "documents";

const NOTHING: RecordFields = new Map();
/** The documents' own words for their amount, by how sure it is that they mean the whole of it. */
const AMOUNTS = ["expenseMoney", "loanMoney", "requisitionMoney", "paymentMoney", "receiptMoney", "payMoney"];
const DEPARTMENTS = ["expenseDepartment", "loanDepartment", "requisitionDepartment", "paymentDepartment", "receiptDepartment"];

/** One row of a document, as fields under the names that columns ask for. */
export type DocumentRow = RecordFields;

/**
 * The rows of a document: one for each part of each fee line, one for each fee line, or one for the document. What stands above a row is repeated on
 * it; a fee line that is not apportioned is one row, and so is a document without fee lines.
 */
export function documentRows(document: Row, rowsOf: RowsOf, invoices: readonly Invoice[]): readonly DocumentRow[] {
  const head = withInvoices(headOf(document), "document.invoices", null, invoices);
  const details = listAt(document, "form", "details");
  if (rowsOf === "documents" || details.length === 0) return numbered(document, [head]);
  const rows = details.flatMap((detail, at) => {
    const line = detailOf(head, detail, at + 1, invoices);
    const apportions = rowsOf === "apportions" ? listAt(detail, "feeTypeForm", "apportions") : [];
    return apportions.length === 0 ? [line] : apportionsOf(line, apportions);
  });
  return numbered(document, rows);
}

/** The document's own fields, and those that say in plain words what its state means. */
export function headOf(document: Row): RecordFields {
  const fields = fieldsOf(document, true) ?? new Map();
  const state = textAt(fields, "state");
  fields.set("document.isDeleted", document.get("active") === false);
  fields.set("document.isVoided", state === "nullify");
  fields.set("document.isApproved", state === "paid" || state === "archived");
  fields.set("document.isFinal", state === "archived");
  const amount = AMOUNTS.find((name) => fields.has(`form.${name}.standard`)) ?? "";
  fields.set("document.amount", cellAt(fields, `form.${amount}.standard`));
  fields.set("document.currency", cellAt(fields, `form.${amount}.standardStrCode`));
  fields.set("submitter", cellAt(fields, "form.submitterId") ?? cellAt(fields, "ownerId"));
  fields.set("owner", cellAt(fields, "ownerId"));
  const department = DEPARTMENTS.map((name) => cellAt(fields, `form.${name}`)).find((each) => each !== null);
  fields.set("department", department ?? cellAt(fields, "ownerDefaultDepartment"));
  fields.set("payee", cellAt(fields, "form.payeeId"));
  fields.set("paymentAccount", cellAt(fields, "form.paymentAccountId"));
  fields.set("row.department", fields.get("department") ?? null);
  fields.set("row.amount", fields.get("document.amount") ?? null);
  fields.set("row.currency", fields.get("document.currency") ?? null);
  return fields;
}

function detailOf(head: RecordFields, detail: Row, line: number, invoices: readonly Invoice[]): RecordFields {
  const fields = prefixed(head, "detail", detail);
  if (!fields.has("detail.feeType")) fields.set("detail.feeType", cellAt(fields, "detail.feeTypeId"));
  fields.set("detail.line", String(line));
  fields.set("detail.payee", cellAt(fields, "detail.feeTypeForm.feeDetailPayeeId"));
  const amount = cellAt(fields, "detail.feeTypeForm.amount.standard");
  const own = listAt(detail, "feeTypeForm", "invoiceForm", "invoices");
  fields.set("row.id", cellAt(fields, "detail.feeTypeForm.detailId"));
  fields.set("row.amount", amount);
  fields.set("row.currency", cellAt(fields, "detail.feeTypeForm.amount.standardStrCode") ?? head.get("row.currency") ?? null);
  withInvoices(fields, "detail.invoices", own, invoices);
  fields.set("row.taxAmount", fields.get("detail.invoices.taxAmount") ?? null);
  return fields;
}

/** The tax of a fee line is divided among its parts as its amount is, to the smallest unit, so that the parts add up to it. */
function apportionsOf(line: RecordFields, apportions: readonly Row[]): readonly RecordFields[] {
  const rows = apportions.map((apportion, at) => {
    const fields = prefixed(line, "apportion", apportion);
    fields.set("apportion.line", String(at + 1));
    const department = cellAt(fields, "apportion.apportionForm.expenseDepartment");
    fields.set("apportion.department", department);
    if (department !== null) fields.set("row.department", department);
    fields.set("row.id", cellAt(fields, "apportion.apportionForm.apportionId") ?? line.get("row.id") ?? null);
    fields.set("row.amount", cellAt(fields, "apportion.apportionForm.apportionMoney.standard"));
    return fields;
  });
  const places = Number(textAt(line, "detail.feeTypeForm.amount.standardScale") ?? "2");
  const taxes = split(
    textAt(line, "row.taxAmount"),
    rows.map((row) => textAt(row, "row.amount")),
    places,
  );
  for (const [at, row] of rows.entries()) row.set("row.taxAmount", taxes[at] ?? null);
  return rows;
}

/** `own`: the invoices of a fee line; null for all of the document. */
function withInvoices(fields: RecordFields, name: string, own: readonly Row[] | null, known: readonly Invoice[]): RecordFields {
  const ids = own === null ? known.map(({ id }) => id) : own.flatMap((each) => textOf(each.get("invoiceId")) ?? []);
  const unique = [...new Set(ids)];
  fields.set(`${name}.count`, String(unique.length));
  fields.set(`${name}.ids`, unique.length === 0 ? null : unique.join(","));
  const numbers = unique.map((id) => known.find((each) => each.id === id)?.number ?? null);
  const fault = numbers.find((each) => each instanceof FieldFault);
  const found = numbers.filter((each): each is string => typeof each === "string");
  fields.set(`${name}.numbers`, fault ?? (found.length === 0 ? null : found.join(",")));
  if (own !== null) fields.set(`${name}.taxAmount`, taxOf(own));
  return fields;
}

/** What the invoices of a fee line say of its tax, added up exactly; null where none says anything. */
function taxOf(invoices: readonly Row[]): RawCell | FieldFault {
  const written = invoices.flatMap((invoice) => {
    const tax = fieldsOf(invoice, true)?.get("taxAmount.standard");
    return tax === undefined || tax === null ? [] : [tax];
  });
  if (written.length === 0) return null;
  let sum = Decimal.ZERO;
  for (const each of written) {
    const value = typeof each === "string" ? Decimal.parse(each) : null;
    if (value === null) return new FieldFault(`adds up amounts, and one of them is \`${String(each)}\``);
    sum = sum.add(value);
  }
  return sum.toString();
}

function numbered(document: Row, rows: readonly RecordFields[]): readonly RecordFields[] {
  for (const [at, row] of rows.entries()) {
    row.set("row.line", String(at + 1));
    if ((row.get("row.id") ?? null) === null) row.set("row.id", textOf(document.get("id")));
  }
  return rows;
}

/** The fields of what is below, beside those of what is above it. */
function prefixed(above: RecordFields, prefix: string, below: Row): RecordFields {
  const fields: RecordFields = new Map(above);
  for (const [name, value] of fieldsOf(below, true) ?? NOTHING) fields.set(`${prefix}.${name}`, value);
  return fields;
}

function cellAt(fields: RecordFields, name: string): RawCell | FieldFault {
  return fields.get(name) ?? null;
}

function textAt(fields: RecordFields, name: string): string | null {
  const value = fields.get(name);
  return typeof value === "string" ? value : null;
}
