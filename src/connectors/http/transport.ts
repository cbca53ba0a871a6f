import type { Dispatcher } from "undici";
import type { Observer } from "../../model/observer.js";
import { certificateReason } from "./certificate.js";
import type { Network } from "./network.js";

export interface Exchange {
  readonly method: string;
  readonly origin: string;
  /** With the query, encoded. */
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | null;
  /** What whoever listens is told that is asked; signing in where it is left out. It must hold nothing of a document and no secret. */
  readonly name?: string;
  /** From 1; more where a question is asked again. */
  readonly attempt?: number;
}

export interface Answer {
  readonly kind: "answer";
  readonly status: number;
  /** Names in lower case. Of a header that came several times the values are joined by commas, those of `set-cookie` by line breaks. */
  readonly headers: ReadonlyMap<string, string>;
  readonly body: Buffer;
}

/** `not sent`: certainly no byte of the request left. `no answer`: it may have been read and acted upon. */
export type Exchanged =
  | Answer
  | { readonly kind: "not sent"; readonly reason: string; readonly lacks?: Lack }
  | { readonly kind: "no answer"; readonly reason: string; readonly limit?: Limit | undefined };

/** What a server lacks that no repeat gives it: a name that can be looked up, or a certificate that proves who it is. */
export interface Lack {
  readonly of: "name" | "certificate";
  /** The host that it is about, which can be a proxy. */
  readonly host: string;
}

/** Which of our own limits ended an exchange: a smaller question may stay within it. */
export type Limit = "time" | "size";

export interface TransportLimits {
  /** From the first byte sent to the last byte received. */
  readonly timeoutMs: number;
  readonly maxResponseBytes: number;
}

/**
 * Sends each request at most once, over one pool of kept connections for each origin. Redirects are answers like any other: they are
 * never followed.
 */
export class Transport {
  private readonly pools = new Map<string, Dispatcher>();

  constructor(
    private readonly limits: TransportLimits,
    private readonly network: Network,
    protected readonly observer?: Observer | undefined,
  ) {}

  send(exchange: Exchange): Promise<Exchanged> {
    return this.observer === undefined ? this.dispatch(exchange) : this.told(exchange, this.observer);
  }

  private async told(exchange: Exchange, observer: Observer): Promise<Exchanged> {
    const number = observer.next();
    const { method, origin, name = "sign in", attempt = 1 } = exchange;
    // What people write in a path may go on with a query, and that may hold anything.
    const asked = name.replace(/\?.*$/s, "");
    observer.tell({ kind: "exchange started", exchange: number, call: null, method, host: new URL(origin).host, name: asked, attempt });
    const traceparent = observer.traceparent?.(number);
    const headers = traceparent === undefined ? exchange.headers : { ...exchange.headers, traceparent };
    const exchanged = await this.dispatch({ ...exchange, headers });
    observer.tell({ kind: "exchange ended", exchange: number, answer: exchanged.kind === "answer" ? exchanged.status : exchanged.kind });
    return exchanged;
  }

  private dispatch(exchange: Exchange): Promise<Exchanged> {
    const pool = this.poolOf(exchange.origin);
    return new Promise((resolve) => {
      const { method, path, headers, body } = exchange;
      pool.dispatch(
        { origin: exchange.origin, method, path, headers: { ...headers }, body, headersTimeout: 0, bodyTimeout: 0 },
        new OneExchange(this.limits, new URL(exchange.origin).hostname, resolve),
      );
    });
  }

  /** Waits for what is under way. */
  async close(): Promise<void> {
    await Promise.all([...this.pools.values()].map((pool) => pool.close()));
    this.pools.clear();
  }

  private poolOf(origin: string): Dispatcher {
    let pool = this.pools.get(origin);
    if (pool === undefined) {
      pool = this.network.poolOf(origin, this.limits.timeoutMs);
      this.pools.set(origin, pool);
    }
    return pool;
  }
}

/**
 * Watches one request. undici calls `onRequestStart` right before it writes to a connected socket, and finds out before that whether a kept
 * connection was closed meanwhile: until then a failure is certainly `not sent`. After it nobody can know how much the other side has read,
 * not even when the socket turns out to have been dead, because the same error comes from a server that booked and then went away.
 */
class OneExchange implements Dispatcher.DispatchHandler {
  private hasStarted = false;
  private timer: NodeJS.Timeout | undefined;
  private status = 0;
  private headers: ReadonlyMap<string, string> = new Map();
  private readonly chunks: Buffer[] = [];
  private bytes = 0;

  constructor(
    private readonly limits: TransportLimits,
    private readonly host: string,
    private readonly resolve: (exchanged: Exchanged) => void,
  ) {}

  onRequestStart(controller: Dispatcher.DispatchController): void {
    if (this.hasStarted) {
      controller.abort(new Stopped("it would have been sent a second time"));
      return;
    }
    this.hasStarted = true;
    this.timer = setTimeout(() => {
      controller.abort(new Stopped(`no complete answer within ${this.limits.timeoutMs} ms`, "time"));
    }, this.limits.timeoutMs);
  }

  onResponseStart(_: Dispatcher.DispatchController, status: number, headers: Record<string, string | string[] | undefined>): void {
    this.status = status;
    this.headers = new Map(
      Object.entries(headers).flatMap(([name, value]) =>
        value === undefined ? [] : [[name.toLowerCase(), Array.isArray(value) ? value.join(separatorOf(name)) : value]],
      ),
    );
  }

  onResponseData(controller: Dispatcher.DispatchController, chunk: Buffer): void {
    this.bytes += chunk.length;
    if (this.bytes > this.limits.maxResponseBytes) {
      controller.abort(new Stopped(`the answer is longer than ${this.limits.maxResponseBytes} bytes`, "size"));
      return;
    }
    this.chunks.push(chunk);
  }

  onResponseEnd(): void {
    clearTimeout(this.timer);
    this.resolve({ kind: "answer", status: this.status, headers: this.headers, body: Buffer.concat(this.chunks, this.bytes) });
  }

  onResponseError(_: Dispatcher.DispatchController, error: Error): void {
    clearTimeout(this.timer);
    if (codeOf(error) === "UND_ERR_INVALID_ARG") throw error;
    const reason = reasonOf(error, this.hasStarted);
    const limit = error instanceof Stopped ? error.limit : undefined;
    const lacks = lackOf(error, this.host);
    if (this.hasStarted) this.resolve({ kind: "no answer", reason, limit });
    else this.resolve({ kind: "not sent", reason, ...(lacks === null ? {} : { lacks }) });
  }
}

/** A cookie may hold a comma, so that commas cannot part them (RFC 9110, 5.3). */
function separatorOf(name: string): string {
  return name.toLowerCase() === "set-cookie" ? "\n" : ", ";
}

/** A reason of our own to give up; its message is made to be shown. */
class Stopped extends Error {
  constructor(
    reason: string,
    readonly limit?: Limit,
  ) {
    super(reason);
  }
}

const REASONS: Readonly<Record<string, string>> = {
  ECONNREFUSED: "the connection was refused",
  ENOTFOUND: "the host name is not known",
  EAI_AGAIN: "the host name cannot be looked up now",
  EHOSTUNREACH: "the host cannot be reached",
  ENETUNREACH: "the network cannot be reached",
  ECONNRESET: "the connection was reset",
  EPIPE: "the connection was closed while the request was sent",
  UND_ERR_SOCKET: "the connection was closed before the answer was complete",
  UND_ERR_CONNECT_TIMEOUT: "no connection came about in time",
  UND_ERR_RES_CONTENT_LENGTH_MISMATCH: "the answer was cut short",
};

/** In our words and the code: the texts of system errors name addresses, those of TLS whole certificates. */
function reasonOf(error: Error, hasStarted: boolean): string {
  if (error instanceof Stopped) return error.message;
  const code = codeOf(error);
  const known = certificateReason(error) ?? (REASONS[code] === undefined ? undefined : `${REASONS[code]} (${code})`);
  if (known !== undefined) return known;
  const proxied = /^Proxy response \((\d{3})\)/.exec(error.message)?.[1];
  if (proxied !== undefined) return `the proxy does not let us through (HTTP ${proxied})`;
  if (code.startsWith("HPE_")) return `the answer is not HTTP (${code})`;
  return hasStarted ? `the exchange broke off (${code})` : `no connection (${code})`;
}

/** Certificates are looked at before anything is sent; names too. */
function lackOf(error: Error, host: string): Lack | null {
  if (certificateReason(error) !== null) return { of: "certificate", host };
  if (!["ENOTFOUND", "EAI_AGAIN"].includes(codeOf(error))) return null;
  const { hostname } = error as { hostname?: unknown };
  return { of: "name", host: typeof hostname === "string" ? hostname : host };
}

function codeOf(error: Error): string {
  const { code, errors } = error as { code?: unknown; errors?: unknown };
  if (typeof code === "string" && code !== "") return code;
  // Several addresses were tried, and each failed in its own way.
  const [first] = Array.isArray(errors) ? (errors as unknown[]) : [];
  return first instanceof Error ? codeOf(first) : error.name;
}
