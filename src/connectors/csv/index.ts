import { defineConnector } from "../contract.js";
import { CsvConnection, CsvSourceOptions } from "./options.js";
import { openCsvSource } from "./source.js";

export const connector = defineConnector({
  name: "csv",
  summary: "reads text files with columns: CSV, TSV and bank or ERP exports, in any common encoding",
  connection: CsvConnection,
  source: { options: CsvSourceOptions, open: openCsvSource },
});
