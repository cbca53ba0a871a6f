import type { Pipeline } from "../config/pipeline.js";
import { fingerprintOf, isUnknown } from "../model/document.js";
import type { Posting } from "../model/posting.js";
import { type Problem, problem } from "../model/problem.js";
import { displayKey, type Row } from "../model/record.js";
import { bookedMembers, combine, diffBatch, memberOf, membersOf, membersWait } from "../steps/batch.js";
import { groupDocument } from "../steps/group.js";
import type { Wish } from "../steps/reconcile.js";
import type { StoredDocument } from "../store/documents.js";
import type { StoredRecord } from "../store/records.js";
import { badRecord, type Decode, rowsOf } from "./wish.js";

/** What a document's records come to now, beside what is posted of it. Unlike a run it takes no unique values: who has to wait for one is on the list. */
export function wishOf(pipeline: Pipeline, document: StoredDocument, decode: Decode): Wish {
  const { key, records, versions } = document;
  if (records.length === 0) return { kind: "no records" };
  const live = versions.filter(({ endedAs }) => endedAs === null).map(({ posting }) => posting);
  if (pipeline.mapping.batch !== null) return wishOfBatch(pipeline, key, records, live, decode);
  if (records.some((record) => record.problem !== null)) return { kind: "faulty", problem: badRecord(records, displayKey(key)) };
  const rows = rowsOf(records, pipeline, decode);
  if (!Array.isArray(rows)) return { kind: "faulty", problem: rows as Problem };
  const grouped = groupDocument(pipeline, key, rows as Row[]);
  if (grouped.kind === "faulty") return { kind: "faulty", problem: combine(grouped.problems) };
  if (grouped.kind === "unwanted") return { kind: "unwanted" };
  const posted = live.at(-1);
  const matches = posted !== undefined && posted.fingerprint === fingerprintOf(grouped.document);
  // What was moved out of a closed period has the fingerprint of what is wanted, and its own day.
  const booked = matches && !isUnknown(posted.document) ? posted.document : grouped.document;
  return { kind: "wanted", documents: [booked], matches, waits: null };
}

/** A fault of one member does not keep the others waiting, unless that member is booked already. */
function wishOfBatch(pipeline: Pipeline, key: string, records: readonly StoredRecord[], parts: readonly Posting[], decode: Decode): Wish {
  const faults = new Map<string, Problem>();
  for (const record of records) {
    if (record.problem === null) continue;
    const row = decode(record);
    const member = Array.isArray(row) ? memberOf(pipeline, key, row as Row) : null;
    // It may belong to any of them.
    if (member === null) return { kind: "faulty", problem: badRecord(records, displayKey(key)) };
    faults.set(member, JSON.parse(record.problem) as Problem);
  }
  const rows = rowsOf(
    records.filter((record) => record.problem === null),
    pipeline,
    decode,
  );
  if (!Array.isArray(rows)) return { kind: "faulty", problem: rows as Problem };
  const members = membersOf(pipeline, key, rows as Row[]);
  for (const { name, grouped } of members) if (grouped.kind === "faulty" && !faults.has(name)) faults.set(name, combine(grouped.problems));
  const all = new Set([...members.map(({ name }) => name), ...faults.keys()]).size;
  const faulty = [...faults].map(([name, cause]) => ({ name, problem: cause }));
  const waits = faulty.length === 0 ? null : membersWait(key, faulty, all);
  const booked = bookedMembers(parts);
  if (waits !== null && (faulty.length === all || faulty.some(({ name }) => booked.has(name)))) return { kind: "faulty", problem: waits };

  const left = members.filter(({ name }) => !faults.has(name));
  const changes = diffBatch(pipeline, { key, members: left, parts });
  const refused = changes.find((change) => change.kind === "quarantine");
  if (refused !== undefined) return { kind: "faulty", problem: refused.problem };
  const wanted = left.filter(({ grouped }) => grouped.kind === "wanted");
  if (wanted.length === 0) {
    // All that is posted of it has been taken back by differences, or there never was any.
    if (changes.every(({ kind }) => kind === "keep")) return settled(parts, waits);
    return { kind: "unwanted" };
  }
  if (changes.length === 1 && changes[0]?.kind === "keep") return settled(parts, waits);
  const whole = groupDocument(
    pipeline,
    key,
    wanted.flatMap(({ rows: own }) => own),
    wanted[0]?.rows,
  );
  if (whole.kind !== "wanted")
    return {
      kind: "faulty",
      problem:
        whole.kind === "faulty"
          ? combine(whole.problems)
          : problem("MAP_DISAGREE", "its members are wanted one by one, and not together", { document: displayKey(key) }),
    };
  // Of a batch that was recovered, only one that was never added to can be told by its fingerprint.
  const [only] = parts;
  const matches = parts.length === 1 && only !== undefined && only.fingerprint === fingerprintOf(whole.document);
  return { kind: "wanted", documents: [whole.document], matches, waits };
}

function settled(parts: readonly Posting[], waits: Problem | null): Wish {
  if (parts.length > 0) return { kind: "wanted", documents: parts.map(({ document }) => document), matches: true, waits };
  return waits === null ? { kind: "unwanted" } : { kind: "faulty", problem: waits };
}
