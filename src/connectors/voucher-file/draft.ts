import { type DateText, periodOf } from "../../model/dates.js";
import type { FileKind, NewEntry } from "./control.js";
import { type Memory, referenceOf } from "./memory.js";
import type { Row } from "./rows.js";

/** The next file while it is put together: which numbers and keys it takes, beside those that were taken before. */
export class Draft {
  readonly vouchers: NewEntry[] = [];
  readonly rows: Row[] = [];
  private readonly numbers = new Map<string, number>();
  private readonly byKey = new Map<string, { readonly reference: string; readonly fingerprint: string }>();
  private readonly cancelled = new Set<string>();

  constructor(
    readonly kind: FileKind,
    readonly sequence: number,
    readonly file: string,
    private readonly memory: Memory,
    private readonly firstNumber: number,
  ) {}

  /** The number a voucher of this month and word gets. */
  nextNumber(period: string, word: string): number {
    const last = this.numbers.get(`${period} ${word}`) ?? this.memory.lastNumber(period, word);
    return Math.max(last + 1, this.firstNumber);
  }

  /** What this file has under the key. */
  find(key: string): { readonly reference: string; readonly fingerprint: string } | null {
    return this.byKey.get(key) ?? null;
  }

  /** Whether this file cancels what was posted under the key. */
  cancels(key: string): boolean {
    return this.cancelled.has(key);
  }

  referenceOf(word: string, voucher: string, date: DateText): string {
    return referenceOf({ period: periodOf(date), word, voucher }, this.file);
  }

  add(entry: NewEntry, rows: readonly Row[]): void {
    const { key, word, voucher, fingerprint, document, cancels } = entry;
    this.vouchers.push(entry);
    // A document can have more lines than a call can have arguments.
    for (const row of rows) this.rows.push(row);
    this.numbers.set(`${periodOf(document.date)} ${word}`, entry.number);
    this.byKey.set(key, { reference: this.referenceOf(word, voucher, document.date), fingerprint });
    if (cancels !== null) this.cancelled.add(cancels);
  }
}
