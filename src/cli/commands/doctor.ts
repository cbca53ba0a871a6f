import { styleText } from "node:util";
import type { Pipeline } from "../../config/pipeline.js";
import { dispositionOf } from "../../model/problem.js";
import { visible } from "../../model/visible.js";
import { probeSource, probeTarget } from "../../run/probe.js";
import { type Finding, look, ok, type State, wrong } from "../doctor/finding.js";
import { checkLoud } from "../doctor/loud.js";
import { checkDisk, checkPermissions } from "../doctor/place.js";
import { checkSchedules, schedulersHere } from "../doctor/schedule.js";
import { checkServers } from "../doctor/servers.js";
import { checkStore } from "../doctor/store.js";
import { liveEffects } from "../effects.js";
import { EXIT } from "../exit-codes.js";
import { type CommandContext, type CommonOptions, printJson } from "../io.js";
import { masker } from "../render/mask.js";
import { renderTable } from "../render/table.js";
import { folderOf, openProject, openWorkspace, placeOf } from "../session.js";
import { programCommand, programVersion } from "../version.js";

interface DoctorOptions extends CommonOptions {
  readonly offline?: boolean;
}

/** Looks at everything a night needs, before the night. Nothing is posted, changed or remembered. */
export async function doctor(context: CommandContext, options: DoctorOptions): Promise<number> {
  const { io } = context;
  const project = await openProject(context, options);
  const { pipelines, problems } = await openWorkspace(context, options);
  const { effects, ...live } = liveEffects(context, () => undefined);
  const mask = masker(project.secrets);
  const { name, environment, file } = project;
  const host = { project: name, environment, projectFile: file, program: programCommand() };
  const now = context.now();
  const findings: Finding[] = [
    ok("program", `erp-sync ${programVersion()}, Node ${process.versions.node}`),
    problems.length === 0
      ? ok("configuration", `${pipelines.length} ${pipelines.length === 1 ? "pipeline" : "pipelines"}, no problem found`)
      : wrong("configuration", `${problems.length} ${problems.length === 1 ? "problem" : "problems"}`, "sync validate shows each"),
    checkDisk(project.store),
    ...checkPermissions(project.store, [project.file, ...pipelines.map(({ file }) => file)]),
    ...checkStore(placeOf(project), now, (store) => checkSchedules(pipelines, store, host, schedulersHere(), now)),
    ...checkLoud(project, pipelines),
  ];
  try {
    if (options.offline !== true) {
      const used = new Set(pipelines.flatMap(({ source, target }) => [source.name, target.name]));
      findings.push(
        ...(await checkServers(
          [...project.connections.values()].filter(({ name }) => used.has(name)),
          context.now,
        )),
      );
      for (const pipeline of pipelines) {
        if (effects.signal.aborted) break;
        const { now, sleep, signal } = effects;
        findings.push(...(await checkEnds(pipeline, { folder: folderOf(pipeline), timeZone: project.timeZone, now, sleep, signal })));
      }
    }
  } finally {
    live.dispose();
  }
  const told = findings.map((each) => ({ ...each, found: visible(mask(each.found)) }));
  if (options.json === true) printJson(io, told);
  else io.out(render(told, options.color !== false && io.outIsTerminal));
  const stoppedBy = live.stoppedBy();
  if (stoppedBy !== null) return stoppedBy === "SIGTERM" ? EXIT.terminated : EXIT.interrupted;
  return told.some(({ state }) => state === "wrong") ? EXIT.error : EXIT.done;
}

/** Both ends of a pipeline, asked as `sync connectors check` asks them. */
async function checkEnds(pipeline: Pipeline, around: Parameters<typeof probeTarget>[1]): Promise<Finding[]> {
  const source = await probeSource(pipeline, around, 1);
  const target = await probeTarget(pipeline, around);
  const ends = [
    {
      check: `source of ${pipeline.name}`,
      ...source,
      fine: source.records.length > 0 ? "answers, and its first record was read" : "answers, and has no record",
    },
    {
      check: `target of ${pipeline.name}`,
      ...target,
      fine: target.asked === null ? "opened; it can be asked nothing without posting" : "answers",
    },
  ];
  return ends.map(({ check, problems, fine }) => {
    const failed = problems.find(({ code }) => dispositionOf(code) !== "notice");
    if (failed !== undefined) return wrong(check, `${failed.code}: ${failed.message}`, failed.hint ?? "sync connectors check shows more");
    const [notice] = problems;
    return notice === undefined
      ? ok(check, fine)
      : look(check, `${notice.code}: ${notice.message}`, notice.hint ?? "sync connectors check shows more");
  });
}

const COLORS = { ok: "green", look: "yellow", wrong: "red" } as const satisfies Record<State, string>;

function render(findings: readonly Finding[], color: boolean): string {
  const table = renderTable(
    [{ title: "check" }, { title: "state" }, { title: "found" }],
    findings.map(({ check, state, found }) => [check, color ? styleText(COLORS[state], state, { validateStream: false }) : state, found]),
  );
  const hints = findings.filter(({ hint }) => hint !== null).map(({ check, hint }) => `  ${check}: ${hint}\n`);
  return hints.length === 0 ? `${table}\nnothing to do\n` : `${table}\nto do:\n${hints.join("")}`;
}
