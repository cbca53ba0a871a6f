import { isAlias, isMap, isScalar, isSeq, Pair, parse, parseDocument, Scalar, YAMLMap, YAMLSeq, Document as YamlDocument } from "yaml";
import type { CameOut, Expected, ExpectedDocument, Facts, YamlPath } from "../config/case.js";
import { headerFacts, isHeaderNumber, isLineNumber, isSameFact, lineFacts } from "../config/case-facts.js";
import type { Document } from "../model/document.js";
import type { DocumentType } from "../model/document-types.js";
import type { ChangeKind } from "../model/plan.js";
import { displayKey } from "../model/record.js";
import { fits, matchLines, pairDocuments } from "./case-compare.js";
import { matchUp } from "./case-match.js";

/** What came of a night that is to be expected from now on. */
export interface CaseUpdate {
  readonly path: YamlPath;
  readonly expected: Expected | null;
  readonly cameOut: CameOut;
  readonly type: DocumentType;
}

/** Nothing in the file is taken for a number: `00042` and `12.30` stay as they are written. */
const AS_WRITTEN = { schema: "failsafe" } as const;

/** The text of a file of cases with what came out written into it. Comments, the order and everything that is as expected stay as they are. */
export function updateCases(text: string, updates: readonly CaseUpdate[]): string {
  return updates.reduce(updateOne, text);
}

function updateOne(text: string, update: CaseUpdate): string {
  const document = parseDocument(text, AS_WRITTEN);
  const holder = nodeAt(document, update.path);
  if (!isMap(holder)) throw new Error(`bug: no mapping at ${update.path.join("/")}`);
  const had = pairOf(holder, "expect");
  const node = had !== undefined && isMap(had.value) ? had.value : new YAMLMap();
  writeExpected(node, update);
  const pair = had ?? new Pair<unknown, unknown>(new Scalar("expect"), node);
  const place = had === undefined ? placeOfNew(text, holder) : placeOfOld(had);
  pair.value = node;
  if (had === undefined) holder.items.push(pair);
  const spliced = place === null || holder.flow === true ? null : splice(text, place, pair);
  // Written anew as a whole, the file means the same in any case, only that blanks may be set otherwise.
  const whole = document.toString({ lineWidth: 0 });
  return spliced !== null && meansTheSame(spliced, whole) ? spliced : whole;
}

function nodeAt(document: YamlDocument, path: YamlPath): unknown {
  let node: unknown = document.contents;
  for (const step of path) {
    if (isAlias(node)) node = node.resolve(document);
    if (isSeq(node)) node = node.items[step as number];
    else if (isMap(node)) node = pairOf(node, String(step))?.value;
  }
  return isAlias(node) ? node.resolve(document) : node;
}

// ---------------------------------------------------------------- what is expected

function writeExpected(node: YAMLMap, { expected, cameOut, type }: CaseUpdate): void {
  const isSilent = expected === null || (expected.documents === null && expected.plan === null);
  if (isSilent ? cameOut.plan.size > 0 : expected.plan !== null) writePlan(node, cameOut.plan);
  if (isSilent ? cameOut.documents.length > 0 : expected.documents !== null)
    writeDocuments(node, expected?.documents ?? [], cameOut.documents, type);
  writeWaiting(node, expected, cameOut);
  writeStop(node, expected, cameOut);
}

function writePlan(node: YAMLMap, plan: CameOut["plan"]): void {
  const map = childMap(node, "plan", false);
  map.items = map.items.filter((pair) => plan.has(keyText(pair)));
  for (const [key, kinds] of plan) {
    const had = pairOf(map, key)?.value;
    if (had !== undefined && kindsOf(had) === kinds.join()) continue;
    const [only] = kinds;
    if (kinds.length === 1 && only !== undefined) setText(map, key, only);
    else setNode(map, key, flowSeq(kinds));
  }
  showEmpty(map);
}

function kindsOf(node: unknown): string {
  const items = isSeq(node) ? node.items : [node];
  return items.map((item) => (isScalar(item) ? String(item.value) : "")).join();
}

function writeDocuments(node: YAMLMap, expected: readonly ExpectedDocument[], documents: readonly Document[], type: DocumentType): void {
  const seq = childSeq(node, "documents");
  const nodes = new Map(expected.map((wanted, index) => [wanted, seq.items[index]]));
  seq.items = pairDocuments(expected, documents, type).flatMap(({ wanted, found }): unknown[] => {
    if (found === null) return [];
    const had = wanted === null ? undefined : nodes.get(wanted);
    return [wanted !== null && isMap(had) ? updateDocument(had, wanted, found) : newDocument(found)];
  });
  showEmpty(seq);
}

function updateDocument(node: YAMLMap, wanted: ExpectedDocument, found: Document): YAMLMap {
  const facts = headerFacts(found);
  const isWhole = wanted.compare === "whole";
  const names = isWhole ? new Set([...wanted.header.keys(), ...facts.keys()]) : wanted.header.keys();
  for (const name of names) {
    const value = facts.get(name);
    if (isSameFact(isHeaderNumber(name), wanted.header.get(name), value)) continue;
    setText(childMap(node, "header", true), name, value, isHeaderNumber(name));
  }
  const { pairs, missing, extra } = matchLines(wanted, found, found.type);
  if (missing.length === 0 && extra.length === 0) return node;
  const seq = childSeq(node, "lines");
  const nodes = seq.items;
  const met = new Map(pairs);
  const instead = [...extra];
  const kept = (wanted.lines ?? []).flatMap((line, index): unknown[] => {
    const had = nodes[index];
    if (met.has(line)) return [had];
    const next = instead.shift();
    return next === undefined || !isMap(had) ? [] : [updateLine(had, line, next, wanted.compare, found.type)];
  });
  seq.items = [...kept, ...instead.map((line) => newLine(line, found.type))];
  showEmpty(seq);
  return node;
}

function updateLine(node: YAMLMap, wanted: Facts, found: Facts, compare: ExpectedDocument["compare"], type: DocumentType): YAMLMap {
  const names = compare === "written" ? wanted.keys() : new Set([...wanted.keys(), ...found.keys()]);
  for (const name of names)
    if (!isSameFact(isLineNumber(type, name), wanted.get(name), found.get(name))) setLineFact(node, name, found.get(name), type);
  return node;
}

function newDocument(found: Document): YAMLMap {
  const node = new YAMLMap();
  setText(node, "key", displayKey(found.key));
  const header = childMap(node, "header", true);
  for (const [name, value] of headerFacts(found)) setText(header, name, value, isHeaderNumber(name));
  if (found.lines.length === 0) return node;
  childSeq(node, "lines").items = found.lines.map((line) => newLine(lineFacts(line, found), found.type));
  return node;
}

function newLine(facts: Facts, type: DocumentType): YAMLMap {
  const node = new YAMLMap();
  node.flow = true;
  for (const [name, value] of facts) setLineFact(node, name, value, type);
  return node;
}

function setLineFact(node: YAMLMap, name: string, value: string | undefined, type: DocumentType): void {
  const [, group, inner] = /^(dimensions|fields)\.(.*)$/s.exec(name) ?? [];
  if (group === undefined || inner === undefined) {
    setText(node, name, value, isLineNumber(type, name));
    return;
  }
  const map = childMap(node, group, true);
  setText(map, inner, value, isLineNumber(type, name));
  if (map.items.length === 0) setNode(node, group, undefined);
}

function writeWaiting(node: YAMLMap, expected: Expected | null, { waiting }: CameOut): void {
  const wanted = expected?.quarantine ?? [];
  const { pairs, missing, extra } = matchUp(wanted, waiting, (each, { key, problem }) => fits(each, key, problem));
  if (missing.length === 0 && extra.length === 0) return;
  const seq = childSeq(node, "quarantine");
  const nodes = seq.items;
  const met = new Map(pairs);
  const instead = [...extra];
  const kept = wanted.flatMap((each, index): unknown[] => {
    const had = nodes[index];
    if (met.has(each)) return [had];
    const at = instead.findIndex((item) => item.key === each.key);
    const [next] = at === -1 ? [] : instead.splice(at, 1);
    if (next === undefined || !isMap(had)) return [];
    setText(had, "code", next.problem.code);
    if (!next.problem.message.includes(each.message)) setText(had, "message", next.problem.message);
    return [had];
  });
  const made = instead.map(({ key, problem }) => {
    const item = new YAMLMap();
    setText(item, "key", key);
    setText(item, "code", problem.code);
    setText(item, "message", problem.message);
    return item;
  });
  seq.items = [...kept, ...made];
  if (seq.items.length === 0) setNode(node, "quarantine", undefined);
}

function writeStop(node: YAMLMap, expected: Expected | null, { stopped }: CameOut): void {
  const wanted = expected?.stopped ?? null;
  const [first] = stopped;
  if (first === undefined) {
    setNode(node, "stopped", undefined);
    return;
  }
  if (wanted !== null && stopped.some((problem) => fits({ ...wanted, key: "" }, "", problem))) return;
  const map = childMap(node, "stopped", false);
  setText(map, "code", first.code);
  setText(map, "message", first.message);
}

// ---------------------------------------------------------------- nodes

function keyText(pair: Pair): string {
  if (!isScalar(pair.key)) return String(pair.key);
  // `00042: create` is a number for YAML and a key for people.
  return pair.key.type === "PLAIN" ? (pair.key.source ?? String(pair.key.value)) : String(pair.key.value);
}

function pairOf(map: YAMLMap, key: string): Pair | undefined {
  return (map.items as Pair[]).find((pair) => keyText(pair) === key);
}

function setNode(map: YAMLMap, key: string, value: unknown): void {
  const had = pairOf(map, key);
  if (value === undefined) map.items = map.items.filter((pair) => pair !== had);
  else if (had !== undefined) had.value = value;
  else map.items.push(new Pair(new Scalar(key), value) as Pair);
}

/** A scalar keeps its comment; undefined takes the key away. Codes and texts get quotes where another reader would take them for a number. */
function setText(map: YAMLMap, key: string, value: string | undefined, isNumber = false): void {
  if (value === undefined) {
    setNode(map, key, undefined);
    return;
  }
  const had = pairOf(map, key)?.value;
  const scalar = isScalar(had) ? had : new Scalar(value);
  scalar.value = value;
  const isQuoted = scalar.type === "QUOTE_DOUBLE" || scalar.type === "QUOTE_SINGLE";
  if (!isQuoted) scalar.type = isNumber || isPlainText(value) ? "PLAIN" : "QUOTE_DOUBLE";
  if (scalar !== had) setNode(map, key, scalar);
}

function isPlainText(value: string): boolean {
  try {
    return parse(value) === value;
  } catch {
    return false;
  }
}

/** What is empty is written as `[]` or `{}`, and what no longer is on lines of its own. */
function showEmpty(node: YAMLMap | YAMLSeq): void {
  if (node.items.length === 0) node.flow = true;
  else if (EMPTY.has(node)) node.flow = false;
}

/** Collections that were empty as they were found. */
const EMPTY = new WeakSet<YAMLMap | YAMLSeq>();

function childMap(map: YAMLMap, key: string, flow: boolean): YAMLMap {
  const had = pairOf(map, key)?.value;
  if (isMap(had)) {
    if (had.items.length === 0) EMPTY.add(had);
    return had;
  }
  const made = new YAMLMap();
  made.flow = flow;
  setNode(map, key, made);
  return made;
}

function childSeq(map: YAMLMap, key: string): YAMLSeq {
  const had = pairOf(map, key)?.value;
  if (isSeq(had)) {
    if (had.items.length === 0) EMPTY.add(had);
    return had;
  }
  const made = new YAMLSeq();
  setNode(map, key, made);
  return made;
}

function flowSeq(values: readonly ChangeKind[]): YAMLSeq {
  const seq = new YAMLSeq();
  seq.items = values.map((value) => new Scalar(value));
  seq.flow = true;
  return seq;
}

// ---------------------------------------------------------------- the place in the text

interface TextRange {
  readonly from: number;
  readonly to: number;
  /** Blanks before the key. */
  readonly indent: number | null;
}

function placeOfOld(pair: Pair): TextRange | null {
  const key = (pair.key as Scalar).range;
  const value = (pair.value as Scalar | YAMLMap | null)?.range;
  return key == null || value == null ? null : { from: key[0], to: value[2], indent: null };
}

/** Behind the last line of the mapping. */
function placeOfNew(text: string, holder: YAMLMap): TextRange | null {
  const first = (holder.items[0]?.key as Scalar | undefined)?.range;
  const end = holder.range?.[1];
  if (first == null || end === undefined) return null;
  const used = text.slice(0, end).trimEnd().length;
  const lineEnd = text.indexOf("\n", used);
  const at = lineEnd === -1 ? text.length : text[lineEnd - 1] === "\r" ? lineEnd - 1 : lineEnd;
  return { from: at, to: at, indent: columnOf(text, first[0]) };
}

function columnOf(text: string, offset: number): number {
  return offset - (text.lastIndexOf("\n", offset - 1) + 1);
}

function splice(text: string, { from, to, indent }: TextRange, pair: Pair): string | null {
  const written = new YamlDocument(undefined, AS_WRITTEN);
  const map = new YAMLMap();
  map.items = [pair];
  written.contents = map as unknown as typeof written.contents;
  let rendered: string;
  try {
    rendered = written.toString({ lineWidth: 0 }).trimEnd();
  } catch {
    // It refers to an anchor that stands elsewhere in the file.
    return null;
  }
  const blanks = " ".repeat(indent ?? columnOf(text, from));
  const lines = rendered.split("\n").map((line, index) => (line === "" || (index === 0 && indent === null) ? line : blanks + line));
  const end = from + text.slice(from, to).trimEnd().length;
  const lineBreak = text.includes("\r\n") ? "\r\n" : "\n";
  return `${text.slice(0, from)}${indent === null ? "" : lineBreak}${lines.join(lineBreak)}${text.slice(end)}`;
}

function meansTheSame(spliced: string, whole: string): boolean {
  const left = parseDocument(spliced, AS_WRITTEN);
  const right = parseDocument(whole, AS_WRITTEN);
  return left.errors.length === 0 && JSON.stringify(left.toJS()) === JSON.stringify(right.toJS()) && comments(spliced) === comments(whole);
}

/** How often `#` occurs, so that no comment gets lost or is written twice. */
function comments(text: string): number {
  return text.split("#").length;
}
