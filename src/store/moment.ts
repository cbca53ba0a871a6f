import type Database from "better-sqlite3";

/**
 * Says how long something that was read stays true: within one transaction of the store nobody else can write, so what a table learnt
 * then need not be asked again for each of a thousand rows. Its end, and the undoing of a part of it, makes a new moment.
 */
export class Moment {
  private count = 0;
  private isInside = false;

  /** A number that is never given again; null outside a transaction, where nothing stays true. */
  get now(): number | null {
    return this.isInside ? this.count : null;
  }

  /** Runs the outermost transaction. */
  during<T>(work: () => T): T {
    this.isInside = true;
    try {
      return work();
    } finally {
      this.isInside = false;
      this.count += 1;
    }
  }

  /** A part of the transaction was undone, and with it perhaps what was learnt. */
  undone(): void {
    this.count += 1;
  }
}

/** Whether a table has no rows at all, asked once in each transaction; of most tables of what is rare that is so every night. */
export class Emptiness {
  private readonly any;
  private knownAt: number | null = null;

  constructor(
    db: Database.Database,
    table: "quarantine" | "unique_values",
    private readonly moment: Moment,
  ) {
    this.any = db.prepare(`SELECT 1 FROM ${table} LIMIT 1`).pluck();
  }

  isSo(): boolean {
    const { now } = this.moment;
    if (now !== null && now === this.knownAt) return true;
    if (this.any.get() !== undefined) return false;
    this.knownAt = now;
    return true;
  }

  /** A row is about to be added. */
  end(): void {
    this.knownAt = null;
  }
}
