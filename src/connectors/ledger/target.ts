import { existsSync } from "node:fs";
import { type DateText, periodOf } from "../../model/dates.js";
import type { Document, Line } from "../../model/document.js";
import type { Found, PostedEntry, PostOutcome } from "../../model/posting.js";
import { type Problem, problem } from "../../model/problem.js";
import type { PostItem, ReverseItem, Target, TargetTraits } from "../contract.js";
import type { Account } from "./account.js";
import { accountsLeftBehind, synchroniseAccounts, synchronisePeriods } from "./chart-of-books.js";
import { newestEntry, postedEntries } from "./entries.js";
import { openForPosting } from "./open.js";
import type { PeriodRules } from "./periods.js";
import { LedgerRules } from "./rules.js";
import { cancellationText } from "./voucher.js";
import { BooksWriter } from "./writer.js";

export interface LedgerSettings {
  readonly file: string;
  readonly chart: ReadonlyMap<string, Account>;
  readonly periods: PeriodRules;
  readonly word: string;
  readonly payablesAccount: string | null;
  readonly currencies: readonly string[] | null;
  readonly now: () => Date;
}

/** Posts into the books. Until the first posting it creates and changes nothing, so a plan leaves no trace. */
export class LedgerTarget implements Target {
  /** Our key is unique in the books and written together with the voucher, so an answer is final at once. */
  readonly traits: TargetTraits = { deduplicates: true, quietMs: 0, batch: 1000, concurrency: 1, searchable: true };
  private writer: BooksWriter | null = null;
  private synchronised = false;
  private readonly rules: LedgerRules;

  /** Opens the books if there are any. Throws ProblemError. */
  constructor(private readonly settings: LedgerSettings) {
    const { chart } = settings;
    const accounts = new Map(chart);
    if (existsSync(settings.file)) {
      this.writer = new BooksWriter(openForPosting(settings.file), settings.file);
      for (const account of accountsLeftBehind(this.writer.db, chart)) accounts.set(account.code, account);
    }
    this.rules = new LedgerRules({ ...settings, accounts });
  }

  async post(items: readonly PostItem[]): Promise<readonly PostOutcome[]> {
    return this.inOneTransaction((writer) => items.map((item) => this.postOne(writer, item)));
  }

  async reverse(items: readonly ReverseItem[]): Promise<readonly PostOutcome[]> {
    return this.inOneTransaction((writer) => items.map((item) => this.reverseOne(writer, item)));
  }

  async lookup(idempotencyKey: string): Promise<Found | null> {
    const writer = this.settledWriter();
    if (writer === null) return null;
    const found = writer.find(idempotencyKey);
    return found === null ? null : { reference: found.reference, fingerprint: found.fingerprint };
  }

  async latest(pipeline: string): Promise<string | null> {
    const writer = this.settledWriter();
    return writer === null ? null : newestEntry(writer.db, pipeline);
  }

  async *postings(pipeline: string): AsyncGenerator<PostedEntry> {
    const writer = this.settledWriter();
    if (writer !== null) yield* postedEntries(writer.db, pipeline);
  }

  async check(documents: readonly Document[]): Promise<readonly (Problem | null)[]> {
    return documents.map((document) => this.rules.judge(document).problem ?? null);
  }

  async nextOpen(date: DateText): Promise<DateText | null> {
    return this.settings.periods.nextOpen(date);
  }

  async close(): Promise<void> {
    this.writer?.close();
    this.writer = null;
  }

  private postOne(writer: BooksWriter, { document, idempotencyKey, fingerprint }: PostItem): PostOutcome {
    // What is in the books stays there, even if it would be refused today: its month may have been closed since.
    const found = writer.find(idempotencyKey);
    if (found !== null) return { kind: "exists", reference: found.reference, fingerprint: found.fingerprint };
    const { draft, problem: refusal } = this.rules.judge(document);
    if (draft === undefined) return { kind: "rejected", problem: refusal };
    const reference = writer.insert({
      word: draft.word,
      period: draft.period,
      date: document.date,
      currency: document.currency,
      text: document.text,
      attachments: document.attachments,
      kind: document.type === "payable" ? "payable" : "journal",
      documentKey: document.key,
      externalReference: idempotencyKey,
      fingerprint,
      reverses: null,
      fields: document.fields,
      lines: draft.lines,
    });
    return { kind: "created", reference, fingerprint };
  }

  /** A red voucher: the same sides with negative amounts, so that the turnover of both sides returns to the truth. */
  private reverseOne(writer: BooksWriter, { posting, idempotencyKey, fingerprint, date: otherDate }: ReverseItem): PostOutcome {
    const found = writer.find(idempotencyKey);
    if (found !== null) return { kind: "exists", reference: found.reference, fingerprint: found.fingerprint };
    const refuse = (code: Problem["code"], message: string, hint: string): PostOutcome => ({
      kind: "rejected",
      problem: problem(code, message, { document: posting.documentKey }, hint),
    });
    const original = writer.find(posting.idempotencyKey);
    if (original === null) {
      return refuse(
        "TARGET_REJECTED",
        `the books hold no voucher for \`${posting.idempotencyKey}\`, known as \`${posting.reference}\``,
        "check that `file` of the connection is the one it was posted to",
      );
    }
    if (original.fingerprint !== posting.fingerprint) {
      return refuse(
        "TARGET_CONFLICT",
        `the voucher \`${original.reference}\` has other content than what was posted as \`${posting.idempotencyKey}\``,
        "compare the two before anything is cancelled",
      );
    }
    if (original.reversedBy !== null) {
      return refuse("TARGET_CONFLICT", `the voucher \`${original.reference}\` is cancelled already`, "look at the voucher that cancels it");
    }
    const closed = this.settings.periods.faultOf(original.period);
    const moved = closed !== null && otherDate !== undefined && this.settings.periods.faultOf(periodOf(otherDate)) === null;
    if (closed !== null && !moved) {
      return refuse(
        "TARGET_PERIOD_CLOSED",
        `the voucher \`${original.reference}\` cannot be cancelled: ${closed.message}`,
        "reopen the month in `periods` of the connection, or correct it by hand with a voucher of an open month",
      );
    }
    const { word, number, date, currency, documentKey } = original;
    const bookedOn = moved ? otherDate : date;
    // Its accounts are not judged again: what was booked on an account must come off it, though it be out of use by now.
    const lines = writer
      .linesOfVoucher(original.id)
      .map((line): Line => ({ ...line, amountMinor: -line.amountMinor, text: cancellationText(date, word, number, line.text) }));
    const reference = writer.insert({
      word,
      period: periodOf(bookedOn),
      date: bookedOn,
      currency,
      text: cancellationText(date, word, number, original.text),
      // A correcting voucher needs no papers of its own (会计基础工作规范 art. 51(4)).
      attachments: 0,
      kind: "reversal",
      documentKey,
      externalReference: idempotencyKey,
      fingerprint,
      reverses: original.id,
      fields: {},
      lines,
    });
    return { kind: "created", reference, fingerprint };
  }

  private inOneTransaction(work: (writer: BooksWriter) => PostOutcome[]): readonly PostOutcome[] {
    const writer = this.openWriter();
    const done = writer.transact(this.settings.now().toISOString(), () => {
      if (!this.synchronised) {
        synchroniseAccounts(writer.db, this.settings.chart);
        synchronisePeriods(writer.db, this.settings.periods);
      }
      return work(writer);
    });
    if (done.confirmed) {
      this.synchronised = true;
      return done.result;
    }
    return unconfirmed(done.result, done.reason, this.settings.file);
  }

  /** The books for reading, with no commit left whose fate is unknown; null when there are none yet. */
  private settledWriter(): BooksWriter | null {
    if (this.writer === null && !existsSync(this.settings.file)) return null;
    this.writer ??= new BooksWriter(openForPosting(this.settings.file), this.settings.file);
    this.writer.settle();
    return this.writer;
  }

  private openWriter(): BooksWriter {
    if (this.writer !== null && !this.writer.db.open) this.writer = null;
    this.writer ??= new BooksWriter(openForPosting(this.settings.file), this.settings.file);
    return this.writer;
  }
}

/** Refusals stand, and so does what was in the books before; whatever this commit would have written is in doubt. */
function unconfirmed(outcomes: readonly PostOutcome[], reason: string, file: string): readonly PostOutcome[] {
  const written = new Set(outcomes.flatMap((outcome) => (outcome.kind === "created" ? [outcome.reference] : [])));
  return outcomes.map((outcome) => {
    if (!("reference" in outcome) || !written.has(outcome.reference)) return outcome;
    const message = `the answer of the disk to voucher \`${outcome.reference.replace(/.* /, "")}\` is unknown: ${reason}`;
    return {
      kind: "unconfirmed",
      problem: problem("TARGET_UNCONFIRMED", message, { file }, "it is looked up before anything else is sent"),
    };
  });
}
