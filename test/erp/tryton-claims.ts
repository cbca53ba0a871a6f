import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const EXAMPLE = fileURLToPath(new URL("../../fixtures/connectors/tryton/example", import.meta.url));
const HEADER = "单据编号,行号,状态,支付日期,报销人,工号,金额,税额,科目,部门";

/** The pipelines of the example that is shipped, and how their exports are called. */
const EXPORTS = { "expense-to-gl": "报销", "expense-to-ap": "应付" } as const;
export type PipelineName = keyof typeof EXPORTS;

export interface Claim {
  readonly code: string;
  readonly status?: string;
  readonly date?: string;
  readonly employee?: string;
  readonly account?: string;
  /** Gross and tax of each line. */
  readonly lines?: readonly (readonly [string, string])[];
}

const rowsOf = ({
  code,
  status = "已审批",
  date = "2026-11-20",
  employee = "E001",
  account = "660203",
  lines = [["106.00", "6.00"]],
}: Claim) => lines.map(([gross, tax], index) => [code, index + 1, status, date, "张三", employee, gross, tax, account, "D100"].join(","));

/** One pipeline of the shipped example in a folder of its own. */
export class ClaimsProject {
  readonly folder = mkdtempSync(join(tmpdir(), "tryton-example-"));
  readonly config = join(this.folder, "sync.yaml");
  readonly store = join(this.folder, "store.db");
  private nights = 0;

  /** `more` are further options of the target, on one line each. */
  constructor(
    readonly pipeline: PipelineName,
    ...more: readonly string[]
  ) {
    cpSync(EXAMPLE, this.folder, { recursive: true });
    for (const name of Object.keys(EXPORTS)) if (name !== pipeline) rmSync(join(this.folder, `${name}.yaml`));
    // The target stands at the end of the file.
    this.edit(`${pipeline}.yaml`, (text) => text + more.map((line) => `  ${line}\n`).join(""));
  }

  edit(name: string, change: (text: string) => string): void {
    const file = join(this.folder, name);
    writeFileSync(file, change(readFileSync(file, "utf8")));
  }

  /** The export of one night. */
  deliver(claims: readonly Claim[]): void {
    this.nights += 1;
    writeFileSync(join(this.folder, `${EXPORTS[this.pipeline]}-${this.nights}.csv`), `${[HEADER, ...claims.flatMap(rowsOf)].join("\n")}\n`);
  }

  dispose(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}

/** Claims of 1.06, 2.06, 3.06 …, with 0.06 of tax in each. */
export function manyClaims(count: number): Claim[] {
  return Array.from({ length: count }, (_, n): Claim => ({ code: `BX-${n}`, lines: [[`${n + 1}.06`, "0.06"]] }));
}

export interface MoveRow {
  readonly description: string;
  readonly state: string;
  readonly post_number: string | null;
  /** In the smallest unit. */
  readonly debit: number;
}

/** Every move with the sum of its debits, in the order in which they were made; for SQLite and PostgreSQL. */
export const MOVES = `SELECT move.description, move.state, move.post_number, CAST(ROUND(SUM(line.debit) * 100) AS INTEGER) AS debit
  FROM account_move AS move LEFT JOIN account_move_line AS line ON line.move = move.id
  GROUP BY move.id, move.description, move.state, move.post_number ORDER BY move.id`;
