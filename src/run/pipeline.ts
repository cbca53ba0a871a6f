import type { Pipeline } from "../config/pipeline.js";
import type { ConnectorContext, Source, Target } from "../connectors/contract.js";
import { displayCursor } from "../model/cursor.js";
import { dispositionOf, type Problem, ProblemError, problem } from "../model/problem.js";
import type { RunResult, RunStatus } from "../model/run.js";
import { exceedsThreshold } from "../steps/plan.js";
import type { Store } from "../store/store.js";
import { type AllowedPlan, type LeftOut, leftOut, type Narrowed, narrow } from "./allowed.js";
import { applyPlan } from "./apply.js";
import type { Effects } from "./effects.js";
import { type Extracted, emptyExtract, extract, mustStop, retryQuarantined } from "./extract.js";
import { type HeldLease, takeLease } from "./lease.js";
import { inStage, observedRun } from "./observed.js";
import { knowingItsCall, observedTarget } from "./observed-target.js";
import { openTarget } from "./open-target.js";
import { type Planned, planDocuments } from "./plan.js";
import { type Recovered, recoverPostings, refuseWhenBehind } from "./recover.js";
import { quietAt, resumeAttempts } from "./resume.js";
import { type Applied, type ApplyRequest, emptyApplied } from "./sending.js";
import { knownDocuments } from "./wish.js";

export interface RunRequest {
  readonly pipeline: Pipeline;
  readonly store: Store;
  readonly effects: Effects;
  readonly timeZone: string;
  /** The folder that relative paths of the pipeline start from. */
  readonly folder: string;
  /** `recover` rebuilds the store's postings from the target and sends nothing; `plan` stops before anything is sent; `retry` reads no source and takes only the named documents. */
  readonly kind: "run" | "plan" | "retry" | "recover";
  /** Read everything again, also what was read before. */
  readonly full: boolean;
  /** Compare everything that was posted with what the target holds, where it can be read. */
  readonly verify?: boolean;
  /** With `recover`: the target holds what is wanted, says a person, where it cannot tell itself. */
  readonly asWanted?: boolean;
  /** A person says that the clock is right although it is behind the last run. */
  readonly clockIsRight?: boolean;
  /** With `retry`. */
  readonly only: ReadonlySet<string> | null;
  /** With `run`: nothing but this is sent. Without it, a pipeline that asks for approval sends nothing. */
  readonly allowed?: AllowedPlan;
  /** Worth saying in the result of every run, whatever comes of it. */
  readonly notices?: readonly Problem[];
}

export interface RunOutcome {
  readonly result: RunResult;
  /** What was intended; its changes can be read until the store is closed or another plan is made. */
  readonly planned: Planned | null;
  /** What the plan that was applied has, and was not sent. */
  readonly leftOut: readonly LeftOut[];
}

/** How often lost answers are looked for, and sent again, within one run. */
const DOUBT_ROUNDS = 3;
/** A run does not wait longer than this for a target's quiet time; the next run asks again. */
const MOST_WAIT_MS = 90_000;

/** Clocks are set right by seconds, and by an hour where somebody takes local time for UTC once a year; more than this is a fault. */
const MOST_BACK_MS = 2 * 3_600_000;

/** One run, top to bottom: extract, validate, map, group, diff, plan, apply, commit. */
export async function runPipeline(request: RunRequest): Promise<RunOutcome> {
  const { pipeline, store, effects } = request;
  const pipelineId = store.pipelineId(pipeline.name);
  const lease = takeLease(store, pipeline.name, effects);
  try {
    const startedAt = effects.now().toISOString();
    const { full } = request;
    const kind = request.allowed === undefined ? request.kind : "apply";
    const { actor, host, pid, program } = effects;
    const { name, fingerprint, selection } = pipeline;
    const runId = store.transaction(() => {
      const before = store.runs.lastSelection(pipelineId);
      if (before !== null && before !== selection) store.records.touchUnposted(pipelineId);
      const run = store.runs.start({ pipelineId, kind, startedAt, host, pid, program, fingerprint, selection });
      const detail = { kind, full, program, host, pid, pipelineFingerprint: fingerprint };
      store.audit.append({ at: startedAt, actor, event: "run started", pipeline: name, run, subject: null, detail });
      return run;
    });
    const run = { pipeline: name, run: runId, does: kind, full };
    return await observedRun(effects.observer, run, () => new Run(request, pipelineId, runId, startedAt, lease).go());
  } finally {
    lease.release();
  }
}

class Run {
  private extracted: Extracted = emptyExtract();
  private planned: Planned | null = null;
  private readonly applied: Applied = emptyApplied();
  private recovered: Recovered = { found: 0, examined: 0 };
  private readonly problems: Problem[];
  /** The run ended with what it read marked as read. */
  private hasMoved = false;
  /** Documents that would be sent, and wait for a plan. */
  private toApprove = 0;
  private leftOut: readonly LeftOut[] = [];

  constructor(
    private readonly request: RunRequest,
    private readonly pipelineId: number,
    private readonly runId: number,
    private readonly startedAt: string,
    private readonly lease: HeldLease,
  ) {
    this.problems = [...(request.notices ?? [])];
  }

  async go(): Promise<RunOutcome> {
    let isComplete = false;
    let target: Target | null = null;
    let source: Source | null = null;
    try {
      this.ensureClock();
      target = observedTarget(await openTarget(this.request.pipeline, this.context()), this.request.effects.observer);
      source = this.request.kind === "retry" ? null : this.openSource();
      isComplete = await this.work(target, source);
    } catch (raw) {
      const cause = this.request.store.explain(raw);
      if (!(cause instanceof ProblemError)) {
        await source?.close?.();
        this.commit("failed", false);
        throw cause;
      }
      this.problems.push(...cause.problems);
    } finally {
      await target?.close?.();
    }
    try {
      const result = this.commit(this.status(isComplete), isComplete);
      return { result: await this.settleSource(source, result), planned: this.planned, leftOut: this.leftOut };
    } catch (raw) {
      // The store cannot even take the end of the run; what stopped it is worth more than that.
      const cause = this.request.store.explain(raw);
      throw cause instanceof ProblemError ? new ProblemError([...this.problems, ...cause.problems]) : cause;
    } finally {
      await source?.close?.();
    }
  }

  /** Throws ProblemError RUN_CLOCK_BACK where this clock is far behind what the last run noted; nothing was asked or sent then. */
  private ensureClock(): void {
    const { store, pipeline, clockIsRight, kind } = this.request;
    if (clockIsRight === true || kind === "plan") return;
    const last = store.runs.lastUnlike(this.runId, "RUN_CLOCK_BACK");
    if (last === null || Date.parse(last.startedAt) - Date.parse(this.startedAt) <= MOST_BACK_MS) return;
    const message = `this machine's clock says ${this.startedAt}, and run ${last.id} began at ${last.startedAt}`;
    const hint = `set the clock right, and run again; if it is right now, and was wrong then: \`sync run ${pipeline.name} --clock-is-right\``;
    throw new ProblemError(problem("RUN_CLOCK_BACK", message, [], hint));
  }

  /** Tells the source what is taken for good, after everything else: what it cannot do then is a notice, and the run stays what it was. */
  private async settleSource(source: Source | null, result: RunResult): Promise<RunResult> {
    if (!this.hasMoved || source?.settled === undefined) return result;
    const { finished, known } = this.extracted;
    const settled = source.settled.bind(source);
    const units = [...finished.map(({ unit }) => unit), ...known];
    const problems = await inStage(this.request.effects.observer, "settle", () => settled(units));
    if (problems.length === 0) return result;
    const noted = { ...result, problems: [...result.problems, ...problems] };
    this.request.store.transaction(() => this.request.store.runs.end(noted));
    return noted;
  }

  /** True when everything was done that was to be done. */
  private async work(target: Target, source: Source | null): Promise<boolean> {
    const { pipeline, store, effects, kind } = this.request;
    const { pipelineId, runId } = this;
    this.ensureNotApplied();
    const intake = { pipeline, pipelineId, runId, store, timeZone: this.request.timeZone, effects, lease: this.lease };
    const asking = { pipeline, pipelineId, runId, store, target, effects, lease: this.lease };
    const work: ApplyRequest = { ...asking, probe: kind === "recover" ? false : await refuseWhenBehind(asking) };
    const { observer } = effects;
    await inStage(observer, "look up", () => resumeAttempts(work, this.applied), settledCount);
    if (kind === "recover") return this.recover(work, source);

    const retried = retryQuarantined(intake);
    if (source !== null) this.extracted = await inStage(observer, "read", () => extract(intake, source, this.request.full), readCounts);
    this.extracted.changed += retried.changed;
    this.problems.push(...this.extracted.problems);
    if (effects.signal.aborted || mustStop(this.extracted.problems)) return false;
    this.lease.ensure();

    const planning = { ...work, only: this.request.only, verify: this.request.verify === true };
    this.planned = await inStage(observer, "plan", () => planDocuments(planning), plannedCounts);
    if (effects.signal.aborted) return false;
    // Items that waited through a complete run were seen then; what a stopped run found counts until it is dealt with.
    const fresh = store.quarantine.countNew(pipelineId, store.runs.lastComplete(pipelineId));
    const exceeded = kind === "retry" ? null : exceedsThreshold(pipeline.stopWhen, fresh, this.extracted.read);
    if (exceeded !== null) {
      this.problems.push(exceeded);
      return false;
    }
    if (kind === "plan") return true;
    const narrowed = this.narrowed(this.planned);
    if (narrowed === null) return true;
    this.planned = narrowed.planned;
    this.lease.ensure();
    const { company } = target.traits;
    if (company !== undefined && this.planned.sends > 0 && !(await this.lease.waitForCompany(company))) return false;
    await this.post(work, this.planned);
    await this.clearDoubts(work);
    if (effects.signal.aborted) return false;
    if (this.request.allowed !== undefined) {
      this.leftOut = [...leftOut(store, pipelineId, this.request.allowed, narrowed.others)];
      this.toApprove = narrowed.others.size + narrowed.unlisted;
    }
    return true;
  }

  /** What may be sent of a plan; null when it is nothing, because nobody approved it. */
  private narrowed(planned: Planned): Narrowed | null {
    const { allowed, pipeline } = this.request;
    if (allowed !== undefined) return this.lease.write(() => narrow(planned, allowed));
    if (pipeline.approval === null) return { planned, unlisted: 0, others: new Map() };
    this.toApprove = planned.sends;
    return null;
  }

  /** Now that the pipeline is ours, nobody else can apply the plan. */
  private ensureNotApplied(): void {
    const { allowed, store } = this.request;
    if (allowed === undefined) return;
    const saved = store.plans.get(allowed.id);
    if (saved?.appliedIn === null) return;
    const what =
      saved === null ? "this store does not know the plan" : `the plan was applied by run ${saved.appliedIn}, at ${saved.appliedAt}`;
    throw new ProblemError(problem("PLAN_STALE", what, [], "make a new plan; nothing was sent"));
  }

  private async recover(work: ApplyRequest, source: Source | null): Promise<boolean> {
    // Where the target cannot list what it holds, the source says which documents to ask about.
    if (work.target.postings === undefined && source !== null) {
      const intake = { ...work, timeZone: this.request.timeZone };
      this.extracted = await inStage(work.effects.observer, "read", () => extract(intake, source, true), readCounts);
      this.problems.push(...this.extracted.problems);
      if (mustStop(this.extracted.problems)) return false;
    }
    const recovering = { ...work, asWanted: this.request.asWanted === true };
    const recovered = () => recoverPostings(recovering, () => knownDocuments(work));
    this.recovered = await inStage(work.effects.observer, "recover", recovered, ({ found, examined }) => ({ found, examined }));
    return !work.effects.signal.aborted;
  }

  /**
   * Lost answers are looked for in the same run where the target's quiet time is short: at once, because most are
   * there, and again when it is over; what is not there then is sent again.
   */
  private async clearDoubts(request: ApplyRequest): Promise<void> {
    const { store, effects, target, pipelineId } = request;
    const { observer } = effects;
    const lookUp = () => inStage(observer, "look up", () => resumeAttempts(request, this.applied), settledCount);
    for (let round = 0; round < DOUBT_ROUNDS && store.attempts.countOpen(pipelineId) > 0; round += 1) {
      if (effects.signal.aborted || !target.traits.searchable) return;
      const settled = await lookUp();
      const quiet = quietAt(request);
      if (quiet !== null) {
        const waitMs = quiet.getTime() - effects.now().getTime();
        if (waitMs > MOST_WAIT_MS) return;
        await effects.sleep(Math.max(0, waitMs));
        for (const key of await lookUp()) settled.add(key);
      }
      this.lease.ensure();
      const planning = { ...request, only: settled, verify: false };
      const narrowed = this.narrowed(await inStage(observer, "plan", () => planDocuments(planning), plannedCounts));
      if (narrowed !== null) await this.post(request, narrowed.planned);
    }
  }

  private post(request: ApplyRequest, planned: Planned): Promise<void> {
    const before = this.applied.posted + this.applied.replaced + this.applied.reversed + this.applied.supplemented;
    return inStage(
      request.effects.observer,
      "post",
      () => applyPlan(request, planned, this.applied),
      () => ({
        sends: planned.sends,
        done: this.applied.posted + this.applied.replaced + this.applied.reversed + this.applied.supplemented - before,
      }),
    );
  }

  private status(isComplete: boolean): RunStatus {
    const { store, effects } = this.request;
    if (this.problems.some((each) => each.code === "RUN_THRESHOLD")) return "threshold";
    if (this.problems.some((each) => dispositionOf(each.code) === "stop")) return "failed";
    if (effects.signal.aborted && !isComplete) return "interrupted";
    if (store.attempts.countOpen(this.pipelineId) > 0) return "in-doubt";
    const { waiting, held } = store.quarantine.countWaiting(this.pipelineId);
    return waiting + held + this.toApprove > 0 ? "waiting" : "done";
  }

  /** The watermark moves last, together with the end of the run, and only when nothing was left undone. */
  private commit(status: RunStatus, isComplete: boolean): RunResult {
    const { pipeline, store, effects, kind } = this.request;
    const { pipelineId, runId } = this;
    return store.transaction(() => {
      const former = store.watermarks.get(pipelineId, "records");
      const { highest, state } = this.extracted;
      this.hasMoved = kind === "run" && isComplete && this.lease.isHeld();
      if (this.hasMoved) {
        for (const unit of this.extracted.finished)
          store.units.markRead(unit.unitId, unit.fingerprint, pipeline.source.fingerprint, unit.records, runId);
        if (highest !== null && (former === null || highest > former)) store.watermarks.set(pipelineId, "records", highest, runId);
        if (state !== null) store.watermarks.setState(pipelineId, pipeline.source.fingerprint, state, runId);
      }
      const watermark = store.watermarks.get(pipelineId, "records");
      const waiting = store.quarantine.countWaiting(pipelineId);
      const sent = this.applied.posted + this.applied.supplemented + this.applied.replaced + this.applied.confirmed;
      const live = store.postings.countLive(pipelineId);
      const result: RunResult = {
        id: runId,
        pipeline: pipeline.name,
        status,
        startedAt: this.startedAt,
        endedAt: effects.now().toISOString(),
        counts: {
          units: this.extracted.unitsRead,
          unitsKnown: this.extracted.unitsKnown,
          leftOut: this.extracted.leftOut,
          read: this.extracted.read,
          unchanged: this.extracted.unchanged + this.extracted.passedOver,
          changed: this.extracted.changed,
          quarantinedRecords: this.extracted.quarantined,
          posted: this.applied.posted,
          supplemented: this.applied.supplemented,
          confirmed: this.applied.confirmed,
          recovered: this.recovered.found,
          replaced: this.applied.replaced,
          reversed: this.applied.reversed,
          kept: Math.max(0, live - sent),
          waiting: waiting.waiting + waiting.held,
          unconfirmed: store.attempts.countOpen(pipelineId),
          toApprove: this.toApprove,
        },
        totals: kind === "plan" ? (this.planned?.totals.byAccount() ?? []) : this.applied.totals.byAccount(),
        problems: this.problems,
        watermark: watermark === null ? null : displayCursor(watermark),
      };
      store.runs.end(result);
      if (isComplete && result.counts.unconfirmed === 0) this.markApplied(result.endedAt);
      const detail = { status, counts: result.counts, watermark: result.watermark, problems: result.problems.map((each) => each.code) };
      const whose = { actor: effects.actor, pipeline: pipeline.name, run: runId, subject: null };
      store.audit.append({ at: result.endedAt, ...whose, event: "run ended", detail });
      return result;
    });
  }

  /** A plan is applied once; one that was broken off, or has answers that are not known yet, may be applied again. */
  private markApplied(at: string): void {
    const { allowed, store, effects, pipeline } = this.request;
    if (allowed === undefined) return;
    store.plans.markApplied(allowed.id, this.runId, at);
    const hash = store.plans.get(allowed.id)?.hash ?? "";
    const detail = { plan: allowed.id, hash, leftOut: this.leftOut.length };
    const whose = { actor: effects.actor, pipeline: pipeline.name, run: this.runId, subject: null };
    store.audit.append({ at, ...whose, event: "plan applied", detail });
    effects.observer?.tell({ kind: "plan applied", plan: allowed.id, leftOut: this.leftOut.length });
  }

  private openSource(): Source {
    const { source } = this.request.pipeline;
    if (source.connector.source === undefined) throw new Error(`bug: connector ${source.connector.name} is no source`);
    return source.connector.source.open(source.connectionOptions as never, source.options as never, this.context());
  }

  private context(): ConnectorContext {
    const { effects, folder, timeZone } = this.request;
    const { now, sleep, signal, observer } = effects;
    return { folder, timeZone, now, sleep, signal, observer: knowingItsCall(observer) };
  }
}

function settledCount({ size }: ReadonlySet<string>): { readonly settled: number } {
  return { settled: size };
}

function readCounts({ unitsRead, unitsKnown, read, changed, quarantined }: Extracted): Readonly<Record<string, number>> {
  return { units: unitsRead, unitsKnown, records: read, changed, quarantined };
}

function plannedCounts({ examined, sends, counts }: Planned): Readonly<Record<string, number>> {
  return { examined, sends, ...counts };
}
