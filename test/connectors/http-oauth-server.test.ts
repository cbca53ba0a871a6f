import { spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { hostname, tmpdir } from "node:os";
import { join } from "node:path";
import Provider from "oidc-provider";
import { describe, expect, test } from "vitest";
import type { HttpConnection } from "../../src/connectors/http/connection.js";
import { afterThisTest, mustNotComeOut, openHttp, postOne, problemOf, type Received, SECRETS, serve } from "./http-setup.js";
import { abandonedBy, readCells } from "./http-source-setup.js";

const ID = "sync";
const SECRET = SECRETS.clientSecret;

/** An OAuth 2.0 server that none of us wrote: rotating refresh tokens, and one that is used twice is taken back with all that came of it. */
async function startProvider() {
  const server: Server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const provider = new Provider(issuer, {
    clients: [
      {
        client_id: ID,
        client_secret: SECRET,
        grant_types: ["client_credentials", "refresh_token", "authorization_code"],
        redirect_uris: ["https://client.example/cb"],
        response_types: ["code"],
      },
    ],
    features: { clientCredentials: { enabled: true }, introspection: { enabled: true }, devInteractions: { enabled: false } },
    scopes: ["openid", "offline_access", "vouchers.read"],
    rotateRefreshToken: true,
    ttl: { AccessToken: 3600, RefreshToken: 86_400, ClientCredentials: 600, Grant: 86_400 },
    findAccount: (_, accountId) => ({ accountId, claims: async () => ({ sub: accountId }) }),
    cookies: { keys: ["a-key-of-the-test"] },
  });
  server.on("request", provider.callback());
  afterThisTest(() => {
    server.closeAllConnections();
    server.close();
  });
  let asked = 0;
  provider.on("grant.success", () => {
    asked += 1;
  });
  /** As it would come out of a person's sign-in in the browser. */
  const refreshToken = async (): Promise<string> => {
    const client = await provider.Client.find(ID);
    if (client === undefined) throw new Error("the client is gone");
    const grant = new provider.Grant({ accountId: "finance", clientId: ID });
    grant.addOIDCScope("openid offline_access");
    const token = new provider.RefreshToken({
      accountId: "finance",
      client,
      grantId: await grant.save(),
      scope: "openid offline_access",
      gty: "authorization_code",
      rotations: 0,
      iiat: Math.floor(Date.now() / 1000),
    } as never);
    return token.save();
  };
  const isGood = async (authorization: string | undefined): Promise<boolean> => {
    const token = (authorization ?? "").replace(/^Bearer /, "");
    const found = (await provider.AccessToken.find(token)) ?? (await provider.ClientCredentials.find(token));
    return found?.isValid === true;
  };
  return { tokenUrl: `${issuer}/token`, refreshToken, isGood, grants: () => asked };
}

async function system() {
  const provider = await startProvider();
  const served = await serve(async ({ headers }: Received) =>
    (await provider.isGood(headers.authorization)) ? { body: { items: [{ id: "C-1" }], number: "V-1" } } : { status: 401 },
  );
  return { ...provider, ...served };
}

function oauth(tokenUrl: string, file?: string): Partial<HttpConnection> {
  const refresh = file === undefined ? {} : { refresh_token_file: file };
  return { auth: { oauth2: { token_url: tokenUrl, client_id: ID, client_secret: SECRET, send_in: "header", ...refresh } } };
}

function tokenFile(token: string): string {
  const folder = mkdtempSync(join(tmpdir(), "refresh-"));
  afterThisTest(() => rmSync(folder, { recursive: true }));
  const file = join(folder, "erp.refresh-token");
  writeFileSync(file, `${token}\n`);
  return file;
}

const content = (file: string): string => readFileSync(file, "utf8").trim();

test("client credentials, for a source and a target", async () => {
  const { url, tokenUrl, grants } = await system();
  expect(await readCells(url, { connection: oauth(tokenUrl) })).toEqual([["C-1"]]);
  expect((await postOne(openHttp(url, { connection: oauth(tokenUrl) }))).kind).toBe("created");
  expect(grants()).toBe(2);
});

describe("refresh tokens that are good for one use", () => {
  test("the new one is in the file, readable by its owner only, before the access token is used", async () => {
    const provider = await startProvider();
    const first = await provider.refreshToken();
    const file = tokenFile(first);
    const inFile: string[] = [];
    const { url } = await serve(async ({ headers }) => {
      inFile.push(content(file));
      return (await provider.isGood(headers.authorization)) ? { body: { items: [{ id: "C-1" }] } } : { status: 401 };
    });
    for (let night = 1; night <= 3; night += 1)
      expect(await readCells(url, { connection: oauth(provider.tokenUrl, file) })).toEqual([["C-1"]]);
    expect(new Set([first, ...inFile]).size).toBe(4);
    expect(inFile.at(-1)).toBe(content(file));
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(readdirSync(join(file, ".."))).toEqual(["erp.refresh-token"]);
    for (const token of [first, ...inFile]) mustNotComeOut(token);
  });

  test("several at once do not spend the same one", async () => {
    const { url, tokenUrl, refreshToken, grants } = await system();
    const file = tokenFile(await refreshToken());
    const sleep = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, Math.min(ms, 20)));
    const cells = await Promise.all(Array.from({ length: 5 }, () => readCells(url, { connection: oauth(tokenUrl, file), sleep })));
    expect(cells).toEqual(Array(5).fill([["C-1"]]));
    expect(grants()).toBe(5);
  });

  test("a spent one is refused, and says what to do", async () => {
    const { url, tokenUrl, refreshToken } = await system();
    const token = await refreshToken();
    const file = tokenFile(token);
    await readCells(url, { connection: oauth(tokenUrl, file) });
    writeFileSync(file, token);
    const problem = await abandonedBy(url, { connection: oauth(tokenUrl, file) });
    expect(problem.message).toContain("gives us no token: HTTP 400 `invalid_grant`");
    expect(problem.hint).toBe(
      "the refresh token is spent or was taken back: sign in anew, and write the new one into `refresh_token_file`",
    );
  });

  test("a lock of a process that died is taken over; that of a living one is waited for", async () => {
    const { url, tokenUrl, refreshToken } = await system();
    const file = tokenFile(await refreshToken());
    const dead = spawnSync(process.execPath, ["-e", ""]).pid;
    writeFileSync(`${file}.lock`, `${hostname()} ${dead} 00`);
    expect(await readCells(url, { connection: oauth(tokenUrl, file) })).toEqual([["C-1"]]);
    const before = content(file);
    writeFileSync(`${file}.lock`, `${hostname()} ${process.pid} 00`);
    const outcome = await postOne(openHttp(url, { connection: oauth(tokenUrl, file) }));
    expect(outcome.kind).toBe("busy");
    expect(problemOf(outcome).message).toContain("another process is renewing it at this moment");
    expect(content(file)).toBe(before);
    expect(content(`${file}.lock`)).toBe(`${hostname()} ${process.pid} 00`);
  });

  test.each([
    ["is missing", (file: string) => rmSync(file), "the file with the refresh token cannot be read (ENOENT)"],
    ["is empty", (file: string) => writeFileSync(file, "\n"), "the file with the refresh token holds none"],
  ])("a file that %s", async (_, spoil, message) => {
    const { url, tokenUrl, grants } = await system();
    const file = tokenFile("x");
    spoil(file);
    expect((await abandonedBy(url, { connection: oauth(tokenUrl, file) })).message).toContain(message);
    expect(grants()).toBe(0);
    expect(readdirSync(join(file, "..")).filter((name) => name.endsWith(".lock"))).toEqual([]);
  });
});
