import { resolve } from "node:path";
import { basicHeader } from "../header-text.js";
import { headerName, headerValue } from "../headers.js";
import type { Redaction } from "../redaction.js";
import type { Transport } from "../transport.js";
import { readUrl, refuseConnection } from "../url.js";
import { fixedSignIn, type Grant, type SignIn } from "./grant.js";
import { hmacGrant } from "./hmac.js";
import { KeptToken } from "./kept-token.js";
import { appGrant, clientOf, gatewayGrant } from "./kingdee.js";
import { OAuth2Endpoint } from "./oauth2.js";
import type { Auth, OAuth2Options, SignatureOptions, TokenOptions } from "./options.js";
import { RefreshTokenFile } from "./refresh-token-file.js";
import { TokenEndpoint } from "./token-endpoint.js";

export interface SignInOptions {
  readonly auth?: Auth | undefined;
  readonly insecure: boolean;
}

export interface SignInContext {
  /** Where the API begins. */
  readonly base: URL;
  readonly transport: Transport;
  readonly redaction: Redaction;
  readonly timeoutMs: number;
  readonly now: () => Date;
  readonly sleep: (ms: number) => Promise<void>;
}

/** Throws ProblemError when the options contradict each other. Nothing is sent. */
export function openSignIn({ auth = {}, insecure }: SignInOptions, context: SignInContext): SignIn {
  const given = Object.keys(auth).filter((name) => name !== "signature");
  if (given.length > 1) refuseConnection(`\`auth\` has ${given.map((name) => `\`${name}\``).join(" and ")}`, "keep one of them");
  const { redaction, now } = context;
  const signature = auth.signature === undefined ? null : signatureOf(auth.signature, redaction, now);
  if (signature !== null && given.length > 0 && auth.token === undefined)
    refuseConnection(`\`auth\` has \`signature\` and \`${given[0]}\``, "only `token` may stand beside `signature`");
  if (auth.token !== undefined) return tokenSignIn(auth.token, signature, insecure, context);
  if (signature !== null) return fixedSignIn(signature);
  const { basic, bearer, api_key: key, oauth2 } = auth;
  if (basic !== undefined) {
    redaction.hide(basic.password);
    // A colon would end the name (RFC 7617, 2), and the rest of it would be sent as a part of the password.
    if (basic.user.includes(":")) refuseConnection("`auth.basic.user` has a colon", "a user name cannot have one");
    const header = basicHeader(basic.user, basic.password);
    redaction.hide(header.slice("Basic ".length));
    return fixedSignIn({ headers: { authorization: header } });
  }
  if (bearer !== undefined) {
    redaction.hide(bearer.token);
    return fixedSignIn({ headers: { authorization: `Bearer ${headerValue("auth.bearer.token", bearer.token)}` } });
  }
  if (key !== undefined) {
    redaction.hide(key.value);
    if ((key.header === undefined) === (key.query === undefined))
      refuseConnection("`auth.api_key` needs either `header` or `query`", "say where the system looks for the key");
    if (key.query !== undefined) return fixedSignIn({ query: { [key.query]: key.value } });
    const name = headerName("auth.api_key.header", key.header ?? "");
    return fixedSignIn({ headers: { [name]: headerValue("auth.api_key.value", key.value) } });
  }
  return oauth2 === undefined ? fixedSignIn() : oauth2SignIn(oauth2, insecure, context);
}

function oauth2SignIn(options: OAuth2Options, insecure: boolean, { transport, redaction, timeoutMs, now, sleep }: SignInContext): SignIn {
  const { client_id: clientId, client_secret: clientSecret = null, refresh_token_file: file } = options;
  if (clientSecret === null && file === undefined)
    refuseConnection("`auth.oauth2` has no `client_secret`", "add it, or `refresh_token_file`");
  if (clientSecret !== null) {
    redaction.hide(clientSecret);
    redaction.hide(basicHeader(clientId, clientSecret).slice("Basic ".length));
  }
  const client = {
    tokenUrl: readUrl("auth.oauth2.token_url", options.token_url, insecure),
    clientId,
    clientSecret,
    scope: options.scope ?? null,
    audience: options.audience ?? null,
    sendIn: options.send_in,
  };
  // Another process holds the lock no longer than its call takes, and a little for the file.
  const refresh = file === undefined ? null : new RefreshTokenFile(resolve(file), timeoutMs + 5_000, { now, sleep }, redaction);
  const endpoint = new OAuth2Endpoint(client, refresh, transport, redaction, now);
  return new KeptToken(() => endpoint.fetch(), now);
}

/** Short ones are names and switches, and covering them would make every message unreadable. */
const SHORTEST_SECRET = 8;

function tokenSignIn(options: TokenOptions, signature: Grant | null, insecure: boolean, context: SignInContext): SignIn {
  const { base, transport, redaction, now } = context;
  const { query, headers, body, form, hmac } = options;
  for (const text of [...textsIn(query), ...textsIn(headers), ...textsIn(body), ...textsIn(form)])
    if (text.length >= SHORTEST_SECRET && !text.includes("$.")) redaction.hide(text);
  if (hmac !== undefined) redaction.hide(hmac.key);
  if (body !== undefined && form !== undefined) refuseConnection("`auth.token` has `body` and `form`", "keep one of them");
  const written = options.url.startsWith("/") ? `${base.origin}${base.pathname.replace(/\/$/, "")}${options.url}` : options.url;
  const url = readUrl("auth.token.url", written, insecure);
  const endpoint = new TokenEndpoint(options, {
    url,
    transport,
    redaction,
    now,
    sign: signature === null ? null : (each) => signed(each, signature),
  });
  const kept = new KeptToken(() => endpoint.fetch(), now);
  return signature === null ? kept : withSignature(kept, signature);
}

function textsIn(value: unknown): string[] {
  if (typeof value === "string") return [value];
  return typeof value === "object" && value !== null ? Object.values(value).flatMap(textsIn) : [];
}

type Exchange = Parameters<NonNullable<Grant["apply"]>>[0];

function signed(exchange: Exchange, signature: Grant): Exchange {
  const whole = { ...exchange, headers: { ...exchange.headers, ...signature.headers } };
  return signature.apply?.(whole) ?? whole;
}

/** A token that is sent with requests that are signed as well; the token belongs to what is signed. */
function withSignature(kept: SignIn, signature: Grant): SignIn {
  const origin = new WeakMap<Grant, Grant>();
  return {
    grant: async () => {
      const granted = await kept.grant();
      if (granted.kind === "busy") return granted;
      const { grant } = granted;
      const both: Grant = {
        headers: { ...grant.headers, ...signature.headers },
        query: grant.query,
        apply: (exchange) => {
          const carrying = grant.apply?.(exchange) ?? exchange;
          return signature.apply?.(carrying) ?? carrying;
        },
      };
      origin.set(both, grant);
      return { kind: "grant", grant: both };
    },
    isOver: (grant) => kept.isOver(origin.get(grant) ?? grant),
  };
}

function signatureOf(options: SignatureOptions, redaction: Redaction, now: () => Date): Grant {
  const given = Object.keys(options);
  if (given.length !== 1)
    refuseConnection("`auth.signature` needs one of `hmac`, `kingdee_gateway` and `kingdee_app`", "say how requests are signed");
  const { hmac, kingdee_gateway: gateway, kingdee_app: app } = options;
  if (hmac !== undefined) {
    redaction.hide(hmac.key);
    return hmacGrant(hmac, "auth.signature.hmac", now);
  }
  if (gateway !== undefined) {
    redaction.hide(gateway.client_secret);
    return gatewayGrant({ id: gateway.client_id, secret: gateway.client_secret }, now);
  }
  if (app === undefined) return refuseConnection("`auth.signature` is empty", "say how requests are signed");
  redaction.hide(app.app_secret);
  const client = clientOf(app.app_id);
  if (client === null)
    return refuseConnection("`auth.signature.kingdee_app.app_id` is none", "expected an id with one underscore, as the ERP shows it");
  redaction.hide(client.secret);
  return appGrant(app, client, now);
}
