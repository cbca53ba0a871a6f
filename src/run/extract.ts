import type { Pipeline } from "../config/pipeline.js";
import type { Column, MalformedRecord, RawRecord, Source } from "../connectors/contract.js";
import type { AuditDetails } from "../model/audit.js";
import { earlier } from "../model/cursor.js";
import { dispositionOf, type Problem, problem } from "../model/problem.js";
import { displayKey } from "../model/record.js";
import { type RecordGlimpse, recordGlimpse } from "../steps/glimpse.js";
import { type CheckedRecord, type RecordCheck, recordCheck } from "../steps/validate.js";
import type { MergeOptions } from "../store/incoming.js";
import type { Staging } from "../store/staging.js";
import type { Store } from "../store/store.js";
import type { Effects } from "./effects.js";
import type { HeldLease } from "./lease.js";

export interface Extracted {
  read: number;
  changed: number;
  unchanged: number;
  /** Rows the source left out on purpose, as its options say. */
  leftOut: number;
  /** Identical rows in one unit, or rows older than what is known. */
  passedOver: number;
  quarantined: number;
  removed: number;
  unitsRead: number;
  unitsKnown: number;
  /** The highest cursor among the records read. */
  highest: string | null;
  /** Where the source wants to go on from, when it said so. */
  state: string | null;
  /** Units to be marked as read when the run ends. */
  finished: { readonly unitId: number; readonly unit: string; readonly fingerprint: string; readonly records: number }[];
  /** Names of units that were taken before and have not changed. */
  readonly known: string[];
  readonly problems: Problem[];
}

/** Shared by reading a source and by trying quarantined records again. */
export interface Intake {
  readonly pipeline: Pipeline;
  readonly pipelineId: number;
  readonly runId: number;
  readonly store: Store;
  readonly timeZone: string;
  readonly effects: Effects;
  readonly lease: HeldLease;
}

/** Rows per transaction while a unit is gathered. */
const CHUNK = 5_000;

/** Reads the source, unit by unit; each unit is taken whole or not at all. What cannot be used goes to quarantine. */
export async function extract(intake: Intake, source: Source, full: boolean): Promise<Extracted> {
  const { pipeline, pipelineId, store, effects } = intake;
  const result = emptyExtract();
  const reading = pipeline.source.fingerprint;
  // Where a row is known by its place alone, a copy of a file under another name would book everything twice.
  const isKeyless = pipeline.source.key === null;
  const watermark = store.watermarks.get(pipelineId, "records");
  const since = full || watermark === null || pipeline.source.cursor === null ? null : earlier(watermark, pipeline.source.cursor.overlapMs);
  const columns: Column[] = pipeline.source.schema.fields.map((field, index) => ({
    name: field.name,
    aliases: pipeline.source.aliases[index] ?? [],
    required: !field.nullable,
  }));
  const check = recordCheck(pipeline, intake.timeZone);
  // A full reading that is cut off half-way is gone on with by the next run, in the same order.
  if (full) {
    intake.lease.write(() => {
      store.units.forgetAll(pipelineId);
      store.watermarks.forgetState(pipelineId);
    });
  }
  const staging = store.records.stage(
    pipelineId,
    store.records.shapeId(
      pipelineId,
      columns.map((column) => column.name),
    ),
  );
  const glimpse = recordGlimpse(pipeline, { timeZone: intake.timeZone, program: effects.program });
  const gather = gatherer(intake, staging, { glimpse, check }, result);

  const state = full ? null : store.watermarks.state(pipelineId, reading);
  const events = source.read({
    columns,
    since,
    ...(state === null ? {} : { state }),
    wasRead: (unit, fingerprint) =>
      (isKeyless && result.finished.some((each) => each.fingerprint === fingerprint)) ||
      (!full && store.units.wasRead(pipelineId, unit, fingerprint, reading, isKeyless)),
  });
  let before = { ...result };
  let isOutOfOrder = false;
  for await (const event of events) {
    switch (event.kind) {
      case "notice":
        result.problems.push(event.problem);
        isOutOfOrder = event.problem.code === "SOURCE_FILE_GROWING";
        break;
      case "known":
        result.unitsKnown += 1;
        result.known.push(event.unit);
        break;
      case "records":
        intake.lease.ensure();
        for (let from = 0; from < Math.max(event.records.length, 1); from += CHUNK) {
          intake.lease.write(() => gather(event.unit, event.records.slice(from, from + CHUNK), from === 0 ? event.malformed : []));
        }
        effects.onProgress({
          stage: "read",
          records: result.read,
          documents: 0,
          done: event.progress?.done ?? 0,
          total: event.progress?.total ?? 0,
        });
        break;
      case "complete": {
        const records = result.read - before.read;
        intake.lease.write(() => {
          const unitId = store.units.idOf(pipelineId, event.unit);
          result.removed += takeUnit(
            intake,
            staging,
            event.unit,
            unitId,
            { wholeUnit: true, wholeDocuments: pipeline.source.delivers === "documents", whole: pipeline.source.whole },
            result,
          );
          result.finished.push({ unitId, unit: event.unit, fingerprint: event.fingerprint, records });
          auditUnit(intake, { unit: event.unit, fingerprint: event.fingerprint, records });
        });
        staging.clear();
        result.unitsRead += 1;
        effects.observer?.tell({ kind: "unit read", unit: event.unit, records });
        result.leftOut += event.leftOut ?? 0;
        result.state = event.state ?? result.state;
        before = { ...result };
        break;
      }
      case "abandoned":
        staging.clear();
        Object.assign(result, {
          read: before.read,
          changed: before.changed,
          unchanged: before.unchanged,
          passedOver: before.passedOver,
          highest: before.highest,
        });
        result.problems.push(event.problem);
        effects.observer?.tell({ kind: "unit abandoned", unit: event.unit, code: event.problem.code });
        isOutOfOrder = true;
        break;
    }
    // Where cursors are equal, or there is none, the file that is read last wins: what comes after one that is left for
    // later waits with it.
    if (effects.signal.aborted || (isOutOfOrder && !isKeyless)) break;
  }
  staging.clear();
  endReading(intake, staging, result, isOutOfOrder || effects.signal.aborted);
  return result;
}

/**
 * What a unit had before and no longer has may be on a page that was not read: then nothing is forgotten, and the unit is read again by the next
 * run, because a document must not be posted without one of its records.
 */
function endReading({ lease, runId }: Intake, staging: Staging, result: Extracted, isPartial: boolean): void {
  const unconfirmed = staging.unconfirmed.units();
  if (unconfirmed.size === 0) return;
  if (isPartial) result.finished = result.finished.filter(({ unitId }) => !unconfirmed.has(unitId));
  else lease.write(() => staging.unconfirmed.forget(runId));
}

/** Records in quarantine are tried again: the schema, the mapping or a date format may have been mended since. */
export function retryQuarantined(intake: Intake): Extracted {
  const { pipeline, pipelineId, store } = intake;
  const result = emptyExtract();
  const names = pipeline.source.schema.fields.map((field) => field.name);
  let made: { readonly check: RecordCheck; readonly staging: Staging } | null = null;
  for (const item of store.quarantine.records(pipelineId)) {
    made ??= {
      check: recordCheck(pipeline, intake.timeZone),
      staging: store.records.stage(pipelineId, store.records.shapeId(pipelineId, names)),
    };
    const { check, staging } = made;
    const { unit, line, raw } = item;
    if (unit === null || line === null || raw === null) continue;
    // What the source could not read stays as it is, whatever it looks like.
    const cells = item.problem.code === "RECORD_MALFORMED" ? null : cellsByName(raw);
    const read = cells === null ? null : names.map((name) => cells[name] ?? null);
    const record = read === null ? null : check(read, { unit, line });
    const isMended = record !== null && record.problem === null && record.key !== null && record.documentKey !== null;
    // A record that a person dropped, and asks for again, keeps its document waiting again.
    const isBack = !isMended && item.documentKey !== null && !store.records.has(pipelineId, item.key);
    if (!isMended && !isBack) continue;
    intake.lease.write(() => {
      if (record === null || record.documentKey === null) {
        staging.addMisfit({ key: item.key, line, raw, problem: record?.problem ?? item.problem });
      } else {
        const { key, documentKey, member, cursor, data, problem } = record;
        const kept = problem === null ? null : raw;
        const staged = { key: key ?? item.key, documentKey, member, cursor, line, data, cells: null, problem, raw: kept };
        staging.add(staged, () => twiceProblem(record, unit, line));
        if (problem === null || staged.key !== item.key) store.quarantine.remove(item.id);
      }
      takeUnit(intake, staging, unit, store.units.idOf(pipelineId, unit), { wholeUnit: false, wholeDocuments: false, whole: null }, result);
    });
    staging.clear();
    if (isMended) result.changed += 1;
  }
  return result;
}

export function emptyExtract(): Extracted {
  return {
    read: 0,
    changed: 0,
    unchanged: 0,
    passedOver: 0,
    leftOut: 0,
    quarantined: 0,
    removed: 0,
    unitsRead: 0,
    unitsKnown: 0,
    highest: null,
    state: null,
    finished: [],
    known: [],
    problems: [],
  };
}

/** True when something was met that forbids sending anything. */
export function mustStop(problems: readonly Problem[]): boolean {
  return problems.some((each) => dispositionOf(each.code) === "stop");
}

function gatherer(
  intake: Intake,
  staging: Staging,
  { glimpse, check }: { readonly glimpse: RecordGlimpse; readonly check: RecordCheck },
  result: Extracted,
): (unit: string, records: readonly RawRecord[], malformed: readonly MalformedRecord[]) => void {
  const names = intake.pipeline.source.schema.fields.map((field) => field.name);
  const reach = (cursor: string | null): void => {
    if (cursor !== null && (result.highest === null || cursor > result.highest)) result.highest = cursor;
  };
  return (unit, records, malformed) => {
    for (const raw of records) {
      result.read += 1;
      const origin = { unit, line: raw.line };
      const glimpsed = glimpse(raw.cells, origin);
      if (glimpsed !== null && staging.addKnown(glimpsed, raw.line)) {
        reach(glimpsed.cursor);
        result.unchanged += 1;
        continue;
      }
      const record = check(raw.cells, origin);
      reach(record.cursor);
      const cells =
        record.problem === null ? null : JSON.stringify(Object.fromEntries(names.map((name, index) => [name, raw.cells[index] ?? null])));
      // A record without a key of its own still blocks the document it belongs to, under the place where it stands.
      const key = record.key ?? `${unit}:${raw.line}`;
      const { documentKey, member, cursor, data } = record;
      if (documentKey === null) {
        staging.addMisfit({ key, line: raw.line, raw: cells ?? "{}", problem: record.problem ?? noKey(unit, raw.line) });
        continue;
      }
      const arrival = staging.add(
        { key, documentKey, member, cursor, line: raw.line, data, cells: glimpsed?.cells ?? null, problem: record.problem, raw: cells },
        (line) => twiceProblem(record, unit, line),
      );
      if (arrival === "changed") result.changed += 1;
      else if (arrival === "unchanged") result.unchanged += 1;
      else if (arrival !== "dropped") result.passedOver += 1;
    }
    for (const row of malformed) {
      result.read += 1;
      staging.addMisfit({ key: `${unit}:${row.line}`, line: row.line, raw: row.text, problem: row.problem });
    }
  };
}

function takeUnit(
  intake: Intake,
  staging: Staging,
  unit: string,
  unitId: number,
  extent: Omit<MergeOptions, "missing" | "byMember">,
  result: Extracted,
): number {
  const { store, pipelineId, runId } = intake;
  const { observer } = intake.effects;
  const at = intake.effects.now().toISOString();
  staging.attributeMisfits(cellsOf);
  const { removed } = staging.merge(unitId, {
    ...extent,
    byMember: intake.pipeline.mapping.batch !== null,
    missing: (key) => missingProblem(key, unit),
  });
  staging.clearMended();
  for (const misfit of staging.misfits()) {
    store.quarantine.put({
      pipelineId,
      kind: "record",
      key: misfit.key,
      documentId: misfit.documentId,
      status: "waiting",
      problem: JSON.parse(misfit.problem) as Problem,
      unitId,
      line: misfit.line,
      raw: misfit.raw,
      runId,
      isMet: extent.wholeUnit,
      at,
    });
    result.quarantined += 1;
    if (observer !== undefined) {
      const { code } = JSON.parse(misfit.problem) as Problem;
      observer.tell({ kind: "problem found", code, item: "record", key: misfit.key });
    }
  }
  return removed;
}

function auditUnit(intake: Intake, detail: AuditDetails["unit read"]): void {
  const { store, pipeline, runId: run, effects } = intake;
  const { actor } = effects;
  const at = effects.now().toISOString();
  store.audit.append({ at, actor, event: "unit read", pipeline: pipeline.name, run, subject: null, detail });
}

function noKey(unit: string, line: number): Problem {
  return problem("RECORD_NO_KEY", "the record has no key", { file: unit, line });
}

/** What a record that was checked and refused is kept as: its cells by name. Null for anything else, such as raw text that looks like it. */
function cellsByName(raw: string): Readonly<Record<string, string | boolean | null>> | null {
  if (!raw.startsWith("{")) return null;
  try {
    const cells = JSON.parse(raw) as Record<string, unknown>;
    const isCell = (value: unknown): boolean => value === null || typeof value === "string" || typeof value === "boolean";
    return Object.values(cells).every(isCell) ? (cells as Record<string, string | boolean | null>) : null;
  } catch {
    return null;
  }
}

/** The texts in a row that could not be used: of a record its cells, of raw text as far as it can be cut. */
function cellsOf(raw: string): string[] {
  const cells = cellsByName(raw);
  if (cells !== null) return Object.values(cells).filter((cell): cell is string => typeof cell === "string");
  return raw
    .split(/[,;\t|"\r\n]+/)
    .map((cell) => cell.trim())
    .filter((cell) => cell !== "")
    .slice(0, 200);
}

function missingProblem(key: string, unit: string): Problem {
  return problem(
    "RECORD_MISSING",
    "the record is missing from a delivery that should hold it, and a row of that delivery could not be read",
    { record: displayKey(key), file: unit },
    "mend the row that could not be read; if the record is really gone, the next whole delivery takes it away",
  );
}

function twiceProblem(record: CheckedRecord, unit: string, line: number): Problem {
  return problem(
    "RECORD_TWICE",
    `two different records of one unit have the key \`${displayKey(record.key ?? "")}\``,
    { record: displayKey(record.key ?? ""), file: unit, line },
    "add the field in which they differ to `source.key`, or give a `source.cursor` that tells which is newer",
  );
}
