import { createHmac, randomInt } from "node:crypto";
import { encodeHeader } from "../header-text.js";
import { headerName } from "../headers.js";
import { compileParameter, compileText } from "../template.js";
import type { Exchange } from "../transport.js";
import type { Shape, View } from "../view.js";
import type { Grant } from "./grant.js";

export interface HmacOptions {
  readonly key: string;
  readonly text: string;
  readonly encoding: "base64" | "hex" | "base64 of hex";
  readonly timestamp: "ms" | "s";
}

export interface SignedWith extends HmacOptions {
  readonly headers?: Readonly<Record<string, string>> | undefined;
  readonly query?: Readonly<Record<string, string>> | undefined;
}

/** What can be signed; what comes of it is `signature`. */
const names = (...more: readonly string[]): Shape => ({
  kind: "object",
  names: Object.fromEntries(["timestamp", "nonce", ...more].map((name) => [name, { kind: "value" }])),
});
export const SIGNED_SHAPE = names("signature");
const REQUEST = ["method", "path", "query", "body"];

/** HMAC (RFC 2104) with SHA-256. */
export function hmacSha256(key: string, text: string, encoding: HmacOptions["encoding"]): string {
  const digest = createHmac("sha256", key).update(text).digest();
  if (encoding === "base64 of hex") return Buffer.from(digest.toString("hex")).toString("base64");
  return digest.toString(encoding);
}

export interface Moment {
  readonly timestamp: string;
  readonly nonce: string;
}

export function momentOf(now: Date, unit: "ms" | "s"): Moment {
  const ms = now.getTime();
  return { timestamp: String(unit === "ms" ? ms : Math.floor(ms / 1000)), nonce: String(randomInt(1_000_000_000, 10_000_000_000)) };
}

/** Signs what belongs to no request, such as a key and the time. Throws ProblemError for a template that cannot be used. */
export function compileSigned(options: HmacOptions, where: string): (now: Date) => { readonly [name: string]: View } {
  const text = compileText(options.text, names(), `${where}.text`, (value) => value);
  return (now) => {
    const moment = momentOf(now, options.timestamp);
    return { ...moment, signature: hmacSha256(options.key, text({ ...moment }), options.encoding) };
  };
}

/** Signs each request as the options say. Throws ProblemError for a template that cannot be used. */
export function hmacGrant(options: SignedWith, where: string, now: () => Date): Grant {
  const text = compileText(options.text, names(...REQUEST), `${where}.text`, (value) => value);
  const headers = Object.entries(options.headers ?? {}).map(
    ([name, value]) =>
      [headerName(`${where}.headers`, name), compileText(value, SIGNED_SHAPE, `${where}.headers.${name}`, encodeHeader)] as const,
  );
  const query = Object.entries(options.query ?? {}).map(
    ([name, value]) => [name, compileParameter(value, SIGNED_SHAPE, `${where}.query.${name}`)] as const,
  );
  return {
    headers: {},
    query: {},
    apply: (exchange) => {
      const { method, body } = exchange;
      const [path = "", parameters = ""] = cut(exchange.path);
      const moment = momentOf(now(), options.timestamp);
      const signature = hmacSha256(options.key, text({ ...moment, method, path, query: parameters, body: body ?? "" }), options.encoding);
      const signed = { ...moment, signature };
      const added = query.map(([name, write]) => [name, write(signed) ?? ""] as const);
      return withParts(exchange, Object.fromEntries(headers.map(([name, write]) => [name, write(signed)])), added);
    },
  };
}

/** A path and its query, without the question mark. */
export function cut(path: string): readonly [string, string] {
  const at = path.indexOf("?");
  return at === -1 ? [path, ""] : [path.slice(0, at), path.slice(at + 1)];
}

export function withParts(
  exchange: Exchange,
  headers: Readonly<Record<string, string>>,
  query: readonly (readonly [string, string])[],
): Exchange {
  const added = query.map(([name, value]) => `${encodeURIComponent(name)}=${encodeURIComponent(value)}`).join("&");
  const path = added === "" ? exchange.path : `${exchange.path}${exchange.path.includes("?") ? "&" : "?"}${added}`;
  return { ...exchange, path, headers: { ...exchange.headers, ...headers } };
}
