import type { Found, PostOutcome } from "../../model/posting.js";
import { type Problem, problem } from "../../model/problem.js";
import { leavesOpen } from "../http.js";
import {
  compileAnswerPath,
  compileMessage,
  compileNumber,
  compileRule,
  type HeaderReference,
  type NumberReader,
  type Reading,
  type Rule,
  type WhenOptions,
} from "./answer.js";
import { textOf } from "./json.js";
import { valueAt } from "./path.js";
import type { Redaction } from "./redaction.js";

interface RefusalOptions {
  readonly when: WhenOptions;
  readonly message: string | readonly string[];
  readonly means?: "refused" | "period closed" | undefined;
}

export interface JudgeOptions {
  readonly reference?: string | HeaderReference | undefined;
  readonly done?: WhenOptions | undefined;
  readonly rejected?: RefusalOptions | readonly RefusalOptions[] | undefined;
  readonly duplicate?:
    | { readonly when: WhenOptions; readonly reference?: string | HeaderReference | undefined; readonly fingerprint?: string | undefined }
    | undefined;
}

/** `there already`: the system says so, and does not say under which number. */
export type Verdict = PostOutcome | { readonly kind: "there already" };

export interface Judged {
  /** Whom the answer is about: the document's key, for the place of problems. */
  readonly document: string;
  /** For `done`: the number that is kept. */
  readonly ownReference?: string;
  /** One answer of several: the HTTP status is not about it alone. */
  readonly isPart?: boolean;
}

interface Refusal {
  readonly rule: Rule;
  readonly means: "refused" | "period closed";
  readonly message: (reading: Reading) => string;
}

/**
 * Says what an answer means, as the options describe it. Success is a document number and nothing else; a refusal is a 4xx, or what the options
 * say means one. Where the answer contradicts itself, or says neither, nobody knows, and the document is looked up.
 */
export class Judge {
  private readonly number: NumberReader;
  private readonly done: Rule | null;
  private readonly refusals: readonly Refusal[];
  private readonly duplicate: {
    readonly rule: Rule;
    readonly number: NumberReader;
    readonly fingerprint: (reading: Reading) => string | null;
  } | null;

  /** `name` is the request's, `where` the option it is written under. Throws ProblemError for rules that cannot be used. */
  constructor(
    options: JudgeOptions,
    private readonly name: string,
    where: string,
    private readonly redaction: Redaction,
  ) {
    const { reference, done, rejected = [], duplicate } = options;
    this.number = reference === undefined ? () => null : compileNumber(reference, `${where}.reference`);
    this.done = done === undefined ? null : compileRule(done, `${where}.done`);
    const refusals = Array.isArray(rejected) ? (rejected as readonly RefusalOptions[]) : [rejected as RefusalOptions];
    this.refusals = refusals.map(({ when, message, means = "refused" }) => ({
      means,
      rule: compileRule(when, `${where}.rejected.when`),
      message: compileMessage(message, `${where}.rejected.message`),
    }));
    this.duplicate =
      duplicate === undefined
        ? null
        : {
            rule: compileRule(duplicate.when, `${where}.duplicate.when`),
            number: duplicate.reference === undefined ? this.number : compileNumber(duplicate.reference, `${where}.duplicate.reference`),
            fingerprint: fingerprintReader(duplicate.fingerprint, `${where}.duplicate.fingerprint`),
          };
  }

  judge(reading: Reading, judged: Judged): Verdict {
    const isOpen = leavesOpen(reading.status);
    const applies = (rule: Rule): boolean => (!isOpen || rule.namesStatus) && rule.fits(reading);
    if (this.duplicate !== null && applies(this.duplicate.rule)) {
      const reference = this.duplicate.number(reading);
      return reference === null ? { kind: "there already" } : { kind: "exists", ...found(reference, this.duplicate.fingerprint(reading)) };
    }
    const refusal = this.refusals.find(({ rule }) => applies(rule));
    if (reading.status >= 200 && reading.status < 300) return this.judgeSuccess(reading, refusal, judged);
    const isRefused = refusal !== undefined || (!isOpen && judged.isPart !== true);
    const reference = this.number(reading);
    if (isRefused && reference === null) return { kind: "rejected", problem: this.refused(reading, judged, refusal?.means) };
    const doubt =
      reference === null ? "which leaves open what was done" : `and names the number \`${this.redaction.show(reference)}\` all the same`;
    return this.unconfirmed(reading, judged, `it answers HTTP ${reading.status}, ${doubt}`);
  }

  private judgeSuccess(reading: Reading, refusal: Refusal | undefined, judged: Judged): Verdict {
    const reference = this.number(reading) ?? (this.done?.fits(reading) === true ? (judged.ownReference ?? null) : null);
    if (reference !== null && refusal === undefined) return { kind: "created", reference };
    if (reference === null && refusal !== undefined) return { kind: "rejected", problem: this.refused(reading, judged, refusal?.means) };
    if (reference !== null)
      return this.unconfirmed(reading, judged, `it refuses, and names the number \`${this.redaction.show(reference)}\` all the same`);
    const why = reading.whole === undefined ? "its answer is not JSON" : "its answer has no document number where the options say";
    return this.unconfirmed(reading, judged, `HTTP ${reading.status}, but ${why}`);
  }

  private refused(reading: Reading, { document }: Judged, means: Refusal["means"] = "refused"): Problem {
    const words = this.wordsOf(reading);
    const status = reading.status >= 200 && reading.status < 300 ? "" : ` (HTTP ${reading.status})`;
    const message = words === "" ? `the target refused it without a word${status}` : `the target refused it${status}: ${words}`;
    const at = { document };
    if (means === "period closed")
      return problem("TARGET_PERIOD_CLOSED", message, at, "reopen the period in the target, or change the date");
    return problem(
      "TARGET_REJECTED",
      message,
      at,
      "correct the document, its mapping or the target's own data; it is tried again by the next run",
    );
  }

  private unconfirmed(reading: Reading, { document }: Judged, why: string): PostOutcome {
    const words = this.wordsOf(reading);
    const said = words === "" ? "" : `: ${words}`;
    return { kind: "unconfirmed", problem: problem("TARGET_UNCONFIRMED", `${this.name}: ${why}${said}`, { document }) };
  }

  /** As the matching rule says; else where any rule looks for words; else the answer itself, if it is made for reading. */
  private wordsOf(reading: Reading): string {
    const inOrder = [...this.refusals].sort((a, b) => Number(b.rule.fits(reading)) - Number(a.rule.fits(reading)));
    for (const { message } of inOrder) {
      const words = message(reading);
      if (words !== "") return this.redaction.show(words);
    }
    return wordsOfBody(reading, this.redaction);
  }
}

/** The body on one line; of a web page only its title. */
export function wordsOfBody({ text }: Reading, redaction: Redaction): string {
  if (!text.trimStart().startsWith("<")) return redaction.show(text);
  return redaction.show(/<title[^>]*>([^<]*)/i.exec(text)?.[1] ?? "");
}

export function fingerprintReader(path: string | undefined, where: string): (reading: Reading) => string | null {
  if (path === undefined) return () => null;
  const compiled = compileAnswerPath(path, where);
  return (reading) => textOf(valueAt(compiled, reading));
}

export function found(reference: string, fingerprint: string | null): Found {
  return fingerprint === null || fingerprint === "" ? { reference } : { reference, fingerprint };
}
