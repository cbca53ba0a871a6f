/** Models of Tryton by the names of what they hold. */
export const STREAMS = {
  parties: "party.party",
  employees: "company.employee",
  accounts: "account.account",
  "analytic accounts": "analytic_account.account",
  "fiscal years": "account.fiscalyear",
  periods: "account.period",
  journals: "account.journal",
  taxes: "account.tax",
  currencies: "currency.currency",
  moves: "account.move",
  "move lines": "account.move.line",
  invoices: "account.invoice",
  "invoice lines": "account.invoice.line",
} as const;
