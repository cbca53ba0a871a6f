import { mkdirSync, mkdtempSync, readFileSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { exitOfProblem } from "../../src/cli/exit-codes.js";
import type { CommandContext } from "../../src/cli/io.js";
import { buildProgram } from "../../src/cli/program.js";
import { renderProblems } from "../../src/cli/render/problem.js";
import { ProblemError } from "../../src/model/problem.js";

const HEAD = "单据编号,支付日期,报销人,金额";

const RECORD = {
  type: "object",
  required: ["单据编号", "支付日期", "报销人", "金额"],
  properties: {
    单据编号: { type: "string" },
    支付日期: { type: "string", format: "date" },
    报销人: { type: "string" },
    金额: { type: "string", format: "decimal" },
  },
};

/** A target over HTTP that is searched by our key in its path. */
export const HTTP_TARGET = (connection: string): string => `target:
  connection: ${connection}
  post:
    path: /vouchers
    body: { externalId: $.idempotencyKey, text: $.text }
    reference: $.number
    rejected: { when: { path: $.success, equals: false }, message: $.errorMessage }
  lookup: { path: "/vouchers/of/{$.idempotencyKey}", many: $.hits, found: $$.number }
  quiet: 0s
`;

/** A project whose pipelines read CSV files, and the commands of the program in this process. */
export class Office {
  readonly folder = mkdtempSync(join(tmpdir(), "sync-observed-"));
  readonly env: Record<string, string> = {};

  constructor() {
    this.write("chart.csv", "code,name,type\n6602,费用,expense\n2241,应付,liability\n");
    this.write("pipelines/record.schema.json", JSON.stringify(RECORD));
  }

  /** `more`: further keys of sync.yaml; `connections`: beside the books of the embedded ledger. */
  settings(more = "", connections = ""): void {
    this.write(
      "sync.yaml",
      `project: demo
connections:
  books: { connector: ledger, file: books.db, chart: chart.csv }
${connections}
${more}`,
    );
  }

  pipeline(name: string, target = "target: { connection: books }\n"): void {
    this.write(
      `pipelines/${name}.yaml`,
      `pipeline: ${name}
source: { connector: csv, files: "../${name}/*.csv", record: record.schema.json }
document:
  type: journal
  key: \${单据编号}
  header: { date: "\${支付日期}", currency: CNY, text: "报销 \${报销人}" }
  lines:
    - { debit: "\${金额}", account: "6602" }
    - { each: document, credit: "\${sum(金额)}", account: "2241" }
${target}`,
    );
  }

  exports(pipeline: string, name: string, ...rows: string[]): void {
    this.write(`${pipeline}/${name}.csv`, `${[HEAD, ...rows].join("\n")}\n`);
  }

  write(name: string, text: string): void {
    const path = join(this.folder, name);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, text);
    // Long ago, so that nothing looks as if it were still being written.
    utimesSync(path, new Date("2020-01-01"), new Date("2020-01-01"));
  }

  read(name: string): string {
    return readFileSync(join(this.folder, name), "utf8");
  }

  /** The lines of a log file. */
  lines(name: string): Readonly<Record<string, unknown>>[] {
    return linesOf(this.read(name));
  }

  async sync(...args: string[]): Promise<{ readonly code: number; readonly out: string; readonly err: string }> {
    const out: string[] = [];
    const err: string[] = [];
    const io = {
      out: (text: string) => void out.push(text),
      err: (text: string) => void err.push(text),
      outIsTerminal: false,
      errIsTerminal: false,
      columns: 200,
      rows: 50,
    };
    const context: CommandContext = { io, cwd: this.folder, env: this.env, now: () => new Date(), actor: "night" };
    let code = 0;
    try {
      await buildProgram(context, "test", (given) => {
        code = given;
      }).parseAsync(args, { from: "user" });
    } catch (cause) {
      if (!(cause instanceof ProblemError)) throw cause;
      err.push(renderProblems(cause.problems, { color: false }));
      code = exitOfProblem(cause.problems[0]?.code ?? "USAGE");
    }
    return { code, out: out.join(""), err: err.join("") };
  }

  close(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}

export function linesOf(text: string): Readonly<Record<string, unknown>>[] {
  return text
    .split("\n")
    .filter((line) => line.startsWith("{"))
    .map((line) => JSON.parse(line) as Readonly<Record<string, unknown>>);
}
