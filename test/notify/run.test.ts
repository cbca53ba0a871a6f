import { mkdirSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { exitOfProblem } from "../../src/cli/exit-codes.js";
import type { CommandContext } from "../../src/cli/io.js";
import { buildProgram } from "../../src/cli/program.js";
import { renderProblems } from "../../src/cli/render/problem.js";
import { ProblemError } from "../../src/model/problem.js";
import { Store } from "../../src/store/store.js";
import { mustNotComeOut, noteWhatCameOut, type Served, serve } from "../connectors/http-setup.js";

const TOKEN = "group-token-47110815";
const HEAD = "单据编号,支付日期,报销人,金额";

const pipelineFile = (name: string, more = ""): string => `pipeline: ${name}
source:
  connector: csv
  files: ../${name}/*.csv
  record: record.schema.json
document:
  type: journal
  key: \${单据编号}
  header: { date: "\${支付日期}", currency: CNY, text: "报销 \${报销人}" }
  lines:
    - { debit: "\${金额}", account: "6602" }
    - { each: document, credit: "\${sum(金额)}", account: "2241" }
target: { connection: books }
${more}`;

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

/** A project that posts into the embedded ledger, a robot that it tells, and the commands of the program in this process. */
class Office {
  readonly folder = mkdtempSync(join(tmpdir(), "sync-notify-"));
  readonly env: Record<string, string> = { ROBOT: "" };
  isTerminal = false;
  /** What the robot answers. */
  answer: unknown = { errcode: 0, errmsg: "ok" };
  private robot: Served | null = null;

  async open(): Promise<void> {
    mustNotComeOut(TOKEN);
    this.robot = await serve(() => ({ body: this.answer }));
    this.env["ROBOT"] = `${this.robot.url}/robot/send?access_token=${TOKEN}`;
    this.settings();
    this.write("chart.csv", "code,name,type\n6602,费用,expense\n2241,应付,liability\n");
    this.write("pipelines/record.schema.json", JSON.stringify(RECORD));
    this.write("pipelines/claims.yaml", pipelineFile("claims"));
    this.exports("claims", "day1", "BX1,2026-11-03,王小明,120.50");
  }

  /** `books`: further options of the ledger. */
  settings(channel = "    language: en", more = "", books = ""): void {
    this.write(
      "sync.yaml",
      `project: demo
connections:
  books: { connector: ledger, file: books.db, chart: chart.csv${books} }
notify:
  group:
    channel: dingtalk
    url: \${env.ROBOT}
${channel}
${more}`,
    );
  }

  write(name: string, text: string): void {
    const path = join(this.folder, name);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, text);
    // Long ago, so that nothing looks as if it were still being written.
    utimesSync(path, new Date("2020-01-01"), new Date("2020-01-01"));
  }

  exports(pipeline: string, name: string, ...rows: string[]): void {
    this.write(`${pipeline}/${name}.csv`, `${[HEAD, ...rows].join("\n")}\n`);
  }

  async sync(...args: string[]): Promise<{ readonly code: number; readonly out: string; readonly err: string }> {
    const out: string[] = [];
    const err: string[] = [];
    const io = {
      out: (text: string) => void out.push(text),
      err: (text: string) => void err.push(text),
      outIsTerminal: false,
      errIsTerminal: this.isTerminal,
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
    noteWhatCameOut(`${out.join("")}\n${err.join("")}`);
    return { code, out: out.join(""), err: err.join("") };
  }

  /** What the group was sent since the last question. */
  heard(): string[] {
    return (this.robot?.received.splice(0) ?? []).map(({ body }) => (JSON.parse(body) as { text: { content: string } }).text.content);
  }

  withStore<T>(work: (store: Store) => T): T {
    const store = Store.open(join(this.folder, ".sync/store.db"), { create: false, now: () => new Date() });
    try {
      return work(store);
    } finally {
      store.close();
    }
  }
}

let office: Office;
beforeEach(async () => {
  office = new Office();
  await office.open();
});
afterEach(() => rmSync(office.folder, { recursive: true, force: true }));

describe("a run tells", () => {
  test("what waits, how much was posted and what to type, once, and nothing that points to a person", async () => {
    office.exports("claims", "day1", "BX1,2026-11-03,王小明,120.50", "BX2,2026-11-03,李雷,二百元");
    expect(await office.sync("run", "--quiet")).toMatchObject({ code: 3, err: "" });
    const [text = ""] = office.heard();
    expect(text).toBe(
      [
        "sync demo: claims items wait",
        "",
        "1 item waits, amount not known yet",
        "  1 × a record of this document is in quarantine (DOCUMENT_BAD_RECORD)",
        "posted in this run: 1 document, 120.50 CNY",
        "next:",
        "  sync quarantine list --pipeline claims",
      ].join("\n"),
    );
    expect(await office.sync("run", "--quiet")).toMatchObject({ code: 3, err: "" });
    expect(office.heard()).toEqual([]);
    office.exports("claims", "day2", "BX3,2026-11-04,韩梅梅,x");
    await office.sync("run", "--quiet");
    expect(office.heard()).toEqual([expect.stringContaining("2 items wait, 1 of them new, amount not known yet")]);
    const log = (await office.sync("audit", "log")).out;
    expect(log.match(/people told +group: waiting/g)).toHaveLength(2);
  });

  test("the first keys where that is allowed, in the language of the channel", async () => {
    office.settings("    language: zh\n    details: keys");
    office.exports("claims", "day1", "BX1,2026-11-03,王小明,120.50", "BX2,2026-11-03,李雷,二百元");
    await office.sync("run", "--quiet");
    const [text = ""] = office.heard();
    expect(text).toBe(
      [
        "sync demo: claims 有待处理项",
        "",
        "待处理 1 项，金额尚不可知",
        "  1 × 有一行明细有误，整张单据等待处理（DOCUMENT_BAD_RECORD）",
        "  BX2",
        "本次过账 1 张单据，120.50 CNY",
        "接下来：",
        "  sync quarantine list --pipeline claims",
      ].join("\n"),
    );
  });

  test("how much the target refuses and holds", async () => {
    office.write("chart.csv", "code,name,type\n6602,费用,expense\n");
    await office.sync("run", "--quiet");
    expect(office.heard()).toEqual([expect.stringMatching(/1 item waits, 120\.50 CNY\n {2}1 × .*\(TARGET_REJECTED\)/)]);
    office.write("chart.csv", "code,name,type\n6602,费用,expense\n2241,应付,liability\n");
    office.settings("", "", ", periods: { closed_through: 2026-10 }");
    office.exports("claims", "day2", "BX9,2026-10-03,王小明,7.25");
    await office.sync("run", "--quiet");
    expect(office.heard()).toEqual([expect.stringMatching(/1 item waits, 7\.25 CNY\n {2}1 × the accounting period is closed/)]);
  });

  test("a failure once, and the first success after it", async () => {
    office.write("claims/day0.csv", "单据编号,金额\nBX1,1\n");
    expect(await office.sync("run", "claims", "--quiet")).toMatchObject({ code: 1 });
    expect(office.heard()).toEqual([
      "sync demo: claims failed\n\nstopped: a required column is missing (SOURCE_MISSING_COLUMN)\nnext:\n  sync runs 1",
    ]);
    await office.sync("run", "claims", "--quiet");
    expect(office.heard()).toEqual([]);
    rmSync(join(office.folder, "claims/day0.csv"));
    expect(await office.sync("run", "claims", "--quiet")).toMatchObject({ code: 0 });
    expect(office.heard()).toEqual([
      expect.stringMatching(/^sync demo: claims works again\n\nworks again: [\s\S]*1 document, 120\.50 CNY/),
    ]);
    await office.sync("run", "claims", "--quiet");
    expect(office.heard()).toEqual([]);
  });

  test("of every pipeline in one message", async () => {
    office.write("pipelines/later.yaml", pipelineFile("later", "after: claims\n"));
    office.exports("later", "day1", "LA1,2026-11-03,王小明,10.00");
    office.write("claims/day0.csv", "单据编号,金额\nBX1,1\n");
    expect(await office.sync("run", "--all", "--quiet")).toMatchObject({ code: 1 });
    const [text = "", ...more] = office.heard();
    expect(more).toEqual([]);
    expect(text).toMatch(/^sync demo: 2 pipelines: 2 failed\n\n■ claims\nstopped: .*\n[\s\S]*■ later\ncould not start: .*\(RUN_LEFT_OUT\)/);
    await office.sync("run", "--all", "--quiet");
    expect(office.heard()).toEqual([]);
    rmSync(join(office.folder, "claims/day0.csv"));
    expect(await office.sync("run", "--all", "--quiet")).toMatchObject({ code: 0 });
    expect(office.heard()).toEqual([expect.stringMatching(/^sync demo: 2 pipelines: 2 works again/)]);
  });

  test("only what its channels want to hear, about the pipelines they want to hear of", async () => {
    office.settings("    on: [failed]\n    pipelines: [claims]");
    office.exports("claims", "day1", "BX2,2026-11-03,李雷,二百元");
    await office.sync("run", "claims", "--quiet");
    expect(office.heard()).toEqual([]);
    office.write("pipelines/later.yaml", pipelineFile("later"));
    office.write("later/day0.csv", "单据编号,金额\nBX1,1\n");
    expect(await office.sync("run", "later", "--quiet")).toMatchObject({ code: 1 });
    expect(office.heard()).toEqual([]);
  });

  test("that documents wait for approval, and where the plan is", async () => {
    office.settings("", "approvers: { li.na: {} }\n");
    office.write("pipelines/claims.yaml", pipelineFile("claims", "approval: { by: [li.na] }\n"));
    await office.sync("run", "--quiet");
    expect(office.heard()).toEqual([
      expect.stringMatching(/1 document waits for a plan [\s\S]*sync approve \.sync\/plans\/claims-1\.plan$/),
    ]);
    await office.sync("run", "--quiet");
    expect(office.heard()).toEqual([]);
  });

  test("which environment it is, and each can have channels of its own", async () => {
    office.settings(
      "",
      "environments: { uat: { store: uat.db, notify: { group: { language: zh } } }, quiet: { notify: { group: { on: [] } } } }\n",
    );
    office.write("claims/day0.csv", "单据编号,金额\nBX1,1\n");
    await office.sync("run", "--env", "quiet", "--quiet");
    expect(office.heard()).toEqual([]);
    await office.sync("run", "--env", "uat", "--quiet");
    expect(office.heard()).toEqual([expect.stringMatching(/^sync demo \[uat\]: claims 运行失败[\s\S]*sync runs 1 --env uat$/)]);
  });
});

describe("a channel that fails", () => {
  test("leaves the run as it was, warns, and is told by the next run what is still so", async () => {
    office.answer = { errcode: 310000, errmsg: `sign not match for ${TOKEN}` };
    office.exports("claims", "day1", "BX1,2026-11-03,王小明,120.50", "BX2,2026-11-03,李雷,二百元");
    const ended = await office.sync("run", "--quiet");
    expect(ended.code).toBe(3);
    expect(ended.err).toContain("notice NOTIFY_FAILED: channel `group` could not be told: `errcode` 310000: sign not match for •••");
    expect((await office.sync("audit", "log")).out).toContain("group: waiting; could not be delivered");
    office.heard();
    office.answer = { errcode: 0, errmsg: "ok" };
    expect(await office.sync("run", "--quiet")).toMatchObject({ code: 3, err: "" });
    expect(office.heard()).toEqual([expect.stringContaining("claims items wait")]);
  });

  test("because it is described wrongly keeps no run from its work, and is found by validate", async () => {
    office.settings("    secrt: SEC-hidden-4711");
    mustNotComeOut("SEC-hidden-4711");
    const ended = await office.sync("run", "--quiet");
    expect(ended.code).toBe(0);
    expect(ended.err).toContain("unknown key `secrt`");
    expect(await office.sync("validate")).toMatchObject({ code: 2, out: expect.stringContaining("did you mean `secret`?") });
    expect(await office.sync("notify", "test")).toMatchObject({ code: 2, err: expect.stringContaining("unknown key `secrt`") });
    delete office.env["ROBOT"];
    office.settings();
    expect(await office.sync("run", "--quiet")).toMatchObject({ code: 0, err: expect.stringContaining("`ROBOT` is not set") });
  });
});

describe("a run that could not start", () => {
  test("is told once, although sync.yaml is broken, and that it starts again", async () => {
    office.settings("", "language: klingon\n");
    expect(await office.sync("run", "claims", "--quiet")).toMatchObject({ code: 2 });
    expect(office.heard()).toEqual([
      "sync demo: claims failed\n\ncould not start: a value of the wrong kind or out of range (CONFIG_WRONG_VALUE)\nnext:\n  sync validate",
    ]);
    await office.sync("run", "claims", "--quiet");
    expect(office.heard()).toEqual([]);
    office.settings();
    await office.sync("run", "claims", "--quiet");
    expect(office.heard()).toEqual([expect.stringMatching(/^sync demo: claims works again/)]);
  });

  test("because one pipeline of all is broken is told for the project, and the others run", async () => {
    office.write("pipelines/broken.yaml", "pipeline: broken\n");
    expect(await office.sync("run", "--all", "--quiet")).toMatchObject({ code: 2 });
    expect(office.heard()).toEqual([expect.stringMatching(/^sync demo: the project failed\n\ncould not start: .*CONFIG_MISSING_KEY/)]);
    rmSync(join(office.folder, "pipelines/broken.yaml"));
    await office.sync("run", "--all", "--quiet");
    expect(office.heard()).toEqual([expect.stringMatching(/^sync demo: the project works again/)]);
  });

  test("is no news for whoever sits at the terminal", async () => {
    office.isTerminal = true;
    expect(await office.sync("run", "clams", "--quiet")).toMatchObject({ code: 2 });
    expect(office.heard()).toEqual([]);
  });

  test("because another run is at work is told to nobody", async () => {
    await office.sync("run", "--quiet");
    const [from, until] = [new Date(), new Date(Date.now() + 60_000)].map((at) => at.toISOString()) as [string, string];
    const held = { host: "elsewhere", pid: 1, acquiredAt: from, renewedAt: from, expiresAt: until };
    office.withStore((store) => store.leases.put({ name: "claims", owner: "other", ...held }));
    expect(await office.sync("run", "claims", "--quiet")).toMatchObject({ code: 6 });
    expect(office.heard()).toEqual([]);
  });

  test("because the store is damaged is told by every run: nobody remembers what was told", async () => {
    office.write(".sync/store.db", "this is no database, but it is long enough to be read as one by a careless program");
    for (let night = 0; night < 2; night += 1) {
      expect(await office.sync("run", "claims", "--quiet")).toMatchObject({ code: 1 });
      expect(office.heard()).toEqual([expect.stringContaining("could not start: the store cannot be opened (STORE_UNREADABLE)")]);
    }
  });
});

describe("sync notify test", () => {
  test("sends what says that it is a test, and says how that went", async () => {
    expect(await office.sync("notify", "test")).toMatchObject({ code: 0, out: expect.stringMatching(/group +dingtalk +sent/) });
    expect(office.heard()).toEqual([expect.stringMatching(/^sync demo: test message\n\nThis is a test/)]);
    office.answer = { errcode: 300005, errmsg: "token is not exist" };
    const failed = await office.sync("notify", "test", "group", "--json");
    expect(failed.code).toBe(1);
    expect(JSON.parse(failed.out)).toEqual([{ channel: "group", kind: "dingtalk", sent: false, about: expect.stringContaining("300005") }]);
    expect(await office.sync("notify", "test", "grop")).toMatchObject({ code: 2, err: expect.stringContaining("did you mean `group`?") });
  });
});
