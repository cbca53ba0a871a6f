import type { ChannelKind, ChannelOptions } from "../../src/config/notify-schema.js";
import type { ChannelSettings, NotifyChannel } from "../../src/config/pipeline.js";
import type { Sent } from "../../src/notify/channel.js";
import { type Facts, factsOfStop } from "../../src/notify/facts.js";
import { type TellContext, tell, tellTest } from "../../src/notify/tell.js";
import { noteWhatCameOut } from "../connectors/http-setup.js";

export const NOW = new Date("2026-11-20T18:00:00.000Z");

export interface Setting extends TellContext {
  /** What was waited for; the time does not pass. */
  readonly waits: number[];
}

export function aSetting(more: Partial<TellContext> = {}): Setting {
  const waits: number[] = [];
  let words = 0;
  return {
    origin: { project: "demo", environment: null },
    secrets: [],
    now: () => NOW,
    sleep: async (ms) => void waits.push(ms),
    randomWord: () => {
      words += 1;
      return `word${words}`;
    },
    actor: "test",
    timeoutMs: 60_000,
    waits,
    ...more,
  };
}

type Options<K extends ChannelKind> = Omit<ChannelOptions<K>, "insecure"> & { readonly insecure?: boolean };

export function aChannel<K extends ChannelKind>(
  kind: K,
  options: Options<K>,
  more: Partial<Omit<NotifyChannel, "settings">> = {},
): NotifyChannel {
  const settings = { kind, options: { insecure: false, ...options } } as unknown as ChannelSettings;
  return {
    name: kind,
    settings,
    on: ["failed", "waiting", "in doubt", "recovered"],
    pipelines: null,
    language: "en",
    details: "counts",
    ...more,
  };
}

/** Sends a test message; everything that comes back is looked through for secrets. */
export async function sendTest(channel: NotifyChannel, setting: TellContext = aSetting()): Promise<Sent> {
  const sent = await tellTest(channel, setting);
  noteWhatCameOut(JSON.stringify(sent));
  return sent;
}

/** Tells the channel alone, without a store, and gives the notices as text. */
export async function tellOne(channel: NotifyChannel, facts: readonly Facts[], setting: TellContext = aSetting()): Promise<string> {
  const text = (await tell([channel], facts, null, setting)).map(({ code, message }) => `${code} ${message}`).join("\n");
  noteWhatCameOut(text);
  return text;
}

export function someFacts(more: Partial<Facts> = {}): Facts {
  return { ...factsOfStop("expense-to-gl", ["TARGET_UNAVAILABLE"]), run: 12, ...more };
}
