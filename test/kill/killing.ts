import { statSync } from "node:fs";
import { setTimeout as wait } from "node:timers/promises";
import { type Running, startSync } from "../feed/program.js";

/** When a run is killed: so long after its start, or so long after the Nth change of a watched file. */
export type Moment =
  | { readonly by: "time"; readonly ms: number }
  | { readonly by: "progress"; readonly changes: number; readonly ms: number };

/** How an undisturbed run goes, so that moments can be spread over all of it. */
export interface Pace {
  readonly ms: number;
  /** When the first watched file changed: until then a kill strikes a program that is only starting. */
  readonly firstMs: number;
  /** Changes of the watched files that were seen. */
  readonly changes: number;
}

/** Kills beyond this in one history mean that a run makes no progress between two kills. */
const MOST_KILLS = 200;
/** Runs in one history that may end in doubt. */
const MOST_DOUBTS = 3;

/** Runs the pipeline without harm and measures it. */
export async function measure(folder: string, watched: readonly string[], exit = 0): Promise<Pace> {
  const watch = new Watch(watched);
  const running = startSync(folder, "run", "--quiet");
  let firstMs: number | null = null;
  while (!running.isOver()) {
    watch.look();
    if (watch.changes > 0) firstMs ??= performance.now() - running.startedAt;
    await wait(1);
  }
  const { code, ms, err } = await running.ended;
  if (code !== exit) throw new Error(`the quiet run ended with ${String(code)}: ${err}`);
  return { ms, firstMs: firstMs ?? ms, changes: watch.changes };
}

/** Starts the pipeline again and again, killing it each time, until a run ends by itself or `most` kills are done; then lets it end, with the code `exit`. */
export async function killUntilDone(
  folder: string,
  watched: readonly string[],
  pace: Pace,
  random: () => number,
  most: number,
  exit = 0,
): Promise<Moment[]> {
  const kills: Moment[] = [];
  let doubts = 0;
  for (;;) {
    const running = startSync(folder, "run", "--quiet");
    const mayKill = kills.length < most;
    if (kills.length > MOST_KILLS) throw new Error(`${MOST_KILLS} kills, and the run is not done`);
    const moment = chooseMoment(pace, random);
    if (mayKill && (await reached(running, moment, watched))) running.child.kill("SIGKILL");
    const { code, signal, err } = await running.ended;
    if (signal === "SIGKILL") {
      kills.push(moment);
      continue;
    }
    // In doubt: the program itself asks to be run again.
    if (code === 5 && doubts < MOST_DOUBTS) {
      doubts += 1;
      continue;
    }
    if (code !== exit) throw new Error(`after ${kills.length} kills a run in ${folder} ended with ${String(code)}: ${err}`);
    return kills;
  }
}

/**
 * Half by the clock, most of them once the work has begun and a little past the end; half by what the run has written.
 * Early moments come more often: a run that goes on after a kill has less left to do, and would mostly end before a late one.
 */
function chooseMoment(pace: Pace, random: () => number): Moment {
  const from = random() < 0.1 ? 0 : pace.firstMs;
  const share = random() ** 2;
  if (random() < 0.5) return { by: "time", ms: from + share * (pace.ms * 1.02 - from) };
  return { by: "progress", changes: 1 + Math.floor(share * pace.changes), ms: Math.floor(random() * 6) };
}

/** False when the run ended first. */
async function reached(running: Running, moment: Moment, watched: readonly string[]): Promise<boolean> {
  const watch = new Watch(watched);
  while (!running.isOver()) {
    if (moment.by === "time") {
      if (performance.now() - running.startedAt >= moment.ms) return true;
    } else {
      watch.look();
      if (watch.changes >= moment.changes) {
        const until = performance.now() + moment.ms;
        while (performance.now() < until && !running.isOver()) await wait(1);
        return !running.isOver();
      }
    }
    await wait(1);
  }
  return false;
}

/** Counts how often files were seen to change. */
class Watch {
  changes = 0;
  private last: string;

  constructor(private readonly files: readonly string[]) {
    this.last = this.state();
  }

  look(): void {
    const now = this.state();
    if (now === this.last) return;
    this.last = now;
    this.changes += 1;
  }

  private state(): string {
    return this.files
      .map((file) => {
        const found = statSync(file, { throwIfNoEntry: false });
        return found === undefined ? "-" : `${found.size}/${found.mtimeMs}`;
      })
      .join(" ");
  }
}
