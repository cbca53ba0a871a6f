import type { Pipeline } from "../config/pipeline.js";
import { type Document, encodeDocument, fingerprintOf, isUnknown } from "../model/document.js";
import type { Change } from "../model/plan.js";
import type { Posting } from "../model/posting.js";
import { dispositionOf, type Problem, ProblemError, problem } from "../model/problem.js";
import { compareKeys, displayKey, type Row } from "../model/record.js";
import { bookedMembers, combine, diffBatch, memberOf, membersOf, membersWait } from "../steps/batch.js";
import { diffDocument } from "../steps/diff.js";
import { groupDocument } from "../steps/group.js";
import { rowReader } from "../steps/validate.js";
import type { StoredRecord, TouchedDocument } from "../store/records.js";
import type { Store } from "../store/store.js";
import { claimUniqueValues, notUnique } from "./unique.js";

/** What is to become of one document. A batch can have two of them. */
export interface Outcome {
  readonly documentId: number;
  readonly key: string;
  readonly change: Change | { readonly kind: "quarantine"; readonly problem: Problem } | null;
  /** What we know to stand in the target of it, where that is to be compared with what the target holds. */
  readonly posted: readonly Posting[];
  /** Some of its members wait, whatever becomes of the others. */
  readonly waits: Problem | null;
}

export interface WishRequest {
  readonly pipeline: Pipeline;
  readonly pipelineId: number;
  readonly store: Store;
  /** Also what is to be kept is compared with what the target holds. */
  readonly verify: boolean;
}

export type Decode = (record: StoredRecord) => Row | Problem;

/** Makes of the records of a document what is wanted, and of that what is to be done. `wasSent`: the store has attempts to send it. */
export function wishFor(request: WishRequest, touched: TouchedDocument, decode: Decode, wasSent: boolean): Outcome[] {
  const { store } = request;
  const { id: documentId, key } = touched;
  const one = (change: Outcome["change"], posted: readonly Posting[] = []): Outcome[] => [{ documentId, key, change, posted, waits: null }];
  if (wasSent && store.attempts.isOpen(documentId)) {
    const inDoubt = problem(
      "TARGET_UNCONFIRMED",
      "it was sent before and the answer is unknown",
      { document: displayKey(key) },
      "nothing is sent for it until the target can tell whether it arrived; run again later",
    );
    return one({ kind: "hold", key, document: null, problem: inDoubt });
  }
  const conflict = wasSent ? store.attempts.conflictOf(documentId) : null;
  if (conflict !== null) return one({ kind: "hold", key, document: null, problem: conflict });
  if (request.pipeline.mapping.batch !== null) return wishForBatch(request, touched, decode);
  const { change, posted } = wishForOne(request, touched, decode, wasSent);
  return one(change, posted);
}

function wishForOne(request: WishRequest, touched: TouchedDocument, decode: Decode, wasSent: boolean): Pick<Outcome, "change" | "posted"> {
  const { pipeline, store, verify } = request;
  const { id: documentId, key, records } = touched;
  const name = displayKey(key);
  let document: Document | null = null;
  let rows: readonly Row[] = [];
  if (records.length > 0) {
    if (records.some((record) => record.problem !== null)) return waiting(badRecord(records, name));
    const found = rowsOf(records, pipeline, decode);
    if (!Array.isArray(found)) return waiting(found as Problem);
    rows = found as Row[];
    const grouped = groupDocument(pipeline, key, rows);
    if (grouped.kind === "faulty") return waiting(combine(stopping(grouped.problems)));
    if (grouped.kind === "wanted") document = grouped.document;
  }
  const taken = claimUniqueValues(request, { documentId, name, rows }, document !== null);
  if (taken !== null) return waiting(taken);
  const fingerprint = document === null ? null : fingerprintOf(document);
  // Most documents that come again are as they were; that is known without reading what was posted.
  if (wasSent && !verify && fingerprint !== null && store.postings.currentFingerprint(documentId) === fingerprint)
    return { change: { kind: "keep", key }, posted: [] };
  const known = wasSent ? store.postings.current(documentId, key) : null;
  const posted = learnt(request, documentId, known, document, fingerprint);
  const change = diffDocument({ key, document, fingerprint }, posted, pipeline.target);
  return { change, posted: posted === null ? [] : [posted] };
}

/** A posting that was recovered without its content gets it, where what is wanted has the same fingerprint. */
function learnt(
  { store, pipeline }: WishRequest,
  documentId: number,
  posted: Posting | null,
  document: Document | null,
  fingerprint: string | null,
): Posting | null {
  if (posted === null || document === null || posted.fingerprint !== fingerprint || !isUnknown(posted.document)) return posted;
  // It may have been booked on another day, with its own in the text.
  if (pipeline.target.closedPeriod === "next open period") return posted;
  store.postings.learnContent(documentId, posted.version, encodeDocument(document));
  return { ...posted, document };
}

/** A fault of one member does not keep the others waiting, unless that member is booked already: then nobody can tell the difference. */
function wishForBatch(request: WishRequest, touched: TouchedDocument, decode: Decode): Outcome[] {
  const { pipeline, store, verify } = request;
  const { id: documentId, key, records } = touched;
  const name = displayKey(key);
  let parts: readonly Posting[] = store.postings.parts(documentId, key);
  const quarantine = (cause: Problem): Outcome[] => [
    { documentId, key, change: { kind: "quarantine", problem: cause }, posted: [], waits: null },
  ];
  const booked = bookedMembers(parts);
  const faults = new Map<string, Problem>();
  const sound: StoredRecord[] = [];
  for (const record of records) {
    if (record.problem === null) {
      sound.push(record);
      continue;
    }
    const row = decode(record);
    const member = Array.isArray(row) ? memberOf(pipeline, key, row as Row) : null;
    // It may belong to any of them.
    if (member === null) return quarantine(badRecord(records, name));
    faults.set(member, JSON.parse(record.problem) as Problem);
  }
  const rows = rowsOf(sound, pipeline, decode);
  if (!Array.isArray(rows)) return quarantine(rows as Problem);
  const members = membersOf(pipeline, key, rows as Row[]);
  for (const { name: member, grouped } of members)
    if (grouped.kind === "faulty" && !faults.has(member)) faults.set(member, combine(stopping(grouped.problems)));
  const usable = members.filter((member) => !faults.has(member.name));
  for (const [member, cause] of notUnique(request, documentId, usable)) faults.set(member, cause);
  const faulty = [...faults].map(([member, cause]) => ({ name: member, problem: cause }));
  const all = new Set([...members.map((member) => member.name), ...faults.keys()]).size;
  const waits = faulty.length === 0 ? null : membersWait(key, faulty, all);
  if (waits !== null && (faulty.some((member) => booked.has(member.name)) || faulty.length === all)) return quarantine(waits);
  const left = usable.filter((member) => !faults.has(member.name));
  // Of a batch that was recovered, only one that was never added to can be told by its fingerprint.
  const [only] = parts;
  if (only !== undefined && parts.length === 1 && isUnknown(only.document)) {
    const [whole] = diffBatch(pipeline, { key, members: left, parts: [] });
    if (whole?.kind === "create") parts = [learnt(request, documentId, only, whole.document, whole.fingerprint) ?? only];
  }
  const changes = diffBatch(pipeline, { key, members: left, parts });
  for (const change of changes) if (change.kind === "quarantine") stopping([change.problem]);
  if (changes.length === 0) return waits === null ? [{ documentId, key, change: null, posted: [], waits }] : quarantine(waits);
  return changes.map((change) => ({ documentId, key, change, posted: change.kind === "keep" && !verify ? [] : parts, waits }));
}

/** Every document the store has records of, as it is wanted now. */
export function* knownDocuments(
  request: Pick<WishRequest, "pipeline" | "pipelineId" | "store">,
): Generator<{ readonly key: string; readonly document: Document | null }> {
  const { pipeline, pipelineId, store } = request;
  const decode = recordDecoder(request);
  let after = 0;
  for (;;) {
    const documents = store.records.nextWithRecords(pipelineId, after, KNOWN_CHUNK);
    const last = documents[documents.length - 1];
    if (last === undefined) return;
    after = last.id;
    for (const { key, records } of documents) {
      const rows = records.some((each) => each.problem !== null) ? [] : rowsOf(records, pipeline, decode);
      const grouped = Array.isArray(rows) && rows.length > 0 ? groupDocument(pipeline, key, rows as Row[]) : null;
      yield { key, document: grouped?.kind === "wanted" ? grouped.document : null };
    }
  }
}

const KNOWN_CHUNK = 1_000;

function waiting(cause: Problem): Pick<Outcome, "change" | "posted"> {
  return { change: { kind: "quarantine", problem: cause }, posted: [] };
}

/** The problems, unless one of them must stop the run. */
function stopping(problems: readonly Problem[]): readonly Problem[] {
  const stop = problems.find((each) => dispositionOf(each.code) === "stop");
  if (stop !== undefined) throw new ProblemError(stop);
  return problems;
}

export function rowsOf(records: readonly StoredRecord[], pipeline: Pipeline, decode: Decode): readonly Row[] | Problem {
  const rows: Row[] = [];
  for (const record of inLineOrder(records, pipeline.source.key !== null)) {
    const row = decode(record);
    if (!Array.isArray(row)) return row as Problem;
    rows.push(row as Row);
  }
  return rows;
}

export function badRecord(records: readonly StoredRecord[], name: string): Problem {
  const bad = records.filter((each) => each.problem !== null);
  const first = bad[0] as StoredRecord;
  const cause = JSON.parse(first.problem as string) as Problem;
  return problem(
    "DOCUMENT_BAD_RECORD",
    `${bad.length} of its ${records.length} records cannot be used: ${cause.message}`,
    [{ document: name }, { record: displayKey(first.key), file: first.unit, line: first.line }],
    "mend the record, and the whole document is posted; a document is never posted without one of its records",
  );
}

/** By key where records have one (line 2 before line 10), else as they came. */
export function inLineOrder(records: readonly StoredRecord[], byKey: boolean): readonly StoredRecord[] {
  if (!byKey || records.length === 1) return records;
  return [...records].sort((a, b) => compareKeys(a.key, b.key));
}

/** Reads stored rows in the fields of today; rows stored under other fields are brought over by name. */
export function recordDecoder(request: Pick<WishRequest, "pipeline" | "pipelineId" | "store">): Decode {
  const { pipeline, pipelineId, store } = request;
  const { fields } = pipeline.source.schema;
  const names = fields.map((field) => field.name);
  const current = store.records.knownShapeId(pipelineId, names);
  let shapes: ReadonlyMap<number, readonly string[]> | null = null;
  const read = rowReader(fields);
  return (record) => {
    if (record.shapeId === current) return read(record.data);
    shapes ??= store.records.shapes(pipelineId);
    const former = shapes.get(record.shapeId) ?? [];
    const cells = JSON.parse(record.data) as unknown[];
    const moved = names.map((name) => {
      const index = former.indexOf(name);
      return index === -1 ? null : (cells[index] ?? null);
    });
    const missing = fields.findIndex((field, index) => !field.nullable && moved[index] === null);
    if (missing !== -1) {
      return problem(
        "RECORD_INVALID",
        `the record was read before the field \`${names[missing] as string}\` was asked for`,
        { record: displayKey(record.key), file: record.unit, line: record.line },
        "read the source again with `sync run --full`",
      );
    }
    return read(JSON.stringify(moved));
  };
}
