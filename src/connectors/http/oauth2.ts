import { ProblemError, problem } from "../../model/problem.js";
import { isObject, parseJson, textOf } from "./json.js";
import type { Redaction } from "./redaction.js";
import { retryAfterMs } from "./retry-after.js";
import { basicHeader, type Grant, type Granted, type SignIn } from "./sign-in.js";
import type { Answer, Transport } from "./transport.js";

export interface ClientCredentials {
  readonly tokenUrl: URL;
  readonly clientId: string;
  readonly clientSecret: string;
  readonly scope: string | null;
  readonly audience: string | null;
  /** Where the token endpoint wants id and secret. */
  readonly sendIn: "header" | "body";
}

/** A token is given up this long before it expires, so that it does not expire on the way. */
const MARGIN_MS = 60_000;

interface Token {
  readonly grant: Grant;
  readonly goodUntil: number;
}

/**
 * OAuth 2.0 client credentials (RFC 6749, 4.4). One token serves all calls until shortly before it expires or is refused; callers that
 * come while it is being fetched wait for the same one.
 */
export class OAuth2SignIn implements SignIn {
  private token: Token | null = null;
  private asking: Promise<Granted> | null = null;

  constructor(
    private readonly credentials: ClientCredentials,
    private readonly transport: Transport,
    private readonly redaction: Redaction,
    private readonly now: () => Date,
  ) {}

  async grant(): Promise<Granted> {
    if (this.token !== null && this.now().getTime() < this.token.goodUntil) return { kind: "grant", grant: this.token.grant };
    this.asking ??= this.ask().finally(() => {
      this.asking = null;
    });
    return this.asking;
  }

  isOver(grant: Grant): boolean {
    // A hundred calls may be refused with the same token; only the first of them ends it.
    if (this.token?.grant === grant) this.token = null;
    return true;
  }

  private async ask(): Promise<Granted> {
    const { tokenUrl, clientId, clientSecret, scope, audience, sendIn } = this.credentials;
    const form = new URLSearchParams({ grant_type: "client_credentials" });
    if (scope !== null) form.set("scope", scope);
    if (audience !== null) form.set("audience", audience);
    const headers: Record<string, string> = { "content-type": "application/x-www-form-urlencoded", accept: "application/json" };
    if (sendIn === "body") {
      form.set("client_id", clientId);
      form.set("client_secret", clientSecret);
    } else {
      // RFC 6749, 2.3.1: both are form-encoded before they become a Basic header.
      headers["authorization"] = basicHeader(formEncoded(clientId), formEncoded(clientSecret));
    }
    const sent = this.now().getTime();
    const path = `${tokenUrl.pathname}${tokenUrl.search}`;
    const answer = await this.transport.send({ method: "POST", origin: tokenUrl.origin, path, headers, body: form.toString() });
    // Asking twice for a token does no harm, so an unanswered question is no more than a delay.
    if (answer.kind !== "answer") return this.busy(answer.reason, null);
    const { status } = answer;
    if (status === 429 || status === 408 || status >= 500) {
      const wait = retryAfterMs(answer.headers.get("retry-after"), answer.headers.get("date"), this.now());
      return this.busy(`it answers HTTP ${status}`, wait);
    }
    const token = status >= 200 && status < 300 ? this.tokenOf(answer, sent) : null;
    if (token === null) throw this.refused(answer);
    this.token = token;
    return { kind: "grant", grant: token.grant };
  }

  private tokenOf(answer: Answer, sentAt: number): Token | null {
    const json = parseJson(answer.body.toString());
    if (json === undefined || !isObject(json)) return null;
    const text = textOf(json.get("access_token"));
    const type = textOf(json.get("token_type")) ?? "bearer";
    if (text === null || !/^[\x21-\x7e]+$/.test(text) || type.toLowerCase() !== "bearer") return null;
    this.redaction.hide(text);
    const seconds = Number(textOf(json.get("expires_in")) ?? Number.NaN);
    const lifeMs = Number.isFinite(seconds) && seconds > 0 ? seconds * 1000 : Number.POSITIVE_INFINITY;
    // A token that lives shorter than the margin would never be used.
    const goodUntil = sentAt + lifeMs - Math.min(MARGIN_MS, lifeMs / 2);
    return { grant: { headers: { authorization: `Bearer ${text}` }, query: {} }, goodUntil };
  }

  private busy(reason: string, wait: number | null): Granted {
    const message = `no token from ${this.credentials.tokenUrl.host}: ${reason}; nothing was sent to the target`;
    return { kind: "busy", problem: problem("TARGET_BUSY", message), retryAfterMs: wait };
  }

  private refused({ status, body }: Answer): ProblemError {
    const json = parseJson(body.toString());
    const error = json !== undefined && isObject(json) ? textOf(json.get("error")) : null;
    // The code only (RFC 6749, 5.2): descriptions repeat what was sent.
    const code = error !== null && /^[a-z_]{1,40}$/.test(error) ? ` \`${error}\`` : "";
    const found = status >= 200 && status < 300 ? "no bearer token in the answer" : `HTTP ${status}${code}`;
    return new ProblemError(
      problem(
        "TARGET_SIGN_IN",
        `${this.credentials.tokenUrl.host} gives us no token: ${found}`,
        [],
        "check `token_url`, `client_id`, `client_secret` and `scope` of the connection",
      ),
    );
  }
}

function formEncoded(text: string): string {
  return new URLSearchParams([["", text]]).toString().slice(1);
}
