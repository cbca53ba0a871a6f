import { appendFileSync, readFileSync, rmSync, statSync, utimesSync, writeFileSync } from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { Store } from "../../src/store/store.js";
import { emptyFolder, sync } from "./sync.js";

/** As a run at work does; what is returned lets it go. */
function hold(folder: string): () => void {
  const store = Store.open(join(folder, ".sync/store.db"), { create: false, now: () => new Date() });
  const [from, until] = [new Date(), new Date(Date.now() + 60_000)].map((at) => at.toISOString()) as [string, string];
  const held = { host: hostname(), pid: process.pid, acquiredAt: from, renewedAt: from, expiresAt: until };
  store.leases.put({ name: "expense-to-gl", owner: "test", ...held });
  return () => {
    store.leases.release("expense-to-gl", "test");
    store.close();
  };
}

describe("the sample project, from an empty folder", () => {
  let folder = "";
  beforeAll(() => {
    folder = emptyFolder();
    expect(sync(folder, "init").code).toBe(0);
    utimesSync(join(folder, "exports/expenses-2026-11-09.csv"), new Date("2026-11-09"), new Date("2026-11-09"));
  });
  afterAll(() => {
    rmSync(folder, { recursive: true, force: true });
  });

  test("init never overwrites", () => {
    const again = sync(folder, "init");
    expect(again).toMatchObject({ code: 2, out: "" });
    expect(again.err).toContain("already has `sync.yaml`");
  });

  test("validate finds nothing wrong", () => {
    expect(sync(folder, "validate")).toEqual({ code: 0, out: "1 pipeline checked, no problem found: expense-to-gl\n", err: "" });
  });

  test("before the first run, looking around says what to do", () => {
    expect(sync(folder, "status")).toMatchObject({ code: 0, out: expect.stringContaining("never ran") });
    expect(sync(folder, "ledger", "balance")).toMatchObject({ code: 1, err: expect.stringContaining("made by the first `sync run`") });
    expect(sync(folder, "quarantine", "list")).toMatchObject({ code: 1, err: expect.stringContaining("there is no store") });
  });

  test("plan shows what would be posted and sends nothing", () => {
    const plan = sync(folder, "plan", "--detailed-exitcode");
    expect(plan.code).toBe(8);
    expect(plan.out).toContain("+ BX26110001  2026-11-03  1,954.00 CNY  报销 BX26110001 王**");
    expect(plan.out).toContain("plan: 3 to post, 0 to replace, 0 to reverse, 0 held");
    expect(plan.out).toMatch(/total +2,423\.50 +2,423\.50 {2}CNY/);
    expect(sync(folder, "ledger", "balance").code).toBe(1);
    const json = JSON.parse(sync(folder, "plan", "--json").out);
    expect(json.changes.map((change: { key: string; change: string }) => `${change.change} ${change.key}`)).toEqual([
      "create BX26110001",
      "create BX26110002",
      "create BX26110003",
    ]);
    expect(json.changes[0].after.lines[0]).toEqual({
      account: "660201",
      debit: "1014.68",
      text: "差旅费 上海出差 火车",
      dimensions: { 部门: "D01" },
    });
  });

  test("run posts, and the second run posts nothing", () => {
    const first = sync(folder, "run");
    expect(first).toMatchObject({ code: 3, err: "" });
    expect(first.out).toMatch(/posted +3 documents/);
    expect(first.out).toMatch(/waiting +2 items/);
    const second = JSON.parse(sync(folder, "run", "--json").out);
    expect(second).toMatchObject({ status: "waiting", counts: { posted: 0, kept: 3, waiting: 2 } });
    expect(sync(folder, "plan", "--detailed-exitcode").code).toBe(0);
  });

  test("the ledger can be looked at", () => {
    expect(JSON.parse(sync(folder, "ledger", "balance", "--json").out).totals).toEqual([
      { currency: "CNY", opening: "0.00", debit: "2423.50", credit: "2423.50", closing: "0.00" },
    ]);
    expect(sync(folder, "ledger", "journal", "--period", "2026-11", "--limit", "1").out).toContain("2026-11 记-0001  2026-11-03");
    expect(sync(folder, "ledger", "show", "BX26110003").out).toContain("[expense-to-gl/BX26110003/1]");
    expect(sync(folder, "ledger", "show", "记-0002").out).toContain("BX26110002");
    expect(sync(folder, "ledger", "balance", "--period", "november")).toMatchObject({ code: 2 });
    expect(sync(folder, "ledger", "export").out).toContain("660201 差旅费");
  });

  test("what waits can be listed, shown, retried and dropped", () => {
    const list = sync(folder, "quarantine", "list").out;
    expect(list).toContain("lookup `科目` has no row for `会议费`");
    expect(list).toContain("`价税合计` is `二百元`, expected a number such as `1,234.50`");
    expect(sync(folder, "quarantine", "list", "--by", "cause").out).toContain("1 item  MAP_LOOKUP_MISSING\n");
    const shown = sync(folder, "quarantine", "show", "BX26110006").out;
    expect(shown).toMatch(/价税合计 +二百元/);
    expect(shown).toMatch(/\nwhat it means and how to mend it: sync explain RECORD_INVALID\n$/);
    expect(sync(folder, "quarantine", "show", "BX26110099")).toMatchObject({
      code: 1,
      err: expect.stringContaining("is not in quarantine"),
    });

    appendFileSync(join(folder, "lookups/expense-accounts.csv"), "会议费,660203,管理费用-办公费\n");
    const retried = sync(folder, "quarantine", "retry", "BX26110005");
    expect(retried.code).toBe(3);
    expect(retried.out).toMatch(/posted +1 documents/);
    expect(sync(folder, "quarantine", "drop", "BX26110006")).toMatchObject({ code: 2 });
    // While a run is at work, which may be about to post it, a person has to wait.
    const release = hold(folder);
    expect(sync(folder, "quarantine", "drop", "BX26110006", "--reason", "withdrawn")).toMatchObject({
      code: 6,
      err: expect.stringContaining("another run holds `expense-to-gl`"),
    });
    release();
    expect(sync(folder, "quarantine", "drop", "BX26110006", "--reason", "typed by hand, withdrawn")).toMatchObject({ code: 0 });
    expect(sync(folder, "quarantine", "list").out).toBe("nothing waits\n");
    expect(sync(folder, "quarantine", "list", "--dropped").out).toContain("typed by hand, withdrawn");
    expect(sync(folder, "run").code).toBe(0);
  });

  test("a corrected export brings a dropped claim back", () => {
    const file = join(folder, "exports/expenses-2026-11-10.csv");
    const head = "单据编号,行号,单据状态,提交日期,审批日期,报销人,工号,部门编码,费用类型,事由,价税合计,税额,不含税金额";
    writeFileSync(file, `${head}\nBX26110006,1,已审批,2026-11-07,2026-11-09,周强,00055,D03,办公费,键盘,200.00,0.00,200.00\n`);
    utimesSync(file, new Date("2026-11-10"), new Date("2026-11-10"));
    const run = sync(folder, "run", "--json");
    expect(JSON.parse(run.out)).toMatchObject({ status: "done", counts: { posted: 1, waiting: 0 } });
  });

  test("status, runs and state tell the story", () => {
    expect(sync(folder, "status").out).toMatch(/expense-to-gl +#\d+ done .* 0 +0\n/);
    expect(sync(folder, "runs").out.split("\n").length).toBeGreaterThan(5);
    expect(sync(folder, "runs", "1").out).toContain("expense-to-gl");
    expect(sync(folder, "runs", "999")).toMatchObject({ code: 1 });
    expect(sync(folder, "state", "list").out).toMatch(/expense-to-gl +none +2/);
    expect(sync(folder, "state", "show").out).toContain("expenses-2026-11-10.csv");
    expect(sync(folder, "state", "show", "BX26110006").out).toContain("expense-to-gl/BX26110006/1");
    expect(sync(folder, "state", "set", "forget", "expenses-2026-11-08.csv")).toMatchObject({
      code: 1,
      err: expect.stringContaining("did you mean `expenses-2026-11-"),
    });
    // A run at work would write over it at its end.
    const release = hold(folder);
    const busy = { code: 6, err: expect.stringContaining("another run holds `expense-to-gl`") };
    expect(sync(folder, "state", "set", "forget", "expenses-2026-11-10.csv")).toMatchObject(busy);
    expect(sync(folder, "state", "set", "watermark", "2026-11-01")).toMatchObject(busy);
    release();
    expect(sync(folder, "state", "set", "watermark", "2026-11-01")).toMatchObject({ code: 2, err: expect.stringContaining("not set") });
    expect(sync(folder, "state", "set", "forget", "expenses-2026-11-10.csv").code).toBe(0);
    expect(JSON.parse(sync(folder, "run", "--json").out).counts).toMatchObject({ units: 1, unitsKnown: 1, unchanged: 1, posted: 0 });
  });

  test("another environment has its own store and books", () => {
    const run = JSON.parse(sync(folder, "run", "--env", "uat", "--json").out);
    expect(run.counts.posted).toBe(5);
    expect(sync(folder, "run", "--env", "nowhere")).toMatchObject({ code: 2, err: expect.stringContaining("CONFIG_UNKNOWN_ENVIRONMENT") });
  });

  test("summaries speak the language of the project", () => {
    const file = join(folder, "sync.yaml");
    const text = readFileSync(file, "utf8");
    writeFileSync(file, `language: zh\n${text}`);
    const run = sync(folder, "run");
    writeFileSync(file, text);
    expect(run.code).toBe(0);
    expect(run.out).toMatch(/第 \d+ 次运行：完成/);
    expect(run.out).toMatch(/保持 +5 张单据 {2}以前已过账且未变/);
  });

  test("the store and the books are readable by their owner only", () => {
    for (const name of [".sync/store.db", ".sync/books.db"]) expect(statSync(join(folder, name)).mode & 0o077).toBe(0);
  });

  test("run --all runs every pipeline, and the worst exit code wins", () => {
    expect(sync(folder, "run", "--all", "--quiet").code).toBe(0);
    writeFileSync(join(folder, "pipelines/broken.yaml"), "pipeline: broken\n");
    expect(sync(folder, "run", "--all", "--quiet")).toMatchObject({ code: 2, err: expect.stringContaining("CONFIG_MISSING_KEY") });
    expect(sync(folder, "run", "expense-to-gl").code).toBe(0);
    expect(sync(folder, "run", "expense-to-gI").err).toContain("did you mean `expense-to-gl`");
    rmSync(join(folder, "pipelines/broken.yaml"));
  });

  test("run --all leaves out what comes after a pipeline that could not do its work, and says so", () => {
    const first = readFileSync(join(folder, "pipelines/expense-to-gl.yaml"), "utf8");
    const needing = first.replace("pipeline: expense-to-gl", "pipeline: a-follow-up\nafter: expense-to-gl");
    writeFileSync(join(folder, "pipelines/a-follow-up.yaml"), needing);
    const ordered = sync(folder, "run", "--all", "--json");
    // Its name comes first, and it runs last.
    expect([...ordered.out.matchAll(/"pipeline": "([^"]+)"/g)].map(([, name]) => name)).toEqual(["expense-to-gl", "a-follow-up"]);
    writeFileSync(join(folder, "pipelines/expense-to-gl.yaml"), "pipeline: expense-to-gl\n");
    const stopped = sync(folder, "run", "--all", "--quiet");
    expect(stopped.err).toContain("`a-follow-up` is left out: it comes after `expense-to-gl`, which did not do its work");
    expect(stopped).toMatchObject({ code: 1, out: "a-follow-up: left out: it comes after expense-to-gl, which did not do its work\n" });
    writeFileSync(join(folder, "pipelines/expense-to-gl.yaml"), first);
    rmSync(join(folder, "pipelines/a-follow-up.yaml"));
  });

  test("the sample export is GB18030, as expense systems write it", () => {
    const bytes = readFileSync(join(folder, "exports/expenses-2026-11-09.csv"));
    expect(new TextDecoder("gb18030").decode(bytes)).toContain("单据编号");
    expect(() => new TextDecoder("utf-8", { fatal: true }).decode(bytes)).toThrow();
  });
});

describe("the command line", () => {
  test("wrong use gives exit code 2 and a word on what to do", () => {
    const folder = emptyFolder();
    expect(sync(folder, "run")).toMatchObject({ code: 2, out: "", err: expect.stringContaining("sync init") });
    expect(sync(folder, "rnu")).toMatchObject({ code: 2, err: expect.stringContaining("Did you mean run?") });
    expect(sync(folder, "run", "--quit")).toMatchObject({ code: 2 });
    expect(JSON.parse(sync(folder, "run", "--json").out).problems[0].code).toBe("CONFIG_NO_PROJECT");
    rmSync(folder, { recursive: true });
  });

  const commands = [
    ["run"],
    ["plan"],
    ["init"],
    ["validate"],
    ["status"],
    ["runs"],
    ["runs", "list"],
    ["runs", "show"],
    ["quarantine", "list"],
    ["quarantine", "show"],
    ["quarantine", "retry"],
    ["quarantine", "drop"],
    ["state", "list"],
    ["state", "show"],
    ["state", "set"],
    ["ledger", "balance"],
    ["ledger", "journal"],
    ["ledger", "show"],
    ["ledger", "export"],
    ["audit", "log"],
    ["audit", "verify"],
    ["audit", "export"],
    ["connectors", "list"],
    ["schedule", "show"],
    ["schedule", "print"],
    ["watch"],
  ];
  test.each(commands)("%s %s --help has examples", (...names) => {
    const help = sync(".", ...names.filter((name) => name !== undefined), "--help");
    expect(help).toMatchObject({ code: 0, err: "" });
    expect(help.out).toContain("Examples:\n  $ sync ");
  });

  test("a problem code is explained without a project, and an unknown one is refused", () => {
    const near = sync(emptyFolder(), "explain", "record_invald");
    expect(near).toMatchObject({ code: 2, out: "" });
    expect(near.err).toContain("hint: did you mean `RECORD_INVALID`?");
    expect(sync(".", "explain", "RECORD_INVALID", "--lang", "zh").out).toMatch(/^RECORD_INVALID {2}有一行不符合记录格式\n/);
  });

  test("--help and --version", () => {
    expect(sync(".", "--help").out).toContain("every document exactly once");
    expect(sync(".", "--version").out).toMatch(/^\d+\.\d+\.\d+\n$/);
    expect(sync(".", "connectors", "list").out).toContain("ledger");
  });
});
