import { copyFileSync, existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, onTestFinished } from "vitest";
import { sandbox } from "../../../src/connectors/hesi/sandbox/index.js";
import { serveSandbox } from "../../../src/connectors/sandbox/server.js";
import { type Served, type Serving, serve } from "../sandbox/serve.js";

export interface Row {
  readonly id: string;
  readonly code: string;
  readonly state: string;
  readonly total: string;
}

export interface Answer<T> {
  readonly status: number;
  /** Parsed where it is JSON, else text. */
  readonly json: T;
}

export interface Page<T> {
  readonly count: number;
  readonly items: readonly T[];
}

export interface Hesi {
  readonly served: Served;
  /** With a token; the path without `/api/openapi`. */
  readonly call: <T>(method: string, path: string, body?: unknown) => Promise<Answer<T>>;
  readonly get: <T>(path: string, query?: Readonly<Record<string, string>>) => Promise<Answer<T>>;
  readonly act: (name: string, body: unknown) => Promise<Row[]>;
  readonly clock: Clock;
  /** The same state and token in a new process, so to say. */
  readonly restart: (options: Serving) => Promise<Hesi>;
}

interface Clock {
  readonly now: () => Date;
  readonly forward: (ms: number) => void;
}

const MOMENT = Date.parse("2026-11-26T03:00:00Z");

/** A clock that a test moves by hand. */
function aClock(): Clock {
  let at = MOMENT;
  return {
    now: () => new Date(at),
    forward: (ms) => {
      at += ms;
    },
  };
}

export async function signIn(served: Served): Promise<string> {
  const { app_key, app_security } = sandbox.connection("");
  const answer = await served.call("POST", "/api/openapi/v1/auth/getAccessToken", { appKey: app_key, appSecurity: app_security });
  return (JSON.parse(answer?.text ?? "{}") as { value: { accessToken: string } }).value.accessToken;
}

let filled: string | null = null;

/** The sample company is made once for all tests of a file; each goes on with a copy. */
async function filledState(): Promise<string> {
  // Another file of this worker may have had it, and removed it.
  if (filled !== null && existsSync(filled)) return filled;
  const folder = mkdtempSync(join(tmpdir(), "sync-hesi-"));
  afterAllRemove.push(folder);
  const file = join(folder, "filled.state");
  await (await serveSandbox(sandbox, { host: "127.0.0.1", port: 0, file, seed: 1, faults: [], now: () => new Date(MOMENT) })).close();
  filled = file;
  return file;
}

const afterAllRemove: string[] = [];
afterAll(() => {
  for (const folder of afterAllRemove) rmSync(folder, { recursive: true, force: true });
});

export async function hesi(...faults: readonly string[]): Promise<Hesi> {
  const folder = mkdtempSync(join(tmpdir(), "sync-hesi-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const file = join(folder, "hesi.state");
  copyFileSync(await filledState(), file);
  const clock = aClock();
  const served = await serve(sandbox, { file, faults, now: clock.now });
  return client(served, { file, clock, token: await signIn(served) });
}

function client(served: Served, around: { readonly file: string; readonly clock: Clock; readonly token: string }): Hesi {
  const { file, clock, token } = around;
  const call = async <T>(method: string, path: string, body?: unknown): Promise<Answer<T>> => {
    const joined = `${path}${path.includes("?") ? "&" : "?"}accessToken=${token}`;
    const answer = await served.call(method, `/api/openapi${joined}`, body);
    if (answer === null) throw new Error("the connection was closed");
    return { status: answer.status, json: (answer.text.startsWith("{") ? JSON.parse(answer.text) : answer.text) as T };
  };
  return {
    served,
    clock,
    call,
    get: async <T>(path: string, query: Readonly<Record<string, string>> = {}) => call<T>("GET", `${path}?${new URLSearchParams(query)}`),
    act: async (name, body) => {
      const answer = await served.call("POST", `/_sandbox/act/${name}`, body);
      if (answer?.status !== 200) throw new Error(answer?.text ?? "no answer");
      return (JSON.parse(answer.text) as { documents?: Row[] }).documents ?? [];
    },
    restart: async (options) => {
      await served.close();
      return client(await serve(sandbox, { file, now: clock.now, ...options }), around);
    },
  };
}

/** Fen of `"318.00"`, `"318"` or `318`. */
export function fen(value: string | number): number {
  const [whole = "", digits = ""] = String(value).split(".");
  return Number(whole + digits.padEnd(2, "0"));
}
