export type AccountType = "asset" | "liability" | "equity" | "income" | "expense" | "cost";

/** An account as the chart gives it. */
export interface Account {
  readonly code: string;
  readonly name: string;
  readonly type: AccountType;
  readonly parent: string | null;
  /** Names of the dimensions (辅助核算) each of its lines must carry. */
  readonly required: readonly string[];
  readonly active: boolean;
}

const TYPE_WORDS: Readonly<Record<string, AccountType>> = {
  asset: "asset",
  assets: "asset",
  资产: "asset",
  流动资产: "asset",
  非流动资产: "asset",
  // 共同类 (clearing, derivatives) may stand on either side; it is listed with the assets.
  共同: "asset",
  liability: "liability",
  liabilities: "liability",
  负债: "liability",
  流动负债: "liability",
  非流动负债: "liability",
  equity: "equity",
  权益: "equity",
  所有者权益: "equity",
  income: "income",
  revenue: "income",
  收入: "income",
  营业收入: "income",
  其他收益: "income",
  expense: "expense",
  expenses: "expense",
  费用: "expense",
  期间费用: "expense",
  其他损失: "expense",
  cost: "cost",
  成本: "cost",
};

export const TYPE_EXAMPLES = "asset (资产), liability (负债), equity (所有者权益), income (收入, 损益), expense (费用) or cost (成本)";

/**
 * Reads the type of an account, with or without 类. 损益类 holds income and expenses alike; the second digit of the
 * code tells them apart in both official charts (企业会计准则 6001–6301 and 6401–6901, 小企业会计准则 5001–5301 and 5401–5801).
 */
export function readAccountType(word: string, code: string): AccountType | null {
  const key = word.toLowerCase().replace(/类$/, "");
  if (key === "损益") return /^[56][4-9]/.test(code) ? "expense" : "income";
  return Object.hasOwn(TYPE_WORDS, key) ? (TYPE_WORDS[key] ?? null) : null;
}

/** An account code is letters and digits, with `.`, `-`, `_` or `/` between them. */
export function isAccountCode(text: string): boolean {
  return /^[\p{L}\p{N}]+(?:[._/-][\p{L}\p{N}]+)*$/u.test(text);
}

/** Dimension names that the line's partner answers, beside a dimension of that very name. */
const PARTNER_WORDS = new Set([
  "partner",
  "employee",
  "supplier",
  "customer",
  "职员",
  "员工",
  "人员",
  "个人",
  "供应商",
  "客户",
  "往来",
  "往来单位",
]);

export function isPartnerDimension(name: string): boolean {
  return PARTNER_WORDS.has(name.toLowerCase());
}
