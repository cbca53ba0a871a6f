import { parseIdempotencyKey } from "../../model/posting.js";
import { ProblemError, problem } from "../../model/problem.js";
import type { Control, ControlEntry, FileKind } from "./control.js";

/** Where a voucher stands: the control file, and its place there from 0. Little is kept of each, because they are kept for years. */
export interface Place {
  readonly sequence: number;
  readonly at: number;
}

/** What all control files say together, in the order they were written. */
export class Memory {
  private readonly byKey = new Map<string, Place>();
  private readonly cancelledBy = new Map<string, Place>();
  private readonly numbers = new Map<string, number>();
  /** Of the newest control file; 0 when there is none. */
  sequence = 0;

  /** Throws ProblemError when two control files have one key, which this program never writes. */
  learn({ head: { sequence }, entries }: Control): void {
    for (const [at, entry] of entries.entries()) {
      if (this.byKey.has(entry.key))
        throw new ProblemError(
          problem(
            "TARGET_UNAVAILABLE",
            `the control files hold \`${entry.key}\` twice, the second time in number ${sequence}`,
            [],
            "somebody put files of two folders together; separate them, nothing is written until then",
          ),
        );
      const place = { sequence, at };
      this.byKey.set(entry.key, place);
      if (entry.cancels !== null) this.cancelledBy.set(entry.cancels, place);
      const counter = counterOf(entry);
      this.numbers.set(counter, Math.max(this.numbers.get(counter) ?? 0, entry.number));
    }
    this.sequence = sequence;
  }

  find(key: string): Place | null {
    return this.byKey.get(key) ?? null;
  }

  cancellationOf(key: string): Place | null {
    return this.cancelledBy.get(key) ?? null;
  }

  lastNumber(period: string, word: string): number {
    return this.numbers.get(counterOf({ period, word })) ?? 0;
  }

  /** Keys and places in the order they were written. */
  *ofPipeline(pipeline: string): IterableIterator<readonly [key: string, place: Place]> {
    for (const entry of this.byKey) if (parseIdempotencyKey(pipeline, entry[0]) !== null) yield entry;
  }
}

/** What people look a voucher up by: `2026-11 记-12, vouchers-20261126-000003.txt`. */
export function referenceOf({ period, word, voucher }: Pick<ControlEntry, "period" | "word" | "voucher">, file: string): string {
  return `${period} ${word}-${voucher}, ${file}`;
}

export function fileNameOf(pattern: string, kind: FileKind, date: string, sequence: number, ending: string): string {
  const name = pattern
    .replaceAll("{kind}", kind)
    .replaceAll("{date}", date.replaceAll("-", ""))
    .replaceAll("{sequence}", sequenceText(sequence));
  return `${name}.${ending}`;
}

export function sequenceText(sequence: number): string {
  return String(sequence).padStart(6, "0");
}

function counterOf({ period, word }: { readonly period: string; readonly word: string }): string {
  return `${period} ${word}`;
}
