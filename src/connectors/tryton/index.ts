import { defineConnector } from "../contract.js";
import { TrytonConnection } from "./connection.js";
import { TrytonSource } from "./source.js";
import { TrytonSourceOptions } from "./source-options.js";
import { TrytonTarget } from "./target.js";
import { TrytonTargetOptions } from "./target-options.js";

export const connector = defineConnector({
  name: "tryton",
  summary: "reads from and posts to Tryton (JSON-RPC): moves and supplier invoices",
  connection: TrytonConnection,
  source: {
    options: TrytonSourceOptions,
    needsKey: true,
    open: (connection, options, context) => new TrytonSource(connection, options, context),
  },
  target: {
    options: TrytonTargetOptions,
    documents: ["journal", "payable"],
    open: (connection, options, context) => new TrytonTarget(connection, options, context),
  },
});
