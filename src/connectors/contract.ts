import type { Static, TSchema } from "typebox";
import type { DateText } from "../model/dates.js";
import type { Document } from "../model/document.js";
import type { DocumentType } from "../model/document-types.js";
import type { Observer } from "../model/observer.js";
import type { Found, Held, PostedEntry, Posting, PostOutcome } from "../model/posting.js";
import type { Problem } from "../model/problem.js";

/**
 * One system the program can read from or post to.
 *
 * The three schemas are the only description of the options: they validate, fill defaults, and become the reference
 * and the editor's completion. Give every option a `description` and where it helps `examples`. Annotations:
 * `secret: true` (never printed; may only stand in a connection), `path: "file" | "folder" | "new file"` (resolved
 * against the folder of the file it is written in; `file` and `folder` must exist).
 */
export interface Connector {
  /** The word used in pipeline files. Equal to the folder name. */
  readonly name: string;
  readonly summary: string;
  /** What belongs to the installation, not to a flow: hosts, folders, secrets. Written in sync.yaml. */
  readonly connection: TSchema;
  readonly source?: SourceDefinition;
  readonly target?: TargetDefinition;
}

export interface SourceDefinition {
  /** What a pipeline says about its source, beside the keys every source has. */
  readonly options: TSchema;
  /** A record's place in a unit says nothing: the same record comes again elsewhere, so the pipeline must name its key. */
  readonly needsKey?: boolean;
  readonly open: (connection: never, options: never, context: ConnectorContext) => Source;
}

export interface TargetDefinition {
  readonly options: TSchema;
  readonly documents: readonly DocumentType[];
  readonly open: (connection: never, options: never, context: ConnectorContext) => Target | Promise<Target>;
}

/** Ties the schemas of a connector to the types its functions receive. */
export function defineConnector<C extends TSchema, S extends TSchema = TSchema, T extends TSchema = TSchema>(connector: {
  readonly name: string;
  readonly summary: string;
  readonly connection: C;
  readonly source?: {
    readonly options: S;
    readonly needsKey?: boolean;
    readonly open: (connection: Static<C>, options: Static<S>, context: ConnectorContext) => Source;
  };
  readonly target?: {
    readonly options: T;
    readonly documents: readonly DocumentType[];
    readonly open: (connection: Static<C>, options: Static<T>, context: ConnectorContext) => Target | Promise<Target>;
  };
}): Connector {
  return connector as unknown as Connector;
}

export interface ConnectorContext {
  /** Relative paths and patterns in the pipeline's own options start here: the folder of the pipeline file. */
  readonly folder: string;
  /** IANA name, from sync.yaml. */
  readonly timeZone: string;
  readonly now: () => Date;
  /** Waits; a simulated clock returns at once. */
  readonly sleep: (ms: number) => Promise<void>;
  /** Fires when the run is asked to stop. A source ends early; a target finishes what was sent. */
  readonly signal: AbortSignal;
  /** Told of every exchange with another system, where anybody listens. */
  readonly observer?: Observer | undefined;
}

/** A position in a stream, as canonical text of the cursor field's type. */
export type Cursor = string;

/** A column the pipeline needs. Names and aliases are matched exactly after trimming. */
export interface Column {
  readonly name: string;
  readonly aliases: readonly string[];
  /** The record cannot be valid without it: a source that can tell that it is missing altogether must stop. */
  readonly required: boolean;
}

/** A cell as the source gives it. Numbers come as text, so that no digit is lost; null is empty or absent. */
export type RawCell = string | boolean | null;

export interface RawRecord {
  /** Line of the file or position in the page, from 1. */
  readonly line: number;
  /** One per requested column, in that order. */
  readonly cells: readonly RawCell[];
}

/** An item that could not be split into cells; it goes to quarantine as it is. */
export interface MalformedRecord {
  readonly line: number;
  /** The raw text, at most 4,000 characters. */
  readonly text: string;
  readonly problem: Problem;
}

export interface ReadRequest {
  readonly columns: readonly Column[];
  /** Read from here; sources that cannot filter may ignore it, because unchanged records are dropped by fingerprint. */
  readonly since: Cursor | null;
  /** What the source gave as `state` with the last unit that was taken; left out at first, and when everything is read again. */
  readonly state?: string;
  /** True when this unit was taken whole before with this content, so that it need not be read again. */
  readonly wasRead: (unit: string, fingerprint: string) => boolean;
}

/**
 * What a source delivers. A unit is what is taken whole or not at all: a file, or one answer window of an API. Units
 * come one after the other, each as any number of `records` and then one `complete` or `abandoned`.
 */
export type SourceEvent =
  | { readonly kind: "notice"; readonly problem: Problem }
  /** A unit that was taken before and has not changed. */
  | { readonly kind: "known"; readonly unit: string }
  | {
      readonly kind: "records";
      readonly unit: string;
      readonly records: readonly RawRecord[];
      readonly malformed: readonly MalformedRecord[];
      /** How far the whole read is, in units of the source's choice (bytes, items), for the progress display. */
      readonly progress?: { readonly done: number; readonly total: number };
    }
  | {
      readonly kind: "complete";
      readonly unit: string;
      readonly fingerprint: string;
      /** Rows left out on purpose, as the options say: totals, footers. They are counted, so that nothing goes silently. */
      readonly leftOut?: number;
      /**
       * Where the source wants to go on from, in words of its own and without secrets. It is given back to the next run once this one has
       * dealt with everything it read, and forgotten when what decides how records are read changes.
       */
      readonly state?: string;
    }
  /** What was delivered of this unit must be forgotten; it is read again next time. */
  | { readonly kind: "abandoned"; readonly unit: string; readonly problem: Problem };

export interface Source {
  /** In cursor order where the system has one. May repeat a record across calls; must never skip one. */
  read(request: ReadRequest): AsyncIterable<SourceEvent>;
  /**
   * Called once after a run has ended and its end was written, with the units that are taken whole by now: those it read and
   * those it knew. A source may take them out of the way. Its problems are notices: nothing that was posted depends on it,
   * and when it is not called, or fails, the next run calls it with the same units, as known ones.
   */
  settled?(units: readonly string[]): Promise<readonly Problem[]>;
  close?(): Promise<void>;
}

export interface PostItem {
  readonly document: Document;
  readonly idempotencyKey: string;
  /** SHA-256 of the document's canonical content. */
  readonly fingerprint: string;
}

export interface ReverseItem {
  /** The posting to cancel. */
  readonly posting: Posting;
  /** The accounting date to use where the period of the posting is closed; without it such a reversal is refused. */
  readonly date?: DateText;
  readonly idempotencyKey: string;
  readonly fingerprint: string;
}

/** A document that was posted and is to be taken one step further. */
export interface AdvanceItem {
  readonly posting: Posting;
}

export interface UpdateItem extends PostItem {
  /** The draft that becomes the document. It then bears the new idempotency key, and its former one no longer. */
  readonly posting: Posting;
}

export interface Target {
  readonly traits: TargetTraits;
  /**
   * Sends once and never retries: only the caller knows whether a repeat is safe. One outcome per item, in order. The
   * one exception is an answer that says "not signed in" (401), which proves that nothing was done: sign in and send
   * once more. Throws ProblemError only when certainly nothing was sent and nothing can be.
   */
  post(items: readonly PostItem[]): Promise<readonly PostOutcome[]>;
  /**
   * Takes documents one step further, to `step` of the traits, where the target books in several. One outcome per item,
   * in order: `created` when it was done now, `exists` when it had been done before. Never retries.
   */
  advance?(step: string, items: readonly AdvanceItem[]): Promise<readonly PostOutcome[]>;
  /**
   * Gives drafts other content and the key that belongs to it. One outcome per item, in order. A target that has this
   * also has `postings`, because nothing is left of the versions before it; unless it only takes documents without lines,
   * which it writes over where they stand.
   */
  update?(items: readonly UpdateItem[]): Promise<readonly PostOutcome[]>;
  /**
   * Cancels postings, each with a new, opposite document; one that is still a draft is deleted, and its own number is the
   * reference. One outcome per item, in order.
   */
  reverse(items: readonly ReverseItem[]): Promise<readonly PostOutcome[]>;
  /** Answers "did it arrive?" after a crash or a timeout. Throws ProblemError when the target cannot tell now. */
  lookup(idempotencyKey: string): Promise<Found | null>;
  /**
   * The idempotency key of what this pipeline posted last, where the target can tell in one call. A store that does not
   * know it is older than the target.
   */
  latest?(pipeline: string): Promise<string | null>;
  /**
   * Everything this pipeline ever posted, reversals too, oldest first, so that a lost store can be rebuilt. Where it is
   * left out, `lookup` is asked for every document the source delivers.
   */
  postings?(pipeline: string): AsyncIterable<PostedEntry>;
  /** Says for each document why it would be refused, without posting; null where nothing speaks against it. */
  check?(documents: readonly Document[]): Promise<readonly (Problem | null)[]>;
  /**
   * What the target holds of postings now, so that it is noticed when a person changed them there. One answer per posting,
   * in order. What the system cannot hold (a longer text, a dimension) is given back as the posting has it.
   */
  read?(postings: readonly Posting[]): Promise<readonly Held[]>;
  /** The first day from `date` on that may be posted to, where the target knows its periods; null when there is none. */
  nextOpen?(date: DateText): Promise<DateText | null>;
  close?(): Promise<void>;
}

export interface TargetTraits {
  /** The target itself refuses a second document with the same idempotency key. */
  readonly deduplicates: boolean;
  /** How long an unanswered send may still arrive, in milliseconds. Until then, `lookup` finding nothing proves nothing. */
  readonly quietMs: number;
  /** Most documents in one call of `post` or `reverse`. */
  readonly batch: number;
  /** Calls that may be under way at once; 1 where the system wants one writer. */
  readonly concurrency: number;
  /** `lookup` can find a document by our key. Where it cannot, a person says what became of an unconfirmed document. */
  readonly searchable: boolean;
  /**
   * The steps in which this target books, in order, where one call is not enough (save, submit, audit): `post` does the
   * first, `advance` the others. A posting remembers how far it got.
   */
  readonly steps?: readonly string[];
  /** What it holds of ours may still be a draft: `reverse` then deletes it, and nothing is left to be found of it. */
  readonly drafts?: boolean;
  /** Names the company where only one run may write at a time, whatever its pipeline: another run waits for its turn. */
  readonly company?: string;
}
