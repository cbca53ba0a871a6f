import { ProblemError, problem } from "../../model/problem.js";
import { readAnswer } from "../http/answer.js";
import { basicHeader } from "../http/header-text.js";
import { isList, isObject, type Json, writeJson } from "../http/json.js";
import { wordsOfBody } from "../http/judge.js";
import type { Redaction } from "../http/redaction.js";
import { retryAfterMs } from "../http/retry-after.js";
import { fixedSignIn, type SignIn } from "../http/sign-in/grant.js";
import { type Fetched, KeptToken } from "../http/sign-in/kept-token.js";
import type { Answer, Transport } from "../http/transport.js";
import { refuseConnection } from "../http/url.js";
import type { TrytonConnection } from "./connection.js";
import { faultOf } from "./fault.js";
import { jsonOf, wordOf } from "./values.js";

interface SignInContext {
  /** The database's address. */
  readonly base: URL;
  readonly transport: Transport;
  readonly redaction: Redaction;
  readonly now: () => Date;
}

/** Throws ProblemError when the options contradict each other. Nothing is sent. */
export function openTrytonSignIn(options: TrytonConnection, context: SignInContext): SignIn {
  const { redaction } = context;
  const { sign_in: way, user, password, key } = options;
  for (const each of [password, key]) if (each !== undefined) redaction.hide(each);
  if (way === "application key") return fixedSignIn({ headers: { authorization: `Bearer ${needed(key, "key", way)}` } });
  const login = needed(user, "user", way);
  const word = needed(password, "password", way);
  if (way === "session") {
    const session = new Sessions(login, word, options.language ?? "en", context);
    return new KeptToken(() => session.open(), context.now);
  }
  const authorization = basicHeader(login, word);
  redaction.hide(authorization.slice("Basic ".length));
  return fixedSignIn({ headers: { authorization } });
}

function needed(value: string | undefined, name: string, way: string): string {
  return value ?? refuseConnection(`\`${name}\` is missing`, `\`sign_in: ${way}\` needs it`);
}

/** Sessions end after some minutes without a call; for posting sooner than for reading. */
class Sessions {
  /** Asking again with what was refused makes the server slower each time, and after five times shuts the user out. */
  private refused: ProblemError | null = null;

  constructor(
    private readonly user: string,
    private readonly password: string,
    private readonly language: string,
    private readonly context: SignInContext,
  ) {}

  async open(): Promise<Fetched> {
    if (this.refused !== null) throw this.refused;
    const { base, transport, redaction } = this.context;
    const answer = await transport.send({
      method: "POST",
      origin: base.origin,
      path: `${base.pathname.replace(/\/$/, "")}/`,
      headers: { accept: "application/json", "user-agent": "erp-sync", "content-type": "application/json" },
      body: writeJson(jsonOf({ id: 0, method: "common.db.login", params: [this.user, { password: this.password }, this.language] })),
    });
    if (answer.kind !== "answer") return this.busy(answer.reason, null);
    const { status, headers } = answer;
    if (status === 429 || status === 408 || status >= 500)
      return this.busy(`it answers HTTP ${status}`, retryAfterMs(headers.get("retry-after"), headers.get("date"), this.context.now()));
    const { id, session } = this.grantedBy(answer);
    redaction.hide(session);
    const token = Buffer.from(`${this.user}:${id}:${session}`).toString("base64");
    redaction.hide(token);
    return {
      kind: "token",
      token: { grant: { headers: { authorization: `Session ${token}` }, query: {} }, goodUntil: Number.POSITIVE_INFINITY },
    };
  }

  private grantedBy(answer: Answer): { readonly id: string; readonly session: string } {
    const reading = readAnswer(answer);
    const whole = reading.whole ?? null;
    if (answer.status !== 200 || whole === null || !isObject(whole)) {
      const words = wordsOfBody(reading, this.context.redaction);
      this.refuse(`HTTP ${answer.status}${words === "" ? "" : `: ${words}`}`);
    }
    const fault = faultOf((whole as ReadonlyMap<string, Json>).get("error"));
    if (fault !== null) this.refuse(this.context.redaction.show(fault.words));
    const result = (whole as ReadonlyMap<string, Json>).get("result") ?? null;
    const [id = "", session = ""] = isList(result) ? result.map(wordOf) : [];
    if (id === "" || session === "") this.refuse("it lets us in and names no session");
    return { id, session };
  }

  private busy(reason: string, wait: number | null): Fetched {
    const message = `${this.context.base.host} did not sign us in: ${reason}; nothing else was sent`;
    return { kind: "busy", problem: problem("TARGET_BUSY", message), retryAfterMs: wait };
  }

  private refuse(found: string): never {
    const { base } = this.context;
    const hint = "check `url`, `user` and `password` of the connection";
    this.refused = new ProblemError(problem("TARGET_SIGN_IN", `${base.host} does not let us in: ${found}`, [], hint));
    throw this.refused;
  }
}
