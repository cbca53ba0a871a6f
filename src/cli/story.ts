import type { AuditDetails, AuditRow } from "../model/audit.js";
import { type Cause, groupByCause } from "../model/cause.js";
import { decodeDocument, documentAmount, isUnknown } from "../model/document.js";
import { hasLines } from "../model/document-types.js";
import type { Act } from "../model/posting.js";
import type { AuditLog } from "../store/audit-log.js";
import type { QuarantineItem } from "../store/quarantine.js";
import type { RunRow } from "../store/runs.js";
import type { Store } from "../store/store.js";
import type { RunState } from "./standing.js";

/** A list of which the first are kept, so that a run of any size can be told. */
export class Folded<T> {
  readonly shown: T[] = [];
  total = 0;

  constructor(private readonly limit: number) {}

  /** What is folded away is not even made. */
  add(make: () => T): void {
    this.total += 1;
    if (this.shown.length < this.limit) this.shown.push(make());
  }
}

/** What became of a document in the target. `finished`: a draft of an earlier run was taken further. */
export type Deed = "posted" | "replaced" | "reversed" | "draft updated" | "finished";

export interface Done {
  readonly document: string;
  readonly deed: Deed;
  /** The target's number. */
  readonly reference: string;
  /** Of what was replaced: the number of the document that cancels it. */
  readonly reversal: string | null;
  readonly amountMinor: bigint | null;
  readonly currency: string;
  /** The answer was lost at first, and the target was found to have it. */
  readonly wasLost: boolean;
  /** The step as far as which it is now, where it is still a draft; null when it is booked, or reversed. */
  readonly draft: string | null;
}

/** An answer that was none, or a no. */
export interface Setback {
  readonly document: string;
  readonly at: string;
  readonly outcome: string;
  readonly code: string | null;
  /** The other system's words. */
  readonly message: string | null;
  readonly act: Act;
  readonly step: string | null;
  /** What is known now of what was sent under this key. */
  readonly now: "in doubt" | "accepted" | "other";
}

export interface Story {
  readonly run: RunRow;
  readonly state: RunState;
  /** Null where the audit log is younger than the run. */
  readonly started: { readonly by: string; readonly full: boolean; readonly program: string } | null;
  readonly units: Folded<AuditDetails["unit read"]>;
  readonly done: Folded<Done>;
  readonly refused: Folded<Setback>;
  readonly lost: Folded<Setback>;
  /** Noted by a run that died, and without an answer when it did. */
  readonly unanswered: Folded<Setback>;
  /** What else the audit log tells of it: decisions, plans. */
  readonly noted: Folded<AuditRow>;
  /** Of the last run, all that waits; of another, what it was the first to meet and still waits. */
  readonly waits: readonly Cause<QuarantineItem>[];
  readonly isLast: boolean;
}

/** Answers that say no, or that the document cannot be ours. */
const REFUSALS: readonly string[] = ["rejected", "conflict", "not sent", "set aside"];
const LOST: readonly string[] = ["unconfirmed", "absent"];
/** Events that are told elsewhere in the story. */
const TOLD: readonly string[] = ["run started", "run ended", "unit read", "attempt answered", "attempt in doubt"];

interface StoryRequest {
  readonly store: Store;
  readonly log: AuditLog;
  readonly limit: number;
  /** True when a living run holds the pipeline. */
  readonly isHeld: boolean;
}

/** Gathers what store and audit log know of one run; nothing but what is shown is kept in memory. */
export function storyOf(run: RunRow, request: StoryRequest): Story {
  const { store, log, limit, isHeld } = request;
  const id = store.pipelineId(run.pipeline);
  const newest = store.runs.list({ pipeline: run.pipeline, limit: 1 })[0];
  const isLast = newest?.id === run.id;
  const state: RunState = run.status !== "running" ? run.status : isLast && isHeld ? "running" : "killed";
  const waits = groupByCause(isLast ? store.quarantine.list(id) : store.quarantine.firstMetIn(id, run.id));
  const lists = {
    units: new Folded<AuditDetails["unit read"]>(limit),
    done: new Folded<Done>(limit),
    refused: new Folded<Setback>(limit),
    lost: new Folded<Setback>(limit),
    unanswered: new Folded<Setback>(limit),
    noted: new Folded<AuditRow>(limit),
  };
  let started: Story["started"] = null;
  for (const row of log.ofRun(run.id)) {
    if (row.event === "run started") {
      const { full, program } = read<"run started">(row);
      started = { by: row.actor, full, program };
    } else if (row.event === "unit read") lists.units.add(() => read<"unit read">(row));
    else if (!TOLD.includes(row.event)) lists.noted.add(() => row);
  }
  const around = { store, pipelineId: id, startedAt: run.startedAt };
  for (const answers of byDocument(log.answersOf(run.id))) tellAnswers(answers, around, lists);
  if (state !== "running") tellUnanswered(run, log, around, lists.unanswered);
  return { run, state, started, ...lists, waits, isLast };
}

interface Told {
  readonly store: Store;
  readonly pipelineId: number;
  readonly startedAt: string;
}

function read<E extends keyof AuditDetails>(row: AuditRow): AuditDetails[E] {
  return JSON.parse(row.detail) as AuditDetails[E];
}

function* byDocument(rows: Iterable<AuditRow>): Generator<AuditRow[]> {
  let group: AuditRow[] = [];
  for (const row of rows) {
    if (group.length > 0 && group[0]?.subject !== row.subject) {
      yield group;
      group = [];
    }
    group.push(row);
  }
  if (group.length > 0) yield group;
}

type Answer = AuditDetails["attempt answered"];

/** What became of one document in this run: all its answers, in their order. */
function tellAnswers(rows: readonly AuditRow[], told: Told, { done, refused, lost }: Pick<Story, "done" | "refused" | "lost">): void {
  const document = rows[0]?.subject ?? "";
  const answers = rows.map((row) => ({ at: row.at, ...read<"attempt answered">(row) }));
  for (const answer of answers) {
    const list = REFUSALS.includes(answer.outcome) ? refused : LOST.includes(answer.outcome) ? lost : null;
    list?.add(() => ({ document, ...answer, step: answer.step ?? null, now: standingOf(document, answer, told) }));
  }
  const accepted = answers.filter(({ outcome }) => outcome === "accepted");
  const last = accepted.at(-1);
  if (last === undefined) return;
  done.add(() => {
    const reversal = accepted.findLast(({ act }) => act === "reverse") ?? null;
    const post = accepted.findLast(({ act, step }) => act === "post" && step === undefined) ?? null;
    const reached = accepted.findLast(({ act }) => act === "post") ?? null;
    const deed = deedOf(reversal, post);
    return {
      document,
      deed,
      reference: (reached ?? last).reference ?? "",
      reversal: deed === "replaced" ? (reversal?.reference ?? null) : null,
      ...amountOf(told.store, (post ?? reversal ?? last).idempotencyKey),
      // Of what an earlier run sent, the answer had been lost.
      wasLost: answers.some(({ outcome }) => LOST.includes(outcome)) || accepted.some(({ notedAt }) => notedAt < told.startedAt),
      draft: reached === null ? null : draftOf(document, reached.version, told),
    };
  });
}

function deedOf(reversal: Answer | null, post: Answer | null): Deed {
  if (post === null) return reversal === null ? "finished" : "reversed";
  if (post.takesOver !== undefined) return "draft updated";
  return reversal === null ? "posted" : "replaced";
}

function amountOf(store: Store, idempotencyKey: string): Pick<Done, "amountMinor" | "currency"> {
  const content = store.attempts.contentOf(idempotencyKey);
  const document = content === null ? null : decodeDocument(content);
  if (document === null || isUnknown(document) || !hasLines(document.type)) return { amountMinor: null, currency: "" };
  return { amountMinor: documentAmount(document), currency: document.currency };
}

function draftOf(document: string, version: number, { store, pipelineId }: Told): string | null {
  const posting = store.postings.history(pipelineId, document).find((each) => each.version === version);
  return posting === undefined || posting.reversedBy !== null ? null : posting.step;
}

/** A step has the key of its document, so that only the document as a whole can be asked for. */
function standingOf(document: string, { idempotencyKey, step }: { idempotencyKey: string; step?: string }, told: Told): Setback["now"] {
  const { store, pipelineId } = told;
  if (step === undefined && store.attempts.standingOf(pipelineId, idempotencyKey) === "accepted") return "accepted";
  const id = store.records.documentId(pipelineId, document);
  return id !== null && store.attempts.isOpen(id) ? "in doubt" : "other";
}

/** A run that died has no answers in the log for what was on its way; the next run finds them, or will. */
function tellUnanswered(run: RunRow, log: AuditLog, told: Told, unanswered: Folded<Setback>): void {
  const { store, pipelineId, startedAt } = told;
  const nextStart = store.runs.startAfter(pipelineId, run.id);
  const isOurs = (notedAt: string): boolean => notedAt >= startedAt && (nextStart === null || notedAt < nextStart);
  const blank = { outcome: "unconfirmed", code: null, message: null };
  for (const row of log.doubtsAfter(run.id, run.pipeline)) {
    const attempt = read<"attempt in doubt">(row);
    if (!isOurs(attempt.notedAt)) continue;
    const document = row.subject ?? "";
    unanswered.add(() => ({
      document,
      at: attempt.notedAt,
      ...blank,
      act: attempt.act,
      step: attempt.step ?? null,
      now: standingOf(document, attempt, told),
    }));
  }
  for (const { documentKey, sentAt, inDoubtSince, act, step } of store.attempts.open(pipelineId)) {
    if (inDoubtSince !== null || !isOurs(sentAt)) continue;
    unanswered.add(() => ({ document: documentKey, at: sentAt, ...blank, act, step, now: "in doubt" }));
  }
}
