import type { Pipeline, Project } from "../../config/pipeline.js";
import { ProblemError, problem } from "../../model/problem.js";
import type { RunRequest } from "../../run/pipeline.js";
import type { Store } from "../../store/store.js";
import { exitOfRun } from "../exit-codes.js";
import { type CommandContext, printJson } from "../io.js";
import { liveRuns, maxDuration } from "../live-runs.js";
import { nextSteps } from "../render/run.js";
import { type RunOptions, renderOnce, runOnce, runOnceToJson } from "../run-once.js";
import { choosePipeline, openProject, openStore } from "../session.js";

export async function run(context: CommandContext, options: RunOptions, given: unknown): Promise<number> {
  const names = Array.isArray(given) ? [...new Set(given as string[])] : [];
  checkUse(options, names);
  const project = await openProject(context, options);
  if (options.all === true || options.tag !== undefined || options.ifScheduled === true || names.length > 1) {
    const { runMany } = await import("../run-many.js");
    return runMany(context, options, project, names);
  }
  const pipeline = await choosePipeline(project, names[0]);
  const store = openStore(context, project, true);
  try {
    return await runOne(context, options, project, store, pipeline, { kind: "run", only: null });
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
): Promise<number> {
  const live = liveRuns(context, maxDuration(options.maxDuration));
  try {
    const once = await runOnce(context, options, { project, store, pipeline }, live, what);
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
