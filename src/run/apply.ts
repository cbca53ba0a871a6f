import type { DateText } from "../model/dates.js";
import { encodeDocument } from "../model/document.js";
import type { ChangeKind } from "../model/plan.js";
import { type Act, idempotencyKey, type Posting, type PostOutcome } from "../model/posting.js";
import type { PlannedChange } from "../store/changes.js";
import type { Planned } from "./plan.js";
import { sendProbed } from "./recover.js";
import { Sender } from "./send.js";
import type { Applied, ApplyRequest, Sending, SendingChange } from "./sending.js";
import { settlePosting, settleReversal } from "./settle.js";

const KINDS: readonly ChangeKind[] = ["create", "replace", "reverse"];
/** Most documents noted in one write; a note that is not used costs a look-up after a crash, a write costs milliseconds always. */
const MOST_NOTED = 1_000;

/** Sends what the plan says, chunk by chunk: note the attempts, send, note the outcomes. Stops between calls when asked to. */
export async function applyPlan(request: ApplyRequest, planned: Planned, applied: Applied): Promise<void> {
  const { effects, target } = request;
  const { batch, concurrency } = target.traits;
  const total = KINDS.reduce((sum, kind) => sum + planned.counts[kind], 0);
  const sender = new Sender(request);
  const chunkSize = Math.max(batch, Math.min(MOST_NOTED, batch * concurrency * 4));
  let done = 0;
  for (const chunk of planned.changes.inOrder(KINDS, chunkSize)) {
    // A target that answers at once never lets go of the processor; only now a signal to stop can be heard.
    await effects.sleep(0);
    if (effects.signal.aborted) return;
    // The reversal goes first: two live documents are worse than none.
    const reversed = await reverseChunk(request, sender, chunk, applied);
    const toPost = chunk.filter(
      ({ documentId, change }) => change.kind === "create" || (change.kind === "replace" && reversed.has(documentId)),
    );
    await postChunk(request, sender, toPost, applied);
    done += chunk.length;
    effects.onProgress({ stage: "post", records: 0, documents: done, done, total });
  }
}

/** The documents whose posting is certainly cancelled. */
async function reverseChunk(
  request: ApplyRequest,
  sender: Sender,
  chunk: readonly PlannedChange[],
  applied: Applied,
): Promise<Set<number>> {
  const cancelled = new Set<number>();
  const chosen = chunk.filter(({ change }) => change.kind === "replace" || change.kind === "reverse");
  if (chosen.length === 0) return cancelled;
  const sending = note(request, chosen, "reverse");
  const dates = await reversalDates(request, chosen);
  const items = (batch: readonly Sending[]) =>
    batch.map(({ documentId, change, idempotencyKey, fingerprint }) => {
      const date = dates.get(documentId);
      return { posting: postedOf(change), idempotencyKey, fingerprint, ...(date === undefined ? {} : { date }) };
    });
  await sender.send(sending, {
    call: (batch) => sendProbed(request, items(batch), (rest) => request.target.reverse(rest)),
    settle: (each, outcome: PostOutcome) => {
      if (settleReversal(request, each, postedOf(each.change), outcome, applied)) cancelled.add(each.documentId);
    },
  });
  return cancelled;
}

/** Where a reversal may leave a closed period: the day on which it is booked then. */
async function reversalDates(request: ApplyRequest, chosen: readonly PlannedChange[]): Promise<Map<number, DateText>> {
  const dates = new Map<number, DateText>();
  const { target, pipeline } = request;
  if (pipeline.target.closedPeriod !== "next open period" || target.nextOpen === undefined) return dates;
  for (const { documentId, change } of chosen) {
    if (change.kind !== "replace" && change.kind !== "reverse") continue;
    const date = await target.nextOpen(change.posted.document.date);
    if (date !== null) dates.set(documentId, date);
  }
  return dates;
}

async function postChunk(request: ApplyRequest, sender: Sender, chunk: readonly PlannedChange[], applied: Applied): Promise<void> {
  if (chunk.length === 0 || request.effects.signal.aborted) return;
  const sending = note(request, chunk, "post");
  const items = (batch: readonly Sending[]) =>
    batch.map(({ change, idempotencyKey, fingerprint }) => ({ document: wantedOf(change).document, idempotencyKey, fingerprint }));
  await sender.send(sending, {
    call: (batch) => sendProbed(request, items(batch), (rest) => request.target.post(rest)),
    settle: (each, outcome: PostOutcome) => {
      settlePosting(request, each, wantedOf(each.change), outcome, applied);
    },
  });
}

/** Writes the attempts, durably, before anything leaves. */
function note(request: ApplyRequest, chunk: readonly PlannedChange[], act: Act): Sending[] {
  const { store, pipeline, runId, effects, lease } = request;
  lease.ensure();
  const notedAt = effects.now().toISOString();
  return lease.write(() =>
    chunk.map(({ documentId, change, content }) => {
      if (change.kind !== "create" && change.kind !== "replace" && change.kind !== "reverse") {
        throw new Error(`bug: a change of kind ${change.kind} is not sent`);
      }
      const { document, fingerprint } = act === "post" ? wantedOf(change) : postedOf(change);
      const version = act === "post" ? store.attempts.nextVersion(documentId, fingerprint) : postedOf(change).version;
      const sent = act === "post" && content !== null ? content : encodeDocument(document);
      const noted = { act, version, idempotencyKey: idempotencyKey(pipeline.name, change.key, version, act), fingerprint };
      const attemptId = store.attempts.add({ documentId, ...noted, content: sent, runId, sentAt: notedAt });
      return { documentId, change, attemptId, documentKey: change.key, notedAt, ...noted };
    }),
  );
}

function postedOf(change: SendingChange): Posting {
  if (change.kind === "create") throw new Error("bug: a new document has no posting to cancel");
  return change.posted;
}

function wantedOf(change: SendingChange): Exclude<SendingChange, { kind: "reverse" }> {
  if (change.kind === "reverse") throw new Error("bug: a reversal has no document to post");
  return change;
}
