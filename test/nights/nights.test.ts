import { spawn } from "node:child_process";
import { statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import Database from "better-sqlite3";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { dispositionOf, type ProblemCode } from "../../src/model/problem.js";
import { Store } from "../../src/store/store.js";
import { program } from "../cli/sync.js";
import type { Rule } from "../erp/faults.js";
import { RunningErp } from "../erp/running-erp.js";
import { documentOf } from "../feed/erp-target.js";
import { differences, erpBooks, ledgerBooks } from "../feed/final-books.js";
import { Random } from "../sim/random.js";
import { type Branch, Company } from "./company.js";
import { Office } from "./office.js";
import { Hearing, heard, type Morning } from "./oracle.js";

const NIGHTS = 30;
const STEP_MS = 30 * 60_000;
const DAY_MS = 86_400_000;
/** Whatever was missed in the night is made up for when the machines are on. */
const CATCH_UP = "09:00";

/** What can happen to the branch with the ERP in a night; the other one only misses nights. */
type Fate = "quiet" | "answers lost" | "refusals" | "down" | "throttled" | "machine off" | "killed";

const RULES: Readonly<Partial<Record<Fate, readonly Rule[]>>> = {
  "answers lost": [
    { fault: "commit and drop", every: 3 },
    { fault: "commit and 500", every: 5 },
    { fault: "503", every: 1, on: "find", retryAfter: "1" },
  ],
  refusals: [{ fault: "refuse", every: 6, of: "documents", message: "科目已停用" }],
  down: [
    { fault: "503", every: 1, retryAfter: "1" },
    { fault: "503", every: 1, on: "latest", retryAfter: "1" },
  ],
  throttled: [{ fault: "429", every: 2, retryAfter: "2" }],
};

/** All executions of statements in this process, whoever prepared them. */
let statements = 0;
const counted = new Map<string, (...args: unknown[]) => unknown>();
let prototype: Record<string, (...args: unknown[]) => unknown>;
afterAll(() => {
  for (const [name, real] of counted) prototype[name] = real;
});
beforeAll(() => {
  const db = new Database(":memory:");
  prototype = Object.getPrototypeOf(db.prepare("SELECT 1")) as Record<string, (...args: unknown[]) => unknown>;
  db.close();
  for (const name of ["run", "get", "all", "iterate"]) {
    const real = prototype[name] as (...args: unknown[]) => unknown;
    counted.set(name, real);
    prototype[name] = function (this: unknown, ...args: unknown[]) {
      statements += 1;
      return real.apply(this, args);
    };
  }
});

describe.each([
  // Berlin's 02:30 comes twice on 25 October, New York's 01:30 twice on 1 November.
  ["autumn", "2026-10-12T12:00:00Z", "01:30", 1],
  // Neither zone's 02:30 comes on 8 and 29 March.
  ["spring", "2026-03-02T12:00:00Z", "02:30", 2],
])("thirty nights in %s", (season, from, newYork, seed) => {
  const branches: readonly [Branch, Branch] = [
    { name: "claims-to-erp", timeZone: "Europe/Berlin", at: "02:30", first: 1, perNight: 10 },
    { name: "claims-to-books", timeZone: "America/New_York", at: newYork, first: 100_000, perNight: 5 },
  ];
  const random = new Random(seed);
  const fates = Array.from({ length: NIGHTS }, (_, night) => fateOf(night, random));
  const hearings = new Map(branches.map(({ name }) => [name, new Hearing()]));
  const nights: {
    readonly branch: string;
    readonly date: string;
    readonly morning: Morning;
    readonly told: string[];
    readonly hear: string[];
  }[] = [];
  const work: { readonly night: number; readonly statements: number }[] = [];
  const sizes: { readonly documents: number; readonly bytes: number }[] = [];
  let office: Office;
  let company: Company;
  let erp: RunningErp;

  beforeAll(async () => {
    office = await Office.open(new Date(from));
    erp = await RunningErp.start({ journal: join(office.folder, "erp.jsonl"), seed });
    company = new Company(branches, erp.url, office.webhook());
    office.work(company.folder);
    for (let night = 0; night < NIGHTS; night += 1) await passNight(night, fates[night] ?? "quiet");
    // Two quiet nights: whatever waited for the ERP is done with.
    for (const night of [NIGHTS, NIGHTS + 1]) await passNight(night, "quiet");
  }, 240_000);

  afterAll(async () => {
    await erp.stop();
    company.dispose();
    await office.close();
  });

  /** From noon to noon, as a machine's scheduler sees it. */
  async function passNight(night: number, fate: Fate): Promise<void> {
    company.note(`night ${night}: ${fate}`);
    if (night === 20) company.nameAccounts(true);
    for (const branch of branches) company.deliver(branch, night, office.now.toISOString().slice(0, 10), random);
    await erp.control({ rules: RULES[fate] ?? [] });
    const called = new Set<string>();
    const end = office.now.getTime() + DAY_MS;
    for (let at = office.now.getTime(); at < end; at += STEP_MS) {
      for (const branch of branches) {
        const [date = "", time = ""] = localTime(at, branch.timeZone).split(" ");
        const isFirst = time >= branch.at && time < CATCH_UP && !called.has(`${branch.name} ${date}`);
        // The clock that is put back shows the time twice, and a scheduler may call twice.
        if (!isFirst && time !== branch.at && time !== CATCH_UP) continue;
        if (time < CATCH_UP) called.add(`${branch.name} ${date}`);
        if (fate === "machine off" && time < CATCH_UP) continue;
        if (at > office.now.getTime()) office.now = new Date(at);
        if (fate === "killed" && isFirst && branch === branches[0]) await runAndKill(branch);
        else await call(branch, date, night);
      }
    }
    office.now = new Date(Math.max(end, office.now.getTime()));
    if (fate !== "killed") await expectReadable(night);
  }

  /** What cron types. */
  async function call(branch: Branch, date: string, night: number): Promise<void> {
    const before = lastRun(branch);
    const from = statements;
    const said = await office.sync("run", branch.name, "--if-scheduled", "--quiet");
    const cost = statements - from;
    const run = lastRun(branch);
    if (run === before) {
      expect([said.code, office.news()]).toEqual([0, []]);
      return;
    }
    const morning = morningOf(branch, run);
    const told = office.news();
    expect(told.length).toBeLessThanOrEqual(1);
    const hear = hearings.get(branch.name)?.expected(morning) ?? [];
    nights.push({ branch: branch.name, date, morning, told: heard(told, branch.name, run), hear });
    if (branch === branches[1]) work.push({ night, statements: cost });
    sizes.push(sizeOfStore());
  }

  /** The program itself, with the clock of this night, killed in the middle of its work. */
  async function runAndKill(branch: Branch): Promise<void> {
    const clock = join(office.folder, "clock");
    writeFileSync(clock, String(office.now.getTime() - Date.now()));
    const posts = erp.journalNow().count("post");
    await erp.control({ slowMs: 15 });
    const args = ["--import", new URL("shifted-clock.js", import.meta.url).href, program, "run", branch.name, "--if-scheduled", "--quiet"];
    const child = spawn(process.execPath, args, {
      cwd: company.folder,
      stdio: "ignore",
      env: { ...process.env, SYNC_TEST_CLOCK_SHIFT: clock },
    });
    const gone = new Promise((resolve) => child.once("exit", resolve));
    while (erp.journalNow().count("post") < posts + 4 && child.exitCode === null) await wait(5);
    child.kill("SIGKILL");
    await gone;
    await erp.control({ slowMs: 0 });
    expect(office.news()).toEqual([]);
  }

  /** The screen of the morning names whatever needs a person, and each code on it has a page. */
  async function expectReadable(night: number): Promise<void> {
    if (night % 10 !== 9 && fates[night] !== "down") return;
    const { out } = await office.sync("status", "--no-color");
    const last = nights.filter(({ branch }) => branch === branches[0].name).at(-1)?.morning;
    for (const code of last?.failed ?? []) expect(out).toContain(code);
    if ((last?.waiting.size ?? 0) > 0) expect(out).toContain("waiting, by cause");
    expect(out).toContain("next run");
    expect(out).not.toContain("due ");
    const story = (await office.sync("runs", "show", branches[0].name, "--no-color")).out;
    for (const code of last?.failed ?? []) expect(story).toContain(code);
  }

  function openStore<T>(look: (store: Store) => T): T {
    const store = Store.openReadOnly(company.store);
    try {
      return look(store);
    } finally {
      store.close();
    }
  }

  function lastRun({ name }: Branch): number {
    if (statSync(company.store, { throwIfNoEntry: false }) === undefined) return 0;
    return openStore((store) => store.runs.list({ pipeline: name, limit: 1 })[0]?.id ?? 0);
  }

  function morningOf({ name }: Branch, run: number): Morning {
    return openStore((store) => {
      const problems = store.runs.get(run)?.result?.problems ?? [];
      const failed = [...new Set(problems.map(({ code }) => code).filter((code: ProblemCode) => dispositionOf(code) === "stop"))].sort();
      const items = store.quarantine.list(store.pipelineId(name)).filter(({ status }) => status !== "dropped");
      const keys = (isDoubt: boolean): Set<string> =>
        new Set(items.filter(({ problem }) => (problem.code === "TARGET_UNCONFIRMED") === isDoubt).map(({ key }) => key));
      return { run, failed, waiting: keys(false), inDoubt: keys(true) };
    });
  }

  function sizeOfStore(): { documents: number; bytes: number } {
    return openStore((store) => ({
      documents: store.pipelineNames().reduce((sum, name) => sum + store.postings.countLive(store.pipelineId(name)), 0),
      bytes: statSync(company.store).size,
    }));
  }

  test("the faults did strike", async () => {
    expect(new Set(fates).size).toBe(7);
    const journal = await erp.journal();
    for (const fault of ["commit and drop", "commit and 500", "refuse", "503", "429"] as const)
      expect(journal.struck(fault), fault).toBeGreaterThan(0);
  });

  test("each pipeline did its work once in every night, by its own clock", () => {
    for (const { name } of branches) {
      const dates = nights.filter(({ branch }) => branch === name).map(({ date }) => date);
      const first = Date.parse(dates[0] ?? "");
      expect(dates).toEqual(dates.map((_, index) => new Date(first + index * DAY_MS).toISOString().slice(0, 10)));
      expect(dates.length).toBeGreaterThanOrEqual(NIGHTS + 2);
    }
  });

  test("every claim is in the books once, to the cent, and nothing waits", async () => {
    const [byErp, byLedger] = branches;
    const there = erpBooks(await erp.journal(), documentOf);
    expect([there.twice, differences(there.documents, company.wanted(byErp))]).toEqual([[], []]);
    const own = await ledgerBooks(company.folder);
    expect([own.twice, own.gaps, differences(own.documents, company.wanted(byLedger))]).toEqual([[], [], []]);
    expect(company.unmapped()).toEqual([]);
    for (const branch of branches) expect(morningOf(branch, lastRun(branch))).toMatchObject({ waiting: new Set(), inDoubt: new Set() });
  });

  test("people were told of every change, and of nothing else", () => {
    expect(nights.map(({ branch, date, told }) => [branch, date, told])).toEqual(
      nights.map(({ branch, date, hear }) => [branch, date, hear]),
    );
    expect(new Set(nights.flatMap(({ told }) => told))).toEqual(new Set(["failed", "waiting", "in doubt", "recovered"]));
  });

  test("the last nights cost as much as the first ones", () => {
    const cost = (from: number, to: number): number => {
      const some = work.filter(({ night }) => night >= from && night < to).map((each) => each.statements);
      return some.reduce((sum, each) => sum + each, 0) / some.length;
    };
    const perDocument = (at: number): number => {
      const { documents = 1, bytes = 0 } = sizes[Math.floor(at * (sizes.length - 1))] ?? {};
      return bytes / documents;
    };
    const messages = nights.filter(({ told }) => told.length > 0).length;
    console.log(
      `thirty nights in ${season}: ${nights.length} runs, ${messages} messages, ${sizes.at(-1)?.documents ?? 0} documents in the books; statements of a quiet pipeline ${Math.round(cost(2, 12))} a night at first, ${Math.round(cost(NIGHTS - 8, NIGHTS + 2))} at last; store ${Math.round(perDocument(0.5))} bytes a document half-way, ${Math.round(perDocument(1))} at last`,
    );
    expect(cost(NIGHTS - 8, NIGHTS + 2) / cost(2, 12)).toBeLessThan(1.25);
    expect(perDocument(1) / perDocument(0.5)).toBeLessThan(1.1);
  });
});

function fateOf(night: number, random: Random): Fate {
  const all: readonly Fate[] = ["quiet", "answers lost", "refusals", "down", "throttled", "machine off", "killed"];
  // Each comes at least once; the rest as it comes, a killed process rarely, because it is one.
  const drawn = random.chance(0.45) ? "quiet" : random.pick<Fate>(["answers lost", "refusals", "down", "throttled", "machine off"]);
  return night % 4 === 1 ? (all[Math.floor(night / 4) % all.length] as Fate) : drawn;
}

const formats = new Map<string, Intl.DateTimeFormat>();

/** `2026-10-25 02:30`: an instant by the clock of a zone. */
function localTime(at: number, timeZone: string): string {
  let format = formats.get(timeZone);
  if (format === undefined) {
    format = new Intl.DateTimeFormat("sv-SE", { timeZone, dateStyle: "short", timeStyle: "short" });
    formats.set(timeZone, format);
  }
  return format.format(at);
}
