import { ProblemError, problem } from "../../model/problem.js";
import type { ConnectorContext } from "../contract.js";
import { readAnswer } from "../http/answer.js";
import { type Opened, type OwnSignIn, openConnection } from "../http/connection.js";
import { textOf } from "../http/json.js";
import { type Path, parsePath, valueAt } from "../http/path.js";
import { Redaction } from "../http/redaction.js";
import { fixedSignIn } from "../http/sign-in/grant.js";
import { PageJudge } from "../http/source/answers.js";
import { type Answered, Caller } from "../http/source/caller.js";
import { PageFault } from "../http/source/fault.js";
import type { RulesOptions } from "../http/source/options.js";
import type { Answer } from "../http/transport.js";
import { readUrl, refuseConnection } from "../http/url.js";
import type { HttpCall, HttpClient, HttpReply } from "../http.js";
import type { HesiConnection } from "./connection.js";
import { HesiSignIn } from "./sign-in.js";

export type Query = Readonly<Record<string, string | number | boolean>>;

/** Hosts of the vendor. A host that `locate` leads to gets our credentials, so it must be one of these or be named. */
const VENDOR = /(^|\.)(ekuaibao\.com|hosecloud\.com)$/;
const API = "/api/openapi";

/** The vendor's own words stand in `errorMessage`, or in a text message alone. */
const ERRORS: RulesOptions = [
  { when: [{ status: [400, 403, 404, 412] }, { path: "$.errorMessage", exists: true }], message: "$.errorMessage", means: "failure" },
  {
    when: [
      { path: "$.errorCode", exists: true },
      { path: "$.items", exists: false },
    ],
    message: "$.errorMessage",
    means: "failure",
  },
];

/** What a 403 says that is about the sign-in; other words are about what was asked for, such as `实体已经停用`. */
const ABOUT_SIGN_IN = /授权|认证|登录|密钥|token|unauthori[sz]ed|forbidden|expired/i;

const HINT = "check the options, and what the account for the open API may see; nothing was taken, and the next run reads it again";

interface Ready {
  readonly client: HttpClient;
  readonly caller: Caller;
}

/** Calls to one tenant of Hesi. Where the tenant lives is asked once, before the first call. */
export class HesiClient {
  /** What problems call the system: the host as it is configured. */
  readonly name: string;
  /** Calls that were answered or may have been read, of those that change something. */
  writes = 0;
  private readonly first: URL;
  private readonly judges = new Map<string, PageJudge>();
  private readonly opened: Opened[] = [];
  private ready: Promise<Ready> | null = null;

  /** `halves`: what is too much is asked for in halves. Throws ProblemError for options that cannot be used; nothing is sent. */
  constructor(
    private readonly options: HesiConnection,
    private readonly context: ConnectorContext,
    private readonly halves: boolean,
  ) {
    this.first = readUrl("url", options.url, options.insecure);
    this.name = this.first.host;
    if (options.locate === undefined) this.ready = Promise.resolve(this.readyAt(this.first));
  }

  /** Knows the secrets in use. */
  get redaction(): Redaction {
    return this.opened.at(-1)?.redaction ?? new Redaction();
  }

  /** Asks for a list, or for one value with `single`. Throws PageFault when there is no answer that holds it. */
  async ask(call: HttpCall, records: string, how: { readonly single?: boolean; readonly gone?: boolean } = {}): Promise<Answered> {
    const { caller } = await this.start();
    try {
      return await caller.ask(call, this.judgeFor(records, how.single ?? false, how.gone ?? false));
    } catch (error) {
      if (!(error instanceof PageFault)) throw error;
      // The hints of the general reader speak of options that are none here.
      const hint = /`(rejected|records|no_content|path|auth)\b/.test(error.hint) ? HINT : error.hint;
      throw new PageFault(error.kind, error.message, hint, error.code, call.name);
    }
  }

  /** Sends once. Throws ProblemError when we are not let in; nothing was done then. */
  async send(call: HttpCall): Promise<HttpReply> {
    const { client } = await this.start();
    const reply = await client.send(call);
    if (reply.kind !== "busy") this.writes += 1;
    return reply;
  }

  get(path: string, query: Query = {}): HttpCall {
    return { method: "GET", path: withQuery(path, query), headers: {}, body: null, name: `GET ${this.name}${API}${path}` };
  }

  /** `name`: the path as problems show it, where the path itself holds ids. */
  write(method: "POST" | "PUT", path: string, body: unknown, query: Query = {}, name = path): HttpCall {
    const content = body === undefined ? {} : { "content-type": "application/json" };
    return {
      method,
      path: withQuery(path, query),
      headers: content,
      body: body === undefined ? null : JSON.stringify(body),
      name: `${method} ${this.name}${API}${name}`,
    };
  }

  async close(): Promise<void> {
    await Promise.all(this.opened.splice(0).map(({ client }) => client.close()));
  }

  private start(): Promise<Ready> {
    this.ready ??= this.locate().then((url) => this.readyAt(url));
    return this.ready;
  }

  private readyAt(url: URL): Ready {
    const { options, context, halves } = this;
    const { client, redaction, base } = this.open(url, {
      open: (signing) => new HesiSignIn(options, signing),
      isSignedOut,
    });
    const { now, sleep } = context;
    return { client, caller: new Caller({ client, redaction, base, hosts: [], now, sleep, readAnswer, halves }) };
  }

  private open(url: URL, signIn: OwnSignIn): Opened {
    const opened = openConnection({ ...this.options, url: `${url.origin}${API}` }, this.context, signIn);
    this.opened.push(opened);
    return opened;
  }

  /** The question is asked without a token. */
  private async locate(): Promise<URL> {
    const { options, first } = this;
    const { client } = this.open(first, { open: () => fixedSignIn(), isSignedOut: () => false });
    const reply = await client.read(this.get("/v2/location", { corpId: options.locate ?? "" }));
    const value = reply.kind === "answer" && reply.status === 200 ? textOf(valueAt(VALUE, readAnswer(reply))) : null;
    if (value === null) throw this.notLocated(reply.kind === "answer" ? `it answers HTTP ${reply.status}` : reply.problem.message);
    if (!URL.canParse(value)) throw this.notLocated("its answer is no URL");
    const url = readUrl("the host that `locate` leads to", value, options.insecure);
    if (!VENDOR.test(url.hostname) && url.host !== first.host && options.hosts?.includes(url.host) !== true)
      refuseConnection(
        `\`locate\` leads to \`${url.host}\`, which is no host of the vendor's`,
        "credentials would go there; add it to `hosts` if it is the right one",
      );
    return url;
  }

  private notLocated(why: string): ProblemError {
    return new ProblemError(
      problem(
        "SOURCE_UNREADABLE",
        `${this.name} does not say where the tenant lives: ${why}`,
        [],
        "check `url` and `locate`, or write the tenant's own prefix as `url` and leave out `locate`",
      ),
    );
  }

  private judgeFor(records: string, single: boolean, gone: boolean): PageJudge {
    const key = `${records} ${single} ${gone}`;
    let judge = this.judges.get(key);
    if (judge === undefined) {
      judge = new PageJudge(
        { records, single, rejected: ERRORS, mayBeBlank: false, format: "json", ...(gone ? { gone: { status: 412 } } : {}) },
        "",
        this.redaction,
      );
      this.judges.set(key, judge);
    }
    return judge;
  }
}

function isSignedOut(answer: Answer): boolean {
  if (answer.status === 401) return true;
  if (answer.status !== 403) return false;
  const reading = readAnswer(answer);
  const words = MESSAGES.map((message) => textOf(valueAt(message, reading)) ?? "").join("");
  return ABOUT_SIGN_IN.test(reading.text) || words === "";
}

const MESSAGES = ["$.errorMessage", "$.message", "$.msg"].map((text) => parsePath(text) as Path);
const VALUE = parsePath("$.value") as Path;

function withQuery(path: string, query: Query): string {
  const text = Object.entries(query)
    .map(([name, value]) => `${encodeURIComponent(name)}=${encodeURIComponent(String(value))}`)
    .join("&");
  return text === "" ? path : `${path}?${text}`;
}

/** An id in a path, after the literal `$` of the vendor's conventions. The colon of a staff or department id stays as it is. */
export function idInPath(id: string): string {
  return `$${encodeURIComponent(id).replaceAll("%3A", ":").replaceAll("%24", "$")}`;
}

/** Several ids in a path, in the brackets of the vendor's conventions. */
export function idsInPath(ids: readonly string[]): string {
  return `[${ids.map((id) => idInPath(id).slice(1)).join(",")}]`;
}
