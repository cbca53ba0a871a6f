import type { Found } from "../../model/posting.js";
import { ProblemError, problem } from "../../model/problem.js";
import { compileAnswerPath, compileRule, type Reading, type Rule } from "./answer.js";
import { Hit } from "./hit.js";
import { isList, type Json, textOf } from "./json.js";
import { type Path, valueAt } from "./path.js";
import { type Asking, ask, isSuccess, proves, unclear } from "./question.js";
import type { LatestOptions, LookupOptions } from "./question-options.js";
import { compileRequest, type Request } from "./request.js";
import { keysView, LATEST_SHAPE, LOOKUP_SHAPE } from "./view.js";

/**
 * Finds a document by our key. Everything but a clear "it is this one" and a clear "there is none" is a ProblemError: an answer that was
 * misunderstood as "not there" books a document twice.
 */
export class Lookup {
  private readonly request: Request;
  private readonly hit: Hit;
  private readonly many: Path | null;
  private readonly key: Path | null;
  private readonly absent: Rule | null;

  constructor(
    options: LookupOptions,
    steps: readonly string[],
    private readonly asking: Asking,
  ) {
    this.request = compileRequest(options, { where: "lookup", shape: LOOKUP_SHAPE, omitEmpty: asking.omitEmpty, host: asking.host });
    this.hit = new Hit(options, "lookup", steps);
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
    const reading = await ask(this.request.fill(keys), this.asking);
    if (proves(this.absent, reading)) return null;
    if (!isSuccess(reading.status)) throw this.unclear(`it answers HTTP ${reading.status}`, reading);
    if (reading.whole === undefined && this.many !== null) throw this.unclear("its answer is not JSON", reading);
    const hit = this.many === null ? reading : this.onlyHit(this.many, reading, keys);
    if (hit === null) return null;
    if (this.many === null && !this.isOurs(hit, keys)) throw this.unclear("it found a document with another key", reading);
    return this.hit.read(hit, (why, open) => {
      throw unclear(this.request.name, why, reading, this.asking.redaction, open);
    });
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
    const numbers = hits.slice(0, 5).map((hit) => `\`${this.asking.redaction.show(this.hit.numberOf(hit) ?? "?")}\``);
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
    return unclear(this.request.name, why, reading, this.asking.redaction);
  }
}

/** The key of what a pipeline posted last. */
export class Latest {
  private readonly request: Request;
  private readonly found: Path;
  private readonly absent: Rule | null;

  constructor(
    options: LatestOptions,
    private readonly asking: Asking,
  ) {
    this.request = compileRequest(options, { where: "latest", shape: LATEST_SHAPE, omitEmpty: asking.omitEmpty, host: asking.host });
    this.found = compileAnswerPath(options.found, "latest.found");
    this.absent = options.absent === undefined ? null : compileRule(options.absent, "latest.absent");
  }

  async find(pipeline: string): Promise<string | null> {
    const reading = await ask(this.request.fill({ pipeline }), this.asking);
    if (proves(this.absent, reading)) return null;
    const key = isSuccess(reading.status) ? textOf(valueAt(this.found, reading)) : null;
    if (key !== null && key !== "") return key;
    const why = isSuccess(reading.status) ? "its answer has no key where `latest.found` says" : `it answers HTTP ${reading.status}`;
    throw unclear(this.request.name, why, reading, this.asking.redaction);
  }
}
