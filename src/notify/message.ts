import { NOTIFY_EVENTS, type NotifyEvent } from "../config/notify-schema.js";
import type { NotifyChannel } from "../config/pipeline.js";
import { formatAmount } from "../model/money.js";
import { visible } from "../model/visible.js";
import type { News } from "./change.js";
import type { Facts, Sum } from "./facts.js";
import { type Words, wordsIn } from "./words.js";

/** What a message tells about one pipeline. */
export interface Section {
  readonly facts: Facts;
  readonly events: readonly NotifyEvent[];
  readonly news: News;
  /** For people, one fact each. */
  readonly lines: readonly string[];
  /** What to type next. */
  readonly commands: readonly string[];
}

/** One message to one channel. Channels put it into their own form, and cut it to what they take. */
export interface Message {
  /** The same for every try, so that a receiver can tell a repeat. */
  readonly id: string;
  readonly project: string;
  readonly environment: string | null;
  readonly language: "en" | "zh";
  readonly isTest: boolean;
  readonly details: "counts" | "keys";
  /** Begins with `sync`. */
  readonly subject: string;
  readonly sections: readonly Section[];
}

export interface Origin {
  readonly project: string;
  readonly environment: string | null;
}

export interface Change {
  readonly facts: Facts;
  readonly events: readonly NotifyEvent[];
  readonly news: News;
}

/** Causes that are named one by one. */
const MOST_CAUSES = 3;

export function messageFor(
  channel: Pick<NotifyChannel, "language" | "details">,
  origin: Origin,
  changes: readonly Change[],
  id: string,
): Message {
  const { language, details } = channel;
  const words = wordsIn(language);
  const sections = changes.map((change) => ({ ...change, ...saying(change, words, details, origin.environment) }));
  return { id, ...origin, language, details, isTest: false, subject: subjectOf(origin, summaryOf(changes, words)), sections };
}

export function testMessage(channel: Pick<NotifyChannel, "language" | "details">, origin: Origin, id: string): Message {
  const { language, details } = channel;
  return { id, ...origin, language, details, isTest: true, subject: subjectOf(origin, wordsIn(language).testSubject), sections: [] };
}

function subjectOf({ project, environment }: Origin, summary: string): string {
  return `sync ${oneLine(project)}${environment === null ? "" : ` [${oneLine(environment)}]`}: ${summary}`;
}

function summaryOf(changes: readonly Change[], words: Words): string {
  const [first] = changes;
  if (first !== undefined && changes.length === 1) {
    const name = first.facts.scope === "" ? words.whole : oneLine(first.facts.scope);
    return `${name} ${first.events.map((event) => words.event[event]).join(words.comma)}`;
  }
  const counted = NOTIFY_EVENTS.map((event) => ({ event, n: changes.filter(({ events }) => events.includes(event)).length }));
  const parts = counted.filter(({ n }) => n > 0).map(({ event, n }) => `${n} ${words.event[event]}`);
  return `${words.several(changes.length)}: ${parts.join(words.comma)}`;
}

function saying({ facts, events, news }: Change, words: Words, details: "counts" | "keys", environment: string | null) {
  const { scope, run } = facts;
  const env = environment === null ? "" : ` --env ${environment}`;
  const of = `${env} --pipeline ${scope}`;
  const lines: string[] = [];
  const commands: string[] = [];
  const add = (line: string, ...next: string[]): void => {
    lines.push(line);
    for (const command of next) if (!commands.includes(command)) commands.push(command);
  };
  const keys = (all: readonly string[], n: number): void => {
    if (details === "keys" && all.length > 0) add(`  ${words.keys(all.map(oneLine).join(words.comma), all.length >= n)}`);
  };
  if (events.includes("recovered")) add(words.recovered, `sync status${env}`);
  if (facts.failed.length > 0) {
    const causes = facts.failed.map(words.cause).join(words.comma);
    if (run === null) add(words.notStarted(causes), `sync ${facts.failed.every(isOfFiles) ? "validate" : "status"}${env}`);
    else add(words.failed(causes), `sync runs ${run}${env}`);
  }
  if (facts.inDoubt > 0) {
    add(words.inDoubt(facts.inDoubt, money(facts.inDoubtMoney, words)), `sync run ${scope}${env}`);
    keys(facts.inDoubtKeys, facts.inDoubt);
  }
  if (facts.toApprove > 0)
    add(words.toApprove(facts.toApprove), facts.plan === null ? `sync status${env}` : `sync approve ${facts.plan}${env}`);
  if (facts.waiting > 0) {
    add(words.waiting(facts.waiting, news.waiting, money(facts.waitingMoney, words)), `sync quarantine list${of}`);
    for (const { code, n } of facts.causes.slice(0, MOST_CAUSES)) add(`  ${n} × ${words.cause(code)}`);
    keys(facts.waitingKeys, facts.waiting);
  }
  if (facts.posted.documents > 0) add(words.posted(facts.posted.documents, money(facts.posted.money, words)));
  return { lines, commands };
}

/** Something is wrong in the files of the project. */
function isOfFiles(cause: string): boolean {
  return /^(CONFIG|EXPR)_/.test(cause);
}

/** `, 1,200.00 CNY and 3 whose amount is not known yet`; empty where nothing is to be said. */
function money({ byCurrency, unknown }: Sum, words: Words): string {
  const parts = [...byCurrency]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([currency, minor]) => `${formatAmount(minor, currency)} ${currency}`);
  if (unknown > 0) parts.push(words.unknown(unknown, byCurrency.size === 0));
  return parts.length === 0 ? "" : `${words.comma}${parts.join(words.comma)}`;
}

/** Names come from files, keys from other systems: nothing of them may look like a line of ours. */
export function oneLine(text: string): string {
  return visible(text).replace(/\s+/gu, " ").trim();
}
