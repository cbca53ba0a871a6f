import { type Disposition, dispositionOf, type ProblemCode } from "../model/problem.js";
import { PROBLEM_CODES } from "../model/problem-codes.js";
import { CHINESE_TITLES } from "../model/problem-titles-zh.js";
import type { Example } from "./example.js";
import { EXAMPLES } from "./examples.js";
import type { Language } from "./explanation.js";
import { EXPLANATIONS } from "./explanations.js";
import { helpersText, untilThen } from "./labels.js";

/** Everything there is to say about one code, in one language. */
export interface Page {
  readonly code: ProblemCode;
  readonly disposition: Disposition;
  readonly title: string;
  readonly means: string;
  readonly matters: string;
  readonly mend: readonly string[];
  readonly who: string;
  readonly until: string;
  readonly cause: string | null;
  readonly example: Example | null;
}

export function pageOf(code: ProblemCode, language: Language): Page {
  const explanation = EXPLANATIONS[code];
  const { means, matters, mend, cause } = explanation[language];
  return {
    code,
    disposition: dispositionOf(code),
    title: titleOf(code, language),
    means,
    matters,
    mend,
    who: helpersText(explanation.who, language),
    until: untilThen(code, language),
    cause: cause ?? null,
    example: EXAMPLES[code] ?? null,
  };
}

export function titleOf(code: ProblemCode, language: Language): string {
  return language === "zh" ? CHINESE_TITLES[code] : PROBLEM_CODES[code].title;
}

export const CODES = Object.keys(PROBLEM_CODES) as readonly ProblemCode[];
