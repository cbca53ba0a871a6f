import { readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { giveToServer, missing, PASSWORD, put, startPyftpdlib, startVsftpd, USER } from "./file-servers.js";
import { failureOn, readOn } from "./remote-setup.js";
import { type RemotePlace, remoteSuite } from "./remote-suite.js";

type Server = Awaited<ReturnType<typeof startPyftpdlib>> & { readonly ca?: string };
let places = 0;

/** `owned` by the user as whom the server serves. */
function placeOn(server: Server, user: string, owned: boolean, changes: object = {}): RemotePlace & { readonly folder: string } {
  places += 1;
  const folder = join(server.folder, String(places));
  const give = (): void => {
    if (owned) giveToServer(folder);
  };
  put(folder, ".here", "");
  give();
  return {
    folder,
    connection: (more: object = {}) => ({
      ftps: {
        host: "localhost",
        port: server.port,
        user,
        password: PASSWORD,
        ...(server.ca === undefined ? {} : { ca: server.ca }),
        folder: `out/${places}`,
        ...changes,
        ...more,
      },
    }),
    put: (name, content) => {
      put(folder, name, content);
      give();
    },
    remove: (name) => rmSync(join(folder, name)),
    names: () =>
      readdirSync(folder, { recursive: true, withFileTypes: true })
        .filter((entry) => entry.isFile() && entry.name !== ".here")
        .map((entry) => join(entry.parentPath, entry.name).slice(folder.length + 1))
        .sort(),
  };
}

const common = {
  wrongSecret: { password: "wrong-secret-1" },
  secrets: ["wrong-secret-1"],
  showsGrowing: true,
  port: (connection: object, port: number) => ({ ftps: { ...(connection as { ftps: object }).ftps, port } }),
};

const noPyftpdlib = missing("pyftpdlib");
describe.skipIf(noPyftpdlib !== null)(noPyftpdlib ?? "pyftpdlib", () => {
  let server: Server;
  beforeAll(async () => {
    server = await startPyftpdlib();
  });
  afterAll(() => server.stop());
  remoteSuite("an FTP server with machine-readable listings", { ...common, place: () => placeOn(server, USER, false, { insecure: true }) });
});

const noVsftpd = missing("vsftpd");
describe.skipIf(noVsftpd !== null)(noVsftpd ?? "vsftpd", () => {
  let server: Server;
  beforeAll(async () => {
    server = await startVsftpd("explicit");
  });
  afterAll(() => server.stop());

  const place = (): ReturnType<typeof placeOn> => placeOn(server, "anonymous", true);
  remoteSuite("an FTPS server with listings of the old form", { ...common, place });

  async function refusedWith(changes: object) {
    const here = place();
    await here.put("1.csv", "a\n1\n");
    return failureOn(here.connection(changes), { settle: "0" });
  }

  test("a server whose certificate is not by our authority, or for another name, is not told the password", async () => {
    expect(await refusedWith({ ca: undefined })).toMatchObject({
      code: "SOURCE_IDENTITY",
      message: expect.stringMatching(
        /cannot prove who it is: its certificate is signed by an authority that is not known .*; no password was sent$/,
      ),
    });
    expect(await refusedWith({ host: "127.0.0.1" })).toMatchObject({
      code: "SOURCE_IDENTITY",
      message: expect.stringMatching(/its certificate is for another name/),
    });
  });

  test("plain FTP is spoken only when that is written out, and a server that insists on TLS then refuses the login", async () => {
    const problem = await refusedWith({ insecure: true, ca: undefined });
    expect(problem.code).toBe("SOURCE_SIGN_IN");
    expect((await refusedWith({ insecure: true })).message).toBe("connection: `ca` is given, and `insecure` turns TLS off");
  });

  test("a folder that is not there stops the run", async () => {
    expect(await refusedWith({ folder: "none" })).toMatchObject({
      code: "SOURCE_UNREADABLE",
      message: expect.stringMatching(/the folder `\/none` cannot be opened \(the server answered 550\)$/),
    });
  });

  test("a line break in what is sent is refused", async () => {
    expect((await refusedWith({ user: "a\r\nDELE x" })).message).toBe("connection: `ftps.user` has a control character");
  });

  test("TLS may be spoken from the first byte", async () => {
    const implicit = await startVsftpd("implicit");
    try {
      const here = placeOn(implicit, "anonymous", true, { mode: "implicit" });
      await here.put("1.csv", "a\n1\n");
      expect((await readOn(here.connection(), { settle: "0" })).complete).toEqual(["1.csv"]);
      expect((await failureOn(here.connection({ ca: undefined }))).code).toBe("SOURCE_IDENTITY");
    } finally {
      await implicit.stop();
    }
  });

  test("a server without TLS gets no password unless that is written out", async () => {
    const plain = await startVsftpd("plain");
    try {
      const here = placeOn(plain, "anonymous", true);
      await here.put("1.csv", "a\n1\n");
      expect(await failureOn(here.connection(), { settle: "0" })).toMatchObject({
        code: "SOURCE_UNREADABLE",
        message: expect.stringMatching(/the server has no TLS \(the server answered 5\d\d\)$/),
      });
      expect((await readOn(here.connection({ ca: undefined, insecure: true }), { settle: "0" })).complete).toEqual(["1.csv"]);
    } finally {
      await plain.stop();
    }
  });
});
