import { createServer, type IncomingHttpHeaders, type IncomingMessage, type RequestListener, type ServerResponse } from "node:http";
import { type AddressInfo, createServer as createNetServer, type Socket } from "node:net";
import { afterEach, expect } from "vitest";
import type { PostItem, Target } from "../../src/connectors/contract.js";
import type { HttpConnection } from "../../src/connectors/http/connection.js";
import { connector } from "../../src/connectors/http/index.js";
import type { HttpTargetOptions } from "../../src/connectors/http/options.js";
import type { PostOutcome } from "../../src/model/posting.js";
import { type Problem, ProblemError } from "../../src/model/problem.js";
import { aDocument, itemOf, only } from "./ledger-documents.js";

export { aDocument, aLine, itemOf, only, reversalOf } from "./ledger-documents.js";

/** Every secret of the suite; none may stand in anything that comes out. */
export const SECRETS = {
  password: "Pa55/wörd+& geheim",
  token: "tok-8f3e1c77aa",
  apiKey: "key/with=odd&chars-51",
  clientSecret: 'cs"quoted"-99d1',
  accessToken: "acc-tok-",
  header: "hdr-secret-4711",
};

let open: (() => unknown)[] = [];
/** Whatever came out of a target in this test. */
let cameOut: string[] = [];
/** Secrets of this test alone. */
let moreSecrets: string[] = [];

afterEach(async () => {
  for (const close of open.reverse()) await close();
  open = [];
  const text = cameOut.join("\n");
  cameOut = [];
  const secrets = [...Object.values(SECRETS), ...moreSecrets];
  moreSecrets = [];
  for (const secret of secrets) {
    for (const form of [secret, encodeURIComponent(secret), Buffer.from(secret).toString("base64").slice(0, -3)])
      expect(text.includes(form) && `came out: ${form}`).toBe(false);
  }
});

/** Must not hold a secret either. */
export function noteWhatCameOut(text: string): void {
  cameOut.push(text);
}

/** A secret that is made while the test runs. */
export function mustNotComeOut(secret: string): void {
  moreSecrets.push(secret);
}

export function afterThisTest(close: () => unknown): void {
  open.push(close);
}

export interface Received {
  readonly method: string;
  readonly url: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

export interface Reply {
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  /** Text as it is, anything else as JSON. */
  readonly body?: unknown;
}

export interface Served {
  readonly url: string;
  readonly received: Received[];
}

async function listen(server: {
  listen: (port: number, host: string, done: () => void) => unknown;
  address: () => unknown;
}): Promise<string> {
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

export async function readBody(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString();
}

/** A real server on this machine; gone after the test. The handler may answer itself and return nothing. */
export async function serve(
  handle: (request: Received, response: ServerResponse) => Reply | undefined | Promise<Reply | undefined>,
): Promise<Served> {
  const received: Received[] = [];
  const listener: RequestListener = (request, response) => {
    void (async () => {
      const one = { method: request.method ?? "", url: request.url ?? "", headers: request.headers, body: await readBody(request) };
      received.push(one);
      const reply = await handle(one, response);
      if (reply === undefined) return;
      const body = reply.body === undefined ? "" : typeof reply.body === "string" ? reply.body : JSON.stringify(reply.body);
      response.writeHead(reply.status ?? 200, reply.headers ?? {});
      response.end(body);
    })();
  };
  const server = createServer(listener);
  const url = await listen(server);
  open.push(() => {
    server.closeAllConnections();
    server.close();
  });
  return { url, received };
}

/** A server that speaks whatever it likes. */
export async function serveRaw(onSocket: (socket: Socket, index: number) => void): Promise<{ url: string; connections: () => number }> {
  let count = 0;
  const sockets = new Set<Socket>();
  const server = createNetServer((socket) => {
    sockets.add(socket);
    socket.on("error", () => {});
    onSocket(socket, count);
    count += 1;
  });
  const url = await listen(server);
  open.push(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return { url, connections: () => count };
}

export const POST: HttpTargetOptions["post"] = {
  method: "POST",
  path: "/vouchers",
  body: { externalId: "$.idempotencyKey", text: "$.text" },
  reference: "$.number",
  rejected: { when: { path: "$.success", equals: false }, message: "$.errorMessage" },
};

export const LOOKUP: NonNullable<HttpTargetOptions["lookup"]> = {
  method: "GET",
  path: "/vouchers?key={$.idempotencyKey}",
  many: "$.hits",
  found: "$$.number",
  key: "$$.externalId",
};

/** Waits that were asked for; they are not waited for, the clock moves instead. */
export interface FakeClock {
  readonly waits: number[];
  now: Date;
}

export interface OpenOptions {
  readonly connection?: Partial<HttpConnection>;
  readonly target?: Partial<HttpTargetOptions>;
  readonly clock?: FakeClock;
}

export function aClock(): FakeClock {
  return { waits: [], now: new Date("2026-12-01T02:03:04Z") };
}

/** Opens the target and keeps an eye on everything that comes out of it. */
export function openHttp(url: string, { connection = {}, target = {}, clock = aClock() }: OpenOptions = {}): Target {
  const context = {
    folder: "/",
    timeZone: "Asia/Shanghai",
    now: () => clock.now,
    sleep: async (ms: number) => {
      clock.waits.push(ms);
      clock.now = new Date(clock.now.getTime() + ms);
    },
    signal: new AbortController().signal,
  };
  const defaults = { timeout: "2s", concurrency: 4, max_response: 100_000, insecure: false };
  const options = { post: POST, deduplicates: false, quiet: "60s", empty: "keep", ...target };
  const opened = watched(() => connector.target?.open({ ...defaults, url, ...connection } as never, options as never, context) as Target);
  open.push(() => opened.close?.());
  return new Proxy(opened, {
    get(inner, name) {
      const member = Reflect.get(inner, name) as unknown;
      // A listing is no promise; who goes through it keeps an eye on it.
      if (typeof member !== "function" || name === "postings") return member;
      return async (...given: unknown[]) => {
        try {
          const result = (await (member as (...args: unknown[]) => Promise<unknown>).apply(inner, given)) as unknown;
          cameOut.push(JSON.stringify(result, (_, value: unknown) => (typeof value === "bigint" ? String(value) : value)) ?? "");
          return result;
        } catch (error) {
          noteError(error);
          throw error;
        }
      };
    },
  });
}

function watched<T>(work: () => T): T {
  try {
    return work();
  } catch (error) {
    noteError(error);
    throw error;
  }
}

function noteError(error: unknown): void {
  cameOut.push(
    String(error),
    error instanceof Error ? (error.stack ?? "") : "",
    error instanceof ProblemError ? JSON.stringify(error.problems) : "",
  );
}

export async function postOne(target: Target, item: PostItem = itemOf(aDocument())): Promise<PostOutcome> {
  return only(await target.post([item]));
}

export function problemOf(outcome: PostOutcome | undefined): Problem {
  if (outcome === undefined || !("problem" in outcome)) throw new Error(`expected a problem, got ${JSON.stringify(outcome)}`);
  return outcome.problem;
}

/** The problem that this throws. */
export async function thrownBy(work: () => unknown): Promise<Problem> {
  try {
    await work();
  } catch (error) {
    if (error instanceof ProblemError) return only(error.problems);
    throw error;
  }
  throw new Error("expected a ProblemError, and nothing was thrown");
}
