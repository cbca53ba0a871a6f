import type { RunRow } from "../store/runs.js";
import type { Store } from "../store/store.js";

/** Most often the last run is among the newest; plans that were only looked at may stand before it. */
const LOOKS = [20, 5000];

/** The newest run of a pipeline that is as asked; null when there is none. */
export function lastRun(store: Store, pipeline: string, isWanted: (run: RunRow) => boolean): RunRow | null {
  for (const limit of LOOKS) {
    const found = store.runs.list({ pipeline, limit }).find(isWanted);
    if (found !== undefined) return found;
  }
  return null;
}
