import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { cellsOf, cents } from "../real/rows.js";
import type { TrytonServer } from "./tryton-server.js";

export const hasHledger = spawnSync("hledger", ["--version"]).status === 0;

interface LineRow {
  readonly move: number;
  readonly date: string;
  readonly number: string;
  readonly account: string;
  /** Debit minus credit in the smallest unit, in the currency of the company and in that of the document; null where that is the same. */
  readonly amount: number;
  readonly second: number | null;
  readonly currency: string | null;
}

const LINES = `SELECT move.id AS move, move.date AS date, move.post_number AS number, account.code AS account,
    CAST(ROUND((line.debit - line.credit) * 100) AS INTEGER) AS amount,
    CAST(ROUND(line.amount_second_currency * 100) AS INTEGER) AS second, currency.code AS currency
  FROM account_move_line AS line JOIN account_move AS move ON move.id = line.move JOIN account_account AS account ON account.id = line.account
    LEFT JOIN currency_currency AS currency ON currency.id = line.second_currency
  WHERE move.state = 'posted' ORDER BY move.id, line.id`;

/** What Tryton has posted, as a journal for hledger, from Tryton's own tables. What is in another currency stands with what it is worth in that of the company. */
function journalOf(server: TrytonServer): string {
  const rows = server.rows<LineRow>(LINES);
  let text = "decimal-mark .\ncommodity CNY 1000.00\ncommodity GBP 1000.00\n";
  for (const account of new Set(rows.map((row) => row.account))) text += `account ${account}\n`;
  rows.forEach(({ move, date, number, account, amount, second, currency }, index) => {
    if (rows[index - 1]?.move !== move) text += `\n${date} * (${number})\n`;
    const worth = `CNY ${written(amount)}`;
    text += `    ${account}  ${second === null ? worth : `${currency} ${written(second)} @@ CNY ${written(Math.abs(amount))}`}\n`;
  });
  return text;
}

function written(minor: number): string {
  const digits = String(Math.abs(minor)).padStart(3, "0");
  return `${minor < 0 ? "-" : ""}${digits.slice(0, -2)}.${digits.slice(-2)}`;
}

/** The balances that hledger finds in the books once it has checked them, in the smallest unit: `660203 CNY` to 88000. Those that are zero are left out. */
export function checkedBalances(server: TrytonServer): Map<string, bigint> {
  const folder = mkdtempSync(join(tmpdir(), "sync-tryton-books-"));
  try {
    const file = join(folder, "books.journal");
    writeFileSync(file, journalOf(server));
    const hledger = (...args: string[]): string =>
      execFileSync("hledger", ["-f", file, ...args], {
        encoding: "utf8",
        env: { ...process.env, LC_ALL: "C.UTF-8" },
        maxBuffer: 1 << 28,
      });
    hledger("check", "--strict");
    const [, ...rows] = hledger("balance", "--flat", "--no-total", "--layout=bare", "-O", "csv").trim().split("\n");
    return new Map(
      rows.flatMap((row): [string, bigint][] => {
        const [account, currency, amount = ""] = cellsOf(row);
        const minor = cents(amount);
        if (minor === null) throw new Error(`hledger says ${row}`);
        return minor === 0n ? [] : [[`${account} ${currency}`, minor]];
      }),
    );
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
