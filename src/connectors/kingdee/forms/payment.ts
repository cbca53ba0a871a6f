import type { Document, Line } from "../../../model/document.js";
import { lineAmount } from "../../../model/document.js";
import type { Json } from "../../http/json.js";
import { Unwritable } from "../../http/template.js";
import { cut, exact, fieldsOf, reference } from "../values.js";
import { amount, type BillContext, billParts, currency, date, headerField, headerText, owed, textOfLine } from "./bill.js";
import type { BillForm } from "./form.js";

const PAYEES: Readonly<Record<string, { readonly unit: string; readonly billType: string | null }>> = {
  supplier: { unit: "BD_Supplier", billType: "FKDLX01_SYS" },
  employee: { unit: "BD_Empinfo", billType: "FKDLX02_SYS" },
  customer: { unit: "BD_Customer", billType: null },
};

/** 付款单: what is paid to one party, by purpose. */
export function paymentForm(context: BillContext): BillForm {
  const { options, site } = context;
  const entry = (line: Line, document: Document): Json => {
    const { method = "", account: bank } = document.fields;
    return fieldsOf(
      ["FSETTLETYPEID", reference(method === "" ? options.settlement : method)],
      ["FPURPOSEID", reference(line.account)],
      ["FPAYTOTALAMOUNTFOR", exact(lineAmount(owed(line), document.currency))],
      ["FACCOUNTID", reference(bank)],
      ["FCOMMENT", textOfLine(line, document, context)],
    );
  };
  return {
    ...billParts(context),
    types: ["payment"],
    entity: "FPAYBILLENTRY",
    write: ({ document }) => {
      const { payee = "", payee_kind: given = "" } = document.fields;
      const kind = PAYEES[given === "" ? options.payee : given];
      if (kind === undefined) throw new Unwritable(`payee_kind \`${given}\` is none of \`employee\`, \`supplier\` and \`customer\``);
      const billType = options.bill_type ?? kind.billType;
      if (billType === null) throw new Unwritable("payments to a customer need `bill_type`, which is not established for them");
      const number = reference(site.currency(document.currency));
      return fieldsOf(
        ["FBillTypeID", reference(billType)],
        ["FDATE", document.date],
        ["FCONTACTUNITTYPE", kind.unit],
        ["FCONTACTUNIT", reference(payee)],
        ["FRECTUNITTYPE", kind.unit],
        ["FRECTUNIT", reference(payee)],
        ["FCURRENCYID", number],
        ["FSETTLECUR", number],
        ["FSETTLEORGID", reference(site.organisation)],
        ["FPURCHASEORGID", reference(site.organisation)],
        ["FPAYORGID", reference(site.organisation)],
        ["FREMARK", cut(document.text, site.textLength)],
        ["FPAYBILLENTRY", document.lines.map((line) => entry(line, document))],
      );
    },
    // How a purpose is asked for is not established, so it is not compared.
    held: () => ({
      header: [
        date("FDATE"),
        headerField("FCONTACTUNIT.FNumber", "payee"),
        currency("FCURRENCYID", context),
        headerText("FREMARK", context),
      ],
      line: [
        amount("FPAYTOTALAMOUNTFOR"),
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
