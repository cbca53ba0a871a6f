import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll } from "vitest";
import { loadWorkspace, type Workspace } from "../../src/config/load.js";
import type { ProjectOptions } from "../../src/config/project.js";
import { connectors } from "../../src/connectors/index.js";
import type { Problem } from "../../src/model/problem.js";
import { vault } from "./vault-connector.js";

const folders: string[] = [];
afterAll(() => {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
});

export const registry = new Map([...connectors, ["vault", async () => vault] as const]);

export const SCHEMA = {
  type: "object",
  properties: {
    单据编号: { type: "string" },
    支付日期: { type: "string", format: "date" },
    费用类型: { type: "string" },
    金额: { type: "number" },
    部门: { type: "string" },
    比例: { type: "string" },
  },
  required: ["单据编号", "支付日期", "费用类型", "金额", "部门", "比例"],
};

const SYNC = `project: demo
connections:
  books: { connector: ledger, file: books.db, chart: chart.csv }
`;

export const PIPELINE = `pipeline: expense
source:
  connector: csv
  files: "*.csv"
  record: record.schema.json
document:
  type: journal
  key: \${单据编号}
  header: { date: "\${支付日期}", currency: CNY, text: "\${单据编号}" }
  lines:
    - debit: \${金额}
      account: 6602
    - credit: \${金额}
      account: "2241"
target:
  connection: books
`;

/** A project in a temporary folder: a working one, with these files added or replaced. */
export function aFolder(files: Readonly<Record<string, string | Uint8Array>> = {}): string {
  const folder = mkdtempSync(join(tmpdir(), "sync-config-"));
  folders.push(folder);
  const all: Record<string, string | Uint8Array> = {
    "sync.yaml": SYNC,
    "chart.csv": "code,name,type,parent\n6602,管理费用,expense,\n",
    "pipelines/expense.yaml": PIPELINE,
    "pipelines/record.schema.json": JSON.stringify(SCHEMA),
    ...files,
  };
  for (const [name, text] of Object.entries(all)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), text);
  }
  return folder;
}

export function load(folder: string, options: Partial<ProjectOptions> = {}): Promise<Workspace> {
  return loadWorkspace(join(folder, "sync.yaml"), { env: {}, connectors: registry, ...options });
}

/** `CODE file:line:column message` of each problem. */
export function told(problems: readonly Problem[]): string[] {
  return problems.map(({ code, at, message }) => `${code} ${at[0]?.file ?? ""}:${at[0]?.line ?? ""}:${at[0]?.column ?? ""} ${message}`);
}
