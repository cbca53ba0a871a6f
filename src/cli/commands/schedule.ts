import { mkdirSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import type { Pipeline } from "../../config/pipeline.js";
import { ProblemError, problem } from "../../model/problem.js";
import { nextRuns } from "../../model/schedule.js";
import { wallClock } from "../../model/wall-clock.js";
import { type Scheduled, scheduleGroups, shownTime } from "../due.js";
import { EXIT } from "../exit-codes.js";
import { type CommandContext, type CommonOptions, printJson } from "../io.js";
import { cronJobs, crontab, type Host, type HostFile, systemdUnits } from "../render/host-schedule.js";
import { problemToJson, renderProblems } from "../render/problem.js";
import { renderTable } from "../render/table.js";
import { allPipelines, openProject, shownPath } from "../session.js";
import { programCommand } from "../version.js";
import { wholeNumber } from "./plan.js";

interface ShowOptions extends CommonOptions {
  readonly count: string;
}

/** The next runs of each pipeline, by its own clock and as UTC, with the jitter in them. */
export async function show(context: CommandContext, options: ShowOptions): Promise<number> {
  const { io } = context;
  const count = wholeNumber(options.count, "--count");
  const project = await openProject(context, options);
  const { pipelines, problems } = await allPipelines(project);
  const now = context.now();
  const rows = scheduleGroups(pipelines).flatMap((group) => {
    const runs = nextRuns(group[0].schedule, group[0].name, now, count);
    return group.map((pipeline) => ({ pipeline, runs }));
  });
  const without = pipelines.filter(({ schedule }) => schedule === null);
  const exit = problems.length > 0 ? EXIT.usage : EXIT.done;
  if (options.json === true) {
    printJson(io, {
      pipelines: [
        ...rows.map(({ pipeline, runs }) => toJson(pipeline, runs)),
        ...without.map((each) => ({ pipeline: each.name, schedule: null, runs: [] })),
      ],
      problems: problems.map(problemToJson),
    });
    return exit;
  }
  const cells = rows.flatMap(({ pipeline, runs }) =>
    runs.length === 0
      ? [[pipeline.name, "no further run", "", pipeline.schedule.timeZone]]
      : runs.map((at) => [pipeline.name, shownTime(at, pipeline.schedule.timeZone), utc(at), pipeline.schedule.timeZone]),
  );
  if (cells.length > 0)
    io.out(renderTable([{ title: "pipeline" }, { title: "next run" }, { title: "UTC" }, { title: "time zone" }], cells));
  if (without.length > 0) io.out(`${cells.length > 0 ? "\n" : ""}without a schedule: ${without.map(({ name }) => name).join(", ")}\n`);
  const unnamed = yearsWithoutDaysOff(rows);
  if (unnamed.length > 0)
    io.err(`\nsync.yaml names no holidays of ${unnamed.join(", ")}: there, workdays are Monday to Friday, see \`calendar\`\n`);
  if (problems.length > 0) io.err(renderProblems(problems, { color: options.color !== false && io.errIsTerminal }));
  return exit;
}

interface Row {
  readonly pipeline: Scheduled;
  readonly runs: readonly Date[];
}

function toJson({ name, after, schedule }: Scheduled, runs: readonly Date[]): object {
  const { cron, timeZone, only, except, jitterMs } = schedule;
  const rules = (all: typeof except): string[] => all.map(({ text }) => text);
  return {
    pipeline: name,
    schedule: {
      cron: cron.text,
      timeZone,
      only: only === null ? null : rules(only),
      except: rules(except),
      jitterSeconds: jitterMs / 1000,
    },
    after,
    runs: runs.map((at) => {
      const { date, time, offset } = wallClock(at, timeZone);
      return { at: at.toISOString(), local: `${date}T${time}${offset}` };
    }),
  };
}

function utc(at: Date): string {
  const { date, time } = wallClock(at, "UTC");
  return `${date} ${time.replace(/:00$/, "")}`;
}

/** Years of the runs shown that count workdays, where the calendar has dates, but none of that year: it was forgotten. */
function yearsWithoutDaysOff(rows: readonly Row[]): string[] {
  const years = rows.flatMap(({ pipeline: { schedule }, runs }) => {
    const { only, except, calendar, timeZone } = schedule;
    const counts = [...(only ?? []), ...except].some(({ rule }) => rule.kind !== "dates" && (rule.kind !== "edge" || rule.worked));
    const named = new Set(
      calendar.holidays.filter(({ from }) => from.length > 5).flatMap(({ from, to }) => [from.slice(0, 4), to.slice(0, 4)]),
    );
    if (!counts || named.size === 0) return [];
    return runs.map((at) => wallClock(at, timeZone).date.slice(0, 4)).filter((year) => !named.has(year));
  });
  return [...new Set(years)].sort();
}

interface PrintOptions extends CommonOptions {
  readonly cron?: boolean;
  readonly systemd?: boolean;
  readonly k8s?: boolean;
  readonly image?: string;
  readonly claim: string;
  readonly out?: string;
}

/** The files for the scheduler of the machine: to standard output, or into a folder. */
export async function print(context: CommandContext, options: PrintOptions): Promise<number> {
  const { io } = context;
  const { cron, systemd, k8s, image } = options;
  if ([cron, systemd, k8s].filter((each) => each === true).length !== 1)
    throw new ProblemError(problem("USAGE", "for which scheduler?", [], "give one of `--cron`, `--systemd`, `--k8s`"));
  if (k8s === true && image === undefined)
    throw new ProblemError(
      problem("USAGE", "`--k8s` needs to know the container image", [], "name one in which `erp-sync` can be started: `--image NAME`"),
    );
  const project = await openProject(context, options);
  const { pipelines, problems } = await allPipelines(project);
  // A file that lacks a pipeline would silently take it from the night.
  if (problems.length > 0) throw new ProblemError(problems);
  const groups = scheduleGroups(pipelines).map((group) => ({ names: group.map(({ name }) => name), schedule: group[0].schedule }));
  if (groups.length === 0) throw new ProblemError(noSchedule(pipelines));
  const host: Host = {
    project: project.name,
    environment: project.environment,
    projectFile: project.file,
    program: programCommand(),
    image: image ?? "",
    claim: options.claim,
  };
  const files = cron === true ? [crontab(groups, host)] : k8s === true ? [cronJobs(groups, host)] : systemdUnits(groups, host);
  const written = options.out === undefined ? [] : write(context, options.out, files);
  if (options.json === true) printJson(io, options.out === undefined ? { files } : { written });
  else io.out(options.out === undefined ? asOneText(files) : written.map((path) => `${path}\n`).join(""));
  if (systemd === true) io.err(enableWith(files, options.out));
  return EXIT.done;
}

function noSchedule(pipelines: readonly Pipeline[]) {
  const names = pipelines.map(({ name }) => `\`${name}\``).join(", ") || "none";
  return problem(
    "NOT_FOUND",
    `no pipeline has a schedule; there are ${names}`,
    [],
    'add one to a pipeline: `schedule: { cron: "30 2 * * *" }`',
  );
}

/** Several files one after the other, each under its name. */
function asOneText(files: readonly HostFile[]): string {
  if (files.length === 1) return files[0]?.text ?? "";
  return files.map(({ name, text }) => `# ${name}\n${text}`).join("\n");
}

function write(context: CommandContext, out: string, files: readonly HostFile[]): string[] {
  const folder = resolve(context.cwd, out);
  mkdirSync(folder, { recursive: true });
  return files.map(({ name, text }) => {
    const path = join(folder, name);
    writeFileSync(path, text);
    return shownPath(context, path);
  });
}

function enableWith(files: readonly HostFile[], out: string | undefined): string {
  const timers = files.filter(({ name }) => name.endsWith(".timer")).map(({ name }) => name);
  const where =
    out === undefined
      ? "put the files into /etc/systemd/system, each under its name (`--out FOLDER` writes them)"
      : "copy them to /etc/systemd/system";
  return `${where}, add \`User=\` to the services, then:\n  systemctl daemon-reload && systemctl enable --now ${timers.join(" ")}\n`;
}
