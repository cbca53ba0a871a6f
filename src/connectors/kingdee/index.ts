import { defineConnector } from "../contract.js";
import { KingdeeConnection } from "./connection.js";
import { KingdeeSource } from "./source.js";
import { KingdeeSourceOptions } from "./source-options.js";
import { KingdeeTarget } from "./target.js";
import { KingdeeTargetOptions } from "./target-options.js";

export const connector = defineConnector({
  name: "kingdee",
  summary: "reads from and posts to Kingdee Cloud Galaxy (金蝶云·星空, K3Cloud WebAPI)",
  connection: KingdeeConnection,
  source: {
    options: KingdeeSourceOptions,
    needsKey: true,
    open: (connection, options, context) => new KingdeeSource(connection, options, context),
  },
  target: {
    options: KingdeeTargetOptions,
    documents: ["journal", "payable", "expense_claim", "payment", "asset", "budget_usage", "entity"],
    open: (connection, options, context) => new KingdeeTarget(connection, options, context),
  },
});
