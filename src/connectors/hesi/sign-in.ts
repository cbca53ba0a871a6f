import { ProblemError, problem } from "../../model/problem.js";
import { type Reading, readAnswer } from "../http/answer.js";
import { type Json, textOf } from "../http/json.js";
import { wordsOfBody } from "../http/judge.js";
import { type Path, parsePath, valueAt } from "../http/path.js";
import { retryAfterMs } from "../http/retry-after.js";
import type { Grant, Granted, SignIn } from "../http/sign-in/grant.js";
import { type Fetched, goodUntil, KeptToken } from "../http/sign-in/kept-token.js";
import type { SignInContext } from "../http/sign-in/open.js";
import { readUrl } from "../http/url.js";
import type { HesiConnection } from "./connection.js";

/** Where nothing says how long a token lives: two hours, as the vendor's documentation says of all of them. */
const USUAL_LIFE_MS = 7_200_000;
/** For so long after it was given out a token may not be known everywhere at the vendor. */
const NEW_FOR_MS = 5_000;
const TOO_EARLY_MS = 1_000;
/** What reads as milliseconds since 1970 is a time, and anything smaller a length. */
const FEWEST_EPOCH_MS = 1_000_000_000_000;

interface Variant {
  readonly url: URL;
  readonly body: Readonly<Record<string, string>>;
  readonly token: Path;
  readonly refresh: Path | null;
  readonly life: Path;
  readonly lifeUnit: "ms" | "s";
}

interface Pair {
  readonly accessToken: string;
  readonly refreshToken: string | null;
  readonly sentAt: number;
  /** Milliseconds since 1970. */
  readonly expiresAt: number;
}

const path = (text: string): Path => parsePath(text) as Path;

/** The token goes with every call as a parameter of the URL; there is no other way. */
export class HesiSignIn implements SignIn {
  private readonly kept: KeptToken;
  private readonly variant: Variant;
  private readonly canRefresh: boolean;
  private pair: Pair | null = null;
  private current: Grant | null = null;

  constructor(
    options: Pick<HesiConnection, "app_key" | "app_security" | "sign_in" | "sign_in_url" | "app_secret_name" | "insecure">,
    private readonly context: SignInContext,
  ) {
    context.redaction.hide(options.app_security);
    this.variant = variantOf(options, context.base);
    this.canRefresh = options.sign_in === "v1";
    this.kept = new KeptToken(() => this.fetch(), context.now);
  }

  async grant(): Promise<Granted> {
    const granted = await this.kept.grant();
    if (granted.kind === "grant") this.current = granted.grant;
    return granted;
  }

  isOver(grant: Grant): boolean {
    // A refresh works only for a token that is still good.
    if (grant === this.current) this.pair = null;
    return this.kept.isOver(grant);
  }

  /** In older releases a token that was just given out could be refused. */
  tooEarlyMs(grant: Grant): number | null {
    if (grant !== this.current || this.pair === null) return null;
    return this.context.now().getTime() - this.pair.sentAt < NEW_FOR_MS ? TOO_EARLY_MS : null;
  }

  /** Asked shortly before the token expires: it is then refreshed where that is possible, and got anew where that fails. */
  private async fetch(): Promise<Fetched> {
    const { pair, context } = this;
    const isRefreshable = this.canRefresh && pair !== null && pair.refreshToken !== null && context.now().getTime() < pair.expiresAt;
    this.pair = null;
    const refreshed = isRefreshable ? await this.refresh(pair) : null;
    if (refreshed !== null) return this.tokenOf(refreshed);
    const { url, body } = this.variant;
    const sentAt = context.now().getTime();
    const answered = await this.post(url, JSON.stringify(body));
    if ("busy" in answered) return this.busy(answered.busy, answered.retryAfterMs);
    const got = this.pairIn(answered.reading, sentAt);
    if (got === null) throw this.refused(answered.reading);
    return this.tokenOf(got);
  }

  private async refresh({ accessToken, refreshToken }: Pair): Promise<Pair | null> {
    const { base } = this.context;
    const url = new URL(`${base.origin}${base.pathname.replace(/\/$/, "")}/v2/auth/refreshToken`);
    // The number stands in the vendor's documentation, the same for everybody.
    url.search = new URLSearchParams({ accessToken, refreshToken: refreshToken ?? "", powerCode: "219904" }).toString();
    const sentAt = this.context.now().getTime();
    const answered = await this.post(url, null);
    return "busy" in answered ? null : this.pairIn(answered.reading, sentAt);
  }

  private async post(
    url: URL,
    body: string | null,
  ): Promise<{ readonly reading: Reading } | { readonly busy: string; readonly retryAfterMs: number | null }> {
    const { transport, now } = this.context;
    const headers: Record<string, string> = { accept: "application/json", "user-agent": "erp-sync" };
    if (body !== null) headers["content-type"] = "application/json";
    const answer = await transport.send({ method: "POST", origin: url.origin, path: `${url.pathname}${url.search}`, headers, body });
    if (answer.kind !== "answer") return { busy: answer.reason, retryAfterMs: null };
    const { status } = answer;
    if (status === 429 || status === 408 || status >= 500) {
      const wait = retryAfterMs(answer.headers.get("retry-after"), answer.headers.get("date"), now());
      return { busy: `it answers HTTP ${status}`, retryAfterMs: wait };
    }
    return { reading: readAnswer(answer) };
  }

  /** Refusals come as HTTP 403, and from some variants as HTTP 200 without a token. */
  private pairIn(reading: Reading, sentAt: number): Pair | null {
    const { token, refresh, life, lifeUnit } = this.variant;
    const accessToken = plain(valueAt(token, reading));
    if (reading.status !== 200 || accessToken === null) return null;
    const refreshToken = refresh === null ? null : plain(valueAt(refresh, reading));
    for (const secret of [accessToken, refreshToken]) if (secret !== null) this.context.redaction.hide(secret);
    const written = textOf(valueAt(life, reading)) ?? "";
    const value = /^\d{1,15}$/.test(written) ? Number(written) * (lifeUnit === "s" ? 1000 : 1) : USUAL_LIFE_MS;
    return { accessToken, refreshToken, sentAt, expiresAt: value >= FEWEST_EPOCH_MS ? value : sentAt + value };
  }

  private tokenOf(pair: Pair): Fetched {
    this.pair = pair;
    const grant: Grant = { headers: {}, query: { accessToken: pair.accessToken } };
    return { kind: "token", token: { grant, goodUntil: goodUntil(pair.sentAt, Math.max(0, pair.expiresAt - pair.sentAt)) } };
  }

  private busy(reason: string, wait: number | null): Fetched {
    const message = `no token from ${this.variant.url.host}: ${reason}; nothing was sent to the target`;
    return { kind: "busy", problem: problem("TARGET_BUSY", message), retryAfterMs: wait };
  }

  private refused(reading: Reading): ProblemError {
    const words = wordsOfBody(reading, this.context.redaction);
    return new ProblemError(
      problem(
        "TARGET_SIGN_IN",
        `${this.variant.url.host} gives us no token (HTTP ${reading.status})${words === "" ? "" : `: ${words}`}`,
        [],
        "check `url`, `app_key`, `app_security` and `sign_in` of the connection",
      ),
    );
  }
}

function variantOf(
  options: Pick<HesiConnection, "app_key" | "app_security" | "sign_in" | "sign_in_url" | "app_secret_name" | "insecure">,
  base: URL,
): Variant {
  const { app_key: appKey, app_security: appSecurity } = options;
  const at = (end: string): URL => new URL(`${base.origin}${base.pathname.replace(/\/$/, "")}${end}`);
  switch (options.sign_in) {
    case "v1":
      return {
        url: at("/v1/auth/getAccessToken"),
        body: { appKey, appSecurity },
        token: path("$.value.accessToken"),
        refresh: path("$.value.refreshToken"),
        life: path("$.value.expireTime"),
        lifeUnit: "ms",
      };
    case "v3":
      return {
        url: new URL("/auth/openApi/v3/getAccessToken", readUrl("sign_in_url", options.sign_in_url, options.insecure)),
        body: { appKey, appSecurity },
        token: path("$.data.accessToken"),
        refresh: null,
        life: path("$.data.expiresTime"),
        lifeUnit: "ms",
      };
    case "self-built app":
      return {
        url: at("/v1/auth/getAppAccessToken"),
        body: { appKey, [options.app_secret_name]: appSecurity },
        token: path("$.value.accessToken"),
        refresh: null,
        life: path("$.value.timeout"),
        lifeUnit: "s",
      };
  }
}

/** A token as a URL can carry it; null for anything else. */
function plain(value: Json | undefined): string | null {
  const text = textOf(value)?.trim() ?? "";
  return /^[\x21-\x7e]+$/.test(text) ? text : null;
}
