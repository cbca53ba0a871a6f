import { appendFileSync, rmSync, utimesSync } from "node:fs";
import { join } from "node:path";
import { BillsProject, type Booking, makeBills, PIPELINE, wantedBooks } from "../feed/bills.js";
import { erpTarget } from "../feed/erp-target.js";
import type { Random } from "../sim/random.js";

/** A branch of the company: its claims go through a pipeline of its own, by the clock of its own zone. */
export interface Branch {
  readonly name: "claims-to-erp" | "claims-to-books";
  readonly timeZone: string;
  /** When its pipeline runs, by its own clock: `02:30`. */
  readonly at: string;
  /** What its claim numbers begin from. */
  readonly first: number;
  readonly perNight: number;
}

interface Claim {
  readonly key: string;
  readonly date: string;
  readonly lines: readonly { readonly type: string; readonly net: bigint; readonly tax: bigint }[];
  readonly isVoid: boolean;
}

const ACCOUNTS: Readonly<Record<string, string>> = { 差旅费: "660201", 业务招待费: "660202", 办公费: "660203" };
const TYPES = Object.keys(ACCOUNTS) as [string, ...string[]];
/** A fee type that nobody has named an account for yet. */
const UNKNOWN = "会议费";
const UNKNOWN_ACCOUNT = "660203";

const SCHEMA = {
  title: "one line of a claim",
  type: "object",
  required: ["单号", "行号", "状态", "日期", "类型", "不含税金额", "税额"],
  properties: {
    单号: { type: "string" },
    行号: { type: "string" },
    状态: { type: "string", enum: ["已审批", "作废"] },
    日期: { type: "string", format: "date" },
    类型: { type: "string" },
    不含税金额: { type: "string", format: "decimal" },
    税额: { type: "string", format: "decimal" },
  },
};

/** A company with two branches: one posts into an ERP that fails, the other into the embedded ledger. */
export class Company extends BillsProject {
  private readonly claims = new Map<string, Claim>();
  private readonly branchOf = new Map<string, Branch>();
  private delivered = 0;
  private knowsAll = false;

  constructor(branches: readonly Branch[], erp: string, webhook: string) {
    super();
    const [connection, target] = erpTarget({ url: erp, quiet: "1s", concurrency: 2 });
    this.write("claim.schema.json", JSON.stringify(SCHEMA));
    this.nameAccounts(false);
    this.write(
      "sync.yaml",
      `project: night-shift\nstore: state/store.db\ntimeZone: Europe/Berlin\npipelines: "claims-*.yaml"\nconnections:\n  books:\n${connection}  ledger: { connector: ledger, file: state/books.db, chart: chart.csv }\n${webhook}`,
    );
    for (const branch of branches) {
      const to = branch.name === "claims-to-erp" ? target : "  connection: ledger\n";
      this.write(`${branch.name}.yaml`, `${pipelineText(branch)}target:\n${to}  changed: reverse and repost\n  gone: reverse\n`);
    }
    rmSync(join(this.folder, `${PIPELINE}.yaml`));
  }

  /** A row for the fee type that waits: from the next run on its claims can be built. */
  nameAccounts(all: boolean): void {
    this.knowsAll = all;
    const rows = [...Object.entries(ACCOUNTS), ...(all ? [[UNKNOWN, UNKNOWN_ACCOUNT]] : [])].map((row) => row.join(","));
    this.write("accounts.csv", `费用类型,科目\n${rows.join("\n")}\n`);
  }

  /** One evening's export: new claims, some that changed, one that was voided, and now and then one that cannot be mapped. */
  deliver(branch: Branch, night: number, date: string, random: Random): void {
    const from = branch.first + night * branch.perNight;
    const fresh = makeBills(branch.perNight, from).map(({ key, lines }, index): Claim => {
      const isUnknown = night % 7 === 3 && index === 0;
      const typed = lines.map(({ net, tax }) => ({ type: isUnknown ? UNKNOWN : random.pick(TYPES), net, tax }));
      return { key, date, lines: typed, isVoid: false };
    });
    const older = [...this.claims.values()].filter(({ key, isVoid }) => !isVoid && this.branchOf.get(key) === branch);
    const changed = random.some(older.slice(-30), 0.05).map((claim) => ({ ...claim, lines: claim.lines.map(oneCentMore) }));
    const voided = random.some(older.slice(-60, -30), 0.03).map((claim) => ({ ...claim, isVoid: true }));
    this.delivered += 1;
    const rows = [...fresh, ...changed, ...voided].flatMap((claim) => {
      this.claims.set(claim.key, claim);
      this.branchOf.set(claim.key, branch);
      const state = claim.isVoid ? "作废" : "已审批";
      return claim.lines.map(({ type, net, tax }, index) =>
        [claim.key, index + 1, state, claim.date, type, yuan(net), yuan(tax)].join(","),
      );
    });
    const name = `exports/${branch.name}/${String(this.delivered).padStart(4, "0")}.csv`;
    this.write(name, `单号,行号,状态,日期,类型,不含税金额,税额\n${rows.join("\n")}\n`);
    // A later file has the later word.
    const at = new Date(Date.UTC(2026, 0, 1) + this.delivered * 60_000);
    utimesSync(join(this.folder, name), at, at);
  }

  /** What the books of a branch must hold: each approved claim that can be mapped, once. */
  wanted(branch: Branch): Map<string, Booking> {
    const own = [...this.claims.values()].filter(({ key, isVoid }) => !isVoid && this.branchOf.get(key) === branch);
    const bills = own
      .filter((claim) => this.knowsAll || !isUnmapped(claim))
      .map(({ key, date, lines }) => ({
        key,
        date,
        lines: lines.map(({ type, net, tax }) => ({ account: ACCOUNTS[type] ?? UNKNOWN_ACCOUNT, net, tax })),
      }));
    return wantedBooks(bills);
  }

  /** What waits for a row of the lookup. */
  unmapped(): string[] {
    return this.knowsAll ? [] : [...this.claims.values()].filter((claim) => !claim.isVoid && isUnmapped(claim)).map(({ key }) => key);
  }

  note(text: string): void {
    appendFileSync(join(this.folder, "nights.log"), `${text}\n`);
  }
}

function isUnmapped({ lines }: Claim): boolean {
  return lines.some(({ type }) => type === UNKNOWN);
}

function oneCentMore<T extends { readonly net: bigint }>(line: T): T {
  return { ...line, net: line.net + 1n };
}

function yuan(cents: bigint): string {
  return `${cents / 100n}.${String(cents % 100n).padStart(2, "0")}`;
}

function pipelineText({ name, timeZone, at }: Branch): string {
  const [hour, minute] = at.split(":").map(Number);
  return `pipeline: ${name}
schedule: { cron: "${minute} ${hour} * * *", timeZone: ${timeZone} }
source:
  connector: csv
  files: exports/${name}/*.csv
  settle: 0s
  record: claim.schema.json
  key: [单号, 行号]
  delivers: documents
  dates: [yyyy-MM-dd]
lookups:
  科目: { csv: accounts.csv, key: 费用类型, missing: quarantine }
document:
  type: journal
  key: \${单号}
  when: \${状态 == "已审批"}
  header: { date: "\${日期}", currency: CNY, text: "报销 \${单号}" }
  lines:
    - { debit: "\${不含税金额}", account: "\${科目[类型].科目}" }
    - { when: "\${税额 != 0}", debit: "\${税额}", account: "22210101" }
    - { each: document, credit: "\${sum(不含税金额) + sum(税额)}", account: "224101" }
`;
}
