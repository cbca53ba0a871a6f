import { coveredValue } from "../model/personal.js";
import { dispositionOf, type Problem, type ProblemCode } from "../model/problem.js";
import { displayKey } from "../model/record.js";
import type { RunResult } from "../model/run.js";
import type { Store } from "../store/store.js";

/** Stands for an error that is none of the user's: the program broke one of its own rules. */
export const BUG = "BUG";
export type Cause = ProblemCode | typeof BUG;

/** Money by currency, in the smallest unit; and of how many documents nobody can tell the amount. */
export interface Sum {
  readonly byCurrency: ReadonlyMap<string, bigint>;
  readonly unknown: number;
}

/** How things stand with a pipeline after a run, as far as people are told about it. Nothing of it is a text of a document. */
export interface Facts {
  /** The pipeline; empty for all that one command line names, such as `--all`, where no single one can be named. */
  readonly scope: string;
  /** The run; null when none could start. */
  readonly run: number | null;
  /** What stopped it, sorted and without repeats; empty when nothing did. */
  readonly failed: readonly Cause[];
  readonly waiting: number;
  readonly inDoubt: number;
  /** Documents that wait for a plan that is approved. */
  readonly toApprove: number;
  readonly posted: { readonly documents: number; readonly money: Sum };
  readonly waitingMoney: Sum;
  readonly inDoubtMoney: Sum;
  /** Why items wait, most first. */
  readonly causes: readonly { readonly code: ProblemCode; readonly n: number }[];
  /** The first keys of documents and records that wait, and of documents in doubt. */
  readonly waitingKeys: readonly string[];
  readonly inDoubtKeys: readonly string[];
  /** The plan that waits for approval, as a path from the folder of sync.yaml; null when there is none. */
  readonly plan: string | null;
}

/** Keys that are worth a look; the list has them all. */
const MOST_KEYS = 10;
const NO_MONEY: Sum = { byCurrency: new Map(), unknown: 0 };

/** Another run is at work, or took over, and tells for itself; a plan that does not fit says nothing about the pipeline. */
const TOLD_ELSEWHERE = /^(STORE_BUSY|STORE_LEASE_LOST|PLAN_)/;

export function isToldElsewhere(problems: readonly Problem[]): boolean {
  return problems.some(({ code }) => TOLD_ELSEWHERE.test(code));
}

export interface RunDetails {
  /** What stands on the list, and what is in doubt. */
  readonly waitingMoney: Sum;
  readonly inDoubtMoney: Sum;
  /** The plan that waits for approval, as a path from the folder of sync.yaml; null when there is none. */
  readonly plan: string | null;
  /** Keys are made of a personal field, and are told covered. */
  readonly personalKeys: boolean;
}

/** What there is to tell after a run; null when nothing can be said, because a person stopped it or another run is at work. */
export function factsOfRun(store: Store, result: RunResult, { waitingMoney, inDoubtMoney, plan, personalKeys }: RunDetails): Facts | null {
  const { status, problems, counts } = result;
  if (status === "interrupted" || status === "running" || isToldElsewhere(problems)) return null;
  const pipelineId = store.pipelineId(result.pipeline);
  const isStopped = status === "failed" || status === "threshold";
  const told = (key: string): string => (personalKeys ? coveredValue(displayKey(key)) : displayKey(key));
  const doubts = store.attempts.open(pipelineId);
  const all = store.quarantine.byCode(pipelineId) as { readonly code: ProblemCode; readonly n: number }[];
  // What is in doubt is on the list too, and is told as what it is.
  const inDoubtListed = all.find(({ code }) => code === "TARGET_UNCONFIRMED")?.n ?? 0;
  const waiting = Math.max(0, counts.waiting - inDoubtListed);
  return {
    scope: result.pipeline,
    run: result.id,
    failed: isStopped ? causesOf(problems) : [],
    waiting,
    inDoubt: counts.unconfirmed,
    toApprove: counts.toApprove,
    posted: { documents: counts.posted + counts.supplemented + counts.replaced, money: { byCurrency: debits(result), unknown: 0 } },
    waitingMoney: waiting === 0 ? NO_MONEY : waitingMoney,
    inDoubtMoney,
    causes: all.filter(({ code }) => code !== "TARGET_UNCONFIRMED"),
    waitingKeys: waiting === 0 ? [] : store.notices.firstWaiting(pipelineId, MOST_KEYS).map(told),
    inDoubtKeys: [...new Set(doubts.map(({ documentKey }) => told(documentKey)))].slice(0, MOST_KEYS),
    plan,
  };
}

/** What there is to tell where no run came about. */
export function factsOfStop(scope: string, causes: readonly Cause[]): Facts {
  const nothing = { waiting: 0, inDoubt: 0, toApprove: 0, waitingMoney: NO_MONEY, inDoubtMoney: NO_MONEY };
  const posted = { documents: 0, money: NO_MONEY };
  return { scope, run: null, failed: sorted(causes), ...nothing, posted, causes: [], waitingKeys: [], inDoubtKeys: [], plan: null };
}

/** Nothing stands in the way of what the command line names; what becomes of each pipeline is told for itself. */
export function factsOfStart(scope: string): Facts {
  return factsOfStop(scope, []);
}

function causesOf(problems: readonly Problem[]): readonly Cause[] {
  const codes = problems.map(({ code }) => code).filter((code) => dispositionOf(code) === "stop");
  return codes.length === 0 ? [BUG] : sorted(codes);
}

function sorted(causes: readonly Cause[]): readonly Cause[] {
  return [...new Set(causes)].sort();
}

function debits({ totals }: RunResult): Map<string, bigint> {
  const sums = new Map<string, bigint>();
  for (const { currency, debitMinor } of totals) sums.set(currency, (sums.get(currency) ?? 0n) + debitMinor);
  return sums;
}
