import { spawn } from "node:child_process";
import { readFileSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, describe, expect, test, vi } from "vitest";
import { run } from "../../src/cli/commands/run.js";
import { print, show } from "../../src/cli/commands/schedule.js";
import type { CommandContext } from "../../src/cli/io.js";
import type { RunOptions } from "../../src/cli/run-once.js";
import { Store } from "../../src/store/store.js";
import { aFolder, PIPELINE } from "../config/project-folder.js";
import { program } from "./sync.js";

const ROW = "单据编号,支付日期,费用类型,金额,部门,比例\n";
const CHART = "code,name,type,parent\n6602,管理费用,expense,\n2241,其他应付款,liability,\n";

/** A pipeline with files of its own. */
function aPipeline(name: string, extra = ""): string {
  return PIPELINE.replace("pipeline: expense", `pipeline: ${name}\n${extra}`).replace(
    'files: "*.csv"',
    `files: data/${name}-*.csv\n  settle: 0s`,
  );
}

/** Master data, two pipelines that come after it, and one that stands alone; each with one document to post. */
function aCompany(extra: Readonly<Record<string, string>> = {}): string {
  const folder = aFolder({
    "chart.csv": CHART,
    "pipelines/staff.yaml": aPipeline("staff", `tags: [master-data]\n${extra["staff"] ?? ""}`),
    "pipelines/expense.yaml": aPipeline("expense", `tags: [nightly]\nafter: staff\n${extra["expense"] ?? ""}`),
    "pipelines/travel.yaml": aPipeline("travel", `tags: [nightly]\nafter: [expense]\n${extra["travel"] ?? ""}`),
    "pipelines/bank.yaml": aPipeline("bank", extra["bank"] ?? ""),
    "pipelines/data/about.txt": "exports\n",
  });
  for (const name of ["staff", "expense", "travel", "bank"]) deliver(folder, `${name}-1`, `${ROW}${name}-1,2026-11-20,差旅,10.00,D01,1\n`);
  return folder;
}

/** A file of long ago, so that it does not look as if it were still being written, whatever the clock of the test says. */
function deliver(folder: string, name: string, text: string): void {
  const path = join(folder, `pipelines/data/${name}.csv`);
  writeFileSync(path, text);
  utimesSync(path, new Date("2020-01-01"), new Date("2020-01-01"));
}

/** A pipeline whose source has a file without its columns cannot do its work. */
function breakSource(folder: string, name: string): void {
  deliver(folder, `${name}-2`, "单据编号\nX\n");
}

function mend(folder: string, name: string): void {
  rmSync(join(folder, `pipelines/data/${name}-2.csv`));
}

interface Ran {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

const NIGHT = (): Date => new Date("2026-11-26T18:30:05Z");

/** Runs a command in this process; `onErr` sees what it writes to stderr, as on a terminal. */
async function inside(
  folder: string,
  work: (context: CommandContext) => Promise<number>,
  now = NIGHT,
  onErr: ((text: string) => void) | null = null,
): Promise<Ran> {
  let [out, err] = ["", ""];
  const io = {
    out: (text: string) => {
      out += text;
    },
    err: (text: string) => {
      err += text;
      onErr?.(text);
    },
    outIsTerminal: false,
    errIsTerminal: onErr !== null,
    columns: 100,
    rows: 40,
  };
  const code = await work({ io, cwd: folder, env: {}, now, actor: "test" });
  return { code, out, err };
}

function runs(folder: string, names: string[], options: RunOptions = {}, now?: () => Date): Promise<Ran> {
  return inside(folder, (context) => run(context, { quiet: true, ...options }, names), now);
}

/** `pipeline outcome` of each, from the JSON. */
function outcomes({ out }: Ran): string[] {
  return (JSON.parse(out) as { runs: { pipeline: string; outcome: string; status?: string }[] }).runs.map(
    ({ pipeline, outcome, status }) => `${pipeline} ${status ?? outcome}`,
  );
}

describe("several pipelines", () => {
  test("run in order, one block each, and a table at the end", async () => {
    const all = await runs(aCompany(), [], { all: true });
    expect(all.code).toBe(0);
    expect(all.err).toBe("");
    expect(all.out.match(/^run \d+: done/gm)?.length).toBe(4);
    expect(all.out).not.toContain("next:");
    expect(all.out.split("\n\n").at(-1)).toBe(`pipeline  read  posted  waiting  outcome
bank         1       1        0  done
staff        1       1        0  done
expense      1       1        0  done
travel       1       1        0  done
`);
  });

  test("are chosen by names or tags, and slips are told before anything is done", async () => {
    const folder = aCompany();
    await runs(folder, ["staff"]);
    expect(outcomes(await runs(folder, ["travel", "expense"], { json: true }))).toEqual(["expense done", "travel done"]);
    expect(outcomes(await runs(folder, [], { tag: ["nightly"], json: true }))).toEqual(["expense done", "travel done"]);
    expect(outcomes(await runs(folder, [], { tag: ["nightly", "master-data"], json: true }))[0]).toBe("staff done");
    await expect(runs(folder, [], { tag: ["nightli"] })).rejects.toThrow("no pipeline has the tag `nightli`");
    await expect(runs(folder, ["staff", "expence"])).rejects.toThrow("no pipeline `expence`");
    await expect(runs(folder, ["staff"], { all: true })).rejects.toThrow("exclude each other");
    await expect(runs(folder, [], { jitter: true })).rejects.toThrow("part of `--if-scheduled`");
    await expect(runs(folder, [], { ifScheduled: true })).rejects.toThrow("about which pipelines");
  });

  test("one that could not do its work stops those that need it, and no other", async () => {
    const folder = aCompany();
    breakSource(folder, "staff");
    const stopped = await runs(folder, [], { all: true });
    expect(stopped.code).toBe(1);
    expect(stopped.err).toContain("`expense` is left out: it comes after `staff`, which did not do its work");
    expect(stopped.out).toMatch(/^travel +left out: it comes after expense, which did not do its work$/m);
    const told = JSON.parse((await runs(folder, [], { all: true, json: true })).out);
    expect(told).toMatchObject({
      exitCode: 1,
      problems: [],
      runs: [
        { pipeline: "bank", outcome: "run", exitCode: 0 },
        { pipeline: "staff", status: "failed", exitCode: 1 },
        { pipeline: "expense", outcome: "left out", needs: ["staff"], problems: [{ code: "RUN_LEFT_OUT" }] },
        { pipeline: "travel", outcome: "left out", needs: ["expense"] },
      ],
    });
    // What is not run along counts by its last run; alone and by hand, a pipeline does as it is told.
    expect((await runs(folder, ["travel", "expense"])).code).toBe(1);
    expect((await runs(folder, ["expense"])).code).toBe(0);
    mend(folder, "staff");
    expect((await runs(folder, ["staff"])).code).toBe(0);
    expect((await runs(folder, ["travel", "expense"])).code).toBe(0);
  });

  test("`language: zh` closes in Chinese", async () => {
    const folder = aCompany();
    writeFileSync(join(folder, "sync.yaml"), `language: zh\n${readFileSync(join(folder, "sync.yaml"), "utf8")}`);
    breakSource(folder, "staff");
    const { out } = await runs(folder, ["staff", "expense"]);
    expect(out).toContain("未运行：须在 staff 之后，而后者未能完成");
  });
});

describe("--max-duration", () => {
  afterEach(() => {
    vi.useRealTimers();
  });

  test("stops after finishing what was sent, begins nothing more, and the next run goes on", async () => {
    const folder = aCompany();
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    const work = (context: CommandContext): Promise<number> => run(context, { all: true, maxDuration: "2h", color: false }, []);
    // The time is over in the middle of the first run.
    const stopped = await inside(folder, work, NIGHT, (text) => {
      if (text.includes("reading")) vi.advanceTimersByTime(7_200_000);
    });
    vi.useRealTimers();
    expect(stopped.err).toContain("`--max-duration` gives is over");
    expect(stopped.code).toBe(9);
    expect(stopped.out).toMatch(/^bank .*stopped on request/m);
    for (const name of ["staff", "expense", "travel"])
      expect(stopped.out).toMatch(new RegExp(`^${name} +not begun: asked to stop before$`, "m"));
    const next = await runs(folder, [], { all: true, json: true });
    expect(next.code).toBe(0);
    expect(JSON.parse(next.out).runs.map(({ counts }: { counts: { posted: number } }) => counts.posted)).toEqual([1, 1, 1, 1]);
  });

  test("is a time", async () => {
    for (const wrong of ["2", "0h", "2 hours", "999h", "h"])
      await expect(runs(aCompany(), [], { all: true, maxDuration: wrong })).rejects.toThrow("expected a time such as `90m` or `2h`");
  });
});

describe("--if-scheduled", () => {
  const at = (text: string) => (): Date => new Date(text);

  test("runs what is due once, and says when the next run is", async () => {
    const folder = aCompany({ bank: "schedule: { cron: 30 2 * * *, only: last day of month }\n" });
    const scheduled = { ifScheduled: true };
    // 2026-11-27 is not the last day, and the pipeline never ran.
    const early = await runs(folder, ["bank"], scheduled, at("2026-11-26T18:30:02Z"));
    expect(early).toEqual({ code: 0, out: "bank: not scheduled now; the next run is due Mon 2026-11-30 02:30 +08:00\n", err: "" });
    // The clock of this machine may be a little behind.
    expect(outcomes(await runs(folder, ["bank"], { ...scheduled, json: true }, at("2026-11-29T18:29:58Z")))).toEqual(["bank done"]);
    expect(outcomes(await runs(folder, ["bank"], { ...scheduled, json: true }, at("2026-11-30T18:30:00Z")))).toEqual([
      "bank not scheduled",
    ]);
    // The machine was off on the last day of December: the run is made up for when the scheduler calls again, and only once.
    expect(outcomes(await runs(folder, ["bank"], { ...scheduled, json: true }, at("2027-01-01T18:30:00Z")))).toEqual(["bank done"]);
    expect(outcomes(await runs(folder, ["bank"], { ...scheduled, json: true }, at("2027-01-02T18:30:00Z")))).toEqual([
      "bank not scheduled",
    ]);
  });

  test("one without a schedule is not run, and says so", async () => {
    const folder = aCompany({ bank: "schedule: { cron: 30 2 * * * }\n" });
    const found = await runs(folder, [], { all: true, ifScheduled: true, json: true }, at("2026-11-26T18:30:02Z"));
    expect(outcomes(found)).toEqual(["bank done", "staff not scheduled", "expense not scheduled", "travel not scheduled"]);
    expect(JSON.parse(found.out).runs[1].why).toEqual({ isScheduled: false, next: null });
  });

  test("what comes after a pipeline that failed last time is left out", async () => {
    const folder = aCompany({ expense: "schedule: { cron: 30 2 * * * }\n" });
    breakSource(folder, "staff");
    await runs(folder, ["staff"]);
    const found = await runs(folder, ["expense"], { ifScheduled: true }, at("2026-11-27T18:30:02Z"));
    expect(found).toMatchObject({ code: 1, out: "expense: left out: it comes after staff, which did not do its work\n" });
  });
});

describe("schedule", () => {
  const daily = "schedule: { cron: 30 2 * * *, jitter: 20m }\n";

  test("show lists the next runs, with the jitter that will be kept", async () => {
    const folder = aCompany({ bank: "schedule: { cron: 0 8 * * mon-fri, timeZone: Europe/London }\n", staff: daily, expense: daily });
    const shown = await inside(folder, (context) => show(context, { count: "1" }));
    expect(shown.code).toBe(0);
    const [, bank, staff = "", expense = ""] = shown.out.split("\n");
    expect(bank).toBe("bank      Fri 2026-11-27 08:00 +00:00     2026-11-27 08:00     Europe/London");
    // Linked by `after`, they begin as one.
    expect(staff.replace("staff  ", "expense")).toBe(expense);
    expect(staff).toMatch(/^staff {5}Fri 2026-11-27 02:(3|4)\d:\d\d \+08:00 {2}2026-11-26 18:(3|4)\d:\d\d {2}Asia\/Shanghai$/);
    expect(shown.out).toContain("\nwithout a schedule: travel\n");
    const json = JSON.parse((await inside(folder, (context) => show(context, { count: "2", json: true }))).out);
    expect(json.pipelines[0]).toEqual({
      pipeline: "bank",
      schedule: { cron: "0 8 * * 1-5", timeZone: "Europe/London", only: null, except: [], jitterSeconds: 0 },
      after: [],
      runs: [
        { at: "2026-11-27T08:00:00.000Z", local: "2026-11-27T08:00:00+00:00" },
        { at: "2026-11-30T08:00:00.000Z", local: "2026-11-30T08:00:00+00:00" },
      ],
    });
  });

  test("show says when a calendar was not carried on", async () => {
    const folder = aCompany({ bank: "schedule: { cron: 0 8 * * *, only: last workday of month }\n" });
    const file = join(folder, "sync.yaml");
    writeFileSync(file, `calendar: { holidays: [2026-10-01..2026-10-07] }\n${readFileSync(file, "utf8")}`);
    expect((await inside(folder, (context) => show(context, { count: "2" }))).err).toBe("");
    // The third is in January.
    expect((await inside(folder, (context) => show(context, { count: "3" }))).err).toContain("names no holidays of 2027");
  });

  test("print puts pipelines that belong together into one line, and needs to know for what", async () => {
    const folder = aCompany({ staff: daily, expense: daily, bank: daily });
    const printed = await inside(folder, (context) => print(context, { cron: true, claim: "erp-sync" }));
    expect(printed.out.match(/ run .* --if-scheduled/g)).toEqual([" run bank --if-scheduled", " run staff expense --if-scheduled"]);
    await expect(inside(folder, (context) => print(context, { claim: "" }))).rejects.toThrow("for which scheduler");
    await expect(inside(folder, (context) => print(context, { cron: true, k8s: true, claim: "" }))).rejects.toThrow("for which scheduler");
    await expect(inside(folder, (context) => print(context, { k8s: true, claim: "" }))).rejects.toThrow("container image");
    await expect(inside(aCompany(), (context) => print(context, { cron: true, claim: "" }))).rejects.toThrow("no pipeline has a schedule");
    const written = await inside(folder, (context) => print(context, { systemd: true, claim: "", out: "units" }));
    expect(written.out).toBe(
      ["bank.service", "bank.timer", "staff.service", "staff.timer"].map((name) => `units/sync-demo-${name}\n`).join(""),
    );
    expect(readFileSync(join(folder, "units/sync-demo-staff.timer"), "utf8")).toContain("RandomizedDelaySec=1200s\n");
  });
});

test("the built program watches: it makes up for a missed run once, and SIGTERM ends it", async () => {
  const hour = (new Date().getUTCHours() + 12) % 24;
  const folder = aCompany({ bank: `schedule: { cron: 0 ${hour} * * *, timeZone: UTC }\n` });
  await runs(folder, ["bank"], {}, () => new Date(Date.now() - 48 * 3_600_000));
  const child = spawn(process.execPath, [program, "watch", "--quiet"], { cwd: folder, env: { ...process.env, NO_COLOR: undefined } });
  let [out, err] = ["", ""];
  child.stderr.on("data", (text) => {
    err += text;
  });
  child.stdout.on("data", (text) => {
    out += text;
    if (/run 2: done/.test(out)) child.kill("SIGTERM");
  });
  const code = await new Promise((resolve) => child.on("close", resolve));
  expect(err).toContain("watching 1 pipeline");
  expect(err).toMatch(/bank: the run of \w{3} [\d-]+ \d\d:00 \+00:00 was missed, and is made now/);
  expect(code).toBe(0);
  const store = Store.openReadOnly(join(folder, ".sync/store.db"));
  expect(store.runs.list({ limit: 10 }).map(({ id, status }) => `${id} ${status}`)).toEqual(["2 done", "1 done"]);
  store.close();
});
