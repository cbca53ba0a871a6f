import { judgeAssetCard, judgeInvoice, judgeOtherPayable, judgePayable, judgePayment, judgeReimbursement, judgeSupplier } from "./bills.js";
import type { Rule } from "./rule.js";
import { judgeVoucher, VOUCHER } from "./voucher.js";

/** The rules of each form beyond its required fields; none for most base data. */
export const RULES: ReadonlyMap<string, Rule> = new Map([
  [VOUCHER, judgeVoucher],
  ["AP_Payable", judgePayable],
  ["AP_OtherPayable", judgeOtherPayable],
  ["ER_ExpReimbursement", judgeReimbursement],
  ["AP_PAYBILL", judgePayment],
  ["IV_ReceivedInvoice", judgeInvoice],
  ["FA_CARD", judgeAssetCard],
  ["BD_Supplier", judgeSupplier],
]);

/** Base data that a client may save; the rest belongs to people who set up the system. */
export const SAVED_BASE_DATA: ReadonlySet<string> = new Set([
  "BD_Supplier",
  "BD_Customer",
  "BD_Department",
  "BD_Empinfo",
  "BD_Expense",
  "CB_COSTCENTER",
  "PAEZ_PROJECT",
]);
