import { resolve } from "node:path";
import type { PlanHead } from "../../model/plan-file.js";
import { dispositionOf, ProblemError, problem } from "../../model/problem.js";
import { runPipeline } from "../../run/pipeline.js";
import { readPlan } from "../../run/read-plan.js";
import { liveEffects } from "../effects.js";
import { EXIT, exitOfRun } from "../exit-codes.js";
import { type CommandContext, type LogOptions, printJson } from "../io.js";
import { Observing } from "../observing.js";
import { showLong } from "../pager.js";
import { coverOf, type PersonalOptions, showsPersonal } from "../personal.js";
import { checkFiles, coveredTotals, type ReportFiles, type ReportSettings, reportPlan, reportUnsaved } from "../plan-report.js";
import { nextOf, writePlan } from "../plan-store.js";
import { planToJson, renderPlan } from "../render/plan.js";
import { renderProblems } from "../render/problem.js";
import { progressDisplay } from "../render/progress.js";
import { runToJson } from "../render/run.js";
import { renderReadPlan } from "../render/saved-plan.js";
import type { Language } from "../render/words.js";
import { choosePipeline, folderOf, openProject, openStore } from "../session.js";

interface PlanOptions extends LogOptions, PersonalOptions, ReportFiles {
  readonly full?: boolean;
  readonly verify?: boolean;
  readonly limit: string;
  readonly detailedExitcode?: boolean;
  readonly out?: string;
  readonly from?: string;
  readonly lang?: Language;
  readonly pager?: boolean;
}

/** A run that stops before anything is sent, shown as a diff. */
export async function plan(context: CommandContext, options: PlanOptions, name: string | undefined): Promise<number> {
  const { out: file, from } = options;
  checkFiles(context, options, from ?? file);
  if (from !== undefined) return planFrom(context, options, name, from);
  const limit = wholeNumber(options.limit, "--limit");
  const observing = new Observing(context, options, false);
  return observing.around(() => planNow(context, options, name, limit, observing));
}

async function planNow(
  context: CommandContext,
  options: PlanOptions,
  name: string | undefined,
  limit: number,
  observing: Observing,
): Promise<number> {
  const { io } = context;
  const { out: file, html, xlsx } = options;
  const project = await openProject(context, options);
  await observing.use(project);
  const pipeline = await choosePipeline(project, name);
  const language = options.lang ?? project.language;
  const cover = coverOf(pipeline, showsPersonal(project, options));
  const store = openStore(context, project, true);
  const isQuiet = options.quiet === true || options.json === true || observing.isOnStderr;
  const progress = progressDisplay(io, isQuiet, context.now, project.language);
  const live = liveEffects(context, progress.show, observing.observer);
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
    const isWhole = planned !== null && result.problems.every((each) => dispositionOf(each.code) !== "stop");
    const { host } = live.effects;
    const saved =
      file !== undefined && isWhole ? writePlan(context, { project, pipeline, store, planned, result, file }, live.effects) : null;
    const isReported = isWhole && (html !== undefined || xlsx !== undefined);
    if (isReported) {
      const settings = { language, timeZone: project.timeZone, approval: pipeline.approval, cover };
      if (saved !== null) await reportPlan(context, saved.file, options, { ...settings, isSaved: true });
      else await reportUnsaved(context, { project, pipeline, store, planned, result }, host, options, settings);
    }
    if (options.json === true) {
      printJson(io, {
        ...(runToJson(result) as object),
        changes: planned === null ? [] : [...planToJson(planned, cover)],
        ...(saved === null ? {} : { saved }),
      });
    } else {
      if (planned !== null) {
        const text = renderPlan(planned, result.counts.waiting, { limit, color, language, before, cover });
        showLong(context, text, options.pager !== false);
      }
      if (result.problems.length > 0) io.err(renderProblems(result.problems, { color: options.color !== false && io.errIsTerminal }));
      if (isReported) io.out(`\n${reportedText(options)}`);
      else if (html !== undefined || xlsx !== undefined) io.err("no page and no workbook was written: the plan is not whole\n");
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

/** A saved plan, shown and written for people. Nothing but its file is needed, so that whoever got it by mail can read it. */
async function planFrom(context: CommandContext, options: PlanOptions, name: string | undefined, file: string): Promise<number> {
  const { io } = context;
  const { out, full, verify, detailedExitcode } = options;
  if (name !== undefined || out !== undefined || full === true || verify === true || detailedExitcode === true)
    throw new ProblemError(
      problem(
        "USAGE",
        "`--from` shows a plan as it was saved",
        [],
        "leave out the pipeline, --out, --full, --verify and --detailed-exitcode",
      ),
    );
  const path = resolve(context.cwd, file);
  const { head } = await readPlan(path);
  const settings = await settingsFor(context, options, head);
  const read = await reportPlan(context, path, options, { ...settings, isSaved: true });
  if (options.json === true) {
    const { hash, totals, approvals } = read;
    printJson(io, { ...head, hash, totals: coveredTotals(totals, settings.cover), approvals });
  } else {
    io.out(renderReadPlan(read, { color: options.color !== false && io.outIsTerminal, language: settings.language }));
    if (options.html !== undefined || options.xlsx !== undefined) io.out(`\n${reportedText(options)}`);
  }
  return EXIT.done;
}

/**
 * Language, zone and policy of the project here, and what is personal in its documents. Whoever only reads a plan may have none, or one without
 * its secrets; and a pipeline that changed since does not tell how the texts of the plan were made.
 */
async function settingsFor(context: CommandContext, options: PlanOptions, head: PlanHead): Promise<ReportSettings> {
  try {
    const project = await openProject(context, options);
    const pipeline = await choosePipeline(project, head.pipeline).catch(orNone);
    const isSame = pipeline?.fingerprint === head.fingerprint;
    return {
      language: options.lang ?? project.language,
      timeZone: project.timeZone,
      approval: pipeline?.approval ?? null,
      cover: coverOf(isSame ? pipeline : null, showsPersonal(project, options)),
    };
  } catch (cause) {
    if (!(cause instanceof ProblemError) || options.project !== undefined) throw cause;
    const { timeZone } = Intl.DateTimeFormat().resolvedOptions();
    return { language: options.lang ?? "en", timeZone, approval: null, cover: coverOf(null, showsPersonal(null, options)) };
  }
}

function orNone(cause: unknown): null {
  if (cause instanceof ProblemError) return null;
  throw cause;
}

function reportedText({ html, xlsx }: ReportFiles): string {
  return [
    ...(html === undefined ? [] : [`a page to read it is in ${html}\n`]),
    ...(xlsx === undefined ? [] : [`a workbook of it is in ${xlsx}\n`]),
  ].join("");
}

export function wholeNumber(text: string, option: string): number {
  if (/^\d{1,9}$/.test(text)) return Number(text);
  throw new ProblemError(problem("USAGE", `${option} is \`${text}\`, expected a whole number`));
}
