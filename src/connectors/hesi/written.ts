import type { PostOutcome } from "../../model/posting.js";
import { ProblemError, problem } from "../../model/problem.js";
import { type Reading, readAnswer } from "../http/answer.js";
import { textOf } from "../http/json.js";
import { wordsOfBody } from "../http/judge.js";
import { type Path, parsePath, valueAt } from "../http/path.js";
import { PageFault } from "../http/source/fault.js";
import { type HttpCall, leavesOpen } from "../http.js";
import type { HesiClient } from "./client.js";

export type Failed = Extract<PostOutcome, { problem: unknown }>;
/** `answered`: the system says that it did what was asked; whether it did, its body may still have to show. */
export type Written = { readonly kind: "answered"; readonly reading: Reading } | Failed;

const ERROR_CODE = parsePath("$.errorCode") as Path;
const MESSAGES = ["$.errorMessage", "$.message", "$.msg"].map((text) => parsePath(text) as Path);
/** How the system says that a document is not where it would have to be for what is asked. */
const NOT_YET = /不是已支付状态|不在支付中/;

/** Sends once, and says what became of it: 2xx without an error is an answer, 4xx a refusal, and everything else leaves it open. */
export async function write(client: HesiClient, call: HttpCall, document: string): Promise<Written> {
  const reply = await client.send(call);
  const at = { document };
  if (reply.kind === "busy") return { ...reply, problem: problem("TARGET_BUSY", reply.problem.message, at, "it is sent again later") };
  if (reply.kind === "unconfirmed")
    return { kind: "unconfirmed", problem: problem("TARGET_UNCONFIRMED", reply.problem.message, at, AGAIN) };
  const reading = readAnswer(reply);
  const words = wordsOf(client, reading);
  if (leavesOpen(reading.status))
    return unconfirmed(call, document, `it answers HTTP ${reading.status}${words === "" ? "" : `: ${words}`}`);
  const code = textOf(valueAt(ERROR_CODE, reading));
  if (reading.status < 300 && (code === null || code === "0" || code === "200")) return { kind: "answered", reading };
  return refused(words, document, reading.status);
}

/** Writing the same once more changes nothing, so what is in doubt is simply written again. */
const AGAIN = "the next run looks, and writes it again if it is not there; that changes nothing where it is";

export function unconfirmed({ name }: HttpCall, document: string, why: string): Failed {
  return { kind: "unconfirmed", problem: problem("TARGET_UNCONFIRMED", `${name}: ${why}`, { document }, AGAIN) };
}

export function refused(words: string, document: string, status = 200): Failed {
  const said = status < 300 ? "the target refused it" : `the target refused it (HTTP ${status})`;
  if (NOT_YET.test(words)) return notYet(`${said}: ${words}`, document);
  const hint = "correct the document, its mapping or the target's own data; it is tried again by the next run";
  return {
    kind: "rejected",
    problem: problem("TARGET_REJECTED", words === "" ? `${said} without a word` : `${said}: ${words}`, { document }, hint),
  };
}

export function rejected(message: string, document: string, hint: string): Failed {
  return { kind: "rejected", problem: problem("TARGET_REJECTED", message, { document }, hint) };
}

export function notYet(message: string, document: string): Failed {
  return { kind: "rejected", problem: problem("TARGET_NOT_YET", message, { document }, "it waits, and is tried again by every run") };
}

export function wordsOf({ redaction }: Pick<HesiClient, "redaction">, reading: Reading): string {
  for (const message of MESSAGES) {
    const words = textOf(valueAt(message, reading)) ?? "";
    if (words !== "") return redaction.show(words);
  }
  return wordsOfBody(reading, redaction);
}

/** What was asked before anything was written could not be answered: nothing was sent, and nothing can be. */
export async function asking<T>(client: HesiClient, what: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof PageFault)) throw error;
    const message = `${error.call ?? `${client.name}: ${what}`}: ${error.message}`;
    throw new ProblemError(problem("TARGET_UNAVAILABLE", message, [], "nothing was sent; the next run tries again"));
  }
}
