import { createHash } from "node:crypto";
import type { SandboxAnswer, SandboxCall } from "../../sandbox/contract.js";
import { ok, statusOf } from "./answers.js";
import type { Json, JsonObject } from "./exact-json.js";
import { memberOf, parametersOf } from "./request.js";
import type { Settings } from "./settings.js";
import { type Application, apiSignature, appSignature, isSame, loginSign } from "./signatures.js";
import { plainText } from "./texts.js";

/** What a client signs in with. It is the same in every stand-in and of no use anywhere else. */
export const ACCOUNT_SET = "63f1d2a4b5c6d7";
export const ACCOUNT_SET_NAME = "示例账套";
export const USER = "demo";
export const PASSWORD = "demo-password";
export const APPLICATION: Application = { id: `200000_${"A".repeat(32)}`, secret: "appsecret01" };

/** A session without a call for so long is over. */
const IDLE_MS = 20 * 60_000;
const SESSION_COOKIE = "kdservice-sessionid";
const SERVER_COOKIE = "ASP.NET_SessionId";

export interface Session {
  readonly id: string;
  /** The second cookie; changing the organisation gives a new one. */
  serverId: string;
  organisation: string;
  readonly user: string;
  readonly since: number;
  lastUsed: number;
}

/** Who calls: a session, or nobody's session but a signed request. */
export interface Caller {
  readonly session: Session | null;
  /** Number of the organisation; `0` is the default one. */
  readonly organisation: string;
}

type LoginName = "ValidateUser" | "LoginByAppSecret" | "LoginBySign";

export function isLogin(operation: string): operation is LoginName {
  return operation === "ValidateUser" || operation === "LoginByAppSecret" || operation === "LoginBySign";
}

/** The sessions of the application server. They are in its memory: a restart ends them. */
export class Sessions {
  private readonly open = new Map<string, Session>();
  private given = 0;

  constructor(
    private readonly now: () => Date,
    private readonly seed: number,
  ) {}

  /** Signs in. A refusal is an answer like any other, in HTTP 200. */
  login(operation: LoginName, body: JsonObject, settings: Settings): SandboxAnswer {
    const refusal = refusalOf(operation, body);
    if (refusal !== null) return loginRefused(refusal);
    this.dropIdle();
    if (this.open.size >= settings.mostSessions) return loginRefused(`在线会话数已达上限${settings.mostSessions}，请稍后再试`);
    const at = this.now().getTime();
    const session: Session = { id: this.newId(), serverId: this.newId(), organisation: "0", user: USER, since: at, lastUsed: at };
    this.open.set(session.id, session);
    const answer = ok({
      LoginResultType: 1,
      Message: null,
      IsSuccessByAPI: true,
      KDSVCSessionId: session.id,
      Context: { SessionId: session.serverId, UserName: USER, DataCenterName: ACCOUNT_SET_NAME, UserToken: this.newId() },
    });
    const cookies = [`${SESSION_COOKIE}=${session.id}; path=/`, serverCookie(session)];
    return { ...answer, headers: { ...answer.headers, "Set-Cookie": cookies } };
  }

  /** Ends the session of the cookies. That it says whether there was one is not in the reference. */
  logout(call: SandboxCall): SandboxAnswer {
    return ok(this.open.delete(cookiesOf(call).get(SESSION_COOKIE) ?? ""));
  }

  /** The caller of a request, by its signature or its cookies; null when it has neither, `refused` with the reason otherwise. */
  callerOf(call: SandboxCall, settings: Settings): Caller | { readonly refused: string } | null {
    if (call.headers["x-kd-appkey"] !== undefined) return signedCaller(call, settings);
    this.dropIdle();
    const cookies = cookiesOf(call);
    const session = this.open.get(cookies.get(SESSION_COOKIE) ?? "");
    const server = cookies.get(SERVER_COOKIE);
    if (session === undefined || (server !== undefined && server !== session.serverId)) return null;
    session.lastUsed = this.now().getTime();
    return { session, organisation: session.organisation };
  }

  /** Changes the organisation of a session. Only the second cookie is new: a client must add it to the first. */
  switchOrganisation(session: Session, number: string): SandboxAnswer {
    session.organisation = number;
    session.serverId = this.newId();
    const answer = ok({ Result: { ResponseStatus: statusOf([], { textIds: true }) } });
    return { ...answer, headers: { ...answer.headers, "Set-Cookie": [serverCookie(session)] } };
  }

  expire(): void {
    this.open.clear();
  }

  all(): readonly Session[] {
    this.dropIdle();
    return [...this.open.values()];
  }

  private dropIdle(): void {
    const at = this.now().getTime();
    for (const session of this.open.values()) if (at - session.lastUsed > IDLE_MS) this.open.delete(session.id);
  }

  private newId(): string {
    this.given += 1;
    return createHash("sha256").update(`${this.seed} ${this.now().getTime()} ${this.given}`).digest("hex").slice(0, 32);
  }
}

const serverCookie = (session: Session): string => `${SERVER_COOKIE}=${session.serverId}; path=/; HttpOnly`;

/** `LoginResultType` 1 is the only one that means success; what a refusal has instead is not established. */
function loginRefused(message: string): SandboxAnswer {
  return { ...ok({ LoginResultType: 0, Message: message, IsSuccessByAPI: false, KDSVCSessionId: null, Context: null }), isRefusal: true };
}

function refusalOf(operation: LoginName, body: JsonObject): string | null {
  const sent = (parametersOf(body) ?? namedFields(operation, body)).map(plainText);
  const [account = "", user = "", third = "", fourth = "", fifth = ""] = sent;
  if (account !== ACCOUNT_SET) return "数据中心不存在";
  if (operation === "ValidateUser") return user === USER && isSame(third, PASSWORD) ? null : "用户名或密码错误";
  if (third !== APPLICATION.id) return "第三方应用未注册";
  if (operation === "LoginByAppSecret") {
    if (!isSame(fourth, APPLICATION.secret)) return "应用密钥错误";
  } else if (!/^\d+$/.test(fourth) || !isSame(fifth, loginSign(account, user, APPLICATION, fourth))) return "签名错误";
  return user === USER ? null : `第三方应用“${APPLICATION.id}”不允许用户“${user}”登录`;
}

/** What is also taken with named fields, as form fields or as members of JSON (both seen in clients). */
const NAMED: Readonly<Record<LoginName, readonly string[]>> = {
  ValidateUser: ["acctid", "username", "password", "lcid"],
  LoginByAppSecret: ["acctid", "username", "appid", "appsecret", "lcid"],
  LoginBySign: [],
};

function namedFields(operation: LoginName, body: JsonObject): readonly (Json | undefined)[] {
  return NAMED[operation].map((name) => memberOf(body, name));
}

function signedCaller(call: SandboxCall, settings: Settings): Caller | { readonly refused: string } {
  const header = (name: string): string => call.headers[name] ?? "";
  if (header("x-kd-appkey") !== APPLICATION.id) return { refused: "第三方应用未注册" };
  const appData = Buffer.from(header("x-kd-appdata"), "base64").toString("utf8");
  if (!isSame(header("x-kd-signature"), appSignature(APPLICATION, appData))) return { refused: "签名错误：X-Kd-Signature" };
  const [path = ""] = call.target.split("?");
  const expected = apiSignature(APPLICATION, path, header("x-api-nonce"), header("x-api-timestamp"));
  if (settings.checkApiSignature && !isSame(header("x-api-signature"), expected)) return { refused: "签名错误：X-Api-Signature" };
  const [account = "", user = "", , organisation = "0"] = appData.split(",");
  if (account !== ACCOUNT_SET) return { refused: "数据中心不存在" };
  if (user !== USER) return { refused: `第三方应用“${APPLICATION.id}”不允许用户“${user}”登录` };
  return { session: null, organisation };
}

function cookiesOf(call: SandboxCall): ReadonlyMap<string, string> {
  const parts = (call.headers["cookie"] ?? "").split(";").map((part) => part.trim().split("="));
  return new Map(parts.map(([name = "", ...value]) => [name, value.join("=")]));
}
