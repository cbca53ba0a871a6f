import type { Exchange } from "../transport.js";
import type { Grant } from "./grant.js";
import { cut, hmacSha256, type Moment, momentOf, withParts } from "./hmac.js";

export interface GatewayClient {
  readonly id: string;
  readonly secret: string;
}

/**
 * The headers by which the API gateway of Kingdee knows a request: method, encoded path, sorted query (each value encoded twice), nonce and time,
 * signed with HMAC-SHA256; the signature is the base64 of the hexadecimal text. As the vendor's SDKs for K3Cloud and 云星辰 (open.jdy.com) do it.
 */
export function gatewayHeaders(client: GatewayClient, method: string, path: string, { timestamp, nonce }: Moment): Record<string, string> {
  const [bare, query] = cut(path);
  const sorted = [...new URLSearchParams(query)]
    .sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0))
    .map(([name, value]) => `${name}=${encodeURIComponent(encodeURIComponent(value))}`)
    .join("&");
  // A template would hide that the last line ends as well.
  const text = `${[method, encodeURIComponent(bare), sorted, `x-api-nonce:${nonce}`, `x-api-timestamp:${timestamp}`].join("\n")}\n`;
  return {
    "x-api-clientid": client.id,
    "x-api-auth-version": "2.0",
    "x-api-timestamp": timestamp,
    "x-api-nonce": nonce,
    "x-api-signheaders": "X-Api-TimeStamp,X-Api-Nonce",
    "x-api-signature": hmacSha256(client.secret, text, "base64 of hex"),
  };
}

export function gatewayGrant(client: GatewayClient, now: () => Date): Grant {
  const apply = (exchange: Exchange): Exchange =>
    withParts(exchange, gatewayHeaders(client, exchange.method, exchange.path, momentOf(now(), "ms")), []);
  return { headers: {}, query: {}, apply };
}

export interface AppOptions {
  readonly app_id: string;
  readonly app_secret: string;
  readonly account: string;
  readonly user: string;
  readonly organisation: string;
  /** Locale id of Windows; 2052 is Chinese. */
  readonly language?: number;
}

/** What the SDKs mix the second half of an app id with. It stands in each of them, and keeps nothing secret. */
const MIX = "0054f397c6234378b09ca7d3e5debce7";

/** The gateway client that an app id of K3Cloud stands for; null where it is none. */
export function clientOf(appId: string): GatewayClient | null {
  const [id = "", mixed = "", ...rest] = appId.split("_");
  if (id === "" || mixed === "" || rest.length > 0) return null;
  const bytes = Buffer.from(mixed, "base64").map((byte, index) => byte ^ MIX.charCodeAt(index % MIX.length));
  return { id, secret: Buffer.from(bytes).toString("base64") };
}

/** The headers by which K3Cloud knows the app, the account set and the user. */
export function appHeaders({
  app_id: appId,
  app_secret: secret,
  account,
  user,
  organisation,
  language = 2052,
}: AppOptions): Record<string, string> {
  const data = `${account},${user},${language},${organisation}`;
  return {
    "x-kd-appkey": appId,
    "x-kd-appdata": Buffer.from(data).toString("base64"),
    "x-kd-signature": hmacSha256(secret, `${appId}${data}`, "base64 of hex"),
  };
}

/** Third-party apps of K3Cloud: requests are signed, and nobody signs in. */
export function appGrant(options: AppOptions, client: GatewayClient, now: () => Date): Grant {
  const gateway = gatewayGrant(client, now);
  return { ...gateway, headers: appHeaders(options) };
}
