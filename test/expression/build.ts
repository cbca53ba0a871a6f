import { EXAMPLE_SCOPE, exampleEnvironment } from "../../src/expression/example-records.js";
import { renderValue } from "../../src/expression/reference.js";
import { compileTemplate } from "../../src/expression/template.js";
import { type CompileResult, EvaluationError, type Expected, type Fault, type Scope } from "../../src/expression/types.js";
import { FIELD_TYPES } from "../../src/model/value.js";

export function inDocument(scope: Scope = EXAMPLE_SCOPE): Scope {
  return { ...scope, context: "document" };
}

/** Compiles with whatever type the expression has; the faults are those of the first type that none fits better. */
export function compileAny(template: string, scope: Scope = EXAMPLE_SCOPE): CompileResult {
  const expected: Expected[] = [
    ...FIELD_TYPES.map((kind) => ({ kind, nullable: true })),
    ...FIELD_TYPES.map((of) => ({ kind: "list", of, nullable: false }) as const),
  ];
  const results = expected.map((each) => compileTemplate(template, scope, each));
  const fitting = results.find((result) => result.compiled !== undefined);
  // A fault of the expression itself comes with every type; a misfit with this place comes with most.
  const own = results.find((result) => result.faults?.every((fault) => !fault.message.includes("this place")));
  return fitting ?? own ?? (results[0] as CompileResult);
}

/** The result as the language writes it, or the code of the fault or of the evaluation error. */
export function answer(expression: string, scope: Scope = EXAMPLE_SCOPE): string {
  return answerTemplate(`\${${expression}}`, scope);
}

export function answerTemplate(template: string, scope: Scope = EXAMPLE_SCOPE): string {
  const result = compileAny(template, scope);
  if (result.compiled === undefined) return result.faults[0]?.code ?? "no fault";
  try {
    return renderValue(result.compiled.evaluate(exampleEnvironment()), result.compiled.type);
  } catch (error) {
    if (error instanceof EvaluationError) return error.code;
    throw error;
  }
}

export function faultsOf(template: string, scope: Scope = EXAMPLE_SCOPE): readonly Fault[] {
  return compileAny(template, scope).faults ?? [];
}

/** `CODE message | hint @ the marked part`, one line for each fault. */
export function printFaults(template: string, scope: Scope = EXAMPLE_SCOPE): string {
  return faultsOf(template, scope)
    .map(
      (fault) =>
        `${fault.code} ${fault.message}${fault.hint === undefined ? "" : ` | ${fault.hint}`} @ ${template.slice(fault.start, fault.end)}`,
    )
    .join("\n");
}

/** `CODE message | hint @ the marked part` of the error at run time. */
export function printError(template: string, scope: Scope = EXAMPLE_SCOPE, environment = exampleEnvironment()): string {
  const { compiled, faults } = compileAny(template, scope);
  if (compiled === undefined) throw new Error(`does not compile: ${faults.map((fault) => fault.message).join("; ")}`);
  try {
    compiled.evaluate(environment);
  } catch (error) {
    if (!(error instanceof EvaluationError)) throw error;
    return `${error.code} ${error.message}${error.hint === undefined ? "" : ` | ${error.hint}`} @ ${template.slice(error.start, error.end)}`;
  }
  return "no error";
}
