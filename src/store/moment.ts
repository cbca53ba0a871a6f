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
