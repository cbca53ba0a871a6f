import { readFileSync } from "node:fs";
import { posix } from "node:path";
import type { Client, ConnectConfig, FileEntryWithStats, ServerHostKeyAlgorithm, SFTPWrapper, Stats } from "ssh2";
import { ProblemError, problem } from "../../../model/problem.js";
import { durationMs } from "../duration.js";
import { refuseOption } from "../options.js";
import { Changed, type FileState, type Moved, sameState } from "../storage.js";
import { type HostKeys, hostKeysOf } from "./host-key.js";
import type { SftpOptions } from "./options.js";
import { ConnectionLost, type Entry, type FileServer, inTime, lostReason, MOST_ENTRIES, type Sink } from "./server.js";

/** Every server gives this much at once (draft-ietf-secsh-filexfer-02, 3); several are asked for together, because each answer takes its time. */
const CHUNK_BYTES = 32 * 1024;
const CHUNKS_AT_ONCE = 16;

/** Status codes of the protocol, version 3 (draft-ietf-secsh-filexfer-02, 7). */
const EOF = 1;
const NO_SUCH_FILE = 2;
const PERMISSION_DENIED = 3;

/** Files on an SFTP server. */
export class SftpServer implements FileServer {
  readonly name: string;
  readonly showsGrowing = true;
  private readonly hostKeys: HostKeys;
  private readonly privateKey: Buffer | null;
  private readonly folder: string;
  private readonly timeoutMs: number;
  private client: Client | null = null;
  private session: Promise<SFTPWrapper> | null = null;

  /** Throws ProblemError when options contradict each other. Nothing is opened. */
  constructor(private readonly options: SftpOptions) {
    const { host, port = 22, folder = "." } = options;
    this.folder = posix.normalize(folder);
    this.name = `sftp://${host}${port === 22 ? "" : `:${port}`}${posix.join("/", this.folder)}`;
    this.timeoutMs = durationMs(options.timeout) ?? 0;
    this.hostKeys = hostKeysOf(options);
    if (options.password === undefined && options.private_key === undefined)
      refuseOption(
        "CONFIG_MISSING_KEY",
        "connection: `sftp` needs `password` or `private_key`",
        "add the one that the server's owner has set up",
      );
    this.privateKey = options.private_key === undefined ? null : readKey(options.private_key);
  }

  async entries(folder: string): Promise<Entry[]> {
    const sftp = await this.open();
    const path = this.pathOf(folder);
    const handle = await this.call<Buffer>((done) => sftp.opendir(path, done)).catch((error) => {
      throw this.explained(
        error,
        `the folder \`${path}\` of the server cannot be opened`,
        "correct `folder`, or let this user read it there",
      );
    });
    const entries: Entry[] = [];
    try {
      for (;;) {
        const found = await this.call<FileEntryWithStats[]>((done) => sftp.readdir(handle, done)).catch((error) => {
          if (statusOf(error) === EOF) return [];
          throw this.explained(error, `the folder \`${path}\` of the server cannot be listed`);
        });
        if (found.length === 0 || entries.length > MOST_ENTRIES) break;
        for (const { filename, attrs } of found) {
          if (filename === "." || filename === "..") continue;
          const stats = attrs.isSymbolicLink() ? await this.stat(sftp, posix.join(path, filename)) : attrs;
          // What a link leads to is read; folders that are reached by links are not, because they may lead in a circle.
          if (stats === null || (stats.isDirectory() && attrs.isSymbolicLink())) continue;
          if (stats.isDirectory()) entries.push({ name: filename, kind: "folder", size: 0, version: "" });
          else if (stats.isFile()) entries.push({ name: filename, kind: "file", ...stateOf(stats) });
        }
      }
    } finally {
      sftp.close(handle, () => {});
    }
    return entries;
  }

  async state(path: string): Promise<FileState | null> {
    const stats = await this.stat(await this.open(), this.pathOf(path));
    return stats === null || stats.isDirectory() ? null : stateOf(stats);
  }

  async download(path: string, { size }: FileState, sink: Sink): Promise<void> {
    const sftp = await this.open();
    const handle = await this.call<Buffer>((done) => sftp.open(this.pathOf(path), "r", done)).catch((error) => {
      if (statusOf(error) === NO_SUCH_FILE) throw new Changed();
      throw this.explained(error, `\`${path}\` cannot be read there`, "let this user read the file on the server");
    });
    try {
      // One byte more is asked for: a file that grew must not look whole.
      for (let at = 0; at <= size; at += CHUNK_BYTES * CHUNKS_AT_ONCE) {
        const end = Math.min(size + 1, at + CHUNK_BYTES * CHUNKS_AT_ONCE);
        const reads: Promise<Buffer>[] = [];
        for (let from = at; from < end; from += CHUNK_BYTES) reads.push(this.read(sftp, handle, from, Math.min(CHUNK_BYTES, end - from)));
        for (const [index, chunk] of (await Promise.all(reads)).entries()) {
          await sink.write(chunk);
          // What comes after the end of the file would stand in the wrong place.
          if (chunk.length < Math.min(CHUNK_BYTES, end - at - index * CHUNK_BYTES)) return;
        }
      }
    } finally {
      sftp.close(handle, () => {});
    }
  }

  /** The protocol's own rename does not overwrite, but not every server keeps to that. */
  async move(from: string, to: string, expected: FileState): Promise<Moved> {
    const sftp = await this.open();
    const [source, place] = [this.pathOf(from), this.pathOf(to)];
    if (!sameState(expected, await this.state(from))) return "changed";
    await this.makeFolder(sftp, posix.dirname(place));
    if ((await this.stat(sftp, place)) !== null) return "taken";
    await this.rename(sftp, source, place).catch((error) => {
      throw this.explained(error, `it cannot be moved to \`${place}\` on the server`, "let this user write in both folders");
    });
    return "moved";
  }

  async close(): Promise<void> {
    const { client } = this;
    this.client = null;
    this.session = null;
    client?.end();
    client?.destroy();
  }

  /**
   * OpenSSH gives a file its new name beside the old one, which many systems deny to others than its owner; its extension moves it
   * as the system does.
   */
  private async rename(sftp: SFTPWrapper, from: string, to: string): Promise<void> {
    try {
      await this.call<void>((done) => sftp.rename(from, to, done));
    } catch (error) {
      if (statusOf(error) !== PERMISSION_DENIED) throw error;
      const isMoved = await this.call<void>((done) => sftp.ext_openssh_rename(from, to, done)).then(
        () => true,
        () => false,
      );
      if (!isMoved) throw error;
    }
  }

  private async makeFolder(sftp: SFTPWrapper, folder: string): Promise<void> {
    if (folder === "/" || folder === "." || (await this.stat(sftp, folder)) !== null) return;
    await this.makeFolder(sftp, posix.dirname(folder));
    await this.call<void>((done) => sftp.mkdir(folder, done)).catch((error) => {
      throw this.explained(error, `the folder \`${folder}\` cannot be made on the server`, "let this user make it, or have it made");
    });
  }

  private async read(sftp: SFTPWrapper, handle: Buffer, at: number, length: number): Promise<Buffer> {
    const buffer = Buffer.allocUnsafe(length);
    let done = 0;
    while (done < length) {
      const bytes = await this.call<number>((answer) =>
        sftp.read(handle, buffer, done, length - done, at + done, (error, bytesRead) => answer(error, bytesRead)),
      ).catch((error) => {
        throw this.explained(error, "a file cannot be read there");
      });
      if (bytes === 0) break;
      done += bytes;
    }
    return buffer.subarray(0, done);
  }

  private async stat(sftp: SFTPWrapper, path: string) {
    try {
      return await this.call<Stats>((done) => sftp.stat(path, done));
    } catch (error) {
      if (statusOf(error) === NO_SUCH_FILE) return null;
      throw this.explained(error, `\`${path}\` cannot be looked at on the server`);
    }
  }

  private pathOf(path: string): string {
    return posix.join(this.folder, path);
  }

  private call<T>(ask: (done: (error: Error | null | undefined, answer?: T) => void) => void): Promise<T> {
    const answer = new Promise<T>((resolve, reject) => {
      ask((error, value) => {
        if (error === null || error === undefined) resolve(value as T);
        else reject(statusOf(error) === null ? new ConnectionLost(lostReason(error) ?? "the connection broke off") : error);
      });
    });
    return inTime(answer, this.timeoutMs, () => void this.close());
  }

  /** A refusal of the server as a problem; other errors stay what they are. */
  private explained(error: unknown, found: string, hint?: string): Error {
    const status = statusOf(error);
    if (status === null) return error as Error;
    const why = status === NO_SUCH_FILE ? "it does not exist" : status === PERMISSION_DENIED ? "access is denied" : `status ${status}`;
    return new ProblemError(problem("SOURCE_UNREADABLE", `\`${this.name}\`: ${found}: ${why}`, { file: this.name }, hint));
  }

  private open(): Promise<SFTPWrapper> {
    this.session ??= this.connect();
    return this.session;
  }

  private async connect(): Promise<SFTPWrapper> {
    const { Client: SshClient } = (await import("ssh2")).default;
    const client = new SshClient();
    this.client = client;
    let refused: ProblemError | null = null;
    const session = new Promise<SFTPWrapper>((resolve, reject) => {
      const { password = "" } = this.options;
      client.on("keyboard-interactive", (_name, _instructions, _language, prompts, finish) => {
        // Only what is not shown while it is typed is the password.
        finish(prompts.map(({ echo }) => (echo === true ? "" : password)));
      });
      client.on("ready", () =>
        client.sftp((error, sftp) => (error === undefined ? resolve(sftp) : reject(this.notLetIn("does not offer SFTP")))),
      );
      client.on("error", (error) => reject(refused ?? this.connectFailure(error)));
      client.on("close", () => {
        if (this.client === client) this.session = null;
        reject(refused ?? new ConnectionLost("the connection was closed before we were let in"));
      });
    });
    const algorithms = algorithmsOf(this.hostKeys.kinds);
    const config: ConnectConfig = {
      host: this.options.host,
      port: this.options.port ?? 22,
      username: this.options.user,
      ...(this.options.password === undefined ? {} : { password: this.options.password }),
      ...(this.privateKey === null ? {} : { privateKey: this.privateKey }),
      ...(this.options.passphrase === undefined ? {} : { passphrase: this.options.passphrase }),
      ...(algorithms === null ? {} : { algorithms: { serverHostKey: algorithms } }),
      tryKeyboard: this.options.password !== undefined,
      authHandler: signInOrder(this.privateKey !== null, this.options.password !== undefined) as never,
      readyTimeout: this.timeoutMs,
      keepaliveInterval: 10_000,
      keepaliveCountMax: 3,
      hostVerifier: (key: Buffer) => {
        refused = this.hostKeys.refuse(key);
        return refused === null;
      },
    };
    try {
      client.connect(config);
    } catch {
      // Only the key is looked at before anything is sent.
      await this.close();
      session.catch(() => {});
      refuseOption(
        "CONFIG_WRONG_VALUE",
        "connection: `sftp.private_key` cannot be used with `passphrase` as it is",
        "expected a private key in OpenSSH or PEM form; an encrypted one needs its passphrase",
      );
    }
    try {
      return await session;
    } catch (error) {
      await this.close();
      throw error;
    }
  }

  private connectFailure(error: Error): Error {
    const { level } = error as { readonly level?: string };
    if (level === "client-authentication") return this.notLetIn("does not let us in");
    if (level === "client-timeout") return new ConnectionLost(`there was no answer within ${this.timeoutMs} ms`);
    const reason = error.message === "Connection lost before handshake" ? "the connection was closed at once" : lostReason(error);
    if (reason !== null || level === "client-socket") return new ConnectionLost(reason ?? "the connection broke off");
    return new ProblemError(
      problem(
        "SOURCE_UNREADABLE",
        `\`${this.name}\`: no connection comes about; the server does not speak SSH as it should, or has none of the algorithms or kinds of key that are wanted`,
        { file: this.name },
        "check `host` and `port`; `known_hosts` may know it by a key of a kind that it no longer has",
      ),
    );
  }

  private notLetIn(what: string): ProblemError {
    const ways = [...(this.privateKey === null ? [] : ["`private_key`"]), ...(this.options.password === undefined ? [] : ["`password`"])];
    return new ProblemError(
      problem(
        "SOURCE_SIGN_IN",
        `\`${this.name}\` ${what} as \`${this.options.user}\``,
        { file: this.name },
        `check \`user\` and ${ways.join(" and ")}`,
      ),
    );
  }
}

function stateOf({ size, mtime }: Stats): FileState {
  return { size, version: String(mtime) };
}

/** The status that a server answered with; null when it did not answer. */
function statusOf(error: unknown): number | null {
  const { code } = error as { readonly code?: unknown };
  return typeof code === "number" && code >= EOF && code <= 31 ? code : null;
}

/**
 * Each way once, and only those that the server offers: a wrong password that is sent twice counts as two attempts, and accounts
 * are locked after a few.
 */
function signInOrder(hasKey: boolean, hasPassword: boolean): (offered: readonly string[] | null) => string | false {
  const tried = new Set<string>();
  return (offered) => {
    if (offered === null) return "none";
    const ways = [
      ...(hasKey ? ["publickey"] : []),
      ...(hasPassword ? [offered.includes("password") || tried.has("password") ? "password" : "keyboard-interactive"] : []),
    ];
    const next = ways.find((way) => offered.includes(way) && !tried.has(way));
    if (next === undefined) return false;
    tried.add(next);
    return next;
  };
}

/** A server shows the first kind of key on our list that it has, so the kinds by which it is known are asked for alone. */
function algorithmsOf(kinds: readonly string[]): ServerHostKeyAlgorithm[] | null {
  if (kinds.length === 0) return null;
  // A key of kind ssh-rsa signs with SHA-2 (RFC 8332), or as a last resort, for servers from before 2016, with SHA-1.
  return kinds.flatMap((kind) => (kind === "ssh-rsa" ? ["rsa-sha2-512", "rsa-sha2-256", kind] : [kind])) as never;
}

function readKey(file: string): Buffer {
  try {
    return readFileSync(file);
  } catch (error) {
    return refuseOption(
      "CONFIG_MISSING_FILE",
      `connection: \`${file}\` cannot be read: ${(error as NodeJS.ErrnoException).code}`,
      "let this user read it",
    );
  }
}
