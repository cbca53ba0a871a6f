export type HeaderFieldType = "text" | "date" | "boolean";
/** `amount` is an amount of money in the document's currency, `number` any exact number. */
export type LineFieldType = "text" | "date" | "number" | "amount";

export interface HeaderField {
  readonly type: HeaderFieldType;
  readonly required: boolean;
  readonly about: string;
}

export interface LineField {
  readonly type: LineFieldType;
  readonly about: string;
}

export interface DocumentTypeInfo {
  readonly title: string;
  /** Header values beside date, currency, text and attachments. */
  readonly fields: Readonly<Record<string, HeaderField>>;
  /** The header takes further values under any name, as texts. */
  readonly open: boolean;
  /**
   * `both`: lines are debits and credits that balance. `amount`: lines carry one amount; the total is owed to the other party. `none`: it
   * has no lines, and so no date, currency or papers; it says how something is, and a change is written over it where it stands.
   */
  readonly lines: "both" | "amount" | "none";
  /** Values of a line beside its amount, account, text, partner and dimensions. */
  readonly lineFields: Readonly<Record<string, LineField>>;
}

const tax = { type: "amount", about: "tax (税额) contained in the amount" } as const;
const taxRate = { type: "number", about: "tax rate (税率) in per cent, such as `6`" } as const;
const invoiceOfLine = { type: "text", about: "number of the invoice behind the line" } as const;

/** The documents a pipeline can make. A connector translates them into its system's own words. */
export const DOCUMENT_TYPES = {
  journal: {
    title: "accounting voucher (记账凭证): debits and credits that balance",
    fields: {
      word: { type: "text", required: false, about: "voucher word (凭证字), such as `记` or `转`; the target's default when empty" },
    },
    open: false,
    lines: "both",
    lineFields: {},
  },
  payable: {
    title: "payable (应付单): amounts by account, owed to one supplier",
    fields: {
      supplier: { type: "text", required: true, about: "supplier code or name" },
      invoice: { type: "text", required: false, about: "number of the supplier's invoice" },
      due: { type: "date", required: false, about: "due date" },
      account: { type: "text", required: false, about: "payables account; the target's default when empty" },
    },
    open: false,
    lines: "amount",
    lineFields: { tax, tax_rate: taxRate, invoice: invoiceOfLine },
  },
  expense_claim: {
    title: "expense claim (费用报销单): amounts by kind of expense, owed to one employee",
    fields: {
      employee: { type: "text", required: true, about: "employee number (工号) of the person who is paid back" },
      department: { type: "text", required: false, about: "code of the department that bears the expense" },
      due: { type: "date", required: false, about: "due date" },
      bank_account: { type: "text", required: false, about: "number of the account it is paid to" },
    },
    open: false,
    lines: "amount",
    lineFields: { tax, tax_rate: taxRate, invoice: invoiceOfLine, day: { type: "date", about: "the day of the expense" } },
  },
  payment: {
    title: "payment (付款单): amounts by purpose, paid to one party",
    fields: {
      payee: { type: "text", required: true, about: "code of the employee, supplier or customer who is paid" },
      payee_kind: { type: "text", required: false, about: "`employee`, `supplier` or `customer`; the target's default when empty" },
      method: { type: "text", required: false, about: "how it is paid (结算方式), as the target names it" },
      account: { type: "text", required: false, about: "our bank account, as the target names it" },
      bank_account: { type: "text", required: false, about: "number of the account it is paid to" },
      document: { type: "text", required: false, about: "number of what is paid by it" },
    },
    open: false,
    lines: "amount",
    lineFields: { document: { type: "text", about: "number of what is paid by the line" } },
  },
  asset: {
    title: "asset card (资产卡片): one asset, its cost by account",
    fields: {
      name: { type: "text", required: true, about: "what it is" },
      class: { type: "text", required: true, about: "code of the asset class (资产类别)" },
      department: { type: "text", required: false, about: "code of the department that uses it" },
      keeper: { type: "text", required: false, about: "employee number of the person who has it" },
      place: { type: "text", required: false, about: "where it stands" },
      supplier: { type: "text", required: false, about: "supplier code or name" },
      invoice: { type: "text", required: false, about: "number of the supplier's invoice" },
      in_use: { type: "date", required: false, about: "the day from which it is used; the document's date when empty" },
      quantity: { type: "text", required: false, about: "how many; 1 when empty" },
      months: { type: "text", required: false, about: "useful life in months; that of the class when empty" },
    },
    open: false,
    lines: "amount",
    lineFields: { tax, tax_rate: taxRate, invoice: invoiceOfLine },
  },
  budget_usage: {
    title: "budget usage (预算执行): amounts that use up a budget, by account and dimensions",
    fields: {
      budget: { type: "text", required: true, about: "code of the budget" },
      department: { type: "text", required: false, about: "code of the department whose budget it is" },
    },
    open: false,
    lines: "amount",
    lineFields: {},
  },
  entity: {
    title: "master data (主数据): one employee, department, account, cost centre, supplier, project or the like",
    fields: {
      kind: { type: "text", required: true, about: "what it is, as the target names it, such as `department`" },
      code: { type: "text", required: true, about: "its code" },
      name: { type: "text", required: true, about: "its name" },
      parent: { type: "text", required: false, about: "code of the one above it" },
      disabled: { type: "boolean", required: false, about: "no longer in use" },
    },
    open: true,
    lines: "none",
    lineFields: {},
  },
  result: {
    title: "result (回写): what became of a document, for the system it came from",
    fields: {
      source: { type: "text", required: true, about: "the document's id or number in the system that is told" },
      number: { type: "text", required: false, about: "number it was booked under (凭证号)" },
      day: { type: "date", required: false, about: "the day it was booked, or paid" },
      period: { type: "text", required: false, about: "accounting period, as `2026-11`" },
      status: { type: "text", required: false, about: "what became of it, as the target names it" },
      message: { type: "text", required: false, about: "why, in words" },
    },
    open: false,
    lines: "none",
    lineFields: {},
  },
} as const satisfies Record<string, DocumentTypeInfo>;

export type DocumentType = keyof typeof DOCUMENT_TYPES;

export function isDocumentType(text: string): text is DocumentType {
  return Object.hasOwn(DOCUMENT_TYPES, text);
}

/** It is money: it has lines, a date and a currency. The others are written over where they stand. */
export function hasLines(type: DocumentType): boolean {
  return DOCUMENT_TYPES[type].lines !== "none";
}
