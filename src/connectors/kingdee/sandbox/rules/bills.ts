import { formatMinor } from "../amounts.js";
import { CODE, fault } from "../answers.js";
import { amountOf, idOf, textOf, type Values } from "../bill.js";
import { type DraftRow, isEmpty } from "../save/model.js";
import { type RuleContext, refuse } from "./rule.js";

const rowsOf = (context: RuleContext, entity: string): readonly DraftRow[] => context.draft.entries[entity] ?? [];

/** Every bill needs a line; amounts that a client left out of it are nought. */
function needLines(context: RuleContext, entity: string): readonly DraftRow[] {
  const rows = rowsOf(context, entity);
  if (context.checks && rows.length === 0) refuse(context, `单据体“${entity}”至少要有一条分录`, entity);
  return rows;
}

/** Net and tax make the total, where all three were sent. */
function judgeTax(context: RuleContext, row: DraftRow, keys: { readonly net: string; readonly tax: string; readonly total: string }): void {
  const { values } = row;
  const total = amountOf(values, keys.total);
  if (isEmpty(values[keys.net]) && isEmpty(values[keys.tax])) {
    values[keys.net] = String(total);
    values[keys.tax] = "0";
  } else if (isEmpty(values[keys.net])) values[keys.net] = String(total - amountOf(values, keys.tax));
  else if (isEmpty(values[keys.tax])) values[keys.tax] = String(total - amountOf(values, keys.net));
  else if (context.checks && amountOf(values, keys.net) + amountOf(values, keys.tax) !== total) {
    refuse(context, "不含税金额与税额之和不等于价税合计", keys.total);
  }
}

function totalOf(rows: readonly { readonly values: Values }[], key: string): bigint {
  return rows.reduce((sum, { values }) => sum + amountOf(values, key), 0n);
}

export function judgePayable(context: RuleContext): void {
  const { values, entries } = context.draft;
  const lines = needLines(context, "FEntityDetail");
  for (const line of lines) judgeTax(context, line, { net: "FNoTaxAmountFor_D", tax: "FTAXAMOUNTFOR_D", total: "FALLAMOUNTFOR_D" });
  const total = totalOf(lines, "FALLAMOUNTFOR_D");
  values["FALLAMOUNTFOR"] = String(total);
  values["FWRITTENOFFSTATUS"] ??= "A";
  values["FBUSINESSTYPE"] ??= "FY";
  if (isEmpty(values["FENDDATE_H"])) values["FENDDATE_H"] = values["FDATE"] ?? null;
  if (isEmpty(values["FPAYORGID"])) values["FPAYORGID"] = idOf(values, "FSETTLEORGID");
  const plan = rowsOf(context, "FEntityPlan");
  if (plan.length === 0) {
    entries["FEntityPlan"] = [{ id: 0, values: { FENDDATE: values["FENDDATE_H"] ?? null, FPAYAMOUNTFOR: String(total) } }];
  } else if (plan.length === 1 && plan[0] !== undefined && plan[0].id !== 0) plan[0].values["FPAYAMOUNTFOR"] = String(total);
  else if (context.checks && totalOf(plan, "FPAYAMOUNTFOR") !== total) refuse(context, "付款计划金额之和不等于价税合计", "FPAYAMOUNTFOR");
}

export function judgeOtherPayable(context: RuleContext): void {
  const { values } = context.draft;
  if (context.settings.expenseModule === "on" && values["FCONTACTUNITTYPE"] === "BD_Empinfo" && context.old === null) {
    refuse(context, "费用管理已启用，不能手工新增", "FCONTACTUNITTYPE");
  }
  const lines = needLines(context, "FEntity");
  for (const line of lines) judgeTax(context, line, { net: "FNOTAXAMOUNTFOR", tax: "FTAXAMOUNTFOR", total: "FTOTALAMOUNTFOR" });
  const total = totalOf(lines, "FTOTALAMOUNTFOR");
  const given = context.old === null && !isEmpty(values["FTOTALAMOUNTFOR_H"]) ? amountOf(values, "FTOTALAMOUNTFOR_H") : total;
  if (context.checks && given !== total) {
    refuse(context, `表头总金额${formatMinor(given)}与分录总金额${formatMinor(total)}不一致`, "FTOTALAMOUNTFOR_H");
  }
  values["FTOTALAMOUNTFOR_H"] = String(total);
  values["FWRITTENOFFSTATUS"] ??= "A";
  if (isEmpty(values["FENDDATE_H"])) values["FENDDATE_H"] = values["FDATE"] ?? null;
}

export function judgeReimbursement(context: RuleContext): void {
  const { books, draft, settings } = context;
  const { values } = draft;
  if (settings.expenseModule === "off") refuse(context, "组织未启用费用管理", "FOrgID");
  const start = textOf(books.get("ORG_Organizations", idOf(values, "FOrgID"))?.values ?? {}, "FStartDate");
  if (context.checks && textOf(values, "FDate") < start) refuse(context, "申请日期应大于申请组织启用日期", "FDate");
  // The two boxes are not kept: what they say is kept as the kind of request.
  if (values["FPayBox"] === true) values["FRequestType"] = "1";
  else if (values["FrefundBox"] === true) values["FRequestType"] = "2";
  delete values["FPayBox"];
  delete values["FrefundBox"];
  for (const line of needLines(context, "FEntity")) {
    judgeTax(context, line, { net: "FTaxSubmitAmt", tax: "FTaxAmt", total: "FExpenseAmount" });
    if (isEmpty(line.values["FExpSubmitAmount"])) line.values["FExpSubmitAmount"] = String(amountOf(line.values, "FExpenseAmount"));
    if (isEmpty(line.values["FRequestAmount"])) line.values["FRequestAmount"] = String(amountOf(line.values, "FExpSubmitAmount"));
    if (context.checks && amountOf(line.values, "FExpSubmitAmount") > amountOf(line.values, "FExpenseAmount")) {
      refuse(context, "发票金额不允许小于报销金额", "FExpSubmitAmount");
    }
  }
}

export function judgePayment(context: RuleContext): void {
  const { values } = context.draft;
  const lines = needLines(context, "FPAYBILLENTRY");
  for (const { values: line } of lines) {
    line["FBankStatus"] ??= "A";
    line["FBANKMSG"] ??= "";
    line["FQQLSH"] ??= "";
    line["FSourceBillNumber"] ??= "";
    if (context.checks && amountOf(line, "FPAYTOTALAMOUNTFOR") === 0n) refuse(context, "付款金额不能为零", "FPAYTOTALAMOUNTFOR");
  }
  const total = String(totalOf(lines, "FPAYTOTALAMOUNTFOR"));
  values["FPAYTOTALAMOUNTFOR_H"] = total;
  values["FREALPAYAMOUNTFOR_H"] = total;
}

export function judgeInvoice(context: RuleContext): void {
  judgeTax(context, context.draft, { net: "FAMOUNT", tax: "FTAXAMOUNT", total: "FALLAMOUNT" });
}

export function judgeAssetCard(context: RuleContext): void {
  if (context.settings.assetCards) return;
  context.faults.push(fault("没有“资产卡片”的“保存”权限", CODE.noPermission));
}

/** What the reference says a supplier cannot be saved without. */
export function judgeSupplier(context: RuleContext): void {
  for (const key of ["FCreateOrgId", "FUseOrgId"]) {
    if (isEmpty(context.draft.values[key])) context.faults.push(fault(`字段“${key}”是必填项`, CODE.fieldMissing, key));
  }
}
