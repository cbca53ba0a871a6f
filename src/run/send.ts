import pLimit from "p-limit";
import type { Target } from "../connectors/contract.js";
import type { PostOutcome } from "../model/posting.js";
import { type Problem, ProblemError, problem } from "../model/problem.js";
import { answerAttempt } from "./answer.js";
import type { ApplyRequest, Sending } from "./sending.js";

export interface Sendable<D> {
  /** Notes the attempts for what is to be sent, in the same order; runs inside a transaction. */
  readonly note: (due: readonly D[]) => readonly Sending[];
  /** One call to the target, with an outcome for each member in order. */
  readonly call: (batch: readonly Sending[]) => Promise<readonly PostOutcome[]>;
  /** Writes what became of one member; runs inside a transaction. What it hands to `after` is done once that is durable, or never. */
  readonly settle: (each: Sending, outcome: PostOutcome, after: (work: () => void) => void) => void;
}

/** Sends that are refused as busy are repeated this often before the document waits for the next run. */
const MOST_TRIES = 6;
const FIRST_WAIT_MS = 500;
const LONGEST_WAIT_MS = 60_000;
/** So many calls in a row without a place: the target is down, and asking on would only make it worse. */
const MOST_BUSY_CALLS = 5;

/** Most documents noted in one write; a note that is not used costs a look-up after a crash, a write costs milliseconds always. */
const MOST_NOTED = 1_000;
/** At least so many calls are noted in one write, however few are under way at once. */
const LEAST_CALLS_NOTED = 16;
/**
 * Where a target can be searched, answers that a crash takes away are found again; so they wait for others to be written with, until one comes
 * this long after the first. A slow target makes an answer wait for its next one.
 */
const GATHER_MS = 100;
/** As many documents as are answered for wait at most. */
const MOST_GATHERED = 256;

/** What became of one call, on its way into the store. */
interface Answer {
  readonly members: number;
  readonly write: () => void;
  /** What is done once it is durable. */
  readonly after: (() => void)[];
}

/** How many documents are noted in one write, before any of them is sent. */
export function notedAtOnce({ batch, concurrency, searchable }: Target["traits"]): number {
  const calls = Math.max(searchable ? LEAST_CALLS_NOTED : 1, concurrency * 4);
  return Math.max(batch, Math.min(MOST_NOTED, batch * calls));
}

/** Makes the calls of one run: as many at once as the target allows, with bounded waiting where it is busy. */
export class Sender {
  private busyCalls = 0;
  private stopped: ProblemError | null = null;
  /** Answers that are not in the store yet. */
  private answers: Answer[] = [];
  /** When the first of them came, in milliseconds. */
  private since = 0;
  /** A mistake of ours. */
  private crash: { readonly cause: unknown } | null = null;

  /** `onWritten` is told for how many documents answers have become durable. */
  constructor(
    private readonly request: ApplyRequest,
    private readonly onWritten: (documents: number) => void,
  ) {}

  /** Every member that was noted is settled when it returns or throws; one that never left is closed as such. */
  async send<D>(due: readonly D[], what: Sendable<D>): Promise<void> {
    const { traits } = this.request.target;
    const size = notedAtOnce(traits);
    const limit = pLimit(Math.max(1, traits.concurrency));
    const noted: Sending[] = [];
    let from = 0;
    const next = (): readonly Sending[] => {
      if (noted.length === 0 && !this.isStopping) {
        noted.push(...this.note(what, due.slice(from, from + size)));
        from += size;
      }
      return noted.splice(0, traits.batch);
    };
    const calls: Promise<void>[] = [];
    for (let at = 0; at < due.length; at += traits.batch) calls.push(limit(() => this.callOne(next(), what)));
    const ended = await Promise.allSettled(calls);
    if (this.answers.length > 0) this.flush(() => true);
    const failed = ended.find((each) => each.status === "rejected");
    if (failed !== undefined) throw (failed as PromiseRejectedResult).reason;
    if (this.crash !== null) throw this.crash.cause;
    if (this.stopped !== null) throw this.stopped;
  }

  private get isStopping(): boolean {
    return this.stopped !== null || this.request.effects.signal.aborted;
  }

  /** Durably, before anything of it leaves; nothing where that is not possible. Answers that came until now are written with it. */
  private note<D>(what: Sendable<D>, due: readonly D[]): readonly Sending[] {
    const { lease } = this.request;
    if (due.length === 0) return [];
    try {
      lease.ensure();
    } catch (cause) {
      if (!(cause instanceof ProblemError)) throw cause;
      this.stopped ??= cause;
      return [];
    }
    return this.flush(() => lease.write(() => what.note(due))) ?? [];
  }

  private async callOne<D>(members: readonly Sending[], what: Sendable<D>): Promise<void> {
    let waiting = members;
    for (let tries = 1; waiting.length > 0; tries += 1) {
      if (this.isStopping) {
        this.close(waiting, null);
        return;
      }
      const outcomes = await this.call(waiting, what);
      if (outcomes === null) return;
      const busy: { readonly each: Sending; readonly outcome: Extract<PostOutcome, { kind: "busy" }> }[] = [];
      const final: { readonly each: Sending; readonly outcome: PostOutcome }[] = [];
      waiting.forEach((each, index) => {
        const outcome = outcomes[index] as PostOutcome;
        if (outcome.kind === "busy" && tries < MOST_TRIES) busy.push({ each, outcome });
        else final.push({ each, outcome });
      });
      this.write(final.length, (after) => {
        for (const { each, outcome } of final) what.settle(each, outcome, after);
      });
      const isBusy = outcomes.every((outcome) => outcome.kind === "busy");
      this.busyCalls = isBusy ? this.busyCalls + 1 : 0;
      const [first] = busy;
      if (isBusy && this.busyCalls >= MOST_BUSY_CALLS * Math.max(1, this.request.target.traits.concurrency) && first !== undefined) {
        this.stop(first.outcome.problem);
      }
      waiting = busy.map(({ each }) => each);
      if (first !== undefined && this.stopped === null) {
        const { sleep, observer } = this.request.effects;
        const { retryAfterMs } = first.outcome;
        const waitMs = this.waitMs(tries, retryAfterMs);
        observer?.tell({ kind: "waiting", waitMs, asked: retryAfterMs !== null, attempt: tries });
        // It may be long.
        this.flush(() => true);
        await sleep(waitMs);
      }
    }
  }

  /** Null when certainly nothing was sent, and nothing more will be. */
  private async call<D>(members: readonly Sending[], what: Sendable<D>): Promise<readonly PostOutcome[] | null> {
    const { lease } = this.request;
    // Answers that wait were not written under the lease yet, so nothing has shown that it is still ours.
    if (this.answers.length > 0 && !lease.isHeld()) this.flush(() => true);
    if (this.stopped !== null) {
      this.close(members, null);
      return null;
    }
    try {
      lease.ensure();
      const outcomes = await what.call(members);
      if (outcomes.length !== members.length) {
        throw new Error(`bug: the target gave ${outcomes.length} outcomes for ${members.length} documents`);
      }
      return outcomes;
    } catch (cause) {
      if (!(cause instanceof ProblemError)) throw cause;
      this.stopped ??= cause;
      this.close(members, cause.problems[0] ?? null);
      return null;
    }
  }

  private stop(cause: Problem): void {
    this.stopped ??= new ProblemError(
      problem(
        "TARGET_UNAVAILABLE",
        `the target has no time for us: ${cause.message}`,
        cause.at,
        "nothing was lost; the next run goes on where this one stopped",
      ),
    );
  }

  private close(members: readonly Sending[], cause: Problem | null): void {
    const at = this.request.effects.now().toISOString();
    this.write(members.length, () => {
      for (const each of members) answerAttempt(this.request, each, { outcome: "not sent", reference: null, problem: cause, at });
    });
  }

  /**
   * A write costs the disk as much for many answers as for one, so they wait for each other. Where nothing could be found again
   * by its key, each is durable when this returns.
   */
  private write(members: number, work: (after: (later: () => void) => void) => void): void {
    if (members === 0) return;
    const now = this.request.effects.now().getTime();
    if (this.answers.length === 0) this.since = now;
    const after: (() => void)[] = [];
    this.answers.push({ members, write: () => work((later) => after.push(later)), after });
    const waiting = this.answers.reduce((sum, each) => sum + each.members, 0);
    const mayWait = this.request.target.traits.searchable && waiting < MOST_GATHERED && now >= this.since && now - this.since < GATHER_MS;
    if (!mayWait) this.flush(() => true);
  }

  /**
   * Writes the answers, and something more, in one; null when the store fails or the lease is gone: then the run that has it finds out about these
   * attempts, and this one stops.
   */
  private flush<T>(also: () => T): T | null {
    const { store, lease } = this.request;
    const { answers } = this;
    this.answers = [];
    try {
      const result = store.transaction(() => {
        for (const { write, after } of answers) {
          try {
            lease.write(write);
          } catch (cause) {
            if (cause instanceof ProblemError) throw cause;
            // A mistake of ours in one answer undoes its own write only; the others are as true as before.
            this.crash ??= { cause };
            after.length = 0;
          }
        }
        return also();
      });
      for (const { after } of answers) for (const work of after) work();
      if (answers.length > 0) this.onWritten(answers.reduce((sum, { members }) => sum + members, 0));
      return result;
    } catch (cause) {
      if (!(cause instanceof ProblemError)) throw cause;
      this.stopped ??= cause;
      return null;
    }
  }

  /** As the target asks, or twice as long each time, spread so that many clients do not come back together. */
  private waitMs(tries: number, retryAfterMs: number | null): number {
    const own = FIRST_WAIT_MS * 2 ** (tries - 1) * (0.5 + this.request.effects.random());
    return Math.min(LONGEST_WAIT_MS, retryAfterMs ?? own);
  }
}
