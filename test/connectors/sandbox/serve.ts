import { onTestFinished } from "vitest";
import type { SandboxDefinition } from "../../../src/connectors/sandbox/contract.js";
import { serveSandbox } from "../../../src/connectors/sandbox/server.js";

export interface Served {
  readonly address: string;
  /** The status, and the text of the answer; null where the connection was closed without one. */
  readonly call: (method: string, path: string, body?: unknown) => Promise<{ status: number; text: string; headers: Headers } | null>;
  /** A call of the control endpoint; its answer, parsed. */
  readonly control: <T>(method: string, path: string, body?: unknown) => Promise<T>;
  readonly close: () => Promise<void>;
}

export interface Serving {
  readonly file?: string;
  readonly seed?: number;
  readonly faults?: readonly string[];
  readonly now?: () => Date;
}

/** Serves a stand-in on a free port of this machine until the test ends. */
export async function serve(definition: SandboxDefinition, options: Serving = {}): Promise<Served> {
  const { file = null, seed = 1, faults = [], now = () => new Date() } = options;
  const server = await serveSandbox(definition, { host: "127.0.0.1", port: 0, file, seed, faults, now });
  let isOpen = true;
  const close = async (): Promise<void> => {
    if (isOpen) await server.close();
    isOpen = false;
  };
  onTestFinished(close);
  const send = async (method: string, path: string, body?: unknown): Promise<Response> =>
    fetch(`${server.address}${path}`, {
      method,
      ...(body === undefined ? {} : { body: typeof body === "string" ? body : JSON.stringify(body) }),
    });
  return {
    address: server.address,
    call: async (method, path, body) => {
      try {
        const answer = await send(method, path, body);
        return { status: answer.status, text: await answer.text(), headers: answer.headers };
      } catch (cause) {
        if (cause instanceof TypeError) return null;
        throw cause;
      }
    },
    control: async <T>(method: string, path: string, body?: unknown) => (await (await send(method, `/_sandbox${path}`, body)).json()) as T,
    close,
  };
}
