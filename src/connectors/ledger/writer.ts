import type Database from "better-sqlite3";
import type { DateText, Period } from "../../model/dates.js";
import type { Line, Side } from "../../model/document.js";
import { bug, ProblemError, problem } from "../../model/problem.js";
import { codeFor, hintFor, isSqliteError } from "./open.js";
import { MIGRATIONS } from "./schema.js";
import { formatReference, type VoucherKind } from "./voucher.js";

export interface NewVoucher {
  readonly word: string;
  readonly period: Period;
  readonly date: DateText;
  readonly currency: string;
  readonly text: string;
  readonly attachments: number;
  readonly kind: VoucherKind;
  readonly documentKey: string;
  readonly externalReference: string;
  readonly fingerprint: string;
  /** The id of the voucher it cancels. */
  readonly reverses: number | null;
  readonly fields: Readonly<Record<string, string>>;
  readonly lines: readonly Line[];
}

/** What is needed of a voucher to answer for it and to cancel it. */
export interface StoredVoucher {
  readonly id: number;
  readonly reference: string;
  readonly word: string;
  readonly period: Period;
  readonly number: number;
  readonly date: DateText;
  readonly currency: string;
  readonly text: string;
  readonly kind: VoucherKind;
  readonly documentKey: string;
  readonly fingerprint: string;
  readonly reversedBy: number | null;
}

export type Transacted<T> =
  | { readonly result: T; readonly confirmed: true }
  /** The commit failed in a way that leaves open whether it reached the disk. */
  | { readonly result: T; readonly confirmed: false; readonly reason: string };

type VoucherTuple = [number, string, Period, number, DateText, string, string, VoucherKind, string, string, number | null];
type LineTuple = [string, Side, bigint, string, string | null, string | null];

const LINES_PER_INSERT = 32;
const LINE_COLUMNS = 8;

/** Writes vouchers into the open books. Everything but `transact`, `find` and `close` needs an open transaction. */
export class BooksWriter {
  private readonly begin: Database.Statement;
  private readonly commit: Database.Statement;
  private readonly rollback: Database.Statement;
  private readonly findStatement: Database.Statement;
  private readonly insertVoucher: Database.Statement;
  private readonly insertLine: Database.Statement;
  private readonly insertLines: Database.Statement;
  private readonly linesOf: Database.Statement;
  private readonly lastNumber: Database.Statement;
  private readonly putCounter: Database.Statement;
  private readonly putPeriod: Database.Statement;
  private readonly lastId: Database.Statement;
  private readonly markReversed: Database.Statement;

  /** State of the open transaction. Numbers are read under the write lock and written back before the commit, so none is ever given twice or skipped. */
  private counters = new Map<string, { word: string; period: Period; last: number }>();
  private nextId = 1;
  private postedAt = "";
  private pending: unknown[] = [];
  private uncertain = false;

  constructor(
    readonly db: Database.Database,
    private readonly file: string,
  ) {
    this.begin = db.prepare("BEGIN IMMEDIATE");
    this.commit = db.prepare("COMMIT");
    this.rollback = db.prepare("ROLLBACK");
    this.findStatement = db
      .prepare(
        `SELECT id, word, period, number, date, currency, text, kind, document_key, fingerprint, reversed_by
         FROM vouchers WHERE external_reference = ?`,
      )
      .raw();
    this.insertVoucher = db.prepare(
      `INSERT INTO vouchers (id, word, period, number, date, currency, text, attachments, kind, document_key, external_reference,
         fingerprint, reverses, fields, line_count, posted_at) VALUES (${marks(16)})`,
    );
    const insert = "INSERT INTO lines (voucher_id, line_number, account, side, amount_minor, text, partner, dimensions) VALUES";
    const row = `(${marks(LINE_COLUMNS)})`;
    this.insertLine = db.prepare(`${insert} ${row}`);
    this.insertLines = db.prepare(`${insert} ${Array.from({ length: LINES_PER_INSERT }, () => row).join(", ")}`);
    this.linesOf = db
      .prepare("SELECT account, side, amount_minor, text, partner, dimensions FROM lines WHERE voucher_id = ? ORDER BY line_number")
      .raw()
      .safeIntegers();
    this.lastNumber = db.prepare("SELECT last FROM counters WHERE word = ? AND period = ?").pluck();
    this.putCounter = db.prepare(
      "INSERT INTO counters (word, period, last) VALUES (?, ?, ?) ON CONFLICT (word, period) DO UPDATE SET last = excluded.last",
    );
    this.putPeriod = db.prepare("INSERT INTO periods (period, status) VALUES (?, 'open') ON CONFLICT DO NOTHING");
    this.lastId = db.prepare("SELECT coalesce(max(id), 0) FROM vouchers").pluck();
    this.markReversed = db.prepare("UPDATE vouchers SET reversed_by = ? WHERE id = ?");
  }

  /**
   * Runs `work` in one transaction under the write lock.
   *
   * What an error of SQLite means depends on when it comes:
   * - Before COMMIT (lock not given, disk full, read error) nothing of the transaction can ever become visible: a
   *   write-ahead log without its commit frame is ignored. So this throws TARGET_UNAVAILABLE, and nothing was posted.
   * - In COMMIT, while the transaction is still open afterwards (SQLite keeps it open when it could not begin to
   *   commit): the same.
   * - In COMMIT, and SQLite closed the transaction itself: the commit frame may have been written before, say, the
   *   flush to disk failed, and then recovery after a power cut would bring it to life. Nobody can know, so the
   *   result comes back with `confirmed: false`, and `settle` must succeed before a look-up proves anything.
   */
  transact<T>(postedAt: string, work: () => T): Transacted<T> {
    let result: T;
    try {
      this.begin.run();
      try {
        this.postedAt = postedAt;
        this.counters = new Map();
        this.pending = [];
        this.nextId = (this.lastId.get() as number) + 1;
        result = work();
        this.flushLines(0);
        for (const { word, period, last } of this.counters.values()) this.putCounter.run(word, period, last);
        if (this.uncertain) this.db.pragma(`user_version = ${MIGRATIONS.length}`);
      } catch (error) {
        this.rollBack();
        throw error;
      }
    } catch (error) {
      throw this.unavailable(error);
    }
    try {
      this.commit.run();
    } catch (error) {
      if (this.db.inTransaction) {
        this.rollBack();
        throw this.unavailable(error);
      }
      if (!isSqliteError(error)) throw error;
      this.uncertain = true;
      return { result, confirmed: false, reason: error.message };
    }
    this.uncertain = false;
    return { result, confirmed: true };
  }

  /**
   * After a commit that may or may not have reached the disk, commits a write that changes nothing. It takes the place
   * of the doubtful frames in the write-ahead log, so that what is read from then on is final; so does the next
   * transaction, whatever it writes. Throws TARGET_UNAVAILABLE while the disk does not let it.
   */
  settle(): void {
    if (!this.uncertain) return;
    const settled = this.transact("", () => undefined);
    if (!settled.confirmed) {
      throw new ProblemError(
        problem("TARGET_UNAVAILABLE", `the books \`${this.file}\` cannot be written: ${settled.reason}`, { file: this.file }, hintFor("")),
      );
    }
  }

  find(externalReference: string): StoredVoucher | null {
    const row = this.findStatement.get(externalReference) as VoucherTuple | undefined;
    if (row === undefined) return null;
    const [id, word, period, number, date, currency, text, kind, documentKey, fingerprint, reversedBy] = row;
    const reference = formatReference(period, word, number);
    return { id, reference, word, period, number, date, currency, text, kind, documentKey, fingerprint, reversedBy };
  }

  linesOfVoucher(id: number): Line[] {
    // Lines of this very transaction may still wait to be written.
    this.flushLines(0);
    return (this.linesOf.all(id) as LineTuple[]).map(([account, side, amountMinor, text, partner, dimensions]) => ({
      side,
      amountMinor,
      account,
      text,
      partner,
      dimensions: dimensions === null ? {} : (JSON.parse(dimensions) as Record<string, string>),
    }));
  }

  /** Gives the voucher the next number of its word and month, writes it, and returns its reference. */
  insert(voucher: NewVoucher): string {
    const { word, period, lines } = voucher;
    const number = this.takeNumber(word, period);
    const id = this.nextId;
    this.nextId += 1;
    this.insertVoucher.run(
      id,
      word,
      period,
      number,
      voucher.date,
      voucher.currency,
      voucher.text,
      voucher.attachments,
      voucher.kind,
      voucher.documentKey,
      voucher.externalReference,
      voucher.fingerprint,
      voucher.reverses,
      encodeNames(voucher.fields),
      lines.length,
      this.postedAt,
    );
    const { pending } = this;
    let at = 0;
    for (const line of lines) {
      at += 1;
      pending.push(id, at, line.account, line.side, line.amountMinor, line.text, line.partner, encodeNames(line.dimensions));
    }
    if (pending.length >= LINES_PER_INSERT * LINE_COLUMNS) this.flushLines(LINES_PER_INSERT);
    if (voucher.reverses !== null) this.markReversed.run(id, voucher.reverses);
    return formatReference(period, word, number);
  }

  close(): void {
    this.db.close();
  }

  private takeNumber(word: string, period: Period): number {
    const key = `${period}${word}`;
    let counter = this.counters.get(key);
    if (counter === undefined) {
      const last = this.lastNumber.get(word, period) as number | undefined;
      if (last === undefined) this.putPeriod.run(period);
      counter = { word, period, last: last ?? 0 };
      this.counters.set(key, counter);
    }
    counter.last += 1;
    return counter.last;
  }

  /** Writes waiting lines, many to a statement; stops when fewer than `keep` wait, or writes the last ones singly when `keep` is 0. */
  private flushLines(keep: number): void {
    const { pending } = this;
    const full = LINES_PER_INSERT * LINE_COLUMNS;
    let at = 0;
    for (; pending.length - at >= full; at += full) this.insertLines.run(pending.slice(at, at + full));
    if (keep === 0) for (; at < pending.length; at += LINE_COLUMNS) this.insertLine.run(pending.slice(at, at + LINE_COLUMNS));
    this.pending = at === 0 ? pending : pending.slice(at);
  }

  private rollBack(): void {
    if (!this.db.inTransaction) return;
    try {
      this.rollback.run();
    } catch (error) {
      // The connection is of no use any more. Closing it gives up what was not committed.
      this.db.close();
      if (!isSqliteError(error)) throw error;
    }
  }

  private unavailable(error: unknown): unknown {
    if (!isSqliteError(error)) return error;
    if (error.code.startsWith("SQLITE_CONSTRAINT")) return bug(`the books refuse a voucher that was found correct: ${error.message}`);
    return new ProblemError(
      problem(
        codeFor(error.code),
        `the books \`${this.file}\` cannot be written: ${error.message}; nothing of this batch was posted`,
        { file: this.file },
        hintFor(error.code),
      ),
    );
  }
}

function marks(count: number): string {
  return Array.from({ length: count }, () => "?").join(", ");
}

function encodeNames(names: Readonly<Record<string, string>>): string | null {
  for (const _ in names) return JSON.stringify(names);
  return null;
}
