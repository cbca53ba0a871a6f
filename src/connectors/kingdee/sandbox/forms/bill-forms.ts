import { amount, bill, date, decimal, type Field, type Form, NEEDED, reference, text, whole, yes } from "./form.js";

const CURRENCY = "BD_Currency";
const ORGANISATION = "ORG_Organizations";
const DEPARTMENT = "BD_Department";
const EXPENSE = "BD_Expense";

const head = (within: string, fields: readonly Field[]): readonly Field[] => fields.map((each) => ({ ...each, within }));

/** The other party of a bill: its kind is a form id, and that says where its number is looked up. */
const PARTY: readonly Field[] = [text("FCONTACTUNITTYPE", NEEDED), reference("FCONTACTUNIT", { by: "FCONTACTUNITTYPE" }, NEEDED)];

const VOUCHER = bill({
  id: "GL_VOUCHER",
  title: "凭证",
  primary: "FVOUCHERID",
  number: "FVOUCHERGROUPNO",
  organisation: "FACCBOOKORGID",
  fields: [
    reference("FAccountBookID", "BD_AccountBook", NEEDED),
    date("FDate", NEEDED),
    date("FBUSDATE"),
    whole("FYEAR"),
    whole("FPERIOD"),
    reference("FVOUCHERGROUPID", "BD_VOUCHERGROUP", NEEDED),
    text("FVOUCHERGROUPNO", { most: 20 }),
    whole("FATTACHMENTS"),
    yes("FISADJUSTVOUCHER"),
    reference("FACCBOOKORGID", ORGANISATION),
    text("FSourceBillKey"),
  ],
  entities: [
    {
      key: "FEntity",
      view: "GL_VOUCHERENTRY",
      fields: [
        text("FEXPLANATION", NEEDED),
        reference("FACCOUNTID", "BD_Account", NEEDED),
        { key: "FDetailID", kind: "dimensions" },
        reference("FCURRENCYID", CURRENCY, NEEDED),
        reference("FEXCHANGERATETYPE", "BD_RateType"),
        decimal("FEXCHANGERATE"),
        amount("FAMOUNTFOR"),
        amount("FDEBIT"),
        amount("FCREDIT"),
        text("FBUSNO", { most: 100 }),
        reference("FSettleTypeID", "BD_SETTLETYPE"),
        text("FSETTLENO"),
        decimal("FQty"),
        decimal("FPrice"),
      ],
    },
  ],
});

const PAYABLE = bill({
  id: "AP_Payable",
  title: "应付单",
  organisation: "FSETTLEORGID",
  prefix: "AP",
  fields: [
    reference("FBillTypeID", "BOS_BillType", NEEDED),
    date("FDATE", NEEDED),
    date("FENDDATE_H"),
    reference("FSUPPLIERID", "BD_Supplier", NEEDED),
    reference("FCURRENCYID", CURRENCY, NEEDED),
    text("FPayConditon"),
    text("FBUSINESSTYPE"),
    reference("FSETTLEORGID", ORGANISATION, NEEDED),
    reference("FPAYORGID", ORGANISATION),
    reference("FPURCHASEDEPTID", DEPARTMENT),
    text("FSetAccountType"),
    text("FAP_Remark"),
    amount("FALLAMOUNTFOR", { own: true }),
    text("FWRITTENOFFSTATUS", { own: true }),
    ...head("FsubHeadSuppiler", [
      reference("FORDERID", "BD_Supplier"),
      reference("FTRANSFERID", "BD_Supplier"),
      reference("FChargeId", "BD_Supplier"),
    ]),
    ...head("FsubHeadFinc", [
      date("FACCNTTIMEJUDGETIME"),
      reference("FMAINBOOKSTDCURRID", CURRENCY),
      reference("FEXCHANGETYPE", "BD_RateType"),
      decimal("FExchangeRate"),
    ]),
  ],
  entities: [
    {
      key: "FEntityDetail",
      view: "AP_PAYABLEENTRY",
      fields: [
        reference("FCOSTID", EXPENSE, NEEDED),
        decimal("FPriceQty"),
        decimal("FTaxPrice"),
        decimal("FPrice"),
        decimal("FEntryTaxRate"),
        amount("FNoTaxAmountFor_D"),
        amount("FTAXAMOUNTFOR_D"),
        amount("FALLAMOUNTFOR_D", NEEDED),
        reference("FCOSTDEPARTMENTID", DEPARTMENT),
        yes("FINCLUDECOST"),
        text("FCOMMENT"),
      ],
    },
    { key: "FEntityPlan", view: "AP_PAYABLEPLAN", fields: [date("FENDDATE"), amount("FPAYAMOUNTFOR")] },
    { key: "FRecInvInfo", view: "AP_PAYABLERECINV", fields: [text("F_SYNC_INVOICENO", { most: 40 })] },
  ],
});

const OTHER_PAYABLE = bill({
  id: "AP_OtherPayable",
  title: "其他应付单",
  organisation: "FSETTLEORGID",
  prefix: "QTYF",
  fields: [
    reference("FBillTypeID", "BOS_BillType", NEEDED),
    date("FDATE", NEEDED),
    date("FENDDATE_H"),
    ...PARTY,
    reference("FCURRENCYID", CURRENCY, NEEDED),
    reference("FSETTLEORGID", ORGANISATION, NEEDED),
    reference("FPURCHASEORGID", ORGANISATION, NEEDED),
    reference("FPAYORGID", ORGANISATION, NEEDED),
    reference("FDEPARTMENTID", DEPARTMENT),
    reference("FMAINBOOKSTDCURRID", CURRENCY),
    reference("FEXCHANGETYPE", "BD_RateType"),
    decimal("FExchangeRate"),
    text("FRemarks"),
    amount("FTOTALAMOUNTFOR_H"),
    text("FWRITTENOFFSTATUS", { own: true }),
  ],
  entities: [
    {
      key: "FEntity",
      view: "FIN_OTHERPAYABLEENTRY",
      fields: [
        reference("FCOSTID", EXPENSE, NEEDED),
        reference("FCOSTDEPARTMENTID", DEPARTMENT),
        text("FINVOICETYPE"),
        decimal("FEntryTaxRate"),
        amount("FNOTAXAMOUNTFOR"),
        amount("FTAXAMOUNTFOR"),
        amount("FTOTALAMOUNTFOR", NEEDED),
        text("FCOMMENT"),
      ],
    },
  ],
});

const REIMBURSEMENT = bill({
  id: "ER_ExpReimbursement",
  title: "费用报销单",
  organisation: "FOrgID",
  prefix: "FYBX",
  fields: [
    date("FDate", NEEDED),
    reference("FProposerID", "BD_Empinfo", NEEDED),
    reference("FRequestDeptID", DEPARTMENT),
    reference("FExpenseDeptID", DEPARTMENT, NEEDED),
    reference("FCurrencyID", CURRENCY, NEEDED),
    reference("FExchangeTypeID", "BD_RateType"),
    reference("FOrgID", ORGANISATION, NEEDED),
    reference("FExpenseOrgId", ORGANISATION),
    reference("FLocCurrencyID", CURRENCY),
    ...PARTY,
    reference("FBillTypeID", "BOS_BillType"),
    text("FCausa"),
    yes("FPayBox"),
    yes("FrefundBox"),
    text("FRequestType", { own: true }),
    yes("FRealPay"),
    reference("FPayOrgId", ORGANISATION),
    reference("FPaySettlleTypeID", "BD_SETTLETYPE"),
    text("FBankBranchT"),
    text("FBankAccountNameT"),
    text("FBankAccountT"),
  ],
  entities: [
    {
      key: "FEntity",
      view: "ER_ExpenseReimbEntry",
      fields: [
        reference("FExpID", EXPENSE, NEEDED),
        text("FInvoiceType"),
        amount("FExpenseAmount", NEEDED),
        amount("FTaxSubmitAmt"),
        decimal("FTaxRate"),
        amount("FTaxAmt"),
        amount("FExpSubmitAmount"),
        amount("FRequestAmount"),
        reference("FExpenseDeptEntryID", DEPARTMENT),
        text("FRemark"),
      ],
    },
  ],
});

const PAYMENT = bill({
  id: "AP_PAYBILL",
  title: "付款单",
  organisation: "FSETTLEORGID",
  prefix: "FKD",
  fields: [
    reference("FBillTypeID", "BOS_BillType", NEEDED),
    date("FDATE", NEEDED),
    ...PARTY,
    text("FRECTUNITTYPE"),
    reference("FRECTUNIT", { by: "FRECTUNITTYPE" }),
    reference("FCURRENCYID", CURRENCY, NEEDED),
    reference("FSETTLEORGID", ORGANISATION, NEEDED),
    reference("FPURCHASEORGID", ORGANISATION),
    reference("FPAYORGID", ORGANISATION, NEEDED),
    reference("FSETTLECUR", CURRENCY),
    text("FREMARK"),
    text("FTHIRDBILLNO", { most: 80 }),
    amount("FPAYTOTALAMOUNTFOR_H", { own: true }),
    amount("FREALPAYAMOUNTFOR_H", { own: true }),
  ],
  entities: [
    {
      key: "FPAYBILLENTRY",
      view: "PAYBILLENTRY",
      fields: [
        reference("FSETTLETYPEID", "BD_SETTLETYPE", NEEDED),
        text("FPURPOSEID"),
        amount("FPAYTOTALAMOUNTFOR", NEEDED),
        reference("FACCOUNTID", "CN_BANKACNT"),
        text("FCOMMENT"),
        text("FSourceBillNumber", { own: true }),
        text("FBankStatus", { own: true }),
        text("FBANKMSG", { own: true }),
        text("FQQLSH", { own: true }),
      ],
    },
  ],
});

const RECEIVED_INVOICE = bill({
  id: "IV_ReceivedInvoice",
  title: "收票单",
  organisation: null,
  prefix: "SP",
  fields: [
    date("FDATE", NEEDED),
    reference("FSUPPLIERID", "BD_Supplier"),
    text("FINVOICENO", { most: 40, ...NEEDED }),
    text("FINVOICECODE", { most: 40 }),
    date("FINVOICEDATE"),
    amount("FAMOUNT"),
    amount("FTAXAMOUNT"),
    amount("FALLAMOUNT", NEEDED),
  ],
});

const ASSET_CARD = bill({
  id: "FA_CARD",
  title: "资产卡片",
  organisation: "FOWNERORGID",
  prefix: "ZC",
  fields: [
    text("FNumber"),
    text("FNAME", NEEDED),
    reference("FASSETTYPEID", "FA_ASSETTYPE", NEEDED),
    reference("FOWNERORGID", ORGANISATION),
    reference("FUSEDEPTID", DEPARTMENT),
    date("FACCTDATE", NEEDED),
    decimal("FQUANTITY"),
    amount("FORGVAL", NEEDED),
  ],
});

export const BILL_FORMS: readonly Form[] = [VOUCHER, PAYABLE, OTHER_PAYABLE, REIMBURSEMENT, PAYMENT, RECEIVED_INVOICE, ASSET_CARD];
