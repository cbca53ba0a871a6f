import type { Problem } from "../../model/problem.js";
import { ProblemError, problem } from "../../model/problem.js";
import type { ConnectorContext } from "../contract.js";
import { durationMs } from "../files/duration.js";
import { type Reading, readAnswer } from "../http/answer.js";
import { isList, type Json, writeJson } from "../http/json.js";
import { wordsOfBody } from "../http/judge.js";
import { Network } from "../http/network.js";
import { ReachingTransport } from "../http/reach.js";
import { Redaction } from "../http/redaction.js";
import { Transport } from "../http/transport.js";
import { readUrl, refuseConnection } from "../http/url.js";
import { HttpClient, type HttpReply, isAnswered, leavesOpen } from "../http.js";
import { CODE, isForbidden, isForLater, type Status, statusOf, wordsOf } from "./answer.js";
import type { KingdeeConnection } from "./connection.js";
import { isSignedOut, type KingdeeSignIn, openKingdeeSignIn, servicePath } from "./sign-in.js";

/** Signing out is no part of the work, and a site that says nothing to it must not hold a run. */
const LEAVING_MS = 5_000;
/** Most rows of one query, as documented. */
export const MOST_ROWS = 2_000;

/** One page of `ExecuteBillQuery`. */
export interface Question {
  readonly form: string;
  readonly fields: readonly string[];
  /** SQL-like; empty for everything. */
  readonly filter: string;
  readonly order: string;
  /** From 0. */
  readonly start: number;
  readonly limit: number;
}

export type QueryRow = readonly Json[];

/** A query has no answer with rows. */
export class QueryFault extends Error {
  constructor(
    message: string,
    readonly hint: string,
    /** A smaller question may have one. */
    readonly limit: "time" | "size" | null = null,
    /** The same question may have one later. */
    readonly isPassing = false,
  ) {
    super(message);
  }
}

/** What became of a call that changes something. `busy`: certainly nothing was done. `unconfirmed`: it may have been. */
export type Acted =
  | { readonly kind: "answered"; readonly status: Status }
  | { readonly kind: "busy"; readonly problem: Problem; readonly retryAfterMs: number | null }
  | { readonly kind: "unconfirmed"; readonly problem: Problem };

/** The WebAPI of one account set. */
export class KingdeeClient {
  /** What problems call the system: host and port. */
  readonly host: string;
  readonly redaction = new Redaction();
  private readonly http: HttpClient;
  private readonly signIn: KingdeeSignIn;

  /** Nothing is sent yet. Throws ProblemError when the options contradict each other. */
  constructor(options: KingdeeConnection, context: Pick<ConnectorContext, "now" | "sleep" | "observer">) {
    const base = readUrl("url", options.url, options.insecure);
    const timeoutMs = durationMs(options.timeout) ?? 0;
    if (timeoutMs <= 0) refuseConnection(`\`timeout\` is \`${options.timeout}\``, "expected a time such as `30s`");
    const { redaction } = this;
    const { now, sleep, observer } = context;
    const network = new Network(options, redaction);
    const limits = { timeoutMs, maxResponseBytes: options.max_response };
    const transport = new ReachingTransport(limits, network, sleep, observer);
    const leaving = new Transport({ ...limits, timeoutMs: Math.min(timeoutMs, LEAVING_MS) }, network, observer);
    this.host = base.host;
    this.signIn = openKingdeeSignIn(options, { base, transport, leaving, redaction, now });
    this.http = new HttpClient({
      base,
      concurrency: options.sessions,
      rate: options.rate ?? null,
      headers: { accept: "application/json", "user-agent": "erp-sync", "content-type": "application/json" },
      signIn: this.signIn,
      isSignedOut,
      transport,
      redaction,
      now,
      sleep,
      observer,
    });
  }

  /** The rows of one page, one value per field in order. Asked again a few times where that may help. Throws QueryFault, and ProblemError when we are not let in. */
  async query(question: Question): Promise<readonly QueryRow[]> {
    const { form, fields, filter, order, start, limit } = question;
    const data = {
      FormId: form,
      FieldKeys: fields.join(","),
      FilterString: filter,
      OrderString: order,
      TopRowCount: 0,
      StartRow: start,
      Limit: limit,
    };
    const name = `the query of ${form} at ${this.host}`;
    const call = { method: "POST", path: servicePath("ExecuteBillQuery"), headers: {}, body: JSON.stringify({ data }), name };
    const reply = await this.http.read(call, isFinal);
    if (reply.kind !== "answer") {
      const { message } = reply.problem;
      const stopped = reply.kind === "unconfirmed" ? (reply.limit ?? null) : null;
      const hint =
        stopped === null
          ? "nothing was taken from it; it is asked again by the next run"
          : "ask for smaller pages, or raise `timeout` or `max_response` of the connection";
      throw new QueryFault(message.replace(/; nothing was sent$/, ""), hint, stopped, stopped !== "size");
    }
    const reading = readAnswer(reply);
    const status = statusOf(reading.whole);
    if (status !== null)
      throw new QueryFault(
        `${name}: ${this.redaction.show(wordsOf(status))}`,
        "check the form, the field keys and the filter; the words are those of the ERP",
        null,
        isForLater(status) || status.code === CODE.database,
      );
    if (reply.status !== 200 || reading.whole === undefined || reading.whole === null || !isList(reading.whole))
      throw this.noRows(name, reading, reading.whole === undefined ? "its answer is not JSON" : "its answer is no list of rows");
    return reading.whole.map((row): QueryRow => {
      if (row !== null && isList(row) && row.length === fields.length) return row;
      throw this.noRows(name, reading, `a row has not the ${fields.length} values that were asked for`);
    });
  }

  /**
   * Sends once. Throws ProblemError when we are not let in, when the ERP forbids it whatever is sent, and for an HTTP error that says that the
   * request came to nobody: nothing was done then.
   */
  async act(operation: string, form: string, data: Json): Promise<Acted> {
    const name = `${operation} of ${form} at ${this.host}`;
    const body = writeJson(
      new Map<string, Json>([
        ["formid", form],
        ["data", data],
      ]),
    );
    const reply = await this.http.send({ method: "POST", path: servicePath(operation), headers: {}, body, name });
    if (reply.kind !== "answer") return reply;
    const reading = readAnswer(reply);
    const status = statusOf(reading.whole);
    if (status !== null && (reply.status === 200 || !leavesOpen(reply.status))) {
      if (isForbidden(status)) throw this.forbidden(name, status);
      if (isForLater(status) && status.successes.length === 0) {
        const message = `${name}: it has no time for us: ${this.redaction.show(wordsOf(status))}`;
        return { kind: "busy", problem: problem("TARGET_BUSY", message), retryAfterMs: null };
      }
      return { kind: "answered", status };
    }
    const words = wordsOfBody(reading, this.redaction);
    const said = words === "" ? "" : `: ${words}`;
    if (reply.status >= 400 && !leavesOpen(reply.status))
      throw new ProblemError(
        problem(
          "TARGET_UNAVAILABLE",
          `${name}: it answers HTTP ${reply.status}${said}`,
          [],
          "check `url` of the connection; nothing was done",
        ),
      );
    const why = reply.status === 200 ? "its answer has no ResponseStatus" : `it answers HTTP ${reply.status}`;
    return { kind: "unconfirmed", problem: problem("TARGET_UNCONFIRMED", `${name}: ${why}, which leaves open what was done${said}`) };
  }

  /** Waits for the calls under way, and signs out. */
  async close(): Promise<void> {
    await this.http.close();
    await this.signIn.signOut();
  }

  private noRows(name: string, reading: Reading, why: string): QueryFault {
    const status = reading.status === 200 ? "" : ` (HTTP ${reading.status})`;
    const words = wordsOfBody({ ...reading, text: reading.text.slice(0, 2_000) }, this.redaction);
    const isPassing = leavesOpen(reading.status);
    return new QueryFault(
      `${name}: ${why}${status}${words === "" ? "" : `: ${words}`}`,
      "check `url` of the connection, and what stands between us and it",
      null,
      isPassing,
    );
  }

  private forbidden(name: string, status: Status): ProblemError {
    const message = `${name}: ${this.redaction.show(wordsOf(status))}`;
    return new ProblemError(
      problem("TARGET_SIGN_IN", message, [], "give the user the right to it in the ERP, or look at its licence; nothing was done"),
    );
  }
}

/** Locks, limits and a database that failed may be over when it is asked again. */
function isFinal(reply: HttpReply): boolean {
  if (reply.kind === "unconfirmed") return reply.limit !== undefined;
  if (reply.kind !== "answer" || !isAnswered(reply)) return false;
  if (reply.body.length > 20_000) return true;
  const status = statusOf(readAnswer(reply).whole);
  return status === null || !(isForLater(status) || status.code === CODE.database);
}
