import type { Document, Line } from "../../../model/document.js";
import { documentAmount } from "../../../model/document.js";
import { formatMinor } from "../../../model/money.js";
import type { Json } from "../../http/json.js";
import { clearing, cut, exact, fieldsOf, ONE, reference } from "../values.js";
import {
  account,
  amount,
  type BillContext,
  billParts,
  currency,
  date,
  department,
  departmentOf,
  headerField,
  headerText,
  owed,
  taxAmount,
  taxed,
  textOfLine,
} from "./bill.js";
import type { BillForm } from "./form.js";

/** 费用应付单: what is owed to one supplier, by fee item. */
export function payableForm(context: BillContext): BillForm {
  const { options, site } = context;
  const entry = (line: Line, document: Document): Json => {
    const { gross, net, tax, rate } = taxed(owed(line), document.currency);
    return fieldsOf(
      ["FCOSTID", reference(line.account)],
      ["FPriceQty", ONE],
      ["FTaxPrice", exact(gross)],
      ["FPrice", exact(net)],
      ["FEntryTaxRate", exact(rate)],
      ["FNoTaxAmountFor_D", exact(net)],
      ["FTAXAMOUNTFOR_D", exact(tax)],
      ["FALLAMOUNTFOR_D", exact(gross)],
      ["FCOSTDEPARTMENTID", reference(departmentOf(line, document, context))],
    );
  };
  return {
    ...billParts(context),
    types: ["payable"],
    entity: "FEntityDetail",
    write: ({ document }) => {
      const { supplier = "", due = document.date } = document.fields;
      const number = site.currency(document.currency);
      const isForeign = document.currency !== site.bookCurrency;
      return fieldsOf(
        ["FBillTypeID", reference(options.bill_type ?? "YFD02_SYS")],
        ["FDATE", document.date],
        ["FENDDATE_H", due],
        ["FSUPPLIERID", reference(supplier)],
        ["FCURRENCYID", reference(number)],
        ["FBUSINESSTYPE", "FY"],
        ["FSETTLEORGID", reference(site.organisation)],
        ["FPAYORGID", reference(site.organisation)],
        ["FAP_Remark", cut(document.text, site.textLength)],
        [
          "FsubHeadSuppiler",
          fieldsOf(["FORDERID", reference(supplier)], ["FTRANSFERID", reference(supplier)], ["FChargeId", reference(supplier)]),
        ],
        [
          "FsubHeadFinc",
          fieldsOf(
            ["FACCNTTIMEJUDGETIME", document.date],
            ["FMAINBOOKSTDCURRID", reference(site.currency(site.bookCurrency))],
            ["FEXCHANGETYPE", reference(site.rateType)],
            ["FExchangeRate", isForeign ? undefined : ONE],
          ),
        ],
        ["FEntityDetail", document.lines.map((line) => entry(line, document))],
      );
    },
    held: () => ({
      header: [
        date("FDATE"),
        headerField("FENDDATE_H", "due", "date"),
        headerField("FSUPPLIERID.FNumber", "supplier"),
        currency("FCURRENCYID", context),
        headerText("FAP_Remark", context),
      ],
      line: [account("FCOSTID"), amount("FALLAMOUNTFOR_D"), taxAmount("FTAXAMOUNTFOR_D"), department("FCOSTDEPARTMENTID", context)],
    }),
  };
}

/** 其他应付单: what is owed to a supplier or, without the expense module, to an employee. */
export function otherPayableForm(context: BillContext): BillForm {
  const { options, site } = context;
  const entry = (line: Line, document: Document): Json => {
    const { gross, net, tax, rate } = taxed(owed(line), document.currency);
    return fieldsOf(
      ["FCOSTID", reference(line.account)],
      ["FCOSTDEPARTMENTID", reference(departmentOf(line, document, context))],
      ["FEntryTaxRate", exact(rate)],
      ["FNOTAXAMOUNTFOR", exact(net)],
      ["FTAXAMOUNTFOR", exact(tax)],
      ["FTOTALAMOUNTFOR", exact(gross)],
      ["FCOMMENT", textOfLine(line, document, context)],
    );
  };
  return {
    ...billParts(context),
    types: ["payable", "expense_claim"],
    entity: "FEntity",
    write: ({ document }) => {
      const { supplier, employee, department: given, due = document.date } = document.fields;
      const isForeign = document.currency !== site.bookCurrency;
      return fieldsOf(
        ["FBillTypeID", reference(options.bill_type ?? "QTYFD01_SYS")],
        ["FDATE", document.date],
        ["FENDDATE_H", due],
        ["FCONTACTUNITTYPE", document.type === "payable" ? "BD_Supplier" : "BD_Empinfo"],
        ["FCONTACTUNIT", reference(supplier ?? employee)],
        ["FCURRENCYID", reference(site.currency(document.currency))],
        ["FSETTLEORGID", reference(site.organisation)],
        ["FPURCHASEORGID", reference(site.organisation)],
        ["FPAYORGID", reference(site.organisation)],
        ["FDEPARTMENTID", clearing(given)],
        ["FMAINBOOKSTDCURRID", reference(site.currency(site.bookCurrency))],
        ["FEXCHANGETYPE", reference(site.rateType)],
        ["FExchangeRate", isForeign ? undefined : ONE],
        ["FRemarks", cut(document.text, site.textLength)],
        ["FTOTALAMOUNTFOR_H", exact(formatMinor(documentAmount(document), document.currency))],
        ["FEntity", document.lines.map((line) => entry(line, document))],
      );
    },
    held: ([first]) => ({
      header: [
        date("FDATE"),
        headerField("FENDDATE_H", "due", "date"),
        headerField("FCONTACTUNIT.FNumber", first?.type === "expense_claim" ? "employee" : "supplier"),
        currency("FCURRENCYID", context),
        headerText("FRemarks", context),
      ],
      line: [
        account("FCOSTID"),
        amount("FTOTALAMOUNTFOR"),
        taxAmount("FTAXAMOUNTFOR"),
        department("FCOSTDEPARTMENTID", context),
        {
          field: "FCOMMENT",
          kind: "text",
          said: (line, document) => textOfLine(line, document, context),
          put: (value) => ({ text: value }),
        },
      ],
    }),
  };
}
