import { ProblemError } from "../model/problem.js";
import { addLetGo, DAY_MS, isNothing, type LetGo, NOTHING, type Retention } from "../model/retention.js";
import type { Cutoffs } from "../store/retention.js";
import type { Store } from "../store/store.js";
import type { Effects } from "./effects.js";
import { takeLease } from "./lease.js";

export interface PruneRequest {
  readonly store: Store;
  /** The name of a pipeline that the store knows. */
  readonly pipeline: string;
  readonly retention: Retention;
  readonly effects: Effects;
  /** It stops after so many ms and is gone on with later; one write is always made. */
  readonly mostMs: number;
}

export interface Pruned {
  readonly letGo: LetGo;
  /** Nothing more can go now. */
  readonly isDone: boolean;
}

/** Rows of each table in one write: a few hundredths of a second. */
const CHUNK = 2_000;
const ALL = -1;
/** A run that is over does not keep its caller waiting for longer. */
const MOST_AFTER_RUN_MS = 2_000;

/** Lets go of what is old enough and not needed, with the pipeline's lease in hand. Throws ProblemError STORE_BUSY while a run has it. */
export function prunePipeline({ store, pipeline, retention, effects, mostMs }: PruneRequest): Pruned {
  const pipelineId = store.pipelineId(pipeline);
  const lease = takeLease(store, pipeline, effects);
  try {
    const from = effects.now();
    const cutoffs = cutoffsOf(retention, from);
    const table = store.retention();
    let letGo = NOTHING;
    let isDone = false;
    do {
      lease.ensure();
      lease.write(() => {
        const went = table.letGo(pipelineId, cutoffs, CHUNK);
        letGo = addLetGo(letGo, went);
        isDone = Math.max(went.attempts, went.runs, went.plans) < CHUNK;
        const at = effects.now().toISOString();
        if (isDone) table.noteAt(pipelineId, at);
        if (isNothing(went)) return;
        store.audit.append({ at, actor: effects.actor, event: "store pruned", pipeline, run: null, subject: null, detail: went });
      });
    } while (!isDone && !effects.signal.aborted && effects.now().getTime() - from.getTime() < mostMs);
    return { letGo, isDone };
  } finally {
    lease.release();
  }
}

/**
 * At the end of a run: once a day, and for a moment only. It never makes a run fail that has done its work: what cannot go now goes another
 * time. Null where nothing was tried.
 */
export function pruneAfterRun(request: Omit<PruneRequest, "mostMs">): Pruned | null {
  const { store, pipeline, effects } = request;
  const last = store.retention().lastAt(store.pipelineId(pipeline));
  // A moment in the future was noted by a clock that was wrong.
  const isToday = last !== null && Math.abs(effects.now().getTime() - Date.parse(last)) < DAY_MS;
  if (isToday || effects.signal.aborted) return null;
  try {
    return prunePipeline({ ...request, mostMs: MOST_AFTER_RUN_MS });
  } catch (cause) {
    if (!(store.explain(cause) instanceof ProblemError)) throw cause;
    return null;
  }
}

/** What would go, found by doing it and taking it back. Takes no lease: it is as if it had never been. */
export function wouldLetGo(store: Store, pipeline: string, retention: Retention, now: Date): LetGo {
  const pipelineId = store.pipelineId(pipeline);
  let letGo = NOTHING;
  const undo = new Error("only tried");
  try {
    store.transaction(() => {
      letGo = store.retention().letGo(pipelineId, cutoffsOf(retention, now), ALL);
      throw undo;
    });
  } catch (cause) {
    if (cause !== undo) throw cause;
  }
  return letGo;
}

function cutoffsOf({ attemptsMs, runsMs, plansMs }: Retention, now: Date): Cutoffs {
  const before = (ms: number | null): string | null => (ms === null ? null : new Date(now.getTime() - ms).toISOString());
  return { attempts: before(attemptsMs), runs: before(runsMs), plans: before(plansMs) };
}
