import type { Pipeline } from "../config/pipeline.js";
import type { Target } from "../connectors/contract.js";
import type { Document } from "../model/document.js";
import type { Change } from "../model/plan.js";
import { dispositionOf, type Problem } from "../model/problem.js";
import type { Outcome } from "./wish.js";

/** A change that brings a document to the target. */
type Posting = Extract<Change, { fingerprint: string }>;

interface CheckRequest {
  readonly pipeline: Pipeline;
  readonly target: Target;
}

/** Asks the target about what would be posted, and moves what belongs into a closed period where the pipeline says so. */
export async function checkWithTarget(request: CheckRequest, outcomes: readonly Outcome[]): Promise<readonly Outcome[]> {
  const { target } = request;
  if (target.check === undefined) return outcomes;
  const asked = outcomes.filter((outcome): outcome is Outcome & { readonly change: Posting } => isPosting(outcome.change));
  const answers = await target.check(asked.map(({ change }) => change.document));
  const settled = new Map<Outcome, Outcome>();
  for (const [index, outcome] of asked.entries()) {
    const refused = answers[index] ?? null;
    if (refused === null) continue;
    const moved = await moveOut(request, outcome.change, refused);
    settled.set(outcome, { ...outcome, change: moved ?? refusal(outcome.change, refused) });
  }
  return outcomes.map((outcome) => settled.get(outcome) ?? outcome);
}

/**
 * The same document on the first day of the next open period, with its own date in the text. Its fingerprint stays that
 * of what is wanted, so that it is not a change when further periods close.
 */
async function moveOut({ pipeline, target }: CheckRequest, change: Posting, refused: Problem): Promise<Posting | null> {
  if (refused.code !== "TARGET_PERIOD_CLOSED" || pipeline.target.closedPeriod !== "next open period") return null;
  const { document } = change;
  const date = (await target.nextOpen?.(document.date)) ?? null;
  if (date === null) return null;
  const moved: Document = { ...document, date, text: `${document.text}（原日期 ${document.date}）` };
  const [still] = (await target.check?.([moved])) ?? [];
  return still === null || still === undefined ? { ...change, document: moved } : null;
}

function refusal(change: Posting, refused: Problem): Outcome["change"] {
  if (dispositionOf(refused.code) === "hold") return { kind: "hold", key: change.key, document: change.document, problem: refused };
  return { kind: "quarantine", problem: refused };
}

function isPosting(change: Outcome["change"]): change is Posting {
  return change !== null && "fingerprint" in change;
}
