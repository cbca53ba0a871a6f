import { spawnSync } from "node:child_process";
import { readFileSync, rmSync } from "node:fs";
import type { AddressInfo } from "node:net";
import { SMTPServer, type SMTPServerOptions } from "smtp-server";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Sent } from "../../src/notify/channel.js";
import { aServerFolder, type Certificates, makeCertificates } from "../connectors/http-servers.js";
import { afterThisTest, mustNotComeOut, serveRaw } from "../connectors/http-setup.js";
import { aChannel, aSetting, sendTest } from "./setup.js";

const hasOpenssl = spawnSync("openssl", ["version"]).status === 0;
const USER = "sync@example.com";
const PASSWORD = "smtp-password-4711";

interface Mail {
  readonly from: string;
  readonly to: readonly string[];
  readonly text: string;
  readonly isEncrypted: boolean;
}

interface MailServer {
  readonly port: number;
  readonly mails: Mail[];
  /** Passwords that were offered over connections that were not encrypted. */
  readonly readable: string[];
}

/** A real mail server on this machine; gone after the test. */
async function mailServer(options: SMTPServerOptions): Promise<MailServer> {
  const mails: Mail[] = [];
  const readable: string[] = [];
  const server = new SMTPServer({
    authOptional: true,
    logger: false,
    onAuth(auth, session, done) {
      if (!session.secure) readable.push(auth.password ?? "");
      if (auth.username === USER && auth.password === PASSWORD) done(null, { user: USER });
      // Some servers repeat what they were told.
      else done(Object.assign(new Error(`535 5.7.8 no entry for ${auth.username} with ${auth.password}`), { responseCode: 535 }));
    },
    onData(stream, session, done) {
      const chunks: Buffer[] = [];
      stream.on("data", (chunk: Buffer) => chunks.push(chunk));
      stream.on("end", () => {
        const { mailFrom, rcptTo } = session.envelope;
        const from = mailFrom === false ? "" : mailFrom.address;
        mails.push({ from, to: rcptTo.map(({ address }) => address), text: Buffer.concat(chunks).toString(), isEncrypted: session.secure });
        done();
      });
    },
    ...options,
  });
  server.on("error", () => undefined);
  await new Promise<void>((resolve) => void server.listen(0, "127.0.0.1", () => resolve()));
  afterThisTest(() => new Promise<void>((resolve) => server.close(() => resolve())));
  return { port: (server.server.address() as AddressInfo).port, mails, readable };
}

/** RFC 2047: words in base64, or with `=E6` for a byte and `_` for a blank; what parts two of them is left out. */
function decodedWords(header: string): string {
  const bytes = (coding: string, text: string): Buffer =>
    coding.toUpperCase() === "B"
      ? Buffer.from(text, "base64")
      : Buffer.from(
          text.replaceAll("_", " ").replace(/=([\dA-F]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16))),
          "latin1",
        );
  const joined = header.replace(/\r\n /g, " ").replace(/\?=\s+=\?/g, "?==?");
  return joined.replace(/=\?UTF-8\?([BQ])\?([^?]*)\?=/gi, (_, coding: string, text: string) => bytes(coding, text).toString());
}

describe.skipIf(!hasOpenssl)("mail (needs openssl)", () => {
  let folder = "";
  let certificates: Certificates;
  let tls: Pick<SMTPServerOptions, "key" | "cert">;
  beforeAll(() => {
    folder = aServerFolder();
    certificates = makeCertificates(folder);
    tls = { key: readFileSync(certificates.server.key), cert: readFileSync(certificates.server.cert) };
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  const mailTo = (port: number, more: object = {}) =>
    aChannel("email", {
      host: "localhost",
      port,
      security: "starttls",
      user: USER,
      password: PASSWORD,
      from: "sync <sync@example.com>",
      to: ["finance@example.com", "it@example.com"],
      ca: certificates.ca,
      ...more,
    });

  const send = (channel: ReturnType<typeof mailTo>, setting = aSetting()): Promise<Sent> => {
    mustNotComeOut(PASSWORD);
    return sendTest(channel, setting);
  };

  test("goes to everybody, encrypted and signed in, and says that a program wrote it", async () => {
    const server = await mailServer(tls);
    expect(await send(mailTo(server.port))).toEqual({ kind: "sent" });
    expect(server.mails).toMatchObject([{ from: "sync@example.com", to: ["finance@example.com", "it@example.com"], isEncrypted: true }]);
    const [{ text } = { text: "" }] = server.mails;
    expect(text).toMatch(/^Subject: sync demo: test message\r$/m);
    expect(text).toMatch(/^Auto-Submitted: auto-generated\r$/m);
    expect(text).toMatch(/^This is a test\./m);
    expect(server.readable).toEqual([]);
  });

  test("is encrypted from the first byte where that is asked for", async () => {
    const server = await mailServer({ ...tls, secure: true });
    expect(await send(mailTo(server.port, { security: "tls" }))).toEqual({ kind: "sent" });
    expect(server.mails).toMatchObject([{ isEncrypted: true }]);
  });

  test("in Chinese arrives as it was written", async () => {
    const server = await mailServer(tls);
    await send({ ...mailTo(server.port), language: "zh" });
    const [{ text } = { text: "" }] = server.mails;
    const [, subject = ""] = /^Subject: ((?:.|\r\n )*)\r$/m.exec(text) ?? [];
    expect(decodedWords(subject)).toBe("sync demo: 测试消息");
  });

  test("is not sent where the server does not encrypt, nor is the password", async () => {
    const server = await mailServer({ disabledCommands: ["STARTTLS"] });
    expect(await send(mailTo(server.port))).toMatchObject({ kind: "failed", reason: expect.stringContaining("ETLS") });
    expect([server.mails, server.readable]).toEqual([[], []]);
  });

  test("is not sent to a server that cannot prove who it is", async () => {
    const server = await mailServer(tls);
    const sent = await send(mailTo(server.port, { ca: undefined }));
    expect(sent).toMatchObject({ kind: "failed" });
    expect([server.mails, server.readable]).toEqual([[], []]);
  });

  test("with a wrong password is refused, and the password does not come out", async () => {
    const server = await mailServer(tls);
    mustNotComeOut("wrong-password-99");
    const sent = await sendTest(mailTo(server.port, { password: "wrong-password-99" }), aSetting({ secrets: ["wrong-password-99"] }));
    expect(sent).toMatchObject({ kind: "failed", reason: expect.stringMatching(/does not let us in.*\(EAUTH\): 535 .*•••/) });
  });

  test("travels readable only where that is said out loud", async () => {
    const server = await mailServer({ disabledCommands: ["STARTTLS"], allowInsecureAuth: true });
    // To this machine nothing travels.
    expect(await send(mailTo(server.port, { security: "none" }))).toEqual({ kind: "sent" });
    expect(server.mails).toMatchObject([{ isEncrypted: false }]);
    const there = await send(mailTo(server.port, { security: "none", host: "mail.example.com" }));
    expect(there).toMatchObject({ kind: "failed", reason: expect.stringContaining("sends everything readable") });
  });

  test("that one of the recipients does not get is sent, and said", async () => {
    const server = await mailServer({
      ...tls,
      onRcptTo: ({ address }, _, done) => (address.startsWith("it@") ? done(new Error("no such mailbox")) : done()),
    });
    expect(await send(mailTo(server.port))).toEqual({ kind: "sent", note: "1 of 2 recipients were refused by the server" });
  });

  test("is tried again where the server says later, and only then", async () => {
    let asked = 0;
    const refuse = (responseCode: number) => (_: unknown, __: unknown, done: (error?: Error | null) => void) => {
      asked += 1;
      done(Object.assign(new Error("not now"), { responseCode }));
    };
    const setting = aSetting();
    const busy = await mailServer({ ...tls, onMailFrom: refuse(451) });
    expect(await send(mailTo(busy.port), setting)).toMatchObject({ kind: "failed", reason: expect.stringContaining("451") });
    expect([asked, setting.waits]).toEqual([3, [1_000, 4_000]]);
    const never = await mailServer({ ...tls, onMailFrom: refuse(550) });
    await send(mailTo(never.port), setting);
    expect(asked).toBe(4);
  });

  test("to a server that says nothing ends in time", async () => {
    const { url } = await serveRaw(() => undefined);
    const sent = await send(mailTo(Number(new URL(url).port)), aSetting({ timeoutMs: 100 }));
    expect(sent).toMatchObject({ kind: "failed", reason: expect.stringMatching(/in time|not done within/) });
  });

  test("with half a sign-in is refused", async () => {
    expect(await send(mailTo(9, { password: undefined }))).toMatchObject({
      kind: "failed",
      reason: expect.stringContaining("belong together"),
    });
  });
});
