import { ProblemError, problem } from "../../../model/problem.js";
import { basicHeader } from "../header-text.js";
import { isObject, type Json, parseJson, textOf } from "../json.js";
import type { Redaction } from "../redaction.js";
import { retryAfterMs } from "../retry-after.js";
import type { Answer, Transport } from "../transport.js";
import { type Fetched, goodUntil, type Token } from "./kept-token.js";
import type { RefreshTokenFile } from "./refresh-token-file.js";

export interface OAuth2Client {
  readonly tokenUrl: URL;
  readonly clientId: string;
  /** Null for a public client (RFC 6749, 2.1). */
  readonly clientSecret: string | null;
  readonly scope: string | null;
  readonly audience: string | null;
  /** Where the token endpoint wants id and secret. */
  readonly sendIn: "header" | "body";
}

/**
 * The token endpoint of OAuth 2.0: client credentials (RFC 6749, 4.4), or a refresh token (6) where there is a file with one. A new refresh
 * token is kept durably before the access token that came with it is used: the former one is spent.
 */
export class OAuth2Endpoint {
  constructor(
    private readonly client: OAuth2Client,
    private readonly refreshToken: RefreshTokenFile | null,
    private readonly transport: Transport,
    private readonly redaction: Redaction,
    private readonly now: () => Date,
  ) {}

  /** Throws ProblemError (TARGET_SIGN_IN) when it refuses. */
  async fetch(): Promise<Fetched> {
    if (this.refreshToken === null) return this.ask({ grant_type: "client_credentials" }, () => undefined);
    const held = await this.refreshToken.take();
    if (held === null) return this.busy("another process is renewing it at this moment", null);
    try {
      const { token, replace } = held;
      return await this.ask({ grant_type: "refresh_token", refresh_token: token }, (answer) => {
        const next = textOf(answer.get("refresh_token"));
        if (next !== null && next !== "" && next !== token) replace(next);
      });
    } finally {
      held.release();
    }
  }

  /** `keep` is called with the answer before the token is used. */
  private async ask(parameters: Readonly<Record<string, string>>, keep: (answer: ReadonlyMap<string, Json>) => void): Promise<Fetched> {
    const { tokenUrl, clientId, clientSecret, scope, audience, sendIn } = this.client;
    const form = new URLSearchParams(parameters);
    if (scope !== null) form.set("scope", scope);
    if (audience !== null) form.set("audience", audience);
    const headers: Record<string, string> = { "content-type": "application/x-www-form-urlencoded", accept: "application/json" };
    if (sendIn === "body" || clientSecret === null) {
      form.set("client_id", clientId);
      if (clientSecret !== null) form.set("client_secret", clientSecret);
    } else {
      // RFC 6749, 2.3.1: both are form-encoded before they become a Basic header.
      headers["authorization"] = basicHeader(formEncoded(clientId), formEncoded(clientSecret));
    }
    const sent = this.now().getTime();
    const path = `${tokenUrl.pathname}${tokenUrl.search}`;
    const answer = await this.transport.send({ method: "POST", origin: tokenUrl.origin, path, headers, body: form.toString() });
    // A token that nobody received does no harm, so an unanswered question is no more than a delay.
    if (answer.kind !== "answer") return this.busy(answer.reason, null);
    const { status } = answer;
    if (status === 429 || status === 408 || status >= 500) {
      const wait = retryAfterMs(answer.headers.get("retry-after"), answer.headers.get("date"), this.now());
      return this.busy(`it answers HTTP ${status}`, wait);
    }
    const json = status >= 200 && status < 300 ? parseJson(answer.body.toString()) : undefined;
    const token = json !== undefined && isObject(json) ? this.tokenOf(json, sent, keep) : null;
    if (token === null) throw this.refused(answer);
    return { kind: "token", token };
  }

  private tokenOf(json: ReadonlyMap<string, Json>, sentAt: number, keep: (answer: ReadonlyMap<string, Json>) => void): Token | null {
    const text = textOf(json.get("access_token"));
    const type = textOf(json.get("token_type")) ?? "bearer";
    if (text === null || !/^[\x21-\x7e]+$/.test(text) || type.toLowerCase() !== "bearer") return null;
    this.redaction.hide(text);
    keep(json);
    const seconds = Number(textOf(json.get("expires_in")) ?? Number.NaN);
    const lifeMs = Number.isFinite(seconds) && seconds > 0 ? seconds * 1000 : Number.POSITIVE_INFINITY;
    return { grant: { headers: { authorization: `Bearer ${text}` }, query: {} }, goodUntil: goodUntil(sentAt, lifeMs) };
  }

  private busy(reason: string, wait: number | null): Fetched {
    const message = `no token from ${this.client.tokenUrl.host}: ${reason}; nothing was sent to the target`;
    return { kind: "busy", problem: problem("TARGET_BUSY", message), retryAfterMs: wait };
  }

  private refused({ status, body }: Answer): ProblemError {
    const json = parseJson(body.toString());
    const error = json !== undefined && isObject(json) ? textOf(json.get("error")) : null;
    // The code only (RFC 6749, 5.2): descriptions repeat what was sent.
    const code = error !== null && /^[a-z_]{1,40}$/.test(error) ? ` \`${error}\`` : "";
    const found = status >= 200 && status < 300 ? "no bearer token in the answer" : `HTTP ${status}${code}`;
    const hint =
      this.refreshToken !== null && error === "invalid_grant"
        ? "the refresh token is spent or was taken back: sign in anew, and write the new one into `refresh_token_file`"
        : "check `token_url`, `client_id`, `client_secret` and `scope` of the connection";
    return new ProblemError(problem("TARGET_SIGN_IN", `${this.client.tokenUrl.host} gives us no token: ${found}`, [], hint));
  }
}

function formEncoded(text: string): string {
  return new URLSearchParams([["", text]]).toString().slice(1);
}
