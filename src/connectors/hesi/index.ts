import { defineConnector } from "../contract.js";
import { HesiConnection } from "./connection.js";
import { HesiSourceOptions } from "./options.js";
import { HesiSource } from "./source.js";

export const connector = defineConnector({
  name: "hesi",
  summary: "合思 Hesi (formerly 易快报): reads documents, invoices and master data",
  connection: HesiConnection,
  source: {
    options: HesiSourceOptions,
    needsKey: true,
    open: (connection, options, context) => new HesiSource(connection, options, context),
  },
});
