/** Faults of the engine that are known and not mended; the simulation stays clear of them until they are. */
export const KNOWN = {
  /** A run that lost its lease while it was asleep writes what it learnt when it wakes up, and may send once more. */
  wakingWithoutLease: false,
  /** A file that is read after a newer one, because it was still growing or everything is read again, brings back old records. */
  filesOutOfOrder: false,
  /** When one look-up fails, the run ends while others are under way, and they write after it gave its lease back. */
  lookupsOutliveRun: false,
};
