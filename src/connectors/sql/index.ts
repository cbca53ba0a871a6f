import { defineConnector } from "../contract.js";
import { SqlConnection, SqlSourceOptions } from "./options.js";
import { openSqlSource } from "./source.js";

export const connector = defineConnector({
  name: "sql",
  summary: "reads from and posts into databases: SQLite, PostgreSQL, MySQL and MariaDB, SQL Server, Oracle",
  connection: SqlConnection,
  source: { options: SqlSourceOptions, open: openSqlSource },
});
