import { createHash, createHmac, randomBytes } from "node:crypto";
import { existsSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { userInfo } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { columnsOf, folderWith, outcomeOf } from "./csv-setup.js";
import { giveToServer, missing, PASSWORD, put, type SftpUnderTest, startSshd, USER } from "./file-servers.js";
import { cuttingProxy, expectEmpty, failureOn, ownTemporaryFolder, readOn, sourceOn } from "./remote-setup.js";
import { remoteSuite } from "./remote-suite.js";

const reason = missing("sshd");

describe.skipIf(reason !== null)(reason ?? "SFTP", () => {
  let server: SftpUnderTest;
  let places = 0;

  beforeAll(async () => {
    server = await startSshd();
  });
  afterAll(() => server.stop());

  const fingerprint = (line: string): string =>
    `SHA256:${createHash("sha256")
      .update(Buffer.from(line.split(" ")[1] ?? "", "base64"))
      .digest("base64")
      .replace(/=+$/, "")}`;

  function place() {
    places += 1;
    const folder = join(server.folder, String(places));
    put(folder, ".here", "");
    return {
      folder,
      connection: (changes: object = {}) => ({
        sftp: {
          host: "127.0.0.1",
          port: server.port,
          user: USER,
          password: PASSWORD,
          host_key: fingerprint(server.hostKeys.ed25519),
          folder,
          ...changes,
        },
      }),
      put: (name: string, content: string | Uint8Array) => put(folder, name, content),
      remove: (name: string) => rmSync(join(folder, name)),
      names: () =>
        readdirSync(folder, { recursive: true, withFileTypes: true })
          .filter((entry) => entry.isFile() && entry.name !== ".here")
          .map((entry) => join(entry.parentPath, entry.name).slice(folder.length + 1))
          .sort(),
    };
  }

  remoteSuite("an SFTP server", {
    wrongSecret: { password: "wrong-secret-1" },
    secrets: ["wrong-secret-1"],
    showsGrowing: true,
    port: (connection, port) => ({ sftp: { ...(connection as { sftp: object }).sftp, port } }),
    place,
  });

  async function readsWith(changes: object): Promise<readonly string[]> {
    const here = place();
    here.put("1.csv", "a\n1\n");
    return (await readOn(here.connection(changes), { settle: "0" })).complete;
  }

  async function refusedWith(changes: object) {
    const here = place();
    here.put("1.csv", "a\n1\n");
    return failureOn(here.connection(changes), { settle: "0" });
  }

  describe("signing in", () => {
    test("goes by key, plain or encrypted, or by password", async () => {
      expect(await readsWith({ password: undefined, private_key: server.key })).toEqual(["1.csv"]);
      expect(await readsWith({ password: undefined, private_key: server.encryptedKey, passphrase: server.passphrase })).toEqual(["1.csv"]);
      expect(await readsWith({})).toEqual(["1.csv"]);
    });

    test("falls back to the password where the key is not known", async () => {
      const folder = folderWith({});
      const { generateKeyPairSync } = await import("node:crypto");
      const { privateKey } = generateKeyPairSync("rsa", {
        modulusLength: 2048,
        privateKeyEncoding: { type: "pkcs1", format: "pem" },
        publicKeyEncoding: { type: "pkcs1", format: "pem" },
      });
      writeFileSync(join(folder, "other"), privateKey);
      expect(await readsWith({ private_key: join(folder, "other") })).toEqual(["1.csv"]);
      const problem = await refusedWith({ private_key: join(folder, "other"), password: undefined });
      expect(problem).toMatchObject({ code: "SOURCE_SIGN_IN", hint: "check `user` and `private_key`" });
    });

    test("with a wrong passphrase, no key or nothing at all is refused before anything is sent", async () => {
      const wrong = await refusedWith({ password: undefined, private_key: server.encryptedKey, passphrase: "wrong-secret-2" });
      expect(wrong).toMatchObject({
        code: "CONFIG_WRONG_VALUE",
        message: "connection: `sftp.private_key` cannot be used with `passphrase` as it is",
      });
      expect(JSON.stringify(wrong)).not.toContain("wrong-secret-2");
      const file = join(folderWith({ "no-key": "hello" }), "no-key");
      expect((await refusedWith({ private_key: file })).code).toBe("CONFIG_WRONG_VALUE");
      expect((await refusedWith({ password: undefined })).message).toBe("connection: `sftp` needs `password` or `private_key`");
    });
  });

  describe("the server's key", () => {
    const known = (...lines: string[]): string => join(folderWith({ known_hosts: `# ours\n\n${lines.join("\n")}\n` }), "known_hosts");
    const other = `ssh-ed25519 ${Buffer.concat([Buffer.from("0000000b7373682d6564323535313900000020", "hex"), randomBytes(32)]).toString("base64")}`;
    const hashed = (name: string): string => {
      const salt = randomBytes(20);
      return `|1|${salt.toString("base64")}|${createHmac("sha1", salt).update(name).digest("base64")}`;
    };

    test("must be named one way, and only one", async () => {
      expect(await refusedWith({ host_key: undefined })).toMatchObject({
        code: "CONFIG_MISSING_KEY",
        message: "connection: `sftp` needs `host_key` or `known_hosts`",
      });
      expect((await refusedWith({ known_hosts: known() })).code).toBe("CONFIG_WRONG_VALUE");
      expect((await refusedWith({ host_key: "SHA256:short" })).code).toBe("CONFIG_WRONG_VALUE");
    });

    test("that is another one is refused before a password is sent", async () => {
      const problem = await refusedWith({ host_key: fingerprint(other), password: "wrong-secret-3" });
      expect(problem.code).toBe("SOURCE_IDENTITY");
      expect(problem.message).toBe(
        `\`127.0.0.1:${server.port}\` shows another key than \`host_key\` says: \`${fingerprint(server.hostKeys.ed25519)}\` (ssh-ed25519); no password or key of ours was sent`,
      );
      expect(problem.hint).toContain(`\`host_key: ${fingerprint(server.hostKeys.ed25519)}\``);
    });

    test("may be one of several while it changes", async () => {
      expect(await readsWith({ host_key: [fingerprint(other), fingerprint(server.hostKeys.ed25519)] })).toEqual(["1.csv"]);
    });

    test.each(["ed25519", "rsa", "ecdsa"] as const)("of kind %s is found in known_hosts, whatever kinds the server has", async (kind) => {
      const line = `[127.0.0.1]:${server.port},[sftp.example.com]:22 ${server.hostKeys[kind]} a comment`;
      expect(await readsWith({ host_key: undefined, known_hosts: known(`other.example.com ${other}`, line) })).toEqual(["1.csv"]);
    });

    test("is found under hashed names and patterns", async () => {
      const name = `[127.0.0.1]:${server.port}`;
      expect(await readsWith({ host_key: undefined, known_hosts: known(`${hashed(name)} ${server.hostKeys.ed25519}`) })).toEqual(["1.csv"]);
      expect(await readsWith({ host_key: undefined, known_hosts: known(`[127.0.0.*]:${server.port} ${server.hostKeys.rsa}`) })).toEqual([
        "1.csv",
      ]);
    });

    test("that is not in known_hosts is refused, with the line to add", async () => {
      const file = known(
        `${hashed("127.0.0.1")} ${server.hostKeys.ed25519}`,
        `*,![127.0.0.1]:${server.port} ${server.hostKeys.ed25519}`,
        `@cert-authority * ${server.hostKeys.ed25519}`,
      );
      const problem = await refusedWith({ host_key: undefined, known_hosts: file });
      expect(problem).toMatchObject({
        code: "SOURCE_IDENTITY",
        message: `\`127.0.0.1:${server.port}\` is not in \`${file}\`; it shows the key \`${fingerprint(server.hostKeys.ed25519)}\` (ssh-ed25519); no password or key of ours was sent`,
        hint: `ask the server's owner whether this is its key; only if so, add the line \`[127.0.0.1]:${server.port} ${server.hostKeys.ed25519}\``,
      });
    });

    test("that differs from known_hosts, or was revoked, is refused", async () => {
      const name = `[127.0.0.1]:${server.port}`;
      expect((await refusedWith({ host_key: undefined, known_hosts: known(`${name} ${other}`) })).message).toContain(
        "shows another key than",
      );
      const revoked = known(`${name} ${server.hostKeys.ed25519}`, `@revoked * ${server.hostKeys.ed25519}`);
      expect((await refusedWith({ host_key: undefined, known_hosts: revoked })).message).toContain("calls revoked");
    });
  });

  describe("a connection that breaks off", () => {
    const content = `a\n${"1234567\n".repeat(400_000)}`;

    test("half-way is taken up again from the start, and the file is whole", async () => {
      const here = place();
      here.put("1.csv", content);
      const proxy = await cuttingProxy(server.port, 1_500_000, 1);
      const { complete, rows } = await readOn(here.connection({ port: proxy.port }), { settle: "0" });
      expect([complete, rows.length, proxy.cuts()]).toEqual([["1.csv"], 400_000, 1]);
    });

    test("each time is an abandoned file, never half of one", async () => {
      const temporary = ownTemporaryFolder();
      const here = place();
      here.put("1.csv", content);
      const proxy = await cuttingProxy(server.port, 1_500_000, 100);
      const { events } = await readOn(here.connection({ port: proxy.port }), { settle: "0" });
      expect(events).toMatchObject([{ kind: "abandoned", unit: "1.csv", problem: { code: "SOURCE_UNREADABLE" } }]);
      expect(proxy.cuts()).toBe(3);
      expectEmpty(temporary);
    });

    test("before anything was said counts as nobody there", async () => {
      const proxy = await cuttingProxy(server.port, 0, 100);
      expect((await refusedWith({ port: proxy.port })).message).toMatch(/cannot be read: .*; tried 3 times$/);
    });
  });

  // Only root can give files away.
  if (userInfo().uid === 0) {
    test("a file of another owner is moved where its folder allows it", async () => {
      const here = place();
      here.put("1.csv", "a\n1\n");
      giveToServer(join(here.folder, "1.csv"));
      const source = sourceOn(here.connection(), { archive: { mark: ".done", same_name: "refuse" } });
      const { complete } = await outcomeOf(source, columnsOf("a"));
      expect(await source.settled?.(complete)).toEqual([]);
      expect(here.names()).toEqual(["1.csv.done"]);
    });
  }

  test("a folder that is not there stops the run", async () => {
    expect(await refusedWith({ folder: `${server.folder}/none` })).toMatchObject({
      code: "SOURCE_UNREADABLE",
      message: expect.stringMatching(/the folder `.*\/none` of the server cannot be opened: it does not exist$/),
    });
  });

  test("names with control characters are refused where they would be read", async () => {
    const here = place();
    here.put("1.csv", "a\n1\n");
    here.put("x\u0007y.csv", "a\n1\n");
    expect(await failureOn(here.connection(), { settle: "0" })).toMatchObject({
      code: "SOURCE_NAME",
      message: expect.stringContaining("`x\\u0007y.csv`"),
    });
    expect((await readOn(here.connection(), { files: "1.csv", settle: "0" })).complete).toEqual(["1.csv"]);
    expect(existsSync(join(here.folder, "1.csv"))).toBe(true);
  });
});
