import { defineConnector } from "../contract.js";
import { VoucherFileConnection, VoucherFileOptions } from "./options.js";
import { openVoucherFileTarget } from "./target.js";

export const connector = defineConnector({
  name: "voucher-file",
  summary: "vouchers as files in the layouts that ERPs import: Kingdee, Yonyou U8, CSV and Excel of your own",
  connection: VoucherFileConnection,
  target: {
    options: VoucherFileOptions,
    documents: ["journal"],
    open: (connection, options, context) => openVoucherFileTarget(connection, options, context),
  },
});
