import type { AddressInfo } from "node:net";
import { createServer } from "node:net";
import { afterAll, beforeAll, beforeEach, describe, expect, onTestFinished, test } from "vitest";
import { missing, PASSWORD, put, startNginx, USER, type WebUnderTest } from "./file-servers.js";
import { cuttingProxy, expectEmpty, failureOn, ownTemporaryFolder, readOn } from "./remote-setup.js";

const reason = missing("nginx");

describe.skipIf(reason !== null)(reason ?? "HTTPS", () => {
  let server: WebUnderTest;
  beforeAll(async () => {
    server = await startNginx();
    put(server.folder, "1.csv", "a\n1\n");
    put(server.folder, "2026/报销 9%.csv", "a\n9\n");
    put(server.folder, "big.csv", `a\n${"1234567\n".repeat(400_000)}`);
  });
  afterAll(() => server.stop());

  const basic = { auth: { basic: { user: USER, password: PASSWORD } } };
  const on = (path: string, changes: object = {}) => ({
    https: { url: `https://localhost:${server.port}/${path}`, ca: server.ca, ...changes },
  });
  const read = async (path: string, changes: object = {}, files: string | string[] = "1.csv") => readOn(on(path, changes), { files });
  const refused = async (path: string, changes: object = {}, files: string | string[] = "1.csv") => failureOn(on(path, changes), { files });

  describe("files at an address", () => {
    test("are read by their names, in order, and nothing is left here", async () => {
      const temporary = ownTemporaryFolder();
      const { complete, rows, events } = await read("open", {}, ["big.csv", "2026/报销 9%.csv", "1.csv"]);
      expect(complete).toEqual(["1.csv", "2026/报销 9%.csv", "big.csv"]);
      expect(rows.length).toBe(400_002);
      const progress = events.flatMap((event) => (event.kind === "records" && event.progress !== undefined ? [event.progress] : []));
      for (const { done, total } of progress) expect(done).toBeLessThanOrEqual(total);
      expectEmpty(temporary);
    });

    test("that are not there are told of, and the others are read", async () => {
      const { complete, problems } = await read("open", {}, ["1.csv", "none.csv"]);
      expect([complete, problems.map(({ code }) => code)]).toEqual([["1.csv"], ["SOURCE_NO_FILES"]]);
    });

    test("are known when they are read again", async () => {
      const first = await read("open");
      const { fingerprint } = first.events.find(({ kind }) => kind === "complete") as { fingerprint: string };
      const again = await readOn(on("open"), { files: "1.csv" }, {}, (_, hash) => hash === fingerprint);
      expect(again.events).toEqual([{ kind: "known", unit: "1.csv" }]);
    });

    test.each(["*.csv", "!1.csv", "/1.csv", "../1.csv", "a//b.csv", "a\\b.csv", "a.csv?x"])("cannot be meant by `%s`", async (name) => {
      expect(await refused("open", {}, name)).toMatchObject({
        code: "CONFIG_WRONG_VALUE",
        message: `\`files\` has \`${name}\`, and an address of the web cannot be looked through`,
      });
    });

    test("cannot be archived or marked", async () => {
      const messageOf = async (given: object) => (await failureOn(on("open"), { files: "1.csv", ...given })).message;
      expect(await messageOf({ archive: { move: "done", same_name: "refuse" } })).toBe("an address of the web has no `archive`");
      expect(await messageOf({ marker: "{file}.ok" })).toBe("an address of the web has no `marker`");
    });
  });

  describe("signing in", () => {
    test("goes by password, by a key in a header, and by certificate", async () => {
      expect((await read("basic", basic)).complete).toEqual(["1.csv"]);
      expect((await read("key", { auth: { api_key: { header: "X-API-Key", value: "k-123456789" } } })).complete).toEqual(["1.csv"]);
      const { certificate, key: private_key, passphrase } = server;
      expect((await read("cert", { certificate, private_key, passphrase })).complete).toEqual(["1.csv"]);
    });

    test("with what is wrong is refused, and the secret is not shown", async () => {
      const wrong = await refused("basic", { auth: { basic: { user: USER, password: "wrong-secret-1" } } });
      expect(wrong).toMatchObject({
        code: "SOURCE_SIGN_IN",
        message: `\`https://localhost:${server.port}/basic/\` does not let us in (HTTP 401)`,
      });
      expect(JSON.stringify(wrong)).not.toContain("wrong-secret-1");
      expect((await refused("cert")).code).toBe("SOURCE_SIGN_IN");
      expect((await refused("open", { certificate: server.certificate })).code).toBe("CONFIG_MISSING_KEY");
      expect((await refused("open", { auth: { ...basic.auth, bearer: { token: "t" } } })).message).toBe(
        "connection: `https.auth` has `basic` and `bearer`",
      );
    });

    test("to a server that cannot prove who it is does not happen", async () => {
      expect(await refused("basic", { ...basic, ca: undefined })).toMatchObject({
        code: "SOURCE_IDENTITY",
        message: expect.stringMatching(/no password was sent$/),
      });
      const other = { ...basic, url: `https://127.0.0.1:${server.port}/basic` };
      expect((await refused("basic", other)).message).toMatch(/its certificate is for another name/);
    });

    test("over an address that everybody can read is refused", async () => {
      expect((await refused("open", { url: "http://files.example.com/" })).message).toBe(
        "connection: `https.url` is not encrypted: `http://files.example.com`",
      );
    });
  });

  describe("redirects", () => {
    beforeEach(() => expect(server.seen()).toBeDefined());

    test("within the server keep the password", async () => {
      expect((await read("inside", basic)).complete).toEqual(["1.csv"]);
    });

    test("to another port are followed without password, key and certificate", async () => {
      const { certificate, key: private_key, passphrase } = server;
      expect((await read("away", { ...basic, certificate, private_key, passphrase })).complete).toEqual(["1.csv"]);
      expect((await read("away", { auth: { api_key: { header: "X-API-Key", value: "k-123456789" } } })).complete).toEqual(["1.csv"]);
      const lines = server.seen().trim().split("\n").slice(-2);
      for (const line of lines) expect(line).toBe(`${server.otherPort} /1.csv auth=[-] key=[-] cert=[-]`);
    });

    test("from https to http are not followed, not even on this machine", async () => {
      const before = server.seen();
      expect((await refused("down", basic)).message).toMatch(
        /redirects from `https` to `http:\/\/localhost:\d+`, where everybody on the way can read$/,
      );
      expect((await refused("down", { ...basic, insecure: true })).message).toMatch(/redirects from `https` to `http/);
      expect(server.seen()).toBe(before);
    });

    test("that do not end are given up", async () => {
      expect((await refused("round")).message).toMatch(/redirects more than 5 times$/);
    });
  });

  describe("a transfer", () => {
    const proxied = (port: number) => ({ url: `http://127.0.0.1:${port}/big`, ca: undefined });
    const plain = async (times: number) => {
      const proxy = await cuttingProxy(server.plainPort, 1_000_000, times);
      return readOn({ https: { url: `http://127.0.0.1:${proxy.port}/` } }, { files: "big.csv" });
    };

    test("that breaks off is begun again, or abandoned", async () => {
      const temporary = ownTemporaryFolder();
      expect((await plain(1)).rows.length).toBe(400_000);
      expect((await plain(100)).events).toMatchObject([{ kind: "abandoned", unit: "big.csv", problem: { code: "SOURCE_UNREADABLE" } }]);
      expectEmpty(temporary);
    });

    test("whose end nobody can tell is refused", async () => {
      const vague = createServer((socket) => {
        socket.on("error", () => {});
        socket.once("data", () => socket.end("HTTP/1.0 200 OK\r\n\r\na\n1\n"));
      });
      await new Promise<void>((resolve) => vague.listen(0, "127.0.0.1", resolve));
      onTestFinished(() => void vague.close());
      const problem = await failureOn({ https: proxied((vague.address() as AddressInfo).port) }, { files: "1.csv" });
      expect(problem.message).toMatch(/does not say how long `1.csv` is, so that half of it could pass for all$/);
    });

    test("that was packed without being asked is refused", async () => {
      expect((await refused("packed")).message).toMatch(/sends `1.csv` packed, although it was asked not to$/);
    });

    test("from a server that has no time is tried three times", async () => {
      let calls = 0;
      const busy = createServer((socket) => {
        socket.on("error", () => {});
        socket.once("data", () => {
          calls += 1;
          socket.end("HTTP/1.1 503 Busy\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
        });
      });
      await new Promise<void>((resolve) => busy.listen(0, "127.0.0.1", resolve));
      onTestFinished(() => void busy.close());
      const problem = await failureOn({ https: proxied((busy.address() as AddressInfo).port) }, { files: "1.csv" });
      expect([calls, problem.message]).toEqual([3, expect.stringMatching(/it has no time for us \(HTTP 503\); tried 3 times$/)]);
    });
  });
});
