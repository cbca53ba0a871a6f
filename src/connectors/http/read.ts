import type { Held, Posting } from "../../model/posting.js";
import type { HttpCall } from "../http.js";
import { compileAnswerPath, compileNumber, compileRule, type NumberReader, type Reading, type Rule } from "./answer.js";
import { HeldDocument } from "./held.js";
import { Unreadable } from "./held-value.js";
import { textOf } from "./json.js";
import { type Path, valueAt } from "./path.js";
import { type Asking, ask, isSuccess, proves, unclear } from "./question.js";
import type { ReadOptions } from "./question-options.js";
import { compileRequest, type Request } from "./request.js";
import { Unwritable } from "./template.js";
import { keysView, POSTING_SHAPE, postingView } from "./view.js";

const WHAT = "what it holds of the posting";

/** Asks what the target holds of a posting now. */
export class ReadBack {
  private readonly request: Request;
  private readonly document: HeldDocument;
  private readonly key: Path | null;
  private readonly gone: readonly { readonly rule: Rule; readonly number: NumberReader }[];
  private readonly draft: Rule | null;

  /** `timeZone` decides which day a moment is. Throws ProblemError for options that cannot be used. */
  constructor(
    options: ReadOptions,
    timeZone: string,
    private readonly asking: Asking,
  ) {
    const { gone, draft, key } = options;
    this.request = compileRequest(options, { where: "read", shape: POSTING_SHAPE, omitEmpty: asking.omitEmpty, host: asking.host });
    this.document = new HeldDocument(options.document, timeZone);
    this.key = key === undefined ? null : compileAnswerPath(key, "read.key");
    this.gone = [gone ?? []].flat().map(({ when, reference }) => ({
      rule: compileRule(when, "read.gone.when"),
      number: reference === undefined ? () => null : compileNumber(reference, "read.gone.reference"),
    }));
    this.draft = draft === undefined ? null : compileRule(draft, "read.draft");
  }

  /** Throws ProblemError when the target cannot tell, or the answer cannot be read as a document. */
  async find(posting: Posting): Promise<Held> {
    const reading = await ask(this.callFor(posting), this.asking, WHAT);
    const gone = this.gone.find(({ rule }) => proves(rule, reading));
    if (gone !== undefined) return { kind: "gone", reference: gone.number(reading) };
    if (!isSuccess(reading.status)) throw this.unclear(`it answers HTTP ${reading.status}`, reading);
    if (reading.whole === undefined) throw this.unclear("its answer is not JSON", reading);
    if (!this.isOurs(reading, posting)) return { kind: "gone", reference: null };
    try {
      const document = this.document.read(reading, posting.document);
      return { kind: "held", document, isDraft: this.draft?.fits(reading) === true };
    } catch (error) {
      if (!(error instanceof Unreadable)) throw error;
      throw this.unclear(error.message, null);
    }
  }

  /** Numbers of deleted documents are given anew: what stands under ours with another key is somebody else's. */
  private isOurs(reading: Reading, { idempotencyKey }: Posting): boolean {
    if (this.key === null) return true;
    const text = textOf(valueAt(this.key, reading)) ?? "";
    if (text === "") throw this.unclear("its answer has no key where `read.key` says", reading);
    return text === idempotencyKey || text === keysView(idempotencyKey).shortKey;
  }

  private callFor(posting: Posting): HttpCall {
    try {
      return this.request.fill(postingView(posting));
    } catch (error) {
      if (!(error instanceof Unwritable)) throw error;
      throw this.unclear(error.message, null);
    }
  }

  private unclear(why: string, reading: Reading | null) {
    return unclear(this.request.name, why, reading, this.asking.redaction, WHAT);
  }
}
