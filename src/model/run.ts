import type { AccountTotal } from "./plan.js";
import type { Problem } from "./problem.js";

/** How a run ended. `running` in a store that nobody works on means that the run died. */
export type RunStatus = "running" | "done" | "waiting" | "in-doubt" | "threshold" | "failed" | "interrupted";

/** What a run did, in numbers. Records are source records; documents are what the target books. */
export interface RunCounts {
  /** Files or windows read in this run, and those that were read before and have not changed. */
  readonly units: number;
  readonly unitsKnown: number;
  /** Rows left out on purpose, as the source's options say: totals, footers. */
  readonly leftOut: number;
  /** Records read from the source in this run. */
  readonly read: number;
  /** Records that are as they were. */
  readonly unchanged: number;
  /** Records that were new or changed. */
  readonly changed: number;
  /** Records put into quarantine in this run. */
  readonly quarantinedRecords: number;
  readonly posted: number;
  /** Further documents for a batch that was posted before: supplements and differences. */
  readonly supplemented: number;
  /** Documents whose answer had been lost, and which the target was found to hold. */
  readonly confirmed: number;
  /** Postings and reversals that the target held and the store did not know; only `recover` looks for them. */
  readonly recovered: number;
  readonly replaced: number;
  readonly reversed: number;
  readonly kept: number;
  /** Documents and records that wait after the run, in quarantine or held. */
  readonly waiting: number;
  readonly unconfirmed: number;
  /** Documents that would be sent, and wait for a plan that is approved. */
  readonly toApprove: number;
}

export interface RunResult {
  readonly id: number;
  readonly pipeline: string;
  readonly status: RunStatus;
  readonly startedAt: string;
  readonly endedAt: string;
  readonly counts: RunCounts;
  /** What this run booked, by account. */
  readonly totals: readonly AccountTotal[];
  /** Notices and what stopped the run; what waits is in quarantine, not here. */
  readonly problems: readonly Problem[];
  readonly watermark: string | null;
}
