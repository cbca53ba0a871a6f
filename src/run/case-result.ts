import type { CameOut, Case } from "../config/case.js";
import type { Pipeline } from "../config/pipeline.js";
import type { Problem } from "../model/problem.js";
import { runCase } from "./case.js";
import { compareNight, type Difference } from "./case-compare.js";

/** One case, and in what it differs, night by night. */
export interface CaseResult {
  readonly test: Case;
  readonly nights: readonly NightResult[];
  /** What came out was written into the case, and is expected from now on. */
  readonly isUpdated: boolean;
}

export interface NightResult {
  readonly cameOut: CameOut;
  readonly differences: readonly Difference[];
}

export interface PipelineResults {
  readonly pipeline: Pipeline;
  readonly results: readonly CaseResult[];
  /** Mistakes in its cases; a case that has one is not run. */
  readonly problems: readonly Problem[];
}

/** Runs a case and compares what comes out with what it says. */
export async function tryCase(pipeline: Pipeline, test: Case, timeZone: string): Promise<CaseResult> {
  const cameOut = await runCase(pipeline, test, timeZone);
  const last = test.nights.length - 1;
  const nights = test.nights.map((night, index): NightResult => {
    const came = cameOut[index] as CameOut;
    // A night on the way need not say what comes out; the last one must.
    const isSilent = night.expected === null && index !== last;
    return { cameOut: came, differences: isSilent ? [] : compareNight(night.expected, came, pipeline.mapping.type) };
  });
  return { test, nights, isUpdated: false };
}

/** True where it did not come out as expected, and is not expected now. */
export function isFailed({ nights, isUpdated }: CaseResult): boolean {
  return !isUpdated && nights.some(({ differences }) => differences.length > 0);
}
