import type { Pipeline, Project } from "../config/pipeline.js";
import type { RunResult } from "../model/run.js";
import { type RunRequest, runPipeline } from "../run/pipeline.js";
import { pruneAfterRun } from "../run/prune.js";
import type { Store } from "../store/store.js";
import type { CommandContext, CommonOptions, LogOptions } from "./io.js";
import type { LiveRuns } from "./live-runs.js";
import { loudNotices } from "./loud.js";
import { nextOf, type SavedFile, usualPlanFile, writePlan } from "./plan-store.js";
import { progressDisplay } from "./render/progress.js";
import { renderRun, runToJson } from "./render/run.js";
import { folderOf, shownPath } from "./session.js";

export interface RunOptions extends LogOptions {
  readonly all?: boolean;
  readonly tag?: readonly string[];
  readonly full?: boolean;
  readonly verify?: boolean;
  readonly clockIsRight?: boolean;
  readonly ifScheduled?: boolean;
  readonly jitter?: boolean;
  readonly maxDuration?: string;
}

/** One run that came to its end, and the plan it wrote where the pipeline asks for approval. */
export interface Once {
  readonly pipeline: Pipeline;
  readonly result: RunResult;
  readonly saved: SavedFile | null;
}

/** Runs a pipeline with its progress on stderr, and prints nothing else. Throws ProblemError where the run could not begin. */
export async function runOnce(
  context: CommandContext,
  options: RunOptions,
  { project, store, pipeline }: { readonly project: Project; readonly store: Store; readonly pipeline: Pipeline },
  live: LiveRuns,
  what: Pick<RunRequest, "kind" | "only" | "asWanted">,
): Promise<Once> {
  const progress = progressDisplay(
    context.io,
    options.quiet === true || options.json === true || live.hidesProgress,
    context.now,
    project.language,
  );
  live.showProgress(progress.show);
  try {
    const { result, planned } = await runPipeline({
      pipeline,
      store,
      effects: live.effects,
      timeZone: project.timeZone,
      folder: folderOf(pipeline),
      full: options.full === true,
      verify: options.verify === true,
      clockIsRight: options.clockIsRight === true,
      notices: loudNotices(project, pipeline),
      ...what,
    });
    // The pipeline asks for approval: what would have been sent is written down, for somebody to read.
    const isToApprove = pipeline.approval !== null && planned !== null && result.counts.toApprove > 0;
    const saved = isToApprove
      ? writePlan(context, { project, pipeline, store, planned, result, file: usualPlanFile(project, result) }, live.effects)
      : null;
    pruneAfterRun({ store, pipeline: pipeline.name, retention: project.retention, effects: live.effects });
    return { pipeline, result, saved };
  } finally {
    progress.end();
  }
}

/** The summary for people. */
export function renderOnce(
  context: CommandContext,
  options: CommonOptions,
  { language }: Project,
  { pipeline, result, saved }: Once,
): string {
  const summary = renderRun(result, pipeline.title, { color: options.color !== false && context.io.outIsTerminal, language });
  return saved === null ? summary : `${summary}nothing was sent. ${nextOf(shownPath(context, saved.file), pipeline)}\n`;
}

export function runOnceToJson({ result, saved }: Once): object {
  return { ...(runToJson(result) as object), ...(saved === null ? {} : { saved }) };
}
