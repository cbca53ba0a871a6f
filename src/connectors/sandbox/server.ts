import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { type SandboxAnswer, type SandboxCall, type SandboxDefinition, SandboxError } from "./contract.js";
import { control, isControl } from "./control.js";
import { Sandbox, type SandboxOptions } from "./sandbox.js";

export interface ServeOptions extends SandboxOptions {
  /** A loopback address, unless other machines are to reach it. */
  readonly host: string;
  /** 0: any that is free. */
  readonly port: number;
}

export interface SandboxServer {
  /** Such as `http://127.0.0.1:8701`, without a slash at the end. */
  readonly address: string;
  close(): Promise<void>;
}

const MOST_BYTES = 64 << 20;
const KEEP_ALIVE_MS = 60_000;

/** Opens a stand-in and serves it. Throws SandboxError when the state or a fault cannot be read, or the port is taken. */
export async function serveSandbox(definition: SandboxDefinition, options: ServeOptions): Promise<SandboxServer> {
  const sandbox = new Sandbox(definition, options);
  const server = createServer((request, response) => void serve(sandbox, request, response));
  server.keepAliveTimeout = KEEP_ALIVE_MS;
  try {
    await new Promise<void>((resolve, reject) => {
      server.once("error", reject);
      server.listen(options.port, options.host, resolve);
    });
  } catch (cause) {
    sandbox.close();
    throw new SandboxError(`cannot listen on ${options.host}:${options.port}: ${(cause as Error).message}`);
  }
  const bound = server.address();
  const port = typeof bound === "object" && bound !== null ? bound.port : options.port;
  const host = options.host.includes(":") ? `[${options.host}]` : options.host;
  return {
    address: `http://${host}:${port}`,
    close: async () => {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      server.closeAllConnections();
      await closed;
      sandbox.close();
    },
  };
}

async function serve(sandbox: Sandbox, request: IncomingMessage, response: ServerResponse): Promise<void> {
  // A client that goes away is its own affair.
  response.on("error", () => undefined);
  const body = await readBody(request);
  // What did not come whole is not worked on.
  if (body === "broken") return;
  if (body === "too large") return send(response, plain(413, "the body is larger than 64 MiB"));
  const call = callOf(request, body.text);
  if (call === null) return send(response, plain(400, "the address cannot be read"));
  if (isControl(call.path)) return send(response, control(sandbox, call));
  const ending = await sandbox.call(call);
  if (ending.kind === "closed") response.socket?.destroy();
  else send(response, ending.answer);
}

async function readBody(request: IncomingMessage): Promise<{ readonly text: string } | "broken" | "too large"> {
  const parts: Buffer[] = [];
  let bytes = 0;
  try {
    for await (const part of request) {
      bytes += (part as Buffer).length;
      // Read to its end all the same, so that the client gets to see the answer.
      if (bytes <= MOST_BYTES) parts.push(part as Buffer);
    }
  } catch {
    return "broken";
  }
  return bytes > MOST_BYTES ? "too large" : { text: Buffer.concat(parts).toString("utf8") };
}

function callOf(request: IncomingMessage, body: string): SandboxCall | null {
  const target = request.url ?? "/";
  const question = target.indexOf("?");
  try {
    return {
      method: request.method ?? "GET",
      path: decodeURIComponent(question === -1 ? target : target.slice(0, question)),
      query: new URLSearchParams(question === -1 ? "" : target.slice(question + 1)),
      headers: Object.fromEntries(Object.entries(request.headers).map(([name, value]) => [name, [value ?? ""].flat().join(", ")])),
      body,
      target,
    };
  } catch {
    return null;
  }
}

function send(response: ServerResponse, { status, headers = {}, body }: SandboxAnswer): void {
  const bytes = Buffer.from(body);
  const sent = Object.entries(headers).map(([name, value]): [string, string | string[]] => [
    name,
    typeof value === "string" ? value : [...value],
  ]);
  response.writeHead(status, { ...Object.fromEntries(sent), ...(status === 204 ? {} : { "content-length": bytes.length }) });
  response.end(bytes);
}

function plain(status: number, body: string): SandboxAnswer {
  return { status, headers: { "content-type": "text/plain; charset=utf-8" }, body };
}
