import { createHash } from "node:crypto";
import { dirname } from "node:path";
import { stringify } from "yaml";
import { type Cron, runsOf } from "../../model/cron.js";
import type { Schedule } from "../../model/schedule.js";

/** A file for the host's own scheduler. */
export interface HostFile {
  readonly name: string;
  readonly text: string;
}

/** Pipelines that run together, in order. */
export interface HostGroup {
  readonly names: readonly string[];
  readonly schedule: Schedule;
}

export interface Host {
  readonly project: string;
  readonly environment: string | null;
  /** The `sync.yaml`, absolute. */
  readonly projectFile: string;
  /** The command that starts this program here: absolute paths. */
  readonly program: readonly string[];
  /** Of the container, for Kubernetes. */
  readonly image: string;
  /** The persistent volume claim that holds the project's folder, for Kubernetes. */
  readonly claim: string;
}

/** Where a container sees the project's folder. */
const MOUNTED = "/project";

/** The program itself decides whether a run is due: it knows the exceptions, and what ran. */
function runArguments({ names, schedule }: HostGroup, { environment }: Host, projectFile: string, waits: boolean): string[] {
  const where = ["--project", projectFile, ...(environment === null ? [] : ["--env", environment])];
  return ["run", ...names, "--if-scheduled", ...(waits && schedule.jitterMs > 0 ? ["--jitter"] : []), "--quiet", ...where];
}

/** What the exceptions are, for whoever reads the file. */
function daysOf({ only, except }: Schedule): string[] {
  const list = (rules: Schedule["except"]): string => rules.map(({ text }) => text).join(", ");
  return [...(only === null ? [] : [`only: ${list(only)}`]), ...(except.length === 0 ? [] : [`except: ${list(except)}`])];
}

// ---------------------------------------------------------------- cron

export function crontab(groups: readonly HostGroup[], host: Host): HostFile {
  const lines = [
    `# ${host.project}: printed by \`sync schedule print --cron\`; print it again when a schedule changes.`,
    "# Put these lines into the crontab of the user that runs sync: crontab -e",
    "# CRON_TZ is understood by cronie (Red Hat, SUSE, Arch). The cron of Debian and Ubuntu ignores it: there, use --systemd, or set the",
    "# time zone of the machine to this one.",
  ];
  let zone = "";
  for (const group of [...groups].sort((a, b) => (a.schedule.timeZone < b.schedule.timeZone ? -1 : 1))) {
    const { cron, timeZone } = group.schedule;
    if (timeZone !== zone) lines.push("", `CRON_TZ=${timeZone}`);
    zone = timeZone;
    for (const days of daysOf(group.schedule)) lines.push(`# ${days}`);
    const command = [...host.program, ...runArguments(group, host, host.projectFile, true)].map(shellWord).join(" ");
    // A line break is a `%` to cron.
    lines.push(`${cron.text}  ${command.replaceAll("%", "\\%")}`);
  }
  return { name: "crontab", text: `${lines.join("\n")}\n` };
}

function shellWord(text: string): string {
  return /^[\p{L}\p{N}_./:@=+-]+$/u.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}

// ---------------------------------------------------------------- systemd

export function systemdUnits(groups: readonly HostGroup[], host: Host): HostFile[] {
  return groups.flatMap((group) => {
    const unit = unitName(group, host, 200);
    const { cron, timeZone, jitterMs } = group.schedule;
    const about = `sync ${host.project}: ${group.names.join(", ")}`;
    const command = [...host.program, ...runArguments(group, host, host.projectFile, false)].map(systemdWord).join(" ");
    const service = section("Unit", [
      `Description=${specifiers(about)}`,
      "Wants=network-online.target",
      "After=network-online.target",
    ]).concat(
      "",
      section("Service", [
        "Type=oneshot",
        `WorkingDirectory=${specifiers(dirname(host.projectFile))}`,
        `ExecStart=${command}`,
        "# 3: done, and items wait.",
        "SuccessExitStatus=3",
        "# What was sent is finished before it stops.",
        "KillMode=mixed",
        "TimeoutStopSec=10min",
      ]),
    );
    const timer = section("Unit", [`Description=${specifiers(about)}`]).concat(
      "",
      section("Timer", [
        ...daysOf(group.schedule).map((days) => `# ${days}: the service runs, and decides`),
        `OnCalendar=${onCalendar(cron, timeZone)}`,
        "Persistent=true",
        "AccuracySec=1s",
        ...(jitterMs > 0 ? [`RandomizedDelaySec=${jitterMs / 1000}s`, "FixedRandomDelay=true"] : []),
      ]),
      "",
      section("Install", ["WantedBy=timers.target"]),
    );
    return [
      { name: `${unit}.service`, text: `${service.join("\n")}\n` },
      { name: `${unit}.timer`, text: `${timer.join("\n")}\n` },
    ];
  });
}

function section(name: string, lines: readonly string[]): string[] {
  return [`[${name}]`, ...lines];
}

/** As systemd.time(7) has it: `Mon..Fri *-*-* 02:30:00 Asia/Shanghai`. */
export function onCalendar({ minutes, hours, days, months, weekdays }: Cron, timeZone: string): string {
  const ofWeek = weekdays.length === 7 ? "" : `${weekdays.map((day) => WEEKDAYS[day]).join(",")} `;
  const date = `*-${component(months, 12)}-${component(days, 31)}`;
  return `${ofWeek}${date} ${component(hours, 24)}:${component(minutes, 60)}:00 ${timeZone}`;
}

const WEEKDAYS = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"];

function component(numbers: readonly number[], all: number): string {
  if (numbers.length === all) return "*";
  const two = (n: number): string => String(n).padStart(2, "0");
  return runsOf(numbers)
    .map(([from, to]) => (from === to ? two(from) : `${two(from)}..${two(to)}`))
    .join(",");
}

/** A word of a command line: `%` begins a specifier, `$` a variable. */
function systemdWord(text: string): string {
  const safe = specifiers(text).replaceAll("$", "$$$$");
  return /^[\p{L}\p{N}_./:@=+%-]+$/u.test(safe) ? safe : `"${safe.replace(/["\\]/g, "\\$&")}"`;
}

function specifiers(text: string): string {
  return text.replaceAll("%", "%%");
}

// ---------------------------------------------------------------- Kubernetes

/** One file of CronJobs, batch/v1. `timeZone` needs Kubernetes 1.27 or later. */
export function cronJobs(groups: readonly HostGroup[], host: Host): HostFile {
  const head = [
    `# ${host.project}: printed by \`sync schedule print --k8s\`; print it again when a schedule changes.`,
    `# The claim ${host.claim} holds the folder of sync.yaml and the store; secrets that sync.yaml reads from the environment stand in the`,
    `# secret ${secretName(host)}. Exit code 3 (done, and items wait) shows as a failed job.`,
  ];
  const documents = groups.map((group) => {
    const days = daysOf(group.schedule).map((text) => `# ${text}: the job runs, and decides\n`);
    return `---\n${days.join("")}${stringify(cronJob(group, host), { lineWidth: 0 })}`;
  });
  return { name: "cronjobs.yaml", text: `${head.join("\n")}\n${documents.join("")}` };
}

function cronJob(group: HostGroup, host: Host): object {
  const { cron, timeZone } = group.schedule;
  const container = {
    name: "sync",
    image: host.image,
    command: ["erp-sync"],
    args: runArguments(group, host, `${MOUNTED}/${host.projectFile.slice(dirname(host.projectFile).length + 1)}`, true),
    workingDir: MOUNTED,
    envFrom: [{ secretRef: { name: secretName(host), optional: true } }],
    volumeMounts: [{ name: "project", mountPath: MOUNTED }],
  };
  const pod = {
    restartPolicy: "Never",
    // What was sent is finished before it stops.
    terminationGracePeriodSeconds: 600,
    containers: [container],
    volumes: [{ name: "project", persistentVolumeClaim: { claimName: host.claim } }],
  };
  return {
    apiVersion: "batch/v1",
    kind: "CronJob",
    metadata: { name: unitName(group, host, 52), annotations: { "erp-sync/pipelines": group.names.join(", ") } },
    spec: {
      schedule: cron.text,
      timeZone,
      concurrencyPolicy: "Forbid",
      // A cluster that was down for long starts what it missed once.
      startingDeadlineSeconds: 3600,
      successfulJobsHistoryLimit: 3,
      failedJobsHistoryLimit: 3,
      // The next run goes on where one was broken off; a repeat at once would meet the same trouble.
      jobTemplate: { spec: { backoffLimit: 0, template: { spec: pod } } },
    },
  };
}

function secretName(host: Host): string {
  return plainName(["sync", host.project, host.environment ?? ""], 63);
}

// ---------------------------------------------------------------- names

function unitName({ names }: HostGroup, { project, environment }: Host, most: number): string {
  return plainName(["sync", project, environment ?? "", names[0] ?? ""], most);
}

/** Lower-case letters, digits and `-`, as systemd and Kubernetes both take it; where that loses something, a hash keeps names apart. */
function plainName(parts: readonly string[], most: number): string {
  const whole = parts.filter((part) => part !== "").join("-");
  const plain = whole.toLowerCase().replace(/[^a-z0-9]+/g, "-");
  if (plain === whole && plain.length <= most) return plain;
  const hash = createHash("sha256").update(parts.join("\n")).digest("hex").slice(0, 8);
  return `${plain.slice(0, most - 9).replace(/-+$/, "")}-${hash}`;
}
