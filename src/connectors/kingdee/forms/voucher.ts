import { type Document, type Line, lineAmount } from "../../../model/document.js";
import type { PostItem } from "../../contract.js";
import type { Json } from "../../http/json.js";
import { Unwritable } from "../../http/template.js";
import type { Site } from "../site.js";
import type { KingdeeTargetOptions, PartnerKind } from "../target-options.js";
import { amountOf, cut, exact, fieldsOf, ONE, reference, ZERO } from "../values.js";
import { minorOf, voidedField } from "./bill.js";
import type { BillForm, HeldColumn, HeldColumns } from "./form.js";

/** "Entered by hand", as the import template of the vendor has it (client). */
const BY_HAND = "78050206-2fa6-40e3-b7c8-bd608146fa38";

/** Flex fields as clients agree on them; those that a site makes itself differ. */
const KNOWN_DIMENSIONS: Readonly<Record<string, string>> = {
  供应商: "FFLEX4",
  supplier: "FFLEX4",
  部门: "FFLEX5",
  department: "FFLEX5",
  客户: "FFLEX6",
  customer: "FFLEX6",
  员工: "FFLEX7",
  employee: "FFLEX7",
  费用项目: "FFLEX9",
  expense_item: "FFLEX9",
  资产类别: "FFLEX10",
  asset_class: "FFLEX10",
  组织: "FFLEX11",
  organisation: "FFLEX11",
};
const PARTNER_FIELDS: Readonly<Record<PartnerKind, string>> = {
  supplier: "FFLEX4",
  customer: "FFLEX6",
  employee: "FFLEX7",
  other: "FFLEX16",
};

/** Which flex field a dimension or a partner goes into. */
class Flex {
  private readonly names: ReadonlyMap<string, string>;
  private readonly prefixes: readonly (readonly [string, PartnerKind])[];

  constructor({ dimensions = {}, partner }: Pick<KingdeeTargetOptions, "dimensions" | "partner">) {
    this.names = new Map([...Object.entries(KNOWN_DIMENSIONS), ...Object.entries(dimensions)]);
    const byAccount: [string, PartnerKind][] = typeof partner === "string" ? [["", partner]] : Object.entries(partner);
    this.prefixes = byAccount.sort(([a], [b]) => b.length - a.length);
  }

  /** The values by flex field. Throws Unwritable for a name without a field, and for two values in one field. */
  of(line: Line): ReadonlyMap<string, string> {
    const values = new Map<string, string>();
    const put = (field: string, value: string, name: string): void => {
      if ((values.get(field) ?? value) !== value)
        throw new Unwritable(`\`${name}\` of account ${line.account} is \`${value}\`, and ${field} has \`${values.get(field)}\` already`);
      values.set(field, value);
    };
    for (const [name, value] of Object.entries(line.dimensions)) {
      if (value === "") continue;
      const field = this.names.get(name);
      if (field === undefined) throw new Unwritable(`the dimension \`${name}\` has no flex field under \`dimensions\``);
      put(field, value, name);
    }
    if (line.partner !== null && line.partner !== "") put(this.partnerField(line), line.partner, "partner");
    return values;
  }

  /** Where a value that the ERP gives belongs. */
  put(line: Line, field: string, value: string): Partial<Line> {
    const kind = this.kindOf(line.account);
    const known = Object.keys(line.dimensions).find((each) => this.names.get(each) === field);
    if (kind !== null && PARTNER_FIELDS[kind] === field && known === undefined) return { partner: value === "" ? null : value };
    const name = known ?? [...this.names].find(([, each]) => each === field)?.[0] ?? field;
    const { [name]: _, ...others } = line.dimensions;
    return { dimensions: value === "" ? others : { ...others, [name]: value } };
  }

  private partnerField({ account }: Line): string {
    const kind = this.kindOf(account);
    if (kind === null) throw new Unwritable(`\`partner\` does not say what the partner of account ${account} is`);
    return PARTNER_FIELDS[kind];
  }

  private kindOf(account: string): PartnerKind | null {
    return this.prefixes.find(([prefix]) => account.startsWith(prefix))?.[1] ?? null;
  }
}

/** 记账凭证. Throws nothing: what a document lacks is found when it is written. */
export function voucherForm(options: KingdeeTargetOptions, site: Site): BillForm {
  const flex = new Flex(options);
  const { word, book, dimension_query: path } = options;
  const words: Readonly<Record<string, string>> = { 记: "PRE001", ...options.words };
  const wordOf = (document: Document): string => {
    const given = document.fields["word"] ?? "";
    return given === "" ? word : (words[given] ?? given);
  };
  const explanation = (line: Line, document: Document): string => cut(line.text === "" ? document.text : line.text, site.textLength);

  const entry = (line: Line, document: Document): Json => {
    const amount = amountOf(line, document.currency);
    const values = [...flex.of(line)].map(([field, value]) => [`FDETAILID__${field}`, reference(value)] as const);
    return fieldsOf(
      ["FEntryID", ZERO],
      ["FEXPLANATION", explanation(line, document)],
      ["FACCOUNTID", reference(line.account)],
      ["FDetailID", values.length === 0 ? undefined : fieldsOf(...values)],
      ["FCURRENCYID", reference(site.currency(document.currency))],
      ["FEXCHANGERATETYPE", reference(site.rateType)],
      ["FEXCHANGERATE", ONE],
      ["FAMOUNTFOR", amount],
      ["FDEBIT", line.side === "debit" ? amount : ZERO],
      ["FCREDIT", line.side === "credit" ? amount : ZERO],
    );
  };

  const write = ({ document }: PostItem): ReadonlyMap<string, Json> => {
    const { date, currency, attachments, lines } = document;
    if (currency !== site.bookCurrency)
      throw new Unwritable(
        `a voucher in \`${currency}\` needs a rate to \`${site.bookCurrency}\`, which the document has not; write it with \`model\``,
      );
    if (book === undefined) throw new Unwritable("`book` does not say which account book vouchers go into");
    return fieldsOf(
      ["FAccountBookID", reference(book)],
      ["FDate", date],
      ["FBUSDATE", date],
      ["FYEAR", exact(date.slice(0, 4))],
      ["FPERIOD", exact(String(Number(date.slice(5, 7))))],
      ["FVOUCHERGROUPID", reference(wordOf(document))],
      ["FVOUCHERGROUPNO", ""],
      ["FATTACHMENTS", exact(String(attachments))],
      ["FISADJUSTVOUCHER", "false"],
      ["FACCBOOKORGID", reference(site.organisation)],
      ["FSourceBillKey", reference(BY_HAND)],
      ["FEntity", lines.map((line) => entry(line, document))],
    );
  };

  const held = (documents: readonly Document[]): HeldColumns => {
    const used =
      path === "none" ? [] : [...new Set(documents.flatMap(({ lines }) => lines.flatMap((line) => [...flex.of(line).keys()])))].sort();
    const dimensions = used.map(
      (field): HeldColumn<Line> => ({
        field: path.replace("{}", field),
        kind: "text",
        said: (line) => flex.of(line).get(field) ?? "",
        // An account that has not the dimension drops it.
        mayBeLost: true,
        put: (value, former) => flex.put(former, field, value),
      }),
    );
    return {
      header: [
        { field: "FDate", kind: "date", said: ({ date }) => date, put: (value) => ({ date: value }) },
        {
          field: "FVOUCHERGROUPID.FNumber",
          kind: "text",
          said: wordOf,
          put: (value, { fields }) => {
            const known = Object.entries(words).find(([, number]) => number === value)?.[0];
            return { fields: { ...fields, word: known ?? value } };
          },
        },
        {
          field: "FATTACHMENTS",
          kind: "number",
          said: ({ attachments }) => String(attachments),
          put: (value) => ({ attachments: Number(value) }),
        },
      ],
      line: [
        { field: "FACCOUNTID.FNumber", kind: "text", said: ({ account }) => account, put: (value) => ({ account: value }) },
        side("FDEBIT", "debit"),
        side("FCREDIT", "credit"),
        { field: "FEXPLANATION", kind: "text", said: explanation, put: (value) => ({ text: value }) },
        ...dimensions,
      ],
    };
  };

  return {
    form: options.form,
    types: ["journal"],
    id: options.id_field ?? "FVOUCHERID",
    number: options.number_field ?? "FBillNo",
    voided: voidedField(options, null),
    entity: "FEntity",
    key: { field: "FBUSNO", level: "lines" },
    write,
    held,
    redText: (text, number) => `红字冲销 ${number} ${text}`,
  };
}

function side(field: string, which: Line["side"]): HeldColumn<Line> {
  return {
    field,
    kind: "number",
    said: (line, { currency }) => (line.side === which ? lineAmount(line, currency) : "0"),
    // Of an entry that has nothing on this side, the other one tells the amount.
    put: (value, _, { currency }) => (minorOf(value, currency) === 0n ? {} : { side: which, amountMinor: minorOf(value, currency) }),
  };
}
