import { generateKeyPairSync } from "node:crypto";
import { type AddressInfo, createServer, type Server, type Socket } from "node:net";
import ssh2 from "ssh2";
import { describe, expect, onTestFinished, test } from "vitest";
import { expectEmpty, failureOn, ownTemporaryFolder, readOn } from "./remote-setup.js";

/** Servers that say what no real one would say, or break off where a real one cannot be told to. */

const TRAPS = ["../../etc/x.csv", "/etc/x.csv", "..\u0000.csv", ""];
const SHOWN: Readonly<Record<string, string>> = { "..\u0000.csv": "..\\u0000.csv" };

async function listening(server: Server): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => void server.close());
  return (server.address() as AddressInfo).port;
}

describe("an SFTP server that lists", () => {
  async function hostileSftp(name: string) {
    const { privateKey } = generateKeyPairSync("rsa", {
      modulusLength: 2048,
      privateKeyEncoding: { type: "pkcs1", format: "pem" },
      publicKeyEncoding: { type: "pkcs1", format: "pem" },
    });
    const key = ssh2.utils.parseKey(privateKey);
    if (key instanceof Error || Array.isArray(key)) throw new Error("no key");
    const opened: string[] = [];
    const server = new ssh2.Server({ hostKeys: [privateKey] }, (client) => {
      client.on("error", () => {});
      client.on("authentication", (context) => (context.method === "password" ? context.accept() : context.reject(["password"])));
      client.on("session", (accept) => {
        accept().on("sftp", (begin) => {
          const sftp = begin();
          let isListed = false;
          sftp.on("OPENDIR", (id) => sftp.handle(id, Buffer.from("d")));
          sftp.on("CLOSE", (id) => sftp.status(id, 0));
          sftp.on("OPEN", (id, file) => {
            opened.push(file);
            sftp.status(id, 3);
          });
          sftp.on("READDIR", (id) => {
            if (isListed) return sftp.status(id, 1);
            isListed = true;
            const attrs = { mode: 0o100_644, uid: 0, gid: 0, size: 4, atime: 1, mtime: 1 };
            sftp.name(id, [{ filename: name, longname: `-rw-r--r-- 1 0 0 4 Jan 1 2026 ${name}`, attrs }] as never);
          });
        });
      });
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", () => resolve()));
    onTestFinished(() => void server.close());
    const host_key = (await import("../../src/connectors/files/remote/host-key.js")).fingerprintOf(key.getPublicSSH());
    const { port } = server.address() as AddressInfo;
    return { opened, connection: { sftp: { host: "127.0.0.1", port, user: "u", password: "p", host_key, folder: "/out" } } };
  }

  test.each(TRAPS)("`%j` stops the run before any file is asked for", async (name) => {
    const temporary = ownTemporaryFolder();
    const { connection, opened } = await hostileSftp(name);
    const problem = await failureOn(connection, { files: "*.csv", settle: "0" });
    expect(problem).toMatchObject({
      code: "SOURCE_NAME",
      message: expect.stringContaining(`cannot be used, \`${SHOWN[name] ?? name}\`; nothing was read`),
    });
    expect(opened).toEqual([]);
    expectEmpty(temporary);
  });
});

describe("an FTP server", () => {
  /** `lines` are the listing, `send` is what it sends of a file that it says has `size` bytes, and `after` what it says then. */
  async function oddFtp({ lines, size, send, after = "226 done" }: { lines: string; size: number; send: string; after?: string }) {
    const said: string[] = [];
    const server = createServer((socket) => {
      socket.on("error", () => {});
      socket.write("220 hello\r\n");
      let data: Promise<Socket> | null = null;
      const transfer = async (content: string, end: string): Promise<void> => {
        const other = await data;
        socket.write("150 here it comes\r\n");
        other?.end(content, () => socket.write(`${end}\r\n`));
      };
      socket.on("data", async (chunk) => {
        for (const line of chunk
          .toString()
          .split("\r\n")
          .filter((each) => each !== "")) {
          const [command = ""] = line.split(" ");
          said.push(line);
          if (command === "EPSV") {
            const passive = createServer();
            data = new Promise((resolve) => passive.once("connection", (other) => resolve(other)));
            socket.write(`229 Entering Extended Passive Mode (|||${await listening(passive)}|)\r\n`);
          } else if (command === "LIST") await transfer(lines, "226 done");
          else if (command === "RETR") await transfer(send, after);
          else
            socket.write(
              { USER: "331 password", PASS: "230 in", PWD: '257 "/"', SIZE: `213 ${size}`, MDTM: "213 20260101000000", FEAT: "502 no" }[
                command
              ]?.concat("\r\n") ?? "200 ok\r\n",
            );
        }
      });
    });
    const port = await listening(server);
    return { said, connection: { ftps: { host: "127.0.0.1", port, user: "u", password: "p", insecure: true } } };
  }
  const file = (name: string, size = 4): string => `-rw-r--r-- 1 u g ${size} Jan 01 2026 ${name}\r\n`;

  test.each(["../../etc/x.csv", "/etc/x.csv"])("that lists `%s` stops the run before any file is asked for", async (name) => {
    const { connection, said } = await oddFtp({ lines: file(name), size: 4, send: "a\n1\n" });
    expect(await failureOn(connection, { files: "*.csv", settle: "0" })).toMatchObject({
      code: "SOURCE_NAME",
      message: expect.stringContaining(`\`${name}\``),
    });
    expect(said.filter((line) => /^(RETR|SIZE)/.test(line))).toEqual([]);
  });

  test("that sends all is read", async () => {
    const { connection } = await oddFtp({ lines: file("1.csv"), size: 4, send: "a\n1\n" });
    expect((await readOn(connection, { settle: "0" })).rows).toEqual([["1"]]);
  });

  test.each([
    ["less than it has, and says that this is all", "226 done"],
    ["less than it has, and says that it broke off", "426 broken"],
  ])("that sends %s is not believed", async (_, after) => {
    const temporary = ownTemporaryFolder();
    const { connection, said } = await oddFtp({ lines: file("1.csv", 8), size: 8, send: "a\n1\n", after });
    const { events } = await readOn(connection, { settle: "0" });
    expect(events).toMatchObject([{ kind: "abandoned", unit: "1.csv", problem: { code: "SOURCE_UNREADABLE" } }]);
    expect(said.filter((line) => line.startsWith("RETR"))).toHaveLength(3);
    expectEmpty(temporary);
  });

  test("that sends more than it has is not believed", async () => {
    const { connection } = await oddFtp({ lines: file("1.csv"), size: 4, send: "a\n1\n2\n3\n" });
    expect((await readOn(connection, { settle: "0" })).events).toMatchObject([
      { kind: "abandoned", problem: { code: "SOURCE_UNREADABLE", message: expect.stringContaining("came with more bytes instead of 4") } },
    ]);
  });
});
