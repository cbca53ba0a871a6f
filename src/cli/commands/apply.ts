import { resolve } from "node:path";
import type { Project } from "../../config/pipeline.js";
import { admitPlan } from "../../run/admit.js";
import { runPipeline } from "../../run/pipeline.js";
import { pruneAfterRun } from "../../run/prune.js";
import { liveEffects } from "../effects.js";
import { exitOfRun } from "../exit-codes.js";
import { type CommandContext, type LogOptions, printJson } from "../io.js";
import { loudNotices } from "../loud.js";
import { Observing } from "../observing.js";
import { progressDisplay } from "../render/progress.js";
import { renderRun, runToJson } from "../render/run.js";
import { renderLeftOut } from "../render/saved-plan.js";
import { choosePipeline, folderOf, openProject, openStore } from "../session.js";
import { Telling } from "../telling.js";

/** Posts exactly what a saved plan has. What is otherwise now is left out and listed; where nothing can be trusted, nothing is sent. */
export async function apply(context: CommandContext, options: LogOptions, file: string | undefined): Promise<number> {
  const observing = new Observing(context, options);
  return observing.around(async () => {
    const project = await openProject(context, options);
    await observing.use(project);
    const telling = new Telling(context, options, "", observing);
    telling.use(project);
    try {
      return await applyTo(context, options, project, telling, file);
    } finally {
      await telling.finish();
    }
  });
}

async function applyTo(
  context: CommandContext,
  options: LogOptions,
  project: Project,
  telling: Telling,
  file: string | undefined,
): Promise<number> {
  const { io } = context;
  const store = openStore(context, project, false);
  const { observer, isOnStderr } = telling.observing;
  const isQuiet = options.quiet === true || options.json === true || isOnStderr;
  const progress = progressDisplay(io, isQuiet, context.now, project.language);
  const live = liveEffects(context, progress.show, observer);
  try {
    const pipelineOf = (name: string) => choosePipeline(project, name);
    const { pipeline, allowed } = await admitPlan(resolve(context.cwd, file ?? ""), { store, project, pipelineOf, now: context.now() });
    const { result, leftOut } = await runPipeline({
      pipeline,
      store,
      effects: live.effects,
      timeZone: project.timeZone,
      folder: folderOf(pipeline),
      kind: "run",
      full: false,
      only: null,
      allowed,
      notices: loudNotices(project, pipeline),
    });
    pruneAfterRun({ store, pipeline: pipeline.name, retention: project.retention, effects: live.effects });
    await telling.noteRun(store, pipeline, result, null);
    progress.end();
    if (options.json === true) printJson(io, { ...(runToJson(result) as object), plan: allowed.id, leftOut });
    else {
      io.out(renderRun(result, pipeline.title, { color: options.color !== false && io.outIsTerminal, language: project.language }));
      io.out(renderLeftOut(leftOut, pipeline.name));
    }
    return exitOfRun(result, live.stoppedBy());
  } finally {
    progress.end();
    live.dispose();
    store.close();
  }
}
