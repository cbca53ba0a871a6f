import { defineConnector } from "../contract.js";
import { FilesConnection } from "../files/options.js";
import { XlsxSourceOptions } from "./options.js";
import { openXlsxSource } from "./source.js";

export const connector = defineConnector({
  name: "xlsx",
  summary: "reads sheets of Excel workbooks (`.xlsx`), exact to the digit, of any length",
  connection: FilesConnection,
  source: { options: XlsxSourceOptions, open: openXlsxSource },
});
