import { once } from "node:events";
import { createWriteStream, mkdirSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import iconv from "iconv-lite";

/** A generator of the mulberry32 family: the same seed gives the same numbers on every machine. */
function generator(seed: number): (below: number) => number {
  let state = seed >>> 0;
  return (below) => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below;
  };
}

export const TYPES = ["差旅费", "业务招待费", "办公费", "会议费", "培训费"];
const TEXT_COLUMNS = ["报销人", "部门", "法人实体", "事由", "项目编码", "城市", "供应商", "备注", "审批人"];
/** The columns of the export. */
export const HEADER = [
  "单据编号",
  "行号",
  "单据状态",
  "更新时间",
  "审批日期",
  "工号",
  "部门编码",
  "费用类型",
  "价税合计",
  "税额",
  "不含税金额",
  ...TEXT_COLUMNS,
];

export interface ExportOptions {
  /** UTF-8 when left out. */
  readonly encoding?: "utf-8" | "gb18030";
  /** One line in so many has an amount that is none. */
  readonly badEvery?: number;
  /** One line in so many has another reason than the same export without this. */
  readonly changedEvery?: number;
  /** All lines belong to one claim. */
  readonly isOneClaim?: boolean;
  /** Number of the last claim before the first of this file, so that files do not share claims. */
  readonly claimsBefore?: number;
}

/** Writes `lines` expense lines of 20 columns, about four to a claim, one in ten with a quoted cell. Returns the number of the last claim. */
export async function writeExport(
  file: string,
  lines: number,
  seed: number,
  { encoding = "utf-8", badEvery, changedEvery, isOneClaim = false, claimsBefore = 0 }: ExportOptions = {},
): Promise<number> {
  const isEvery = (n: number, every: number | undefined): boolean => every !== undefined && n % every === every - 1;
  const encoded = (text: string): string | Buffer => (encoding === "utf-8" ? text : iconv.encode(text, encoding));
  const random = generator(seed);
  const stream = createWriteStream(file);
  const money = (fen: number): string => `${Math.floor(fen / 100)}.${String(fen % 100).padStart(2, "0")}`;
  let buffer = `${HEADER.join(",")}\n`;
  let claim = claimsBefore;
  let line = 0;
  let left = 0;
  let day = "";
  for (let n = 0; n < lines; n += 1) {
    if (left === 0) {
      claim += 1;
      line = 0;
      left = isOneClaim ? lines : 1 + random(7);
      day = `2026-${String(1 + random(10)).padStart(2, "0")}-${String(1 + random(28)).padStart(2, "0")}`;
    }
    left -= 1;
    line += 1;
    const total = 100 + random(500_000);
    const tax = Math.floor(total / 20);
    const changed = isEvery(n, changedEvery) ? "改" : "";
    const reason = random(10) === 0 ? `"${changed}出差，见""附件"" ${n}"` : `${changed}客户拜访${n % 977}`;
    const amount = isEvery(n, badEvery) ? "见附件" : money(total);
    buffer += `BX${String(claim).padStart(9, "0")},${line},已审批,${day} 10:00:00,${day},${String(claim % 900).padStart(5, "0")},D${claim % 30},${TYPES[random(5)]},${amount},${money(tax)},${money(total - tax)},员工${claim % 900},部门${claim % 30},总公司,${reason},P${claim % 50},上海,供应商${n % 500},,经理${claim % 40}\n`;
    if (buffer.length > 1 << 20) {
      if (!stream.write(encoded(buffer))) await once(stream, "drain");
      buffer = "";
    }
  }
  stream.end(encoded(buffer));
  await once(stream, "finish");
  // Delivered a minute ago: waiting for a file to settle is not part of the job.
  const before = new Date(Date.now() - 60_000);
  utimesSync(file, before, before);
  return claim;
}

export interface WorkloadTarget {
  /** The options of the connection `there`, as YAML in one line. */
  readonly connection: string;
  /** What the pipeline says about it beside its name, as YAML indented by two blanks; empty for nothing. */
  readonly options: string;
}

export interface WorkloadSource {
  /** The options of the connection `exports`, as YAML in one line. */
  readonly connection: string;
  /** What the pipeline says about it beside its name, as YAML indented by two blanks. */
  readonly options: string;
}

export interface Workload {
  readonly source?: WorkloadSource;
  readonly target?: WorkloadTarget;
  /** Lines of a claim that agree in account and dimensions become one; true when left out. */
  readonly merges?: boolean;
}

const CSV: WorkloadSource = { connection: "{ connector: csv, folder: exports }", options: '  files: "*.csv"\n  encoding: utf-8\n' };
const LEDGER: WorkloadTarget = { connection: "{ connector: ledger, file: books.db, chart: lookups/chart.csv }", options: "" };

/** A project for the export in `folder/exports`: about fifteen expressions to a claim, posted into the embedded ledger or another target. */
export function writeProject(folder: string, { source = CSV, target = LEDGER, merges = true }: Workload = {}): void {
  const write = (name: string, text: string): void => {
    mkdirSync(join(folder, name, ".."), { recursive: true });
    writeFileSync(join(folder, name), text);
  };
  mkdirSync(join(folder, "exports"), { recursive: true });
  const types: Record<string, object> = {
    更新时间: { type: "string", format: "date-time" },
    审批日期: { type: "string", format: "date" },
    价税合计: { type: "string", format: "decimal" },
    税额: { type: "string", format: "decimal" },
    不含税金额: { type: "string", format: "decimal" },
  };
  write(
    "line.schema.json",
    JSON.stringify({
      type: "object",
      required: HEADER.slice(0, 12),
      properties: Object.fromEntries(HEADER.map((name) => [name, types[name] ?? { type: "string" }])),
    }),
  );
  write("lookups/accounts.csv", `费用类型,科目编码\n${TYPES.map((type, index) => `${type},66020${index + 1}\n`).join("")}`);
  write(
    "lookups/chart.csv",
    `code,name,type,parent\n2221,tax,liability,\n22210101,input tax,liability,2221\n2241,other payables,liability,\n224101,employees,liability,2241\n6602,expenses,expense,\n${TYPES.map((type, index) => `66020${index + 1},${type},expense,6602\n`).join("")}`,
  );
  write("sync.yaml", `store: store.db\nconnections:\n  exports: ${source.connection}\n  there: ${target.connection}\n`);
  write(
    "pipelines/main.yaml",
    `pipeline: main
source:
  connection: exports
${source.options}  record: ../line.schema.json
  key: [单据编号, 行号]
  cursor: { field: 更新时间 }
  delivers: lines
lookups:
  科目: { csv: ../lookups/accounts.csv, key: 费用类型 }
document:
  type: journal
  key: \${单据编号}
  when: \${单据状态 in ["已审批", "已支付"]}
  header: { date: "\${审批日期}", currency: CNY, text: "报销 \${单据编号} \${报销人}" }
  lines:
    - debit: \${不含税金额}
      account: \${科目[费用类型].科目编码}
      text: \${费用类型} \${shorten(事由 ?? "", 40)}
      dimensions: { 部门: "\${部门编码}", 项目: "\${项目编码}" }
    - when: \${税额 > 0}
      debit: \${税额}
      account: "22210101"
    - each: document
      credit: \${sum(价税合计)}
      account: "224101"
      partner: \${工号}
${merges ? "  merge by: [account, 部门, 项目]\n" : ""}checks:
  - require: \${sum(不含税金额) + sum(税额) == sum(价税合计)}
    else: net and tax differ from the total
target:
  connection: there
${target.options}`,
  );
}
