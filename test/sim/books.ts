import { type Document, totalsOf } from "../../src/model/document.js";
import type { Story } from "./story.js";

export interface Entry {
  readonly reference: string;
  readonly key: string;
  readonly documentKey: string;
  readonly fingerprint: string;
  readonly document: Document;
  /** The reference of what it cancels; null for a posting. */
  readonly reverses: string | null;
  readonly bookedAt: number;
}

/** The target's own books. They know nothing of the program, and say so at once when a promise is broken. */
export class Books {
  readonly entries: Entry[] = [];
  private readonly byKey = new Map<string, Entry>();
  private readonly byReference = new Map<string, Entry>();
  private readonly liveOf = new Map<string, Map<string, Entry>>();

  constructor(
    private readonly story: Story,
    private readonly now: () => number,
  ) {}

  find(key: string): Entry | null {
    return this.byKey.get(key) ?? null;
  }

  /** What stands in the books for a document: posted and not reversed. */
  live(documentKey: string): Entry[] {
    return [...(this.liveOf.get(documentKey)?.values() ?? [])];
  }

  documentKeys(): string[] {
    return [...this.liveOf.keys()];
  }

  book(act: Omit<Entry, "reference" | "bookedAt">): Entry {
    const { story } = this;
    const former = this.byKey.get(act.key);
    if (former !== undefined) {
      story.violate(
        former.fingerprint === act.fingerprint ? `${act.key} is booked twice` : `${act.key} is booked a second time, with other content`,
      );
    }
    const entry = { ...act, reference: `N${this.entries.length + 1}`, bookedAt: this.now() };
    this.entries.push(entry);
    this.byKey.set(act.key, entry);
    this.byReference.set(entry.reference, entry);
    const { debitMinor, creditMinor } = totalsOf(act.document.lines);
    if (debitMinor !== creditMinor) story.violate(`${act.key} does not balance`);
    let live = this.liveOf.get(act.documentKey);
    if (live === undefined) {
      live = new Map();
      this.liveOf.set(act.documentKey, live);
    }
    if (act.reverses === null) {
      live.set(entry.reference, entry);
      if (live.size > 1) story.violate(`${act.documentKey} stands in the books ${live.size} times: ${[...live.keys()].join(", ")}`);
    } else {
      const original = this.byReference.get(act.reverses);
      if (original === undefined) story.violate(`${act.key} reverses ${act.reverses}, which was never booked`);
      else if (original.documentKey !== act.documentKey) story.violate(`${act.key} reverses ${act.reverses} of ${original.documentKey}`);
      else if (!live.delete(act.reverses)) story.violate(`${act.reverses} of ${act.documentKey} is reversed twice`);
    }
    return entry;
  }

  /** Debits less credits over everything ever booked, by account; what comes to nothing is left out. */
  balances(): Map<string, bigint> {
    const sums = new Map<string, bigint>();
    for (const { document, reverses } of this.entries) {
      for (const line of document.lines) {
        const amount = (line.side === "debit" ? line.amountMinor : -line.amountMinor) * (reverses === null ? 1n : -1n);
        sums.set(line.account, (sums.get(line.account) ?? 0n) + amount);
      }
    }
    for (const [account, sum] of sums) if (sum === 0n) sums.delete(account);
    return sums;
  }
}
