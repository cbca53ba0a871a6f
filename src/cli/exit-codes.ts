import type { ProblemCode } from "../model/problem.js";
import type { Verdict } from "../model/reconciliation.js";
import type { RunResult, RunStatus } from "../model/run.js";

/** What the exit code says. Documented in the README and tested. */
export const EXIT = {
  done: 0,
  error: 1,
  usage: 2,
  waiting: 3,
  threshold: 4,
  inDoubt: 5,
  busy: 6,
  stale: 7,
  changes: 8,
  outOfTime: 9,
  interrupted: 130,
  terminated: 143,
} as const;

/** What asked a run to stop: a signal, or `--max-duration`. */
export type StoppedBy = "SIGINT" | "SIGTERM" | "time";

/** Of several runs, the first of these that one of them ended with. */
const WORST_FIRST = [
  EXIT.interrupted,
  EXIT.terminated,
  EXIT.error,
  EXIT.usage,
  EXIT.inDoubt,
  EXIT.threshold,
  EXIT.busy,
  EXIT.stale,
  EXIT.outOfTime,
  EXIT.waiting,
];

export function worstExit(codes: readonly number[]): number {
  return WORST_FIRST.find((code) => codes.includes(code)) ?? EXIT.done;
}

/** The code of what asked the runs to stop. */
export function exitOfStop(by: StoppedBy): number {
  return by === "time" ? EXIT.outOfTime : by === "SIGTERM" ? EXIT.terminated : EXIT.interrupted;
}

/** The code of a run by how it ended; one that never got its turn is busy, not failed. */
export function exitOfRun({ status, problems }: Pick<RunResult, "status" | "problems">, stoppedBy: StoppedBy | null): number {
  if (problems.some((each) => each.code === "STORE_BUSY")) return EXIT.busy;
  return problems.some((each) => each.code.startsWith("PLAN_")) ? EXIT.stale : exitOfStatus(status, stoppedBy);
}

function exitOfStatus(status: RunStatus, stoppedBy: StoppedBy | null): number {
  switch (status) {
    case "done":
      return EXIT.done;
    case "waiting":
      return EXIT.waiting;
    case "threshold":
      return EXIT.threshold;
    case "in-doubt":
      return EXIT.inDoubt;
    case "interrupted":
      return exitOfStop(stoppedBy ?? "SIGINT");
    case "failed":
    case "running":
      return EXIT.error;
  }
}

/** Of `reconcile`: 0 only when all three sides agree. */
export function exitOfVerdict(verdict: Verdict): number {
  switch (verdict) {
    case "agree":
      return EXIT.done;
    case "agree, items wait":
      return EXIT.waiting;
    case "in doubt":
      return EXIT.inDoubt;
    case "differ":
    case "incomplete":
      return EXIT.error;
  }
}

export function exitOfProblem(code: ProblemCode): number {
  if (code === "STORE_BUSY") return EXIT.busy;
  if (code.startsWith("PLAN_")) return EXIT.stale;
  if (code === "USAGE" || code.startsWith("CONFIG_") || code.startsWith("EXPR_")) return EXIT.usage;
  return EXIT.error;
}
