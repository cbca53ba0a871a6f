import { Network, type NetworkOptions } from "../connectors/http/network.js";
import { Redaction } from "../connectors/http/redaction.js";
import { type Exchanged, Transport } from "../connectors/http/transport.js";
import { readUrl } from "../connectors/http/url.js";

export interface Reach {
  readonly ca?: string | undefined;
  readonly proxy?: NetworkOptions["proxy"];
  readonly insecure: boolean;
}

export interface Delivery {
  readonly method: "POST" | "PUT";
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** An answer longer than this is none of theirs. */
const MOST_ANSWER_BYTES = 65_536;

/** One address outside that metrics or traces go to. Nothing of an answer is ever shown but its status: it may echo what was sent with it. */
export class Outlet {
  private readonly transport: Transport;

  /** `timeoutMs`: for connecting, and again for the answer. Throws ProblemError for certificates or a proxy that cannot be used. */
  constructor({ ca, proxy }: Reach, timeoutMs: number) {
    this.transport = new Transport({ timeoutMs, maxResponseBytes: MOST_ANSWER_BYTES }, new Network({ ca, proxy }, new Redaction()));
  }

  send({ method, url, headers, body }: Delivery): Promise<Exchanged> {
    const given = Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]));
    return this.transport.send({
      method,
      origin: url.origin,
      path: `${url.pathname}${url.search}`,
      headers: { "user-agent": "erp-sync", connection: "close", ...given },
      body,
    });
  }

  close(): Promise<void> {
    return this.transport.close();
  }
}

/** The address with further segments before its query. Throws ProblemError that holds nothing of an address that cannot be used. */
export function addressOf(option: string, written: string, insecure: boolean, ...segments: readonly string[]): URL {
  const url = readUrl(option, written, insecure);
  if (segments.length > 0) url.pathname = `${url.pathname.replace(/\/+$/, "")}/${segments.join("/")}`;
  return url;
}
