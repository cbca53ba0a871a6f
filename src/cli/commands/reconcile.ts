import { ProblemError, problem } from "../../model/problem.js";
import { reconcile as compare } from "../../run/reconcile.js";
import { Store } from "../../store/store.js";
import { liveEffects } from "../effects.js";
import { EXIT, exitOfVerdict } from "../exit-codes.js";
import { type CommandContext, printJson } from "../io.js";
import { coverOf, type PersonalOptions, showsPersonal } from "../personal.js";
import { renderProblems } from "../render/problem.js";
import { progressDisplay } from "../render/progress.js";
import { reconciliationToCsv, reconciliationToJson, renderReconciliation } from "../render/reconcile.js";
import { reportProblems } from "../render/report-problems.js";
import { choosePipeline, folderOf, openProject, placeOf } from "../session.js";
import { periodOption } from "./ledger.js";
import { wholeNumber } from "./plan.js";

interface ReconcileOptions extends PersonalOptions {
  readonly period?: string;
  readonly limit: string;
  readonly csv?: boolean;
}

/** Source, postings and target side by side. The store is opened read-only, beside a run that may be under way. */
export async function reconcile(context: CommandContext, options: ReconcileOptions, name: string | undefined): Promise<number> {
  const { io } = context;
  const limit = wholeNumber(options.limit, "--limit");
  const period = periodOption(options.period, "--period") ?? null;
  if (options.csv === true && options.json === true)
    throw new ProblemError(problem("USAGE", "`--csv` and `--json` together", [], "choose one of them"));
  const project = await openProject(context, options);
  const pipeline = await choosePipeline(project, name);
  const store = Store.openReadOnly(placeOf(project));
  const isQuiet = options.quiet === true || options.json === true || options.csv === true;
  const progress = progressDisplay(io, isQuiet, context.now, project.language);
  const live = liveEffects(context, progress.show);
  try {
    const { effects } = live;
    const { timeZone } = project;
    const cover = coverOf(pipeline, showsPersonal(project, options));
    const result = await compare({ pipeline, store, effects, timeZone, folder: folderOf(pipeline), period, cover });
    progress.end();
    const colors = { out: options.color !== false && io.outIsTerminal, err: options.color !== false && io.errIsTerminal };
    if (options.json === true) printJson(io, reconciliationToJson(result));
    else if (options.csv === true) io.out(reconciliationToCsv(result));
    else io.out(renderReconciliation(result, { limit, color: colors.out }));
    // On a terminal the reasons stand below the tables, where they are read.
    if (options.json !== true && result.problems.length > 0) io.err(renderProblems(result.problems, { color: colors.err }));
    return exitOfVerdict(result.verdict);
  } catch (cause) {
    const stoppedBy = live.stoppedBy();
    if (stoppedBy === null || !(cause instanceof ProblemError)) throw cause;
    progress.end();
    reportProblems(context, cause.problems, { json: options.json === true, color: options.color !== false });
    return stoppedBy === "SIGTERM" ? EXIT.terminated : EXIT.interrupted;
  } finally {
    progress.end();
    live.dispose();
    store.close();
  }
}
