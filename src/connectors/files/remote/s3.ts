import { posix } from "node:path";
import type { Readable } from "node:stream";
import type { S3Client, S3ClientConfig } from "@aws-sdk/client-s3";
import { ProblemError, problem } from "../../../model/problem.js";
import { certificateReason } from "../../http/certificate.js";
import { durationMs } from "../duration.js";
import { refuseOption } from "../options.js";
import { Changed, type FileState, type Moved, sameState } from "../storage.js";
import { readAddress } from "./address.js";
import type { S3Options } from "./options.js";
import { readCertificates } from "./pem.js";
import { ConnectionLost, type Entry, type FileServer, inTime, lostReason, MOST_ENTRIES, type Sink } from "./server.js";

/** What a store copies within itself in one request. */
const MOST_COPIED_BYTES = 5 * 2 ** 30;

/** What the library throws: an answer of the store, or an error of the network. */
interface Failure {
  readonly name?: string;
  readonly $metadata?: { readonly httpStatusCode?: number };
}

/** Objects of a store that speaks S3. They appear whole or not at all, so nothing there is half written. */
export class S3Store implements FileServer {
  readonly name: string;
  readonly showsGrowing = false;
  private readonly prefix: string;
  private readonly timeoutMs: number;
  private readonly endpoint: URL | null;
  private readonly ca: string | null;
  private client: S3Client | null = null;

  /** Throws ProblemError when options contradict each other. Nothing is opened. */
  constructor(private readonly options: S3Options) {
    const { bucket, prefix = "", endpoint, access_key: id, secret_key: secret, session_token: token, ca } = options;
    this.prefix = prefix.replace(/^\/+|\/+$/g, "");
    this.name = `s3://${posix.join(bucket, this.prefix)}`;
    this.timeoutMs = durationMs(options.timeout) ?? 0;
    this.endpoint = endpoint === undefined ? null : readAddress("s3.endpoint", endpoint, options.insecure);
    this.ca = ca === undefined ? null : readCertificates(ca);
    if ((id === undefined) !== (secret === undefined) || (id === undefined && token !== undefined))
      refuseOption(
        "CONFIG_MISSING_KEY",
        "connection: `s3` needs both `access_key` and `secret_key`, or none of its keys",
        "without them, those of the environment are used",
      );
  }

  async entries(folder: string): Promise<Entry[]> {
    const prefix = folder === "" && this.prefix === "" ? "" : `${this.keyOf(folder)}/`;
    const { ListObjectsV2Command } = await import("@aws-sdk/client-s3");
    const entries: Entry[] = [];
    for (let token: string | undefined, isLast = false; !isLast && entries.length <= MOST_ENTRIES; ) {
      const page = await this.call((client, abort) =>
        client.send(
          new ListObjectsV2Command({
            Bucket: this.options.bucket,
            Prefix: prefix,
            Delimiter: "/",
            ...(token === undefined ? {} : { ContinuationToken: token }),
          }),
          { abortSignal: abort },
        ),
      ).catch((error) => {
        throw this.explained(error, "its objects cannot be listed", "check `bucket`, and let this key list it");
      });
      for (const { Prefix: whole = "" } of page.CommonPrefixes ?? [])
        entries.push({ name: whole.slice(prefix.length, -1), kind: "folder", size: 0, version: "" });
      // Some programs make an empty object that stands for the folder itself.
      for (const { Key: key = "", Size: size = 0, ETag: tag = "" } of page.Contents ?? [])
        if (key !== prefix) entries.push({ name: key.slice(prefix.length), kind: "file", size, version: tag });
      token = page.NextContinuationToken;
      isLast = page.IsTruncated !== true || token === undefined;
    }
    return entries;
  }

  async state(path: string): Promise<FileState | null> {
    const { HeadObjectCommand } = await import("@aws-sdk/client-s3");
    try {
      const head = await this.call((client, abort) =>
        client.send(new HeadObjectCommand({ Bucket: this.options.bucket, Key: this.keyOf(path) }), { abortSignal: abort }),
      );
      return { size: head.ContentLength ?? 0, version: head.ETag ?? "" };
    } catch (error) {
      if (statusOf(error) === 404) return null;
      throw this.explained(error, `\`${path}\` cannot be looked at`, "let this key read objects and list the bucket");
    }
  }

  async download(path: string, { version }: FileState, sink: Sink): Promise<void> {
    const { GetObjectCommand } = await import("@aws-sdk/client-s3");
    const command = new GetObjectCommand({ Bucket: this.options.bucket, Key: this.keyOf(path), IfMatch: version });
    const answer = await this.call((client, abort) => client.send(command, { abortSignal: abort })).catch((error) => {
      if (statusOf(error) === 404 || statusOf(error) === 412) throw new Changed();
      throw this.explained(error, `\`${path}\` cannot be read`, "let this key read objects");
    });
    const body = answer.Body as Readable;
    const chunks = body[Symbol.asyncIterator]() as AsyncIterator<Buffer>;
    try {
      for (;;) {
        const { value, done } = await inTime(chunks.next(), this.timeoutMs, () => body.destroy());
        if (done === true) return;
        await sink.write(value);
      }
    } catch (error) {
      throw isNetwork(error) ? new ConnectionLost(lostReason(error) ?? "the answer was cut short") : error;
    } finally {
      body.destroy();
    }
  }

  /** There is no moving: it is copied and then deleted. Whatever breaks off in between, one of the two is there. */
  async move(from: string, to: string, expected: FileState): Promise<Moved> {
    const { CopyObjectCommand, DeleteObjectCommand } = await import("@aws-sdk/client-s3");
    const { bucket: Bucket } = this.options;
    if (!sameState(expected, await this.state(from))) return "changed";
    if ((await this.state(to)) !== null) return "taken";
    if (expected.size > MOST_COPIED_BYTES)
      throw new ProblemError(
        problem("SOURCE_TOO_LARGE", "it is larger than 5 GB, the most that a store copies at once", [], "move it by hand"),
      );
    const source = [Bucket, ...this.keyOf(from).split("/")].map(encodeURIComponent).join("/");
    const copy = new CopyObjectCommand({ Bucket, Key: this.keyOf(to), CopySource: source, CopySourceIfMatch: expected.version });
    try {
      await this.call((client, abort) => client.send(copy, { abortSignal: abort }));
    } catch (error) {
      if (statusOf(error) === 404 || statusOf(error) === 412) return "changed";
      throw this.explained(error, `it cannot be copied to \`${to}\``, "let this key write objects");
    }
    if ((await this.state(to))?.size !== expected.size)
      throw new ProblemError(
        problem("SOURCE_UNREADABLE", `its copy \`${to}\` is not as long as it should be`, [], "nothing was deleted; look at both"),
      );
    if (!sameState(expected, await this.state(from))) return "changed";
    await this.call((client, abort) =>
      client.send(new DeleteObjectCommand({ Bucket, Key: this.keyOf(from) }), { abortSignal: abort }),
    ).catch((error) => {
      throw this.explained(error, `it was copied to \`${to}\` and cannot be deleted`, "let this key delete objects");
    });
    return "moved";
  }

  async close(): Promise<void> {
    this.client?.destroy();
    this.client = null;
  }

  private keyOf(path: string): string {
    const key = posix.join(this.prefix, path);
    if (!key.startsWith("../")) return key;
    return refuseOption("CONFIG_WRONG_VALUE", `\`${path}\` leads out of the bucket`, "correct `archive.move`: it starts at `prefix`");
  }

  private async call<T>(ask: (client: S3Client, abort: AbortSignal) => Promise<T>): Promise<T> {
    const client = await this.open();
    const abort = new AbortController();
    return inTime(ask(client, abort.signal), this.timeoutMs, () => abort.abort());
  }

  private async open(): Promise<S3Client> {
    if (this.client !== null) return this.client;
    const { S3Client: Store } = await import("@aws-sdk/client-s3");
    const { Agent } = await import("node:https");
    const {
      region,
      access_key: accessKeyId,
      secret_key: secretAccessKey,
      session_token: sessionToken,
      path_style: forcePathStyle,
    } = this.options;
    const config: S3ClientConfig = {
      region,
      forcePathStyle,
      // We try again ourselves, and say so.
      maxAttempts: 1,
      // Stores other than Amazon's do not know the checksums that it added later.
      requestChecksumCalculation: "WHEN_REQUIRED",
      responseChecksumValidation: "WHEN_REQUIRED",
      requestHandler: {
        connectionTimeout: this.timeoutMs,
        ...(this.ca === null ? {} : { httpsAgent: new Agent({ ca: this.ca, keepAlive: true }) }),
      },
      ...(this.endpoint === null ? {} : { endpoint: this.endpoint.href }),
      ...(accessKeyId === undefined || secretAccessKey === undefined
        ? {}
        : { credentials: { accessKeyId, secretAccessKey, ...(sessionToken === undefined ? {} : { sessionToken }) } }),
    };
    this.client = new Store(config);
    return this.client;
  }

  private explained(error: unknown, found: string, hint: string): Error {
    if (error instanceof ConnectionLost || error instanceof ProblemError) return error;
    const untrusted = certificateReason(error);
    const { name = "" } = error as Failure;
    const at = { file: this.name };
    if (untrusted !== null)
      return new ProblemError(
        problem(
          "SOURCE_IDENTITY",
          `\`${this.name}\` cannot prove who it is: ${untrusted}`,
          at,
          "check `endpoint`; where the certificate is of an authority of your own, give its file as `ca`",
        ),
      );
    const status = statusOf(error);
    if (status === null && name === "CredentialsProviderError")
      return new ProblemError(
        problem(
          "SOURCE_SIGN_IN",
          `\`${this.name}\`: the environment has no keys for it`,
          at,
          "give `access_key` and `secret_key`, or set them up in the environment",
        ),
      );
    if (status === null) return new ConnectionLost(lostReason(error) ?? "the connection broke off");
    if (status === 429 || status >= 500) return new ConnectionLost(`it has no time for us (HTTP ${status})`);
    const shown = /^[A-Za-z]{1,60}$/.test(name) ? `${name}, HTTP ${status}` : `HTTP ${status}`;
    if (status === 401 || status === 403)
      return new ProblemError(
        problem(
          "SOURCE_SIGN_IN",
          `\`${this.name}\`: ${found}: it does not let us in (${shown})`,
          at,
          `check the keys and \`region\`; ${hint}`,
        ),
      );
    return new ProblemError(problem("SOURCE_UNREADABLE", `\`${this.name}\`: ${found} (${shown})`, at, hint));
  }
}

function statusOf(error: unknown): number | null {
  return (error as Failure).$metadata?.httpStatusCode ?? null;
}

function isNetwork(error: unknown): boolean {
  return lostReason(error) !== null || (error as { readonly message?: unknown }).message === "aborted";
}
