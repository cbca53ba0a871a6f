import { Type } from "typebox";
import { type Connector, defineConnector, type PostItem, type ReverseItem, type Target } from "../../src/connectors/contract.js";
import type { Document } from "../../src/model/document.js";
import type { Found, PostedEntry, PostOutcome } from "../../src/model/posting.js";
import { type Problem, problem } from "../../src/model/problem.js";

/** What the simulated target does with the next send of a document. */
export type Fault = "answer lost" | "request lost" | "rejected" | "crash before" | "crash after";

export interface SimEntry {
  readonly reference: string;
  readonly key: string;
  readonly fingerprint: string;
  readonly document: Document;
  readonly reverses: string | null;
}

/** A target in memory that keeps its books whatever happens to the program, and can be told to misbehave. */
export class SimTarget implements Target {
  readonly entries: SimEntry[] = [];
  /** By document key, used up in order. */
  readonly faults = new Map<string, Fault[]>();
  readonly log: string[] = [];
  traits = { deduplicates: false, quietMs: 60_000, batch: 10, concurrency: 1, searchable: true };

  /** It repeats the fingerprint it was given. */
  echoes = true;

  /** It can list what it holds, and tell the newest; else it can only be asked by key. */
  set lists(yes: boolean) {
    if (!yes) return;
    this.latest = async () => this.entries.at(-1)?.key ?? null;
    this.postings = () => this.all();
  }

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
    for (const { key, reference, fingerprint, document } of this.entries) yield { idempotencyKey: key, reference, fingerprint, document };
  }

  async post(items: readonly PostItem[]): Promise<readonly PostOutcome[]> {
    this.log.push(`post ${items.map((item) => item.document.key).join(",")}`);
    return items.map((item) => this.take(item.document.key, item.idempotencyKey, item.fingerprint, item.document, null));
  }

  async reverse(items: readonly ReverseItem[]): Promise<readonly PostOutcome[]> {
    this.log.push(`reverse ${items.map((item) => item.posting.documentKey).join(",")}`);
    return items.map((item) =>
      this.take(
        item.posting.documentKey,
        item.idempotencyKey,
        item.fingerprint,
        { ...item.posting.document, date: item.date ?? item.posting.document.date },
        item.posting.reference,
      ),
    );
  }

  async lookup(key: string): Promise<Found | null> {
    this.log.push(`lookup ${key}`);
    const entry = this.entries.find((each) => each.key === key);
    if (entry === undefined) return null;
    return this.echoes ? { reference: entry.reference, fingerprint: entry.fingerprint } : { reference: entry.reference };
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

  private take(documentKey: string, key: string, fingerprint: string, document: Document, reverses: string | null): PostOutcome {
    const fault = this.faults.get(documentKey)?.shift();
    if (fault === "crash before") throw new Error("power cut");
    if (fault === "rejected") return { kind: "rejected", problem: problem("TARGET_REJECTED", "the simulated target says no") };
    if (fault === "request lost") return { kind: "unconfirmed", problem: problem("TARGET_UNCONFIRMED", "no answer") };
    const known = this.traits.deduplicates ? this.entries.find((each) => each.key === key) : undefined;
    if (known !== undefined) return { kind: "exists", reference: known.reference, fingerprint: known.fingerprint };
    const entry = { reference: `S-${this.entries.length + 1}`, key, fingerprint, document, reverses };
    this.entries.push(entry);
    if (fault === "crash after") throw new Error("power cut");
    if (fault === "answer lost") return { kind: "unconfirmed", problem: problem("TARGET_UNCONFIRMED", "no answer") };
    return { kind: "created", reference: entry.reference, fingerprint };
  }
}

/** A connector `sim` whose target is the given one. */
export function simConnector(target: SimTarget): Connector {
  return defineConnector({
    name: "sim",
    summary: "a target in memory",
    connection: Type.Object({}, { additionalProperties: false }),
    target: { options: Type.Object({}, { additionalProperties: false }), documents: ["journal", "payable"], open: () => target },
  });
}
