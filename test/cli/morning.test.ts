import { appendFileSync, readFileSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";
import stringWidth from "string-width";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { Store } from "../../src/store/store.js";
import { command, type Said } from "./in-process.js";
import { emptyFolder } from "./sync.js";

const NIGHT = new Date("2026-11-20T02:00:00.000Z");
const MORNING = new Date("2026-11-20T08:05:00.000Z");

describe("the sample project, the morning after", () => {
  let folder = "";
  const at = (now: Date, ...args: string[]): Promise<Said> => command(folder, now, args);
  const onScreen = async (...args: string[]): Promise<string> =>
    (await command(folder, MORNING, [...args, "--no-color"], { terminal: true })).out;
  const storeOf = (): Store => Store.open(join(folder, ".sync/store.db"), { create: false, now: () => MORNING });
  /** Two more claims with the fee type that no account is known for, in another file. */
  const deliver = (): void => {
    const head = "单据编号,行号,单据状态,提交日期,审批日期,报销人,工号,部门编码,费用类型,事由,价税合计,税额,不含税金额";
    const line = (key: string, amount: string, type = "会议费") =>
      `${key},1,已审批,2026-11-07,2026-11-09,周强,00055,D03,${type},年会,${amount},0.00,${amount}\n`;
    const sound = Array.from({ length: 10 }, (_, index) => line(`BX2611002${index}`, "10.00", "办公费")).join("");
    const file = join(folder, "exports/expenses-2026-11-10.csv");
    writeFileSync(file, `${head}\n${line("BX26110007", "300.00")}${line("BX26110008", "1200.50")}${sound}`);
    utimesSync(file, new Date("2026-11-10"), new Date("2026-11-10"));
  };

  beforeAll(async () => {
    folder = emptyFolder();
    expect((await at(NIGHT, "init")).code).toBe(0);
    utimesSync(join(folder, "exports/expenses-2026-11-09.csv"), new Date("2026-11-09"), new Date("2026-11-09"));
    expect(await onScreen("status")).toContain("expense-to-gl  never ran\n\nno run is under way\n");
    expect((await at(NIGHT, "run", "--quiet")).code).toBe(3);
    deliver();
    expect((await at(new Date("2026-11-20T02:10:00.000Z"), "run", "--quiet")).code).toBe(3);
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  test("status is one screen", async () => {
    const screen = await onScreen("status");
    expect(screen).toBe(`sample, 2026-11-20 08:05 UTC

pipeline       last run       when     lag  waiting  in doubt
expense-to-gl  #2 items wait  5 h ago  5 h        4         0

money in limbo
  expense-to-gl  on the list  4  ?  cannot be built, amount unknown

waiting, by cause
  3  MAP_LOOKUP_MISSING   lookup \`科目\` has no row for \`会议费\`
  1  DOCUMENT_BAD_RECORD  \`价税合计\` is \`二百元\`, expected a number such as \`1,…

no run is under way

more: sync runs show RUN, sync quarantine list --by cause
`);
    const file = join(folder, "sync.yaml");
    const text = readFileSync(file, "utf8");
    writeFileSync(file, `language: zh\n${text}`);
    const chinese = await onScreen("status");
    const story = await onScreen("runs", "show");
    writeFileSync(file, text);
    expect(chinese).toMatch(/expense-to-gl {2}#2 有待处理项 {2}5 小时前 {2}5 小时 +4 +0/);
    expect(story).toContain("由 li.na 执行：sync run");
    for (const line of [...screen.split("\n"), ...chinese.split("\n"), ...story.split("\n")])
      expect(stringWidth(line), line).toBeLessThanOrEqual(80);
  });

  test("status as data", async () => {
    const [pipeline] = JSON.parse((await at(MORNING, "status", "--json")).out).pipelines;
    expect(pipeline).toMatchObject({
      pipeline: "expense-to-gl",
      last: { run: 2, kind: "run", status: "waiting", exitCode: 3 },
      waiting: 4,
      unconfirmed: 0,
      lag: { readAt: "2026-11-20T02:10:00.000Z", newest: { at: "2026-11-20T02:10:00.000Z", is: "reading" }, ms: 355 * 60_000 },
      causes: [
        { code: "MAP_LOOKUP_MISSING", n: 3, hint: "add the row to `科目`" },
        { code: "DOCUMENT_BAD_RECORD", n: 1 },
      ],
      limbo: { waiting: { items: 4, amounts: [], withoutAmount: 4, notAddedUp: 0 }, inDoubt: { items: 0 }, unsent: { items: 0 } },
    });
  });

  test("the next run, and one that should have been", async () => {
    const file = join(folder, "pipelines/expense-to-gl.yaml");
    const text = readFileSync(file, "utf8");
    const withSchedule = async (schedule: string): Promise<{ readonly row: string; readonly data: unknown }> => {
      writeFileSync(file, `${text}schedule: ${schedule}\n`);
      const row = (await onScreen("status")).split("\n").find((line) => line.startsWith("expense-to-gl")) ?? "";
      return { row, data: JSON.parse((await at(MORNING, "status", "--json")).out).pipelines[0].nextRun };
    };
    const found = {
      made: await withSchedule('{ cron: "0 2 * * *", timeZone: UTC }'),
      missed: await withSchedule('{ cron: "30 2 * * *", timeZone: UTC }'),
      inItsJitter: await withSchedule('{ cron: "0 8 * * *", timeZone: UTC, jitter: 3h }'),
    };
    writeFileSync(file, text);
    expect(found.made.row).toMatch(/ 4 {9}0 {2}in 17 h$/);
    expect(found.made.data).toEqual({ at: "2026-11-21T02:00:00.000Z", dueSince: null });
    expect(found.missed.row).toMatch(/ due 5 h ago$/);
    expect(found.missed.data).toEqual({ at: "2026-11-21T02:30:00.000Z", dueSince: "2026-11-20T02:30:00.000Z" });
    // It may still come: its time is not over.
    expect(found.inItsJitter.data).toEqual({ at: expect.stringMatching(/^2026-11-20T(08|09|10)/), dueSince: null });
  });

  test("a run that is under way, one whose process is gone, and one on another host", async () => {
    const store = storeOf();
    const lease = {
      owner: "test",
      acquiredAt: "2026-11-20T08:00:00.000Z",
      renewedAt: "2026-11-20T08:04:50.000Z",
      expiresAt: "2026-11-20T08:06:50.000Z",
    };
    store.leases.put({ ...lease, name: "expense-to-gl", host: hostname(), pid: process.pid });
    store.leases.put({ ...lease, name: "company A", host: hostname(), pid: 2 ** 22 + 1 });
    store.leases.put({
      ...lease,
      name: "other",
      host: "night",
      pid: 4711,
      renewedAt: "2026-11-20T05:00:00.000Z",
      expiresAt: "2026-11-20T05:02:00.000Z",
    });
    const screen = await onScreen("status");
    for (const name of ["expense-to-gl", "company A", "other"]) store.leases.release(name, "test");
    store.close();
    expect(screen).toMatch(/held by runs\n {2}company A +process 4194305 on \S+ +for 5 min +its process is gone\n/);
    expect(screen).toMatch(/ {2}expense-to-gl +process \d+ on \S+ +for 5 min +last sign of life 10 s ago\n/);
    expect(screen).toMatch(/ {2}other +process 4711 on night +for 5 min +no sign of life for 3 h\n/);
  });

  test("the story of a run, by its number, or the last one", async () => {
    const story = await onScreen("runs", "show", "1");
    expect(story).toContain(`
  started  2026-11-20 02:00:00 UTC, by li.na: sync run
           process ${process.pid} on ${hostname()}, version`);
    expect(story).toContain("  ended    2026-11-20 02:00:00 UTC, after 0.0 s, exit code 3\n");
    expect(story).toContain("taken from the source: 1\n  expenses-2026-11-09.csv  7 records\n");
    expect(story).toMatch(/in the target: 3\n {2}BX26110001 {2}posted {2}2026-11 记-0001 {2}1,954\.00 {2}CNY\n/);
    expect(story).toContain("what it was the first to meet, and still waits\n  1  DOCUMENT_BAD_RECORD: ");
    expect((await onScreen("runs", "show", "1", "--limit", "1")).split("\n")).toContain("  … and 2 more; show them with --limit 3");
    expect(await onScreen("runs", "1")).toBe(story);

    const last = await onScreen("runs", "show");
    expect(last).toContain("run 2: done, and items wait");
    expect(last).toContain("what waits now, by cause\n  3  MAP_LOOKUP_MISSING: lookup `科目` has no row for `会议费`\n");
    for (const args of [["last"], ["last", "expense-to-gl"], ["expense-to-gl"], ["2", "expense-to-gl"]])
      expect(await onScreen("runs", "show", ...args)).toBe(last);
    expect(await at(MORNING, "runs", "show", "9")).toMatchObject({ code: 1, err: expect.stringContaining("there is no run 9") });
    expect(await at(MORNING, "runs", "show", "expense-to-gI")).toMatchObject({
      code: 2,
      err: expect.stringContaining("did you mean `expense-to-gl`"),
    });
    expect(JSON.parse((await at(MORNING, "runs", "1", "--json")).out)).toMatchObject({
      id: 1,
      status: "waiting",
      exitCode: 3,
      started: { by: "li.na", full: false },
      counts: { posted: 3 },
      inTarget: { total: 3, shown: [{ document: "BX26110001", deed: "posted", amount: "1954.00", currency: "CNY" }, {}, {}] },
    });
  });

  test("past runs, also of one pipeline", async () => {
    const all = await at(MORNING, "runs");
    expect(all.out.trimEnd().split("\n")).toHaveLength(3);
    expect(await at(MORNING, "runs", "expense-to-gl")).toEqual(all);
    expect((await at(MORNING, "runs", "--pipeline", "expense-to-gl", "--limit", "1")).out.trimEnd().split("\n")).toHaveLength(2);
    expect(await at(MORNING, "runs", "nothing")).toMatchObject({ code: 2, err: expect.stringContaining("no pipeline `nothing`") });
  });

  test("what waits, by cause", async () => {
    const { out } = await at(MORNING, "quarantine", "list", "--by", "cause");
    expect(out).toContain(`3 items  MAP_LOOKUP_MISSING
  lookup \`科目\` has no row for \`会议费\`
  worth    an amount that nobody knows: the documents cannot be built
  since    2026-11-20 02:00 UTC
  items    BX26110005, BX26110007, BX26110008
  to do    add the row to \`科目\`
  then     sync quarantine retry --cause MAP_LOOKUP_MISSING
`);
    expect(out).toMatch(/\n4 items, 2 causes\n$/);
    const [first] = JSON.parse((await at(MORNING, "quarantine", "list", "--by", "cause", "--json")).out);
    expect(first).toMatchObject({ code: "MAP_LOOKUP_MISSING", n: 3, keys: ["BX26110005", "BX26110007", "BX26110008"] });
    expect((await at(MORNING, "quarantine", "list", "--about", "二百元")).out).toMatch(/BX26110006 .*\n\n1 item;/);
  });

  test("many are dropped only on purpose, each with its reason in the audit log", async () => {
    const drop = ["quarantine", "drop", "--cause", "map_lookup_missing", "--reason", "booked by hand"];
    const shown = await at(MORNING, ...drop);
    expect(shown).toMatchObject({ code: 2, err: "\nnothing was dropped; say `--yes` to drop them\n" });
    expect(shown.out).toContain("this would drop 3 items, worth an amount that nobody knows");
    expect(shown.out).toContain("BX26110005, BX26110007, BX26110008");
    expect(JSON.parse((await at(MORNING, ...drop, "--json")).out)).toMatchObject({ dropped: [], wouldDrop: [{ n: 3 }], inDoubt: 0 });
    expect((await at(MORNING, "quarantine", "list", "--dropped")).out).toBe("nothing was dropped\n");

    for (const wrong of [[], ["BX26110005", "--all"], ["--all", "--cause", "MAP_LOOKUP_MISSING"], ["BX26110005", "--reason", " "]])
      expect((await at(MORNING, "quarantine", "drop", "--reason", "x", ...wrong)).code, wrong.join(" ")).toBe(2);
    expect(await at(MORNING, "quarantine", "drop", "--cause", "MAP_LOKUP_MISSING", "--reason", "x", "--yes")).toMatchObject({
      code: 1,
      err: expect.stringContaining("did you mean `MAP_LOOKUP_MISSING`"),
    });

    const done = await at(MORNING, "quarantine", "drop", "--about", "会议费", "--reason", "booked by hand", "--yes");
    expect(done).toEqual({
      code: 0,
      out: "dropped 3 items, worth an amount that nobody knows: the documents cannot be built: booked by hand\n",
      err: "",
    });
    const log = JSON.parse((await at(MORNING, "audit", "log", "--json")).out) as {
      event: string;
      subject: string;
      detail: { reason?: string };
    }[];
    expect(log.filter(({ event }) => event === "item dropped").map(({ subject, detail }) => `${subject} ${detail.reason}`)).toEqual([
      "BX26110005 booked by hand",
      "BX26110007 booked by hand",
      "BX26110008 booked by hand",
    ]);
  });

  test("many are tried again at once, with what they are worth", async () => {
    appendFileSync(join(folder, "lookups/expense-accounts.csv"), "会议费,660203,管理费用-办公费\n");
    expect((await at(MORNING, "quarantine", "retry", "BX26110005", "BX26110007", "BX26110008", "--quiet")).code).toBe(3);
    const again = await at(MORNING, "quarantine", "retry", "--cause", "DOCUMENT_BAD_RECORD");
    expect(again).toMatchObject({
      code: 3,
      err: "trying 1 item again, worth an amount that nobody knows: the documents cannot be built\n",
    });
    expect(await at(MORNING, "quarantine", "retry", "--cause", "MAP_LOOKUP_MISSING")).toMatchObject({ code: 1, out: "" });
    expect(await at(MORNING, "quarantine", "retry")).toMatchObject({ code: 2, err: expect.stringContaining("`--cause CODE` or `--all`") });
    const last = JSON.parse((await at(MORNING, "status", "--json")).out).pipelines[0].last;
    expect(last).toMatchObject({ run: 4, kind: "retry" });
  });

  test("a pipeline whose file is broken still shows what waits of it", async () => {
    const file = join(folder, "pipelines/expense-to-gl.yaml");
    const text = readFileSync(file, "utf8");
    writeFileSync(file, "pipeline: expense-to-gl\n");
    const status = await at(MORNING, "status");
    const list = await at(MORNING, "quarantine", "list", "--by", "cause");
    writeFileSync(file, text);
    expect(status).toMatchObject({ code: 2, err: expect.stringContaining("CONFIG_MISSING_KEY") });
    expect(status.out).toMatch(/expense-to-gl {2}#4 items wait, retry .* 1 +0\n/);
    expect(list).toMatchObject({ code: 0, out: expect.stringContaining("1 item  DOCUMENT_BAD_RECORD") });
  });
});
