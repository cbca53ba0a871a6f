import { BUG, type Failure, type Observer, type RunStage } from "../model/observer.js";
import { ProblemError } from "../model/problem.js";
import type { RunResult } from "../model/run.js";

/** Tells when a run begins and how it ends, also where it breaks off. Where nobody listens, it is the work alone. */
export function observedRun<O extends { readonly result: RunResult }>(
  observer: Observer | undefined,
  run: { readonly pipeline: string; readonly run: number; readonly does: string; readonly full: boolean },
  work: () => Promise<O>,
): Promise<O> {
  return observer === undefined ? work() : toldRun(observer, run, work);
}

/** Tells when a part of a run begins and ends, and what it came to in numbers. Where nobody listens, it is the work alone. */
export function inStage<T>(
  observer: Observer | undefined,
  stage: RunStage,
  work: () => Promise<T>,
  countsOf: (result: T) => Readonly<Record<string, number>> = () => ({}),
): Promise<T> {
  return observer === undefined ? work() : toldStage(observer, stage, work, countsOf);
}

async function toldRun<O extends { readonly result: RunResult }>(
  observer: Observer,
  run: { readonly pipeline: string; readonly run: number; readonly does: string; readonly full: boolean },
  work: () => Promise<O>,
): Promise<O> {
  const whose = { pipeline: run.pipeline, run: run.run };
  observer.tell({ kind: "run started", ...run });
  try {
    const outcome = await work();
    const { status, counts, problems } = outcome.result;
    observer.tell({ kind: "run ended", ...whose, status, counts, problems: problems.map(({ code }) => code) });
    return outcome;
  } catch (cause) {
    const problems: readonly Failure[] = cause instanceof ProblemError ? cause.problems.map(({ code }) => code) : [BUG];
    observer.tell({ kind: "run ended", ...whose, status: "failed", counts: null, problems });
    throw cause;
  }
}

async function toldStage<T>(
  observer: Observer,
  stage: RunStage,
  work: () => Promise<T>,
  countsOf: (result: T) => Readonly<Record<string, number>>,
): Promise<T> {
  observer.tell({ kind: "stage started", stage });
  try {
    const result = await work();
    observer.tell({ kind: "stage ended", stage, counts: countsOf(result), failed: null });
    return result;
  } catch (cause) {
    observer.tell({ kind: "stage ended", stage, counts: {}, failed: failureOf(cause) });
    throw cause;
  }
}

export function failureOf(cause: unknown): Failure {
  return cause instanceof ProblemError ? (cause.problems[0]?.code ?? BUG) : BUG;
}
