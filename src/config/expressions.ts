import { compileExpression } from "../expression/compile.js";
import { compileTemplate } from "../expression/template.js";
import type { Expected, Fault, LookupSignature, Scope, Variable } from "../expression/types.js";
import { type Problem, problem } from "../model/problem.js";
import type { Field } from "../model/record.js";
import type { Expression } from "./pipeline.js";
import { child, placeInText, type ScalarTree, type Tree } from "./tree.js";

/** Where an expression stands decides what names mean in it. */
export type Standing = "record before the document is known" | "record" | "document";

/** Compiles the templates of one pipeline; mistakes become problems at their place in the file. */
export class ExpressionCompiler {
  constructor(
    /** Null while the record schema is unknown: then nothing can be said about names. */
    private readonly fields: readonly Field[] | null,
    private readonly lookups: readonly LookupSignature[],
    /** Lookups with problems of their own; that they are unknown is not said again. */
    private readonly brokenLookups: readonly string[],
    private readonly problems: Problem[],
  ) {}

  compile(tree: Tree | undefined, standing: Standing, expected: Expected, variables: readonly Variable[] = []): Expression | null {
    if (this.fields === null || tree?.kind !== "scalar" || tree.value === null) return null;
    const scope: Scope = {
      fields: this.fields,
      lookups: this.lookups,
      variables,
      context: standing === "document" ? "document" : "record",
      aggregates: standing !== "record before the document is known",
    };
    const { compiled, faults } = compileTemplate(tree.text, scope, expected);
    if (faults !== undefined) {
      this.report(tree, faults);
      return null;
    }
    return { ...compiled, placeOf: (start, end) => placeInText(tree, start, end) };
  }

  /** The same for the value under a key, or null when it is not given. */
  compileKey(
    map: Tree | undefined,
    key: string,
    standing: Standing,
    expected: Expected,
    variables?: readonly Variable[],
  ): Expression | null {
    return this.compile(child(map, key), standing, expected, variables);
  }

  /** True when the expression that gives the date of a lookup is sound; it is compiled again wherever the lookup is used. */
  checkDate(tree: ScalarTree): boolean {
    if (this.fields === null) return true;
    const scope: Scope = { fields: this.fields, lookups: this.lookups, variables: [], context: "record", aggregates: true };
    const { faults } = compileExpression(tree.text, scope, { kind: "date", nullable: false });
    if (faults !== undefined) this.report(tree, faults);
    return faults === undefined;
  }

  private report(tree: ScalarTree, faults: readonly Fault[]): void {
    for (const fault of faults) {
      const marked = tree.text.slice(fault.start, fault.end);
      if (this.brokenLookups.some((name) => marked.includes(name))) continue;
      this.problems.push(problem(fault.code, fault.message, placeInText(tree, fault.start, fault.end), fault.hint));
    }
  }
}
