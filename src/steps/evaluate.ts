import type { Expression } from "../config/pipeline.js";
import { type Environment, EvaluationError } from "../expression/types.js";
import { type Problem, problem } from "../model/problem.js";
import type { Value } from "../model/value.js";

/** What an expression gives for the records at hand, or the problem that says why it has no answer. */
export function evaluate(
  expression: Expression,
  environment: Environment,
  document: string,
  onProblem: (problem: Problem) => void,
): Value | undefined {
  try {
    return expression.evaluate(environment);
  } catch (cause) {
    if (!(cause instanceof EvaluationError)) throw cause;
    onProblem(problem(cause.code, cause.message, [{ document }, expression.placeOf(cause.start, cause.end)], cause.hint));
    return undefined;
  }
}
