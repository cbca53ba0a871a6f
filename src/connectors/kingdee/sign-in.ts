import { createHash } from "node:crypto";
import { ProblemError, problem } from "../../model/problem.js";
import { readAnswer } from "../http/answer.js";
import { Cookies } from "../http/cookies.js";
import { isObject, textOf } from "../http/json.js";
import type { Redaction } from "../http/redaction.js";
import { retryAfterMs } from "../http/retry-after.js";
import type { Grant, Granted, SignIn } from "../http/sign-in/grant.js";
import { appGrant, clientOf } from "../http/sign-in/kingdee.js";
import type { Answer, Exchange, Exchanged, Transport } from "../http/transport.js";
import { refuseConnection } from "../http/url.js";
import { isSessionLost, statusOf, wordsOf } from "./answer.js";
import type { KingdeeConnection } from "./connection.js";

const AUTH = "Kingdee.BOS.WebApi.ServicesStub.AuthService";
const FORMS = "Kingdee.BOS.WebApi.ServicesStub.DynamicFormService";
/** The cookie that carries the session, for sites that name its id in the answer only. */
const SESSION_COOKIE = "kdservice-sessionid";
const JSON_CONTENT = { "content-type": "application/json" };

export function servicePath(operation: string, service = FORMS): string {
  return `/${service}.${operation}.common.kdsvc`;
}

export interface SignInContext {
  /** The application's address, without a slash at its end. */
  readonly base: URL;
  readonly transport: Transport;
  /** For signing out, which is not worth a long wait. */
  readonly leaving: Transport;
  readonly redaction: Redaction;
  readonly now: () => Date;
}

/** Lower-case hexadecimal SHA-256 of the five texts, sorted by code unit and joined with nothing. `timestamp` counts seconds since 1970. */
export function loginSignature(parts: {
  readonly accountSet: string;
  readonly user: string;
  readonly appId: string;
  readonly appSecret: string;
  readonly timestamp: string;
}): string {
  const sorted = [parts.accountSet, parts.user, parts.appId, parts.appSecret, parts.timestamp].sort();
  return createHash("sha256").update(sorted.join("")).digest("hex");
}

/** A sign-in that can be ended, so that the next one finds room. */
export interface KingdeeSignIn extends SignIn {
  /** Called once, when no more calls come. Never throws. */
  signOut(): Promise<void>;
}

/** Throws ProblemError when the options contradict each other. Nothing is sent. */
export function openKingdeeSignIn(options: KingdeeConnection, context: SignInContext): KingdeeSignIn {
  const { redaction, now } = context;
  const {
    sign_in: way,
    password,
    app_id: appId,
    app_secret: appSecret,
    account_set: account,
    user,
    organisation = "0",
    language,
  } = options;
  for (const each of [password, appSecret]) if (each !== undefined) redaction.hide(each);
  if (way === "ValidateUser") {
    const word = needed(password, "password", way);
    return new Sessions({ ...options, operation: "ValidateUser", parameters: () => [account, user, word, language] }, context);
  }
  const id = needed(appId, "app_id", way);
  const secret = needed(appSecret, "app_secret", way);
  if (way === "LoginByAppSecret")
    return new Sessions({ ...options, operation: way, parameters: () => [account, user, id, secret, language] }, context);
  if (way === "LoginBySign") {
    const parameters = (): Parameters => {
      const timestamp = String(Math.floor(now().getTime() / 1000));
      const sign = loginSignature({ accountSet: account, user, appId: id, appSecret: secret, timestamp });
      return [account, user, id, timestamp, sign, language];
    };
    return new Sessions({ ...options, operation: way, parameters }, context);
  }
  const client = clientOf(id);
  if (client === null) return refuseConnection("`app_id` is none", "expected an id with one underscore, as the ERP shows it");
  redaction.hide(client.secret);
  const grant = appGrant({ app_id: id, app_secret: secret, account, user, organisation, language }, client, now);
  return { grant: async () => ({ kind: "grant", grant }), isOver: () => false, signOut: async () => {} };
}

function needed(value: string | undefined, name: string, way: string): string {
  return value ?? refuseConnection(`\`${name}\` is missing`, `\`sign_in: ${way}\` needs it`);
}

type Parameters = readonly (string | number)[];

interface SessionOptions {
  readonly operation: string;
  readonly parameters: () => Parameters;
  readonly organisation?: string | undefined;
  readonly sign_out: boolean;
}

interface Session {
  readonly grant: Grant;
  readonly cookies: Cookies;
}

/**
 * Sessions that serve one call at a time each, because the server takes the calls of a session one by one. As many are opened as calls are under way
 * at once. One that is over was idle too long, and the other idle ones were so as well.
 */
class Sessions implements KingdeeSignIn {
  private idle: Session[] = [];
  /** Cookies of every session that the server may still keep. */
  private readonly kept = new Set<Cookies>();
  private opening: Promise<unknown> = Promise.resolve();
  /** Asking again with what was refused may lock the user. */
  private refused: ProblemError | null = null;

  constructor(
    private readonly options: SessionOptions,
    private readonly context: SignInContext,
  ) {}

  async grant(): Promise<Granted> {
    const session = this.idle.pop();
    if (session !== undefined) return { kind: "grant", grant: session.grant };
    const opened = this.opening.then(() => this.open());
    this.opening = opened.catch(() => {});
    return opened;
  }

  /** The session was let go of when its answer came. */
  isOver(): boolean {
    return true;
  }

  /** Sessions count, and a chain of runs opens some for each: whoever leaves them to end by themselves shuts the next run out. */
  async signOut(): Promise<void> {
    const { leaving } = this.context;
    const sessions = this.options.sign_out ? [...this.kept] : [];
    this.idle = [];
    this.kept.clear();
    const left = sessions.map(async (cookies) => {
      // Whatever comes back, there is nothing left to do with it: a session that is still there ends by itself.
      const exchange = this.exchangeOf(servicePath("Logout", AUTH), JSON_CONTENT, JSON.stringify({ parameters: [] }), cookies);
      await leaving.send({ ...exchange, name: "sign out" });
    });
    await Promise.allSettled(left);
    await leaving.close();
  }

  private async open(): Promise<Granted> {
    if (this.refused !== null) throw this.refused;
    const { operation, parameters, organisation } = this.options;
    const cookies = new Cookies();
    const signedIn = await this.call(servicePath(operation, AUTH), JSON_CONTENT, JSON.stringify({ parameters: parameters() }), cookies);
    if (signedIn.kind === "busy") return signedIn;
    this.checkLogin(signedIn, cookies);
    this.kept.add(cookies);
    if (organisation !== undefined) {
      const body = new URLSearchParams({ data: JSON.stringify({ OrgNumber: organisation }) }).toString();
      const switched = await this.call(servicePath("SwitchOrg"), { "content-type": "application/x-www-form-urlencoded" }, body, cookies);
      if (switched.kind === "busy") return switched;
      this.checkOrganisation(switched, organisation);
    }
    for (const value of cookies.all()) if (value.length >= 8) this.context.redaction.hide(value);
    return { kind: "grant", grant: this.sessionOf(cookies).grant };
  }

  private sessionOf(cookies: Cookies): Session {
    const session: Session = {
      cookies,
      grant: {
        headers: {},
        query: {},
        apply: (exchange) => ({ ...exchange, headers: { ...exchange.headers, cookie: cookies.header() ?? "" } }),
        ended: (exchanged) => this.release(session, exchanged),
      },
    };
    return session;
  }

  private release(session: Session, exchanged: Exchanged): void {
    if (exchanged.kind === "answer") {
      session.cookies.take(exchanged, this.context.now());
      if (isSignedOut(exchanged)) {
        for (const { cookies } of [session, ...this.idle]) this.kept.delete(cookies);
        this.idle = [];
        return;
      }
    }
    this.idle.push(session);
  }

  private async call(
    path: string,
    headers: Readonly<Record<string, string>>,
    body: string,
    cookies: Cookies,
  ): Promise<Answer | Extract<Granted, { kind: "busy" }>> {
    const { transport, now } = this.context;
    const answer = await transport.send(this.exchangeOf(path, headers, body, cookies));
    if (answer.kind !== "answer") return this.busy(answer.reason, null);
    const { status } = answer;
    if (status === 429 || status === 408 || status >= 500)
      return this.busy(`it answers HTTP ${status}`, retryAfterMs(answer.headers.get("retry-after"), answer.headers.get("date"), now()));
    cookies.take(answer, now());
    return answer;
  }

  private exchangeOf(path: string, headers: Readonly<Record<string, string>>, body: string, cookies: Cookies): Exchange {
    const { base } = this.context;
    const cookie = cookies.header();
    return {
      method: "POST",
      origin: base.origin,
      path: `${base.pathname.replace(/\/$/, "")}${path}`,
      headers: { accept: "application/json", "user-agent": "erp-sync", ...headers, ...(cookie === null ? {} : { cookie }) },
      body,
    };
  }

  private checkLogin(answer: Answer, cookies: Cookies): void {
    const { whole } = readAnswer(answer);
    const body = whole !== undefined && whole !== null && isObject(whole) ? whole : null;
    const result = textOf(body?.get("LoginResultType"));
    if (answer.status !== 200 || body === null) this.refuse(`HTTP ${answer.status} without a login result`);
    if (result !== "1") this.refuse(`${textOf(body?.get("Message")) ?? "without a word"} [LoginResultType ${result ?? "missing"}]`);
    const id = textOf(body?.get("KDSVCSessionId"));
    if (id !== null && id !== "" && cookies.get(SESSION_COOKIE) === null) cookies.set(SESSION_COOKIE, id);
    if (cookies.header() === null) this.refuse("it lets us in and names no session");
  }

  private checkOrganisation(answer: Answer, organisation: string): void {
    const status = statusOf(readAnswer(answer).whole);
    if (answer.status !== 200) this.refuse(`organisation \`${organisation}\`: HTTP ${answer.status}`);
    if (status !== null && !status.isSuccess) this.refuse(`organisation \`${organisation}\`: ${wordsOf(status)}`);
  }

  private busy(reason: string, wait: number | null): Extract<Granted, { kind: "busy" }> {
    const message = `${this.context.base.host} did not sign us in: ${reason}; nothing else was sent`;
    return { kind: "busy", problem: problem("TARGET_BUSY", message), retryAfterMs: wait };
  }

  private refuse(found: string): never {
    const { base, redaction } = this.context;
    const message = `${base.host} does not let us in (${this.options.operation}): ${redaction.show(found)}`;
    this.refused = new ProblemError(
      problem("TARGET_SIGN_IN", message, [], "check `sign_in`, `account_set`, `user` and the secrets of the connection"),
    );
    throw this.refused;
  }
}

export function isSignedOut(answer: Answer): boolean {
  if (answer.status === 401) return true;
  // Only an answer that is short can be this one; a page of rows is not parsed twice.
  return answer.status === 200 && answer.body.length < 20_000 && isSessionLost(readAnswer(answer).whole);
}
