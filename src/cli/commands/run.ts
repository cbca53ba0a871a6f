import type { Pipeline, Project } from "../../config/pipeline.js";
import { type Problem, ProblemError, problem } from "../../model/problem.js";
import type { RunResult } from "../../model/run.js";
import { type RunRequest, runPipeline } from "../../run/pipeline.js";
import type { Store } from "../../store/store.js";
import { liveEffects } from "../effects.js";
import { EXIT, exitOfProblem, exitOfRun } from "../exit-codes.js";
import { type CommandContext, type CommonOptions, printJson } from "../io.js";
import { type SavedFile, usualPlanFile, writePlan } from "../plan-store.js";
import { progressDisplay } from "../render/progress.js";
import { reportProblems } from "../render/report-problems.js";
import { renderRun, runToJson } from "../render/run.js";
import { type Language, runWords } from "../render/words.js";
import { allPipelines, choosePipeline, folderOf, openProject, openStore, shownPath } from "../session.js";
import { nextOf } from "./plan.js";

export interface RunOptions extends CommonOptions {
  readonly all?: boolean;
  readonly full?: boolean;
  readonly verify?: boolean;
}

export async function run(context: CommandContext, options: RunOptions, name: string | undefined): Promise<number> {
  const project = await openProject(context, options);
  if (options.all !== true) {
    const pipeline = await choosePipeline(project, name);
    const store = openStore(context, project, true);
    try {
      return await runOne(context, options, project, store, pipeline, { kind: "run", only: null });
    } finally {
      store.close();
    }
  }
  if (name !== undefined)
    throw new ProblemError(problem("USAGE", `\`--all\` and the pipeline \`${name}\` exclude each other`, [], "leave one of them out"));
  return runAll(context, options, project);
}

/**
 * Every pipeline in turn, each after those it needs. One that cannot do its work keeps only those from running that come after it,
 * and they are named. The worst exit code wins.
 */
async function runAll(context: CommandContext, options: RunOptions, project: Project): Promise<number> {
  const { pipelines, problems } = await allPipelines(project);
  const exits: number[] = problems.length > 0 ? [EXIT.usage] : [];
  const done = new Set<string>();
  if (problems.length > 0) reportProblems(context, problems, { json: false, color: options.color !== false });
  const store = openStore(context, project, true);
  try {
    for (const pipeline of pipelines) {
      const missing = pipeline.after.filter((name) => !done.has(name));
      if (missing.length > 0) {
        leaveOut(context, options, pipeline, missing);
        exits.push(EXIT.error);
        continue;
      }
      try {
        const exit = await runOne(context, options, project, store, pipeline, { kind: "run", only: null });
        if (exit === EXIT.done || exit === EXIT.waiting || exit === EXIT.inDoubt) done.add(pipeline.name);
        exits.push(exit);
      } catch (cause) {
        if (!(cause instanceof ProblemError)) throw cause;
        report(context, options, cause.problems);
        exits.push(exitOfProblem((cause.problems[0] as Problem).code));
      }
      if (exits.includes(EXIT.interrupted) || exits.includes(EXIT.terminated)) break;
    }
  } finally {
    store.close();
  }
  const worst = [EXIT.interrupted, EXIT.terminated, EXIT.error, EXIT.usage, EXIT.inDoubt, EXIT.threshold, EXIT.busy, EXIT.waiting];
  return worst.find((code) => exits.includes(code)) ?? EXIT.done;
}

function leaveOut(context: CommandContext, options: RunOptions, pipeline: Pipeline, missing: readonly string[]): void {
  const needed = missing.map((name) => `\`${name}\``).join(", ");
  const message = `\`${pipeline.name}\` is left out: it comes after ${needed}, which did not do its work`;
  report(context, options, [
    problem("RUN_LEFT_OUT", message, { file: pipeline.file }, "mend what stopped that one, and run again; nothing was read or posted"),
  ]);
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
  const { io } = context;
  const progress = progressDisplay(io, options.quiet === true || options.json === true, context.now);
  const live = liveEffects(context, progress.show);
  let result: RunResult;
  let saved: SavedFile | null = null;
  try {
    const outcome = await runPipeline({
      pipeline,
      store,
      effects: live.effects,
      timeZone: project.timeZone,
      folder: folderOf(pipeline),
      full: options.full === true,
      verify: options.verify === true,
      ...what,
    });
    result = outcome.result;
    const { planned } = outcome;
    // The pipeline asks for approval: what would have been sent is written down, for somebody to read.
    if (pipeline.approval !== null && planned !== null && result.counts.toApprove > 0)
      saved = writePlan(context, { project, pipeline, store, planned, result, file: usualPlanFile(project, result) }, live.effects.host);
  } finally {
    progress.end();
    live.dispose();
  }
  if (options.json === true) printJson(io, { ...(runToJson(result) as object), ...(saved === null ? {} : { saved }) });
  else {
    const { language } = project;
    io.out(renderRun(result, pipeline.title, { color: options.color !== false && io.outIsTerminal, language }));
    if (saved !== null) io.out(`nothing was sent. ${nextOf(shownPath(context, saved.file), pipeline)}\n`);
    io.out(nextSteps(pipeline, result, language));
  }
  return exitOfRun(result, live.stoppedBy());
}

function nextSteps(pipeline: Pipeline, result: RunResult, language: Language): string {
  const { next, steps } = runWords(language);
  const lines: (readonly [string, string])[] = [];
  if (result.counts.waiting > 0) lines.push(["sync quarantine list", steps.quarantine]);
  if (pipeline.target.connector.name === "ledger")
    lines.push(["sync ledger balance", steps.balance], ["sync ledger journal", steps.journal]);
  lines.push(["sync status", steps.status]);
  return `${next}\n${lines.map(([command, about]) => `  ${command.padEnd(32)}${about}\n`).join("")}`;
}

function report(context: CommandContext, options: CommonOptions, problems: readonly Problem[]): void {
  reportProblems(context, problems, { json: options.json === true, color: options.color !== false });
}
