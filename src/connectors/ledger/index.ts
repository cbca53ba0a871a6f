import { defineConnector } from "../contract.js";
import { readChart } from "./chart.js";
import { connectionOptions, DEFAULT_WORD, targetOptions } from "./options.js";
import { PeriodRules } from "./periods.js";
import { LedgerTarget } from "./target.js";

export const connector = defineConnector({
  name: "ledger",
  summary: "embedded double-entry ledger in one SQLite file; needs no server",
  connection: connectionOptions,
  target: {
    options: targetOptions,
    documents: ["journal", "payable"],
    open: (connection, options, context) =>
      new LedgerTarget({
        file: connection.file,
        chart: readChart(connection.chart),
        periods: new PeriodRules(connection.periods),
        word: options.word ?? connection.word ?? DEFAULT_WORD,
        payablesAccount: connection.payables_account ?? null,
        currencies: connection.currencies ?? null,
        now: context.now,
      }),
  },
});
