import type { AccountTotal } from "../model/plan.js";
import type { RunResult } from "../model/run.js";

/** Amounts as exact text: JSON has no integers beyond 2^53. */
export function encodeResult(result: RunResult): string {
  return JSON.stringify(result, (_, value: unknown) => (typeof value === "bigint" ? value.toString() : value));
}

export function decodeResult(text: string): RunResult {
  const raw = JSON.parse(text) as Omit<RunResult, "totals"> & {
    totals: (Omit<AccountTotal, "debitMinor" | "creditMinor"> & { debitMinor: string; creditMinor: string })[];
  };
  return {
    ...raw,
    // Runs of an older program do not know of it.
    counts: { ...raw.counts, supplemented: raw.counts.supplemented ?? 0, toApprove: raw.counts.toApprove ?? 0 },
    totals: raw.totals.map((total) => ({ ...total, debitMinor: BigInt(total.debitMinor), creditMinor: BigInt(total.creditMinor) })),
  };
}
