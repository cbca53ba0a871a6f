import type { Target } from "../connectors/contract.js";
import type { DateText } from "../model/dates.js";
import { encodeDocument } from "../model/document.js";
import { SENDING_KINDS } from "../model/plan.js";
import { type Act, idempotencyKey, type Posting, type PostOutcome, stepsLeft } from "../model/posting.js";
import { bug } from "../model/problem.js";
import type { PlannedChange } from "../store/changes.js";
import type { Planned } from "./plan.js";
import { sendProbed } from "./recover.js";
import { notedAtOnce, Sender } from "./send.js";
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

/** Most documents taken at once where each is one call and nothing more. */
const MOST_TAKEN = 1_000;

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
  const money = () => applied.totals.byCurrency();
  let done = 0;
  let answered = 0;
  let taken = 0;
  const run = new Application(request, applied, (documents) => {
    // What takes several calls is answered for several times.
    answered = Math.min(answered + documents, taken);
    effects.onProgress({ stage: "post", records: 0, documents: done + answered, done: done + answered, total: planned.sends, money });
  });
  for (const chunk of chunks(planned.changes.inOrder(SENDING_KINDS, MOST_TAKEN), target.traits)) {
    // A target that answers at once never lets go of the processor; only now a signal to stop can be heard.
    await effects.sleep(0);
    if (effects.signal.aborted) return;
    request.lease.ensure();
    answered = 0;
    taken = chunk.length;
    await run.take(chunk);
    done += taken;
    effects.onProgress({ stage: "post", records: 0, documents: done, done, total: planned.sends, money });
  }
}

/**
 * What is done in more than one call is taken in small portions, so that a run that dies leaves few documents half done: reversed and not
 * posted anew, or saved and not booked. What only has to be posted need not wait at the end of each portion.
 */
function* chunks(planned: Iterable<PlannedChange[]>, traits: Target["traits"]): Generator<PlannedChange[]> {
  const size = notedAtOnce(traits);
  const isOneCall = (traits.steps ?? []).length === 0 && traits.searchable;
  for (const changes of planned) {
    if (isOneCall && changes.every(({ change: { kind } }) => kind === "create" || kind === "supplement")) yield changes;
    else for (let from = 0; from < changes.length; from += size) yield changes.slice(from, from + size);
  }
}

class Application {
  private readonly sender: Sender;

  constructor(
    private readonly request: ApplyRequest,
    private readonly applied: Applied,
    onWritten: (documents: number) => void,
  ) {
    this.sender = new Sender(request, onWritten);
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
    const dates = await reversalDates(request, there);
    const items = (batch: readonly Sending[]) =>
      batch.map(({ documentId, change, idempotencyKey, fingerprint }) => {
        const date = dates.get(documentId);
        return { posting: postedOf(change), idempotencyKey, fingerprint, ...(date === undefined ? {} : { date }) };
      });
    await this.sender.send(there, {
      note: (due) =>
        this.note(due, "reverse", ({ change: { posted } }) => {
          const { version, fingerprint, document } = posted;
          return { version, fingerprint, content: encodeDocument(document) };
        }),
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
    await this.sender.send(chunk, {
      note: (due) =>
        this.note(due, "post", ({ documentId, change, content }) => ({
          version: request.store.attempts.nextVersion(documentId, change.fingerprint),
          fingerprint: change.fingerprint,
          content: content ?? encodeDocument(change.document),
          takesOver: change.kind === "update" ? change.posted.version : null,
        })),
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
      const behind = new Map<number, Unfinished>();
      const postingOf = ({ attemptId }: Sending): Posting => (behind.get(attemptId) as Unfinished).posting;
      await this.sender.send(due, {
        note: (portion) => {
          const sending = this.note(portion, "post", ({ posting: { version, fingerprint } }) => ({
            version,
            fingerprint,
            content: "",
            step,
          }));
          sending.forEach(({ attemptId }, index) => {
            behind.set(attemptId, portion[index] as Unfinished);
          });
          return sending;
        },
        call: (batch) => advance(request.target, step, batch.map(postingOf)),
        settle: (each, outcome, after) => {
          const { documentId, change } = each;
          const posting = settleStep(request, each, postingOf(each), outcome, (count) => after(() => count(applied)));
          if (posting !== null) after(() => unfinished.push({ documentId, change, posting }));
        },
      });
    }
  }

  /** Writes the attempts, inside a transaction. */
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
    const { store, pipeline, runId, effects } = this.request;
    const notedAt = effects.now().toISOString();
    return chunk.map((due) => {
      const { documentId, change } = due;
      const { version, fingerprint, content, step = null, takesOver = null } = noteOf(due);
      const key = idempotencyKey(pipeline.name, change.key, version, act);
      const noted = { act, version, step, takesOver, idempotencyKey: key, fingerprint };
      const attemptId = store.attempts.add({ documentId, ...noted, content, runId, sentAt: notedAt });
      return { documentId, change, attemptId, documentKey: change.key, notedAt, ...noted };
    });
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
