import { existsSync, readFileSync } from "node:fs";
import { type IncomingMessage, request } from "node:http";
import { createRequire } from "node:module";
import path from "node:path";
import { ACCOUNT_SET, APPLICATION, PASSWORD, USER } from "../../src/connectors/kingdee/sandbox/sign-in.js";
import { type Received, readBody, serve } from "./http-setup.js";

type Data = Readonly<Record<string, unknown>>;

/** A client for Node that others wrote, github.com/kingdee-nodejs/k3cloud (MIT): as much of it as is used here. No line of it is in this repository. */
export interface IndependentClient {
  loginForPassword(): Promise<unknown>;
  loginForSecret(): Promise<unknown>;
  executeBillQuery(data: unknown): Promise<unknown>;
  billQuery(data: unknown): Promise<unknown>;
  view(form: string, data: unknown): Promise<unknown>;
  save(form: string, data: unknown): Promise<unknown>;
  batchSave(form: string, data: unknown): Promise<unknown>;
  submit(form: string, data: unknown): Promise<unknown>;
  audit(form: string, data: unknown): Promise<unknown>;
  unAudit(form: string, data: unknown): Promise<unknown>;
  delete(form: string, data: unknown): Promise<unknown>;
}

const folder = process.env["KINGDEE_CLIENT"] ?? "";
const isChecked = folder !== "" && existsSync(path.join(folder, "src/K3CloudApiSdk.js"));
const isInstalled = isChecked && existsSync(path.join(folder, "node_modules/axios"));

/** Why the client cannot be run; null where it can. */
export const lacking: string | null = isInstalled
  ? null
  : folder === ""
    ? "needs `KINGDEE_CLIENT`, a folder with a checkout of github.com/kingdee-nodejs/k3cloud"
    : isChecked
      ? "`KINGDEE_CLIENT` names a checkout without its dependencies: run `npm install` in it"
      : "`KINGDEE_CLIENT` names no checkout of github.com/kingdee-nodejs/k3cloud";

export type Way = 1 | 2 | 3;
export const WAYS: readonly (readonly [title: string, way: Way])[] = [
  ["a password", 1],
  ["the secret of an app", 2],
  ["signed requests", 3],
];

/** Opens the client as its own README does. It signs in with its first call. */
export function openIndependentClient(url: string, way: Way, more: Data = {}): IndependentClient {
  const Client = createRequire(import.meta.url)(path.resolve(folder)) as new (config: Data) => IndependentClient;
  const secrets = way === 1 ? { password: PASSWORD } : { appid: APPLICATION.id, appsecret: APPLICATION.secret };
  return new Client({ auth_type: way, host_url: `${url}/k3cloud/`, acct_id: ACCOUNT_SET, username: USER, ...secrets, ...more });
}

/** The names that a query has in the example of the client's own test. */
export function membersOfItsQuery(): readonly string[] {
  const [, example = ""] = /postData = \{([^}]*)\}/.exec(readFileSync(path.join(folder, "test.js"), "utf8")) ?? [];
  return [...example.matchAll(/^\s*(\w+):/gm)].map(([, name = ""]) => name);
}

export interface Recorder {
  readonly url: string;
  ours(): readonly Received[];
  theirs(): readonly Received[];
}

const isOurs = ({ headers }: Received): boolean => headers["user-agent"] === "erp-sync";

/** Stands in front of `address` until the test ends, notes each request and passes it on as it came. */
export async function record(address: string): Promise<Recorder> {
  const { url, received } = await serve(async (one, response) => {
    const answer = await passOn(address, one);
    const body = await readBody(answer);
    // One call for each connection: one that is kept may be closed on this side just when the next call comes, which the client does not forgive.
    const headers = { ...answer.headers, connection: "close" };
    // The client breaks off at an answer without Set-Cookie, which the stand-in sends with sign-ins only: it gets its own cookies back.
    if (!isOurs(one)) headers["set-cookie"] ??= [one.headers.cookie ?? "none=none"];
    response.writeHead(answer.statusCode ?? 0, headers);
    response.end(body);
    return undefined;
  });
  return { url, ours: () => received.filter(isOurs), theirs: () => received.filter((one) => !isOurs(one)) };
}

function passOn(address: string, { method, url, headers, body }: Received): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const sent = request(`${address}${url}`, { method, headers, agent: false }, resolve);
    sent.on("error", reject);
    sent.end(body);
  });
}

export function operationOf({ url }: Received): string {
  return /\.(\w+)\.common\.kdsvc$/.exec(url)?.[1] ?? url;
}
