import { defineConnector } from "../contract.js";
import { HttpConnection } from "./connection.js";
import { HttpTargetOptions } from "./options.js";
import { HttpSourceOptions } from "./source/options.js";
import { HttpSource } from "./source/source.js";
import { HttpTarget } from "./target.js";

export const connector = defineConnector({
  name: "http",
  summary: "reads from and posts to any system with an HTTP API, as the pipeline describes it",
  connection: HttpConnection,
  source: {
    options: HttpSourceOptions,
    needsKey: true,
    open: (connection, options, context) => new HttpSource(connection, options, context),
  },
  target: {
    options: HttpTargetOptions,
    documents: ["journal", "payable", "expense_claim", "payment", "asset", "budget_usage"],
    open: (connection, options, context) => new HttpTarget(connection, options, context),
  },
});
