import { KNOWN } from "./known.js";
import type { Variant } from "./place.js";
import type { Fate } from "./process.js";
import type { Random } from "./random.js";
import type { Delivery } from "./source.js";
import type { Manners } from "./target.js";
import type { WishTraits } from "./wishes.js";

const MINUTE = 60_000;

/** What stays the same through one history. */
export interface Circumstances {
  readonly variant: Variant;
  readonly delivery: Delivery;
  readonly wishes: WishTraits;
  readonly manners: Manners;
}

export function circumstancesOf(random: Random): Circumstances {
  const isWindowed = random.chance(0.35);
  const hasCursor = isWindowed || random.chance(0.5);
  const wholeDocuments = random.chance(0.35);
  const overlapMs = random.chance(0.5) ? 60 * MINUTE : 0;
  return {
    variant: { hasCursor, overlapMs, wholeDocuments, changed: random.chance(0.1) ? "hold" : "reverse and repost" },
    delivery: { kind: isWindowed ? "windows" : "files", wholeDocuments, hasCursor, badReads: random.chance(0.5) ? 0.2 : 0 },
    wishes: { wholeDocuments, hasCursor, lateMs: isWindowed && overlapMs > 0 ? 50 * MINUTE : 0, isCoarse: random.chance(0.3) },
    manners: mannersOf(random),
  };
}

function mannersOf(random: Random): Manners {
  const quietMs = random.pick([0, 5_000, 60_000, 60_000, 10 * MINUTE]);
  const isWild = random.chance(0.5);
  const searchable = random.chance(0.85);
  // Where nobody can look a document up, a draft cannot be found either; a person finishes it.
  const steps =
    searchable && random.chance(0.4)
      ? random.pick([
          ["save", "audit"],
          ["save", "submit", "audit"],
        ])
      : null;
  return {
    traits: {
      ...(steps === null ? {} : { steps, drafts: true }),
      deduplicates: random.chance(0.3),
      quietMs,
      batch: random.between(1, 5),
      concurrency: random.between(1, 4),
      searchable,
    },
    canUpdate: steps !== null && random.chance(0.5),
    canRead: random.chance(0.3),
    lagMs: random.chance(0.5) ? 0 : Math.floor(quietMs * random.next() * 0.5),
    echoes: random.chance(0.5),
    canCheck: random.chance(0.3),
    badCalls: random.chance(0.15) ? 0 : isWild ? 0.5 : 0.2,
    badItems: random.chance(0.3) ? 0 : isWild ? 0.4 : 0.1,
  };
}

/** What is to befall one run. */
export function fateOf(random: Random): Fate {
  const soon = (share: number): number => (random.chance(share) ? random.between(1, random.chance(0.5) ? 20 : 80) : 0);
  return {
    killAt: soon(0.35),
    suspendAt: soon(0.12),
    suspendMs: random.pick(
      KNOWN.wakingWithoutLease ? [1_000, 10_000, 60_000] : [10_000, 110_000, 125_000, 4 * MINUTE, 20 * MINUTE, 3 * 60 * MINUTE],
    ),
    stopAt: soon(0.08),
    rivalAt: soon(0.12),
  };
}
