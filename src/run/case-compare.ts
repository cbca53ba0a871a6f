import type { CameOut, Expected, ExpectedDocument, ExpectedProblem, Facts } from "../config/case.js";
import { headerFacts, isHeaderNumber, isLineNumber, isSameFact, lineFacts } from "../config/case-facts.js";
import type { Document } from "../model/document.js";
import type { DocumentType } from "../model/document-types.js";
import type { ChangeKind } from "../model/plan.js";
import type { Place, Problem } from "../model/problem.js";
import { displayKey } from "../model/record.js";
import { type Match, matchUp } from "./case-match.js";

/** `-` was expected and did not come, `+` came and was not expected, ` ` is as expected and shown for its neighbours. */
export interface DiffRow {
  readonly sign: "-" | "+" | " ";
  readonly cells: readonly string[];
}

/** One thing that is not as expected. The rows of each table have columns in common. */
export interface Difference {
  readonly about: string;
  readonly at: Place | null;
  readonly tables: readonly (readonly DiffRow[])[];
}

/** Everything in which a night differs from what its case says; empty when it came out as expected. */
export function compareNight(expected: Expected | null, cameOut: CameOut, type: DocumentType): Difference[] {
  const at = expected?.place ?? null;
  const isSilent = expected === null || (expected.documents === null && expected.plan === null);
  const differences = [...compareStop(expected, cameOut.stopped, at)];
  if (isSilent || expected.plan !== null) differences.push(...comparePlan(expected?.plan ?? new Map(), cameOut.plan, isSilent, at));
  if (isSilent || expected.documents !== null)
    differences.push(...compareDocuments(isSilent ? silently(cameOut) : (expected.documents ?? []), cameOut.documents, type, at));
  differences.push(...compareWaiting(expected?.quarantine ?? [], cameOut.waiting, at));
  return differences;
}

/** Where nothing is said, what was posted before may stay. */
function silently({ documents, plan }: CameOut): ExpectedDocument[] {
  const kept = documents.filter(({ key }) => isKept(plan.get(displayKey(key)) ?? []));
  return kept.map(({ key }) => ({ key: displayKey(key), compare: "written", header: new Map(), lines: null, place: {} }));
}

function isKept(kinds: readonly ChangeKind[]): boolean {
  return kinds.every((kind) => kind === "keep");
}

function compareStop(expected: Expected | null, stopped: readonly Problem[], at: Place | null): Difference[] {
  const wanted = expected?.stopped ?? null;
  if (wanted === null && stopped.length === 0) return [];
  const met = wanted === null ? undefined : stopped.find((problem) => fits({ ...wanted, key: "" }, "", problem));
  const rest = stopped.filter((problem) => problem !== met);
  if (met !== undefined && rest.length === 0) return [];
  const rows: DiffRow[] = rest.map(({ code, message }) => ({ sign: "+", cells: [code, message] }));
  if (wanted !== null && met === undefined) rows.unshift({ sign: "-", cells: [wanted.code, wanted.message] });
  return [{ about: "what stops the run", at: wanted?.place ?? at, tables: [rows] }];
}

function comparePlan(
  expected: ReadonlyMap<string, readonly ChangeKind[]>,
  actual: ReadonlyMap<string, readonly ChangeKind[]>,
  isSilent: boolean,
  at: Place | null,
): Difference[] {
  const rows: DiffRow[] = [];
  for (const key of new Set([...expected.keys(), ...actual.keys()])) {
    const wanted = expected.get(key);
    const found = actual.get(key);
    if (isSilent && found?.every((kind) => kind === "keep" || kind === "hold") === true) continue;
    if (wanted !== undefined && found !== undefined && sorted(wanted) === sorted(found)) continue;
    if (wanted !== undefined) rows.push({ sign: "-", cells: [key, wanted.join(", ")] });
    if (found !== undefined) rows.push({ sign: "+", cells: [key, found.join(", ")] });
  }
  return rows.length === 0 ? [] : [{ about: "plan", at, tables: [rows] }];
}

function sorted(kinds: readonly ChangeKind[]): string {
  return [...kinds].sort().join();
}

function compareWaiting(expected: readonly ExpectedProblem[], actual: CameOut["waiting"], at: Place | null): Difference[] {
  const { missing, extra } = matchUp(expected, actual, (wanted, { key, problem }) => fits(wanted, key, problem));
  if (missing.length === 0 && extra.length === 0) return [];
  const rows: DiffRow[] = [
    ...missing.map(({ key, code, message }): DiffRow => ({ sign: "-", cells: [key, code, message] })),
    ...extra.map(({ key, problem }): DiffRow => ({ sign: "+", cells: [key, problem.code, problem.message] })),
  ];
  return [{ about: "quarantine", at: missing[0]?.place ?? at, tables: [rows] }];
}

export function fits(wanted: Omit<ExpectedProblem, "place">, key: string, { code, message }: Problem): boolean {
  return wanted.key === key && wanted.code === code && message.includes(wanted.message);
}

function compareDocuments(
  expected: readonly ExpectedDocument[],
  actual: readonly Document[],
  type: DocumentType,
  at: Place | null,
): Difference[] {
  return pairDocuments(expected, actual, type).flatMap(({ wanted, found }): Difference[] => {
    if (wanted === null) return found === null ? [] : [whole(`document ${displayKey(found.key)}, which was not expected`, "+", found, at)];
    if (found === null) {
      const tables = tablesOf("-", wanted.header, wanted.lines ?? []);
      return [{ about: `document ${wanted.key}, which did not come`, at: wanted.place, tables }];
    }
    const tables = [headerRows(wanted, headerFacts(found)), lineRows(wanted, found)].filter((rows) => rows.length > 0);
    return tables.length === 0 ? [] : [{ about: `document ${wanted.key}`, at: wanted.place, tables }];
  });
}

/** Each expected document with what came under its key: of several the one that is as expected, else the next. */
export function pairDocuments(
  expected: readonly ExpectedDocument[],
  actual: readonly Document[],
  type: DocumentType,
): { readonly wanted: ExpectedDocument | null; readonly found: Document | null }[] {
  const isSame = (wanted: ExpectedDocument, found: Document): boolean =>
    wanted.key === displayKey(found.key) && headerRows(wanted, headerFacts(found)).length === 0 && isSameLines(wanted, found, type);
  const { pairs, missing, extra } = matchUp(expected, actual, isSame);
  const found = new Map<ExpectedDocument, Document>(pairs);
  const rest = [...extra];
  for (const wanted of missing) {
    const index = rest.findIndex((document) => displayKey(document.key) === wanted.key);
    if (index === -1) continue;
    found.set(wanted, rest[index] as Document);
    rest.splice(index, 1);
  }
  return [
    ...expected.map((wanted) => ({ wanted, found: found.get(wanted) ?? null })),
    ...rest.map((document) => ({ wanted: null, found: document })),
  ];
}

function whole(about: string, sign: "-" | "+", document: Document, at: Place | null): Difference {
  const lines = document.lines.map((line) => lineFacts(line, document));
  return { about, at, tables: tablesOf(sign, headerFacts(document), lines) };
}

function tablesOf(sign: "-" | "+", header: Facts, lines: readonly Facts[]): DiffRow[][] {
  const tables = [
    [...header].map(([name, value]): DiffRow => ({ sign, cells: [name, value] })),
    lines.map((facts): DiffRow => ({ sign, cells: lineCells(facts) })),
  ];
  return tables.filter((rows) => rows.length > 0);
}

function headerRows(wanted: ExpectedDocument, found: Facts): DiffRow[] {
  const names = wanted.compare === "whole" ? new Set([...wanted.header.keys(), ...found.keys()]) : wanted.header.keys();
  const rows: DiffRow[] = [];
  for (const name of names) {
    const [left, right] = [wanted.header.get(name), found.get(name)];
    if (isSameFact(isHeaderNumber(name), left, right)) continue;
    rows.push({ sign: "-", cells: [name, left ?? "(empty)"] }, { sign: "+", cells: [name, right ?? "(empty)"] });
  }
  return rows;
}

function isSameLines(wanted: ExpectedDocument, found: Document, type: DocumentType): boolean {
  const { missing, extra } = matchLines(wanted, found, type);
  return missing.length === 0 && extra.length === 0;
}

/** The lines of a document as they were expected and as they came. Null lines are not compared. */
export function matchLines(wanted: ExpectedDocument, found: Document, type: DocumentType): Match<Facts, Facts> {
  const came = found.lines.map((line) => lineFacts(line, found));
  if (wanted.lines === null && wanted.compare !== "whole") return { pairs: [], missing: [], extra: [] };
  return matchUp(wanted.lines ?? [], came, (left, right) => {
    if (wanted.compare !== "written" && left.size !== right.size) return false;
    return [...left].every(([name, value]) => isSameFact(isLineNumber(type, name), value, right.get(name)));
  });
}

/** All lines of a document in which some differ, what came instead of a line right after it. */
function lineRows(wanted: ExpectedDocument, found: Document): DiffRow[] {
  const { pairs, missing, extra } = matchLines(wanted, found, found.type);
  if (missing.length === 0 && extra.length === 0) return [];
  const met = new Map(pairs);
  const instead = [...extra];
  const rows = (wanted.lines ?? []).flatMap((line): DiffRow[] => {
    const came = met.get(line);
    if (came !== undefined) return [{ sign: " ", cells: lineCells(came) }];
    const next = instead.shift();
    const gone: DiffRow = { sign: "-", cells: lineCells(line) };
    return next === undefined ? [gone] : [gone, { sign: "+", cells: lineCells(next) }];
  });
  return [...rows, ...instead.map((line): DiffRow => ({ sign: "+", cells: lineCells(line) }))];
}

const SHOWN = ["account", "debit", "credit", "amount", "text"];

function lineCells(facts: Facts): string[] {
  const side = ["debit", "credit", "amount"].find((name) => facts.has(name)) ?? "";
  const further = [...facts].filter(([name]) => !SHOWN.includes(name)).map(([name, value]) => `${name.replace(/^[a-z]+\./, "")} ${value}`);
  const extras = further.length === 0 ? "" : `[${further.join(", ")}]`;
  return [side, facts.get("account") ?? "", facts.get(side) ?? "", facts.get("text") ?? "", extras];
}
