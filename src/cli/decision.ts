import { takeLease } from "../run/lease.js";
import type { Store } from "../store/store.js";
import { liveEffects } from "./effects.js";
import type { CommandContext } from "./io.js";

/**
 * Writes what a person decided about a pipeline, in one transaction and while no run of it is at work, which would go by what it knew before and
 * write over it. Throws ProblemError STORE_BUSY, which says who is at work and since when.
 */
export function decide<T>(context: CommandContext, store: Store, pipeline: string, write: () => T): T {
  const { effects, dispose } = liveEffects(context, () => undefined);
  try {
    const lease = takeLease(store, pipeline, effects);
    try {
      return lease.write(write);
    } finally {
      lease.release();
    }
  } finally {
    dispose();
  }
}
