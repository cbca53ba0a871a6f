import { execFileSync, spawn } from "node:child_process";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import Database from "better-sqlite3";

const recipes = resolve(fileURLToPath(new URL("../..", import.meta.url)), "../shared/erp");
const modules = "/usr/lib/python3/dist-packages/trytond/modules";
/** What is there when the package of that name is. Installing is left to whoever owns the machine. */
const PACKAGES: Readonly<Record<string, string>> = {
  "tryton-server": "/usr/bin/trytond",
  "tryton-modules-account-invoice": `${modules}/account_invoice`,
  "tryton-modules-analytic-invoice": `${modules}/analytic_invoice`,
  "tryton-modules-company": `${modules}/company`,
};
const lacking = Object.entries(PACKAGES).flatMap(([name, path]) => (existsSync(path) ? [] : [name]));

/** Why tests that need a Tryton are skipped; null when they can run. */
export const missing: string | null = !existsSync(join(recipes, "tryton-up"))
  ? "needs the recipe `tryton-up` beside the checkout"
  : lacking.length > 0
    ? `needs Tryton: apt-get install ${lacking.join(" ")}`
    : null;

interface Started {
  readonly url: string;
  readonly user: string;
  readonly password: string;
  readonly store: string;
}

/** Templates of books are built once for each version of the recipe, and kept. */
const cache = join(tmpdir(), "sync-tryton-templates");

/** A real Tryton on a free port, with books of its own. */
export class TrytonServer {
  private readonly sql: Database.Database;

  private constructor(
    private readonly work: string,
    readonly url: string,
    readonly password: string,
    store: string,
  ) {
    this.sql = new Database(store);
    this.sql.pragma("busy_timeout = 10000");
  }

  static async start(): Promise<TrytonServer> {
    const work = mkdtempSync(join(tmpdir(), "sync-tryton-"));
    const args = ["--work", work, "--port", "0", "--cache", cache, "--config", cheapPasswords(work)];
    const { url, password, store } = JSON.parse(await output(join(recipes, "tryton-up"), args)) as Started;
    return new TrytonServer(work, url, password, store);
  }

  get port(): number {
    return Number(new URL(this.url).port);
  }

  stop(): void {
    this.sql.close();
    execFileSync(join(recipes, "tryton-down"), ["--work", this.work]);
    rmSync(this.work, { recursive: true, force: true });
  }

  /** Looks into Tryton's own tables, behind the back of its server. */
  rows<T>(sql: string, ...values: readonly (string | number)[]): T[] {
    return this.sql.prepare(sql).all(...values) as T[];
  }

  /** Takes everything that was posted out of the books, and opens what was closed. */
  clear(): void {
    const tables = [
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
    this.sql.transaction(() => {
      for (const table of tables) this.sql.exec(`DELETE FROM "${table}"`);
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
  async call<T>(user: string, method: string, ...params: readonly unknown[]): Promise<T> {
    const authorization = `Basic ${Buffer.from(`${user}:${this.password}`).toString("base64")}`;
    const body = JSON.stringify({ id: 1, method, params: [...params, { company: 1 }] });
    const response = await fetch(this.url, { method: "POST", headers: { "content-type": "application/json", authorization }, body });
    const answer = (await response.json()) as { result?: T; error?: unknown };
    if (answer.error !== undefined) throw new Error(`${method}: ${JSON.stringify(answer.error).slice(0, 500)}`);
    return answer.result as T;
  }
}

/** Checking a password takes a server 0.2 s on purpose, and tests sign in a lot. What is written here goes on in the section `password`. */
function cheapPasswords(work: string): string {
  const [scheme, config] = [join(work, "passlib.ini"), join(work, "password.conf")];
  writeFileSync(scheme, "[passlib]\nschemes = bcrypt\nbcrypt__max_rounds = 4\nbcrypt__default_rounds = 4\n");
  writeFileSync(config, `passlib = ${scheme}\n`);
  return config;
}

/** Starting runs beside everything else, because the first time takes a while. */
function output(program: string, args: readonly string[]): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { stdio: ["ignore", "pipe", "pipe"] });
    let [stdout, stderr] = ["", ""];
    child.stdout.on("data", (chunk) => {
      stdout += chunk;
    });
    child.stderr.on("data", (chunk) => {
      stderr += chunk;
    });
    child.on("error", reject);
    // The server lives on with our pipes, so the end of the program counts, not that of its output.
    child.on("exit", (code) => {
      child.stdout.destroy();
      child.stderr.destroy();
      if (code === 0) resolve(stdout);
      else reject(new Error(`${program} ended with ${code}\n${stderr.slice(-2_000)}`));
    });
  });
}
