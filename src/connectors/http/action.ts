import type { Found, PostOutcome } from "../../model/posting.js";
import { type Problem, ProblemError, problem } from "../../model/problem.js";
import type { HttpClient } from "../http.js";
import { readAnswer } from "./answer.js";
import { encodeHeader } from "./header-text.js";
import { Judge, type Judged, type JudgeOptions, type Verdict } from "./judge.js";
import type { Redaction } from "./redaction.js";
import { compileRequest, type Request, type RequestOptions } from "./request.js";
import { Unwritable } from "./template.js";
import type { Shape, View } from "./view.js";

export type Failed = Exclude<PostOutcome, Found>;

/** One kind of call that changes something, and what its answers mean. */
export interface Action {
  readonly request: Request;
  readonly judge: Judge;
}

export interface ActionContext {
  /** The option it is written under. */
  readonly where: string;
  readonly shape: Shape;
  readonly redaction: Redaction;
  readonly omitEmpty: boolean;
  readonly host: string;
}

/** Throws ProblemError for options that cannot be used. */
export function compileAction(options: RequestOptions & JudgeOptions, context: ActionContext): Action {
  const request = compileRequest(options, context);
  return { request, judge: new Judge(options, request.name, context.where, context.redaction) };
}

/** The same for a call about a document that has its number already, so that success needs none of its own. */
export function compileOnPosting(options: RequestOptions & JudgeOptions, context: ActionContext): Action {
  if (options.reference === undefined && options.done === undefined) {
    throw new ProblemError(
      problem(
        "CONFIG_MISSING_KEY",
        `\`${context.where}\` cannot tell that it succeeded`,
        [],
        "add `reference`, or `done` where the answer has no number of its own",
      ),
    );
  }
  return compileAction(options, context);
}

interface SenderOptions {
  readonly client: HttpClient;
  /** The header that carries our key; null for none. */
  readonly keyHeader: string | null;
  /** Null where the target cannot be searched by our key. */
  readonly find: ((idempotencyKey: string) => Promise<Found | null>) | null;
}

/** Whose call it is, beside what the judge has to know. */
interface Whose extends Judged {
  /** What the header carries; nothing when left out. */
  readonly key?: string;
}

/** Makes the calls that change something, each at most once. */
export class ActionSender {
  constructor(private readonly options: SenderOptions) {}

  /** One call; `there already` is left to the caller, who knows what it means. */
  async send({ request, judge }: Action, view: View, { key, ...judged }: Whose): Promise<Verdict> {
    const { client, keyHeader } = this.options;
    try {
      const call = request.fill(view);
      const headers = keyHeader === null || key === undefined ? {} : { [keyHeader]: encodeHeader(key) };
      const reply = await client.send({ ...call, headers: { ...call.headers, ...headers } });
      if (reply.kind !== "answer") return this.placed(reply, judged.document);
      const verdict = judge.judge(readAnswer(reply), judged);
      return verdict.kind === "unconfirmed" ? this.placed(verdict, judged.document) : verdict;
    } catch (error) {
      return unwritable(error, judged.document);
    }
  }

  /** "There already": the look-up knows under which number, and how far it is. Until it does, nobody knows whether it is ours. */
  async lookFor(name: string, idempotencyKey: string, document: string): Promise<PostOutcome> {
    const { find } = this.options;
    let why = "it says that the document is there already, and not under which number";
    try {
      const found = (await find?.(idempotencyKey)) ?? null;
      if (found !== null) return { kind: "exists", ...found };
      if (find !== null) why += "; the look-up does not find it";
    } catch (error) {
      if (!(error instanceof ProblemError)) throw error;
      why += `; the look-up failed: ${error.problems[0]?.message ?? ""}`;
    }
    return this.placed({ kind: "unconfirmed", problem: problem("TARGET_UNCONFIRMED", `${name}: ${why}`) }, document);
  }

  /** The same outcome with the document it is about, and what happens next. */
  placed<T extends Failed>(outcome: T, document: string): T {
    const { code, message } = outcome.problem;
    const next =
      this.options.find !== null
        ? "it is looked up before anything else is sent for it"
        : "look for it in the target, then say what became of it: this target cannot be searched by our key";
    const hint = outcome.kind === "unconfirmed" ? next : "it is sent again later";
    return { ...outcome, problem: problem(code, message, { document }, hint) };
  }
}

/** Each on its own. Being not let in stops everything only when nothing else was sent. */
export async function eachAlone<T>(items: readonly T[], call: (item: T) => Promise<PostOutcome>): Promise<readonly PostOutcome[]> {
  const ended = await Promise.allSettled(items.map(call));
  const outcomes: PostOutcome[] = [];
  let refused: ProblemError | null = null;
  for (const each of ended) {
    if (each.status === "fulfilled") outcomes.push(each.value);
    else if (each.reason instanceof ProblemError && each.reason.problems[0] !== undefined) {
      refused ??= each.reason;
      outcomes.push({ kind: "busy", problem: each.reason.problems[0], retryAfterMs: null });
    } else throw each.reason;
  }
  if (refused !== null && ended.every((each) => each.status === "rejected")) throw refused;
  return outcomes;
}

/** Found before anything was sent. */
export function unwritable(error: unknown, document: string): Extract<PostOutcome, { kind: "rejected" }> {
  if (!(error instanceof Unwritable)) throw error;
  const hint = "correct the document or the template in the pipeline; nothing was sent";
  return { kind: "rejected", problem: problem("TARGET_REJECTED", error.message, { document }, hint) };
}

export function refuseOption(code: Problem["code"], message: string, hint: string): never {
  throw new ProblemError(problem(code, message, [], hint));
}
