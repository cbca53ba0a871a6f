import { Network, type NetworkOptions } from "../connectors/http/network.js";
import type { Redaction } from "../connectors/http/redaction.js";
import { retryAfterMs } from "../connectors/http/retry-after.js";
import { type Answer, Transport } from "../connectors/http/transport.js";
import { readUrl } from "../connectors/http/url.js";
import type { SenderContext, Sent } from "./channel.js";

/** An answer longer than this is none of a channel. */
const MOST_ANSWER_BYTES = 65_536;

export interface Reach {
  readonly url: string;
  readonly ca?: string;
  readonly proxy?: NonNullable<NetworkOptions["proxy"]>;
  readonly insecure: boolean;
}

/** Posts JSON to one address. */
export class Poster {
  private readonly url: URL;
  private readonly transport: Transport;

  /** Throws ProblemError for an address, certificates or a proxy that cannot be used. */
  constructor(
    { url, ca, proxy, insecure }: Reach,
    private readonly context: SenderContext,
  ) {
    this.url = readUrl("url", url, insecure);
    hideParts(this.url, context.redaction);
    this.transport = new Transport(
      { timeoutMs: context.timeoutMs, maxResponseBytes: MOST_ANSWER_BYTES },
      new Network({ ca, proxy }, context.redaction),
    );
  }

  /** The judge sees answers that are neither throttled nor an error of the server; an answer of HTTP 200 proves nothing. */
  async post(
    body: string,
    judge: (answer: Answer) => Sent,
    {
      query = {},
      headers = {},
    }: { readonly query?: Readonly<Record<string, string>>; readonly headers?: Readonly<Record<string, string>> } = {},
  ): Promise<Sent> {
    const url = new URL(this.url);
    for (const [name, value] of Object.entries(query)) url.searchParams.set(name, value);
    const exchanged = await this.transport.send({
      method: "POST",
      origin: url.origin,
      path: `${url.pathname}${url.search}`,
      // One message, one connection: between tries a kept one may be closed by the other side just as it is used.
      headers: { "content-type": "application/json; charset=utf-8", connection: "close", ...headers },
      body,
    });
    if (exchanged.kind === "not sent") return { kind: "busy", reason: exchanged.reason, retryAfterMs: null };
    if (exchanged.kind === "no answer") return { kind: "failed", reason: exchanged.reason };
    const { status, headers: answered } = exchanged;
    if (status !== 429 && status < 500) return judge(exchanged);
    const asked = retryAfterMs(answered.get("retry-after"), answered.get("date"), this.context.now());
    return { kind: "busy", reason: `HTTP ${status}${this.shown(exchanged)}`, retryAfterMs: asked };
  }

  /** Refused, with the status and the other side's own words. */
  refused(answer: Answer): Sent {
    return { kind: "failed", reason: `HTTP ${answer.status}${this.shown(answer)}` };
  }

  close(): Promise<void> {
    return this.transport.close();
  }

  private shown({ body }: Answer): string {
    const text = this.context.redaction.show(body.toString());
    return text === "" ? "" : `: ${text}`;
  }
}

/** Keys stand in the path or in the query, and may be echoed alone. */
function hideParts(url: URL, redaction: Redaction): void {
  const parts = [...url.pathname.split("/"), ...url.searchParams.values()];
  for (const part of parts) if (part.length >= SHORTEST_KEY) redaction.hide(decoded(part));
  redaction.hide(`${url.pathname}${url.search}`.length > 1 ? `${url.pathname}${url.search}` : "");
}

/** Shorter parts, such as `robot` and `send`, are words. */
const SHORTEST_KEY = 8;

function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}

/** The object that a robot answers with; null when it is none. */
export function answeredObject({ body }: Answer): Readonly<Record<string, unknown>> | null {
  try {
    const value: unknown = JSON.parse(body.toString());
    return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Record<string, unknown>) : null;
  } catch {
    return null;
  }
}

/** What robots that always answer HTTP 200 have in common: a number that is 0 when they took the message, and words. */
export interface RobotCodes {
  readonly code: string;
  readonly words: string;
  /** May be sent again soon. */
  readonly busy: readonly number[];
  /** Throttled for so long that this run does not wait for it. */
  readonly throttled: RegExp;
  readonly hints: Readonly<Record<number, string>>;
}

/** No number, or one that is not known, was not taken. */
export function judgeRobot(
  poster: Poster,
  answer: Answer,
  { code, words, busy, throttled, hints }: RobotCodes,
  redaction: Redaction,
): Sent {
  const said = answeredObject(answer);
  const written = said?.[code];
  const number = typeof written === "number" || (typeof written === "string" && /^-?\d+$/.test(written)) ? Number(written) : null;
  if (said === null || number === null) return poster.refused(answer);
  if (number === 0) return answer.status === 200 ? { kind: "sent" } : poster.refused(answer);
  const text = redaction.show(String(said[words] ?? ""));
  const hint = hints[number];
  const reason = `\`${code}\` ${number}${text === "" ? "" : `: ${text}`}${hint === undefined ? "" : `; ${hint}`}`;
  if (throttled.test(text)) return { kind: "failed", reason: `${reason}; too many messages went there, and the next run tries again` };
  return busy.includes(number) ? { kind: "busy", reason, retryAfterMs: null } : { kind: "failed", reason };
}

/** Robots can ask for a word that must stand in every message. */
export function withKeyword(text: string, keyword: string | undefined): string {
  return keyword === undefined || text.includes(keyword) ? text : `${keyword} ${text}`;
}
