import { defineConnector } from "../contract.js";
import { FilesConnection } from "../files/options.js";
import { JsonSourceOptions } from "./options.js";
import { openJsonSource } from "./source.js";

export const connector = defineConnector({
  name: "json",
  summary: "reads JSON files of any size: lists of records, or one record on each line",
  connection: FilesConnection,
  source: { options: JsonSourceOptions, open: openJsonSource },
});
