import { Decimal } from "../model/decimal.js";
import { DOCUMENT_TYPES, type DocumentType, type DocumentTypeInfo, hasLines } from "../model/document-types.js";
import { type Problem, problem } from "../model/problem.js";
import { PROBLEM_CODES, type ProblemCode } from "../model/problem-codes.js";
import type { Expected, ExpectedDocument, ExpectedProblem, Facts } from "./case.js";
import { isHeaderNumber, isLineNumber, withoutEmpty } from "./case-facts.js";
import type { TestCase } from "./case-schema.js";
import { suggest } from "./nearest.js";
import { child, childScalar, keyPlace, placeOf, type Tree } from "./tree.js";

type Given = NonNullable<TestCase["expect"]>;
type GivenDocument = NonNullable<Given["documents"]>[number];
type GivenLine = NonNullable<GivenDocument["lines"]>[number];
type Scalar = string | number | boolean;

interface Context {
  /** What the pipeline makes. */
  readonly type: DocumentType;
  readonly problems: Problem[];
}

/** What a case expects, with every name in it known and every amount exact. */
export function readExpected(tree: Tree, given: Given, context: Context): Expected {
  const documents = items(child(tree, "documents")).flatMap((item, index) => {
    const document = given.documents?.[index];
    return document?.key === undefined ? [] : [readDocument(item, document, context)];
  });
  const quarantine = items(child(tree, "quarantine")).flatMap((item, index) => readProblem(item, given.quarantine?.[index], context));
  const stopped = child(tree, "stopped");
  const [stop] = stopped === undefined ? [] : readProblem(stopped, given.stopped && { key: "", ...given.stopped }, context);
  return {
    documents: child(tree, "documents") === undefined ? null : documents,
    plan: given.plan === undefined ? null : new Map(Object.entries(given.plan).map(([key, kinds]) => [key, [kinds].flat()])),
    quarantine,
    stopped: stop ?? null,
    place: placeOf(tree),
  };
}

function items(tree: Tree | undefined): readonly Tree[] {
  return tree?.kind === "list" ? tree.items : [];
}

function readProblem(tree: Tree, given: NonNullable<Given["quarantine"]>[number] | undefined, { problems }: Context): ExpectedProblem[] {
  const code = childScalar(tree, "code");
  if (given?.code === undefined || given.key === undefined || code === undefined) return [];
  if (!Object.hasOwn(PROBLEM_CODES, code.text)) {
    const hint = suggest(code.text, Object.keys(PROBLEM_CODES), "codes");
    problems.push(problem("CONFIG_WRONG_VALUE", `there is no problem code \`${code.text}\``, placeOf(code), hint));
  }
  return [{ key: String(given.key), code: given.code as ProblemCode, message: given.message ?? "", place: placeOf(tree) }];
}

function readDocument(tree: Tree, given: GivenDocument, context: Context): ExpectedDocument {
  const info: DocumentTypeInfo = DOCUMENT_TYPES[context.type];
  const named = hasLines(context.type) ? ["date", "currency", "text", "attachments"] : ["text"];
  const known = [...named, ...Object.keys(info.fields)];
  const header = child(tree, "header");
  if (!info.open) checkNames(header, known, `a ${context.type} has no header value`, context);
  const facts = withoutEmpty(Object.entries(given.header ?? {}).map(([name, value]) => [name, String(value)] as const));
  for (const [name, text] of facts) if (isHeaderNumber(name)) checkNumber(header, name, text, context);
  const lines = child(tree, "lines");
  if (lines !== undefined && !hasLines(context.type)) {
    const message = `a document of type \`${context.type}\` has no lines`;
    context.problems.push(problem("CONFIG_WRONG_VALUE", message, placeOf(lines), "remove `lines`"));
  }
  return {
    key: String(given.key),
    compare: given.compare ?? "whole",
    header: facts,
    lines: lines === undefined ? null : items(lines).map((line, index) => readLine(line, given.lines?.[index] ?? {}, context)),
    place: placeOf(tree),
  };
}

function readLine(tree: Tree, given: GivenLine, context: Context): Facts {
  const { lines, lineFields }: DocumentTypeInfo = DOCUMENT_TYPES[context.type];
  const wrong = lines === "both" ? childScalar(tree, "amount") : undefined;
  if (wrong !== undefined) {
    const message = `a line of a ${context.type} has no \`amount\``;
    context.problems.push(problem("CONFIG_WRONG_VALUE", message, placeOf(wrong), "write `debit` or `credit`"));
  }
  checkNames(child(tree, "fields"), Object.keys(lineFields), `a line of a ${context.type} has no value`, context);
  const { dimensions = {}, fields = {}, ...own } = given;
  const named = (prefix: string, values: Readonly<Record<string, Scalar>>): (readonly [string, string])[] =>
    Object.entries(values).map(([name, value]) => [`${prefix}${name}`, String(value)]);
  const facts = withoutEmpty([...named("", own), ...named("dimensions.", dimensions), ...named("fields.", fields)]);
  for (const [name, text] of facts) {
    if (!isLineNumber(context.type, name)) continue;
    const isField = name.startsWith("fields.");
    checkNumber(isField ? child(tree, "fields") : tree, isField ? name.slice("fields.".length) : name, text, context);
  }
  return facts;
}

function checkNames(tree: Tree | undefined, known: readonly string[], message: string, { problems }: Context): void {
  if (tree?.kind !== "map") return;
  for (const entry of tree.entries.values())
    if (!known.includes(entry.key))
      problems.push(problem("CONFIG_UNKNOWN_KEY", `${message} \`${entry.key}\``, keyPlace(entry), suggest(entry.key, known, "values")));
}

function checkNumber(tree: Tree | undefined, name: string, text: string, { problems }: Context): void {
  const at = childScalar(tree, name);
  if (at === undefined || Decimal.parse(text) !== null) return;
  const message = `\`${name}\` is \`${text}\`; expected an exact number such as \`1234.50\``;
  problems.push(problem("CONFIG_WRONG_VALUE", message, placeOf(at), "write it without separators and without a currency"));
}
