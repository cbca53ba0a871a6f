import type { Pipeline } from "../config/pipeline.js";
import { dueRun, nextRuns } from "../model/schedule.js";
import { type Scheduled, scheduleGroups } from "./due.js";

/** What watching needs from the world, so that tests can give a clock of their own. */
export interface WatchWorld {
  readonly now: () => Date;
  /** Ends early when the signal fires. */
  readonly sleep: (ms: number) => Promise<void>;
  readonly signal: AbortSignal;
  /** Files that change, and a machine that slept, are noticed within this. */
  readonly lookEveryMs: number;
  /** All pipelines as their files say now, in the order in which they run, and when the last run of each began, in ms since 1970. */
  readonly look: () => Promise<{ readonly pipelines: readonly Pipeline[]; readonly lastBegun: (pipeline: string) => number | null }>;
  /** Runs these, one after the other, and returns when they have ended. */
  readonly run: (due: readonly Due[]) => Promise<void>;
}

export interface Due {
  readonly pipeline: Scheduled;
  /** When the run should have begun. */
  readonly at: Date;
}

/** A clock that is put back by more than this was wrong before, and so is what was noted by it. */
const MOST_BACK_MS = 24 * 3_600_000;

/**
 * Runs each pipeline when it is due, until the signal fires. Of the runs that were missed, because the machine slept or another run took long,
 * the latest is made, and only that. A run counts as made when one of the pipeline began since it was due, also before this started; for a
 * pipeline that never ran, what was due before this started counts as made.
 */
export async function watchLoop(world: WatchWorld): Promise<void> {
  const made = new Map<string, number>();
  let begun = world.now().getTime();
  while (!world.signal.aborted) {
    const { pipelines, lastBegun } = await world.look();
    const now = world.now();
    begun = Math.min(begun, now.getTime());
    const due: Due[] = [];
    let next = now.getTime() + world.lookEveryMs;
    for (const group of scheduleGroups(pipelines)) {
      const [{ schedule, name: jitterOf }] = group;
      const at = dueRun(schedule, jitterOf, now);
      for (const pipeline of group) {
        const here = made.get(pipeline.name) ?? null;
        const noted = here === null || here > now.getTime() + MOST_BACK_MS ? null : here;
        // The same instant comes again when the clock is put back; it is not due again.
        const since = Math.max(noted ?? 0, lastBegun(pipeline.name) ?? 0) || begun;
        if (at !== null && at > since) due.push({ pipeline, at: new Date(at) });
      }
      next = Math.min(next, nextRuns(schedule, jitterOf, now, 1)[0]?.getTime() ?? next);
    }
    for (const { pipeline, at } of due) made.set(pipeline.name, at.getTime());
    if (due.length === 0) await world.sleep(next - now.getTime());
    else await world.run(inOrder(due, pipelines));
  }
}

function inOrder(due: readonly Due[], pipelines: readonly Pipeline[]): Due[] {
  return [...due].sort((a, b) => pipelines.indexOf(a.pipeline) - pipelines.indexOf(b.pipeline));
}
