import { type Document, documentAmount } from "../model/document.js";
import { hasLines } from "../model/document-types.js";
import { documentOfLine, type PlanChange, type PlanWait } from "../model/plan-file.js";
import type { ProblemCode } from "../model/problem.js";
import { addMoney, type Money } from "./amounts.js";
import type { ReportedPlan } from "./reported-plan.js";

export type PlannedKind = PlanChange["change"];

/** In the order in which people should look at them: what is not posted, what touches what stands in the books, then what is new. */
export const SHOWN_KINDS = [
  "hold",
  "replace",
  "reverse",
  "update",
  "finish",
  "supplement",
  "create",
] as const satisfies readonly PlannedKind[];

/** What a plan does with the documents of one kind. */
export interface KindSums {
  readonly count: number;
  /** Money that is posted; of what is held, money that would be. */
  readonly posted: Money;
  readonly takenBack: Money;
}

/** What has to be known of the whole plan before the first document is shown. */
export interface Survey {
  readonly kinds: ReadonlyMap<PlannedKind, KindSums>;
  /** Documents that the target itself was asked about, and those that it was not. */
  readonly asked: number;
  readonly notAsked: number;
  /** Postings that are taken back or changed: read in the target, or remembered by us. */
  readonly readThere: number;
  readonly remembered: number;
  /** What waits, by cause, the most frequent first. Held documents are not among it. */
  readonly causes: readonly Cause[];
  readonly waiting: number;
  /** Names of the dimensions that any line has, in their order. */
  readonly dimensions: readonly string[];
}

export interface Cause {
  readonly code: ProblemCode;
  readonly waits: readonly PlanWait[];
}

export async function surveyPlan(plan: Pick<ReportedPlan, "read">): Promise<Survey> {
  const kinds = new Map<PlannedKind, { count: number; posted: Map<string, bigint>; takenBack: Map<string, bigint> }>();
  const counts = { asked: 0, notAsked: 0, readThere: 0, remembered: 0 };
  const dimensions = new Set<string>();
  const waits: PlanWait[] = [];
  const note = (encoded: unknown, money: Map<string, bigint>): void => {
    if (encoded === undefined) return;
    const document = documentOfLine(encoded);
    for (const line of document.lines) for (const name of Object.keys(line.dimensions)) dimensions.add(name);
    add(money, document);
  };
  await plan.read({
    change: (change) => {
      const sums = kinds.get(change.change) ?? { count: 0, posted: new Map(), takenBack: new Map() };
      kinds.set(change.change, sums);
      sums.count += 1;
      if (change.checked !== undefined) counts[change.checked === "target" ? "asked" : "notAsked"] += 1;
      if (change.posting !== undefined) counts[change.posting.seen === "target" ? "readThere" : "remembered"] += 1;
      note(change.after, sums.posted);
      // A draft that is finished is booked by that: nothing is taken back.
      note(change.before, change.change === "finish" ? sums.posted : sums.takenBack);
    },
    wait: (wait) => void waits.push(wait),
  });
  const causes = byCause(await stillWaiting(plan, waits));
  const waiting = causes.reduce((sum, cause) => sum + cause.waits.length, 0);
  return { kinds, ...counts, causes, waiting, dimensions: [...dimensions].sort() };
}

function add(money: Map<string, bigint>, document: Document): void {
  if (hasLines(document.type) && document.lines.length > 0) addMoney(money, document.currency, documentAmount(document));
}

/**
 * Leaves out what is shown as a document: what is held, and what waited until now and is in this plan. A batch may be in the plan while some of
 * its members wait.
 */
async function stillWaiting(plan: Pick<ReportedPlan, "read">, waits: readonly PlanWait[]): Promise<readonly PlanWait[]> {
  const documents = new Set(waits.filter(({ kind }) => kind === "document").map((wait) => wait.waits));
  if (documents.size === 0) return waits;
  const planned = new Set<string>();
  await plan.read({
    change: ({ change, key, after }) => {
      if (documents.has(key) && (change === "hold" || !isBatch(after))) planned.add(key);
    },
  });
  return waits.filter((wait) => wait.kind === "record" || !planned.has(wait.waits));
}

function isBatch(encoded: unknown): boolean {
  return encoded !== undefined && documentOfLine(encoded).members !== undefined;
}

function byCause(waits: readonly PlanWait[]): readonly Cause[] {
  const causes = new Map<ProblemCode, PlanWait[]>();
  for (const wait of waits) {
    const list = causes.get(wait.problem.code) ?? [];
    list.push(wait);
    causes.set(wait.problem.code, list);
  }
  return [...causes]
    .map(([code, list]) => ({ code, waits: list }))
    .sort((a, b) => b.waits.length - a.waits.length || (a.code < b.code ? -1 : 1));
}
