import { ProblemError, problem } from "../../model/problem.js";
import type { PostItem } from "../contract.js";
import { compileAnswerPath, type Reading } from "./answer.js";
import { isList, type Json, textOf, writeJson } from "./json.js";
import type { BatchOptions } from "./options.js";
import { type Path, valueAt } from "./path.js";
import { compileBody } from "./template.js";
import { BATCH_SHAPE, shortKey } from "./view.js";

/** Stands in the envelope for the list of documents while it is compiled; no text of a template holds it. */
const ITEMS = "\u0000items\u0000";

type Matching = { readonly by: "order" } | { readonly by: "id"; readonly answer: Path; readonly ours: (item: PostItem) => string };

/** Many documents in one call: how they are put together, and which answer is about which of them. */
export class Batch {
  readonly size: number;
  private readonly envelope: readonly [before: string, after: string];
  private readonly answers: Path;
  private readonly matching: Matching;

  constructor(options: BatchOptions) {
    this.size = options.size;
    this.envelope = splitEnvelope(options.body);
    this.answers = compileAnswerPath(options.answers, "batch.answers");
    const { match } = options;
    this.matching =
      match === "order"
        ? { by: "order" }
        : { by: "id", answer: compileAnswerPath(match.answer, "batch.match.answer"), ours: (item) => ownId(item, match.ours) };
  }

  /** The body of one call from the bodies of its documents. */
  wrap(bodies: readonly string[]): string {
    return `${this.envelope[0]}[${bodies.join(",")}]${this.envelope[1]}`;
  }

  /** True when the answer has a list of answers at all. */
  isAnswered(reading: Reading): boolean {
    return isList(valueAt(this.answers, reading) ?? null);
  }

  /**
   * One reading per document, in their order; null where there is no answer that is certainly about it. A list that is shorter or longer than
   * the call says nothing by its order: systems leave out what they refused, and everything behind it would be taken for its neighbour.
   */
  split(reading: Reading, items: readonly PostItem[]): readonly (Reading | null)[] {
    const list = valueAt(this.answers, reading) ?? null;
    if (!isList(list)) return items.map(() => null);
    const one = (whole: Json): Reading => ({ ...reading, whole, text: writeJson(whole) });
    const { matching } = this;
    if (matching.by === "order") return items.map((_, index) => (list.length === items.length ? one(list[index] ?? null) : null));
    const byId = new Map<string, Reading | null>();
    for (const each of list) {
      const id = textOf(valueAt(matching.answer, { whole: each }));
      // Two answers for one document contradict each other until somebody looks.
      if (id !== null) byId.set(id, byId.has(id) ? null : one(each));
    }
    return items.map((item) => byId.get(matching.ours(item)) ?? null);
  }
}

function ownId(item: PostItem, ours: "idempotencyKey" | "shortKey" | "key"): string {
  if (ours === "key") return item.document.key;
  return ours === "shortKey" ? shortKey(item.idempotencyKey) : item.idempotencyKey;
}

function splitEnvelope(body: unknown): readonly [string, string] {
  if (body === undefined) return ["", ""];
  const written = compileBody(body, BATCH_SHAPE, "batch.body", false)({ items: ITEMS });
  const [before, after, ...more] = written.split(JSON.stringify(ITEMS));
  if (before === undefined || after === undefined || more.length > 0) {
    throw new ProblemError(
      problem("CONFIG_WRONG_VALUE", "`batch.body` does not hold `$.items` exactly once", [], "as in `body: { vouchers: $.items }`"),
    );
  }
  return [before, after];
}
