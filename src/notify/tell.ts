import type { NotifyChannel } from "../config/pipeline.js";
import { redactionOf } from "../connectors/http/redaction.js";
import type { Observer } from "../model/observer.js";
import { causeText, type Problem, problem } from "../model/problem.js";
import type { Store } from "../store/store.js";
import { changesSince, NOTHING_TOLD, toldBy } from "./change.js";
import type { Sender, Sent } from "./channel.js";
import { openChannel } from "./channels/index.js";
import type { Facts } from "./facts.js";
import { type Change, type Message, messageFor, type Origin, testMessage } from "./message.js";

export interface TellContext {
  readonly origin: Origin;
  /** Every secret of the project; none of them is ever in what is returned. */
  readonly secrets: readonly string[];
  readonly now: () => Date;
  readonly sleep: (ms: number) => Promise<void>;
  /** Letters and digits that never come again. */
  readonly randomWord: () => string;
  readonly actor: string;
  /** How long connecting may take, and then the answer. */
  readonly timeoutMs: number;
  /** Told of each message, where anybody listens. */
  readonly observer?: Observer | undefined;
}

/** What is tried before the next run has to try again, and the waits between. */
const WAITS_MS = [1_000, 4_000];
/** A channel that asks for more is not waited for. */
const MOST_WAIT_MS = 10_000;

/**
 * Tells each channel what changed since it was last told, in one message for all pipelines. What could not be told comes back as notices, and is told
 * by the next run as far as it is still so. Without a store nobody knows what was told before, and every failure is told.
 */
export async function tell(
  channels: readonly NotifyChannel[],
  all: readonly Facts[],
  store: Store | null,
  context: TellContext,
): Promise<readonly Problem[]> {
  const found = await Promise.all(
    channels.map(async (channel) => {
      try {
        return await tellChannel(channel, all, store, context);
      } catch (cause) {
        // Such as a store that cannot be written; what one channel meets keeps no other from being told.
        const words = causeText(store === null ? cause : store.explain(cause));
        return [problem("NOTIFY_FAILED", `channel \`${channel.name}\`: ${words}`, [], "the run is what it was")];
      }
    }),
  );
  return found.flat();
}

async function tellChannel(channel: NotifyChannel, all: readonly Facts[], store: Store | null, context: TellContext): Promise<Problem[]> {
  const changes: Change[] = [];
  for (const facts of all.filter(({ scope }) => concerns(channel, scope))) {
    const change = changeFor(channel, facts, store);
    if (change.events.length > 0) changes.push(change);
    else pass(channel, facts, store, context);
  }
  if (changes.length === 0) return [];
  const message = messageFor(channel, context.origin, changes, context.randomWord());
  const sent = await deliver(channel, message, context);
  for (const { facts, events } of changes) {
    if (sent.kind === "sent") remember(channel, facts, store, context);
    store?.audit.append({
      at: context.now().toISOString(),
      actor: context.actor,
      event: "people told",
      pipeline: facts.scope === "" ? null : facts.scope,
      run: facts.run,
      subject: null,
      detail: { channel: channel.name, events, delivered: sent.kind === "sent" },
    });
  }
  const events = [...new Set(changes.flatMap((change) => change.events))];
  context.observer?.tell({ kind: "people told", channel: channel.name, events, delivered: sent.kind === "sent" });
  return noticesOf(channel, sent, store !== null);
}

/** A test message to one channel; how it went, whatever is told otherwise. */
export async function tellTest(channel: NotifyChannel, context: TellContext): Promise<Sent> {
  return deliver(channel, testMessage(channel, context.origin, context.randomWord()), context);
}

function concerns({ pipelines }: NotifyChannel, scope: string): boolean {
  return scope === "" || pipelines === null || pipelines.some(({ name }) => name === scope);
}

function changeFor({ name, on }: NotifyChannel, facts: Facts, store: Store | null): Change {
  const told = store?.notices.get(facts.scope, name) ?? null;
  const news = newsOf(facts, told?.run ?? 0, store);
  const events = changesSince(told, facts, news).filter((event) => on.includes(event));
  return { facts, events, news };
}

function newsOf({ scope, run }: Facts, since: number, store: Store | null): Change["news"] {
  if (run === null || store === null) return { waiting: 0, inDoubt: 0 };
  const pipelineId = store.pipelineId(scope);
  return { waiting: store.notices.countNewWaiting(pipelineId, since), inDoubt: store.notices.countNewInDoubt(pipelineId, since) };
}

/** Nothing had to be told. Most runs change nothing, and then nothing is written. */
function pass({ name }: NotifyChannel, facts: Facts, store: Store | null, { now }: TellContext): void {
  const told = store?.notices.get(facts.scope, name) ?? null;
  const next = toldBy(told, facts);
  const before = told ?? NOTHING_TOLD;
  if (next.failed === before.failed && next.inDoubt === before.inDoubt && next.toApprove === before.toApprove) return;
  store?.notices.put(facts.scope, name, { ...next, run: before.run }, now().toISOString());
}

/** The channel knows it now. */
function remember({ name }: NotifyChannel, facts: Facts, store: Store | null, { now }: TellContext): void {
  if (store === null) return;
  store.notices.put(facts.scope, name, toldBy(store.notices.get(facts.scope, name), facts), now().toISOString());
}

function noticesOf({ name }: NotifyChannel, sent: Sent, isRemembered: boolean): Problem[] {
  if (sent.kind === "sent") return sent.note === undefined ? [] : [problem("NOTIFY_FAILED", `channel \`${name}\`: ${sent.note}`)];
  const hint = isRemembered
    ? "the run is what it was; the next run tells what is still so. Try it with `sync notify test`"
    : "the run is what it was. Try the channel with `sync notify test`";
  return [problem("NOTIFY_FAILED", `channel \`${name}\` could not be told: ${sent.reason}`, [], hint)];
}

/** Tries a few times where nothing was taken. Whatever happens comes back as a value: telling people never stops anything. */
async function deliver({ settings }: NotifyChannel, message: Message, context: TellContext): Promise<Sent> {
  const redaction = redactionOf(context.secrets);
  let sender: Sender | null = null;
  try {
    sender = await openChannel(settings, { now: context.now, timeoutMs: context.timeoutMs, redaction });
    for (let tries = 0; ; tries += 1) {
      const sent = await sender.send(message);
      if (sent.kind !== "busy") return sent;
      const waitMs = Math.max(sent.retryAfterMs ?? 0, WAITS_MS[tries] ?? Number.POSITIVE_INFINITY);
      if (waitMs > MOST_WAIT_MS) return { kind: "failed", reason: sent.reason };
      await context.sleep(waitMs);
    }
  } catch (cause) {
    return { kind: "failed", reason: redaction.show(causeText(cause)) };
  } finally {
    await sender?.close();
  }
}
