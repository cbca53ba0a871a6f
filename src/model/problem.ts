import { type Disposition, PROBLEM_CODES, type ProblemCode } from "./problem-codes.js";

export type { Disposition, ProblemCode } from "./problem-codes.js";

/** Where something was found. Every part is optional; they are printed in this order. */
export interface Place {
  /** A record, `expenses/EXP-1042`, or a document key. */
  readonly record?: string;
  readonly document?: string;
  readonly field?: string;
  readonly file?: string;
  /** Line and column count from 1; columns count characters, not bytes. */
  readonly line?: number;
  readonly column?: number;
  /** The source line and the marked part of it, as offsets in characters, so that the place can be shown. */
  readonly excerpt?: { readonly text: string; readonly start: number; readonly end: number };
}

/** Something wrong, as a value: collected, stored, and printed the same way in text and JSON. It never holds a secret. */
export interface Problem {
  readonly code: ProblemCode;
  /** What was found and what was expected, with values in backticks; lower case, no full stop. */
  readonly message: string;
  readonly at: readonly Place[];
  /** The next action. */
  readonly hint?: string;
}

export function problem(code: ProblemCode, message: string, at: Place | readonly Place[] = [], hint?: string): Problem {
  const places = Array.isArray(at) ? (at as readonly Place[]) : [at as Place];
  return hint === undefined ? { code, message, at: places } : { code, message, at: places, hint };
}

export function dispositionOf(code: ProblemCode): Disposition {
  return PROBLEM_CODES[code].disposition;
}

/** Carries problems out of a place that cannot collect them. Any other error that is thrown is a bug. */
export class ProblemError extends Error {
  readonly problems: readonly Problem[];

  constructor(problems: Problem | readonly Problem[]) {
    const list = Array.isArray(problems) ? (problems as readonly Problem[]) : [problems as Problem];
    super(list.map((each) => `${each.code}: ${each.message}`).join("\n"));
    this.name = "ProblemError";
    this.problems = list;
  }
}

/** What went wrong, on one line, with what to do; of any error that is thrown. */
export function causeText(cause: unknown): string {
  if (cause instanceof ProblemError)
    return cause.problems.map(({ message, hint }) => (hint === undefined ? message : `${message}; ${hint}`)).join(", ");
  return cause instanceof Error ? cause.message : String(cause);
}

/** Stops the program: one of its own rules was broken, which is never the user's mistake. */
export function bug(message: string): never {
  throw new Error(`bug: ${message}`);
}
