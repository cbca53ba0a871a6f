import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { loadWorkspace, type Workspace } from "../../src/config/load.js";
import type { ConnectorRegistry } from "../../src/config/registry.js";
import { connector as csv } from "../../src/connectors/csv/index.js";
import { type CaseResult, tryCase } from "../../src/run/case-result.js";
import { type CaseUpdate, updateCases } from "../../src/run/case-update.js";
import { SimTarget, simConnector } from "./sim-target.js";

const CONNECTORS: ConnectorRegistry = new Map([
  ["csv", async () => csv],
  ["sim", async () => simConnector(new SimTarget())],
]);

/** A voucher for each number: rows have 单号, 行, 状态, 金额 and 科目, of which a case must give the first and the amount. */
const JOURNAL = `document:
  type: journal
  key: \${单号}
  when: \${状态 == "好"}
  header: { date: 2026-11-20, currency: CNY, text: "报销 \${单号}" }
  lines:
    - { debit: "\${金额}", account: "\${科目}" }
    - { each: document, credit: "\${sum(金额)}", account: "2241" }`;

export const USUAL = "{ 行: 1, 状态: 好, 科目: 6601 }";

/** A project in a temporary folder with one pipeline, and its cases in a file beside it. */
export class CasePlace {
  readonly folder = mkdtempSync(join(tmpdir(), "sync-cases-"));
  source = "";
  document = JOURNAL;
  rest = "";
  target = "";

  constructor() {
    this.write("sync.yaml", "timeZone: Asia/Shanghai\nconnections:\n  there: { connector: sim }\n");
    const text = { type: "string" };
    this.write(
      "pipelines/line.schema.json",
      JSON.stringify({
        type: "object",
        required: ["单号", "行", "状态", "金额", "科目"],
        properties: { 单号: text, 行: text, 状态: text, 更新: text, 金额: { ...text, format: "decimal" }, 科目: text },
      }),
    );
  }

  write(name: string, text: string): void {
    const path = join(this.folder, name);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, text);
  }

  read(name: string): string {
    return readFileSync(join(this.folder, name), "utf8");
  }

  async load(tests: string): Promise<Workspace> {
    this.write("pipelines/p.test.yaml", tests);
    return this.loadInline("");
  }

  loadInline(tests: string): Promise<Workspace> {
    this.write(
      "pipelines/p.yaml",
      `pipeline: p
source:
  connector: csv
  files: none/*.csv
  record: line.schema.json
  ${this.source === "" ? "key: [单号, 行]" : this.source}
${this.document}
${this.rest}
target:
  connection: there
${this.target}
${tests}`,
    );
    return loadWorkspace(join(this.folder, "sync.yaml"), { env: {}, connectors: CONNECTORS });
  }

  /** Runs the cases of a file whose usual values are those of a good row. */
  async run(cases: string): Promise<CaseResult[]> {
    return this.runAll(await this.load(`usual: ${USUAL}\ncases:\n${cases}`));
  }

  async runAll(workspace: Workspace): Promise<CaseResult[]> {
    const [pipeline] = workspace.pipelines;
    if (pipeline === undefined || workspace.problems.length > 0) throw new Error(JSON.stringify(workspace.problems, null, 2));
    const results: CaseResult[] = [];
    for (const one of workspace.cases.get("p")?.cases ?? []) results.push(await tryCase(pipeline, one, "Asia/Shanghai"));
    return results;
  }

  /** Writes what came out into the file of the cases, and gives its text. */
  async update(tests: string): Promise<string> {
    const results = await this.runAll(await this.load(tests));
    const updates = results.flatMap(({ test, nights }) =>
      nights.flatMap(({ cameOut, differences }, index): CaseUpdate[] => {
        const night = test.nights[index];
        return night === undefined || differences.length === 0
          ? []
          : [{ path: night.path, expected: night.expected, cameOut, type: "journal" }];
      }),
    );
    return updateCases(tests, updates);
  }

  dispose(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}

/** The differences of a case as text: `about`, then its rows. */
export function told({ nights }: CaseResult): string[] {
  return nights.flatMap(({ differences }) =>
    differences.flatMap(({ about, tables }) => [
      about,
      ...tables.flat().map(({ sign, cells }) => `${sign} ${cells.filter((cell) => cell !== "").join(" | ")}`.trim()),
    ]),
  );
}
