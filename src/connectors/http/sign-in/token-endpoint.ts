import { ProblemError, problem } from "../../../model/problem.js";
import { durationMs } from "../../files/duration.js";
import { compileAnswerPath, compileMessage, compileRule, type Reading, type Rule, readAnswer } from "../answer.js";
import { textOf } from "../json.js";
import { valueAt } from "../path.js";
import type { Redaction } from "../redaction.js";
import { compileRequest, type Request } from "../request.js";
import { retryAfterMs } from "../retry-after.js";
import type { Exchange, Transport } from "../transport.js";
import type { View } from "../view.js";
import { compileSigned, SIGNED_SHAPE } from "./hmac.js";
import { type Fetched, goodUntil } from "./kept-token.js";
import type { TokenOptions } from "./options.js";
import { compileSend } from "./send-token.js";

export interface TokenContext {
  /** Where the token is asked for: base and path, without the query. */
  readonly url: URL;
  readonly transport: Transport;
  readonly redaction: Redaction;
  readonly now: () => Date;
  /** Signs the question itself, where every request is signed. */
  readonly sign: ((exchange: Exchange) => Exchange) | null;
}

/** A token endpoint of any kind, as the options describe it. */
export class TokenEndpoint {
  private readonly request: Request;
  private readonly signed: (now: Date) => { readonly [name: string]: View };
  private readonly tokenOf: (reading: Reading) => string | null;
  private readonly lifeOf: (reading: Reading, sentAt: number) => number;
  private readonly rejected: { readonly rule: Rule; readonly message: (reading: Reading) => string } | null;
  private readonly send: ReturnType<typeof compileSend>;

  /** Throws ProblemError for options that cannot be used. */
  constructor(
    options: TokenOptions,
    private readonly context: TokenContext,
  ) {
    const { body, form, hmac, rejected } = options;
    const where = "auth.token";
    const method = options.method ?? (body !== undefined || form !== undefined ? "POST" : "GET");
    this.request = compileRequest(
      { ...options, method, path: "/" },
      { where, shape: SIGNED_SHAPE, omitEmpty: false, host: context.url.host },
    );
    this.signed = hmac === undefined ? () => ({ timestamp: null, nonce: null, signature: null }) : compileSigned(hmac, `${where}.hmac`);
    this.tokenOf = compileToken(options.token, `${where}.token`);
    this.lifeOf = compileLife(options.life, `${where}.life`);
    this.rejected =
      rejected === undefined
        ? null
        : {
            rule: compileRule(rejected.when, `${where}.rejected.when`),
            message: rejected.message === undefined ? () => "" : compileMessage(rejected.message, `${where}.rejected.message`),
          };
    this.send = compileSend(options.send, `${where}.send`);
  }

  /** Throws ProblemError (TARGET_SIGN_IN) when it refuses. */
  async fetch(): Promise<Fetched> {
    const { url, transport, redaction, now, sign } = this.context;
    const sentAt = now().getTime();
    const call = this.request.fill(this.signed(now()));
    const path = `${url.pathname}${joined(url.search, call.path.replace(/^\/\??/, ""))}`;
    const headers = { accept: "application/json", "user-agent": "erp-sync", ...call.headers };
    const exchange = { method: call.method, origin: url.origin, path, headers, body: call.body };
    const answer = await transport.send(sign?.(exchange) ?? exchange);
    if (answer.kind !== "answer") return this.busy(answer.reason, null);
    const { status } = answer;
    if (status === 429 || status === 408 || status >= 500)
      return this.busy(`it answers HTTP ${status}`, retryAfterMs(answer.headers.get("retry-after"), answer.headers.get("date"), now()));
    const reading = readAnswer(answer);
    if (this.rejected?.rule.fits(reading) === true) throw this.refused(redaction.show(this.rejected.message(reading)) || `HTTP ${status}`);
    if (status < 200 || status >= 300) throw this.refused(`HTTP ${status}`);
    const token = this.tokenOf(reading);
    if (token === null) throw this.refused("its answer has none where `auth.token.token` says");
    redaction.hide(token);
    return { kind: "token", token: { grant: this.send(token), goodUntil: this.lifeOf(reading, sentAt) } };
  }

  private busy(reason: string, wait: number | null): Fetched {
    const message = `no token from ${this.context.url.host}: ${reason}; nothing was sent to the target`;
    return { kind: "busy", problem: problem("TARGET_BUSY", message), retryAfterMs: wait };
  }

  private refused(found: string): ProblemError {
    return new ProblemError(
      problem("TARGET_SIGN_IN", `${this.context.url.host} gives us no token: ${found}`, [], "check `auth.token` of the connection"),
    );
  }
}

function joined(first: string, second: string): string {
  if (second === "") return first;
  return first === "" ? `?${second}` : `${first}&${second}`;
}

function compileToken(options: TokenOptions["token"], where: string): (reading: Reading) => string | null {
  const read =
    typeof options === "string" ? compilePlace(options, where) : ({ headers }: Reading) => headers.get(options.header.toLowerCase());
  return (reading) => {
    const text = read(reading)?.trim() ?? "";
    // A header carries nothing else, and a token with anything else in it is none.
    return /^[\x21-\x7e]+$/.test(text) ? text : null;
  };
}

function compilePlace(path: string, where: string): (reading: Reading) => string | null {
  const compiled = compileAnswerPath(path, where);
  return (reading) => textOf(valueAt(compiled, reading));
}

function compileLife(life: TokenOptions["life"], where: string): (reading: Reading, sentAt: number) => number {
  if (life === undefined) return () => Number.POSITIVE_INFINITY;
  if (typeof life === "string") {
    const ms = durationMs(life) ?? 0;
    return (_, sentAt) => goodUntil(sentAt, ms);
  }
  const read = compilePlace(life.path, `${where}.path`);
  return (reading, sentAt) => {
    const text = read(reading) ?? "";
    const value = life.unit === "until iso" ? Date.parse(text) : /^\d{1,15}(\.\d+)?$/.test(text) ? Number(text) : Number.NaN;
    // Nothing readable there: it is used until it is refused.
    if (Number.isNaN(value)) return Number.POSITIVE_INFINITY;
    const ms = life.unit.endsWith(" s") || life.unit === "s" ? value * 1000 : value;
    return goodUntil(sentAt, Math.max(0, life.unit.startsWith("until") ? ms - sentAt : ms));
  };
}
