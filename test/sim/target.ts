import type { PostItem, ReverseItem, Target, TargetTraits } from "../../src/connectors/contract.js";
import type { Document } from "../../src/model/document.js";
import type { Found, PostOutcome } from "../../src/model/posting.js";
import { type Problem, ProblemError, problem } from "../../src/model/problem.js";
import type { Books } from "./books.js";
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
    return {
      traits: this.manners.traits,
      post: (items) => this.call(process, "post", items.map(postRequest)),
      reverse: (items) => this.call(process, "reverse", items.map(reverseRequest)),
      lookup: (key) => this.lookup(process, key),
      ...(this.manners.canCheck ? { check } : {}),
    };
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
      const entry = this.books.find(key);
      if (entry !== null && entry.bookedAt + this.manners.lagMs <= this.clock.now) found = this.foundOf(entry.reference, entry.fingerprint);
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
    const { books } = this;
    const known = books.find(request.key);
    if (known !== null && this.manners.traits.deduplicates) {
      if (known.fingerprint !== request.fingerprint) this.story.violate(`${request.key} is sent again, with other content`);
      return { kind: "exists", ...this.foundOf(known.reference, known.fingerprint) };
    }
    if (request.reverses === null && isRefused(request.document)) return { kind: "rejected", problem: REFUSED };
    const entry = books.book(request);
    return plan === "unknown, taken" ? UNCONFIRMED : { kind: "created", ...this.foundOf(entry.reference, entry.fingerprint) };
  }

  private foundOf(reference: string, fingerprint: string): Found {
    return this.manners.echoes ? { reference, fingerprint } : { reference };
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
  return { key: idempotencyKey, documentKey: document.key, fingerprint, document, reverses: null };
}

function reverseRequest({ posting, idempotencyKey, fingerprint }: ReverseItem): Request {
  const { documentKey, document, reference } = posting;
  return { key: idempotencyKey, documentKey, fingerprint, document, reverses: reference };
}
