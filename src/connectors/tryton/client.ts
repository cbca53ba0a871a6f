import { type Problem, ProblemError, problem } from "../../model/problem.js";
import type { ConnectorContext } from "../contract.js";
import { durationMs } from "../files/duration.js";
import { readAnswer } from "../http/answer.js";
import { isList, isObject, type Json, textOf, writeJson } from "../http/json.js";
import { wordsOfBody } from "../http/judge.js";
import { Network } from "../http/network.js";
import { ReachingTransport } from "../http/reach.js";
import { Redaction } from "../http/redaction.js";
import { readUrl, refuseConnection } from "../http/url.js";
import { HttpClient, type HttpReply, isAnswered, leavesOpen } from "../http.js";
import type { TrytonConnection } from "./connection.js";
import { type Fault, faultOf } from "./fault.js";
import { openTrytonSignIn } from "./sign-in.js";
import { idOf, jsonOf, type Plain } from "./values.js";

export type Row = ReadonlyMap<string, Json>;
/** A condition of a search, or several. */
export type Domain = readonly Plain[];

/** `search_read` of one model. */
export interface Question {
  readonly model: string;
  readonly domain: Domain;
  readonly fields: readonly string[];
  /** Field and `ASC` or `DESC`; by id when left out. */
  readonly order?: readonly (readonly [string, string])[];
  readonly limit?: number;
  readonly context?: { readonly [name: string]: Plain };
}

/** What became of a call that changes something. `fault`: the ERP undid it. `busy`: nothing was done. `unconfirmed`: it may have been. */
export type Acted =
  | { readonly kind: "result"; readonly result: Json }
  | { readonly kind: "fault"; readonly fault: Fault }
  | { readonly kind: "busy"; readonly problem: Problem; readonly retryAfterMs: number | null }
  | { readonly kind: "unconfirmed"; readonly problem: Problem };

/** A question has no answer. */
export class QueryFault extends Error {
  constructor(
    message: string,
    readonly hint: string,
    /** The same question may have one later. */
    readonly isPassing: boolean,
  ) {
    super(message);
  }
}

/** JSON-RPC of one database. */
export class TrytonClient {
  /** What problems call the system: host and port. */
  readonly host: string;
  readonly redaction = new Redaction();
  private readonly http: HttpClient;
  private calls = 0;
  /** What is said with every call. */
  private context: { readonly [name: string]: Plain };

  /** Nothing is sent yet. Throws ProblemError when the options contradict each other. */
  constructor(options: TrytonConnection, context: Pick<ConnectorContext, "now" | "sleep" | "observer">) {
    const base = readUrl("url", options.url, options.insecure);
    if (base.pathname === "/" || base.search !== "")
      refuseConnection("`url` does not end with the name of a database", "expected one such as `https://erp.example.com/company`");
    const timeoutMs = durationMs(options.timeout) ?? 0;
    if (timeoutMs <= 0) refuseConnection(`\`timeout\` is \`${options.timeout}\``, "expected a time such as `30s`");
    if (options.writers > 1 && options.backend !== "postgresql")
      refuseConnection(
        `\`writers\` is ${options.writers}, and \`backend\` is \`${options.backend}\``,
        "several writers need `backend: postgresql`; on SQLite they get the same voucher numbers",
      );
    const { redaction } = this;
    const { now, sleep, observer } = context;
    this.context = options.language === undefined ? {} : { language: options.language };
    const limits = { timeoutMs, maxResponseBytes: options.max_response };
    const transport = new ReachingTransport(limits, new Network(options, redaction), sleep, observer);
    this.host = base.host;
    this.http = new HttpClient({
      base,
      concurrency: options.writers,
      rate: options.rate ?? null,
      headers: { accept: "application/json", "user-agent": "erp-sync", "content-type": "application/json" },
      signIn: openTrytonSignIn(options, { base, transport, redaction, now }),
      isSignedOut: ({ status }) => status === 401,
      transport,
      redaction,
      now,
      sleep,
      observer,
    });
  }

  /** The records that fit, with their `id`. Asked again a few times where that may help. Throws QueryFault, and ProblemError when we are not let in. */
  async query({ model, domain, fields, order = [["id", "ASC"]], limit, context = {} }: Question): Promise<readonly Row[]> {
    const method = `model.${model}.search_read`;
    const result = await this.ask(method, [domain, 0, limit ?? null, order, fields], context);
    if (result !== null && isList(result) && result.every((row) => row !== null && isObject(row))) return result as readonly Row[];
    throw new QueryFault(`${method} at ${this.host}: its answer is no list of records`, "check `url` of the connection", false);
  }

  /** What a method that changes nothing answers. Throws as `query` does. */
  async ask(method: string, params: readonly Plain[], context: { readonly [name: string]: Plain } = {}): Promise<Json> {
    const { name, call, id } = this.callOf(method, params, context);
    const acted = this.judge(name, id, await this.http.read(call, (reply) => this.isFinal(reply)));
    if (acted.kind === "result") return acted.result;
    if (acted.kind !== "fault") {
      const { message } = acted.problem;
      throw new QueryFault(
        message.replace(/; nothing was sent$/, ""),
        "nothing was taken from it; it is asked again by the next run",
        true,
      );
    }
    const { words, kind } = acted.fault;
    throw new QueryFault(
      `${name}: ${this.redaction.show(words)}`,
      "check the fields that are asked for, and the rights of the user; the words are those of the ERP",
      kind === "later",
    );
  }

  /** Sends once. Throws ProblemError when we are not let in, and where nobody is there who could do it; nothing was done then. */
  async act(method: string, params: readonly Plain[], context: { readonly [name: string]: Plain } = {}): Promise<Acted> {
    const { name, call, id } = this.callOf(method, params, context);
    return this.judge(name, id, await this.http.send(call));
  }

  /** From now on everything is about this company. */
  enter(company: string): void {
    this.context = { ...this.context, company: idOf(company) };
  }

  /** Waits for the calls under way. */
  close(): Promise<void> {
    return this.http.close();
  }

  private callOf(method: string, params: readonly Plain[], context: { readonly [name: string]: Plain }) {
    this.calls += 1;
    const id = String(this.calls);
    // The body must have these three and no other; the context comes last.
    const body = writeJson(jsonOf({ id: this.calls, method, params: [...params, { ...this.context, ...context }] }));
    const name = `${method} at ${this.host}`;
    // Without the slash at its end the address is another one.
    return { name, id, call: { method: "POST", path: "/", headers: {}, body, name } };
  }

  private judge(name: string, id: string, reply: HttpReply): Acted {
    if (reply.kind !== "answer") return reply;
    const reading = readAnswer(reply);
    const { whole = null, status } = reading;
    if (status === 200 && whole !== null && isObject(whole)) {
      if (textOf(whole.get("id")) !== id) return this.unconfirmed(name, "its answer is one to another call");
      const fault = faultOf(whole.get("error"));
      if (fault !== null) return { kind: "fault", fault };
      const result = whole.get("result");
      if (result !== undefined) return { kind: "result", result };
    }
    const words = wordsOfBody({ ...reading, text: reading.text.slice(0, 2_000) }, this.redaction);
    const said = words === "" ? "" : `: ${words}`;
    if (status >= 400 && !leavesOpen(status))
      throw new ProblemError(
        problem(
          status === 403 ? "TARGET_SIGN_IN" : "TARGET_UNAVAILABLE",
          `${name}: it answers HTTP ${status}${said}`,
          [],
          status === 403
            ? "the method is not offered: check the modules of the ERP; nothing was done"
            : "check `url` of the connection; nothing was done",
        ),
      );
    const why = status === 200 ? "its answer is none of JSON-RPC" : `it answers HTTP ${status}`;
    return this.unconfirmed(name, `${why}, which leaves open what was done${said}`);
  }

  private unconfirmed(name: string, why: string): Acted {
    return { kind: "unconfirmed", problem: problem("TARGET_UNCONFIRMED", `${name}: ${why}`) };
  }

  /** A lock may be gone when it is asked again. */
  private isFinal(reply: HttpReply): boolean {
    if (reply.kind === "unconfirmed") return reply.limit !== undefined;
    if (reply.kind !== "answer" || !isAnswered(reply)) return false;
    if (reply.body.length > 20_000) return true;
    const { whole = null } = readAnswer(reply);
    return whole === null || !isObject(whole) || faultOf(whole.get("error"))?.kind !== "later";
  }
}
