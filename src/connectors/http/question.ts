import { ProblemError, problem } from "../../model/problem.js";
import { type HttpCall, type HttpClient, leavesOpen } from "../http.js";
import { type Reading, type Rule, readAnswer } from "./answer.js";
import { wordsOfBody } from "./judge.js";
import type { Redaction } from "./redaction.js";

/** What a question about the target needs beside its own options. */
export interface Asking {
  readonly client: HttpClient;
  readonly redaction: Redaction;
  /** Host and port, for names of calls. */
  readonly host: string;
  /** Where the API begins. */
  readonly base: URL;
  readonly omitEmpty: boolean;
}

/** The answer to a question about `open`, whatever it says. Throws ProblemError when there is none. */
export async function ask(call: HttpCall, { client, redaction }: Asking, open?: string): Promise<Reading> {
  const reply = await client.read(call);
  if (reply.kind !== "answer") throw new ProblemError(problem("TARGET_UNAVAILABLE", reply.problem.message, reply.problem.at));
  const reading = readAnswer(reply);
  if (leavesOpen(reading.status)) throw unclear(call.name, `it answers HTTP ${reading.status}`, reading, redaction, open);
  return reading;
}

/** An error that a rule was not written for proves nothing, even if it lacks what the rule looks for. */
export function proves(rule: Rule | null, reading: Reading): boolean {
  return rule?.fits(reading) === true && (rule.namesStatus || isSuccess(reading.status));
}

export function isSuccess(status: number): boolean {
  return status >= 200 && status < 300;
}

/** `open` is what nobody can tell now. */
export function unclear(
  name: string,
  why: string,
  reading: Reading | null,
  redaction: Redaction,
  open = "whether the document is there",
): ProblemError {
  const words = reading === null ? "" : wordsOfBody(reading, redaction);
  return new ProblemError(
    problem(
      "TARGET_UNAVAILABLE",
      `${name}: ${redaction.show(why)}, so nobody can tell ${open}${words === "" ? "" : `: ${words}`}`,
      [],
      "nothing is sent again until it can be told; if the answer is right, correct the options of this call",
    ),
  );
}
