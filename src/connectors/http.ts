import pLimit from "p-limit";
import type { Observer } from "../model/observer.js";
import { type Problem, ProblemError, problem } from "../model/problem.js";
import { Pace } from "./http/pace.js";
import type { Redaction } from "./http/redaction.js";
import { retryAfterMs } from "./http/retry-after.js";
import type { Granted, SignIn } from "./http/sign-in/grant.js";
import type { Answer, Exchange, Exchanged, Limit, Transport } from "./http/transport.js";

interface HttpSettings {
  /** Calls start here; its path comes before theirs. */
  readonly base: URL;
  readonly concurrency: number;
  /** Calls per second; null for no limit. */
  readonly rate: number | null;
  /** Sent with every call. */
  readonly headers: Readonly<Record<string, string>>;
  readonly signIn: SignIn;
  /** An answer that says that we are not signed in, which proves that nothing was done. */
  readonly isSignedOut: (answer: Answer) => boolean;
  readonly transport: Transport;
  readonly redaction: Redaction;
  readonly now: () => Date;
  readonly sleep: (ms: number) => Promise<void>;
  readonly observer?: Observer | undefined;
}

export interface HttpCall {
  readonly method: string;
  /** Encoded, with the query; begins with `/`. Added to the base. */
  readonly path: string;
  /** Goes to this address instead. Credentials go there too: the caller has made sure that they may. */
  readonly at?: URL;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | null;
  /** What problems call it. It must hold nothing of the document and no secret. */
  readonly name: string;
}

/**
 * What became of a call. `busy`: certainly nothing was done. `unconfirmed`: it may have been done. An answer may still leave that open:
 * see `leavesOpen`.
 */
export type HttpReply =
  | Answer
  | { readonly kind: "busy"; readonly problem: Problem; readonly retryAfterMs: number | null }
  | { readonly kind: "unconfirmed"; readonly problem: Problem; readonly limit?: Limit | undefined };

const MOST_READS = 3;
const FIRST_WAIT_MS = 500;
const LONGEST_WAIT_MS = 60_000;

/** Calls to one system over HTTP: signed in, limited in number and rate, each sent at most once unless it only reads. */
export class HttpClient {
  private readonly limit: ReturnType<typeof pLimit>;
  private readonly pace: Pace | null;

  constructor(private readonly settings: HttpSettings) {
    this.limit = pLimit(settings.concurrency);
    this.pace = settings.rate === null ? null : new Pace(settings.rate, settings);
  }

  /**
   * Sends once. Only an answer that says "not signed in", which proves that nothing was done, is answered by sending once more: after signing
   * in anew, and where the sign-in is so new that the system may not know it yet, after a moment. Throws ProblemError (TARGET_SIGN_IN) when we are not let in; nothing was done then either.
   */
  send(call: HttpCall, attempt = 1): Promise<HttpReply> {
    return this.limit(() => this.sendSignedIn(call, attempt));
  }

  /** For calls that change nothing: repeated a few times when there is no answer, or one that says "later". `isFinal`: asking again is no use. */
  async read(call: HttpCall, isFinal: (reply: HttpReply) => boolean = isAnswered): Promise<HttpReply> {
    for (let tries = 1; ; tries += 1) {
      const reply = await this.send(call, tries);
      if (isFinal(reply) || tries === MOST_READS) return reply;
      const asked = reply.kind === "busy" ? reply.retryAfterMs : null;
      const waitMs = Math.min(LONGEST_WAIT_MS, asked ?? FIRST_WAIT_MS * 2 ** (tries - 1));
      this.settings.observer?.tell({ kind: "waiting", waitMs, asked: asked !== null, attempt: tries });
      await this.settings.sleep(waitMs);
    }
  }

  /** Waits for the calls under way. */
  close(): Promise<void> {
    return this.settings.transport.close();
  }

  private async sendSignedIn(call: HttpCall, attempt: number): Promise<HttpReply> {
    const { signIn, isSignedOut } = this.settings;
    let isRenewed = false;
    let hasWaited = false;
    for (;;) {
      const granted = await signIn.grant();
      if (granted.kind === "busy") return granted;
      const exchanged = await this.exchange(call, granted, attempt);
      if (exchanged.kind !== "answer" || !isSignedOut(exchanged)) return this.replyOf(call, exchanged);
      const tooEarlyMs = hasWaited ? null : (signIn.tooEarlyMs?.(granted.grant) ?? null);
      if (tooEarlyMs !== null) {
        hasWaited = true;
        await this.settings.sleep(tooEarlyMs);
        continue;
      }
      if (!signIn.isOver(granted.grant) || isRenewed) throw new ProblemError(this.notLetIn(call, exchanged));
      isRenewed = true;
    }
  }

  private async exchange(call: HttpCall, { grant }: Extract<Granted, { kind: "grant" }>, attempt: number): Promise<Exchanged> {
    const { base, headers, transport } = this.settings;
    await this.pace?.turn();
    const { origin, path } =
      call.at === undefined
        ? { origin: base.origin, path: `${base.pathname.replace(/\/$/, "")}${call.path}` }
        : { origin: call.at.origin, path: `${call.at.pathname}${call.at.search}` };
    const exchange: Exchange = {
      method: call.method,
      origin,
      path: withQuery(path, grant.query),
      headers: mergeHeaders(headers, call.headers, grant.headers),
      body: call.body,
      name: call.name,
      attempt,
    };
    const exchanged = await transport.send(grant.apply?.(exchange) ?? exchange);
    grant.ended?.(exchanged);
    return exchanged;
  }

  private replyOf(call: HttpCall, exchanged: Exchanged): HttpReply {
    if (exchanged.kind === "not sent") {
      const message = `${call.name}: ${exchanged.reason}; nothing was sent`;
      return { kind: "busy", problem: problem("TARGET_BUSY", message), retryAfterMs: null };
    }
    if (exchanged.kind === "no answer") {
      const { reason, limit } = exchanged;
      return { kind: "unconfirmed", problem: problem("TARGET_UNCONFIRMED", `${call.name}: ${reason}`), limit };
    }
    const { status, headers } = exchanged;
    if (status !== 429 && status !== 503) return exchanged;
    const wait = retryAfterMs(headers.get("retry-after"), headers.get("date"), this.settings.now());
    // A 503 that names no time comes as well from a gateway whose backend died over our request.
    if (status === 503 && wait === null) return exchanged;
    const asked = wait === null ? "" : `, and asks us to wait ${Math.ceil(wait / 1000)} s`;
    return {
      kind: "busy",
      problem: problem("TARGET_BUSY", `${call.name}: it has no time for us (HTTP ${status})${asked}`),
      retryAfterMs: wait,
    };
  }

  private notLetIn(call: HttpCall, answer: Answer): Problem {
    const words = this.settings.redaction.show(answer.body.subarray(0, 100_000).toString());
    const said = words === "" || words.startsWith("<") ? "" : `: ${words}`;
    return problem(
      "TARGET_SIGN_IN",
      `${call.name}: it does not let us in (HTTP ${answer.status})${said}`,
      [],
      "check `auth` of the connection",
    );
  }
}

export function isAnswered(reply: HttpReply): boolean {
  return reply.kind === "answer" && !leavesOpen(reply.status);
}

/** Whether an answer with this status leaves open what was done: redirects, time-outs and errors of the server. */
export function leavesOpen(status: number): boolean {
  return status < 200 || (status >= 300 && status < 400) || status === 408 || status >= 500;
}

/** Names do not differ by case; what comes later counts. */
function mergeHeaders(...parts: readonly Readonly<Record<string, string>>[]): Record<string, string> {
  return Object.fromEntries(parts.flatMap((part) => Object.entries(part).map(([name, value]) => [name.toLowerCase(), value])));
}

function withQuery(path: string, query: Readonly<Record<string, string>>): string {
  const added = new URLSearchParams(query).toString();
  if (added === "") return path;
  return `${path}${path.includes("?") ? "&" : "?"}${added}`;
}
