import type Database from "better-sqlite3";
import type { Period } from "../../model/dates.js";
import type { Account } from "./account.js";
import type { PeriodRules } from "./periods.js";

interface AccountRow {
  readonly code: string;
  readonly name: string;
  readonly type: Account["type"];
  readonly parent: string | null;
  readonly required: string;
  readonly active: number;
  readonly in_chart: number;
}

/** Accounts the books know and the chart no longer has: they keep their postings and take no more. */
export function accountsLeftBehind(db: Database.Database, chart: ReadonlyMap<string, Account>): Account[] {
  return accountRows(db)
    .filter(({ code }) => !chart.has(code))
    .map(({ code, name, type }) => ({ code, name, type, parent: null, required: [], active: false }));
}

/** Brings the books' copy of the chart up to date. An account that vanished stays, because vouchers may name it. */
export function synchroniseAccounts(db: Database.Database, chart: ReadonlyMap<string, Account>): void {
  const known = new Map(accountRows(db).map((row) => [row.code, row]));
  const put = db.prepare(
    `INSERT INTO accounts (code, name, type, parent, required, active, in_chart) VALUES (?, ?, ?, ?, ?, ?, 1)
     ON CONFLICT (code) DO UPDATE SET name = excluded.name, type = excluded.type, parent = excluded.parent,
       required = excluded.required, active = excluded.active, in_chart = 1`,
  );
  for (const account of chart.values()) {
    const row = known.get(account.code);
    const required = account.required.join(";");
    const same =
      row !== undefined &&
      row.name === account.name &&
      row.type === account.type &&
      row.parent === account.parent &&
      row.required === required &&
      row.active === Number(account.active) &&
      row.in_chart === 1;
    if (!same) put.run(account.code, account.name, account.type, account.parent, required, Number(account.active));
  }
  const leave = db.prepare("UPDATE accounts SET active = 0, in_chart = 0 WHERE code = ?");
  for (const row of known.values()) if (row.in_chart === 1 && !chart.has(row.code)) leave.run(row.code);
}

/** Notes for readers of the books which months are closed; the rule itself is the connection's. */
export function synchronisePeriods(db: Database.Database, rules: PeriodRules): void {
  const rows = db.prepare("SELECT period, status FROM periods").raw().all() as [Period, string][];
  const known = new Map(rows);
  const put = db.prepare("INSERT INTO periods (period, status) VALUES (?, ?) ON CONFLICT (period) DO UPDATE SET status = excluded.status");
  for (const period of new Set([...known.keys(), ...rules.named])) {
    const status = rules.faultOf(period) === null ? "open" : "closed";
    if (known.get(period) !== status) put.run(period, status);
  }
}

function accountRows(db: Database.Database): AccountRow[] {
  return db.prepare("SELECT code, name, type, parent, required, active, in_chart FROM accounts").all() as AccountRow[];
}
