import { getHeapSpaceStatistics, setFlagsFromString } from "node:v8";

/** Fewer records than this are done before it would pay. */
const MANY_RECORDS = 1_000;
const NURSERY_MIB = 16;

let isMade = false;

/**
 * Once this many records or documents are under way: sets how memory is used for the many that may follow. It takes some 30 ms and 16 MiB, which
 * a command that has only a few of them does not spend.
 *
 * A run makes millions of values that live for a moment. Node begins with a nursery of 2 MiB and lets it grow to 32 MiB, from version 24 on to 128 MiB.
 * One of 16 MiB is collected an eighth as often as one of 2 MiB, with less that lives on.
 */
export function makeRoom(underWay: number): void {
  if (isMade || underWay < MANY_RECORDS) return;
  isMade = true;
  // It grows once enough has survived in it, so something is kept until then.
  setFlagsFromString("--semi-space-growth-factor=8");
  for (const kept: number[][][] = []; kept.length < NURSERY_MIB && nurseryMiB() < NURSERY_MIB; )
    kept.push(Array.from({ length: 10_000 }, (_, index) => [index]));
  setFlagsFromString("--semi-space-growth-factor=1");
  // What lived on is let grow to four times of what is in use before it is collected; at half as much again memory stays flat, and time the same.
  setFlagsFromString("--heap-growing-percent=50");
}

/** What Node has set aside for values that were just made. */
export function nurseryMiB(): number {
  return (getHeapSpaceStatistics().find((space) => space.space_name === "new_space")?.space_size ?? 0) / 2 ** 20;
}
