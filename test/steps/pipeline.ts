import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { loadPipeline } from "../../src/config/load.js";
import type { Pipeline } from "../../src/config/pipeline.js";
import { loadProject } from "../../src/config/project.js";
import { connectors } from "../../src/connectors/index.js";

const FIELDS = {
  单号: { type: "string" },
  行: { type: "string" },
  状态: { type: "string" },
  类型: { type: "string" },
  金额: { type: "string", format: "decimal" },
  税额: { type: "string", format: "decimal" },
  部门: { type: "string" },
  日期: { type: "string", format: "date" },
  更新: { type: "string", format: "date-time" },
  分摊: { type: "string" },
  加急: { type: "boolean" },
};

/** A compiled pipeline whose document part and extra keys are given as YAML; records have the fields above. */
export async function aPipeline(parts: {
  readonly document: string;
  readonly source?: string;
  readonly extra?: string;
  /** The lookup 科目 by 类型, as CSV. */
  readonly accounts?: string;
}): Promise<Pipeline> {
  const folder = mkdtempSync(join(tmpdir(), "sync-steps-"));
  try {
    const required = ["单号", "行", "状态", "金额"];
    writeFileSync(join(folder, "line.json"), JSON.stringify({ type: "object", required, properties: FIELDS }));
    writeFileSync(join(folder, "accounts.csv"), parts.accounts ?? "类型,科目\n差旅,6601\n办公,6602\n");
    writeFileSync(join(folder, "chart.csv"), "code,name,type,parent\n6601,travel,expense,\n");
    writeFileSync(
      join(folder, "sync.yaml"),
      "store: s.db\npipelines: p.yaml\nconnections:\n  books: { connector: ledger, file: b.db, chart: chart.csv }\n",
    );
    const lookups = "lookups:\n  科目: { csv: accounts.csv, key: 类型 }\n";
    const source = `source:\n  connector: csv\n  files: "*.csv"\n  record: line.json\n  ${parts.source ?? "key: [单号, 行]"}\n`;
    writeFileSync(
      join(folder, "p.yaml"),
      `pipeline: p\n${source}${lookups}document:\n${parts.document}\n${parts.extra ?? ""}\ntarget: { connection: books }\n`,
    );
    const project = await loadProject(join(folder, "sync.yaml"), { env: {}, connectors });
    if (project.value === null) throw new Error(JSON.stringify(project.problems));
    const pipeline = await loadPipeline(join(folder, "p.yaml"), project.value, { connectors });
    if (pipeline.value === null) throw new Error(JSON.stringify(pipeline.problems, null, 2));
    return pipeline.value;
  } finally {
    rmSync(folder, { recursive: true });
  }
}

const ORDER = Object.keys(FIELDS);

/** Cells in schema order; what is not given is empty. */
export function cells(record: Readonly<Record<string, string>>): (string | null)[] {
  return ORDER.map((name) => record[name] ?? null);
}
