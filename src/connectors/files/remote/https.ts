import type { Agent, request } from "undici";
import { ProblemError, problem } from "../../../model/problem.js";
import { compareKeys } from "../../../model/record.js";
import type { ConnectorContext } from "../../contract.js";
import { certificateReason } from "../../http/certificate.js";
import { durationMs } from "../duration.js";
import { refuseOption } from "../options.js";
import { sizeText } from "../size.js";
import type { FileState, ListedFile, Moved, OpenedFile, Storage } from "../storage.js";
import { isPrivate, readAddress } from "./address.js";
import { LocalCopy, TooLong } from "./copy.js";
import type { HttpsOptions } from "./options.js";
import { readCertificates } from "./pem.js";
import { tryRepeatedly } from "./remote-folder.js";
import { ConnectionLost, lostReason } from "./server.js";
import { readTextFile } from "./text-file.js";

const MOST_REDIRECTS = 5;

type Answer = Awaited<ReturnType<typeof request>>;

/**
 * Files at an address of the web, by their names: there is no listing. Redirects are followed, but to another host, port or scheme
 * nothing goes that shows who we are, neither our password nor our certificate, and never from `https` to `http`.
 */
export class HttpsFolder implements Storage {
  readonly name: string;
  private readonly base: URL;
  private readonly headers: Readonly<Record<string, string>>;
  private readonly timeoutMs: number;
  private readonly settings: { readonly own: Agent.Options; readonly others: Agent.Options };
  /** For the server itself, with our certificate, and for those that it redirects to. */
  private agents: { readonly own: Agent; readonly others: Agent } | null = null;

  /** Throws ProblemError when options contradict each other. Nothing is opened. */
  constructor(
    private readonly options: HttpsOptions,
    /** The most that is read of an answer that does not say how long it is, in bytes. */
    private readonly limit: number,
    private readonly context: Pick<ConnectorContext, "sleep" | "signal">,
  ) {
    this.base = readAddress("https.url", options.url, options.insecure);
    if (!this.base.pathname.endsWith("/")) this.base.pathname += "/";
    this.name = this.base.href;
    this.headers = signInOf(options.auth);
    this.timeoutMs = durationMs(options.timeout) ?? 0;
    if ((options.certificate === undefined) !== (options.private_key === undefined))
      refuseOption("CONFIG_MISSING_KEY", "connection: `https` needs both `certificate` and `private_key`, or neither", "add the other one");
    const limits = { connectTimeout: this.timeoutMs, headersTimeout: this.timeoutMs, bodyTimeout: this.timeoutMs };
    const ca = options.ca === undefined ? {} : { ca: readCertificates(options.ca) };
    const ours =
      options.certificate === undefined || options.private_key === undefined
        ? {}
        : {
            cert: readCertificates(options.certificate),
            key: readTextFile(options.private_key),
            ...(options.passphrase === undefined ? {} : { passphrase: options.passphrase }),
          };
    this.settings = { own: { ...limits, connect: { ...ca, ...ours } }, others: { ...limits, connect: ca } };
  }

  async list(names: readonly string[]): Promise<ListedFile[]> {
    for (const name of names) {
      const isPattern = /[*?{}[\]!]/.test(name);
      const leaves = name.startsWith("/") || name.split("/").some((part) => part === "" || part === "." || part === "..");
      if (!isPattern && !leaves && !/[\\\p{Cc}]/u.test(name)) continue;
      refuseOption(
        "CONFIG_WRONG_VALUE",
        `\`files\` has \`${name}\`, and an address of the web cannot be looked through`,
        "name each file by its path after `url`, such as `2026/expenses.csv`",
      );
    }
    return [...new Set(names)].sort(compareKeys).map((unit) => ({ unit, size: 0, version: "" }));
  }

  async open({ unit }: ListedFile): Promise<OpenedFile | "missing"> {
    const copy = await LocalCopy.make(this.context.signal);
    try {
      const isThere = await tryRepeatedly(() => this.download(unit, copy), this, this.context);
      if (isThere)
        return {
          handle: copy.handle,
          state: { size: copy.size, version: "" },
          ensureUnchanged: async () => {},
          close: () => copy.discard(),
        };
    } catch (error) {
      await copy.discard();
      throw error;
    }
    await copy.discard();
    return "missing";
  }

  state(): Promise<FileState | null> {
    throw new Error("bug: an address of the web was asked what it has");
  }

  move(): Promise<Moved> {
    throw new Error("bug: a file on the web was to be moved");
  }

  async close(): Promise<void> {
    const { agents } = this;
    this.agents = null;
    if (agents !== null) await Promise.all([agents.own.destroy(), agents.others.destroy()]);
  }

  /** False when there is no such file. */
  private async download(unit: string, copy: LocalCopy): Promise<boolean> {
    try {
      const answer = await this.follow(new URL(unit.split("/").map(encodeURIComponent).join("/"), this.base));
      if (answer.statusCode === 404 || answer.statusCode === 410) {
        await answer.body.dump();
        return false;
      }
      const length = this.lengthOf(answer, unit);
      await copy.restart(length ?? this.limit);
      for await (const chunk of answer.body) await copy.write(chunk as Buffer);
      if (length !== null && copy.size !== length)
        throw new ConnectionLost(`\`${unit}\` came with ${copy.size} bytes instead of ${length}`);
      return true;
    } catch (error) {
      if (error instanceof TooLong)
        throw new ProblemError(
          problem(
            "SOURCE_TOO_LARGE",
            `\`${unit}\` is larger than ${sizeText(this.limit)}, and the server does not say how long it is`,
            { file: unit },
            "raise `unpack_limit`",
          ),
        );
      throw this.explained(error);
    }
  }

  private async follow(first: URL): Promise<Answer> {
    const { Agent: Connections, request: send } = await import("undici");
    this.agents ??= { own: new Connections(this.settings.own), others: new Connections(this.settings.others) };
    const { own, others } = this.agents;
    let url = first;
    for (let redirects = 0; redirects <= MOST_REDIRECTS; redirects += 1) {
      const isOurs = url.origin === this.base.origin;
      const answer = await send(url, {
        dispatcher: isOurs ? own : others,
        signal: this.context.signal,
        // Packed on its way, it would have another length than the one that is told.
        headers: { "user-agent": "erp-sync", accept: "*/*", "accept-encoding": "identity", ...(isOurs ? this.headers : {}) },
      });
      const { statusCode: status } = answer;
      if (status === 200 || status === 404 || status === 410) return answer;
      await answer.body.dump();
      const { location } = answer.headers;
      if (![301, 302, 303, 307, 308].includes(status) || typeof location !== "string") throw this.refused(url, status);
      const next = URL.canParse(location, url.href) ? new URL(location, url) : null;
      if (next === null || !["https:", "http:"].includes(next.protocol))
        throw this.misled("redirects to something that is no address of the web");
      if (url.protocol === "https:" && next.protocol !== "https:")
        throw this.misled(`redirects from \`https\` to \`http://${next.host}\`, where everybody on the way can read`);
      if (!isPrivate(next) && !this.options.insecure)
        throw this.misled(`redirects to \`http://${next.host}\`, where everybody on the way can read`);
      url = next;
    }
    throw this.misled(`redirects more than ${MOST_REDIRECTS} times`);
  }

  /** Null when the server does not say; then it says where the end is. */
  private lengthOf({ headers }: Answer, unit: string): number | null {
    const { "content-length": length, "transfer-encoding": transfer, "content-encoding": encoding } = headers;
    // Many servers call a file that is packed itself an encoding; it is kept as it is.
    if (encoding !== undefined && encoding !== "identity" && !/\.gz$/i.test(unit))
      throw this.misled(`sends \`${unit}\` packed, although it was asked not to`, "switch off compression for these files on the server");
    if (typeof length === "string" && /^\d{1,15}$/.test(length)) return Number(length);
    if (typeof transfer === "string" && /\bchunked\b/i.test(transfer)) return null;
    throw this.misled(
      `does not say how long \`${unit}\` is, so that half of it could pass for all`,
      "the server must send `Content-Length`",
    );
  }

  private refused(url: URL, status: number): Error {
    if (status === 429 || status >= 500) return new ConnectionLost(`it has no time for us (HTTP ${status})`);
    if ((status === 401 || status === 403 || status === 407) && url.origin === this.base.origin)
      return new ProblemError(
        problem(
          "SOURCE_SIGN_IN",
          `\`${this.name}\` does not let us in (HTTP ${status})`,
          { file: this.name },
          "check `auth`, or `certificate` and `private_key`",
        ),
      );
    const where = url.origin === this.base.origin ? "" : `\`${url.origin}\`, to which it redirects, `;
    return new ProblemError(
      problem(
        "SOURCE_UNREADABLE",
        `\`${this.name}\`: ${where}answered HTTP ${status}`,
        { file: this.name },
        "check `url` and the names; to another server no password is sent",
      ),
    );
  }

  private misled(found: string, hint = "give the final address as `url`"): ProblemError {
    return new ProblemError(problem("SOURCE_UNREADABLE", `\`${this.name}\` ${found}`, { file: this.name }, hint));
  }

  private explained(error: unknown): Error {
    const untrusted = certificateReason(error);
    if (untrusted !== null)
      return new ProblemError(
        problem(
          "SOURCE_IDENTITY",
          `\`${this.name}\` cannot prove who it is: ${untrusted}; no password was sent`,
          { file: this.name },
          "check `url`; where the certificate is of an authority of your own, give its file as `ca`",
        ),
      );
    const reason = lostReason(error);
    return reason === null ? (error as Error) : new ConnectionLost(reason);
  }
}

function signInOf(auth: HttpsOptions["auth"]): Record<string, string> {
  const given = Object.keys(auth ?? {});
  if (auth === undefined || given.length === 0) return {};
  if (given.length > 1)
    refuseOption(
      "CONFIG_WRONG_VALUE",
      `connection: \`https.auth\` has ${given.map((name) => `\`${name}\``).join(" and ")}`,
      "keep one of them",
    );
  const { basic, bearer, api_key: key } = auth;
  if (basic !== undefined) {
    // A colon would end the name (RFC 7617, 2), and the rest of it would be sent as a part of the password.
    if (basic.user.includes(":"))
      refuseOption("CONFIG_WRONG_VALUE", "connection: `https.auth.basic.user` has a colon", "a user name cannot have one");
    return { authorization: `Basic ${Buffer.from(`${basic.user}:${basic.password}`).toString("base64")}` };
  }
  if (bearer !== undefined) return { authorization: `Bearer ${headerValue("bearer.token", bearer.token)}` };
  if (key === undefined) return {};
  if (!/^[!#$%&'*+.^_`|~\w-]+$/.test(key.header))
    refuseOption(
      "CONFIG_WRONG_VALUE",
      `connection: \`https.auth.api_key.header\` is \`${key.header}\``,
      "a name has letters, digits and `-`",
    );
  return { [key.header.toLowerCase()]: headerValue("api_key.value", key.value) };
}

function headerValue(option: string, value: string): string {
  if (/^[\x20-\x7e]*$/.test(value)) return value;
  return refuseOption(
    "CONFIG_WRONG_VALUE",
    `connection: \`https.auth.${option}\` has characters that a header cannot carry`,
    "expected ASCII without line breaks",
  );
}
