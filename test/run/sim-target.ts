import { Type } from "typebox";
import {
  type AdvanceItem,
  type Connector,
  defineConnector,
  type PostItem,
  type ReverseItem,
  type Target,
  type TargetTraits,
  type UpdateItem,
} from "../../src/connectors/contract.js";
import type { Document } from "../../src/model/document.js";
import type { Found, Held, PostedEntry, Posting, PostOutcome } from "../../src/model/posting.js";
import { type Problem, problem } from "../../src/model/problem.js";

/** What the simulated target does with the next send of a document. */
export type Fault = "answer lost" | "request lost" | "rejected" | "crash before" | "crash after";

export interface SimEntry {
  readonly reference: string;
  key: string;
  fingerprint: string;
  document: Document;
  readonly reverses: string | null;
  /** Index of the last step that was done; beyond the end where the target books at once. */
  step: number;
}

/** A target in memory that keeps its books whatever happens to the program, and can be told to misbehave. */
export class SimTarget implements Target {
  readonly entries: SimEntry[] = [];
  /** By document key, used up in order. */
  readonly faults = new Map<string, Fault[]>();
  readonly log: string[] = [];
  traits: TargetTraits = { deduplicates: false, quietMs: 60_000, batch: 10, concurrency: 1, searchable: true };
  private numbers = 0;

  /** It repeats the fingerprint it was given. */
  echoes = true;

  /** Its list repeats the documents. */
  tellsContent = true;

  /** It can list what it holds, and tell the newest; else it can only be asked by key. */
  set lists(yes: boolean) {
    if (!yes) return;
    this.latest = async () => this.entries.at(-1)?.key ?? null;
    this.postings = () => this.all();
  }

  /** It books in these steps; faults of a later step stand under `KEY/STEP`. */
  set steps(names: readonly string[]) {
    this.traits = { ...this.traits, steps: names, drafts: true };
    this.advance = async (step, items) =>
      items.map((item) => this.take(`${item.posting.documentKey}/${step}`, () => this.step(step, item)));
  }

  /** It can change drafts. */
  set updates(yes: boolean) {
    if (!yes) return;
    this.traits = { ...this.traits, drafts: true };
    this.update = async (items) => items.map((item) => this.take(item.document.key, () => this.change(item)));
  }

  /** It can be read. */
  set reads(yes: boolean) {
    if (yes) this.read = async (postings) => postings.map((posting) => this.held(posting));
  }

  advance?: NonNullable<Target["advance"]>;
  update?: NonNullable<Target["update"]>;
  read?: NonNullable<Target["read"]>;

  /** Every day before this one lies in a closed period. */
  openFrom: string | null = null;

  async check(documents: readonly Document[]): Promise<readonly (Problem | null)[]> {
    return documents.map(({ date, key }) => {
      const isClosed = this.openFrom !== null && date < this.openFrom;
      return isClosed ? problem("TARGET_PERIOD_CLOSED", "closed", { document: key }) : null;
    });
  }

  async nextOpen(date: string): Promise<string> {
    return this.openFrom !== null && date < this.openFrom ? this.openFrom : date;
  }

  latest?: NonNullable<Target["latest"]>;
  postings?: NonNullable<Target["postings"]>;

  private async *all(): AsyncGenerator<PostedEntry> {
    for (const entry of this.entries) {
      const { key, fingerprint, document } = entry;
      yield { ...this.found(entry), idempotencyKey: key, fingerprint, ...(this.tellsContent ? { document } : {}) };
    }
  }

  async post(items: readonly PostItem[]): Promise<readonly PostOutcome[]> {
    this.log.push(`post ${items.map((item) => item.document.key).join(",")}`);
    return items.map(({ document, idempotencyKey: key, fingerprint }) =>
      this.take(document.key, () => this.book({ key, fingerprint, document, reverses: null })),
    );
  }

  async reverse(items: readonly ReverseItem[]): Promise<readonly PostOutcome[]> {
    this.log.push(`reverse ${items.map((item) => item.posting.documentKey).join(",")}`);
    return items.map(({ posting, idempotencyKey: key, fingerprint, date }) =>
      this.take(posting.documentKey, () => {
        const original = this.entries.find((entry) => entry.key === posting.idempotencyKey);
        if (original !== undefined && this.isDraft(original)) {
          this.entries.splice(this.entries.indexOf(original), 1);
          return { kind: "created", reference: original.reference };
        }
        const document = { ...posting.document, date: date ?? posting.document.date };
        return this.book({ key, fingerprint, document, reverses: posting.reference });
      }),
    );
  }

  async lookup(key: string): Promise<Found | null> {
    this.log.push(`lookup ${key}`);
    const entry = this.entries.find((each) => each.key === key);
    return entry === undefined ? null : this.found(entry);
  }

  /** The log without the questions. */
  sent(): string[] {
    return this.log.filter((line) => !line.startsWith("lookup"));
  }

  /** Documents that stand in the books: posted and not reversed. */
  live(): SimEntry[] {
    const reversed = new Set(this.entries.map((entry) => entry.reverses));
    return this.entries.filter((entry) => entry.reverses === null && !reversed.has(entry.reference));
  }

  isDraft(entry: SimEntry): boolean {
    return entry.reverses === null && entry.step < (this.traits.steps ?? []).length - 1;
  }

  private found(entry: SimEntry): Found {
    const step = entry.reverses === null ? this.traits.steps?.[entry.step] : undefined;
    const { reference, fingerprint } = entry;
    return {
      reference,
      ...(this.echoes ? { fingerprint } : {}),
      ...(step === undefined ? {} : { step }),
      ...(this.isDraft(entry) ? { isDraft: true } : {}),
    };
  }

  private held(posting: Posting): Held {
    const entry = this.entries.find((each) => each.key === posting.idempotencyKey);
    const cancelled = this.entries.find((each) => each.reverses === posting.reference);
    if (entry === undefined || cancelled !== undefined) return { kind: "gone", reference: cancelled?.reference ?? null };
    return { kind: "held", document: entry.document, isDraft: this.isDraft(entry) };
  }

  private book({ key, fingerprint, document, reverses }: Omit<SimEntry, "reference" | "step">): PostOutcome {
    const known = this.traits.deduplicates ? this.entries.find((each) => each.key === key) : undefined;
    if (known !== undefined) return { kind: "exists", ...this.found(known), fingerprint: known.fingerprint };
    this.numbers = Math.max(this.numbers, this.entries.length) + 1;
    const entry: SimEntry = { reference: `S-${this.numbers}`, key, fingerprint, document, reverses, step: 0 };
    this.entries.push(entry);
    return { kind: "created", ...this.found(entry), fingerprint };
  }

  private step(name: string, { posting }: AdvanceItem): PostOutcome {
    this.log.push(`${name} ${posting.documentKey}`);
    const entry = this.entries.find((each) => each.key === posting.idempotencyKey);
    if (entry === undefined) return refused("there is no such draft");
    const wanted = (this.traits.steps ?? []).indexOf(name);
    if (entry.step >= wanted) return { kind: "exists", ...this.found(entry) };
    entry.step = wanted;
    return { kind: "created", ...this.found(entry) };
  }

  private change({ posting, document, idempotencyKey, fingerprint }: UpdateItem): PostOutcome {
    this.log.push(`update ${document.key}`);
    const entry = this.entries.find((each) => each.key === posting.idempotencyKey);
    if (entry === undefined || !this.isDraft(entry)) return refused("that is no draft");
    Object.assign(entry, { document, key: idempotencyKey, fingerprint });
    return { kind: "created", ...this.found(entry), fingerprint };
  }

  private take(faultKey: string, act: () => PostOutcome): PostOutcome {
    const fault = this.faults.get(faultKey)?.shift();
    if (fault === "crash before") throw new Error("power cut");
    if (fault === "rejected") return refused("the simulated target says no");
    if (fault === "request lost") return { kind: "unconfirmed", problem: problem("TARGET_UNCONFIRMED", "no answer") };
    const outcome = act();
    if (fault === "crash after") throw new Error("power cut");
    if (fault === "answer lost") return { kind: "unconfirmed", problem: problem("TARGET_UNCONFIRMED", "no answer") };
    return outcome;
  }
}

function refused(message: string): PostOutcome {
  return { kind: "rejected", problem: problem("TARGET_REJECTED", message) };
}

/** A connector `sim` whose target is the given one. */
export function simConnector(target: SimTarget): Connector {
  return defineConnector({
    name: "sim",
    summary: "a target in memory",
    connection: Type.Object({}, { additionalProperties: false }),
    target: {
      options: Type.Object({}, { additionalProperties: false }),
      documents: ["journal", "payable", "entity", "result"],
      open: () => target,
    },
  });
}
