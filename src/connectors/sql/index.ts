import { defineConnector } from "../contract.js";
import { SqlConnection, SqlSourceOptions, SqlTargetOptions } from "./options.js";
import { openSqlSource } from "./source.js";
import { openSqlTarget } from "./target.js";

export const connector = defineConnector({
  name: "sql",
  summary: "reads from and posts into databases: SQLite, PostgreSQL, MySQL and MariaDB, SQL Server, Oracle",
  connection: SqlConnection,
  source: { options: SqlSourceOptions, needsKey: true, open: openSqlSource },
  target: {
    options: SqlTargetOptions,
    documents: ["journal", "payable", "expense_claim", "payment", "asset", "budget_usage"],
    open: openSqlTarget,
  },
});
