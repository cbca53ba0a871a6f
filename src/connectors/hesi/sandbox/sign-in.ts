import type { SandboxAnswer, SandboxCall } from "../../sandbox/contract.js";
import { bodyOf, error, maybe, ok, Refused, type Request, refused } from "./envelope.js";
import type { Token } from "./shapes.js";
import type { Tenant } from "./tenant.js";

/** Of no use anywhere else. */
export const CREDENTIALS = { appKey: "sandbox-key", appSecurity: "sandbox-secret" };

const LIFE_MS = 7_200_000;
const POWER_CODE = "219904";

function newToken(tenant: Tenant): Token {
  const now = tenant.now();
  for (const { accessToken, until } of tenant.tokens.all()) if (until <= now) tenant.tokens.delete(accessToken);
  const token = { accessToken: tenant.newId(), refreshToken: tenant.newId(), until: now + LIFE_MS, uses: 0 };
  tenant.tokens.put(token.accessToken, token);
  return token;
}

function pair(tenant: Tenant, { accessToken, refreshToken, until }: Token): SandboxAnswer {
  return ok({ value: { accessToken, refreshToken, expireTime: until, corporationId: tenant.corporationId } });
}

function isKnown(request: Request, ...secretNames: readonly string[]): boolean {
  const body = bodyOf(request);
  const isSecret = secretNames.some((name) => maybe(body, name) === CREDENTIALS.appSecurity);
  return maybe(body, "appKey") === CREDENTIALS.appKey && isSecret;
}

/** The usual way. The secret is called `appSecurity` there. */
export function signIn(tenant: Tenant, request: Request): SandboxAnswer {
  if (!isKnown(request, "appSecurity")) throw new Refused(403, "appKey或appSecurity错误");
  return pair(tenant, newToken(tenant));
}

/** Works only before the token ends; then both tokens of the old pair are of no use any more. */
export function refresh(tenant: Tenant, { query }: Request): SandboxAnswer {
  const token = liveToken(tenant, query);
  if (token === null || token.refreshToken !== query.get("refreshToken")) throw new Refused(403, "未授权");
  if (query.get("powerCode") !== POWER_CODE) throw new Refused(400, "参数powerCode无法识别");
  tenant.tokens.delete(token.accessToken);
  return pair(tenant, newToken(tenant));
}

/**
 * Errors are HTTP 200 with a code in the body. The reference does not name the fields of the request, so both names of the secret
 * are taken; `expiresTime` is milliseconds, and here since 1970 as `expireTime` of the usual way.
 */
export function signInV3(tenant: Tenant, request: Request): SandboxAnswer {
  if (!isKnown(request, "appSecurity", "appSecret"))
    return { ...ok({ code: "403", msg: "appKey或appSecret错误", data: null }), isRefusal: true };
  const { accessToken, refreshToken, until } = newToken(tenant);
  // It looks like a JWT; nobody can do more with one than send it back.
  const part = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString("base64url");
  const word = `${part({ alg: "HS256", typ: "JWT" })}.${part({ jti: accessToken })}.${part(accessToken)}`;
  tenant.tokens.put(word, { accessToken: word, refreshToken, until, uses: 0 });
  tenant.tokens.delete(accessToken);
  return ok({
    code: "200",
    msg: "success",
    data: { corpId: tenant.corporationId, accessToken: word, refreshToken, expiresTime: until, scope: "tenant" },
  });
}

/** For self-built apps: the table of the documentation says `appSecret`, its example `appSecurity`; a failure is HTTP 200. */
export function signInApp(tenant: Tenant, request: Request): SandboxAnswer {
  if (!isKnown(request, "appSecret", "appSecurity")) return { ...ok({ errcode: 500, errmsg: "appKey或appSecret错误" }), isRefusal: true };
  return ok({ value: { accessToken: newToken(tenant).accessToken, timeout: LIFE_MS / 1000 } });
}

/** Which host the tenant lives on; asked without a token. */
export function location(tenant: Tenant, { query, call }: Request): SandboxAnswer {
  if (query.get("corpId") !== tenant.corporationId) throw new Refused(412, "企业不存在");
  return ok({ value: `http://${call.headers["host"] ?? ""}/` });
}

function liveToken(tenant: Tenant, query: URLSearchParams): Token | null {
  const token = tenant.tokens.get(query.get("accessToken") ?? "");
  return token !== null && token.until > tenant.now() ? token : null;
}

/** Null where the call may go on. The token stands in the query and nowhere else. */
export function notSignedIn(tenant: Tenant, query: URLSearchParams): SandboxAnswer | null {
  const token = liveToken(tenant, query);
  if (token === null) return refused(new Refused(403, "未授权"));
  if (token.uses === 0) tenant.tokens.put(token.accessToken, { ...token, uses: 1 });
  return null;
}

/** As older releases: the first call with a new token is refused, the second one is not. */
export function refuseFreshTokens(tenant: Tenant): (call: SandboxCall) => SandboxAnswer | null {
  return ({ query }) => {
    const token = liveToken(tenant, query);
    if (token === null || token.uses > 0) return null;
    tenant.tokens.put(token.accessToken, { ...token, uses: 1 });
    return { ...error(403, "未授权"), isRefusal: true };
  };
}
