import type { Value } from "../model/value.js";
import { describe, withNullable } from "./kinds.js";
import { type Context, finish, type Operand, refuse, type Site, siteOf } from "./operand.js";
import type { Argument, Parameter, Read } from "./parameters.js";
import type { Node } from "./syntax.js";
import type { Evaluate, Type } from "./types.js";

/** An example of the reference: an expression over the example records, and its result as the language writes it. */
export type Example = readonly [expression: string, result: string];

export type FunctionGroup = "text" | "patterns" | "numbers" | "dates" | "lists" | "records";

/** One function: what the reference says, and how a call is compiled. */
export interface FunctionRow {
  readonly name: string;
  readonly group: FunctionGroup;
  readonly signatures: readonly string[];
  /** One sentence, or few. */
  readonly about: string;
  readonly examples: readonly Example[];
  /** The result is a list, so that `min(split(…))` is about that list and not about the records. */
  readonly givesList: boolean;
  readonly compile: (call: Call) => Operand | null;
}

export interface Call {
  readonly node: Node & { readonly kind: "call" };
  readonly context: Context;
}

type Arguments<P extends readonly Parameter<unknown>[]> = { readonly [K in keyof P]: P[K] extends Parameter<infer T> ? T : never };

/** A function of the values of its arguments. */
export function define<const P extends readonly Parameter<unknown>[]>(row: {
  readonly name: string;
  readonly group: FunctionGroup;
  readonly parameters: P;
  readonly result: Type;
  readonly about: string;
  readonly examples: readonly [Example, ...Example[]];
  readonly run: (site: Site, ...values: Arguments<P>) => Value;
}): FunctionRow {
  const { name, parameters, result } = row;
  const signature = signatureOf(name, parameters, result);
  // The tuple of values is checked where a row is written; from here on its length is all that matters.
  const run = row.run as unknown as Run;
  return {
    name,
    group: row.group,
    signatures: [signature],
    about: row.about,
    examples: row.examples,
    givesList: result.kind === "list",
    compile: ({ node, context }) => {
      const found = compileArguments(node, context);
      if (found === null || !requireCount(node, context, parameters, signature)) return null;
      const readers = prepareAll(parameters, found, context, name);
      if (readers === null) return null;
      const operands = found.map((argument) => argument.operand);
      const site = siteOf(
        context,
        node,
        operands.some((operand) => operand.personal),
      );
      return finish(context, result, callWith(run, site, readers), operands);
    },
  };
}

type Run = (site: Site, ...values: readonly unknown[]) => Value;

/** One closure for each number of arguments: a list of them for every call would cost more than most functions. */
function callWith(run: Run, site: Site, readers: readonly Read<unknown>[]): Evaluate {
  const [first, second, third, fourth] = readers;
  if (first === undefined) return () => run(site);
  if (second === undefined) return (environment) => run(site, first(environment));
  if (third === undefined) return (environment) => run(site, first(environment), second(environment));
  if (fourth === undefined) return (environment) => run(site, first(environment), second(environment), third(environment));
  return (environment) => run(site, first(environment), second(environment), third(environment), fourth(environment));
}

/** All arguments, or null when one has a fault; the others are still checked. */
export function compileArguments(node: Call["node"], context: Context): readonly Argument[] | null {
  const found: Argument[] = [];
  for (const parameter of node.parameters) {
    const operand = context.compile(parameter, context);
    if (operand !== null) found.push({ node: parameter, operand });
  }
  return found.length === node.parameters.length ? found : null;
}

function prepareAll(
  parameters: readonly Parameter<unknown>[],
  found: readonly Argument[],
  context: Context,
  name: string,
): readonly Read<unknown>[] | null {
  const readers: Read<unknown>[] = [];
  for (const [index, parameter] of parameters.entries()) {
    const reader = parameter.prepare(parameter.rest ? found.slice(index) : found.slice(index, index + 1), context, `\`${name}\``);
    if (reader !== null) readers.push(reader);
  }
  return readers.length === parameters.length ? readers : null;
}

export function requireCount(
  node: Call["node"],
  context: Context,
  parameters: readonly { readonly optional: boolean; readonly rest: boolean }[],
  signature: string,
): boolean {
  const least = parameters.filter((parameter) => !parameter.optional).length;
  const most = parameters.some((parameter) => parameter.rest) ? Number.POSITIVE_INFINITY : parameters.length;
  const count = node.parameters.length;
  if (count >= least && count <= most) return true;
  const wanted = most === Number.POSITIVE_INFINITY ? `${least} or more` : least === most ? String(least) : `${least} to ${most}`;
  const message = `\`${node.name}\` takes ${wanted} ${wanted === "1" ? "argument" : "arguments"}, found ${count}`;
  refuse(context, node, "EXPR_ARGUMENTS", message, `it is \`${signature}\``);
  return false;
}

function signatureOf(name: string, parameters: readonly Parameter<unknown>[], result: Type): string {
  const shown = parameters.map((each) => `${each.name}${each.optional && !each.rest ? "?" : ""}: ${each.kind}${each.rest ? ", …" : ""}`);
  return `${name}(${shown.join(", ")}) → ${describe(withNullable(result, false))}${result.nullable ? " or empty" : ""}`;
}
