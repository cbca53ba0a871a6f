import type { Target } from "../connectors/contract.js";
import { isUnknown } from "../model/document.js";
import { type Posting, parseIdempotencyKey, stepReached } from "../model/posting.js";
import type { Problem } from "../model/problem.js";
import type { ListedEntry } from "../model/reconciliation.js";
import { type Matched, matchListing } from "../steps/match-listing.js";
import type { Held } from "../steps/reconcile.js";
import type { StoredDocument } from "../store/documents.js";
import type { ListingTable } from "../store/listing.js";
import type { Effects } from "./effects.js";
import { type Answer, holdings } from "./read-back.js";

export interface TargetRequest {
  readonly pipeline: string;
  readonly target: Target;
  readonly listing: ListingTable;
  readonly effects: Effects;
  /** Documents of this type can be looked up: a target that writes them over keeps no key of ours. */
  readonly hasLines: boolean;
}

/** What the target was found to hold of one document. */
export interface Found extends Matched {
  readonly held: ReadonlyMap<number, Held>;
}

/** How it is known that a document is there, and with what content. */
export interface Ways {
  readonly presence: "list" | "read" | "lookup" | "none";
  readonly content: "list" | "read" | "none";
}

/** Asks the target, for as many documents at a time as it takes: what it lists once, and of the postings what it holds now. */
export class TargetSide {
  /** Documents that could not be read, and why not. */
  unread = 0;
  firstUnread: Problem | null = null;
  private listedAt = 0;

  constructor(private readonly request: TargetRequest) {}

  /** Throws ProblemError when the target cannot be reached. */
  async list(): Promise<void> {
    const { target, pipeline, listing, effects } = this.request;
    this.listedAt = effects.now().getTime();
    if (target.postings === undefined) return;
    for await (const entry of target.postings(pipeline)) {
      if (effects.signal.aborted) return;
      const parts = parseIdempotencyKey(pipeline, entry.idempotencyKey);
      if (parts !== null) listing.add(parts, entry);
    }
  }

  get ways(): Ways {
    const { target, listing, hasLines } = this.request;
    const lists = target.postings !== undefined;
    const reads = target.read !== undefined;
    const canLookUp = hasLines && target.traits.searchable;
    return {
      presence: lists ? "list" : reads ? "read" : canLookUp ? "lookup" : "none",
      content: reads ? "read" : lists && listing.withoutContent === 0 ? "list" : "none",
    };
  }

  /** In the order of the documents. `isAsked` says in the same order of which of them the target is asked beyond what it lists. */
  async find(documents: readonly StoredDocument[], isAsked: readonly boolean[]): Promise<Found[]> {
    const { target, effects, listing } = this.request;
    const lists = target.postings !== undefined;
    const reads = target.read !== undefined;
    const matched = documents.map((document): Matched => {
      return lists ? matchListing(document.versions, listing.of(document.key), target.traits.drafts !== true) : NOTHING;
    });
    const askedAt = effects.now().getTime();
    const postings = documents.map((document, index) => {
      const isOne = isAsked[index] === true;
      return {
        live: isOne && (reads || this.ways.presence === "lookup") ? liveOf(document) : [],
        strays: isOne && reads ? readable(document, matched[index] as Matched) : [],
      };
    });
    const answers = await this.ask(postings.flatMap(({ live, strays }) => [...live, ...strays.map(({ posting }) => posting)]));
    return documents.map((document, index) => {
      const own = matched[index] as Matched;
      const { live, strays } = postings[index] as (typeof postings)[number];
      const held = new Map<number, Held>();
      for (const posting of liveOf(document)) {
        const isFresh = (reads ? askedAt : this.listedAt) - Date.parse(posting.postedAt) < target.traits.quietMs;
        const answer = live.includes(posting) ? answers.get(posting) : undefined;
        held.set(posting.version, this.heldOf(posting, own, answer, isFresh));
      }
      // What is listed and was cancelled by a person is told only by reading it.
      const isGone = new Set(strays.filter(({ posting }) => answers.get(posting)?.kind === "gone").map(({ entry }) => entry));
      const left = own.strays
        .filter(({ entry }) => !isGone.has(entry))
        .map((stray) => {
          const answer = strays.find(({ entry }) => entry === stray.entry);
          const read = answer === undefined ? undefined : answers.get(answer.posting);
          return read?.kind === "held" ? { ...stray, entry: { ...stray.entry, document: read.document } } : stray;
        });
      return { ...own, strays: left, held };
    });
  }

  private heldOf(posting: Posting, { found, cancellations, strays }: Matched, answer: Answer | undefined, isFresh: boolean): Held {
    const { target } = this.request;
    const entry = found.get(posting.version);
    const reversal = cancellations.find(({ version }) => version?.posting === posting)?.reversal;
    const step = entry === undefined ? null : stepReached(entry.step === null ? {} : { step: entry.step }, target.traits.steps ?? []);
    if (answer === undefined) {
      if (target.postings === undefined || target.read !== undefined) return { kind: "unknown" };
      if (entry === undefined) return { kind: "gone", by: reversal?.reference ?? null, isFresh: isFresh && reversal === undefined };
      return { kind: "there", document: entry.document, reference: entry.reference, step };
    }
    if (answer.kind === "unknown") {
      // Two documents under one key are told as that, and are why it has no answer.
      if (strays.some(({ why, version }) => why === "twice" && version?.posting === posting) && entry !== undefined)
        return { kind: "there", document: null, reference: entry.reference, step };
      this.unread += 1;
      this.firstUnread ??= answer.problem;
      return { kind: "unknown" };
    }
    if (answer.kind === "gone")
      return { kind: "gone", by: answer.reference ?? reversal?.reference ?? null, isFresh: isFresh && answer.reference === null };
    // A look-up gives back our own content, which proves nothing.
    const document = target.read === undefined || isUnknown(answer.document) ? null : answer.document;
    return { kind: "there", document, reference: entry?.reference ?? posting.reference, step };
  }

  private async ask(postings: readonly Posting[]): Promise<ReadonlyMap<Posting, Answer>> {
    if (postings.length === 0) return new Map();
    const { target } = this.request;
    const answers = await holdings(target, postings);
    const found = new Map(postings.map((posting, index) => [posting, answers[index] as Answer]));
    if (target.read === undefined || target.traits.batch <= 1) return found;
    // One document that cannot be told keeps its whole call from an answer; the others have one when they are asked for alone.
    const failed = postings.filter((posting) => found.get(posting)?.kind === "unknown");
    const again = await holdings(target, failed, 1);
    failed.forEach((posting, index) => void found.set(posting, again[index] as Answer));
    return found;
  }
}

const NOTHING: Matched = { found: new Map(), strays: [], cancellations: [], vanished: [] };

function liveOf({ versions }: StoredDocument): Posting[] {
  return versions.filter(({ endedAs }) => endedAs === null).map(({ posting }) => posting);
}

/** Strays that can be read as a posting: under their own number, beside what we know of their content. */
function readable(document: StoredDocument, { strays }: Matched): { readonly entry: ListedEntry; readonly posting: Posting }[] {
  const live = liveOf(document).at(-1);
  return strays.flatMap(({ entry, why, version }) => {
    const known = version?.posting ?? live;
    if (known === undefined || isUnknown(known.document) || entry.act === "reverse") return [];
    // Under one key a target may only find the first of two; what the list tells of the other is better then.
    if (why === "twice" && entry.document !== null) return [];
    const { version: number, idempotencyKey, reference } = entry;
    return [{ entry, posting: { ...known, version: number, idempotencyKey, reference } }];
  });
}
