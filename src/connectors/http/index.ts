import { defineConnector } from "../contract.js";
import { HttpConnection } from "./connection.js";
import { HttpTargetOptions } from "./options.js";
import { HttpTarget } from "./target.js";

export const connector = defineConnector({
  name: "http",
  summary: "posts to any system with a JSON API, as the pipeline describes it",
  connection: HttpConnection,
  target: {
    options: HttpTargetOptions,
    documents: ["journal", "payable"],
    open: (connection, options, context) => new HttpTarget(connection, options, context),
  },
});
