import type { Observer } from "../model/observer.js";
import type { Place } from "../model/problem.js";

/** Everything a run needs from the world, as values, so that tests and simulations can give others. */
export interface Effects {
  readonly now: () => Date;
  readonly sleep: (ms: number) => Promise<void>;
  /** Does `work` again and again, `ms` apart, beside everything else, until what is returned is called. It keeps no process alive. */
  readonly every: (ms: number, work: () => void) => () => void;
  /** Fires when a person or the system asks the run to stop; what was sent is finished first. */
  readonly signal: AbortSignal;
  /** Who runs it, for the audit log: the operating-system user. */
  readonly actor: string;
  readonly host: string;
  readonly pid: number;
  /** True when a process of this number runs on this host. */
  readonly isAlive: (pid: number) => boolean;
  /** From 0 to below 1; spreads waits so that many clients do not come back at once. */
  readonly random: () => number;
  /** A word that no other run has. */
  readonly randomWord: () => string;
  /** The program's version, for the record. */
  readonly program: string;
  readonly onProgress: (progress: Progress) => void;
  /** Told what happens, where anybody listens. */
  readonly observer?: Observer | undefined;
}

export type Stage = "read" | "plan" | "post" | "compare";

export interface Progress {
  readonly stage: Stage;
  readonly records: number;
  readonly documents: number;
  /** Of the stage, in any unit; total 0 when it is not known. */
  readonly done: number;
  readonly total: number;
  readonly at?: Place;
  /** What the documents so far come to, in the smallest units of each currency; added up only where somebody looks. */
  readonly money?: () => readonly { readonly currency: string; readonly amountMinor: bigint }[];
}
