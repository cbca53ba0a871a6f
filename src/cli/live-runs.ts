import type { Observer } from "../model/observer.js";
import { ProblemError, problem } from "../model/problem.js";
import type { Effects, Progress } from "../run/effects.js";
import { liveEffects, sleepUntil } from "./effects.js";
import type { StoppedBy } from "./exit-codes.js";
import type { CommandContext } from "./io.js";

/** Who is told what happens, and whether that stands on standard error. */
interface Listening {
  readonly observer: Observer | undefined;
  readonly isOnStderr: boolean;
}

/** The real world for the runs of one command, which may be told to stop before they are over. */
export interface LiveRuns {
  readonly effects: Effects;
  readonly stoppedBy: () => StoppedBy | null;
  /** Where the progress of the run that is under way is shown. */
  readonly showProgress: (show: (progress: Progress) => void) => void;
  /** Nothing may rewrite a line of standard error, because others stand there too. */
  readonly hidesProgress: boolean;
  readonly dispose: () => void;
}

/** Signals stop the runs, and so does the time where it is limited, in ms: what was sent is finished first. */
export function liveRuns(context: CommandContext, mostMs: number | null, observing?: Listening): LiveRuns {
  let shown: (progress: Progress) => void = () => undefined;
  const live = liveEffects(context, (progress) => shown(progress), observing?.observer);
  const runs: LiveRuns = {
    ...live,
    showProgress: (show) => {
      shown = show;
    },
    hidesProgress: observing?.isOnStderr === true,
  };
  const timed = withinTime(context, runs, mostMs);
  const dispose = (): void => {
    timed.dispose();
    live.dispose();
  };
  return { ...timed, dispose };
}

/** The same, and what happens is told. */
export function observedRuns(runs: LiveRuns, observing: Listening): LiveRuns {
  return { ...runs, effects: { ...runs.effects, observer: observing.observer }, hidesProgress: observing.isOnStderr };
}

/** The same, stopped as by a signal when the time is over. Disposing it takes only the timer away. */
export function withinTime(context: CommandContext, runs: LiveRuns, mostMs: number | null): LiveRuns {
  if (mostMs === null) return { ...runs, dispose: () => undefined };
  const over = new AbortController();
  const timer = setTimeout(() => {
    context.io.err("\nthe time that `--max-duration` gives is over: finishing what was sent, then stopping\n");
    over.abort();
  }, mostMs);
  const signal = AbortSignal.any([runs.effects.signal, over.signal]);
  return {
    effects: { ...runs.effects, signal, sleep: context.sleep ?? sleepUntil(signal) },
    stoppedBy: () => runs.stoppedBy() ?? (over.signal.aborted ? "time" : null),
    showProgress: runs.showProgress,
    hidesProgress: runs.hidesProgress,
    dispose: () => clearTimeout(timer),
  };
}

const UNIT_MS = { s: 1000, m: 60_000, h: 3_600_000 } as const;
/** Timers of Node hold 24 days; no batch takes a week. */
const MOST_MS = 7 * 24 * UNIT_MS.h;

/** `--max-duration` in ms; null without it. Throws ProblemError USAGE. */
export function maxDuration(text: string | undefined): number | null {
  if (text === undefined) return null;
  const [, number = "0", unit = "s"] = /^([1-9]\d{0,4})(s|m|h)$/.exec(text) ?? [];
  const ms = Number(number) * UNIT_MS[unit as keyof typeof UNIT_MS];
  if (ms > 0 && ms <= MOST_MS) return ms;
  throw new ProblemError(problem("USAGE", `--max-duration is \`${text}\`, expected a time such as \`90m\` or \`2h\`, at most \`168h\``));
}
