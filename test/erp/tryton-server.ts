import { existsSync, rmSync } from "node:fs";
import { join } from "node:path";
import Database from "better-sqlite3";
import { copyCompany } from "./tryton-company.js";
import { TrytonProcess } from "./tryton-process.js";

const modules = "/usr/lib/python3/dist-packages/trytond/modules";
/** What is there when the package of that name is. Installing is left to whoever owns the machine. */
const PACKAGES: Readonly<Record<string, string>> = {
  "tryton-server": "/usr/bin/trytond",
  "tryton-modules-account-invoice": `${modules}/account_invoice`,
  "tryton-modules-analytic-invoice": `${modules}/analytic_invoice`,
  "tryton-modules-company": `${modules}/company`,
  sqlite3: "/usr/bin/sqlite3",
};
/** For the tests on PostgreSQL alone. */
const DRIVER = { "python3-psycopg2": "/usr/lib/python3/dist-packages/psycopg2" };

function lacking(packages: Readonly<Record<string, string>>): string | null {
  const names = Object.entries(packages).flatMap(([name, path]) => (existsSync(path) ? [] : [name]));
  return names.length > 0 ? `needs Tryton: apt-get install ${names.join(" ")}` : null;
}

/** Why tests that need a Tryton are skipped; null when they can run. */
export const missing: Readonly<Record<"sqlite" | "postgresql", string | null>> = {
  sqlite: lacking(PACKAGES),
  postgresql: lacking({ ...PACKAGES, ...DRIVER }),
};

/** What was posted, and what goes with it, in an order in which it can be deleted. */
export const POSTED = [
  "analytic_account_line",
  "analytic_account_entry",
  "account_tax_line",
  "account_invoice_tax",
  "account_invoice_line",
  "account_invoice",
  "account_move_line",
  "account_move_reconciliation",
  "account_move",
  "account_journal_period",
  "res_user_warning",
];

/** A real Tryton on SQLite, with books of its own. */
export class TrytonServer {
  private readonly sql: Database.Database;

  private constructor(
    /** Where the books and the password lie. */
    readonly folder: string,
    private readonly server: TrytonProcess,
  ) {
    this.sql = new Database(this.store);
    this.sql.pragma("busy_timeout = 10000");
  }

  static async start(): Promise<TrytonServer> {
    const folder = await copyCompany();
    return new TrytonServer(folder, await TrytonProcess.start(folder, "sqlite://"));
  }

  get url(): string {
    return this.server.url;
  }

  get password(): string {
    return this.server.password;
  }

  /** The file of the books. */
  get store(): string {
    return join(this.folder, "company.sqlite");
  }

  async stop(): Promise<void> {
    this.sql.close();
    await this.server.dispose();
    rmSync(this.folder, { recursive: true, force: true });
  }

  /** Ends the server, whatever it is doing; its books stay. */
  async goDown(signal: NodeJS.Signals): Promise<void> {
    await this.server.end(signal);
  }

  async comeUp(): Promise<void> {
    await this.server.launch();
  }

  /** Looks into Tryton's own tables, behind the back of its server. */
  rows<T>(sql: string, ...values: readonly (string | number)[]): T[] {
    return this.sql.prepare(sql).all(...values) as T[];
  }

  /** Takes everything that was posted out of the books, and opens what was closed. */
  clear(): void {
    this.sql.transaction(() => {
      for (const table of POSTED) this.sql.exec(`DELETE FROM "${table}"`);
      this.sql.exec(`UPDATE account_period SET state = 'open'`);
    })();
  }

  run(sql: string): void {
    this.sql.exec(sql);
  }

  /** Whoever is signed in must sign in again. */
  endSessions(): void {
    this.sql.exec("DELETE FROM ir_session");
  }

  /** Debit minus credit of what is posted, in the smallest unit, by account; those that are zero are left out. */
  balances(): ReadonlyMap<string, bigint> {
    const rows = this.rows<{ code: string; balance: number }>(
      `SELECT account.code AS code, CAST(ROUND(SUM(line.debit - line.credit) * 100) AS INTEGER) AS balance
       FROM account_move_line AS line JOIN account_move AS move ON move.id = line.move JOIN account_account AS account ON account.id = line.account
       WHERE move.state = 'posted' GROUP BY account.code`,
    );
    return new Map(rows.filter(({ balance }) => balance !== 0).map(({ code, balance }) => [code, BigInt(balance)]));
  }

  /** Calls a method as a user would, without our connector. */
  call<T>(user: string, method: string, ...params: readonly unknown[]): Promise<T> {
    return this.server.call(user, method, ...params);
  }
}
