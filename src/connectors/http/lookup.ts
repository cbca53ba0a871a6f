import type { Found } from "../../model/posting.js";
import { ProblemError, problem } from "../../model/problem.js";
import { type HttpClient, leavesOpen } from "../http.js";
import { compileAnswerPath, compileNumber, compileRule, type NumberReader, type Reading, type Rule, readAnswer } from "./answer.js";
import { isList, type Json, textOf } from "./json.js";
import { fingerprintReader, found, wordsOfBody } from "./judge.js";
import type { LatestOptions, LookupOptions } from "./options.js";
import { type Path, valueAt } from "./path.js";
import type { Redaction } from "./redaction.js";
import { compileRequest, type Request } from "./request.js";
import { keysView, LATEST_SHAPE, LOOKUP_SHAPE, type View } from "./view.js";

interface ReadingContext {
  readonly client: HttpClient;
  readonly redaction: Redaction;
  readonly host: string;
  readonly omitEmpty: boolean;
}

/**
 * Finds a document by our key. Everything but a clear "it is this one" and a clear "there is none" is a ProblemError: an answer that was
 * misunderstood as "not there" books a document twice.
 */
export class Lookup {
  private readonly request: Request;
  private readonly number: NumberReader;
  private readonly fingerprint: (reading: Reading) => string | null;
  private readonly many: Path | null;
  private readonly key: Path | null;
  private readonly absent: Rule | null;

  constructor(
    options: LookupOptions,
    private readonly context: ReadingContext,
  ) {
    this.request = compileRequest(options, { where: "lookup", shape: LOOKUP_SHAPE, omitEmpty: context.omitEmpty, host: context.host });
    this.number = compileNumber(options.found, "lookup.found");
    this.fingerprint = fingerprintReader(options.fingerprint, "lookup.fingerprint");
    this.many = options.many === undefined ? null : compileAnswerPath(options.many, "lookup.many");
    this.key = options.key === undefined ? null : compileAnswerPath(options.key, "lookup.key");
    this.absent = options.absent === undefined ? null : compileRule(options.absent, "lookup.absent");
    if (this.many === null && this.absent === null) {
      throw new ProblemError(
        problem(
          "CONFIG_MISSING_KEY",
          "`lookup` cannot tell that a document is not there",
          [],
          "add `absent: { status: 404 }`, another rule, or `many` with the place of the list of hits",
        ),
      );
    }
  }

  async find(idempotencyKey: string): Promise<Found | null> {
    const keys = keysView(idempotencyKey);
    const reading = await ask(this.request, keys, this.context);
    if (isAbsent(this.absent, reading)) return null;
    if (!isSuccess(reading.status)) throw this.unclear(`it answers HTTP ${reading.status}`, reading);
    if (reading.whole === undefined && this.many !== null) throw this.unclear("its answer is not JSON", reading);
    const hit = this.many === null ? reading : this.onlyHit(this.many, reading, keys);
    if (hit === null) return null;
    if (this.many === null && !this.isOurs(hit, keys)) throw this.unclear("it found a document with another key", reading);
    const reference = this.number(hit);
    if (reference === null) throw this.unclear("its answer has no document number where `lookup.found` says", reading);
    return found(reference, this.fingerprint(hit));
  }

  private onlyHit(many: Path, reading: Reading, keys: ReturnType<typeof keysView>): Reading | null {
    const list = valueAt(many, reading);
    if (list === undefined || list === null || !isList(list))
      throw this.unclear("its answer has no list where `lookup.many` says", reading);
    const hits = list.map((item: Json): Reading => ({ ...reading, item })).filter((hit) => this.isOurs(hit, keys));
    // A filter that lets others through may as well have cut ours off behind the first page.
    if (hits.length === 0 && list.length > 0)
      throw this.unclear(`its answer has ${list.length} documents with other keys and none with ours`, null);
    if (hits.length > 1) throw this.conflict(hits, keys.idempotencyKey);
    return hits[0] ?? null;
  }

  private isOurs(hit: Reading, { idempotencyKey, shortKey }: ReturnType<typeof keysView>): boolean {
    if (this.key === null) return true;
    const text = textOf(valueAt(this.key, hit));
    return text === idempotencyKey || text === shortKey;
  }

  private conflict(hits: readonly Reading[], idempotencyKey: string): ProblemError {
    const numbers = hits.slice(0, 5).map((hit) => `\`${this.context.redaction.show(this.number(hit) ?? "?")}\``);
    return new ProblemError(
      problem(
        "TARGET_CONFLICT",
        `the target holds ${hits.length} documents under the key \`${idempotencyKey}\`: ${numbers.join(", ")}`,
        [],
        "cancel all but one of them in the target; if they have nothing to do with each other, `lookup` does not filter by our key",
      ),
    );
  }

  private unclear(why: string, reading: Reading | null): ProblemError {
    return unclear(this.request, why, reading, this.context.redaction);
  }
}

/** The key of what a pipeline posted last. */
export class Latest {
  private readonly request: Request;
  private readonly found: Path;
  private readonly absent: Rule | null;

  constructor(
    options: LatestOptions,
    private readonly context: ReadingContext,
  ) {
    this.request = compileRequest(options, { where: "latest", shape: LATEST_SHAPE, omitEmpty: context.omitEmpty, host: context.host });
    this.found = compileAnswerPath(options.found, "latest.found");
    this.absent = options.absent === undefined ? null : compileRule(options.absent, "latest.absent");
  }

  async find(pipeline: string): Promise<string | null> {
    const reading = await ask(this.request, { pipeline }, this.context);
    if (isAbsent(this.absent, reading)) return null;
    const key = isSuccess(reading.status) ? textOf(valueAt(this.found, reading)) : null;
    if (key !== null && key !== "") return key;
    const why = isSuccess(reading.status) ? "its answer has no key where `latest.found` says" : `it answers HTTP ${reading.status}`;
    throw unclear(this.request, why, reading, this.context.redaction);
  }
}

/** An error that a rule was not written for is no proof of absence, even if it lacks what the rule looks for. */
function isAbsent(rule: Rule | null, reading: Reading): boolean {
  return rule?.fits(reading) === true && (rule.namesStatus || isSuccess(reading.status));
}

function isSuccess(status: number): boolean {
  return status >= 200 && status < 300;
}

/** The answer to a question, whatever it says. Throws ProblemError when there is none. */
async function ask(request: Request, view: View, { client, redaction }: ReadingContext): Promise<Reading> {
  const reply = await client.read(request.fill(view));
  if (reply.kind !== "answer") throw new ProblemError(problem("TARGET_UNAVAILABLE", reply.problem.message, reply.problem.at));
  const reading = readAnswer(reply);
  if (leavesOpen(reading.status)) throw unclear(request, `it answers HTTP ${reading.status}`, reading, redaction);
  return reading;
}

function unclear({ name }: Request, why: string, reading: Reading | null, redaction: Redaction): ProblemError {
  const words = reading === null ? "" : wordsOfBody(reading, redaction);
  return new ProblemError(
    problem(
      "TARGET_UNAVAILABLE",
      `${name}: ${why}, so nobody can tell whether the document is there${words === "" ? "" : `: ${words}`}`,
      [],
      "nothing is sent again until it can be told; if the answer is right, correct the options of this call",
    ),
  );
}
