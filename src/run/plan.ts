import type { Pipeline } from "../config/pipeline.js";
import type { Target } from "../connectors/contract.js";
import { type Document, fingerprintOf } from "../model/document.js";
import type { ChangeKind } from "../model/plan.js";
import { dispositionOf, type Problem, ProblemError, problem } from "../model/problem.js";
import { compareKeys, displayKey, type Row } from "../model/record.js";
import { canonicalText } from "../model/value.js";
import { diffDocument } from "../steps/diff.js";
import { groupDocument } from "../steps/group.js";
import { Totals } from "../steps/plan.js";
import { rowReader } from "../steps/validate.js";
import type { ChangeTable } from "../store/changes.js";
import type { StoredRecord, TouchedDocument } from "../store/records.js";
import type { Store } from "../store/store.js";
import { checkWithTarget, type Outcome } from "./check.js";
import type { Effects } from "./effects.js";
import type { HeldLease } from "./lease.js";

export interface PlanRequest {
  readonly pipeline: Pipeline;
  readonly pipelineId: number;
  readonly runId: number;
  readonly store: Store;
  readonly target: Target;
  readonly effects: Effects;
  readonly lease: HeldLease;
  /** Only these documents; all that need attention when null. */
  readonly only: ReadonlySet<string> | null;
}

export interface Planned {
  readonly changes: ChangeTable;
  readonly counts: Record<ChangeKind, number>;
  readonly totals: Totals;
  /** Documents that were looked at. */
  readonly examined: number;
}

/** Documents mapped between two writes. */
const CHUNK = 1_000;

/** Maps every document that needs attention, and decides what has to happen for it. Sends nothing. */
export async function planDocuments(request: PlanRequest): Promise<Planned> {
  const { store, pipelineId, effects, only } = request;
  const changes = store.newPlan();
  const totals = new Totals();
  const total = store.records.countTouched(pipelineId);
  const decode = recordDecoder(request);
  let examined = 0;
  let after = 0;
  while (!effects.signal.aborted) {
    const documents = store.records.nextTouched(pipelineId, after, CHUNK);
    const last = documents[documents.length - 1];
    if (last === undefined) break;
    after = last.id;
    request.lease.ensure();
    await effects.sleep(0);
    const chosen = only === null ? documents : documents.filter((document) => only.has(document.key));
    const wishes = request.lease.write(() => chosen.map((document) => wishFor(request, document, decode)));
    const outcomes = await checkWithTarget(request, wishes);
    request.lease.write(() => {
      for (const outcome of outcomes) record(request, outcome, changes, totals);
    });
    examined += chosen.length;
    effects.onProgress({ stage: "plan", records: 0, documents: examined, done: examined, total });
  }
  return { changes, counts: changes.counts(), totals, examined };
}

/** Every document the store has records of, as it is wanted now. */
export function* knownDocuments(
  request: Pick<PlanRequest, "pipeline" | "pipelineId" | "store">,
): Generator<{ readonly key: string; readonly document: Document | null }> {
  const { pipeline, pipelineId, store } = request;
  const decode = recordDecoder(request);
  let after = 0;
  for (;;) {
    const documents = store.records.nextWithRecords(pipelineId, after, CHUNK);
    const last = documents[documents.length - 1];
    if (last === undefined) return;
    after = last.id;
    for (const { key, records } of documents) {
      const rows = records.some((each) => each.problem !== null) ? [] : inLineOrder(records, pipeline.source.key !== null).map(decode);
      const isWhole = rows.length > 0 && rows.every((row) => Array.isArray(row));
      const grouped = isWhole ? groupDocument(pipeline, key, rows as Row[]) : null;
      yield { key, document: grouped?.kind === "wanted" ? grouped.document : null };
    }
  }
}

function wishFor(request: PlanRequest, touched: TouchedDocument, decode: (record: StoredRecord) => Row | Problem): Outcome {
  const { pipeline, store } = request;
  const { id: documentId, key } = touched;
  const name = displayKey(key);
  if (store.attempts.isOpen(documentId)) {
    const inDoubt = problem(
      "TARGET_UNCONFIRMED",
      "it was sent before and the answer is unknown",
      { document: name },
      "nothing is sent for it until the target can tell whether it arrived; run again later",
    );
    return { documentId, key, change: { kind: "hold", key, document: null, problem: inDoubt } };
  }
  const conflict = store.attempts.conflictOf(documentId);
  if (conflict !== null) return { documentId, key, change: { kind: "hold", key, document: null, problem: conflict } };
  let document: Document | null = null;
  if (touched.records.length > 0) {
    const bad = touched.records.find((record) => record.problem !== null);
    if (bad !== undefined) return { documentId, key, change: { kind: "quarantine", problem: badRecord(touched.records, name) } };
    const rows: Row[] = [];
    for (const record of inLineOrder(touched.records, pipeline.source.key !== null)) {
      const row = decode(record);
      if (!Array.isArray(row)) return { documentId, key, change: { kind: "quarantine", problem: row as Problem } };
      rows.push(row as Row);
    }
    const grouped = groupDocument(pipeline, key, rows);
    if (grouped.kind === "faulty") {
      const stop = grouped.problems.find((each) => dispositionOf(each.code) === "stop");
      if (stop !== undefined) throw new ProblemError(stop);
      return { documentId, key, change: { kind: "quarantine", problem: combine(grouped.problems) } };
    }
    if (grouped.kind === "wanted") {
      document = grouped.document;
      const taken = takeUniqueValues(request, documentId, name, rows);
      if (taken !== null) return { documentId, key, change: { kind: "quarantine", problem: taken } };
    }
  }
  const fingerprint = document === null ? null : fingerprintOf(document);
  // Most documents that come again are as they were; that is known without reading what was posted.
  if (fingerprint !== null && store.postings.currentFingerprint(documentId) === fingerprint)
    return { documentId, key, change: { kind: "keep", key } };
  return {
    documentId,
    key,
    change: diffDocument({ key, document, fingerprint }, store.postings.current(documentId, key), pipeline.target),
  };
}

function record(request: PlanRequest, outcome: Outcome, changes: ChangeTable, totals: Totals): void {
  const { store, pipelineId, runId, effects } = request;
  const { documentId, key, change } = outcome;
  if (change === null || change.kind === "keep") {
    if (change === null) store.uniqueValues.release(documentId);
    else store.uniqueValues.releaseStale(documentId);
    store.records.settle(documentId);
    store.quarantine.clearDocument(documentId);
    if (change !== null) changes.add(documentId, change);
    return;
  }
  if (change.kind === "quarantine" || change.kind === "hold") {
    // The touched mark stays: the document is tried again with every run.
    const status = change.kind === "hold" ? "held" : "waiting";
    store.quarantine.put({
      pipelineId,
      kind: "document",
      key,
      documentId,
      status,
      problem: change.problem,
      unitId: null,
      line: null,
      raw: null,
      runId,
      at: effects.now().toISOString(),
    });
    if (change.kind === "hold") changes.add(documentId, change);
    return;
  }
  store.quarantine.setReady(documentId);
  changes.add(documentId, change);
  totals.addChange(change);
}

function takeUniqueValues(request: PlanRequest, documentId: number, name: string, rows: readonly Row[]): Problem | null {
  const checks = request.pipeline.checks.filter((check) => check.kind === "unique");
  if (checks.length > 0) request.store.uniqueValues.expectAgain(documentId);
  for (const check of checks) {
    for (const row of rows) {
      const value = canonicalText(row[check.field] ?? null);
      if (value === "") continue;
      const holder = request.store.uniqueValues.take(request.pipelineId, check.name, value, documentId);
      if (holder !== null) {
        return problem(
          "DOCUMENT_NOT_UNIQUE",
          `\`${check.name}\` \`${value}\` already stands in document \`${displayKey(holder)}\``,
          { document: name, field: check.name },
          "one of the two must go: correct it at the source, or drop this document with a reason",
        );
      }
    }
  }
  return null;
}

function badRecord(records: readonly StoredRecord[], name: string): Problem {
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

function combine(problems: readonly Problem[]): Problem {
  const [first, ...others] = problems as [Problem, ...Problem[]];
  if (others.length === 0) return first;
  return { ...first, message: [first, ...others].map((each) => each.message).join("; ") };
}

/** By key where records have one (line 2 before line 10), else as they came. */
function inLineOrder(records: readonly StoredRecord[], byKey: boolean): readonly StoredRecord[] {
  if (!byKey || records.length === 1) return records;
  return [...records].sort((a, b) => compareKeys(a.key, b.key));
}

/** Reads stored rows in the fields of today; rows stored under other fields are brought over by name. */
function recordDecoder(request: Pick<PlanRequest, "pipeline" | "pipelineId" | "store">): (record: StoredRecord) => Row | Problem {
  const { pipeline, pipelineId, store } = request;
  const { fields } = pipeline.source.schema;
  const names = fields.map((field) => field.name);
  const current = store.records.shapeId(pipelineId, names);
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
