import { writeFileSync } from "node:fs";
import type { AddressInfo } from "node:net";
import { createServer } from "node:net";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { HttpConnection } from "../../src/connectors/http/connection.js";
import {
  aServerFolder,
  type Certificates,
  makeCertificates,
  missing,
  type Nginx,
  PASSPHRASE,
  removeFolder,
  startNginx,
  startTinyproxy,
} from "./http-servers.js";
import { aClock, afterThisTest, mustNotComeOut, openHttp, postOne, problemOf, SECRETS, serve, thrownBy } from "./http-setup.js";
import { abandonedBy, LIST, openSource, readCells } from "./http-source-setup.js";

const USER = "sync";
const PROXY_PASSWORD = "proxy-pass-77";
const COLUMNS = ["id", "amount"];
const CELLS = [["C-1", "12345678901234567.10"]];

describe.skipIf(missing !== null)(missing ?? "nginx and tinyproxy", () => {
  let folder = "";
  let certificates: Certificates;
  let nginx: Nginx;
  let proxy: { readonly url: string; readonly stop: () => Promise<void> };

  beforeAll(async () => {
    folder = aServerFolder();
    certificates = makeCertificates(folder);
    nginx = await startNginx(folder, certificates, USER, SECRETS.password);
    proxy = await startTinyproxy(folder, USER, PROXY_PASSWORD);
  }, 120_000);
  afterAll(async () => {
    await nginx?.stop();
    await proxy?.stop();
    removeFolder(folder);
  });

  const read = (url: string, connection: Partial<HttpConnection>, path = "/claims") =>
    readCells(url, { connection, columns: COLUMNS, source: { ...LIST, request: { path } } });
  const problem = (url: string, connection: Partial<HttpConnection>, path = "/claims") =>
    abandonedBy(url, { connection, columns: COLUMNS, source: { ...LIST, request: { path } } });

  test("a certificate of a private authority is believed where it is named, and only there", async () => {
    expect(await read(nginx.url, { ca: certificates.ca })).toEqual(CELLS);
    expect((await problem(nginx.url, {})).message).toMatch(
      /cannot prove that it is the one expected: .* not known \((UNABLE_TO_VERIFY_LEAF_SIGNATURE|SELF_SIGNED_CERT_IN_CHAIN)\)$/,
    );
    const { port } = new URL(nginx.url);
    expect((await problem(`https://127.0.0.1:${port}`, { ca: certificates.ca })).message).toContain("ERR_TLS_CERT_ALTNAME_INVALID");
  });

  test("Basic", async () => {
    const ca = certificates.ca;
    expect(await read(nginx.url, { ca, auth: { basic: { user: USER, password: SECRETS.password } } }, "/private")).toEqual(CELLS);
    expect((await problem(nginx.url, { ca, auth: { basic: { user: USER, password: "wrong-one" } } }, "/private")).message).toContain(
      "it does not let us in (HTTP 401)",
    );
  });

  test("a client certificate, as PEM and as PKCS#12", async () => {
    mustNotComeOut(PASSPHRASE);
    const { ca, client } = certificates;
    const { cert, key, pfx, passphrase } = client;
    expect(await read(nginx.mutualUrl, { ca, certificate: { cert, key, passphrase } })).toEqual(CELLS);
    expect(await read(nginx.mutualUrl, { ca, certificate: { pfx, passphrase } })).toEqual(CELLS);
    expect((await problem(nginx.mutualUrl, { ca })).message).toContain("it answers HTTP 400: 400 No required SSL certificate was sent");
  });

  test("more calls than the server allows are waited for", async () => {
    const source = { request: { path: "/limited/1.json" }, records: "$.items", pages: { by: "url", at: "$.next" } };
    const waits: number[] = [];
    const sleep = async (ms: number): Promise<void> => {
      waits.push(ms);
      await new Promise((resolve) => setTimeout(resolve, ms));
    };
    expect(await readCells(nginx.url, { source, sleep, connection: { ca: certificates.ca } })).toEqual([["L-1"], ["L-2"], ["L-3"]]);
    expect(waits.length).toBeGreaterThanOrEqual(2);
  });

  test("through a proxy that asks who we are", async () => {
    mustNotComeOut(PROXY_PASSWORD);
    const { ca, client } = certificates;
    const through = (password: string) => ({ url: proxy.url, user: USER, password });
    expect(await read(nginx.url, { ca, proxy: through(PROXY_PASSWORD) })).toEqual(CELLS);
    const { pfx, passphrase } = client;
    expect(await read(nginx.mutualUrl, { ca, certificate: { pfx, passphrase }, proxy: through(PROXY_PASSWORD) })).toEqual(CELLS);
    expect((await problem(nginx.url, { ca, proxy: through("wrong-one") })).message).toMatch(
      /: the proxy does not let us through \(HTTP 40[17]\)$/,
    );
    expect((await problem(nginx.url, { proxy: through(PROXY_PASSWORD) })).message).toMatch(/cannot prove that it is the one expected/);
  });

  test("a refusal of the proxy means that certainly nothing was sent", async () => {
    const { ca } = certificates;
    const outcome = await postOne(openHttp(nginx.url, { connection: { ca, proxy: { url: proxy.url } } }));
    expect(outcome.kind).toBe("busy");
    expect(problemOf(outcome).message).toContain("; nothing was sent");
    const { url } = await serve(() => ({ body: { number: "V-1" } }));
    const connection = { proxy: { url: proxy.url, user: USER, password: PROXY_PASSWORD } };
    expect((await postOne(openHttp(url, { connection }))).kind).toBe("created");
  });

  test("certificates that cannot be used are refused before anything is sent", async () => {
    const { ca, client } = certificates;
    const broken = join(folder, "broken.pem");
    writeFileSync(broken, "-----BEGIN CERTIFICATE-----\nnonsense\n-----END CERTIFICATE-----\n");
    const { cert, key, pfx } = client;
    const cases: [Partial<HttpConnection>, RegExp][] = [
      [{ ca: `${ca}.gone` }, /^connection: `ca`: the file cannot be read \(ENOENT\)$/],
      [{ certificate: { cert: broken, key } }, /^connection: the certificates cannot be used: /],
      [{ certificate: { pfx, passphrase: "wrong-one" } }, /^connection: the certificates cannot be used: /],
      [{ certificate: { cert } }, /^connection: `certificate` needs both `cert` and `key`$/],
      [{ certificate: { cert, key, pfx } }, /^connection: `certificate` has `pfx` and `cert`$/],
    ];
    for (const [connection, message] of cases)
      expect((await thrownBy(() => openSource(nginx.url, { connection }))).message).toMatch(message);
  });
});

describe("a proxy", () => {
  test("of the environment is not used", async () => {
    const before = process.env["HTTPS_PROXY"];
    process.env["HTTPS_PROXY"] = "http://127.0.0.1:1";
    process.env["HTTP_PROXY"] = "http://127.0.0.1:1";
    try {
      const { url } = await serve(() => ({ body: { items: [{ id: "C-1" }] } }));
      expect(await readCells(url)).toEqual([["C-1"]]);
    } finally {
      delete process.env["HTTP_PROXY"];
      if (before === undefined) delete process.env["HTTPS_PROXY"];
      else process.env["HTTPS_PROXY"] = before;
    }
  });

  test("that takes the connection and says nothing is given up", async () => {
    const server = createServer((socket) => socket.on("error", () => {}));
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    afterThisTest(() => server.close());
    const proxy = { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` };
    const outcome = await postOne(openHttp("http://127.0.0.1:9", { connection: { proxy, timeout: "300ms" }, clock: aClock() }));
    expect(outcome.kind).toBe("busy");
  });

  test.each<[string, NonNullable<HttpConnection["proxy"]>, string]>([
    ["no URL", { url: "proxy:3128" }, "connection: `proxy.url` is not a URL"],
    ["a password in the URL", { url: "http://a:b@proxy:3128" }, "connection: `proxy.url` holds a user name or a password"],
    [
      "half of the credentials",
      { url: "http://proxy:3128", user: "a" },
      "connection: `proxy` needs both `user` and `password`, or neither",
    ],
  ])("cannot be used: %s", async (_, proxy, message) => {
    expect((await thrownBy(() => openSource("https://erp.example", { connection: { proxy } }))).message).toBe(message);
  });
});

test("the next page may be on another host of the same system, where that is said", async () => {
  const other = await serve(({ headers }) => ({ body: { items: [{ id: headers.authorization }], next: null } }));
  const { url } = await serve(() => ({ body: { items: [{ id: "C-1" }], next: `${other.url}/more` } }));
  const connection = { hosts: [new URL(other.url).host], auth: { basic: { user: "a", password: "b" } } };
  const source = { ...LIST, pages: { by: "url", at: "$.next" } };
  expect(await readCells(url, { source, connection })).toEqual([["C-1"], ["Basic YTpi"]]);
});
