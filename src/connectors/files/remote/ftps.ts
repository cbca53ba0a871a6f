import { posix } from "node:path";
import { Writable } from "node:stream";
import type { ConnectionOptions } from "node:tls";
import type { Client, FTPError } from "basic-ftp";
import { ProblemError, problem } from "../../../model/problem.js";
import { certificateReason } from "../../http/certificate.js";
import { durationMs } from "../duration.js";
import { refuseOption } from "../options.js";
import { Changed, type FileState, type Moved, sameState } from "../storage.js";
import type { FtpsOptions } from "./options.js";
import { readCertificates } from "./pem.js";
import { ConnectionLost, type Entry, type FileServer, lostReason, type Sink } from "./server.js";

/** Values of the library's file types; importing them would load it. */
const FILE = 1;
const FOLDER = 2;

/** Files on an FTP server, by default over TLS. */
export class FtpsServer implements FileServer {
  readonly name: string;
  readonly showsGrowing = true;
  private readonly tls: ConnectionOptions;
  private readonly timeoutMs: number;
  private client: Client | null = null;
  /** Absolute on the server. */
  private root = "/";

  /** Throws ProblemError when options contradict each other. Nothing is opened. */
  constructor(private readonly options: FtpsOptions) {
    const { host, mode, insecure, port, ca, folder = "" } = options;
    const usual = mode === "implicit" ? 990 : 21;
    this.name = `${insecure ? "ftp" : "ftps"}://${host}${port === undefined || port === usual ? "" : `:${port}`}${posix.join("/", folder)}`;
    this.timeoutMs = durationMs(options.timeout) ?? 0;
    if (insecure && (ca !== undefined || mode === "implicit"))
      refuseOption(
        "CONFIG_WRONG_VALUE",
        `connection: \`${ca === undefined ? "mode: implicit" : "ca"}\` is given, and \`insecure\` turns TLS off`,
        "remove one of them",
      );
    for (const key of ["user", "password", "folder"] as const)
      if (/\p{Cc}/u.test(options[key] ?? ""))
        refuseOption("CONFIG_WRONG_VALUE", `connection: \`ftps.${key}\` has a control character`, "remove it");
    this.tls = { host, minVersion: "TLSv1.2", ...(ca === undefined ? {} : { ca: readCertificates(ca) }) };
  }

  async entries(folder: string): Promise<Entry[]> {
    const client = await this.open();
    const path = this.pathOf(folder);
    // A server may answer the listing of a folder that is not there with an empty one.
    await this.call(client.cd(path), (code) =>
      this.refused(`the folder \`${path}\` cannot be opened`, code, "correct `folder`, or let this user read it there"),
    );
    const found = await this.call(client.list(), (code) => this.refused(`the folder \`${path}\` cannot be listed`, code));
    return found.flatMap(({ name, type, size, modifiedAt }): Entry[] => {
      if (name === "." || name === "..") return [];
      if (type === (FOLDER as typeof type)) return [{ name, kind: "folder", size: 0, version: "" }];
      // Where links lead is not listed, so they are not read.
      if (type !== (FILE as typeof type)) return [];
      return [{ name, kind: "file", size, version: modifiedAt?.toISOString() ?? "" }];
    });
  }

  /** The older form of a listing has times to the minute, and each server writes them in its own way. */
  async exact(path: string, listed: FileState): Promise<FileState | null> {
    return listed.version === "" ? this.state(path) : listed;
  }

  async state(path: string): Promise<FileState | null> {
    const client = await this.open();
    const file = this.pathOf(path);
    const size = await this.call(client.size(file), (code) =>
      code === 550 ? null : this.refused(`the size of \`${path}\` is not told`, code),
    );
    if (size === null) return null;
    const time = await this.call(client.lastMod(file), (code) => (code === 550 ? null : ""));
    if (time === null) return null;
    return { size, version: time === "" ? "" : time.toISOString() };
  }

  async download(path: string, _expected: FileState, sink: Sink): Promise<void> {
    const client = await this.open();
    let failure: unknown = null;
    const target = new Writable({
      write: (chunk: Buffer, _encoding, done) => {
        sink.write(chunk).then(
          () => done(),
          (error: Error) => {
            failure = error;
            done(error);
          },
        );
      },
    });
    target.on("error", () => {});
    try {
      await this.call(client.downloadTo(target, this.pathOf(path)), (code) => {
        if (code === 550) throw new Changed();
        return this.refused(`\`${path}\` cannot be read there`, code, "let this user read the file on the server");
      });
    } catch (error) {
      throw failure ?? error;
    }
    // The last chunks may still be on their way to the disk.
    await new Promise<void>((resolve) => (target.writableFinished || target.destroyed ? resolve() : target.once("close", resolve)));
    if (failure !== null) throw failure;
  }

  /** The protocol's rename overwrites on most servers, so the place is looked at first. */
  async move(from: string, to: string, expected: FileState): Promise<Moved> {
    const client = await this.open();
    if (!sameState(expected, await this.state(from))) return "changed";
    if ((await this.state(to)) !== null) return "taken";
    const place = this.pathOf(to);
    const parents = posix
      .dirname(to)
      .split("/")
      .map((_, index, all) => all.slice(0, index + 1).join("/"));
    // A folder that is there already is refused; whether it is, the move itself shows.
    for (const parent of parents.filter((each) => !/(^|\/)\.{1,2}$/.test(each)))
      await this.call(client.sendIgnoringError(`MKD ${this.pathOf(parent)}`), () => null);
    await this.call(client.rename(this.pathOf(from), place), (code) =>
      this.refused(`it cannot be moved to \`${place}\``, code, "let this user write in both folders of the server"),
    );
    return "moved";
  }

  async close(): Promise<void> {
    this.client?.close();
    this.client = null;
  }

  private pathOf(path: string): string {
    return posix.join(this.root, path);
  }

  /** `refused` says what an error code of the server means, or throws; anything else means that the connection is gone. */
  private async call<T, R>(answer: Promise<T>, refused: (code: number) => R): Promise<T | R> {
    try {
      return await answer;
    } catch (error) {
      const code = codeOf(error);
      // 421 and 425 to 426: the server closes, or the second connection, for the data, broke off; 451: it had an error of its own.
      if (code === null || [421, 425, 426, 451].includes(code)) throw this.lost(error);
      return refused(code);
    }
  }

  private lost(error: unknown): Error {
    const untrusted = certificateReason(error);
    if (untrusted === null)
      return new ConnectionLost(
        lostReason(error) ?? (codeOf(error) === null ? "the connection broke off" : `the server ended it (${codeOf(error)})`),
      );
    return new ProblemError(
      problem(
        "SOURCE_IDENTITY",
        `\`${this.name}\` cannot prove who it is: ${untrusted}; no password was sent`,
        { file: this.name },
        "check `host`; where the certificate is of an authority of your own, give its file as `ca`",
      ),
    );
  }

  private async open(): Promise<Client> {
    if (this.client !== null && !this.client.closed) return this.client;
    const { Client: FtpClient } = await import("basic-ftp");
    const client = new FtpClient(this.timeoutMs, { allowSeparateTransferHost: false });
    this.client = client;
    const { host, user, password, mode, insecure } = this.options;
    const port = this.options.port ?? (mode === "implicit" ? 990 : 21);
    const greeting = mode === "implicit" ? client.connectImplicitTLS(host, port, { ...this.tls }) : client.connect(host, port);
    await this.call(greeting, (code) => this.refused("the server does not take us", code));
    if (!insecure && mode === "explicit")
      await this.call(client.useTLS({ ...this.tls }), (code) =>
        this.refused(
          "the server has no TLS",
          code,
          "try `mode: implicit`; only where everybody on the way may read the password and the files, `insecure: true`",
        ),
      );
    // Names and passwords may have other letters than those of ASCII.
    await this.call(client.sendIgnoringError("OPTS UTF8 ON"), () => null);
    await this.call(client.login(user, password), (code) => {
      const hint = "check `user` and `password`";
      throw new ProblemError(
        problem("SOURCE_SIGN_IN", `\`${this.name}\` does not let us in as \`${user}\` (${code})`, { file: this.name }, hint),
      );
    });
    await this.call(client.useDefaultSettings(), (code) => this.refused("the server refuses binary transfers", code));
    const home = await this.call(client.pwd(), () => "/");
    this.root = posix.resolve("/", home, this.options.folder ?? "");
    return client;
  }

  /** Only the code: what a server says may repeat what we sent. */
  private refused(found: string, code: number, hint?: string): never {
    throw new ProblemError(
      problem("SOURCE_UNREADABLE", `\`${this.name}\`: ${found} (the server answered ${code})`, { file: this.name }, hint),
    );
  }
}

function codeOf(error: unknown): number | null {
  const { code } = error as Partial<FTPError>;
  return typeof code === "number" ? code : null;
}
