/** Money as the system writes it: `standard` is text, on some documents a number. Foreign amounts stand beside it. */
export interface Money {
  readonly standard: string | number;
  readonly standardStrCode: string;
  readonly standardNumCode: string;
  readonly standardScale: number;
  readonly standardSymbol: string;
  readonly standardUnit: string;
  readonly foreign?: string;
  readonly foreignStrCode?: string;
  readonly foreignScale?: number;
  readonly rate?: string;
  readonly sysRate?: string;
}

/** `draft` … `archived`; `PROCESSING` is a payment under way. `paid` is paid or approved to the end, and not final. */
export const STATES = [
  "draft",
  "nullify",
  "pending",
  "approving",
  "rejected",
  "paying",
  "PROCESSING",
  "paid",
  "archived",
  "sending",
  "receiving",
] as const;

export type State = (typeof STATES)[number];

interface InvoiceUse {
  readonly invoiceId: string;
  readonly itemIds: readonly string[];
  /** Percent. */
  readonly taxRate: string;
  readonly taxAmount: Money;
}

interface Apportion {
  readonly specificationId: string;
  readonly apportionForm: Readonly<Record<string, unknown>> & { readonly apportionMoney: Money };
}

export interface Detail {
  feeTypeId: string;
  specificationId: string;
  feeType: { id: string; name: string; code: string; parentId: string; active: boolean };
  feeTypeForm: {
    detailId: string;
    /** Epoch milliseconds, as all times of a document. */
    feeDate: number;
    consumptionReasons: string;
    attachments: never[];
    amount: Money;
    invoiceForm: { type: "exist" | "noExist" | "wait" | "noWrite" | "unify"; invoices: InvoiceUse[] };
    apportions: Apportion[];
    feeDetailPayeeId: string;
  };
}

export interface Log {
  readonly action: string;
  readonly state: State;
  readonly operatorId: string;
  readonly time: number;
  readonly attributes: Readonly<Record<string, string>>;
}

export interface Form {
  code: string;
  title: string;
  submitterId: string;
  submitDate: number | null;
  expenseDate: number;
  expenseDepartment: string;
  specificationId: string;
  payeeId: string;
  expenseMoney: Money;
  payMoney: Money;
  companyRealPay: Money;
  writtenOffMoney: Money;
  writtenOffRecords: never[];
  payDate: number | null;
  paymentChannel: string;
  paymentAccountId: string;
  flowEndTime: number | null;
  voucherNo: string;
  voucherStatus: "未生成" | "已生成";
  voucherCreateTime: number;
  details: Detail[];
  /** Dimensions under their names, custom fields behind `u_`. */
  [field: string]: unknown;
}

export interface Flow {
  readonly id: string;
  version: number;
  active: boolean;
  state: State;
  readonly formType: string;
  readonly flowType: "freeflow";
  readonly createTime: number;
  updateTime: number;
  readonly corporationId: string;
  readonly ownerId: string;
  readonly ownerDefaultDepartment: string;
  form: Form;
  logs: Log[];
}

/** Master data have times as text, `yyyy-MM-dd HH:mm:ss` in China time. */
interface Times {
  createTime: string;
  updateTime: string;
}

export interface Staff extends Times {
  readonly id: string;
  name: string;
  /** 工号: may be empty, and two people may have the same. */
  code: string;
  departments: string[];
  defaultDepartment: string;
  cellphone: string;
  email: string;
  userId: string;
  active: boolean;
  external: boolean;
  staffCustomForm: Record<string, unknown>;
}

export interface Department extends Times {
  readonly id: string;
  name: string;
  /** Empty at the top. */
  parentId: string;
  code: string;
  active: boolean;
  form: Record<string, unknown>;
  order: number;
}

export interface FeeType {
  readonly id: string;
  readonly name: string;
  readonly parentId: string;
  readonly active: boolean;
  readonly code: string;
}

export interface Dimension extends Times {
  readonly id: string;
  readonly name: string;
  readonly active: boolean;
}

export interface DimensionItem extends Times {
  readonly id: string;
  readonly dimensionId: string;
  name: string;
  code: string;
  parentId: string;
  active: boolean;
  visibility: Record<string, unknown>;
  form: Record<string, unknown>;
}

/** A kind of business object (业务对象). */
export interface Entity {
  readonly id: string;
  readonly name: string;
}

export interface DataLink extends Times {
  readonly id: string;
  readonly entityId: string;
  readonly code: string;
  active: boolean;
  ownerId: string;
  visible: boolean;
  data: Record<string, unknown>;
}

export interface Invoice {
  readonly id: string;
  /** Code and number as printed on it. */
  readonly code: string;
  readonly number: string;
  readonly body: Readonly<Record<string, unknown>>;
}

export interface Payment {
  readonly flowId: string;
  readonly code: string;
  readonly amount: string;
  /** Epoch milliseconds. */
  readonly at: number;
  /** By an answer to `paymentResults`, or by the cashier. */
  readonly by: "api" | "hand";
}

export interface Token {
  readonly accessToken: string;
  readonly refreshToken: string;
  /** Epoch milliseconds. */
  readonly until: number;
  uses: number;
}
