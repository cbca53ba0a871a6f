import { Decimal } from "../../../model/decimal.js";
import { bookableMinor, type Document, type Line, lineAmount } from "../../../model/document.js";
import { currencyPlaces, formatMinor } from "../../../model/money.js";
import { Unwritable } from "../../http/template.js";
import type { Site } from "../site.js";
import type { KingdeeTargetOptions } from "../target-options.js";
import { cut } from "../values.js";
import type { BillForm, HeldColumn } from "./form.js";

/** What bills have in common. */
export interface BillContext {
  readonly options: KingdeeTargetOptions;
  readonly site: Site;
}

export function billParts({ options }: BillContext): Pick<BillForm, "form" | "id" | "number" | "voided" | "key" | "redText"> {
  return {
    form: options.form,
    id: options.id_field ?? "FID",
    number: options.number_field ?? "FBillNo",
    voided: voidedField(options, "FCancelStatus"),
    key: { field: "FBillNo", level: "header" },
    redText: (text, number) => `红字冲销 ${number} ${text}`,
  };
}

export function voidedField({ void_field: given }: KingdeeTargetOptions, usual: string | null): string | null {
  return given === "none" ? null : (given ?? usual);
}

/** A line of a bill in its parts; the tax is contained in the amount. Exact texts. */
export interface Taxed {
  readonly gross: string;
  readonly net: string;
  readonly tax: string;
  /** In per cent. */
  readonly rate: string;
}

/** Throws Unwritable for a tax that is no amount. */
export function taxed(line: Line, currency: string): Taxed {
  const written = line.fields?.["tax"] ?? "0";
  const amount = Decimal.parse(written);
  const tax = amount === null ? null : amount.toMinor(currencyPlaces(currency));
  if (tax === null) throw new Unwritable(`the tax \`${written}\` of a line is no amount in ${currency}`);
  const rate = line.fields?.["tax_rate"] ?? "0";
  if (Decimal.parse(rate) === null) throw new Unwritable(`the tax rate \`${rate}\` of a line is no number`);
  // A red line takes its tax back as well, whichever sign it was written with.
  const signed = tax < 0n === line.amountMinor < 0n ? tax : -tax;
  return {
    gross: lineAmount(line, currency),
    net: formatMinor(line.amountMinor - signed, currency),
    tax: formatMinor(signed, currency),
    rate,
  };
}

/** Lines of bills are what is owed; a credit takes from it. */
export function owed(line: Line): Line {
  return line.side === "credit" ? { ...line, side: "debit", amountMinor: -line.amountMinor } : line;
}

export function textOfLine(line: Line, document: Document, { site }: BillContext): string {
  return cut(line.text === "" ? document.text : line.text, site.textLength);
}

export const date = (field: string): HeldColumn<Document> => ({
  field,
  kind: "date",
  said: (document) => document.date,
  put: (value) => ({ date: value }),
});

export const headerText = (field: string, { site }: BillContext): HeldColumn<Document> => ({
  field,
  kind: "text",
  said: ({ text }) => cut(text, site.textLength),
  put: (value) => ({ text: value }),
});

export const currency = (field: string, { site }: BillContext): HeldColumn<Document> => ({
  field: `${field}.FNumber`,
  kind: "text",
  said: (document) => site.currency(document.currency),
  put: (value) => ({ currency: site.currencyCode(value) }),
});

/** A header field that the ERP holds by its number. Where a document does not give it, the ERP may fill it in. */
export const headerField = (field: string, name: string, kind: "text" | "date" = "text"): HeldColumn<Document> => ({
  field,
  kind,
  said: ({ fields }) => fields[name] || undefined,
  put: (value, former) => ({ fields: { ...former.fields, [name]: value } }),
});

export const account = (field: string): HeldColumn<Line> => ({
  field: `${field}.FNumber`,
  kind: "text",
  said: (line) => line.account,
  put: (value) => ({ account: value }),
});

/** An amount that the ERP gives, which was compared as text already; one with more places than the currency has is shown as nothing. */
export function minorOf(value: string, code: string): bigint {
  const read = Decimal.parse(value);
  const minor = read === null ? null : bookableMinor(read, code);
  return typeof minor === "bigint" ? minor : 0n;
}

export const amount = (field: string): HeldColumn<Line> => ({
  field,
  kind: "number",
  said: (line, document) => lineAmount(owed(line), document.currency),
  put: (value, _, document) => ({ side: "debit", amountMinor: minorOf(value, document.currency) }),
});

export const taxAmount = (field: string): HeldColumn<Line> => ({
  field,
  kind: "number",
  said: (line, document) => taxed(owed(line), document.currency).tax,
  put: (value, former) => ({ fields: { ...former.fields, tax: value } }),
});

export const departmentOf = (line: Line, document: Document, { options }: BillContext): string =>
  line.dimensions[options.department] || document.fields["department"] || "";

export const department = (field: string, context: BillContext): HeldColumn<Line> => ({
  field: `${field}.FNumber`,
  kind: "text",
  said: (line, document) => departmentOf(line, document, context) || undefined,
  put: (value, former) => ({ dimensions: { ...former.dimensions, [context.options.department]: value } }),
});
