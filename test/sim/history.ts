import type Database from "better-sqlite3";
import { ProblemError } from "../../src/model/problem.js";
import type { Effects } from "../../src/run/effects.js";
import { type RunOutcome, type RunRequest, runPipeline } from "../../src/run/pipeline.js";
import { prunePipeline } from "../../src/run/prune.js";
import type { Store } from "../../src/store/store.js";
import { Books } from "./books.js";
import { type Circumstances, circumstancesOf, fateOf } from "./circumstances.js";
import { Clock } from "./clock.js";
import type { Inspector } from "./inspector.js";
import { checkAtRest, checkEnd, checkRead, checkSend } from "./invariants.js";
import { KNOWN } from "./known.js";
import { drop, edit, resolveByHand, retryRequest } from "./person.js";
import { connect, type Place, type Prepared } from "./place.js";
import { type Fate, Killed, LUCKY, SimProcess } from "./process.js";
import { Random } from "./random.js";
import { SimSource } from "./source.js";
import { Story } from "./story.js";
import { SimTarget } from "./target.js";
import { Wishes } from "./wishes.js";

/** A deliberate fault, planted where the engine meets the world. */
export interface Plant {
  readonly name: string;
  readonly store?: (store: Store) => Store;
  readonly target?: (target: ReturnType<SimTarget["openFor"]>) => ReturnType<SimTarget["openFor"]>;
  /** Takes more out of the store than may go, after every run. It is found only where histories prune. */
  readonly prune?: (raw: Database.Database, pipelineId: number) => void;
}

export interface HistoryResult {
  readonly seed: number;
  readonly prunes: boolean;
  readonly story: readonly string[];
  readonly violations: readonly string[];
  readonly runs: number;
}

type Kind = RunRequest["kind"];

interface Running {
  readonly process: SimProcess;
  readonly kind: Kind;
  readonly slot: number;
  readonly mustBeBusy: boolean;
  outcome: RunOutcome | null;
}

const MINUTE = 60_000;
/** No run takes so many steps; one that does will never end. */
const MOST_STEPS = 20_000;

/** The shortest there is: everything that may go one day goes at once. */
const NO_TIME = { attemptsMs: 0, runsMs: 0, plansMs: 0, auditMs: null };

/** `prunes`: after every run everything goes that may. It draws no random numbers, so that a seed tells the same history with it. */
export async function runHistory(seed: number, place: Place, plant: Plant | null, prunes = false): Promise<HistoryResult> {
  const random = new Random(seed);
  const circumstances = circumstancesOf(random);
  const prepared = await place.prepare(circumstances.variant, seed);
  return new History(seed, random, circumstances, prepared, plant, prunes || plant?.prune !== undefined).go();
}

/** One history: people wish, runs come and go, things break; then all is quiet and the books must be right. */
class History {
  private readonly clock = new Clock();
  private readonly story = new Story(() => this.clock.now);
  private readonly books: Books;
  private readonly wishes: Wishes;
  private readonly source: SimSource;
  private readonly target: SimTarget;
  private readonly stores: readonly Store[];
  private readonly inspector: Inspector;
  private readonly running = new Set<Running>();
  private runs = 0;
  private clockError = 0;

  constructor(
    private readonly seed: number,
    private readonly random: Random,
    private readonly circumstances: Circumstances,
    private readonly prepared: Prepared,
    private readonly plant: Plant | null,
    private readonly prunes: boolean,
  ) {
    const { clock, story } = this;
    const { variant, delivery, manners } = circumstances;
    const books = new Books(story, () => clock.now, manners.traits.steps?.length ?? 1);
    this.books = books;
    this.stores = prepared.stores;
    this.inspector = prepared.inspector;
    this.wishes = new Wishes(circumstances.wishes, clock, random, story);
    this.source = new SimSource(delivery, this.wishes, random, story);
    this.target = new SimTarget(manners, books, clock, random, story, (process, request) => {
      const run = [...this.running].find((each) => each.process === process);
      checkSend(story, this.inspector, process, request, run?.kind ?? "run");
    });
    story.tell(`the pipeline: ${JSON.stringify(variant)}`);
    story.tell(`the source: ${JSON.stringify(delivery)}`);
    story.tell(`the target: ${JSON.stringify(manners)}`);
  }

  async go(): Promise<HistoryResult> {
    try {
      const steps = this.random.between(2, 7);
      for (let step = 0; step < steps && this.story.violations.length === 0; step += 1) await this.step();
      if (this.story.violations.length === 0) await this.end();
    } catch (cause) {
      this.story.violate(cause instanceof Error ? (cause.stack ?? cause.message) : String(cause));
    }
    return { seed: this.seed, prunes: this.prunes, story: this.story.lines, violations: this.story.violations, runs: this.runs };
  }

  private get name(): string {
    return this.prepared.pipeline.name;
  }

  private get anyStore(): Store {
    return this.stores[0] as Store;
  }

  private async step(): Promise<void> {
    const { random, wishes, source, story } = this;
    // No two versions of a record are of the same millisecond.
    await this.pass(1);
    const changes = random.between(0, 3);
    for (let n = 0; n < changes; n += 1) wishes.change();
    if (random.chance(0.8)) source.publish(random.chance(0.3));
    if (random.chance(0.6)) await this.pass(random.pick([1_000, 30_000, 2 * MINUTE, 15 * MINUTE, 5 * 60 * MINUTE]));
    if (random.chance(0.05)) {
      this.clockError -= random.between(1, 60 * MINUTE);
      story.tell(`the clock is set back, and is now ${Math.round(-this.clockError / 1000)} s behind`);
    }
    if (random.chance(0.08)) drop(this.anyStore, this.name, random, story, this.person());
    const { manners } = this.target;
    // Whoever is at work may have looked before the person came; and a clock that jumps says nothing of what is fresh.
    if (manners.canRead && this.running.size === 0 && this.clockError === 0 && random.chance(0.2)) {
      edit(this.anyStore, this.name, this.books, { now: this.clock.now, quietMs: manners.traits.quietMs, random, story });
      await this.pass(manners.lagMs + 1);
    }
    const what = random.between(1, 20);
    if (what <= 2) await this.run({ kind: "plan" });
    else if (what === 3) await this.run({ kind: "retry", only: retryRequest(this.anyStore, this.name, random) });
    else await this.run({ kind: "run", full: what === 4 && this.mayReadAll() });
    if (!this.target.manners.traits.searchable && random.chance(0.3)) {
      await this.settleTraffic();
      this.resolveByHand();
    }
    this.checkStep();
  }

  /** Faults end, everything is published, time passes, and two quiet runs are made; a third must have nothing to do. */
  private async end(): Promise<void> {
    const { source, target, story, inspector, books } = this;
    story.tell("from now on all is quiet");
    source.isCalm = true;
    target.isCalm = true;
    await this.drive(() => this.running.size === 0);
    await this.pass(3 * 60 * MINUTE);
    source.publish(true);
    if (!target.manners.traits.searchable) {
      await this.run({ kind: "run", fate: LUCKY });
      await this.pass(3 * 60 * MINUTE);
      this.resolveByHand();
    }
    await this.run({ kind: "run", fate: LUCKY });
    await this.pass(3 * 60 * MINUTE);
    await this.run({ kind: "run", fate: LUCKY });
    if (story.violations.length > 0) return;
    checkEnd(story, inspector, books, this.wishes, this.circumstances.variant);
    // It takes as long as a tenth of the history, so it is not made every time.
    if (this.random.chance(0.7)) return;
    const before = JSON.stringify([books.entries.length, inspector.documents(), inspector.listedRecords(), inspector.watermark()]);
    await this.pass(5 * MINUTE);
    await this.run({ kind: "run", fate: LUCKY });
    const after = JSON.stringify([books.entries.length, inspector.documents(), inspector.listedRecords(), inspector.watermark()]);
    if (before !== after) story.violate(`a run with nothing to do changed something: ${before} became ${after}`);
  }

  /** Starts a run and lets things happen until it ended, died or fell asleep. */
  private async run(options: { kind: Kind; full?: boolean; only?: ReadonlySet<string> | null; fate?: Fate }): Promise<void> {
    if ([...this.running].length >= this.stores.length) await this.drive(() => this.running.size === 0);
    const run = this.start(options.kind, options.full ?? false, options.only ?? null, options.fate ?? fateOf(this.random));
    await this.drive(() => !this.running.has(run) || run.process.isAsleep);
    if (this.prunes) this.prune();
  }

  /** Not while a run that lives has the pipeline, not even where it sleeps: to take over from it would be another history. */
  private prune(): void {
    const owner = this.inspector.leaseOwner();
    if ([...this.running].some(({ process }) => process.owner === owner)) return;
    const store = this.anyStore;
    try {
      prunePipeline({ store, pipeline: this.name, retention: NO_TIME, effects: this.person(), mostMs: 0 });
    } catch (cause) {
      // The lease of a process that died on another machine.
      if (!(cause instanceof ProblemError)) throw cause;
      return;
    }
    this.plant?.prune?.(this.prepared.raw, store.pipelineId(this.name));
  }

  private start(kind: Kind, full: boolean, only: ReadonlySet<string> | null, fate: Fate): Running {
    const { random, clock, story, clockError, plant } = this;
    this.runs += 1;
    const host = random.chance(0.85) ? "night" : "day";
    const process = new SimProcess(100 + this.runs, host, fate, {
      clock,
      random,
      story,
      clockError,
      isAlive: (pid, where) => this.isAlive(pid, where),
    });
    const slot = [0, 1, 2].find((each) => ![...this.running].some((run) => run.slot === each)) ?? 0;
    const guarded = process.guard(this.stores[slot] as Store);
    const store = plant?.store?.(guarded) ?? guarded;
    const opened = this.target.openFor(process);
    const target = plant?.target?.(opened) ?? opened;
    const owner = this.inspector.leaseOwner();
    const mustBeBusy = [...this.running].some((run) => run.process.owner === owner && !run.process.everSlept);
    const run: Running = { process, kind, slot, mustBeBusy, outcome: null };
    this.running.add(run);
    process.onRival = () => {
      if (this.running.size < this.stores.length) this.start("run", false, null, LUCKY);
    };
    story.tell(`${process.name} starts${kind === "run" ? "" : ` to ${kind}`}${full ? ", reading everything again" : ""}`);
    runPipeline({
      pipeline: connect(this.prepared.pipeline, this.source.openFor(process), target),
      store,
      effects: process.effects(),
      timeZone: "Asia/Shanghai",
      folder: "/",
      kind,
      full,
      only,
      // Histories share a store, and each begins on the same day; by how much a clock may be behind is tested elsewhere.
      clockIsRight: true,
    }).then(
      (outcome) => this.ended(run, outcome),
      (cause: unknown) => this.failed(run, cause),
    );
    return run;
  }

  private ended(run: Running, outcome: RunOutcome): void {
    const { process, kind } = run;
    const { status, counts, problems } = outcome.result;
    this.story.tell(
      `${process.name} ends: ${status}, ${counts.posted} posted, ${counts.replaced} replaced, ${counts.reversed} reversed, ${counts.confirmed} confirmed, ${counts.waiting} waiting, ${counts.unconfirmed} in doubt ${problems.map((each) => each.code).join(" ")}`,
    );
    process.state = "ended";
    this.running.delete(run);
    if (run.mustBeBusy) this.story.violate(`${process.name} was let in while another run was at work`);
    if (kind === "run" && !process.everSlept && ["done", "waiting", "in-doubt"].includes(status))
      checkRead(this.story, this.inspector, this.source, process);
  }

  private failed(run: Running, cause: unknown): void {
    const { process } = run;
    this.running.delete(run);
    if (process.state === "dead" || cause instanceof Killed) return;
    process.state = "ended";
    if (cause instanceof ProblemError && cause.problems.every((each) => each.code === "STORE_BUSY")) {
      this.story.tell(`${process.name} finds the pipeline busy`);
      return;
    }
    this.story.violate(`${process.name} failed: ${cause instanceof Error ? (cause.stack ?? cause.message) : String(cause)}`);
  }

  private mayReadAll(): boolean {
    return !KNOWN.filesOutOfOrder || this.circumstances.delivery.kind === "windows" || this.wishes.isEveryVersionDated;
  }

  private checkStep(): void {
    checkAtRest(this.story, this.inspector, this.books, this.wishes, this.circumstances);
  }

  private isAlive(pid: number, host: string): boolean {
    return [...this.running].some(({ process }) => process.pid === pid && process.host === host && process.state === "running");
  }

  /** Everything that is under way arrives. */
  private async settleTraffic(): Promise<void> {
    await this.pass(this.target.manners.traits.quietMs + MINUTE);
  }

  private async pass(ms: number): Promise<void> {
    const until = this.clock.now + ms;
    this.clock.at(until, () => undefined);
    await this.drive(() => this.clock.now >= until);
  }

  /** Lets one thing after the other happen, and the program do all it can in between. */
  private async drive(until: () => boolean): Promise<void> {
    for (let steps = 0; ; steps += 1) {
      // Everything in the program that can go on without time passing has done so before this is called.
      await new Promise<void>((resolve) => process.nextTick(resolve));
      for (const run of this.running) if (run.process.state === "dead") this.running.delete(run);
      if (until() || this.story.violations.length > 0) return;
      if (steps > MOST_STEPS) return this.story.violate("a run goes on for ever");
      if (!this.clock.step()) return this.story.violate("a run waits for something that will never come");
    }
  }

  private resolveByHand(): void {
    resolveByHand(this.anyStore, this.name, this.books, this.story, this.person(), this.target.manners.traits.quietMs);
  }

  /** What somebody at a keyboard does has effects too. */
  private person(): Effects {
    const { clock, random, story, clockError } = this;
    const isAlive = (pid: number, where: string): boolean => this.isAlive(pid, where);
    return new SimProcess(99, "night", LUCKY, { clock, random, story, clockError, isAlive }).effects();
  }
}
