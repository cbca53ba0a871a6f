import type { Effects } from "../../src/run/effects.js";
import type { Store } from "../../src/store/store.js";
import type { Clock, Timer } from "./clock.js";
import type { Random } from "./random.js";
import type { Story } from "./story.js";

/** Thrown where a process is killed; whatever it does after that has no effect on the outside. */
export class Killed extends Error {}

/** One for all: nobody reads where it was thrown, and to note that takes time. */
const KILLED = new Killed();
const NEVER = new AbortController();

/** What is to befall a process, each at its n-th effect; 0 is never. */
export interface Fate {
  readonly killAt: number;
  /** `SIGSTOP`, and `SIGCONT` after so many milliseconds. */
  readonly suspendAt: number;
  readonly suspendMs: number;
  /** `SIGTERM`: it finishes what it sent and ends. */
  readonly stopAt: number;
  /** Somebody starts a second run. */
  readonly rivalAt: number;
}

export const LUCKY: Fate = { killAt: 0, suspendAt: 0, suspendMs: 0, stopAt: 0, rivalAt: 0 };

/** One process that runs the program: its effects on the outside are counted, and it can die, sleep or be stopped at any of them. */
export class SimProcess {
  state: "running" | "dead" | "ended" = "running";
  /** Until then it does nothing; 0 when it never slept. */
  asleepUntil = 0;
  everSlept = false;
  effectCount = 0;
  /** The word under which it holds the lease. */
  readonly owner: string;
  /** Requests it gave up on, or still waits for; a target executes them within its quiet time after that, and never later. */
  readonly pending: { readonly timer: Timer; readonly latestAfterDeath: number }[] = [];
  onRival: (() => void) | null = null;
  /** Only where somebody will ask it to stop: a signal of its own is dear, and few runs are stopped. */
  private readonly controller: AbortController;

  constructor(
    readonly pid: number,
    readonly host: string,
    private readonly fate: Fate,
    private readonly world: {
      readonly clock: Clock;
      readonly random: Random;
      readonly story: Story;
      /** How wrong the clock of this machine is. */
      readonly clockError: number;
      readonly isAlive: (pid: number, host: string) => boolean;
    },
  ) {
    this.owner = `run-${pid}`;
    this.controller = fate.stopAt === 0 ? NEVER : new AbortController();
  }

  get name(): string {
    return `${this.pid}@${this.host}`;
  }

  get isAsleep(): boolean {
    return this.asleepUntil > this.world.clock.now;
  }

  /** Counts an effect; this may be the one at which the process dies. */
  effect(what: string): void {
    if (this.state === "dead") throw KILLED;
    this.effectCount += 1;
    const { story, clock } = this.world;
    if (this.effectCount === this.fate.stopAt) {
      story.tell(`${this.name} is asked to stop, at ${what}`);
      this.controller.abort();
    }
    if (this.effectCount === this.fate.rivalAt && this.onRival !== null) clock.at(clock.now, this.onRival);
    if (this.effectCount === this.fate.killAt) {
      this.kill(what);
      throw KILLED;
    }
    // It cannot be put to sleep in the middle of a step that does not wait; it does not wake up from the next wait.
    if (this.effectCount === this.fate.suspendAt) {
      this.asleepUntil = clock.now + this.fate.suspendMs;
      this.everSlept = true;
      story.tell(`${this.name} is suspended for ${this.fate.suspendMs / 1000} s, from its next wait after ${what}`);
    }
  }

  kill(what: string): void {
    const { story, clock } = this.world;
    story.tell(`${this.name} is killed, at ${what}`);
    this.state = "dead";
    for (const { timer, latestAfterDeath } of this.pending) timer.at = Math.min(timer.at, clock.now + latestAfterDeath);
  }

  /** Waits in simulated time; a process that died meanwhile never comes back. */
  wait(ms: number): Promise<void> {
    const { clock } = this.world;
    return new Promise((resolve) => {
      const wake = (): void => {
        if (this.state === "dead") return;
        if (this.isAsleep) clock.at(this.asleepUntil, wake);
        else resolve();
      };
      clock.at(clock.now + ms, wake);
    });
  }

  private every(ms: number, work: () => void): () => void {
    const { clock } = this.world;
    let isOver = false;
    const beat = (): void => {
      if (isOver || this.state !== "running") return;
      if (this.isAsleep) {
        clock.at(this.asleepUntil, beat);
        return;
      }
      try {
        work();
      } catch (cause) {
        if (!(cause instanceof Killed)) throw cause;
      }
      clock.at(clock.now + ms, beat);
    };
    clock.at(clock.now + ms, beat);
    return () => {
      isOver = true;
    };
  }

  effects(): Effects {
    const { clock, random, clockError, isAlive } = this.world;
    return {
      now: () => new Date(clock.now + clockError),
      sleep: async (ms) => {
        this.effect(`sleeping ${Math.round(ms)} ms`);
        await this.wait(ms);
        this.effect("waking up");
      },
      every: (ms, work) => this.every(ms, work),
      signal: this.controller.signal,
      actor: "sim",
      host: this.host,
      pid: this.pid,
      isAlive: (pid) => isAlive(pid, this.host),
      random: () => random.next(),
      randomWord: () => this.owner,
      program: "sim",
      onProgress: () => undefined,
    };
  }

  /** The store as this process has it: dead when the process is, and every write is an effect at which it can die. */
  guard(store: Store): Store {
    const leases = override(store.leases, {
      renew: (...values: Parameters<Store["leases"]["renew"]>) => this.around("lease renewal", () => store.leases.renew(...values)),
      release: (...values: Parameters<Store["leases"]["release"]>) => this.around("lease release", () => store.leases.release(...values)),
    });
    const runs = override(store.runs, {
      start: (...values: Parameters<Store["runs"]["start"]>) => this.around("run note", () => store.runs.start(...values)),
    });
    return override(store, {
      transaction: <T>(work: () => T): T => this.around("a write", () => store.transaction(work)),
      leases,
      runs,
    });
  }

  private around<T>(what: string, work: () => T): T {
    this.effect(`before ${what}`);
    const done = work();
    this.effect(`after ${what}`);
    return done;
  }
}

/**
 * The same object with some of its members replaced; the original stays as it is. It is a copy and does not inherit from
 * the original: thousands of objects that are each a prototype keep the engine from ever running fast.
 */
export function override<T extends object>(object: T, members: Partial<T>): T {
  return Object.assign(Object.create(Object.getPrototypeOf(object) as object) as T, object, members);
}
