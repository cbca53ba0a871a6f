import type { ColumnData, Layout } from "../layout.js";

/** A column and its Chinese caption. */
export interface CaptionedColumn extends ColumnData {
  readonly caption: string;
}

const HEAD = { once: true } as const;
const AMOUNT = { as: "number", empty: "0" } as const;

const column = (name: string, caption: string, value: ColumnData["value"], more: Partial<ColumnData> = {}): CaptionedColumn => ({
  name,
  caption,
  value,
  ...more,
});

/** A reference is a code and a name; the name may stay empty. */
function reference(name: string, caption: string, value: ColumnData["value"], more: Partial<ColumnData> = {}): CaptionedColumn[] {
  return [column(name, `${caption}#编码`, value, more), column(`${name}#Name`, `${caption.replace("*", "")}#名称`, "", more)];
}

const DIMENSION = /^FDetailID#([A-Za-z0-9]+)(#Name)?$/;

export function isDimension(name: string): boolean {
  return DIMENSION.test(name);
}

/** The two columns of a dimension, which differ from site to site. */
export function dimensionColumns(name: string): CaptionedColumn[] {
  return reference(name, `(分录)核算维度${DIMENSION.exec(name)?.[1] ?? ""}`, "");
}

/** Behind this column stand those of the dimensions. */
export const BEFORE_DIMENSIONS = "FACCOUNTID#Name";

/** "Entered by hand", as templates have it. */
const BY_HAND = "78050206-2fa6-40e3-b7c8-bd608146fa38";

export const GALAXY_COLUMNS: readonly CaptionedColumn[] = [
  column("FBillHead(GL_VOUCHER)", "*单据头(序号)", "$.index", HEAD),
  ...reference("FAccountBookID", "*(单据头)账簿", null, HEAD),
  column("FDate", "*(单据头)日期", "$.date", HEAD),
  column("FBUSDATE", "(单据头)业务日期", "$.date", HEAD),
  column("FYEAR", "(单据头)会计年度", "$.year", HEAD),
  column("FPERIOD", "(单据头)期间", "$.month", HEAD),
  ...reference("FVOUCHERGROUPID", "*(单据头)凭证字", "$.word", HEAD),
  column("FVOUCHERGROUPNO", "*(单据头)凭证号", "$.number", { ...HEAD, as: "number" }),
  column("FATTACHMENTS", "(单据头)附件数", "$.attachments", HEAD),
  column("FISADJUSTVOUCHER", "(单据头)是否调整期凭证", "false", HEAD),
  ...reference("FACCBOOKORGID", "*(单据头)核算组织", null, HEAD),
  ...reference("FSourceBillKey", "(单据头)业务类型", BY_HAND, HEAD),
  column("FIMPORTVERSION", "(单据头)引入版本号", "", HEAD),
  column("*Split*1", "间隔列", ""),
  column("FEntity", "*分录(序号)", "$$.entry"),
  column("FEXPLANATION", "(分录)摘要", "$$.summary", { limit: 250 }),
  ...reference("FACCOUNTID", "*(分录)科目编码", "$$.account"),
  ...reference("FCURRENCYID", "*(分录)币别", "$.currencyCode"),
  ...reference("FEXCHANGERATETYPE", "*(分录)汇率类型", "HLTX01_SYS"),
  column("FEXCHANGERATE", "(分录)汇率", "1", { as: "number" }),
  ...reference("FUnitId", "(分录)单位", ""),
  column("FPrice", "(分录)单价", ""),
  column("FQty", "(分录)数量", ""),
  column("FAMOUNTFOR", "(分录)原币金额", "$$.amount", AMOUNT),
  column("FDEBIT", "(分录)借方金额", "$$.debit", AMOUNT),
  column("FCREDIT", "(分录)贷方金额", "$$.credit", AMOUNT),
  ...reference("FSettleTypeID", "(分录)结算方式", ""),
  column("FSETTLENO", "(分录)结算号", ""),
  column("FBUSNO", "(分录)业务编号", "$.idempotencyKey"),
  column("FEXPORTENTRYID", "现金流量#分录ID", ""),
];

/**
 * The voucher import template of Kingdee Galaxy (星空): keys in row 1, captions in row 2. A cell of the voucher's head stands
 * only on the voucher's first row.
 */
export function kingdeeGalaxy(columns: readonly CaptionedColumn[], sheet: string): Layout {
  return {
    form: {
      kind: "sheet",
      ending: "xlsx",
      sheet,
      head: [columns.map(({ name }) => name), columns.map(({ caption }) => caption)],
    },
    columns,
    currencies: { CNY: { code: "PRE001", name: "人民币" } },
    words: { 记: "PRE001" },
    hasTextNumbers: false,
    hasLineBreaks: false,
    dates: null,
  };
}

export const GALAXY_SHEET = "凭证#单据头(FBillHead)";
