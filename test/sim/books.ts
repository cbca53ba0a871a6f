import { type Document, totalsOf } from "../../src/model/document.js";
import type { Story } from "./story.js";

export interface Entry {
  readonly reference: string;
  key: string;
  readonly documentKey: string;
  fingerprint: string;
  document: Document;
  /** The reference of what it cancels; null for a posting. */
  readonly reverses: string | null;
  /** How many steps are done of it, from 1; it is booked when all are. */
  step: number;
  /** What it was since when, oldest first: a read replica that lags shows an earlier state. */
  readonly states: State[];
  /** When it was deleted; null while it stands. */
  deletedAt: number | null;
  /** A person changed it: since then nobody else may, where the pipeline says so. */
  editedAt: number | null;
  /** Cancelled or deleted by a person. */
  isTakenOut: boolean;
}

/** What can be seen of an entry. */
export interface State {
  readonly from: number;
  readonly key: string;
  readonly fingerprint: string;
  readonly document: Document;
  readonly step: number;
}

type Booking = Pick<Entry, "key" | "documentKey" | "fingerprint" | "document" | "reverses">;

/** The target's own books. They know nothing of the program, and say so at once when a promise is broken. */
export class Books {
  /** Everything that stands in them; a draft that was deleted no longer does. */
  readonly entries: Entry[] = [];
  /** Also what was deleted. */
  private readonly ever: Entry[] = [];
  private readonly byKey = new Map<string, Entry>();
  private readonly byReference = new Map<string, Entry>();
  private readonly liveOf = new Map<string, Map<string, Entry>>();
  private numbers = 0;

  constructor(
    private readonly story: Story,
    private readonly now: () => number,
    /** In so many steps a document is booked. */
    readonly steps: number,
  ) {}

  find(key: string): Entry | null {
    return this.byKey.get(key) ?? null;
  }

  /** What somebody who looks that late sees under a key. */
  seen(key: string, lagMs: number): { readonly entry: Entry; readonly state: State } | null {
    const at = this.now() - lagMs;
    for (const entry of this.ever) {
      if (entry.deletedAt !== null && entry.deletedAt <= at) continue;
      const state = entry.states.findLast(({ from }) => from <= at);
      if (state?.key === key) return { entry, state };
    }
    return null;
  }

  /** What stands in the books for a document: posted and not reversed, drafts too. */
  live(documentKey: string): Entry[] {
    return [...(this.liveOf.get(documentKey)?.values() ?? [])];
  }

  documentKeys(): string[] {
    return [...this.liveOf.keys()];
  }

  /** A person changed, cancelled or deleted something of this document. */
  wasEdited(documentKey: string): boolean {
    return this.ever.some((entry) => entry.documentKey === documentKey && entry.editedAt !== null);
  }

  isDraft(entry: Entry): boolean {
    return entry.reverses === null && entry.step < this.steps;
  }

  book(act: Booking): Entry {
    const { story } = this;
    const former = this.byKey.get(act.key);
    if (former !== undefined) {
      story.violate(
        former.fingerprint === act.fingerprint ? `${act.key} is booked twice` : `${act.key} is booked a second time, with other content`,
      );
    }
    this.numbers += 1;
    const now = this.now();
    const state = { key: act.key, fingerprint: act.fingerprint, document: act.document, step: 1 };
    const untouched = { deletedAt: null, editedAt: null, isTakenOut: false };
    const entry: Entry = { ...act, reference: `N${this.numbers}`, step: 1, states: [{ from: now, ...state }], ...untouched };
    this.entries.push(entry);
    this.ever.push(entry);
    this.byKey.set(act.key, entry);
    this.byReference.set(entry.reference, entry);
    const { debitMinor, creditMinor } = totalsOf(act.document.lines);
    if (debitMinor !== creditMinor) story.violate(`${act.key} does not balance`);
    const live = this.livesOf(act.documentKey);
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

  /** Takes a document one step further. */
  advance(entry: Entry): void {
    entry.step += 1;
    this.note(entry);
  }

  /** Gives a draft other content and another key. */
  change(entry: Entry, { key, fingerprint, document }: Pick<Booking, "key" | "fingerprint" | "document">): void {
    const other = this.byKey.get(key);
    if (other !== undefined && other !== entry) this.story.violate(`${key} is given to ${entry.reference}, and ${other.reference} has it`);
    if (!this.isDraft(entry)) this.story.violate(`${entry.reference} is booked, and its content was changed`);
    this.byKey.delete(entry.key);
    this.byKey.set(key, entry);
    Object.assign(entry, { key, fingerprint, document });
    this.note(entry);
  }

  /** A person changes the content of what stands there. */
  edit(entry: Entry, document: Document): void {
    entry.document = document;
    entry.editedAt = this.now();
    this.note(entry);
  }

  /** Takes a draft out. */
  delete(entry: Entry): void {
    if (!this.isDraft(entry)) this.story.violate(`${entry.reference} is booked, and was deleted`);
    this.remove(entry);
    this.livesOf(entry.documentKey).delete(entry.reference);
  }

  /** A person takes it out: a draft is deleted, what is booked is cancelled by hand. */
  takeOut(entry: Entry): void {
    entry.isTakenOut = true;
    entry.editedAt = this.now();
    this.livesOf(entry.documentKey).delete(entry.reference);
    if (this.isDraft(entry)) this.remove(entry);
  }

  /** Debits less credits over everything ever booked, by account; what comes to nothing is left out. */
  balances(): Map<string, bigint> {
    const sums = new Map<string, bigint>();
    for (const { document, reverses, isTakenOut } of this.entries) {
      if (isTakenOut) continue;
      for (const line of document.lines) {
        const amount = (line.side === "debit" ? line.amountMinor : -line.amountMinor) * (reverses === null ? 1n : -1n);
        sums.set(line.account, (sums.get(line.account) ?? 0n) + amount);
      }
    }
    for (const [account, sum] of sums) if (sum === 0n) sums.delete(account);
    return sums;
  }

  private note(entry: Entry): void {
    const { key, fingerprint, document, step } = entry;
    entry.states.push({ from: this.now(), key, fingerprint, document, step });
  }

  private remove(entry: Entry): void {
    entry.deletedAt = this.now();
    this.byKey.delete(entry.key);
    this.entries.splice(this.entries.indexOf(entry), 1);
  }

  private livesOf(documentKey: string): Map<string, Entry> {
    let live = this.liveOf.get(documentKey);
    if (live === undefined) {
      live = new Map();
      this.liveOf.set(documentKey, live);
    }
    return live;
  }
}
