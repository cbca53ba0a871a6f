import { isLoopback } from "../model/loopback.js";

type Options = Readonly<Record<string, unknown>>;

/**
 * To which other hosts the options of a connection, or of a channel, let everything travel readable. Every connector is encrypted unless its
 * options say `insecure: true`; what they then say of the way there has the same names everywhere. A proxy sees the host, and without TLS
 * its own password travels readable too.
 */
export function plainWays(options: unknown): string[] {
  return [...new Set(waysIn(options))];
}

function waysIn(value: unknown): string[] {
  if (Array.isArray(value)) return value.flatMap(waysIn);
  if (!isOptions(value)) return [];
  const own = value["insecure"] === true ? [...plainAddresses(value), ...plainHost(value)] : [];
  return [...own, ...plainProxy(value["proxy"]), ...Object.values(value).flatMap(waysIn)];
}

function plainAddresses(options: Options): string[] {
  return Object.values(options).flatMap((value) => plainAddress(value));
}

/** Only the host is told: keys are pasted into addresses. */
function plainAddress(value: unknown): string[] {
  if (typeof value !== "string" || !/^http:\/\//i.test(value) || !URL.canParse(value)) return [];
  const { host, hostname } = new URL(value);
  return isLoopback(hostname) ? [] : [host];
}

/** A database, a mail server or an FTP server; TLS that is spoken from the first byte is there whatever else is said. */
function plainHost({ host, mode, security }: Options): string[] {
  if (typeof host !== "string" || isLoopback(host)) return [];
  const isEncrypted = mode === "implicit" || security === "tls" || security === "starttls";
  return isEncrypted ? [] : [host];
}

function plainProxy(proxy: unknown): string[] {
  if (!isOptions(proxy) || proxy["password"] === undefined) return [];
  return plainAddress(proxy["url"]).map((host) => `${host} (the password of the proxy)`);
}

function isOptions(value: unknown): value is Options {
  return typeof value === "object" && value !== null;
}

/** Files that hold keys of ours, as connectors call the options that name them. */
const KEY_FILES: readonly string[] = ["private_key", "key", "pfx"];

/** The files among the options that only we should be able to read. */
export function keyFiles(options: unknown): string[] {
  if (!isOptions(options)) return [];
  return Object.entries(options).flatMap(([name, value]) =>
    typeof value === "string" ? (KEY_FILES.includes(name) && value.startsWith("/") ? [value] : []) : keyFiles(value),
  );
}
