import type { Pipeline, Project } from "../config/pipeline.js";
import { nearestName } from "../model/nearest.js";
import { type Problem, ProblemError, problem } from "../model/problem.js";
import type { Store } from "../store/store.js";
import { EXIT, exitOfProblem, exitOfRun, exitOfStop, worstExit } from "./exit-codes.js";
import { type CommandContext, printJson } from "./io.js";
import { lastRun } from "./last-run.js";
import { type LiveRuns, liveRuns, maxDuration } from "./live-runs.js";
import { problemToJson } from "./render/problem.js";
import { reportProblems } from "./render/report-problems.js";
import { type Ended, endedToJson, type NotDue, renderEnded } from "./render/run-many.js";
import { type RunOptions, renderOnce, runOnce } from "./run-once.js";
import { allPipelines, openStore, unknownPipeline } from "./session.js";
import type { Telling } from "./telling.js";

/** The pipelines that were asked for, each after those it needs, and what is wrong with any file of the project. */
interface Chosen {
  readonly chosen: readonly Pipeline[];
  /** All that can be used. */
  readonly all: readonly Pipeline[];
  readonly problems: readonly Problem[];
}

/**
 * Several pipelines, each after those it needs. One that cannot do its work keeps only those from running that come after it, and they
 * are named. The worst exit code wins.
 */
export async function runMany(
  context: CommandContext,
  options: RunOptions,
  project: Project,
  names: readonly string[],
  telling: Telling,
): Promise<number> {
  const mostMs = maxDuration(options.maxDuration);
  const chosen = await choose(project, options, names);
  const live = liveRuns(context, mostMs, telling.observing);
  try {
    return await runChosen(context, options, project, chosen, live, telling);
  } finally {
    live.dispose();
  }
}

/** Throws ProblemError where a name or a tag is of no pipeline, and all files can be read, so that it is a slip. */
export async function choose(project: Project, { tag, all }: RunOptions, names: readonly string[]): Promise<Chosen> {
  const { pipelines, problems } = await allPipelines(project);
  if (all === true) return { chosen: pipelines, all: pipelines, problems };
  const known = tag === undefined ? pipelines.map(({ name }) => name) : [...new Set(pipelines.flatMap(({ tags }) => tags))];
  const wanted = tag ?? names;
  const unknown = wanted.filter((each) => !known.includes(each));
  const slips = unknown.map((each) => (tag === undefined ? unknownPipeline(each, known) : unknownTag(each, known)));
  if (slips.length > 0 && problems.length === 0) throw new ProblemError(slips);
  const chosen = pipelines.filter(({ name, tags }) => (tag === undefined ? names.includes(name) : tags.some((each) => tag.includes(each))));
  return { chosen, all: pipelines, problems: [...slips, ...problems] };
}

/** Runs what was chosen, prints a block for each and a table of all, notes what there is to tell, and returns the exit code. */
export async function runChosen(
  context: CommandContext,
  options: RunOptions,
  project: Project,
  { chosen, all, problems }: Chosen,
  live: LiveRuns,
  telling: Telling,
): Promise<number> {
  const { io } = context;
  const isJson = options.json === true;
  const tell = (told: readonly Problem[]): void => {
    if (!isJson) reportProblems(context, told, { json: false, color: options.color !== false });
  };
  tell(problems);
  await telling.noteStart(problems);
  const ended: Ended[] = [];
  const store = openStore(context, project, true);
  try {
    const guard = options.ifScheduled === true ? await scheduleGuard(context, options, store, all, live) : async () => null;
    for (const pipeline of chosen) {
      const each = await runNext(context, options, { project, store, pipeline }, { ended, all, live, guard });
      ended.push(each);
      if (each.kind === "run") await telling.noteRun(store, pipeline, each.result, each.saved?.file ?? null);
      else if (each.kind === "failed" || each.kind === "left out") {
        live.effects.observer?.tell({ kind: "stopped", pipeline: pipeline.name, problems: each.problems.map(({ code }) => code) });
        await telling.noteStop(pipeline.name, each.problems);
      }
      if (each.kind === "run" && !isJson) io.out(`${renderOnce(context, options, project, each).trimEnd()}\n\n`);
      else if (each.kind === "failed" || each.kind === "left out") tell(each.problems);
    }
  } finally {
    store.close();
  }
  const exit = worstExit([...ended.map((each) => each.exit), ...(problems.length > 0 ? [EXIT.usage] : [])]);
  if (isJson) printJson(io, { runs: ended.map(endedToJson), problems: problems.map(problemToJson), exitCode: exit });
  else io.out(renderEnded(ended, project.language));
  return exit;
}

interface SoFar {
  readonly ended: readonly Ended[];
  readonly all: readonly Pipeline[];
  readonly live: LiveRuns;
  /** Why a pipeline is not to be run now; null where it is. */
  readonly guard: (pipeline: Pipeline) => Promise<NotDue | null>;
}

async function runNext(
  context: CommandContext,
  options: RunOptions,
  place: { readonly project: Project; readonly store: Store; readonly pipeline: Pipeline },
  { ended, all, live, guard }: SoFar,
): Promise<Ended> {
  const { pipeline, store } = place;
  const why = live.stoppedBy() === null ? await guard(pipeline) : null;
  if (why !== null) return { kind: "not scheduled", pipeline, why, exit: EXIT.done };
  const stopped = live.stoppedBy();
  if (stopped !== null) return { kind: "not begun", pipeline, exit: exitOfStop(stopped) };
  const needs = pipeline.after.filter((name) => !didItsWork(name, ended, all, store));
  if (needs.length > 0) return { kind: "left out", pipeline, needs, problems: [leftOut(pipeline, needs)], exit: EXIT.error };
  try {
    const once = await runOnce(context, options, place, live, { kind: "run", only: null });
    return { kind: "run", ...once, exit: exitOfRun(once.result, live.stoppedBy()) };
  } catch (cause) {
    if (!(cause instanceof ProblemError)) throw cause;
    return { kind: "failed", pipeline, problems: cause.problems, exit: exitOfProblem((cause.problems[0] as Problem).code) };
  }
}

/** By what came of it now; where it is not run along, by its last run. One whose file cannot be used did not do its work. */
function didItsWork(name: string, ended: readonly Ended[], all: readonly Pipeline[], store: Store): boolean {
  const now = ended.find((each) => each.pipeline.name === name);
  if (now !== undefined && now.kind !== "not scheduled")
    return now.kind === "run" && ([EXIT.done, EXIT.waiting, EXIT.inDoubt] as number[]).includes(now.exit);
  if (!all.some((each) => each.name === name)) return false;
  const last = lastRun(store, name, ({ kind, status }) => ["run", "apply"].includes(kind) && status !== "running");
  return last !== null && ["done", "waiting", "in-doubt"].includes(last.status);
}

function leftOut({ name, file }: Pipeline, needs: readonly string[]): Problem {
  const needed = needs.map((each) => `\`${each}\``).join(", ");
  const message = `\`${name}\` is left out: it comes after ${needed}, which did not do its work`;
  return problem("RUN_LEFT_OUT", message, { file }, "mend what stopped that one, and run again; nothing was read or posted");
}

/** What comes after a wait for the jitter, where that is asked for. */
async function scheduleGuard(
  context: CommandContext,
  options: RunOptions,
  store: Store,
  all: readonly Pipeline[],
  live: LiveRuns,
): Promise<SoFar["guard"]> {
  // Only here, so that a run by hand does not load what reckons with time zones.
  const { notDue, waitOf } = await import("./due.js");
  return async (pipeline) => {
    const why = notDue(pipeline, all, store, context.now());
    if (why === null && options.jitter === true) await live.effects.sleep(waitOf(pipeline, all, context.now()));
    return why;
  };
}

function unknownTag(name: string, known: readonly string[]): Problem {
  const near = nearestName(name, known);
  const list = known.map((each) => `\`${each}\``).join(", ") || "none";
  const hint = near === null ? "tags stand in pipeline files, under `tags`" : `did you mean \`${near}\`?`;
  return problem("CONFIG_NO_PIPELINE", `no pipeline has the tag \`${name}\`; there are ${list}`, [], hint);
}
