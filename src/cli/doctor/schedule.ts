import { execFileSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import type { Pipeline } from "../../config/pipeline.js";
import type { Store } from "../../store/store.js";
import { comingRun, type Scheduled, scheduleGroups, shownTime } from "../due.js";
import { crontab, type Host, type HostFile, type HostGroup, systemdUnits } from "../render/host-schedule.js";
import { type Finding, look, ok, wrong } from "./finding.js";

/** Where a machine keeps what its schedulers are to do. */
export interface Schedulers {
  /** Folders of systemd's units, of the machine and of this user. */
  readonly unitFolders: readonly string[];
  /** The texts of all crontabs that can be read, the machine's and this user's. */
  readonly crontabs: () => readonly string[];
}

/** Those of this machine. A crontab of another user cannot be read. */
export function schedulersHere(): Schedulers {
  return {
    unitFolders: [
      "/etc/systemd/system",
      "/usr/local/lib/systemd/system",
      "/usr/lib/systemd/system",
      join(homedir(), ".config/systemd/user"),
    ],
    crontabs: () => [...ownCrontab(), ...["/etc/crontab", ...filesOf("/etc/cron.d")].flatMap(textOf)],
  };
}

/**
 * Whether the runs that the schedules ask for are started by somebody: for each entry of this project, a systemd timer or a crontab line as
 * `sync schedule print` writes it now, and enabled; and whether a run is missing already. Kubernetes and `sync watch` cannot be seen from
 * here: where nothing is found, and no run is missing, the runs themselves are the proof.
 */
export function checkSchedules(
  pipelines: readonly Pipeline[],
  store: Store | null,
  host: Omit<Host, "image" | "claim">,
  schedulers: Schedulers,
  now: Date,
): Finding[] {
  const groups = scheduleGroups(pipelines);
  if (groups.length === 0) return [];
  const crontabs = schedulers.crontabs();
  return groups.map((group) => {
    const [first] = group;
    const entry = { names: group.map(({ name }) => name), schedule: first.schedule };
    const found = [...timerOf(entry, host, schedulers.unitFolders), ...cronOf(entry, host, crontabs)];
    return judge(first, group, found, pipelines, store, now);
  });
}

/** An entry for this project in one of the machine's schedulers; `fault`: why it does not do what the schedule says. */
interface Entry {
  readonly where: string;
  readonly fault: { readonly found: string; readonly hint: string } | null;
}

function judge(
  first: Scheduled,
  group: readonly Scheduled[],
  entries: readonly Entry[],
  pipelines: readonly Pipeline[],
  store: Store | null,
  now: Date,
): Finding {
  const check = `schedule of ${first.name}`;
  const late = group.flatMap((pipeline) => {
    const since = comingRun(pipeline, pipelines, store, now)?.dueSince ?? null;
    return since === null ? [] : [`${pipeline.name} was due ${shownTime(since, pipeline.schedule.timeZone)} and was not run`];
  });
  const faulty = entries.find(({ fault }) => fault !== null);
  const sound = entries.find(({ fault }) => fault === null);
  const is = sound === undefined ? (faulty === undefined ? null : `${faulty.where} ${faulty.fault?.found}`) : `in ${sound.where}`;
  if (late.length > 0) {
    const text = `${late.join("; ")}${is === null ? "; no timer and no crontab line for it was found here" : `; ${is}`}`;
    const cure = sound === undefined ? (faulty?.fault?.hint ?? INSTALL) : "see why it did not start: `journalctl -u`, or cron's log";
    return wrong(check, text, cure);
  }
  if (sound !== undefined) return ok(check, `${is}, as printed now`);
  if (faulty?.fault !== undefined && faulty.fault !== null) return look(check, is ?? "", faulty.fault.hint);
  const neverRan = store === null || !group.every(({ name }) => store.pipelineNames().includes(name));
  if (neverRan) return look(check, "it never ran, and no timer and no crontab line for it was found here", INSTALL);
  return ok(check, "no run is missing; what starts them is not seen from here");
}

const INSTALL = "`sync schedule print` writes the files for cron, systemd or Kubernetes; `sync watch` needs none";
const PRINT_AGAIN = "print it again with `sync schedule print`, and put it there";

/** A unit that an administrator added a line to, such as `User=`, still is the printed one; a line that lacks or differs is not. */
function timerOf(entry: HostGroup, host: Omit<Host, "image" | "claim">, folders: readonly string[]): Entry[] {
  const units = systemdUnits([entry], { ...host, image: "", claim: "" });
  const timer = units.find(({ name }) => name.endsWith(".timer"));
  if (timer === undefined) return [];
  return folders.flatMap((folder): Entry[] => {
    const where = join(folder, timer.name);
    if (!existsSync(where)) return [];
    const differs = units.find((unit) => !isAsPrinted(unit, join(folder, unit.name)));
    if (differs !== undefined) {
      const path = join(folder, differs.name);
      const fault = existsSync(path)
        ? { where: path, found: "differs from what is printed now" }
        : { where, found: "has no service beside it" };
      return [{ where: fault.where, fault: { found: fault.found, hint: PRINT_AGAIN } }];
    }
    if (folders.some((each) => existsSync(join(each, "timers.target.wants", timer.name)))) return [{ where, fault: null }];
    return [{ where, fault: { found: "is not enabled", hint: `systemctl enable --now ${timer.name}` } }];
  });
}

function isAsPrinted({ text }: HostFile, path: string): boolean {
  const there = new Set(textOf(path).flatMap(settings));
  return settings(text).every((line) => there.has(line));
}

/** Lines that say something. */
function settings(text: string): string[] {
  return text.split("\n").flatMap((line) => (/^\s*(?:#|;|$)/.test(line) ? [] : [line.trim()]));
}

/** The line must be there word for word; in the machine's own crontabs the user's name stands between time and command. */
function cronOf(entry: HostGroup, host: Omit<Host, "image" | "claim">, crontabs: readonly string[]): Entry[] {
  const printed = crontab([entry], { ...host, image: "", claim: "" }).text;
  const line = settings(printed).find((each) => !each.startsWith("CRON_TZ=")) ?? "";
  const [time = "", command = ""] = split(line);
  const lines = crontabs.flatMap(settings).filter((each) => each.endsWith(command));
  if (lines.length === 0) return [];
  const isSame = lines.some((each) => split(each)[0] === time);
  return [{ where: "a crontab", fault: isSame ? null : { found: "has it at another time", hint: PRINT_AGAIN } }];
}

/** The five fields of the time with single spaces, and what follows. */
function split(line: string): [time: string, command: string] {
  const words = line.split(/\s+/);
  return [words.slice(0, 5).join(" "), words.slice(5).join(" ")];
}

function ownCrontab(): string[] {
  try {
    return [execFileSync("crontab", ["-l"], { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] })];
  } catch {
    // There is no cron here, or this user has no crontab.
    return [];
  }
}

function filesOf(folder: string): string[] {
  try {
    return readdirSync(folder)
      .map((name) => join(folder, name))
      .filter((path) => statSync(path).isFile());
  } catch {
    return [];
  }
}

function textOf(path: string): string[] {
  try {
    return [readFileSync(path, "utf8")];
  } catch {
    return [];
  }
}
