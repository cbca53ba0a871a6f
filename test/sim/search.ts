import { type HistoryResult, type Plant, runHistory } from "./history.js";
import { Place } from "./place.js";

export interface Search {
  readonly histories: number;
  readonly runs: number;
  readonly failed: readonly HistoryResult[];
}

/** Histories of consecutive seeds, up to the first in which a promise was broken, or through all of them. */
export async function search(
  from: number,
  histories: number,
  options: {
    readonly plant?: Plant | null;
    readonly stopAtFirst?: boolean;
    /** After every run everything goes that may. */
    readonly prunes?: boolean;
    readonly onProgress?: (done: number, runs: number, broken: number) => void;
  } = {},
): Promise<Search> {
  const place = new Place();
  const failed: HistoryResult[] = [];
  let runs = 0;
  let done = 0;
  try {
    while (done < histories) {
      const result = await runHistory(from + done, place, options.plant ?? null, options.prunes ?? false);
      done += 1;
      runs += result.runs;
      if (result.violations.length > 0) failed.push(result);
      options.onProgress?.(done, result.runs, failed.length);
      // A history never lets go of the processor; now what was said about the last ones can leave.
      await new Promise((resolve) => setImmediate(resolve));
      if (failed.length > 0 && options.stopAtFirst === true) break;
    }
  } finally {
    place.dispose();
  }
  return { histories: done, runs, failed };
}

/** A history as people read it, with what was broken at the end. */
export function historyText({ seed, story, violations, prunes }: HistoryResult): string {
  const broken = violations.map((violation) => `  ${violation}`).join("\n");
  return `seed ${seed}\n${story.map((line) => `  ${line}`).join("\n")}\nbroken:\n${broken}\nagain: npm run sim -- --seed ${seed}${prunes ? " --prune" : ""}\n`;
}
