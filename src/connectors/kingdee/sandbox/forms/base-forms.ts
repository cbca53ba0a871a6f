import { base, date, type Field, type Form, NEEDED, reference, text, whole, yes } from "./form.js";

/** The user-made dimension of the stand-in. On a real site its number and its form differ. */
export const PROJECT_FORM = "PAEZ_PROJECT";
const CURRENCY = "BD_Currency";
const ORGANISATION = "ORG_Organizations";

/** Which form each dimension of an account points to. */
export const DIMENSIONS: ReadonlyMap<string, { readonly form: string; readonly title: string }> = new Map([
  ["FFLEX4", { form: "BD_Supplier", title: "供应商" }],
  ["FFLEX5", { form: "BD_Department", title: "部门" }],
  ["FFLEX6", { form: "BD_Customer", title: "客户" }],
  ["FFLEX7", { form: "BD_Empinfo", title: "职员" }],
  ["FFLEX9", { form: "BD_Expense", title: "费用项目" }],
  ["FFLEX11", { form: ORGANISATION, title: "组织机构" }],
  ["FF100002", { form: PROJECT_FORM, title: "项目" }],
]);

const BANK: readonly Field[] = [text("FOpenBankName"), text("FBankHolder"), text("FBankCode"), yes("FIsDefault")];

export const BASE_FORMS: readonly Form[] = [
  base({ id: ORGANISATION, title: "组织机构", primary: "FORGID", shared: true, fields: [date("FStartDate")] }),
  base({
    id: CURRENCY,
    title: "币别",
    primary: "FCURRENCYID",
    shared: true,
    fields: [text("FCODE"), whole("FAMOUNTDIGITS")],
  }),
  base({
    id: "BD_Account",
    title: "科目",
    primary: "FACCTID",
    shared: true,
    fields: [text("FFullName"), reference("FPARENTID", "BD_Account"), yes("FISDETAIL"), text("FGROUPNAME")],
  }),
  base({
    id: "BD_AccountBook",
    title: "账簿",
    primary: "FBOOKID",
    shared: true,
    fields: [
      reference("FACCOUNTORGID", ORGANISATION),
      reference("FCURRENCYID", CURRENCY),
      whole("FCURRENTYEAR", { own: true }),
      whole("FCURRENTPERIOD", { own: true }),
    ],
  }),
  base({
    id: "BD_ACCOUNTCALENDAR",
    title: "会计日历",
    primary: "FCALENDARID",
    shared: true,
    entities: [
      {
        key: "FPeriodEntity",
        view: "BD_ACCOUNTPERIOD",
        fields: [whole("FPERIODYEAR"), whole("FPERIODNO"), date("FPERIODSTARTDATE"), date("FPERIODENDDATE")],
      },
    ],
  }),
  base({ id: "BD_VOUCHERGROUP", title: "凭证字", primary: "FVCHGROUPID", shared: true }),
  base({ id: "BD_RateType", title: "汇率类型", primary: "FRATETYPEID", shared: true }),
  base({ id: "BD_SETTLETYPE", title: "结算方式", primary: "FSETTLETYPEID", shared: true }),
  base({ id: "BOS_BillType", title: "单据类型", primary: "FBILLTYPEID", shared: true, fields: [text("FBILLFORMID")] }),
  base({ id: "CN_BANKACNT", title: "银行账号", primary: "FBANKACNTID" }),
  base({
    id: "BD_Supplier",
    title: "供应商",
    primary: "FSupplierId",
    fields: [
      text("FShortName"),
      text("FSOCIALCRECODE"),
      reference("FPayCurrencyId", CURRENCY, { within: "FFinanceInfo", ...NEEDED }),
      reference("FParentSupplierId", "BD_Supplier"),
    ],
    entities: [{ key: "FBankInfo", view: "SupplierBank", fields: BANK }],
  }),
  base({ id: "BD_Customer", title: "客户", primary: "FCUSTID", fields: [text("FShortName")] }),
  base({
    id: "BD_Department",
    title: "部门",
    primary: "FDEPTID",
    fields: [text("FFullName"), reference("FParentID", "BD_Department"), date("FEffectDate")],
  }),
  base({
    id: "BD_Empinfo",
    title: "员工",
    primary: "FID",
    number: "FStaffNumber",
    fields: [text("FMobile"), text("FEmail"), reference("FPostDept", "BD_Department")],
    entities: [{ key: "FBankInfo", view: "EmpinfoBank", fields: BANK }],
  }),
  base({ id: "BD_Expense", title: "费用项目", primary: "FEXPID", shared: true, fields: [reference("FGROUP", "BD_Expense")] }),
  base({ id: "CB_COSTCENTER", title: "成本中心", primary: "FCOSTCENTERID", fields: [reference("FDEPTID", "BD_Department")] }),
  base({ id: PROJECT_FORM, title: "项目", primary: "FID", fields: [date("FStartDate"), date("FEndDate")] }),
  base({ id: "FA_ASSETTYPE", title: "资产类别", primary: "FASSETTYPEID", shared: true }),
];
