import { type Change, type ChangeKind, SENDING_KINDS } from "../model/plan.js";
import { essenceOf } from "../model/plan-file.js";
import { Totals } from "../steps/plan.js";
import type { ApprovedTable } from "../store/approved.js";
import type { Store } from "../store/store.js";
import type { Planned } from "./plan.js";

const BATCH = 500;

/** What a saved plan allows to be sent; everything else stays where it is. */
export interface AllowedPlan {
  /** Id of the plan. */
  readonly id: string;
  readonly list: ApprovedTable;
}

/** A document of the plan that is not posted as it was shown, and so not at all. */
export interface LeftOut {
  readonly key: string;
  /** As the plan has it. */
  readonly change: string;
  readonly why: string;
}

export interface Narrowed {
  readonly planned: Planned;
  /** Changes to documents of which the plan says nothing. */
  readonly unlisted: number;
  /** Changes that would be made now to documents of the plan, and are not those that were shown. */
  readonly others: ReadonlyMap<string, ChangeKind>;
}

/** Takes out of a plan that was made just now everything that the saved one does not have in exactly this form. */
export function narrow(planned: Planned, { list }: AllowedPlan): Narrowed {
  const refused: { readonly id: number; readonly kind: ChangeKind }[] = [];
  const others = new Map<string, ChangeKind>();
  const totals = new Totals();
  let unlisted = 0;
  for (const batch of planned.changes.inOrder(SENDING_KINDS, BATCH)) {
    for (const { id, change } of batch) {
      if (isAllowed(change, list)) {
        totals.addChange(change);
        continue;
      }
      refused.push({ id, kind: change.kind });
      if (list.knows(change.key)) others.set(change.key, change.kind);
      else unlisted += 1;
    }
  }
  planned.changes.remove(refused);
  const counts = planned.changes.counts();
  const sends = SENDING_KINDS.reduce((sum, kind) => sum + counts[kind], 0);
  return { planned: { ...planned, counts, totals, sends }, unlisted, others };
}

/**
 * Exactly what the plan has; or what is left of it after a crash or a lost answer: the posting that follows a reversal that was made, and the
 * steps that follow a document that was saved. Both bring nothing but what was shown.
 */
function isAllowed(change: Change, list: ApprovedTable): boolean {
  const essence = essenceOf(change);
  if (list.allows(essence)) return true;
  if (change.kind === "create" && essence.content !== null) return list.allowsContent(change.key, essence.content);
  return change.kind === "finish" && list.allowsContent(change.key, `${change.posted.fingerprint} `);
}

/** Why documents of the plan were not sent, each in words. */
export function* leftOut(store: Store, pipelineId: number, { list }: AllowedPlan, others: Narrowed["others"]): Generator<LeftOut> {
  for (const { key, kind } of list.unmet()) yield { key, change: kind, why: whyNot(store, pipelineId, key, kind, others.get(key)) };
}

function whyNot(store: Store, pipelineId: number, key: string, kind: string, now: ChangeKind | undefined): string {
  if (now === kind) return "it changed since the plan was made, at the source or in the target";
  if (now !== undefined) return `the plan has \`${kind}\`, and now it would be \`${now}\``;
  const waits = store.quarantine.find(pipelineId, key).find((item) => item.kind === "document" && item.status !== "ready");
  if (waits !== undefined)
    return waits.status === "dropped" ? `it was dropped: ${waits.reason ?? ""}` : `it waits: ${waits.problem.message}`;
  return "there is nothing to be done for it any more: it was posted meanwhile, or is no longer wanted";
}
