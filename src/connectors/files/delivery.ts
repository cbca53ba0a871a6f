import { createHash, type Hash } from "node:crypto";
import type { MalformedRecord, RawRecord } from "../contract.js";

/** Records in one event. */
const BATCH = 1_000;
/** So much is held back, in rows and in characters, until it is known whether the unit was read before. */
const MOST_HELD_ROWS = 10_000;
const MOST_HELD_CHARACTERS = 4_000_000;

type Row = RawRecord | MalformedRecord;

export interface Rows {
  readonly records: readonly RawRecord[];
  readonly malformed: readonly MalformedRecord[];
}

/** Holds the rows of a unit back while they are few, so that it can still be begun anew, or turn out to be known; after that it passes them on. */
export class Delivery {
  /** Rows that were added. */
  count = 0;
  /** Nothing was passed on yet. */
  isWhole = true;
  private held: Row[] = [];
  private characters = 0;
  private readonly hash: Hash = createHash("sha256");

  /** `text` is what the row says: the fingerprint is made of it. */
  add(row: Row, text: string): void {
    this.count += 1;
    // The length keeps two rows from looking like one.
    this.hash.update(`${text.length}:${text}`);
    this.characters += text.length;
    this.held.push(row);
  }

  /** What is to be passed on now; with `isLast`, all that is left. */
  *take(isLast: boolean): Generator<Rows> {
    if (this.isWhole && !isLast && this.held.length <= MOST_HELD_ROWS && this.characters <= MOST_HELD_CHARACTERS) return;
    if (this.held.length === 0) return;
    this.isWhole = false;
    const { held } = this;
    this.held = [];
    for (let from = 0; from < held.length; from += BATCH) {
      const rows = held.slice(from, from + BATCH);
      yield {
        records: rows.filter((row): row is RawRecord => "cells" in row),
        malformed: rows.filter((row): row is MalformedRecord => !("cells" in row)),
      };
    }
  }

  /** SHA-256 over everything that was added, in order. Ask once, at the end. */
  fingerprint(): string {
    return this.hash.digest("hex");
  }
}
