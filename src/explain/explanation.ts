import type { ProblemCode } from "../model/problem.js";

export type Language = "en" | "zh";

/**
 * Who usually mends it: `it` looks after this program and the machine it runs on, `accountant` after the documents, `erp` after the target,
 * `source` after the system that delivers.
 */
export type Helper = "it" | "accountant" | "erp" | "source";

/** A page about one problem code, in both languages. Values, keys and commands stand in backticks. */
export interface Explanation {
  readonly who: readonly Helper[];
  readonly en: Words;
  readonly zh: Words;
}

export interface Words {
  /** What was found, and what was expected. */
  readonly means: string;
  /** What would go wrong if the program went on. */
  readonly matters: string;
  /** One step each: what to do, and where. */
  readonly mend: readonly string[];
  /** What causes it in practice; needed for a code that has no folder in fixtures/problems. */
  readonly cause?: string;
}

export type Explanations<Code extends ProblemCode = ProblemCode> = Readonly<Record<Code, Explanation>>;
