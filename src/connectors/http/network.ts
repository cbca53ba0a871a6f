import { readFileSync } from "node:fs";
import { createSecureContext } from "node:tls";
import { type Dispatcher, Pool, ProxyAgent } from "undici";
import { basicHeader } from "./header-text.js";
import type { Redaction } from "./redaction.js";
import { refuseConnection } from "./url.js";

export interface NetworkOptions {
  readonly ca?: string | undefined;
  readonly certificate?:
    | {
        readonly cert?: string | undefined;
        readonly key?: string | undefined;
        readonly pfx?: string | undefined;
        readonly passphrase?: string | undefined;
      }
    | undefined;
  readonly proxy?: { readonly url: string; readonly user?: string | undefined; readonly password?: string | undefined } | undefined;
}

interface Tls {
  ca?: Buffer;
  cert?: Buffer;
  key?: Buffer;
  pfx?: Buffer;
  passphrase?: string;
}

/** Connecting takes longer than this only where nobody will answer. */
const MOST_CONNECT_MS = 10_000;

/** How a host is reached: with which certificates, and through which proxy. Nothing of it is taken from the environment. */
export class Network {
  private readonly tls: Tls;
  private readonly proxy: { readonly uri: string; readonly token: string | null } | null;

  /** Throws ProblemError for certificates that cannot be used. */
  constructor({ ca, certificate = {}, proxy }: NetworkOptions, redaction: Redaction) {
    const { cert, key, pfx, passphrase } = certificate;
    if (passphrase !== undefined) redaction.hide(passphrase);
    if ((cert === undefined) !== (key === undefined))
      refuseConnection("`certificate` needs both `cert` and `key`", "or `pfx`, which holds both");
    if (pfx !== undefined && cert !== undefined) refuseConnection("`certificate` has `pfx` and `cert`", "keep one of them");
    this.tls = {};
    if (ca !== undefined) this.tls.ca = fileAt("ca", ca);
    if (cert !== undefined) this.tls.cert = fileAt("certificate.cert", cert);
    if (key !== undefined) this.tls.key = fileAt("certificate.key", key);
    if (pfx !== undefined) this.tls.pfx = fileAt("certificate.pfx", pfx);
    if (passphrase !== undefined) this.tls.passphrase = passphrase;
    checkTls(this.tls);
    this.proxy = proxy === undefined ? null : proxyOf(proxy, redaction);
  }

  /** A pool of kept connections to one host. */
  poolOf(origin: string, timeoutMs: number): Dispatcher {
    const connectTimeout = Math.min(timeoutMs, MOST_CONNECT_MS);
    // Without pipelining no request waits behind another, so none is ever written a second time.
    const options = { pipelining: 1, allowH2: false } as const;
    if (this.proxy === null) return new Pool(origin, { ...options, connectTimeout, connect: this.tls });
    const { uri, token } = this.proxy;
    return new ProxyAgent({
      ...options,
      uri,
      ...(token === null ? {} : { token }),
      requestTls: { ...this.tls, timeout: connectTimeout },
      proxyTls: { timeout: connectTimeout, ...(this.tls.ca === undefined ? {} : { ca: this.tls.ca }) },
      // A proxy that takes the connection and then says nothing must not hold a run.
      clientFactory: (url, given) => new Pool(url, { ...given, headersTimeout: connectTimeout }),
    });
  }
}

function fileAt(option: string, path: string): Buffer {
  try {
    return readFileSync(path);
  } catch (error) {
    const code = error instanceof Error && "code" in error ? String(error.code) : "unknown";
    return refuseConnection(`\`${option}\`: the file cannot be read (${code})`, `check ${path}`);
  }
}

function checkTls(tls: Tls): void {
  try {
    createSecureContext(tls);
  } catch (error) {
    // The library's words say which of them it is, and nothing of what is in them.
    const words = error instanceof Error ? error.message.replace(/^error:[0-9A-F]+:/, "") : "unknown";
    refuseConnection(
      `the certificates cannot be used: ${words}`,
      "check `ca` and `certificate`: PEM files, or `pfx`, and the `passphrase`",
    );
  }
}

function proxyOf({ url, user, password }: NonNullable<NetworkOptions["proxy"]>, redaction: Redaction) {
  const parsed = URL.canParse(url) ? new URL(url) : null;
  if (parsed === null || (parsed.protocol !== "http:" && parsed.protocol !== "https:"))
    return refuseConnection("`proxy.url` is not a URL", "expected one such as `http://proxy.example.com:3128`");
  if (parsed.username !== "" || parsed.password !== "")
    refuseConnection("`proxy.url` holds a user name or a password", "move them to `proxy.user` and `proxy.password`");
  if ((user === undefined) !== (password === undefined))
    refuseConnection("`proxy` needs both `user` and `password`, or neither", "add the other one");
  if (user === undefined || password === undefined) return { uri: parsed.origin, token: null };
  redaction.hide(password);
  const token = basicHeader(user, password);
  redaction.hide(token.slice("Basic ".length));
  return { uri: parsed.origin, token };
}
