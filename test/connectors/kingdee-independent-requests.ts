import { createHmac } from "node:crypto";
import { isDeepStrictEqual } from "node:util";
import { APPLICATION } from "../../src/connectors/kingdee/sandbox/sign-in.js";
import type { Received } from "./http-setup.js";
import { type IndependentClient, operationOf } from "./kingdee-independent-client.js";

/** One part of a request, such as `header accept`, that the client writes otherwise than our connector does. */
export interface Difference {
  readonly operation: string;
  readonly part: string;
  readonly ours: unknown;
  readonly theirs: unknown;
}

/** A difference that is known and is none in meaning. */
interface Explained {
  readonly part: string;
  readonly why: string;
  /** Whether it is still the difference that was explained. */
  readonly isSo: (ours: Received, theirs: Received) => boolean;
}

const of = ({ headers }: Received, name: string): string => String(headers[name]);
const lengthOf = ({ body }: Received): string => String(Buffer.byteLength(body));
const isLogin = (one: Received): boolean => /\.AuthService\./.test(one.url);

const EVERYWHERE: readonly Explained[] = [
  {
    part: "path",
    why: "some operations are in lower case there; the names are those of the vendor here, and no case counts",
    isSo: (ours, theirs) => ours.url.toLowerCase() === theirs.url.toLowerCase() && /^(batchSave|delete)$/.test(operationOf(theirs)),
  },
  {
    part: "header user-agent",
    why: "each says its own name",
    isSo: (ours, theirs) => of(ours, "user-agent") === "erp-sync" && of(theirs, "user-agent").startsWith("Kingdee/Nodejs WebApi SDK"),
  },
  {
    part: "header accept-charset",
    why: "JSON is UTF-8, so that we do not ask for it",
    isSo: ({ headers }, theirs) => headers["accept-charset"] === undefined && of(theirs, "accept-charset") === "utf-8",
  },
  {
    part: "header accept-encoding",
    why: "its HTTP library unpacks answers; ours come as they are, and are measured as they come",
    isSo: ({ headers }, theirs) => headers["accept-encoding"] === undefined && of(theirs, "accept-encoding").startsWith("gzip, "),
  },
  {
    part: "header content-length",
    why: "we write `100.00` where JavaScript writes the number 100, and logins differ; each is the length of its own body",
    isSo: (ours, theirs) =>
      [ours, theirs].every((one) => of(one, "content-length") === lengthOf(one)) && (isLogin(ours) || /\.\d0\b/.test(ours.body)),
  },
];

/** Names and order of what the client sends at sign-in. */
const NAMED: Readonly<Record<string, readonly string[]>> = {
  ValidateUser: ["acctid", "username", "password", "lcid"],
  LoginByAppSecret: ["acctid", "username", "appid", "appsecret", "lcid"],
};
const cookieNames = (one: Received): readonly string[] =>
  of(one, "cookie")
    .split(";")
    .map((each) => each.trim().split("=")[0] ?? "")
    // It sends back whole Set-Cookie lines, with what is said of the cookies as if it were one.
    .filter((name) => name !== "path" && name !== "HttpOnly");

export const WITH_SESSIONS: readonly Explained[] = [
  ...EVERYWHERE,
  {
    part: "header cookie",
    why: "each has sessions of its own; the cookies are the same ones",
    isSo: (ours, theirs) => isDeepStrictEqual(cookieNames(ours), cookieNames(theirs)),
  },
  {
    part: "body",
    why: "at sign-in, named parameters there and a list here; values and order are the same",
    isSo: (ours, theirs) => {
      const named = JSON.parse(theirs.body) as Readonly<Record<string, unknown>>;
      const { parameters } = JSON.parse(ours.body) as { readonly parameters?: unknown };
      return isDeepStrictEqual(Object.keys(named), NAMED[operationOf(ours)]) && isDeepStrictEqual(Object.values(named), parameters);
    },
  },
];

export const SIGNED: readonly Explained[] = [
  ...EVERYWHERE,
  {
    part: "header x-api-timestamp",
    why: "seconds there; milliseconds here, as in the vendor's client for Java",
    isSo: (ours, theirs) => /^\d{13}$/.test(of(ours, "x-api-timestamp")) && /^\d{10}$/.test(of(theirs, "x-api-timestamp")),
  },
  {
    part: "header x-api-nonce",
    why: "the time once more there; random here, so that two requests of one moment differ",
    isSo: (ours, theirs) => of(theirs, "x-api-nonce") === of(theirs, "x-api-timestamp") && /^[1-9]\d{9}$/.test(of(ours, "x-api-nonce")),
  },
  {
    part: "header x-api-signheaders",
    why: "the same two names of headers, in lower case there; here as in the vendor's client for Java",
    isSo: (ours, theirs) => of(ours, "x-api-signheaders").toLowerCase() === of(theirs, "x-api-signheaders"),
  },
  {
    part: "header x-api-signature",
    why: "it takes another secret and signs another text than the vendor's client for Java, with which ours agrees (kingdee-sign-in.test.ts)",
    isSo: (_, theirs) => of(theirs, "x-api-signature") === theirApiSignature(theirs),
  },
];

/** The mask of app ids, as it stands in every client of this system. */
const MASK = "0054f397c6234378b09ca7d3e5debce7";

/**
 * `X-Api-Signature` as the client makes it. The vendor's takes the 32 characters of the mask as they are; this one takes them for hexadecimal digits of 16
 * bytes, and leaves what comes behind them. The vendor's signs the encoded path; this one the whole address, of which only the slashes are encoded.
 */
export function theirApiSignature(request: Received): string {
  const mask = Buffer.from(MASK, "hex");
  const hidden = Buffer.from(APPLICATION.id.slice(APPLICATION.id.indexOf("_") + 1), "base64");
  const secret = Buffer.from(hidden.map((byte, at) => byte ^ (mask[at] ?? 0))).toString("base64");
  const address = `http://${of(request, "host")}${request.url}`.replaceAll("/", "%2F");
  const text = `POST\n${address}\n\nx-api-nonce:${of(request, "x-api-nonce")}\nx-api-timestamp:${of(request, "x-api-timestamp")}\n`;
  return Buffer.from(createHmac("sha256", secret).update(text).digest("hex")).toString("base64");
}

/** Every part in which two requests differ: method, path, each header whatever the case of its name, and the body as JSON. */
export function differencesOf(ours: Received, theirs: Received): readonly Difference[] {
  const names = [...new Set([...Object.keys(ours.headers), ...Object.keys(theirs.headers)])].sort();
  const parts = [
    ["method", ours.method, theirs.method],
    ["path", ours.url, theirs.url],
    ...names.map((name) => [`header ${name}`, ours.headers[name], theirs.headers[name]] as const),
    ["body", JSON.parse(ours.body), JSON.parse(theirs.body)],
  ] as const;
  return parts
    .filter(([, one, other]) => !isDeepStrictEqual(one, other))
    .map(([part, one, other]) => ({ operation: operationOf(ours), part, ours: one, theirs: other }));
}

/** Splits differences into those that were explained and still are as explained, by part, and the others. */
export function judge(pairs: readonly (readonly [Received, Received])[], explained: readonly Explained[]) {
  const used = new Set<string>();
  const others: Difference[] = [];
  for (const [ours, theirs] of pairs) {
    for (const difference of differencesOf(ours, theirs)) {
      const known = explained.find(({ part }) => part === difference.part);
      if (known?.isSo(ours, theirs)) used.add(known.part);
      else others.push(difference);
    }
  }
  return { used: [...used].sort(), others };
}

type Sent = { readonly formid: string; readonly data: unknown };

/** The method of the client that makes the same call. */
const SAME: Readonly<Record<string, (client: IndependentClient, body: Sent) => Promise<unknown>>> = {
  ValidateUser: (client) => client.loginForPassword(),
  LoginByAppSecret: (client) => client.loginForSecret(),
  ExecuteBillQuery: (client, { data }) => client.executeBillQuery(data),
  BatchSave: (client, { formid, data }) => client.batchSave(formid, data),
  Submit: (client, { formid, data }) => client.submit(formid, data),
  Audit: (client, { formid, data }) => client.audit(formid, data),
  UnAudit: (client, { formid, data }) => client.unAudit(formid, data),
  Delete: (client, { formid, data }) => client.delete(formid, data),
};

/** What we send and the client has no method for. */
export const OURS_ALONE: Readonly<Record<string, string>> = {
  CancelAssign: "the client knows it as an ExcuteOperation only; both are seen in other clients",
  Logout: "the client leaves its sessions to end by themselves",
};

/** Has the client make the same call with the same data; false where it has no method for it. */
export async function repeat(client: IndependentClient, ours: Received): Promise<boolean> {
  const call = SAME[operationOf(ours)];
  await call?.(client, JSON.parse(ours.body) as Sent);
  return call !== undefined;
}
