import type { DocumentCheck, Pipeline } from "../config/pipeline.js";
import { coveredValue } from "../model/personal.js";
import { type Problem, problem } from "../model/problem.js";
import { displayKey, type Row } from "../model/record.js";
import { canonicalText } from "../model/value.js";
import type { Member } from "../steps/batch.js";
import { evaluate } from "../steps/evaluate.js";
import type { Store } from "../store/store.js";
import type { Holder, Register } from "../store/unique-values.js";

export interface UniqueRequest {
  readonly pipeline: Pipeline;
  readonly pipelineId: number;
  readonly store: Store;
}

type UniqueCheck = Extract<DocumentCheck, { kind: "unique" }>;

/** A document and what it is made of. */
interface Subject {
  readonly documentId: number;
  /** As a person knows it. */
  readonly name: string;
  readonly rows: readonly Row[];
}

/**
 * Takes what only this document may have, where it is wanted; the problem where another has it. One that is not wanted, or gone and without `rows`,
 * holds what the checks say it holds all the same.
 */
export function claimUniqueValues(request: UniqueRequest, subject: Subject, isWanted: boolean): Problem | null {
  const checks = checksOf(request);
  // Also where the check is no longer asked for: what the document took then is free once nothing is posted of it.
  if (checks.length > 0 || !isWanted) request.store.uniqueValues.expectAgain(subject.documentId);
  return (isWanted ? takeValues : holdValues)(request, checks, subject);
}

/** Within a batch as between documents, the one that came first may keep a value that only one may have. Gives the members that may not. */
export function notUnique(request: UniqueRequest, documentId: number, members: readonly Member[]): Map<string, Problem> {
  const refused = new Map<string, Problem>();
  const checks = checksOf(request);
  const wanted = members.filter(({ grouped }) => grouped.kind === "wanted");
  if (checks.length === 0 && wanted.length > 0) return refused;
  const holders = new Map<string, string>();
  for (const { name, rows } of wanted) {
    const found = firstTaken(request, checks, { documentId, name, rows }, holders);
    if (found !== null) refused.set(name, found);
  }
  request.store.uniqueValues.expectAgain(documentId);
  for (const { name, rows, grouped } of members) {
    if (refused.has(name) || grouped.kind === "faulty") continue;
    const give = grouped.kind === "wanted" ? takeValues : holdValues;
    const found = give(request, checks, { documentId, name, rows });
    if (found !== null) refused.set(name, found);
  }
  return refused;
}

/** `holders`: the members that have a value of a check, to which this one's are added up to the first that it may not have. */
function firstTaken(
  { pipeline }: UniqueRequest,
  checks: readonly UniqueCheck[],
  { name, rows }: Subject,
  holders: Map<string, string>,
): Problem | null {
  for (const [index, check] of checks.entries()) {
    for (const value of valuesOf(check, rows)) {
      const place = `${index}\u001f${value}`;
      const holder = holders.get(place) ?? name;
      if (holder !== name) return notUniqueProblem(pipeline, name, check, value, `\`${holder}\``);
      holders.set(place, name);
    }
  }
  return null;
}

function checksOf({ pipeline }: UniqueRequest): readonly UniqueCheck[] {
  return pipeline.checks.filter((check): check is UniqueCheck => check.kind === "unique");
}

function takeValues(request: UniqueRequest, checks: readonly UniqueCheck[], { documentId, name, rows }: Subject): Problem | null {
  for (const check of checks) {
    const register = registerOf(request, check);
    for (const value of valuesOf(check, rows)) {
      const holder = request.store.uniqueValues.take(register, value, documentId);
      if (holder !== null) return notUniqueProblem(request.pipeline, name, check, value, holderText(request, holder));
    }
  }
  return null;
}

function holdValues(request: UniqueRequest, checks: readonly UniqueCheck[], { documentId, name, rows }: Subject): Problem | null {
  const { pipeline, store } = request;
  const [row] = rows;
  if (row === undefined) return null;
  for (const check of checks) {
    if (check.alsoWhen === null) continue;
    const problems: Problem[] = [];
    const environment = { row, records: rows, lookups: pipeline.lookups.map((lookup) => lookup.table), variables: [] };
    const holds = evaluate(check.alsoWhen, environment, name, (found) => problems.push(found));
    const [fault] = problems;
    if (fault !== undefined) return fault;
    if (holds !== true) continue;
    const register = registerOf(request, check);
    for (const value of valuesOf(check, rows)) store.uniqueValues.holdBeside(register, value, documentId);
  }
  return null;
}

function registerOf({ pipelineId }: UniqueRequest, check: UniqueCheck): Register {
  return check.register === null ? { pipelineId, name: check.name } : { pipelineId: null, name: check.register };
}

function* valuesOf({ field, separator }: UniqueCheck, rows: readonly Row[]): Generator<string> {
  for (const row of rows) {
    const text = canonicalText(row[field] ?? null);
    for (const value of separator === null ? [text] : text.split(separator).map((each) => each.trim())) if (value !== "") yield value;
  }
}

function holderText({ pipelineId }: UniqueRequest, holder: Holder): string {
  const key = `\`${displayKey(holder.key)}\``;
  return holder.pipelineId === pipelineId ? key : `${key} of pipeline \`${holder.pipeline}\``;
}

function notUniqueProblem({ source }: Pipeline, name: string, check: UniqueCheck, value: string, holder: string): Problem {
  const { field: index, name: field } = check;
  const shown = source.schema.fields[index]?.personal === true ? coveredValue(value) : value;
  return problem(
    "DOCUMENT_NOT_UNIQUE",
    `\`${field}\` \`${shown}\` already stands in document ${holder}`,
    { document: name, field },
    "one of the two must go: correct it at the source, or drop this document with a reason",
  );
}
