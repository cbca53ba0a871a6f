import { type Static, Type } from "typebox";
import { closed, DURATION } from "../http/option-parts.js";
import { fieldKey } from "./source-options.js";

const text = (description: string, ...examples: string[]) => Type.String({ minLength: 1, description, examples });
const defaulted = (value: string, description: string, ...examples: string[]) =>
  Type.String({ minLength: 1, description, default: value, examples });
const template = (description: string, example: Record<string, unknown>) =>
  Type.Optional(Type.Unknown({ description, examples: [example] }));
const words = (description: string, defaults: readonly string[]) =>
  Type.Array(Type.String({ minLength: 1, examples: [defaults[0] as string] }), {
    description,
    default: [...defaults],
    examples: [[...defaults]],
  });
const numbers = (description: string, example: Record<string, string>) =>
  Type.Record(Type.String({ minLength: 1 }), Type.String({ minLength: 1 }), { description, examples: [example] });

export const PARTNERS = ["employee", "supplier", "customer", "other"] as const;
export type PartnerKind = (typeof PARTNERS)[number];
const Partner = Type.Enum([...PARTNERS]);

const Key = Type.Object(
  {
    field: Type.Optional(
      fieldKey(
        "the field of the ERP that carries our key; `FBUSNO` of the entries for vouchers, `FBillNo` for bills. A text field of your own on the header is the surest for vouchers",
        "F_ABCD_SyncKey",
      ),
    ),
    in: Type.Optional(
      Type.Enum(["header", "lines"], { description: "whether the field stands in the header or in every entry", examples: ["header"] }),
    ),
    length: Type.Integer({
      description: "most characters that the field keeps; not established, so look at its definition",
      default: 80,
      minimum: 16,
      maximum: 2_000,
      examples: [30],
    }),
    write: Type.Enum(["full", "fitting", "short"], {
      description:
        "`full`: the whole key; a document whose key is longer waits. `short`: 16 characters made from it. `fitting`: the whole key where it fits, else the short one. Only with `full` can drafts be changed in place, postings be listed and an old store be noticed",
      default: "full",
      examples: ["short", "fitting"],
    }),
  },
  { ...closed, default: { length: 80, write: "full" }, description: "how a document is told apart from all others and found again" },
);

export const KingdeeTargetOptions = Type.Object(
  {
    form: Type.String({
      pattern: "^\\w+$",
      description:
        "FormId that is written: `GL_VOUCHER` for `journal`, `AP_Payable` or `AP_OtherPayable` for `payable`, `ER_ExpReimbursement` or `AP_OtherPayable` for `expense_claim`, `AP_PAYBILL` for `payment`. Any other one, base data (`entity`) included, needs `model`",
      default: "GL_VOUCHER",
      examples: ["AP_Payable", "GL_VOUCHER"],
    }),
    model: template(
      "the whole `Model` of the form, as a template: a text that begins with `$.` is a path, see the README of connector `http`, and `$.more.NAME` a further header value of an `entity`; our key and the id are added",
      { FNumber: "$.key", FNAME: "$.fields.name", FORGVAL: { $number: "$.total" } },
    ),
    header: template("fields that are added to the header, or replace those that are written there, as a template; `$.` is the document", {
      FPURCHASEDEPTID: { FNumber: "$.fields.department" },
    }),
    lines: template("fields that are added to each entry, or replace those that are written there, as a template; `$$.` is the line", {
      FINCLUDECOST: true,
      FCOMMENT: "$$.text",
    }),
    entity: Type.Optional(
      fieldKey("the entity that the lines stand in, where `model` is given and the key stands in the entries", "FEntity"),
    ),
    id_field: Type.Optional(fieldKey("field key of the internal id; `FVOUCHERID` for vouchers, `FID` for bills when left out", "FID")),
    number_field: Type.Optional(
      fieldKey(
        "field key of the number that people use; `FBillNo` when left out. On some sites vouchers have it as `FNumber` or `FVOUCHERGROUPNO`",
        "FVOUCHERGROUPNO",
      ),
    ),
    void_field: Type.Optional(
      Type.Union([Type.Enum(["none"]), fieldKey("", "FCancelStatus")], {
        description:
          "field key of the mark of what was voided (作废), `A` being none; `FCancelStatus` for bills and `none` for vouchers when left out",
        examples: ["none", "FCancelStatus"],
      }),
    ),
    key: Key,
    until: Type.Enum(["save", "submit", "audit"], {
      description: "how far documents are taken; what follows is left to people or to a workflow of the ERP",
      default: "audit",
      examples: ["save"],
    }),
    closed_words: words(
      "what stands in a refusal that means that the period is closed, so that the document waits for the period and not for a correction; the ERP's texts for it are not established",
      ["期间", "结账", "结帐", "关账"],
    ),
    unbalanced_words: words(
      "what stands in a refusal that means that a voucher does not balance: then it is corrected, even where the refusal speaks of a period as well",
      ["借贷", "平衡"],
    ),
    batch: Type.Integer({
      description: "most documents in one call; the limit of the ERP is not established",
      default: 50,
      minimum: 1,
      maximum: 500,
      examples: [20],
    }),
    quiet: Type.String({
      description: "how long an unanswered call may still take effect; until then, not found proves nothing",
      default: "2m",
      pattern: DURATION,
      examples: ["5m"],
    }),
    cancel: Type.Optional(
      Type.Enum(["red entry", "unaudit and delete", "by hand"], {
        description:
          "how an approved document is cancelled: by a red one with negative amounts (红字), by taking back its approval and deleting it, or by a person. `red entry` for vouchers and `by hand` for everything else when left out; drafts are always deleted",
        examples: ["unaudit and delete"],
      }),
    ),
    withdraw: Type.Boolean({
      description:
        "whether a document that waits for approval (B) may be withdrawn (`CancelAssign`) to be cancelled; else it is held until somebody approves or rejects it",
      default: false,
      examples: [true],
    }),
    organisation: Type.Optional(text("number of the organisation that documents belong to; that of the connection when left out", "100")),
    book: Type.Optional(text("number of the account book (账簿), for vouchers", "001")),
    current_period: Type.Optional(
      Type.Object(
        {
          year: fieldKey("field of the account book with the year of its current period", "FCURRENTYEAR"),
          period: fieldKey("field of the account book with the number of its current period", "FCURRENTPERIOD"),
        },
        {
          ...closed,
          description:
            "where the account book (`BD_AccountBook`) says which period is its current one: what lies before it is closed. Then documents in closed periods are told before anything is sent, and `closed_period: next open period` can move them. Which fields these are is not established, and periods are taken to be months; left out, nothing is asked",
          examples: [{ year: "FCURRENTYEAR", period: "FCURRENTPERIOD" }],
        },
      ),
    ),
    word: defaulted("PRE001", "number of the voucher group (凭证字) where a document names none; `PRE001` is 记 on a new site", "PRE002"),
    words: Type.Optional(numbers("numbers of the voucher groups by the word in the document", { 记: "PRE001", 转: "PRE004" })),
    currencies: Type.Optional(numbers("numbers of the currencies by ISO code; CNY is `PRE001` when left out", { USD: "PRE007" })),
    book_currency: Type.String({
      pattern: "^[A-Z]{3}$",
      description: "the currency that the books are kept in",
      default: "CNY",
      examples: ["HKD"],
    }),
    rate_type: defaulted("HLTX01_SYS", "number of the kind of exchange rate", "HLTX01_SYS"),
    dimensions: Type.Optional(
      numbers(
        "flex fields by the names of our dimensions, beside those that are known: 供应商/supplier FFLEX4, 部门/department FFLEX5, 客户/customer FFLEX6, 员工/employee FFLEX7, 费用项目/expense_item FFLEX9, 资产类别/asset_class FFLEX10, 组织/organisation FFLEX11",
        {
          项目: "FF100002",
        },
      ),
    ),
    dimension_query: Type.Union([Type.Enum(["none"]), Type.String({ pattern: "\\{\\}" })], {
      description:
        "how a query asks for a flex field, whose name stands for `{}`; `none` where it cannot, and then dimensions are not compared",
      default: "FDetailID.{}.FNumber",
      examples: ["none", "FDetailID.{}.FNumber"],
    }),
    partner: Type.Union([Partner, Type.Record(Type.String({ minLength: 1 }), Partner)], {
      description: "what the partner of a voucher's line is; or by the beginning of the account, of which the longest counts",
      default: "employee",
      examples: ["supplier", { "2241": "employee", "2202": "supplier" }],
    }),
    department: defaulted("部门", "the dimension of a line that is the department which bears the cost, for bills", "department"),
    bill_type: Type.Optional(text("number of the bill type (单据类型), instead of the usual one of the form", "YFD02_SYS")),
    settlement: defaulted(
      "JSFS04_SYS",
      "number of the settlement type (结算方式) of payments that name none; `JSFS04_SYS` is a wire transfer",
      "JSFS01_SYS",
    ),
    payee: Type.Enum(["employee", "supplier", "customer"], {
      description: "who is paid by payments that do not say it",
      default: "supplier",
      examples: ["employee"],
    }),
    text_length: Type.Integer({
      description: "most characters of a text; longer ones are cut. An explanation (摘要) of a voucher holds about 250",
      default: 250,
      minimum: 10,
      maximum: 4_000,
      examples: [100],
    }),
  },
  closed,
);
export type KingdeeTargetOptions = Static<typeof KingdeeTargetOptions>;
