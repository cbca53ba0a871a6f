import type { Pipeline } from "../../config/pipeline.js";
import { dispositionOf, ProblemError, problem } from "../../model/problem.js";
import { runPipeline } from "../../run/pipeline.js";
import { liveEffects } from "../effects.js";
import { EXIT, exitOfRun } from "../exit-codes.js";
import { type CommandContext, type CommonOptions, printJson } from "../io.js";
import { showLong } from "../pager.js";
import { writePlan } from "../plan-store.js";
import { planToJson, renderPlan } from "../render/plan.js";
import { renderProblems } from "../render/problem.js";
import { progressDisplay } from "../render/progress.js";
import { runToJson } from "../render/run.js";
import { choosePipeline, folderOf, openProject, openStore } from "../session.js";

interface PlanOptions extends CommonOptions {
  readonly full?: boolean;
  readonly verify?: boolean;
  readonly limit: string;
  readonly detailedExitcode?: boolean;
  readonly out?: string;
  readonly pager?: boolean;
}

/** A run that stops before anything is sent, shown as a diff. */
export async function plan(context: CommandContext, options: PlanOptions, name: string | undefined): Promise<number> {
  const { io } = context;
  const limit = wholeNumber(options.limit, "--limit");
  const project = await openProject(context, options);
  const pipeline = await choosePipeline(project, name);
  const store = openStore(context, project, true);
  const progress = progressDisplay(io, options.quiet === true || options.json === true, context.now, project.language);
  const live = liveEffects(context, progress.show);
  try {
    const { result, planned } = await runPipeline({
      pipeline,
      store,
      effects: live.effects,
      timeZone: project.timeZone,
      folder: folderOf(pipeline),
      kind: "plan",
      full: options.full === true,
      verify: options.verify === true,
      only: null,
    });
    progress.end();
    const color = options.color !== false && io.outIsTerminal;
    const before = store.runs.lastPosting(store.pipelineId(pipeline.name));
    const { out: file } = options;
    const isWhole = planned !== null && result.problems.every((each) => dispositionOf(each.code) !== "stop");
    const saved =
      file !== undefined && isWhole ? writePlan(context, { project, pipeline, store, planned, result, file }, live.effects.host) : null;
    if (options.json === true) {
      printJson(io, {
        ...(runToJson(result) as object),
        changes: planned === null ? [] : [...planToJson(planned)],
        ...(saved === null ? {} : { saved }),
      });
    } else {
      if (planned !== null) {
        const text = renderPlan(planned, result.counts.waiting, { limit, color, language: project.language, before });
        showLong(context, text, options.pager !== false);
      }
      if (result.problems.length > 0) io.err(renderProblems(result.problems, { color: options.color !== false && io.errIsTerminal }));
      if (saved !== null) io.out(`\nnothing was sent. ${nextOf(saved.file, pipeline)}`);
      else if (planned !== null)
        io.out(
          `\nnothing was sent. ${pipeline.approval === null ? `Post it with: sync run ${pipeline.name}` : `Save it to have it approved: sync plan ${pipeline.name} --out FILE`}\n`,
        );
    }
    const code = exitOfRun(result, live.stoppedBy());
    if (options.detailedExitcode === true && (code === EXIT.done || code === EXIT.waiting) && planned !== null) {
      return planned.sends > 0 ? EXIT.changes : EXIT.done;
    }
    return code;
  } finally {
    progress.end();
    live.dispose();
    store.close();
  }
}

/** What a saved plan still needs. */
export function nextOf(file: string, { approval }: Pipeline): string {
  if (approval === null) return `The plan is in ${file}\n  post it with: sync apply ${file}\n`;
  return `The plan is in ${file}\n  it must be approved by ${approval.by.join(" or ")}: sync approve ${file}\n  then post it with: sync apply ${file}\n`;
}

export function wholeNumber(text: string, option: string): number {
  if (/^\d{1,9}$/.test(text)) return Number(text);
  throw new ProblemError(problem("USAGE", `${option} is \`${text}\`, expected a whole number`));
}
