import { execFileSync } from "node:child_process";
import { chmodSync, existsSync, readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import { createServer as createTlsServer } from "node:https";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import Database from "better-sqlite3";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { doctor } from "../../src/cli/commands/doctor.js";
import type { Finding } from "../../src/cli/doctor/finding.js";
import { emptyFolder, sync } from "./sync.js";

let folder: string;
const servers: Server[] = [];
beforeEach(() => {
  folder = emptyFolder();
  sync(folder, "init");
});
afterEach(() => {
  for (const server of servers.splice(0)) server.close();
  rmSync(folder, { recursive: true, force: true });
});

/** What it finds at a moment, with the environment given. */
async function found(
  now = new Date(),
  env: Record<string, string> = {},
  offline = false,
): Promise<{ code: number; out: string; all: Finding[] }> {
  let out = "";
  const write = (text: string): void => {
    out += text;
  };
  const io = { out: write, err: write, outIsTerminal: false, errIsTerminal: false, columns: 80, rows: 24 };
  const code = await doctor({ io, cwd: folder, env, now: () => now, actor: "test" }, { json: true, offline });
  return { code, out, all: JSON.parse(out) as Finding[] };
}

function notOk(all: readonly Finding[]): string[] {
  return all.filter(({ state }) => state !== "ok").map(({ check, state, found: text }) => `${state} ${check}: ${text}`);
}

const at = (name: string): string => join(folder, name);
const store = (): string => at(".sync/store.db");

describe("sync doctor", () => {
  test("finds a new project well, and makes nothing", async () => {
    const before = readdirSync(folder, { recursive: true }).sort();
    const { code, all } = await found();
    expect([code, notOk(all)]).toEqual([0, []]);
    expect(all.map(({ check }) => check)).toEqual([
      ...["program", "configuration", "disk", "permissions", "store"],
      ...["source of expense-to-gl", "target of expense-to-gl"],
    ]);
    expect(readdirSync(folder, { recursive: true }).sort()).toEqual(before);
  });

  test("prints a table, and what to do", () => {
    sync(folder, "run");
    chmodSync(store(), 0o644);
    const { code, out, err } = sync(folder, "doctor", "--offline");
    expect([code, err]).toEqual([0, ""]);
    expect(out).toMatch(/^check +state +found\nprogram +ok +erp-sync /);
    expect(out).toMatch(/permissions +look +others may read or change the store `.*store\.db`\n/);
    expect(out).toMatch(/\nto do:\n {2}permissions: chmod 600 .*store\.db\n$/);
    expect(out).not.toContain("target of");
  });

  test("tells who else may change what is posted", async () => {
    chmodSync(at("pipelines/expense-to-gl.yaml"), 0o666);
    expect(notOk((await found(new Date(), {}, true)).all)).toEqual([
      expect.stringMatching(/^look permissions: anybody on this machine may change `.*expense-to-gl\.yaml`, and with it what is posted$/),
    ]);
  });

  test("counts the problems of the configuration", async () => {
    writeFileSync(at("pipelines/other.yaml"), "pipeline: other\nsuorce: {}\n");
    const { code, all } = await found(new Date(), {}, true);
    expect([code, notOk(all)]).toEqual([1, [expect.stringMatching(/^wrong configuration: \d+ problems$/)]]);
  });

  test("finds a damaged store", async () => {
    sync(folder, "run");
    truncateSync(store(), 20_480);
    const { code, all } = await found(new Date(), {}, true);
    expect([code, notOk(all)]).toEqual([1, [expect.stringMatching(/^wrong store: .*(damaged|malformed)/)]]);
  });

  test("finds a clock that was put back, and a lease that was not given back", async () => {
    sync(folder, "run");
    const db = new Database(store());
    db.exec(
      "INSERT INTO leases (name, owner, host, pid, acquired_at, renewed_at, expires_at) VALUES ('expense-to-gl', 'x', 'night', 4711, '2026-11-20T18:00:00Z', '2026-11-20T18:00:00Z', '2026-11-20T18:01:00Z')",
    );
    db.close();
    expect(notOk((await found(new Date(), {}, true)).all)).toEqual([
      "look lease: `expense-to-gl` is held by process 4711 on night since 2026-11-20T18:00:00Z, and was not given back",
    ]);
    const { code, all } = await found(new Date(Date.now() - 86_400_000), {}, true);
    expect(code).toBe(1);
    expect(notOk(all)).toContainEqual(expect.stringMatching(/^wrong clock: it is .*, and run 1 began at /));
  });

  test("says what is wrong with a source", async () => {
    for (const name of readdirSync(at("exports"))) rmSync(at(`exports/${name}`));
    const { all } = await found();
    expect(notOk(all)).toEqual([expect.stringMatching(/^look source of expense-to-gl: SOURCE_NO_FILES: /)]);
  });
});

describe("sync doctor, of servers", () => {
  const listen = (server: Server): Promise<number> =>
    new Promise((resolve) => {
      servers.push(server);
      server.listen(0, "127.0.0.1", () => resolve((server.address() as AddressInfo).port));
    });

  /** A certificate for `localhost`, good for so many days. */
  function certificate(days: number): { readonly cert: Buffer; readonly key: Buffer } {
    const [key, cert] = [at("server.key"), at("server.pem")];
    const made = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-keyout", key, "-out", cert];
    execFileSync("openssl", ["req", "-x509", ...made, "-subj", "/CN=localhost", "-days", String(days)], { stdio: "ignore" });
    return { cert: readFileSync(cert), key: readFileSync(key) };
  }

  function sendTo(url: string, more = ""): void {
    const project = readFileSync(at("sync.yaml"), "utf8");
    const there = `\n  there: { connector: http, url: "${url}", auth: { bearer: { token: "\${env.TOKEN}" } }${more} }\n`;
    writeFileSync(
      at("sync.yaml"),
      project.replace(/^connections:.*\n/m, (line) => `${line.trimEnd()}${there}`),
    );
    const pipeline = readFileSync(at("pipelines/expense-to-gl.yaml"), "utf8");
    const target = `target:
  connection: there
  post: { path: /vouchers, body: { no: $.idempotencyKey }, reference: $.number }
  lookup: { path: "/vouchers?no={$.idempotencyKey}", many: $.items, found: $$.number, key: $$.no }
`;
    writeFileSync(at("pipelines/expense-to-gl.yaml"), pipeline.replace(/^target:\n(?: .*\n)+/m, target));
  }

  test.each([
    [10, "look", /good until \d{4}-\d\d-\d\d, 9 days$/],
    [90, "ok", /good until \d{4}-\d\d-\d\d, 89 days$/],
  ])("a certificate that ends in %i days", async (days, state, text) => {
    const port = await listen(createTlsServer(certificate(days), (_, response) => response.end()));
    sendTo(`https://localhost:${port}`);
    const { all } = await found(new Date(), { TOKEN: "night-shift-secret" });
    const of = all.filter(({ check }) => check === "certificate of there");
    expect(of).toEqual([expect.objectContaining({ state, found: expect.stringMatching(text) })]);
  });

  test("a certificate that has ended, by the clock that is given", async () => {
    const port = await listen(createTlsServer(certificate(10), (_, response) => response.end()));
    sendTo(`https://localhost:${port}`);
    const { code, all } = await found(new Date(Date.now() + 20 * 86_400_000), { TOKEN: "night-shift-secret" });
    expect(code).toBe(1);
    expect(notOk(all)).toContainEqual(expect.stringMatching(/^wrong certificate of there: localhost:\d+: it ended on /));
  });

  test("another clock, and a sign-in that is refused, without showing the token", async () => {
    const asked: string[] = [];
    const server = createServer((request, response) => {
      asked.push(`${request.method} ${request.headers.authorization ?? "nobody"}`);
      response.writeHead(request.method === "HEAD" ? 200 : 401, { date: new Date(Date.now() - 600_000).toUTCString() });
      response.end(request.headers.authorization);
    });
    const port = await listen(server);
    sendTo(`http://127.0.0.1:${port}`, ", insecure: true");
    const { code, out, all } = await found(new Date(), { TOKEN: "night-shift-secret" });
    expect(code).toBe(1);
    expect(notOk(all)).toEqual([
      expect.stringMatching(/^look clock: 127\.0\.0\.1:\d+ says that it is .*, 10 minutes earlier than here$/),
      expect.stringMatching(/^wrong target of expense-to-gl: TARGET_SIGN_IN: /),
    ]);
    // The look at the server itself brings no credentials.
    expect(asked[0]).toBe("HEAD nobody");
    expect(out).not.toContain("night-shift-secret");
  });

  test("one that does not answer", async () => {
    const server = createServer();
    const port = await listen(server);
    server.close();
    sendTo(`http://127.0.0.1:${port}`, ", insecure: true");
    const { all } = await found(new Date(), { TOKEN: "x" });
    expect(notOk(all)[0]).toMatch(/^look server of there: http:\/\/127\.0\.0\.1:\d+ does not answer: /);
    expect(existsSync(store())).toBe(false);
  });
});
