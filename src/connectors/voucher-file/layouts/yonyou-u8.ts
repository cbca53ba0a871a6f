import type { ColumnData, Layout } from "../layout.js";

const AMOUNT = { as: "number", empty: "0", digits: { whole: 14, places: 2 } } as const;

/** The first 21 fields of a line; those behind them may be left out. */
const COLUMNS: readonly ColumnData[] = [
  { name: "制单日期", value: "$.date" },
  { name: "凭证类别字", value: "$.word" },
  { name: "凭证号", value: "$.number", as: "text", limit: 30 },
  { name: "附单据数", value: "$.attachments", as: "number", digits: { whole: 3, places: 0 } },
  { name: "摘要", value: "$$.summary", limit: 60 },
  { name: "科目编码", value: "$$.account", limit: 15 },
  { name: "借方金额", value: "$$.debit", ...AMOUNT },
  { name: "贷方金额", value: "$$.credit", ...AMOUNT },
  { name: "数量", value: "0", as: "number" },
  { name: "外币", value: "0", as: "number" },
  { name: "汇率", value: "0", as: "number" },
  { name: "制单人", value: null },
  { name: "结算方式", value: "" },
  { name: "票号", value: "" },
  { name: "发生日期", value: "" },
  { name: "部门编码", value: "" },
  { name: "职员编码", value: "" },
  { name: "客户编码", value: "" },
  { name: "供应商编码", value: "" },
  { name: "业务员", value: "" },
  { name: "项目编码", value: "" },
];

/**
 * The text file of the general-ledger tool (总账工具) of Yonyou U8. Its order of fields and first line were seen in several
 * generators; the lengths come from the tool's notes. There is no rule for quoting, so a value holds no comma and no quote.
 */
export const YONYOU_U8: Layout = {
  form: {
    kind: "text",
    ending: "txt",
    encoding: "gbk",
    delimiter: ",",
    hasQuotes: false,
    escapesFormulas: false,
    head: [["填制凭证", "V800"]],
  },
  columns: COLUMNS,
  currencies: { CNY: { code: "人民币", name: "人民币" } },
  words: {},
  hasTextNumbers: true,
  hasLineBreaks: false,
  dates: "yyyy-MM-dd",
};
