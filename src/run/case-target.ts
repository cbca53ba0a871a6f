import type { PostItem, ReverseItem, Target, TargetTraits, UpdateItem } from "../connectors/contract.js";
import type { DateText } from "../model/dates.js";
import type { Document } from "../model/document.js";
import type { Found, Held, PostedEntry, Posting, PostOutcome } from "../model/posting.js";
import { type Problem, problem } from "../model/problem.js";
import { displayKey } from "../model/record.js";

interface Entry {
  readonly reference: string;
  readonly idempotencyKey: string;
  readonly fingerprint: string;
  readonly document: Document;
  /** The reference of what it cancels. */
  readonly reverses: string | null;
}

export interface CaseTargetOptions {
  /** What it takes stays a draft, which can be changed where it stands. */
  readonly drafts: boolean;
  /** The last closed month, `YYYY-MM`. */
  readonly closedThrough: string | null;
}

/** The books of a case: in memory, obedient, and without an opinion on accounts. */
export class CaseTarget implements Target {
  readonly traits: TargetTraits;
  private entries: Entry[] = [];
  private count = 0;

  constructor(private readonly options: CaseTargetOptions) {
    this.traits = { deduplicates: true, quietMs: 0, batch: 100, concurrency: 1, searchable: true, drafts: options.drafts };
  }

  async post(items: readonly PostItem[]): Promise<readonly PostOutcome[]> {
    return items.map(({ document, idempotencyKey, fingerprint }) => this.book({ document, idempotencyKey, fingerprint, reverses: null }));
  }

  async update(items: readonly UpdateItem[]): Promise<readonly PostOutcome[]> {
    return items.map(({ posting, document, idempotencyKey, fingerprint }) => {
      const entry = this.entries.find((each) => each.idempotencyKey === posting.idempotencyKey);
      if (entry === undefined) return notThere(posting);
      const changed = { ...entry, document, idempotencyKey, fingerprint };
      this.entries = this.entries.map((each) => (each === entry ? changed : each));
      return { kind: "created", ...this.found(changed) };
    });
  }

  async reverse(items: readonly ReverseItem[]): Promise<readonly PostOutcome[]> {
    return items.map(({ posting, idempotencyKey, fingerprint, date }) => {
      const entry = this.entries.find((each) => each.idempotencyKey === posting.idempotencyKey);
      if (entry === undefined) return notThere(posting);
      if (this.options.drafts) {
        this.entries = this.entries.filter((each) => each !== entry);
        return { kind: "created", reference: entry.reference };
      }
      const on = date ?? entry.document.date;
      const closed = this.closedProblem({ ...entry.document, date: on });
      if (closed !== null) return { kind: "rejected", problem: closed };
      return this.book({ document: { ...entry.document, date: on }, idempotencyKey, fingerprint, reverses: entry.reference });
    });
  }

  async lookup(idempotencyKey: string): Promise<Found | null> {
    const entry = this.entries.find((each) => each.idempotencyKey === idempotencyKey);
    return entry === undefined ? null : this.found(entry);
  }

  async *postings(): AsyncGenerator<PostedEntry> {
    for (const entry of this.entries) {
      const { idempotencyKey, document } = entry;
      yield { ...this.found(entry), idempotencyKey, document };
    }
  }

  async check(documents: readonly Document[]): Promise<readonly (Problem | null)[]> {
    return documents.map((document) => this.closedProblem(document));
  }

  async read(postings: readonly Posting[]): Promise<readonly Held[]> {
    return postings.map((posting) => {
      const entry = this.entries.find((each) => each.idempotencyKey === posting.idempotencyKey);
      const cancelled = this.entries.find((each) => each.reverses !== null && each.reverses === entry?.reference);
      if (entry === undefined || cancelled !== undefined) return { kind: "gone", reference: cancelled?.reference ?? null };
      return { kind: "held", document: entry.document, isDraft: this.options.drafts };
    });
  }

  async nextOpen(date: DateText): Promise<DateText> {
    const { closedThrough } = this.options;
    if (closedThrough === null || date.slice(0, 7) > closedThrough) return date;
    const [year, month] = closedThrough.split("-").map(Number) as [number, number];
    return month === 12 ? `${year + 1}-01-01` : `${year}-${String(month + 1).padStart(2, "0")}-01`;
  }

  /** What stands in the books: posted and not cancelled, in the order in which it was posted. */
  live(): Document[] {
    const cancelled = new Set(this.entries.map((entry) => entry.reverses));
    return this.entries.filter((entry) => entry.reverses === null && !cancelled.has(entry.reference)).map((entry) => entry.document);
  }

  private book(entry: Omit<Entry, "reference">): PostOutcome {
    const known = this.entries.find((each) => each.idempotencyKey === entry.idempotencyKey);
    if (known !== undefined) return { kind: "exists", ...this.found(known) };
    this.count += 1;
    const booked = { ...entry, reference: `${this.count}` };
    this.entries.push(booked);
    return { kind: "created", ...this.found(booked) };
  }

  private found({ reference, fingerprint, reverses }: Entry): Found {
    return { reference, fingerprint, ...(this.options.drafts && reverses === null ? { isDraft: true } : {}) };
  }

  private closedProblem({ date, key }: Document): Problem | null {
    const { closedThrough } = this.options;
    if (closedThrough === null || date === "" || date.slice(0, 7) > closedThrough) return null;
    return problem("TARGET_PERIOD_CLOSED", `the period of ${date} is closed`, { document: displayKey(key) });
  }
}

function notThere(posting: Posting): PostOutcome {
  return { kind: "rejected", problem: problem("TARGET_REJECTED", `there is no \`${posting.reference}\``) };
}
