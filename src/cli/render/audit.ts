import type { AuditDetails, AuditEvent, AuditFault, AuditRow, AuditVerdict } from "../../model/audit.js";
import { displayKey } from "../../model/record.js";
import { visible } from "../../model/visible.js";
import { count } from "./progress.js";
import { renderTable } from "./table.js";

/** What a row says beside who and when, in a few words. */
const WORDS: { readonly [E in AuditEvent]: (detail: AuditDetails[E]) => string } = {
  "store created": ({ store, version }) => `store ${store}, version ${version}`,
  "store imported": ({ file, replaced }) => `from ${file}${replaced ? ", in the place of another" : ""}`,
  "store key changed": ({ encrypted, former }) => `${encrypted ? "encrypted" : "no longer encrypted"}, the former one is ${former}`,
  "store pruned": ({ attempts, runs, plans }) => `${count(attempts)} tries, ${count(runs)} runs, ${count(plans)} plans`,
  "log shortened": ({ upTo, file }) => `rows up to ${count(upTo)} are in ${file}`,
  "migration applied": ({ store, from, to }) => `store ${store}, from version ${from} to ${to}`,
  "lease taken over": ({ formerHost, formerPid, since, why }) => `from process ${formerPid} on ${formerHost}, since ${since}: ${why}`,
  "run started": ({ kind, full, program, host, pid }) => `${kind}${full ? " --full" : ""}, version ${program}, process ${pid} on ${host}`,
  "unit read": ({ unit, records, fingerprint }) => `${unit}, ${count(records)} records, SHA-256 ${short(fingerprint)}`,
  "attempt in doubt": ({ act, step, idempotencyKey, notedAt }) => `${step ?? act} ${idempotencyKey}, noted ${notedAt}`,
  "attempt answered": ({ act, step, takesOver, idempotencyKey, outcome, reference, code, message }) =>
    [
      `${takesOver === undefined ? (step ?? act) : "update to"} ${idempotencyKey}: ${outcome}`,
      reference === null ? "" : ` as ${reference}`,
      code === null ? "" : `, ${code}: ${message}`,
    ].join(""),
  "run ended": ({ status, counts, problems }) =>
    [
      `${status}: ${counts.posted} posted, ${counts.replaced} replaced, ${counts.reversed} reversed, ${counts.waiting} waiting`,
      ...problems,
    ].join(", "),
  "retry requested": ({ item, key, status, cause }) => `${item} ${displayKey(key)}, ${status} because of ${cause}`,
  "item dropped": ({ item, key, cause, reason }) => `${item} ${displayKey(key)}, waiting because of ${cause}: ${reason}`,
  "attempt resolved": ({ act, step, idempotencyKey, posted, reason }) =>
    `${step ?? act} ${idempotencyKey}: ${posted === null ? "not in the target" : `in the target as ${posted}`}, because: ${reason}`,
  "found changed": ({ reference, found, decision }) =>
    `${reference} ${found === "gone" ? "is no longer in the target" : "was changed in the target"}: ${decision}`,
  "watermark moved": ({ from, to }) => `from ${from} back to ${to}`,
  "unit forgotten": ({ unit }) => unit,
  "plan saved": ({ plan, hash, sends }) => `${plan}, SHA-256 ${short(hash)}, ${count(sends)} to send`,
  "plan approved": ({ plan, by, signed, reason }) =>
    `${plan} by ${by}, ${signed ? "signed" : "not signed"}${reason === "" ? "" : `: ${reason}`}`,
  "plan applied": ({ plan, leftOut }) => `${plan}${leftOut === 0 ? "" : `, ${count(leftOut)} left out`}`,
  "people told": ({ channel, events, delivered }) => `${channel}: ${events.join(", ")}${delivered ? "" : "; could not be delivered"}`,
};

function short(hash: string): string {
  return hash.length > 12 ? `${hash.slice(0, 12)}…` : hash;
}

export function renderAuditRows(rows: readonly AuditRow[]): string {
  return renderTable(
    [
      { title: "row", align: "right" },
      { title: "at (UTC)" },
      { title: "who" },
      { title: "run", align: "right" },
      { title: "pipeline" },
      { title: "event" },
      { title: "about" },
      { title: "what" },
    ],
    rows.map((row) =>
      [
        String(row.seq),
        row.at.slice(0, 19).replace("T", " "),
        row.actor,
        row.run === null ? "" : String(row.run),
        row.pipeline ?? "",
        row.event,
        row.subject === null ? "" : displayKey(row.subject),
        wordsOf(row),
      ].map(visible),
    ),
  );
}

/** What it says, in a few words. A row may come from a store that somebody edited, so nothing is taken for granted. */
export function wordsOf(row: AuditRow): string {
  try {
    const words = WORDS[row.event as AuditEvent] as ((detail: unknown) => string) | undefined;
    return words === undefined ? row.detail : words(JSON.parse(row.detail));
  } catch {
    return row.detail;
  }
}

/** The row with its detail as an object where it is one. */
export function auditRowToJson(row: AuditRow): unknown {
  try {
    return { ...row, detail: JSON.parse(row.detail) as unknown };
  } catch {
    return row;
  }
}

export function renderVerdict(verdict: AuditVerdict): string {
  const { rows, head, fault, notedSeq, movedUpTo } = verdict;
  const moved = movedUpTo === undefined ? "" : `, of which ${count(movedUpTo)} were moved to files`;
  const counted = rows === 1 ? "1 row" : `${count(rows)} rows${moved}`;
  if (fault === null) {
    const noted = notedSeq === null ? "" : `the noted head is row ${notedSeq}: no row up to it is missing\n`;
    return `the audit log fits: ${counted}\nhead ${head}\n${noted}`;
  }
  const before = rows === 0 || fault.kind === "head" ? "" : `the ${counted} before it fit; the last of them has the hash ${head}\n`;
  return `the audit log does NOT fit\n${faultText(fault, rows)}\n${before}`;
}

function faultText(fault: AuditFault, rows: number): string {
  switch (fault.kind) {
    case "gap":
      if (fault.found === null) return "it has no rows, not even the first, which is written when the store is made";
      if (fault.found < fault.expected) return `row ${fault.found} was put in: expected row ${fault.expected}`;
      return fault.found === fault.expected + 1
        ? `row ${fault.expected} is not there: after row ${rows} comes row ${fault.found}`
        : `rows ${fault.expected} to ${fault.found - 1} are not there: after row ${rows} comes row ${fault.found}`;
    case "hash":
      return `row ${fault.seq} was changed, put in, or does not follow the row that now stands before it\n  expected hash ${fault.expected}\n  found hash    ${fault.found}`;
    case "head":
      return `the noted head ${fault.expected} is in none of its ${count(rows)} rows: rows were cut off the end, or the log was written anew\nhead ${fault.found}`;
  }
}

export function verdictToJson(verdict: AuditVerdict): unknown {
  const { rows, head, fault, notedSeq, movedUpTo } = verdict;
  return { ok: fault === null, rows, head, notedRow: notedSeq, fault, ...(movedUpTo === undefined ? {} : { movedUpTo }) };
}
