import { defineConnector } from "../contract.js";
import { FilesConnection } from "../files/options.js";
import { CsvSourceOptions } from "./options.js";
import { openCsvSource } from "./source.js";

export const connector = defineConnector({
  name: "csv",
  summary: "reads text files with columns: CSV, TSV and bank or ERP exports, in any common encoding",
  connection: FilesConnection,
  source: { options: CsvSourceOptions, open: openCsvSource },
});
