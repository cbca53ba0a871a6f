import { type Problem, ProblemError } from "../../../model/problem.js";
import { type HttpCall, type HttpClient, type HttpReply, isAnswered } from "../../http.js";
import type { Reading } from "../answer.js";
import type { Json } from "../json.js";
import type { Redaction } from "../redaction.js";
import { retryAfterMs } from "../retry-after.js";
import type { Answer } from "../transport.js";
import { type PageJudge, said } from "./answers.js";
import { failure, PageFault } from "./fault.js";

const MOST_REDIRECTS = 5;
const MOST_BUSY = 4;
const FIRST_WAIT_MS = 1_000;
const LONGEST_WAIT_MS = 60_000;

export interface CallerOptions {
  readonly client: HttpClient;
  readonly redaction: Redaction;
  /** Where the API begins. */
  readonly base: URL;
  /** Other hosts that we may be sent to, as `host` or `host:port`. */
  readonly hosts: readonly string[];
  readonly now: () => Date;
  readonly sleep: (ms: number) => Promise<void>;
  readonly readAnswer: (answer: Answer) => Reading;
  /** What is too much is asked for in halves, so asking the same again is no use. */
  readonly halves: boolean;
}

/** An answer with records; with none where `isGone`. */
export interface Answered {
  readonly reading: Reading;
  readonly isGone: boolean;
  readonly records: readonly Json[];
  /** The call that was answered, where we were sent on. */
  readonly call: HttpCall;
}

/** Asks, and goes on asking where that may help. Throws PageFault when there is no answer with records. */
export class Caller {
  constructor(private readonly options: CallerOptions) {}

  async ask(call: HttpCall, judge: PageJudge): Promise<Answered> {
    for (let tries = 1; ; tries += 1) {
      const { reading, call: answered } = await this.read(call);
      const verdict = judge.judge(reading);
      if (verdict.kind === "records") return { reading, isGone: false, records: verdict.records, call: answered };
      if (verdict.kind === "gone") return { reading, isGone: true, records: [], call: answered };
      if (tries === MOST_BUSY)
        failure(`it has no time for us${said(verdict.words)}`, "the next run reads it again; the connection's `rate` asks less often");
      const asked = retryAfterMs(reading.headers.get("retry-after"), reading.headers.get("date"), this.options.now());
      await this.options.sleep(Math.min(LONGEST_WAIT_MS, asked ?? FIRST_WAIT_MS * 2 ** (tries - 1)));
    }
  }

  /** The whole address of a URL as it stood in an answer to this call. Throws PageFault where we do not go. */
  addressOf(url: string, call: HttpCall): URL {
    const current = this.currentOf(call);
    if (!URL.canParse(url, current)) failure("the URL that it sends us to cannot be read", "tell those who run it");
    const address = new URL(url, current);
    const { base, hosts } = this.options;
    if (address.origin === base.origin) return address;
    const isListed = hosts.includes(address.host) && (address.protocol === "https:" || address.protocol === base.protocol);
    if (isListed && address.username === "" && address.password === "") return address;
    return failure(
      `it sends us to another host, \`${address.protocol}//${address.host}\``,
      "credentials go to the connection's `url` only; list the host under `hosts` of the connection if it is the same system",
    );
  }

  private async read(first: HttpCall): Promise<{ readonly reading: Reading; readonly call: HttpCall }> {
    let call = first;
    for (let redirects = 0; ; redirects += 1) {
      const reply = await this.replyTo(call);
      const location = reply.headers.get("location");
      const isRedirect = [301, 302, 303, 307, 308].includes(reply.status) && location !== undefined;
      if (!isRedirect || call.method !== "GET") return { reading: this.options.readAnswer(reply), call };
      if (redirects === MOST_REDIRECTS) failure(`it redirects us more than ${MOST_REDIRECTS} times`, "check `url` of the connection");
      const address = this.addressOf(location, call);
      if (address.origin !== new URL(this.currentOf(call)).origin)
        failure(`it redirects us to another host, \`${address.host}\``, "write that host as the `url` of the connection");
      call = { ...call, at: address };
    }
  }

  private async replyTo(call: HttpCall): Promise<Extract<HttpReply, { kind: "answer" }>> {
    try {
      const reply = await this.options.client.read(call, (each) => this.isFinal(each));
      if (reply.kind === "answer") return reply;
      throw this.noAnswer(reply);
    } catch (error) {
      if (!(error instanceof ProblemError) || error.problems[0] === undefined) throw error;
      // We are not let in.
      const { code, message, hint = "check `auth` of the connection" } = error.problems[0];
      if (code.startsWith("NETWORK_")) return failure(messageOf(error.problems[0]), hint, code);
      return failure(message.replace(`${call.name}: `, ""), hint);
    }
  }

  private noAnswer(reply: Exclude<HttpReply, { kind: "answer" }>): PageFault {
    const message = messageOf(reply.problem);
    if (reply.kind === "busy") return new PageFault("failure", message, "nothing was taken from it; the next run reads it again");
    const { limit } = reply;
    const hint =
      limit === "size"
        ? "ask for smaller pages, or raise `max_response` of the connection"
        : limit === "time"
          ? "ask for smaller pages or spans, or raise `timeout` of the connection"
          : "nothing was taken from it; the next run reads it again";
    return new PageFault(
      limit === undefined ? "failure" : "too much",
      message,
      hint,
      limit === "size" ? "SOURCE_TOO_LARGE" : "SOURCE_UNREADABLE",
    );
  }

  /** What asking the same again does not make better: an answer, a redirect, and a question that is too large. */
  private isFinal(reply: HttpReply): boolean {
    const { halves } = this.options;
    if (reply.kind === "unconfirmed") return reply.limit === "size" || (reply.limit === "time" && halves);
    return isAnswered(reply) || (reply.kind === "answer" && (reply.status < 400 || (reply.status === 504 && halves)));
  }

  private currentOf(call: HttpCall): string {
    const { base } = this.options;
    return call.at?.href ?? `${base.origin}${base.pathname.replace(/\/$/, "")}${call.path}`;
  }
}

/** The client's words without the name of the call, which is said elsewhere, and without what matters to postings only. */
function messageOf({ message }: Problem): string {
  return message.replace(/^[A-Z]+ \S+: /, "").replace(/; nothing was sent( to the target)?$/, "");
}
