import { existsSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { Finding } from "../../src/cli/doctor/finding.js";
import { checkSchedules } from "../../src/cli/doctor/schedule.js";
import { allPipelines, openProject } from "../../src/cli/session.js";
import { programCommand } from "../../src/cli/version.js";
import { Store } from "../../src/store/store.js";
import { command } from "./in-process.js";
import { emptyFolder, sync } from "./sync.js";

const NIGHT = new Date("2026-11-20T02:31:00.000Z");
const MORNING = new Date("2026-11-20T08:05:00.000Z");
const NEXT_MORNING = new Date("2026-11-21T08:05:00.000Z");

let folder: string;
let crontabs: string[];
beforeEach(async () => {
  folder = emptyFolder();
  crontabs = [];
  await command(folder, NIGHT, ["init"]);
  const file = join(folder, "pipelines/expense-to-gl.yaml");
  writeFileSync(file, `${readFileSync(file, "utf8")}schedule: { cron: "30 2 * * *", timeZone: UTC }\n`);
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const units = (): string => join(folder, "units");
const print = (...args: string[]) => command(folder, NIGHT, ["schedule", "print", ...args]);

async function found(now: Date): Promise<Finding> {
  const io = { out: () => undefined, err: () => undefined, outIsTerminal: false, errIsTerminal: false, columns: 80, rows: 24 };
  const project = await openProject({ io, cwd: folder, env: {}, now: () => now, actor: "test" }, {});
  const { pipelines } = await allPipelines(project);
  const store = existsSync(project.store) ? Store.openReadOnly(project.store) : null;
  try {
    const host = { project: project.name, environment: null, projectFile: project.file, program: programCommand() };
    const [only, ...more] = checkSchedules(pipelines, store, host, { unitFolders: [units()], crontabs: () => crontabs }, now);
    expect(more).toEqual([]);
    return only as Finding;
  } finally {
    store?.close();
  }
}

/** As an administrator does it. */
async function enable(): Promise<void> {
  await print("--systemd", "--out", "units");
  mkdirSync(join(units(), "timers.target.wants"));
  symlinkSync("../sync-sample-expense-to-gl.timer", join(units(), "timers.target.wants/sync-sample-expense-to-gl.timer"));
}

const edit = (name: string, change: (text: string) => string): void =>
  writeFileSync(join(units(), name), change(readFileSync(join(units(), name), "utf8")));

describe("whether somebody starts the runs", () => {
  test("nobody, and it never ran", async () => {
    expect(await found(MORNING)).toMatchObject({
      check: "schedule of expense-to-gl",
      state: "look",
      found: "it never ran, and no timer and no crontab line for it was found here",
      hint: expect.stringContaining("sync schedule print"),
    });
  });

  test("nothing that can be seen, and no run is missing; then one is", async () => {
    await command(folder, NIGHT, ["run", "--quiet"]);
    expect(await found(MORNING)).toMatchObject({ state: "ok", found: expect.stringContaining("no run is missing") });
    expect(await found(NEXT_MORNING)).toMatchObject({
      state: "wrong",
      found: "expense-to-gl was due Sat 2026-11-21 02:30 +00:00 and was not run; no timer and no crontab line for it was found here",
    });
  });

  test("a timer: as printed, not enabled, of a former schedule, without its service", async () => {
    await enable();
    edit("sync-sample-expense-to-gl.service", (text) => text.replace("Type=oneshot", "Type=oneshot\nUser=sync"));
    expect(await found(MORNING)).toMatchObject({ state: "ok", found: expect.stringMatching(/^in .*\.timer, as printed now$/) });

    rmSync(join(units(), "timers.target.wants"), { recursive: true });
    expect(await found(MORNING)).toMatchObject({
      state: "look",
      found: expect.stringMatching(/\.timer is not enabled$/),
      hint: "systemctl enable --now sync-sample-expense-to-gl.timer",
    });

    edit("sync-sample-expense-to-gl.timer", (text) => text.replace("02:30:00", "03:30:00"));
    expect(await found(MORNING)).toMatchObject({
      state: "look",
      found: expect.stringMatching(/\.timer differs from what is printed now$/),
    });

    await print("--systemd", "--out", "units");
    rmSync(join(units(), "sync-sample-expense-to-gl.service"));
    expect(await found(MORNING)).toMatchObject({ state: "look", found: expect.stringMatching(/\.timer has no service beside it$/) });
  });

  test("a timer that is right, and a run that is missing all the same", async () => {
    await enable();
    await command(folder, NIGHT, ["run", "--quiet"]);
    expect(await found(NEXT_MORNING)).toMatchObject({
      state: "wrong",
      found: expect.stringMatching(/was not run; in .*\.timer$/),
      hint: expect.stringContaining("journalctl"),
    });
  });

  test("a crontab: the user's, the machine's with a user's name, and one at another time", async () => {
    const printed = (await print("--cron")).out;
    crontabs = [printed];
    expect(await found(MORNING)).toMatchObject({ state: "ok", found: "in a crontab, as printed now" });
    crontabs = [printed.replace("30 2 * * *  ", "30 2 * * * root ")];
    expect(await found(MORNING)).toMatchObject({ state: "ok" });
    crontabs = [printed.replace("30 2 * * *", "30 4 * * *")];
    expect(await found(MORNING)).toMatchObject({ state: "look", found: "a crontab has it at another time" });
    crontabs = [printed.replace("30 2 * * *", "# 30 2 * * *")];
    expect(await found(MORNING)).toMatchObject({ state: "look", found: expect.stringContaining("no crontab line") });
  });
});

test("what the built program prints starts the program", () => {
  const { code, out } = sync(folder, "schedule", "print", "--cron");
  expect(code).toBe(0);
  const [, program = ""] = /^30 2 \* \* \* {2}\S+ (\S+) run expense-to-gl /m.exec(out) ?? [];
  expect(readFileSync(program, "utf8")).toMatch(/^#!.*node/);
  const { out: checked } = sync(folder, "doctor", "--offline", "--json");
  expect((JSON.parse(checked) as Finding[]).find(({ check }) => check === "schedule of expense-to-gl")?.state).toBe("look");
});
