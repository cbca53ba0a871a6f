/** What is known of the data that have a name of their own here. Each part can be overridden by an option. */
export interface Stream {
  /** Null where the form differs from site to site. */
  readonly form: string | null;
  /** Orders rows and tells them apart. */
  readonly order: readonly string[];
  /** The field whose number names the organisation that a row belongs to; null where it belongs to all. */
  readonly organisationField: string | null;
  /** Only what is approved counts: base data in the making are not to be used. */
  readonly isBaseData: boolean;
}

const BASE = { organisationField: "FUseOrgId.FNumber", isBaseData: true } as const;
const base = (form: string | null, ...order: string[]): Stream => ({ ...BASE, form, order: order.length === 0 ? ["FNumber"] : order });
const bill = (form: string, organisationField: string): Stream => ({ form, order: ["FID"], organisationField, isBaseData: false });

/** FormIds and key fields as the reference gives them; where it names no key field, rows are ordered by number. */
export const STREAMS = {
  accounts: { ...base("BD_Account"), organisationField: null },
  departments: base("BD_Department", "FDEPTID"),
  employees: base("BD_Empinfo", "FStaffNumber"),
  suppliers: base("BD_Supplier", "FSupplierId"),
  customers: base("BD_Customer", "FCUSTID"),
  projects: base(null),
  "expense items": base("BD_Expense"),
  "cost centres": base("CB_COSTCENTER"),
  "voucher words": { ...base("BD_VOUCHERGROUP"), organisationField: null },
  currencies: { ...base("BD_Currency"), organisationField: null },
  organisations: { ...base("ORG_Organizations"), organisationField: null },
  books: { ...base("BD_AccountBook"), organisationField: null },
  periods: { ...base("BD_ACCOUNTCALENDAR"), organisationField: null },
  vouchers: { form: "GL_VOUCHER", order: ["FVOUCHERID"], organisationField: "FACCBOOKORGID.FNumber", isBaseData: false },
  payables: bill("AP_Payable", "FSETTLEORGID.FNumber"),
  "other payables": bill("AP_OtherPayable", "FSETTLEORGID.FNumber"),
  payments: bill("AP_PAYBILL", "FSETTLEORGID.FNumber"),
  "expense claims": bill("ER_ExpReimbursement", "FOrgID.FNumber"),
  assets: { form: "FA_CARD", order: ["FNumber"], organisationField: null, isBaseData: false },
} as const satisfies Readonly<Record<string, Stream>>;
