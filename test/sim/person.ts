import { ProblemError } from "../../src/model/problem.js";
import type { Effects } from "../../src/run/effects.js";
import { type HeldLease, takeLease } from "../../src/run/lease.js";
import { resolveAttempt } from "../../src/run/resolve.js";
import type { Store } from "../../src/store/store.js";
import type { Books } from "./books.js";
import type { Random } from "./random.js";
import type { Story } from "./story.js";

/** Takes one thing off the list with a reason, as `sync quarantine drop` does. */
export function drop(store: Store, pipeline: string, random: Random, story: Story, effects: Effects): void {
  const pipelineId = store.pipelineId(pipeline);
  // A record can be named although its document is on the list for it.
  const listed = [...store.quarantine.list(pipelineId), ...store.quarantine.records(pipelineId)];
  const items = listed.filter((item) => item.problem.code !== "TARGET_UNCONFIRMED");
  const [first, ...others] = items;
  if (first === undefined) return;
  const item = random.pick([first, ...others]);
  const lease = leaseFor(store, pipeline, story, effects);
  if (lease === null) return;
  story.tell(`a person drops ${item.kind} ${item.key.replace("\u001f", "/")} (${item.problem.code})`);
  lease.write(() => {
    store.quarantine.drop(item.id, "not ours");
    if (item.kind === "record") store.records.removeBad(pipelineId, item.key);
    else {
      const documentId = store.records.documentId(pipelineId, item.key);
      if (documentId !== null) store.records.settle(documentId);
    }
  });
  lease.release();
}

/** Null while a run is at work: a person who decides has to wait for its end. */
function leaseFor(store: Store, pipeline: string, story: Story, effects: Effects): HeldLease | null {
  try {
    return takeLease(store, pipeline, effects);
  } catch (cause) {
    if (!(cause instanceof ProblemError)) throw cause;
    story.tell("a person has to wait until the run ends");
    return null;
  }
}

/** Changes, cancels or deletes in the target something that the program posted a while ago. */
export function edit(
  store: Store,
  pipeline: string,
  books: Books,
  { now, quietMs, random, story }: { readonly now: number; readonly quietMs: number; readonly random: Random; readonly story: Story },
): void {
  const pipelineId = store.pipelineId(pipeline);
  const known = books.documentKeys().flatMap((key) => {
    const documentId = store.records.documentId(pipelineId, key);
    const posting = documentId === null || store.attempts.isOpen(documentId) ? null : store.postings.current(documentId, key);
    const entry = books.live(key)[0];
    const isOld = posting !== null && now - Date.parse(posting.postedAt) > quietMs;
    return isOld && entry?.reference === posting.reference && entry.editedAt === null ? [entry] : [];
  });
  const [first, ...others] = known;
  if (first === undefined) return;
  const entry = random.pick([first, ...others]);
  if (random.chance(0.4)) {
    story.tell(`a person takes ${entry.reference} of ${entry.documentKey} out of the books`);
    books.takeOut(entry);
    return;
  }
  story.tell(`a person changes ${entry.reference} of ${entry.documentKey}`);
  const lines = entry.document.lines.map((line) => ({ ...line, amountMinor: line.amountMinor + 1n, text: "by hand" }));
  books.edit(entry, { ...entry.document, lines });
}

/** What `sync quarantine retry` asks for: one item, dropped ones too, or all; null is all. */
export function retryRequest(store: Store, pipeline: string, random: Random): ReadonlySet<string> | null {
  const pipelineId = store.pipelineId(pipeline);
  const all = random.chance(0.5);
  const items = [...store.quarantine.list(pipelineId), ...(all ? [] : store.quarantine.dropped(pipelineId))];
  const chosen = all ? items : random.some(items, 0.4);
  const only = new Set<string>();
  store.transaction(() => {
    for (const item of chosen) {
      const documentKey = item.kind === "document" ? item.key : item.documentKey;
      if (item.status === "dropped") store.quarantine.reopen(item.id);
      if (documentKey === null) continue;
      only.add(documentKey);
      const documentId = store.records.documentId(pipelineId, documentKey);
      if (documentId !== null) store.records.touch(documentId);
    }
  });
  return all ? null : only;
}

/** Looks in the target's books what became of the documents in doubt, and says so, as `sync resolve` does. */
export function resolveByHand(store: Store, pipeline: string, books: Books, story: Story, effects: Effects, quietMs: number): void {
  const pipelineId = store.pipelineId(pipeline);
  const open = store.attempts.open(pipelineId);
  if (open.length === 0) return;
  const lease = leaseFor(store, pipeline, story, effects);
  if (lease === null) return;
  const runId = store.runs.list({ pipeline, limit: 1 })[0]?.id ?? 0;
  for (const attempt of open) {
    const entry = books.find(attempt.idempotencyKey);
    story.tell(`a person finds that ${attempt.idempotencyKey} is ${entry === null ? "not booked" : `booked as ${entry.reference}`}`);
    const answer = { documentKey: attempt.documentKey, posted: entry?.reference ?? null, reason: "seen in the books", quietMs };
    try {
      resolveAttempt({ pipeline: { name: pipeline }, runId, store, effects }, pipelineId, answer);
    } catch (cause) {
      if (!(cause instanceof ProblemError)) throw cause;
      story.tell(`and is told to look again: ${cause.problems[0]?.message}`);
    }
  }
  lease.release();
}
