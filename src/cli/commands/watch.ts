import { type Problem, ProblemError } from "../../model/problem.js";
import { lastBegun, scheduleGroups, shownTime } from "../due.js";
import { EXIT } from "../exit-codes.js";
import type { CommandContext } from "../io.js";
import { type LiveRuns, liveRuns, maxDuration, observedRuns, withinTime } from "../live-runs.js";
import { Observing } from "../observing.js";
import { reportProblems } from "../render/report-problems.js";
import { choose, runChosen } from "../run-many.js";
import type { RunOptions } from "../run-once.js";
import { allPipelines, openProject, openStore } from "../session.js";
import { Telling } from "../telling.js";
import { type Due, type WatchWorld, watchLoop } from "../watch-loop.js";

/** A run that began a minute after it was due or later was missed before. */
const LATE_MS = 60_000;

/** Runs pipelines as their schedules say, in the foreground, until Ctrl-C or SIGTERM. */
export async function watch(context: CommandContext, options: RunOptions): Promise<number> {
  const mostMs = maxDuration(options.maxDuration);
  const { pipelines } = await allPipelines(await openProject(context, options));
  const count = scheduleGroups(pipelines).flat().length;
  context.io.err(
    count === 0
      ? "no pipeline has a `schedule` yet; files are looked at again every minute; Ctrl-C ends it\n"
      : `watching ${count} ${count === 1 ? "pipeline" : "pipelines"}: \`sync schedule show\` lists the next runs; Ctrl-C ends it\n`,
  );
  const live = liveRuns(context, null);
  try {
    const exits: number[] = [];
    await watchLoop(worldOf(context, options, live, mostMs, (exit) => exits.push(exit)));
    const last = exits.at(-1);
    // Asked to stop while a run was at work, it says so; while nothing ran, that is how one ends it.
    return last === EXIT.interrupted || last === EXIT.terminated ? last : EXIT.done;
  } finally {
    live.dispose();
  }
}

function worldOf(
  context: CommandContext,
  options: RunOptions,
  live: LiveRuns,
  mostMs: number | null,
  onEnd: (exit: number) => void,
): WatchWorld {
  const tellOnce = onlyNews((problems: readonly Problem[]) =>
    reportProblems(context, problems, { json: false, color: options.color !== false }),
  );
  return {
    now: context.now,
    sleep: live.effects.sleep,
    signal: live.effects.signal,
    lookEveryMs: 60_000,
    look: async () => {
      try {
        const project = await openProject(context, options);
        const { pipelines, problems } = await allPipelines(project);
        tellOnce(problems);
        const store = openStore(context, project, true);
        try {
          const begun = new Map(pipelines.map(({ name }) => [name, lastBegun(store, name, context.now())]));
          return { pipelines, lastBegun: (name) => begun.get(name) ?? null };
        } finally {
          store.close();
        }
      } catch (cause) {
        // A file that is being edited must not end the night; it is read again in a minute.
        if (!(cause instanceof ProblemError)) throw cause;
        tellOnce(cause.problems);
        return { pipelines: [], lastBegun: () => null };
      }
    },
    run: async (due) => {
      for (const each of due) context.io.err(tellDue(each, context.now()));
      const timed = withinTime(context, live, mostMs);
      try {
        const observing = new Observing(context, options);
        const telling = new Telling(context, options, "", observing);
        const work = async (): Promise<number> => {
          // Files are read again: lookups change more often than schedules.
          const project = await openProject(context, options);
          telling.use(project);
          await observing.use(project);
          const names = due.map(({ pipeline }) => pipeline.name);
          return runChosen(context, options, project, await choose(project, {}, names), observedRuns(timed, observing), telling);
        };
        onEnd(await observing.around(() => telling.around(work)));
      } catch (cause) {
        if (!(cause instanceof ProblemError)) throw cause;
        tellOnce(cause.problems);
      } finally {
        timed.dispose();
      }
    },
  };
}

function tellDue({ pipeline: { name, schedule }, at }: Due, now: Date): string {
  const isLate = now.getTime() - at.getTime() >= LATE_MS;
  const due = shownTime(at, schedule.timeZone);
  return isLate ? `${name}: the run of ${due} was missed, and is made now\n` : `${name}: due ${due}\n`;
}

/** The same problems are not told every minute. */
function onlyNews(tell: (problems: readonly Problem[]) => void): (problems: readonly Problem[]) => void {
  let told = "[]";
  return (problems) => {
    const text = JSON.stringify(problems);
    if (text !== told && problems.length > 0) tell(problems);
    told = text;
  };
}
