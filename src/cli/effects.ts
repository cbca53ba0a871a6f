import { randomBytes } from "node:crypto";
import { hostname } from "node:os";
import { setTimeout as wait } from "node:timers/promises";
import type { Observer } from "../model/observer.js";
import type { Effects, Progress } from "../run/effects.js";
import type { CommandContext } from "./io.js";
import { makeRoom } from "./room.js";
import { programVersion } from "./version.js";

export interface LiveEffects {
  readonly effects: Effects;
  /** The signal that asked the run to stop, or null. */
  readonly stoppedBy: () => "SIGINT" | "SIGTERM" | null;
  readonly dispose: () => void;
}

/** The real world for a run. The first Ctrl-C or SIGTERM asks it to finish what was sent and stop; a second one ends it at once. */
export function liveEffects(context: CommandContext, onProgress: (progress: Progress) => void, observer?: Observer): LiveEffects {
  const controller = new AbortController();
  let stoppedBy: "SIGINT" | "SIGTERM" | null = null;
  const stop = (signal: "SIGINT" | "SIGTERM"): void => {
    if (stoppedBy !== null) process.exit(signal === "SIGINT" ? 130 : 143);
    stoppedBy = signal;
    context.io.err(`\n${signal}: finishing what was sent, then stopping (once more to stop at once)\n`);
    controller.abort();
  };
  const onInterrupt = (): void => stop("SIGINT");
  const onTerminate = (): void => stop("SIGTERM");
  process.on("SIGINT", onInterrupt);
  process.on("SIGTERM", onTerminate);
  return {
    effects: {
      now: context.now,
      sleep: context.sleep ?? sleepUntil(controller.signal),
      every,
      signal: controller.signal,
      actor: context.actor,
      host: hostname(),
      pid: process.pid,
      isAlive,
      random: Math.random,
      randomWord: () => randomBytes(12).toString("hex"),
      program: programVersion(),
      onProgress: (progress) => {
        makeRoom(Math.max(progress.records, progress.documents));
        onProgress(progress);
      },
      observer,
    },
    stoppedBy: () => stoppedBy,
    dispose: () => {
      process.off("SIGINT", onInterrupt);
      process.off("SIGTERM", onTerminate);
    },
  };
}

/** Waits that end when the signal fires. */
export function sleepUntil(signal: AbortSignal): (ms: number) => Promise<void> {
  return async (ms) => {
    await wait(ms, undefined, { signal }).catch(() => undefined);
  };
}

/** See {@link Effects.every}. */
function every(ms: number, work: () => void): () => void {
  const timer = setInterval(work, ms).unref();
  return () => clearInterval(timer);
}

/** True when a process of this number runs on this host. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (cause) {
    // The process is there but belongs to somebody else.
    return (cause as NodeJS.ErrnoException).code === "EPERM";
  }
}
