import type { Document, Line } from "../../../model/document.js";
import type { Json } from "../../http/json.js";
import { cut, exact, fieldsOf, reference } from "../values.js";
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

/** 费用报销单: what is paid back to one employee, by fee item. */
export function claimForm(context: BillContext): BillForm {
  const { options, site } = context;
  const entry = (line: Line, document: Document): Json => {
    const { gross, net, tax, rate } = taxed(owed(line), document.currency);
    return fieldsOf(
      ["FExpID", reference(line.account)],
      ["FExpenseAmount", exact(gross)],
      ["FTaxSubmitAmt", exact(net)],
      ["FTaxRate", exact(rate)],
      ["FTaxAmt", exact(tax)],
      ["FExpSubmitAmount", exact(gross)],
      ["FRequestAmount", exact(gross)],
      ["FExpenseDeptEntryID", reference(departmentOf(line, document, context))],
      ["FRemark", textOfLine(line, document, context)],
    );
  };
  return {
    ...billParts(context),
    types: ["expense_claim"],
    entity: "FEntity",
    write: ({ document }) => {
      const { employee = "", department: given, bank_account: bank = "" } = document.fields;
      const number = reference(site.currency(document.currency));
      return fieldsOf(
        ["FBillTypeID", reference(options.bill_type)],
        ["FDate", document.date],
        ["FProposerID", reference(employee, "FSTAFFNUMBER")],
        ["FRequestDeptID", reference(given)],
        ["FExpenseDeptID", reference(given)],
        ["FCurrencyID", number],
        ["FExchangeTypeID", reference(site.rateType)],
        ["FOrgID", reference(site.organisation)],
        ["FExpenseOrgId", reference(site.organisation)],
        ["FLocCurrencyID", reference(site.currency(site.bookCurrency))],
        ["FCONTACTUNITTYPE", "BD_Empinfo"],
        ["FCONTACTUNIT", reference(employee)],
        ["FCausa", cut(document.text, site.textLength)],
        ["FPayOrgId", reference(site.organisation)],
        ["FBankAccountT", bank],
        ["FEntity", document.lines.map((line) => entry(line, document))],
      );
    },
    held: () => ({
      header: [
        date("FDate"),
        headerField("FCONTACTUNIT.FNumber", "employee"),
        headerField("FExpenseDeptID.FNumber", "department"),
        currency("FCurrencyID", context),
        headerText("FCausa", context),
      ],
      line: [
        account("FExpID"),
        amount("FExpSubmitAmount"),
        taxAmount("FTaxAmt"),
        department("FExpenseDeptEntryID", context),
        {
          field: "FRemark",
          kind: "text",
          said: (line, document) => textOfLine(line, document, context),
          put: (value) => ({ text: value }),
        },
      ],
    }),
  };
}
