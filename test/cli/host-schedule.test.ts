import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { parseAllDocuments } from "yaml";
import { cronJobs, crontab, type Host, type HostGroup, onCalendar, systemdUnits } from "../../src/cli/render/host-schedule.js";
import { parseCron } from "../../src/model/cron.js";
import type { Schedule } from "../../src/model/schedule.js";

const HOST: Host = {
  project: "finance",
  environment: null,
  projectFile: "/srv/50% sync/sync.yaml",
  program: ["/usr/bin/node", "/opt/erp-sync/bin/sync.js"],
  image: "registry.example.com/erp-sync:0.1.0",
  claim: "finance-data",
};

function aGroup(names: string[], text: string, rest: Partial<Schedule> = {}): HostGroup {
  const read = parseCron(text);
  if ("fault" in read) throw new Error(read.fault.message);
  const calendar = { holidays: [], workdays: [] };
  return { names, schedule: { cron: read.cron, timeZone: "Asia/Shanghai", only: null, except: [], jitterMs: 0, calendar, ...rest } };
}

const LAST_DAY = { text: "last day of month", rule: { kind: "edge", edge: "last", count: 1, worked: false, of: "month" } } as const;
const GROUPS = [
  aGroup(["staff", "expense-to-gl"], "30 2 * * *", { jitterMs: 1_200_000 }),
  aGroup(["报销结账"], "*/20 22,23 * jan-mar mon-fri", { only: [LAST_DAY], timeZone: "Europe/Berlin" }),
];

const folder = mkdtempSync(join(tmpdir(), "sync-units-"));
afterAll(() => rmSync(folder, { recursive: true }));
const hasSystemd = spawnSync("systemd-analyze", ["--version"]).status === 0;

describe("for cron", () => {
  test("each line stands under its time zone, and the program decides what the exceptions say", () => {
    const lines = crontab(GROUPS, HOST)
      .text.split("\n")
      .filter((line) => !line.startsWith("# ") || line.includes("only"));
    expect(lines).toEqual([
      "",
      "CRON_TZ=Asia/Shanghai",
      "30 2 * * *  /usr/bin/node /opt/erp-sync/bin/sync.js run staff expense-to-gl --if-scheduled --jitter --quiet --project '/srv/50\\% sync/sync.yaml'",
      "",
      "CRON_TZ=Europe/Berlin",
      "# only: last day of month",
      "*/20 22,23 * 1-3 1-5  /usr/bin/node /opt/erp-sync/bin/sync.js run 报销结账 --if-scheduled --quiet --project '/srv/50\\% sync/sync.yaml'",
      "",
    ]);
  });
});

describe("for systemd", () => {
  test("there is a service and a timer for each, with names that systemd takes", () => {
    const files = systemdUnits(GROUPS, { ...HOST, environment: "uat" });
    expect(files.map(({ name }) => name)).toEqual([
      "sync-finance-uat-staff.service",
      "sync-finance-uat-staff.timer",
      expect.stringMatching(/^sync-finance-uat-[0-9a-f]{8}\.service$/),
      expect.stringMatching(/^sync-finance-uat-[0-9a-f]{8}\.timer$/),
    ]);
    expect(files[1]?.text).toBe(`[Unit]
Description=sync finance: staff, expense-to-gl

[Timer]
OnCalendar=*-*-* 02:30:00 Asia/Shanghai
Persistent=true
AccuracySec=1s
RandomizedDelaySec=1200s
FixedRandomDelay=true

[Install]
WantedBy=timers.target
`);
    expect(files[0]?.text).toContain(
      'ExecStart=/usr/bin/node /opt/erp-sync/bin/sync.js run staff expense-to-gl --if-scheduled --quiet --project "/srv/50%% sync/sync.yaml" --env uat\n',
    );
  });

  test("a cron expression becomes a calendar event", () => {
    expect(onCalendar(aGroup([], "*/20 22,23 * jan-mar mon-fri").schedule.cron, "UTC")).toBe(
      "Mon,Tue,Wed,Thu,Fri *-01..03-* 22..23:00,20,40:00 UTC",
    );
    expect(onCalendar(aGroup([], "0 9-17/4 1,15 * *").schedule.cron, "Europe/Berlin")).toBe("*-*-01,15 09,13,17:00:00 Europe/Berlin");
  });

  test.skipIf(!hasSystemd)("systemd itself understands the units, and sees the same times", () => {
    // The program must be there, or systemd refuses the unit.
    const here = { ...HOST, program: [process.execPath], projectFile: join(folder, "sync.yaml") };
    const files = systemdUnits(GROUPS, here);
    for (const { name, text } of files) writeFileSync(join(folder, name), text);
    const verified = spawnSync("systemd-analyze", ["verify", ...files.map(({ name }) => join(folder, name))], { encoding: "utf8" });
    const ours = `${verified.stdout}${verified.stderr}`
      .split("\n")
      .filter((line) => line.includes(folder) || line.includes("sync-finance"));
    expect(ours).toEqual([]);
    const event = onCalendar(aGroup([], "30 2 * * mon-fri").schedule.cron, "Asia/Shanghai");
    const shown = spawnSync("systemd-analyze", ["calendar", "--base-time=2026-11-27 00:00:00 UTC", event], {
      encoding: "utf8",
      env: { ...process.env, TZ: "UTC" },
    });
    // Friday 02:30 in Shanghai is over by then; the next is Monday, which is Sunday evening in UTC.
    expect(shown.stdout).toMatch(/Next elapse: Sun 2026-11-29 18:30:00 UTC/);
  });
});

describe("for Kubernetes", () => {
  test("each is a CronJob with the fields of batch/v1", () => {
    const { text } = cronJobs(GROUPS, HOST);
    const jobs = parseAllDocuments(text).map((document) => document.toJS());
    expect(jobs.length).toBe(2);
    expect(jobs[0]).toEqual({
      apiVersion: "batch/v1",
      kind: "CronJob",
      metadata: { name: "sync-finance-staff", annotations: { "erp-sync/pipelines": "staff, expense-to-gl" } },
      spec: {
        schedule: "30 2 * * *",
        timeZone: "Asia/Shanghai",
        concurrencyPolicy: "Forbid",
        startingDeadlineSeconds: 3600,
        successfulJobsHistoryLimit: 3,
        failedJobsHistoryLimit: 3,
        jobTemplate: {
          spec: {
            backoffLimit: 0,
            template: {
              spec: {
                restartPolicy: "Never",
                terminationGracePeriodSeconds: 600,
                containers: [
                  {
                    name: "sync",
                    image: "registry.example.com/erp-sync:0.1.0",
                    command: ["erp-sync"],
                    args: ["run", "staff", "expense-to-gl", "--if-scheduled", "--jitter", "--quiet", "--project", "/project/sync.yaml"],
                    workingDir: "/project",
                    envFrom: [{ secretRef: { name: "sync-finance", optional: true } }],
                    volumeMounts: [{ name: "project", mountPath: "/project" }],
                  },
                ],
                volumes: [{ name: "project", persistentVolumeClaim: { claimName: "finance-data" } }],
              },
            },
          },
        },
      },
    });
    expect(jobs[1]).toMatchObject({ spec: { schedule: "*/20 22,23 * 1-3 1-5", timeZone: "Europe/Berlin" } });
  });

  test("names are ones that Kubernetes takes, and stay apart", () => {
    const names = ["Staff", "staff", "员工", "部门", "a".repeat(80), `${"a".repeat(79)}b`];
    const groups = names.map((name) => aGroup([name], "0 1 * * *"));
    const found = parseAllDocuments(cronJobs(groups, HOST).text).map(
      (document) => (document.toJS() as { metadata: { name: string } }).metadata.name,
    );
    expect(new Set(found).size).toBe(names.length);
    for (const name of found) expect(name).toMatch(/^[a-z0-9]([a-z0-9-]{0,50}[a-z0-9])?$/);
  });
});
