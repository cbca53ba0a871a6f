import type { AdvanceItem, PostItem, ReverseItem, Target, TargetTraits, UpdateItem } from "../../src/connectors/contract.js";
import type { Document } from "../../src/model/document.js";
import type { Found, Held, PostedEntry, Posting, PostOutcome } from "../../src/model/posting.js";
import { type Problem, ProblemError, problem } from "../../src/model/problem.js";
import type { Books, Entry, State } from "./books.js";
import type { Clock } from "./clock.js";
import { KNOWN } from "./known.js";
import type { SimProcess } from "./process.js";
import type { Random } from "./random.js";
import type { Story } from "./story.js";

/** What the target is like, for a whole history. */
export interface Manners {
  readonly traits: TargetTraits;
  /** A booked document is found by `lookup` only so much later; the quiet time counts that in. */
  readonly lagMs: number;
  /** Its answers repeat our fingerprint. */
  readonly echoes: boolean;
  /** It can say beforehand that it would refuse a document. */
  readonly canCheck: boolean;
  /** It can give drafts other content. */
  readonly canUpdate: boolean;
  /** It can be read, so that what a person changed in it is noticed. */
  readonly canRead: boolean;
  /** How often a call goes wrong, from 0 to 1. */
  readonly badCalls: number;
  readonly badItems: number;
}

export interface Request {
  readonly key: string;
  readonly documentKey: string;
  readonly fingerprint: string;
  readonly document: Document;
  readonly reverses: string | null;
  /** Of a request to take a document further: the step. */
  readonly step: string | null;
  /** Of a request to change a draft: its number, and the key it has until then. */
  readonly changes: { readonly reference: string; readonly key: string } | null;
}

/** Sees every request as it leaves, before the target does. */
export type Witness = (process: SimProcess, request: Request) => void;

/** Documents with this account are refused, today and for ever. */
export const REFUSED_ACCOUNT = "6699";

/** The longest the program waits for an answer: well below the time after which its lease may be taken. */
const LONGEST_CALL_MS = 50_000;

const UNCONFIRMED: PostOutcome = { kind: "unconfirmed", problem: problem("TARGET_UNCONFIRMED", "no answer") };
const REFUSED = problem("TARGET_REJECTED", `account ${REFUSED_ACCOUNT} is closed`);

/** A target that keeps its books whatever happens to the program, and loses, delays, cuts and refuses as its manners say. */
export class SimTarget {
  /** Everything works from now on. */
  isCalm = false;

  constructor(
    readonly manners: Manners,
    readonly books: Books,
    private readonly clock: Clock,
    private readonly random: Random,
    private readonly story: Story,
    private readonly witness: Witness,
  ) {}

  /** The target as one process sees it. */
  openFor(process: SimProcess): Target {
    const check = async (documents: readonly Document[]): Promise<(Problem | null)[]> => {
      process.effect("check");
      await process.wait(this.latency());
      return documents.map((document) => (isRefused(document) ? REFUSED : null));
    };
    const { traits, canCheck, canUpdate, canRead } = this.manners;
    const update: Target["update"] = (items) => this.call(process, "update to", items.map(updateRequest));
    return {
      traits,
      post: (items) => this.call(process, "post", items.map(postRequest)),
      reverse: (items) => this.call(process, "reverse", items.map(reverseRequest)),
      lookup: (key) => this.lookup(process, key),
      ...(canCheck ? { check } : {}),
      ...(traits.steps === undefined
        ? {}
        : {
            advance: (step, items) =>
              this.call(
                process,
                step,
                items.map((item) => stepRequest(step, item)),
              ),
          }),
      ...(canUpdate ? { update, postings: () => this.all() } : {}),
      ...(canRead ? { read: (postings: readonly Posting[]) => this.read(process, postings) } : {}),
    };
  }

  private async read(process: SimProcess, postings: readonly Posting[]): Promise<Held[]> {
    process.effect(`read ${postings.map((posting) => posting.idempotencyKey).join(" ")}`);
    await process.wait(this.latency());
    if (!this.isCalm && this.random.chance(this.manners.badCalls / 4))
      throw new ProblemError(problem("TARGET_UNAVAILABLE", "connection refused"));
    process.effect("what was read");
    return postings.map((posting): Held => {
      const seen = this.books.seen(posting.idempotencyKey, this.manners.lagMs);
      if (seen === null || seen.entry.isTakenOut) return { kind: "gone", reference: null };
      return { kind: "held", document: seen.state.document, isDraft: seen.state.step < this.books.steps };
    });
  }

  private async *all(): AsyncGenerator<PostedEntry> {
    for (const entry of this.books.entries)
      yield { ...this.foundOf(entry, entry), idempotencyKey: entry.key, fingerprint: entry.fingerprint, document: entry.document };
  }

  private async call(process: SimProcess, act: string, requests: readonly Request[]): Promise<PostOutcome[]> {
    const { story, random, manners } = this;
    const what = `${act} ${requests.map((request) => request.key).join(" ")}`;
    process.effect(what);
    for (const request of requests) this.witness(process, request);
    const latency = this.latency();
    const fault = this.isCalm || !random.chance(manners.badCalls) ? "none" : random.pick(CALL_FAULTS);
    if (fault === "down" || fault === "signed out") {
      story.tell(`${process.name} ${what}: ${fault}`);
      await process.wait(latency);
      throw new ProblemError(
        fault === "down" ? problem("TARGET_UNAVAILABLE", "connection refused") : problem("TARGET_SIGN_IN", "the session is over"),
      );
    }
    const outcomes: PostOutcome[] = requests.map(() => UNCONFIRMED);
    if (fault === "none" || fault === "slow") {
      const plans = requests.map(() => (this.isCalm || !random.chance(manners.badItems) ? "take" : random.pick(ITEM_FAULTS)));
      const answerMs = fault === "slow" ? random.between(latency, LONGEST_CALL_MS) : latency;
      this.arrive(process, answerMs / 2, () => {
        requests.forEach((request, index) => {
          outcomes[index] = this.take(request, plans[index] ?? "take");
        });
      });
      await process.wait(answerMs);
      process.effect(`the answer to ${what}`);
      story.tell(`${process.name} ${what}: ${outcomes.map(outcomeText).join(" ")}`);
      return outcomes;
    }
    // No answer will come. What arrives of it, and when, the program cannot know.
    const giveUpMs = random.between(latency, LONGEST_CALL_MS);
    const arriving = fault === "request lost" ? [] : fault === "cut" ? requests.slice(0, random.between(0, requests.length)) : requests;
    const { quietMs } = manners.traits;
    const lateMs = fault === "late" && quietMs > 0 ? giveUpMs + random.between(0, quietMs - manners.lagMs - 1) : latency / 2;
    if (arriving.length > 0) {
      this.arrive(process, lateMs, () => {
        for (const request of arriving) story.tell(`  ${request.key} arrives: ${outcomeText(this.take(request, "take"))}`);
      });
    }
    story.tell(`${process.name} ${what}: ${fault}`);
    await process.wait(giveUpMs);
    process.effect(`giving up on ${what}`);
    return outcomes;
  }

  private async lookup(process: SimProcess, key: string): Promise<Found | null> {
    if (!this.manners.traits.searchable) throw new Error("bug: the target was searched, and it said that it cannot be");
    process.effect(`lookup ${key}`);
    const latency = this.latency();
    let found: Found | null = null;
    const isFailing = !KNOWN.lookupsOutliveRun && !this.isCalm && this.random.chance(this.manners.badCalls / 4);
    this.clock.at(this.clock.now + latency / 2, () => {
      const seen = this.books.seen(key, this.manners.lagMs);
      if (seen !== null) found = this.foundOf(seen.entry, seen.state);
    });
    await process.wait(latency);
    process.effect(`the answer to lookup ${key}`);
    if (isFailing) {
      this.story.tell(`${process.name} lookup ${key}: unavailable`);
      throw new ProblemError(problem("TARGET_UNAVAILABLE", "connection refused"));
    }
    this.story.tell(`${process.name} lookup ${key}: ${found === null ? "not there" : (found as Found).reference}`);
    return found;
  }

  /** A target without quiet time executes what it gets at once or never. */
  private arrive(process: SimProcess, delayMs: number, execute: () => void): void {
    const { quietMs } = this.manners.traits;
    if (quietMs === 0) {
      execute();
      return;
    }
    const timer = this.clock.at(this.clock.now + delayMs, execute);
    process.pending.push({ timer, latestAfterDeath: quietMs - this.manners.lagMs - 1 });
  }

  private take(request: Request, plan: "take" | ItemFault): PostOutcome {
    if (plan === "rejected") return { kind: "rejected", problem: problem("TARGET_REJECTED", "not today") };
    if (plan === "period closed") return { kind: "rejected", problem: problem("TARGET_PERIOD_CLOSED", "the period is closed") };
    if (plan === "busy") {
      const retryAfterMs = this.random.chance(0.5) ? this.random.between(0, 40_000) : null;
      return { kind: "busy", problem: problem("TARGET_BUSY", "too many requests"), retryAfterMs };
    }
    if (plan === "unknown, not taken") return UNCONFIRMED;
    const outcome = this.act(request);
    return plan === "unknown, taken" && "reference" in outcome ? UNCONFIRMED : outcome;
  }

  private act(request: Request): PostOutcome {
    const { books } = this;
    const refused = (message: string): PostOutcome => ({ kind: "rejected", problem: problem("TARGET_REJECTED", message) });
    if (request.step !== null) {
      const entry = books.find(request.key);
      const wanted = (this.manners.traits.steps ?? []).indexOf(request.step) + 1;
      if (entry === null) return refused("there is no such document");
      if (entry.step >= wanted) return { kind: "exists", ...this.foundOf(entry, entry) };
      if (entry.step < wanted - 1) return refused("not before the step before it");
      books.advance(entry);
      return { kind: "created", ...this.foundOf(entry, entry) };
    }
    if (request.changes !== null) {
      const entry = books.find(request.changes.key);
      if (entry === null || !books.isDraft(entry)) return refused("that is no draft");
      if (isRefused(request.document)) return { kind: "rejected", problem: REFUSED };
      this.checkEdited(entry, "changed");
      books.change(entry, request);
      return { kind: "created", ...this.foundOf(entry, entry) };
    }
    const known = books.find(request.key);
    if (known !== null && this.manners.traits.deduplicates) {
      if (known.fingerprint !== request.fingerprint) this.story.violate(`${request.key} is sent again, with other content`);
      return { kind: "exists", ...this.foundOf(known, known) };
    }
    if (request.reverses !== null) {
      const original = books.live(request.documentKey).find((entry) => entry.reference === request.reverses);
      if (original !== undefined) this.checkEdited(original, "cancelled");
      if (original !== undefined && books.isDraft(original)) {
        books.delete(original);
        return { kind: "created", reference: original.reference };
      }
    } else if (isRefused(request.document)) return { kind: "rejected", problem: REFUSED };
    const entry = books.book(request);
    return { kind: "created", ...this.foundOf(entry, entry) };
  }

  /** The pipelines of the simulation hold what a person changed, where it can be read. */
  private checkEdited(entry: Entry, what: string): void {
    if (entry.editedAt !== null) this.story.violate(`${entry.reference} was changed by a person, and is ${what} all the same`);
  }

  private foundOf({ reference, reverses }: Entry, { fingerprint, step }: Pick<State, "fingerprint" | "step">): Found {
    const { echoes, traits } = this.manners;
    const name = reverses === null ? traits.steps?.[step - 1] : undefined;
    return {
      reference,
      ...(echoes ? { fingerprint } : {}),
      ...(name === undefined ? {} : { step: name }),
      ...(reverses === null && step < this.books.steps ? { isDraft: true } : {}),
    };
  }

  private latency(): number {
    const { quietMs } = this.manners.traits;
    return quietMs === 0 ? 0 : this.random.between(0, Math.min(2_000, quietMs / 8));
  }
}

const CALL_FAULTS = ["down", "signed out", "request lost", "answer lost", "late", "cut", "slow"] as const;
const ITEM_FAULTS = ["rejected", "period closed", "busy", "unknown, taken", "unknown, not taken"] as const;
type ItemFault = (typeof ITEM_FAULTS)[number];

export function isRefused(document: Document): boolean {
  return document.lines.some((line) => line.account === REFUSED_ACCOUNT);
}

function outcomeText(outcome: PostOutcome): string {
  return "reference" in outcome ? `${outcome.kind} ${outcome.reference}` : outcome.kind;
}

function postRequest({ document, idempotencyKey, fingerprint }: PostItem): Request {
  return { key: idempotencyKey, documentKey: document.key, fingerprint, document, reverses: null, step: null, changes: null };
}

function updateRequest({ posting, ...item }: UpdateItem): Request {
  return { ...postRequest(item), changes: { reference: posting.reference, key: posting.idempotencyKey } };
}

function stepRequest(step: string, { posting }: AdvanceItem): Request {
  const { documentKey, document, idempotencyKey, fingerprint } = posting;
  return { key: idempotencyKey, documentKey, fingerprint, document, reverses: null, step, changes: null };
}

function reverseRequest({ posting, idempotencyKey, fingerprint }: ReverseItem): Request {
  const { documentKey, document, reference } = posting;
  return { key: idempotencyKey, documentKey, fingerprint, document, reverses: reference, step: null, changes: null };
}
