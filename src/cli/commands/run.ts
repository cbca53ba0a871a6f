import type { Pipeline, Project } from "../../config/pipeline.js";
import { ProblemError, problem } from "../../model/problem.js";
import type { RunRequest } from "../../run/pipeline.js";
import type { Store } from "../../store/store.js";
import { exitOfRun } from "../exit-codes.js";
import { type CommandContext, printJson } from "../io.js";
import { liveRuns, maxDuration } from "../live-runs.js";
import { Observing } from "../observing.js";
import { nextSteps } from "../render/run.js";
import { type RunOptions, renderOnce, runOnce, runOnceToJson } from "../run-once.js";
import { choosePipeline, openProject, openStore } from "../session.js";
import { Telling } from "../telling.js";

export async function run(context: CommandContext, options: RunOptions, given: unknown): Promise<number> {
  const names = Array.isArray(given) ? [...new Set(given as string[])] : [];
  checkUse(options, names);
  const isOne = options.all !== true && options.tag === undefined && options.ifScheduled !== true && names.length <= 1;
  const observing = new Observing(context, options);
  const telling = new Telling(context, options, isOne ? (names[0] ?? "") : "", observing);
  const work = () => (isOne ? runNamed(context, options, telling, names[0]) : runSeveral(context, options, telling, names));
  return observing.around(() => telling.around(work));
}

async function runSeveral(context: CommandContext, options: RunOptions, telling: Telling, names: readonly string[]): Promise<number> {
  const project = await openProject(context, options);
  telling.use(project);
  await telling.observing.use(project);
  const { runMany } = await import("../run-many.js");
  return runMany(context, options, project, names, telling);
}

async function runNamed(context: CommandContext, options: RunOptions, telling: Telling, name: string | undefined): Promise<number> {
  const project = await openProject(context, options);
  telling.use(project);
  await telling.observing.use(project);
  const pipeline = await choosePipeline(project, name);
  await telling.noteStart();
  const store = openStore(context, project, true);
  try {
    return await runOne(context, options, project, store, pipeline, { kind: "run", only: null }, telling.observing, telling);
  } finally {
    store.close();
  }
}

function checkUse({ all, tag, ifScheduled, jitter }: RunOptions, names: readonly string[]): void {
  const given = [
    ...(all === true ? ["`--all`"] : []),
    ...(tag === undefined ? [] : ["`--tag`"]),
    ...(names.length === 0 ? [] : [`the pipeline \`${names[0]}\``]),
  ];
  if (given.length > 1) throw new ProblemError(problem("USAGE", `${given.join(" and ")} exclude each other`, [], "leave one of them out"));
  if (ifScheduled === true && given.length === 0)
    throw new ProblemError(problem("USAGE", "`--if-scheduled` is about which pipelines?", [], "name them, or use `--all` or `--tag`"));
  if (jitter === true && ifScheduled !== true)
    throw new ProblemError(problem("USAGE", "`--jitter` is a part of `--if-scheduled`", [], "give both, or none"));
}

/** One run with progress on stderr and its summary on stdout. */
export async function runOne(
  context: CommandContext,
  options: RunOptions,
  project: Project,
  store: Store,
  pipeline: Pipeline,
  what: Pick<RunRequest, "kind" | "only" | "asWanted">,
  observing: Observing,
  telling?: Telling,
): Promise<number> {
  const live = liveRuns(context, maxDuration(options.maxDuration), observing);
  try {
    const once = await runOnce(context, options, { project, store, pipeline }, live, what);
    await telling?.noteRun(store, pipeline, once.result, once.saved?.file ?? null);
    if (options.json === true) printJson(context.io, runOnceToJson(once));
    else {
      context.io.out(renderOnce(context, options, project, once));
      context.io.out(nextSteps(pipeline.target.connector.name, once.result, project.language));
    }
    return exitOfRun(once.result, live.stoppedBy());
  } finally {
    live.dispose();
  }
}
