import pLimit from "p-limit";
import type { PostOutcome } from "../model/posting.js";
import { type Problem, ProblemError, problem } from "../model/problem.js";
import { answerAttempt } from "./answer.js";
import type { ApplyRequest, Sending } from "./sending.js";

export interface Sendable {
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

/** What became of one call, on its way into the store. */
interface Answer {
  readonly write: () => void;
  /** What is done once it is durable. */
  readonly after: (() => void)[];
  /** What its write threw, where that was no problem of the store or the lease. */
  crash: { readonly cause: unknown } | null;
}

/** Makes the calls of one run: as many at once as the target allows, with bounded waiting where it is busy. */
export class Sender {
  private busyCalls = 0;
  private stopped: ProblemError | null = null;
  /** Answers that came in this turn and are not in the store yet. */
  private answers: Answer[] = [];
  /** Ends when they are durable; null when nobody waits for that. */
  private turn: Promise<boolean> | null = null;

  constructor(private readonly request: ApplyRequest) {}

  /** Every member is settled when it returns or throws; one that never left is closed as such. */
  async send(sending: readonly Sending[], what: Sendable): Promise<void> {
    const { batch, concurrency } = this.request.target.traits;
    const limit = pLimit(Math.max(1, concurrency));
    const calls: Promise<void>[] = [];
    for (let from = 0; from < sending.length; from += batch) {
      const members = sending.slice(from, from + batch);
      calls.push(limit(() => this.callOne(members, what)));
    }
    const ended = await Promise.allSettled(calls);
    const crash = ended.find((each) => each.status === "rejected");
    if (crash !== undefined) throw (crash as PromiseRejectedResult).reason;
    if (this.stopped !== null) throw this.stopped;
  }

  private async callOne(members: readonly Sending[], what: Sendable): Promise<void> {
    let waiting = members;
    for (let tries = 1; waiting.length > 0; tries += 1) {
      if (this.stopped !== null || this.request.effects.signal.aborted) {
        await this.close(waiting, null);
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
      const isWritten = await this.write((after) => {
        for (const { each, outcome } of final) what.settle(each, outcome, after);
      });
      if (!isWritten) return;
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
        await sleep(waitMs);
      }
    }
  }

  /** Null when certainly nothing was sent, and nothing more will be. */
  private async call(members: readonly Sending[], what: Sendable): Promise<readonly PostOutcome[] | null> {
    try {
      this.request.lease.ensure();
      const outcomes = await what.call(members);
      if (outcomes.length !== members.length) {
        throw new Error(`bug: the target gave ${outcomes.length} outcomes for ${members.length} documents`);
      }
      return outcomes;
    } catch (cause) {
      if (!(cause instanceof ProblemError)) throw cause;
      this.stopped ??= cause;
      await this.close(members, cause.problems[0] ?? null);
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

  private async close(members: readonly Sending[], cause: Problem | null): Promise<void> {
    const at = this.request.effects.now().toISOString();
    await this.write(() => {
      for (const each of members) answerAttempt(this.request, each, { outcome: "not sent", reference: null, problem: cause, at });
    });
  }

  /**
   * Returns when it is durable, and with it whatever else came in the same turn: a write costs the disk as much for many answers as for one.
   * False when the lease is gone: then the run that has it finds out about these attempts, and this one stops.
   */
  private async write(work: (after: (later: () => void) => void) => void): Promise<boolean> {
    const after: (() => void)[] = [];
    const answer: Answer = { write: () => work((later) => after.push(later)), after, crash: null };
    this.answers.push(answer);
    if (this.request.target.traits.concurrency > 1) this.turn ??= this.request.effects.sleep(0).then(() => this.writeAnswers());
    // Where one call is under way at a time, there is no other answer to wait for.
    const isWritten = this.turn === null ? this.writeAnswers() : await this.turn;
    if (answer.crash !== null) throw answer.crash.cause;
    return isWritten;
  }

  private writeAnswers(): boolean {
    const { store, lease } = this.request;
    const { answers } = this;
    this.answers = [];
    this.turn = null;
    try {
      store.transaction(() => {
        for (const answer of answers) {
          try {
            lease.write(answer.write);
          } catch (cause) {
            if (cause instanceof ProblemError) throw cause;
            // A mistake of ours in one answer undoes its own write only; the others are as true as before.
            answer.crash = { cause };
            answer.after.length = 0;
          }
        }
      });
      for (const { after } of answers) for (const work of after) work();
      return true;
    } catch (cause) {
      if (!(cause instanceof ProblemError)) throw cause;
      this.stopped ??= cause;
      return false;
    }
  }

  /** As the target asks, or twice as long each time, spread so that many clients do not come back together. */
  private waitMs(tries: number, retryAfterMs: number | null): number {
    const own = FIRST_WAIT_MS * 2 ** (tries - 1) * (0.5 + this.request.effects.random());
    return Math.min(LONGEST_WAIT_MS, retryAfterMs ?? own);
  }
}
