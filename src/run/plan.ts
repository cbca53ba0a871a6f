import type { Pipeline } from "../config/pipeline.js";
import type { Target } from "../connectors/contract.js";
import { type ChangeKind, SENDING_KINDS } from "../model/plan.js";
import type { Problem } from "../model/problem.js";
import { Totals } from "../steps/plan.js";
import type { ChangeTable } from "../store/changes.js";
import type { Store } from "../store/store.js";
import { checkWithTarget } from "./check.js";
import type { Effects } from "./effects.js";
import type { HeldLease } from "./lease.js";
import { readBack } from "./read-back.js";
import { type Outcome, recordDecoder, wishFor } from "./wish.js";

export interface PlanRequest {
  readonly pipeline: Pipeline;
  readonly pipelineId: number;
  readonly runId: number;
  readonly store: Store;
  readonly target: Target;
  readonly effects: Effects;
  readonly lease: HeldLease;
  /** Only these documents; all that need attention when null. */
  readonly only: ReadonlySet<string> | null;
  /** Everything that was posted is compared with what the target holds. */
  readonly verify: boolean;
}

export interface Planned {
  readonly changes: ChangeTable;
  readonly counts: Record<ChangeKind, number>;
  readonly totals: Totals;
  /** Documents for which something is sent. */
  readonly sends: number;
  /** Documents that were looked at. */
  readonly examined: number;
  /** What is to be changed was read in the target before. */
  readonly readsTarget: boolean;
  /** The target was asked whether it would take what is new. */
  readonly asksTarget: boolean;
}

/** Documents mapped between two writes. */
const CHUNK = 1_000;

/** Maps every document that needs attention, and decides what has to happen for it. Sends nothing. */
export async function planDocuments(request: PlanRequest): Promise<Planned> {
  const { store, pipelineId, effects, only, verify } = request;
  if (verify) request.lease.write(() => store.records.touchPosted(pipelineId));
  const changes = store.newPlan();
  const totals = new Totals();
  const total = store.records.countTouched(pipelineId);
  const decode = recordDecoder(request);
  const money = () => totals.byCurrency();
  let examined = 0;
  let after = 0;
  while (!effects.signal.aborted) {
    const documents = store.records.nextTouched(pipelineId, after, CHUNK);
    const last = documents[documents.length - 1];
    if (last === undefined) break;
    after = last.id;
    request.lease.ensure();
    await effects.sleep(0);
    const chosen = only === null ? documents : documents.filter((document) => only.has(document.key));
    const wishes = request.lease.write(() => {
      const sent = store.attempts.amongSent(chosen.map(({ id }) => id));
      return chosen.flatMap((document) => wishFor(request, document, decode, sent.has(document.id)));
    });
    const outcomes = await checkWithTarget(request, await readBack(request, wishes));
    request.lease.write(() => {
      for (const outcome of outcomes) record(request, outcome, changes, totals);
    });
    examined += chosen.length;
    effects.onProgress({ stage: "plan", records: 0, documents: examined, done: examined, total, money });
  }
  const counts = changes.counts();
  const sends = SENDING_KINDS.reduce((sum, kind) => sum + counts[kind], 0);
  const { read, check } = request.target;
  return { changes, counts, totals, sends, examined, readsTarget: read !== undefined, asksTarget: check !== undefined };
}

function record(request: PlanRequest, outcome: Outcome, changes: ChangeTable, totals: Totals): void {
  const { store } = request;
  const { documentId, change, waits } = outcome;
  if (change === null || change.kind === "keep") {
    store.uniqueValues.releaseStale(documentId);
    if (waits === null) {
      store.records.settle(documentId);
      store.quarantine.clearDocument(documentId);
    } else list(request, outcome, "waiting", waits);
    if (change !== null) changes.add(documentId, change);
    return;
  }
  if (change.kind === "quarantine" || change.kind === "hold") {
    // The touched mark stays: the document is tried again with every run.
    list(request, outcome, change.kind === "hold" ? "held" : "waiting", change.problem);
    if (change.kind === "hold") changes.add(documentId, change);
    return;
  }
  if (waits === null) store.quarantine.setReady(documentId);
  else list(request, outcome, "waiting", waits);
  changes.add(documentId, change);
  totals.addChange(change);
}

function list(
  { store, pipelineId, runId, effects }: PlanRequest,
  { documentId, key }: Outcome,
  status: "waiting" | "held",
  problem: Problem,
): void {
  const place = { unitId: null, line: null, raw: null };
  const at = effects.now().toISOString();
  store.quarantine.put({ pipelineId, kind: "document", key, documentId, status, problem, ...place, runId, at });
  effects.observer?.tell({ kind: "problem found", code: problem.code, item: "document", key });
}
