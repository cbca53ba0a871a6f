/** How long what nothing needs any more is kept, in ms; null: for ever. */
export interface Retention {
  /** Tries that were refused or never left, and steps that were taken; the last try of each key stays. */
  readonly attemptsMs: number | null;
  /** Runs of which nothing that was sent is remembered. */
  readonly runsMs: number | null;
  /** What the store knows of plans that were applied or replaced; their files stay. */
  readonly plansMs: number | null;
  /** The audit log; its rows are written to a file before. */
  readonly auditMs: number | null;
}

export const DAY_MS = 86_400_000;

/** What went, as numbers of rows. */
export interface LetGo {
  readonly attempts: number;
  readonly runs: number;
  readonly plans: number;
}

export const NOTHING: LetGo = { attempts: 0, runs: 0, plans: 0 };

export function addLetGo(a: LetGo, b: LetGo): LetGo {
  return { attempts: a.attempts + b.attempts, runs: a.runs + b.runs, plans: a.plans + b.plans };
}

export function isNothing({ attempts, runs, plans }: LetGo): boolean {
  return attempts + runs + plans === 0;
}
