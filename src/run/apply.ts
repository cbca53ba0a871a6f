import type { Target } from "../connectors/contract.js";
import type { DateText } from "../model/dates.js";
import { encodeDocument } from "../model/document.js";
import { SENDING_KINDS } from "../model/plan.js";
import { type Act, idempotencyKey, type Posting, type PostOutcome, stepsLeft } from "../model/posting.js";
import { bug } from "../model/problem.js";
import type { PlannedChange } from "../store/changes.js";
import type { Planned } from "./plan.js";
import { sendProbed } from "./recover.js";
import { Sender } from "./send.js";
import {
  type Applied,
  type ApplyRequest,
  isSending,
  type PostedChange,
  type Sending,
  type SendingChange,
  type WantedChange,
} from "./sending.js";
import { type After, settleCancelled, settlePosting, settleReversal, settleStep, uncount } from "./settle.js";

/** Most documents noted in one write; a note that is not used costs a look-up after a crash, a write costs milliseconds always. */
const MOST_NOTED = 1_000;

/** A document whose change is sent. */
interface Due<C extends SendingChange = SendingChange> {
  readonly documentId: number;
  readonly change: C;
  /** The wanted document, encoded; null where the change has none. */
  readonly content: string | null;
}

/** A posting that the target has, and that is not booked yet. */
interface Unfinished {
  readonly documentId: number;
  readonly change: SendingChange;
  readonly posting: Posting;
}

/** Sends what the plan says, chunk by chunk: note the attempts, send, note the outcomes. Stops between calls when asked to. */
export async function applyPlan(request: ApplyRequest, planned: Planned, applied: Applied): Promise<void> {
  const { effects, target } = request;
  const { batch, concurrency } = target.traits;
  const run = new Application(request, applied);
  const chunkSize = Math.max(batch, Math.min(MOST_NOTED, batch * concurrency * 4));
  const money = () => applied.totals.byCurrency();
  let done = 0;
  for (const chunk of planned.changes.inOrder(SENDING_KINDS, chunkSize)) {
    // A target that answers at once never lets go of the processor; only now a signal to stop can be heard.
    await effects.sleep(0);
    if (effects.signal.aborted) return;
    request.lease.ensure();
    await run.take(chunk);
    done += chunk.length;
    effects.onProgress({ stage: "post", records: 0, documents: done, done, total: planned.sends, money });
  }
}

class Application {
  private readonly sender: Sender;

  constructor(
    private readonly request: ApplyRequest,
    private readonly applied: Applied,
  ) {
    this.sender = new Sender(request);
  }

  async take(chunk: readonly PlannedChange[]): Promise<void> {
    const due = chunk.map(({ documentId, change, content }): Due => {
      return isSending(change) ? { documentId, change, content } : bug(`a change of kind ${change.kind} is not sent`);
    });
    // The reversal goes first: two live documents are worse than none.
    const cancelled = await this.reverse(due.filter(isCancelling));
    const wanted = due.filter(isWanted);
    const unfinished = await this.post(wanted.filter(({ change }) => change.kind === "update"));
    const fresh = wanted.filter(({ documentId, change }) =>
      change.kind === "replace" ? cancelled.has(documentId) : change.kind !== "update",
    );
    unfinished.push(...(await this.post(fresh)));
    for (const { documentId, change } of due) if (change.kind === "finish") unfinished.push({ documentId, change, posting: change.posted });
    await this.finish(unfinished);
  }

  /** The documents whose posting is certainly cancelled. */
  private async reverse(chosen: readonly Due<PostedChange>[]): Promise<Set<number>> {
    const { request, applied } = this;
    const cancelled = new Set<number>();
    const there = chosen.filter((each) => !this.isGone(each, cancelled));
    if (there.length === 0 || request.effects.signal.aborted) return cancelled;
    const sending = this.note(there, "reverse", ({ change: { posted } }) => {
      const { version, fingerprint, document } = posted;
      return { version, fingerprint, content: encodeDocument(document) };
    });
    const dates = await reversalDates(request, there);
    const items = (batch: readonly Sending[]) =>
      batch.map(({ documentId, change, idempotencyKey, fingerprint }) => {
        const date = dates.get(documentId);
        return { posting: postedOf(change), idempotencyKey, fingerprint, ...(date === undefined ? {} : { date }) };
      });
    await this.sender.send(sending, {
      call: (batch) => sendProbed(request, items(batch), (rest) => request.target.reverse(rest)),
      settle: (each, outcome, after) => {
        const count: After = (work) => after(() => work(applied));
        const isCancelled = settleReversal(request, each, postedOf(each.change), outcome, count);
        if (isCancelled) after(() => cancelled.add(each.documentId));
      },
    });
    return cancelled;
  }

  /** Somebody took it out of the target before us: there is nothing to send, and the posting is at its end. */
  private isGone({ documentId, change }: Due<PostedChange>, cancelled: Set<number>): boolean {
    if ((change.kind !== "replace" && change.kind !== "reverse") || change.gone === undefined) return false;
    const { request, applied } = this;
    const { posted, gone } = change;
    const counts: ((applied: Applied) => void)[] = [];
    request.lease.write(() => {
      const at = request.effects.now().toISOString();
      request.store.postings.end(documentId, posted.version, "gone", gone.reference ?? posted.reference, at);
      uncount(posted, (count) => counts.push(count));
      if (change.kind === "reverse") settleCancelled(request, documentId, (count) => counts.push(count));
    });
    for (const count of counts) count(applied);
    cancelled.add(documentId);
    return true;
  }

  /** Posts documents, or gives drafts other content; returns those that are not booked yet. */
  private async post(chunk: readonly Due<WantedChange>[]): Promise<Unfinished[]> {
    const { request, applied } = this;
    const unfinished: Unfinished[] = [];
    if (chunk.length === 0 || request.effects.signal.aborted) return unfinished;
    const sending = this.note(chunk, "post", ({ documentId, change, content }) => ({
      version: request.store.attempts.nextVersion(documentId, change.fingerprint),
      fingerprint: change.fingerprint,
      content: content ?? encodeDocument(change.document),
      takesOver: change.kind === "update" ? change.posted.version : null,
    }));
    const call = (batch: readonly Sending[]): Promise<readonly PostOutcome[]> => {
      const items = batch.map(({ change, idempotencyKey, fingerprint }) => ({
        document: wantedOf(change).document,
        idempotencyKey,
        fingerprint,
        change,
      }));
      return sendProbed(request, items, (rest) => {
        if (chunk[0]?.change.kind !== "update") return request.target.post(rest.map(({ change: _, ...item }) => item));
        if (request.target.update === undefined) return bug("this target has no drafts that can be changed");
        return request.target.update(rest.map(({ change, ...item }) => ({ ...item, posting: postedOf(change) })));
      });
    };
    await this.sender.send(sending, {
      call,
      settle: (each, outcome, after) => {
        const posting = settlePosting(request, each, wantedOf(each.change), outcome, (count) => after(() => count(applied)));
        if (posting !== null) after(() => unfinished.push({ documentId: each.documentId, change: each.change, posting }));
      },
    });
    return unfinished;
  }

  /** Takes documents through the steps that are left, one step after the other; each can fail alone, and waits there. */
  private async finish(documents: readonly Unfinished[]): Promise<void> {
    const { request, applied } = this;
    const steps = request.target.traits.steps ?? [];
    let unfinished = [...documents];
    for (const step of steps.slice(1)) {
      const due = unfinished.filter(({ posting }) => stepsLeft(posting.step, steps)[0] === step);
      if (due.length === 0) continue;
      if (request.effects.signal.aborted) return;
      unfinished = unfinished.filter((each) => !due.includes(each));
      const sending = this.note(due, "post", ({ posting: { version, fingerprint } }) => ({ version, fingerprint, content: "", step }));
      const behind = new Map(sending.map(({ attemptId }, index) => [attemptId, due[index] as Unfinished]));
      const postingOf = ({ attemptId }: Sending): Posting => (behind.get(attemptId) as Unfinished).posting;
      await this.sender.send(sending, {
        call: (batch) => advance(request.target, step, batch.map(postingOf)),
        settle: (each, outcome, after) => {
          const { documentId, change } = each;
          const posting = settleStep(request, each, postingOf(each), outcome, (count) => after(() => count(applied)));
          if (posting !== null) after(() => unfinished.push({ documentId, change, posting }));
        },
      });
    }
  }

  /** Writes the attempts, durably, before anything leaves. */
  private note<D extends { readonly documentId: number; readonly change: SendingChange }>(
    chunk: readonly D[],
    act: Act,
    noteOf: (due: D) => {
      readonly version: number;
      readonly fingerprint: string;
      readonly content: string;
      readonly step?: string | null;
      readonly takesOver?: number | null;
    },
  ): Sending[] {
    const { store, pipeline, runId, effects, lease } = this.request;
    lease.ensure();
    const notedAt = effects.now().toISOString();
    return lease.write(() =>
      chunk.map((due) => {
        const { documentId, change } = due;
        const { version, fingerprint, content, step = null, takesOver = null } = noteOf(due);
        const key = idempotencyKey(pipeline.name, change.key, version, act);
        const noted = { act, version, step, takesOver, idempotencyKey: key, fingerprint };
        const attemptId = store.attempts.add({ documentId, ...noted, content, runId, sentAt: notedAt });
        return { documentId, change, attemptId, documentKey: change.key, notedAt, ...noted };
      }),
    );
  }
}

function advance(target: Target, step: string, postings: readonly Posting[]): Promise<readonly PostOutcome[]> {
  if (target.advance === undefined) return bug(`this target has the step \`${step}\` and no way to take it`);
  return target.advance(
    step,
    postings.map((posting) => ({ posting })),
  );
}

/** Where a reversal may leave a closed period: the day on which it is booked then. */
async function reversalDates(request: ApplyRequest, chosen: readonly Due<PostedChange>[]): Promise<Map<number, DateText>> {
  const dates = new Map<number, DateText>();
  const { target, pipeline } = request;
  if (pipeline.target.closedPeriod !== "next open period" || target.nextOpen === undefined) return dates;
  for (const { documentId, change } of chosen) {
    const date = await target.nextOpen(change.posted.document.date);
    if (date !== null) dates.set(documentId, date);
  }
  return dates;
}

function isCancelling(due: Due): due is Due<PostedChange> {
  return due.change.kind === "replace" || due.change.kind === "reverse";
}

function isWanted(due: Due): due is Due<WantedChange> {
  return "fingerprint" in due.change;
}

function postedOf(change: SendingChange): Posting {
  return "posted" in change ? change.posted : bug("a new document has no posting to cancel");
}

function wantedOf(change: SendingChange): WantedChange {
  return "fingerprint" in change ? change : bug(`a change of kind ${change.kind} has no document to post`);
}
