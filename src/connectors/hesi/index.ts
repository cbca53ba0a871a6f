import { defineConnector } from "../contract.js";
import { HesiConnection } from "./connection.js";
import { HesiSourceOptions } from "./options.js";
import { HesiSource } from "./source.js";
import { HesiTarget } from "./target.js";
import { HesiTargetOptions } from "./target-options.js";

export const connector = defineConnector({
  name: "hesi",
  summary: "合思 Hesi (formerly 易快报): reads documents, invoices and master data, writes results and master data back",
  connection: HesiConnection,
  source: {
    options: HesiSourceOptions,
    needsKey: true,
    open: (connection, options, context) => new HesiSource(connection, options, context),
  },
  target: {
    options: HesiTargetOptions,
    documents: ["result", "entity"],
    open: (connection, options, context) => new HesiTarget(connection, options, context),
  },
});
