import { type HeldLease, takeLease } from "../run/lease.js";
import type { Store } from "../store/store.js";
import { liveEffects } from "./effects.js";
import type { CommandContext } from "./io.js";

/**
 * Does what a person decided about a pipeline while no run of it is at work, which would go by what it knew before and write over it.
 * Throws ProblemError STORE_BUSY, which says who is at work and since when.
 */
export function withLease<T>(context: CommandContext, store: Store, pipeline: string, decide: (lease: HeldLease) => T): T {
  const { effects, dispose } = liveEffects(context, () => undefined);
  try {
    const lease = takeLease(store, pipeline, effects);
    try {
      return decide(lease);
    } finally {
      lease.release();
    }
  } finally {
    dispose();
  }
}
