import type { ColumnData, Layout } from "../layout.js";

const AMOUNT = { as: "number", empty: "0" } as const;

const COLUMNS: readonly ColumnData[] = [
  { name: "凭证日期", value: "$.date" },
  { name: "会计年度", value: "$.year" },
  { name: "会计期间", value: "$.month" },
  { name: "凭证字", value: "$.word" },
  { name: "凭证号", value: "$.number", as: "number" },
  { name: "科目代码", value: "$$.account" },
  { name: "科目名称", value: "" },
  { name: "币别代码", value: "$.currencyCode" },
  { name: "币别名称", value: "$.currencyName" },
  { name: "原币金额", value: "$$.amount", ...AMOUNT },
  { name: "借方", value: "$$.debit", ...AMOUNT },
  { name: "贷方", value: "$$.credit", ...AMOUNT },
  { name: "制单", value: null },
  { name: "审核", value: "NONE" },
  { name: "核准", value: "NONE" },
  { name: "出纳", value: "NONE" },
  { name: "经办", value: "" },
  { name: "结算方式", value: "*" },
  { name: "结算号", value: "" },
  { name: "凭证摘要", value: "$$.summary" },
  { name: "数量", value: "0", as: "number" },
  { name: "数量单位", value: "*" },
  { name: "单价", value: "0", as: "number" },
  { name: "参考信息", value: "$.idempotencyKey" },
  { name: "业务日期", value: "$.date" },
  { name: "往来业务编号", value: "$.key" },
  { name: "附件数", value: "$.attachments" },
  { name: "序号", value: "$.index" },
  { name: "系统模块", value: "" },
  { name: "业务描述", value: "" },
  { name: "汇率类型", value: "公司汇率" },
  { name: "汇率", value: "1", as: "number" },
  { name: "分录序号", value: "$$.index" },
  { name: "核算项目", value: "" },
  { name: "过账", value: "0", as: "number" },
  { name: "机制凭证", value: "" },
  { name: "现金流量", value: "" },
];

/**
 * The standard voucher of Kingdee K/3 WISE and KIS: 37 columns, seen alike in several generators. 序号 is the same for all lines
 * of a voucher and 分录序号 counts them from 0.
 */
export const KINGDEE_K3: Layout = {
  form: { kind: "sheet", ending: "xlsx", sheet: "Page1", head: [COLUMNS.map(({ name }) => name)] },
  columns: COLUMNS,
  currencies: { CNY: { code: "RMB", name: "人民币" } },
  words: {},
  hasTextNumbers: false,
  hasLineBreaks: false,
  dates: null,
};
