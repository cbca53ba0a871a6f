import type { Pipeline } from "../config/pipeline.js";
import { type Cause, groupByCause } from "../model/cause.js";
import { displayCursor } from "../model/cursor.js";
import { zonedDateReader } from "../model/date-formats.js";
import { isDateText } from "../model/dates.js";
import type { RunStatus } from "../model/run.js";
import type { Lease } from "../store/leases.js";
import type { QuarantineItem } from "../store/quarantine.js";
import type { RunRow } from "../store/runs.js";
import type { Store } from "../store/store.js";
import type { Coming } from "./due.js";
import { lastRun } from "./last-run.js";
import { type Limbo, limboOf } from "./limbo.js";

/** `killed`: it never wrote its end, and nobody works on it any more. */
export type RunState = RunStatus | "killed";

/** How old what a pipeline has taken is. */
interface Lag {
  /** When the last run that read the source to its end began; null when none did. */
  readonly readAt: string | null;
  /** The newest that was taken: the watermark where it is a time, else the start of the run that took the last file or window. */
  readonly newest: { readonly at: string; readonly is: "watermark" | "reading" } | null;
  /** Age of the newest; of the last reading where nothing was taken. Days are counted in the project's zone. */
  readonly ms: number | null;
}

interface PlanWaiting {
  readonly file: string;
  readonly sends: number;
  readonly madeAt: string;
}

/** Where one pipeline stands. */
export interface Standing {
  readonly pipeline: string;
  /** Null where its file is gone or cannot be read. */
  readonly title: string | null;
  /** The last run that was more than a plan, if there was one. */
  readonly last: (RunRow & { readonly state: RunState }) | null;
  readonly posted: number;
  readonly waiting: number;
  readonly held: number;
  readonly ready: number;
  readonly dropped: number;
  readonly unconfirmed: number;
  readonly watermark: string | null;
  readonly lag: Lag;
  readonly causes: readonly Cause<QuarantineItem>[];
  readonly limbo: Limbo | null;
  /** The newest plan, where nobody applied it and something waits for it. */
  readonly toApprove: PlanWaiting | null;
  readonly runningNow: Lease | null;
  /** Null where the pipeline has no schedule. */
  readonly coming: Coming | null;
}

/** `gone`: its process is not there any more; `silent`: it showed no sign of life for so long that another run may take over. */
export interface LeaseStanding extends Lease {
  readonly state: "held" | "gone" | "silent";
}

interface Around {
  /** Null before the first run. */
  readonly store: Store | null;
  readonly now: Date;
  readonly timeZone: string;
  readonly leases: readonly LeaseStanding[];
  readonly coming: (pipeline: Pipeline) => Coming | null;
}

const WATERMARK_TIME = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}/;
const DAY_MS = 86_400_000;

export function leasesOf(store: Store, now: Date, host: string, isAlive: (pid: number) => boolean): LeaseStanding[] {
  return store.leases.list().map((lease) => {
    const isGone = lease.host === host && !isAlive(lease.pid);
    return { ...lease, state: isGone ? "gone" : lease.expiresAt <= now.toISOString() ? "silent" : "held" };
  });
}

/** What the store knows of a pipeline; `known` is null where its file is gone or cannot be read. */
export function standingOf(name: string, known: Pipeline | null, around: Around): Standing {
  const { store, now, timeZone, leases } = around;
  const title = known?.title ?? null;
  const coming = known === null ? null : around.coming(known);
  if (store === null || !store.pipelineNames().includes(name)) return { ...NEVER, pipeline: name, title, coming };
  const id = store.pipelineId(name);
  const items = store.quarantine.list(id);
  const { waiting, held, dropped } = store.quarantine.countWaiting(id);
  const watermark = store.watermarks.get(id, "records");
  const runningNow = leases.find((lease) => lease.name === name && lease.state === "held") ?? null;
  const newest = store.runs.list({ pipeline: name, limit: 1 })[0];
  const last = lastRun(store, name, ({ kind }) => kind !== "plan") ?? newest ?? null;
  return {
    pipeline: name,
    title,
    last: last === null ? null : { ...last, state: stateOf(last, newest, runningNow) },
    posted: store.postings.countLive(id),
    waiting,
    held,
    ready: items.filter(({ status }) => status === "ready").length,
    dropped,
    unconfirmed: store.attempts.countOpen(id),
    watermark: watermark === null ? null : displayCursor(watermark),
    lag: lagOf({ store, now, timeZone }, id, watermark),
    causes: groupByCause(items),
    limbo: limboOf(store, id, known, items),
    toApprove: known === null || known.approval === null ? null : planToApprove(store, id),
    runningNow,
    // A run that is under way is the one that was due.
    coming: coming !== null && runningNow !== null ? { ...coming, dueSince: null } : coming,
  };
}

/** The run that holds the lease is the newest one. */
function stateOf(run: RunRow, newest: RunRow | undefined, lease: Lease | null): RunState {
  if (run.status !== "running") return run.status;
  return lease !== null && run.id === newest?.id ? "running" : "killed";
}

const NEVER = {
  last: null,
  posted: 0,
  waiting: 0,
  held: 0,
  ready: 0,
  dropped: 0,
  unconfirmed: 0,
  watermark: null,
  lag: { readAt: null, newest: null, ms: null },
  causes: [],
  limbo: null,
  toApprove: null,
  runningNow: null,
} as const;

function planToApprove(store: Store, pipelineId: number): PlanWaiting | null {
  const plan = store.plans.latest(pipelineId);
  return plan === null || plan.appliedIn !== null || plan.sends === 0 ? null : { file: plan.file, sends: plan.sends, madeAt: plan.madeAt };
}

function lagOf(
  { store, now, timeZone }: { readonly store: Store; readonly now: Date; readonly timeZone: string },
  pipelineId: number,
  watermark: string | null,
): Lag {
  const startOf = (run: number | null): string | null => (run === null || run === 0 ? null : (store.runs.get(run)?.startedAt ?? null));
  const readAt = startOf(store.runs.lastComplete(pipelineId));
  const taken = startOf(store.units.lastTakenIn(pipelineId));
  const isTime = watermark !== null && (isDateText(watermark) || WATERMARK_TIME.test(watermark));
  const newest = isTime ? ({ at: watermark, is: "watermark" } as const) : taken === null ? null : ({ at: taken, is: "reading" } as const);
  const at = newest?.at ?? readAt;
  if (at === null) return { readAt, newest, ms: null };
  const today = zonedDateReader(timeZone)(now.toISOString());
  const ms = isDateText(at) && today !== null ? Date.parse(today) - Date.parse(at) : now.getTime() - Date.parse(at);
  return { readAt, newest, ms: Math.max(0, isDateText(at) ? Math.round(ms / DAY_MS) * DAY_MS : ms) };
}
