import { type PostedEntry, parseIdempotencyKey } from "../../model/posting.js";
import { ProblemError, problem } from "../../model/problem.js";
import type { HttpCall } from "../http.js";
import { compileAnswerPath, type Reading } from "./answer.js";
import { Hit } from "./hit.js";
import { isList, textOf } from "./json.js";
import { type Path, valueAt } from "./path.js";
import { type Asking, ask, isSuccess, unclear } from "./question.js";
import type { ListOptions } from "./question-options.js";
import { compileRequest, type Request } from "./request.js";
import { LIST_SHAPE } from "./view.js";

/** More pages than this are a circle. */
const MOST_PAGES = 100_000;
const WHAT = "what the target holds";

type Next =
  | { readonly by: "none" }
  | { readonly by: "page" }
  | { readonly by: "url"; readonly path: Path }
  | { readonly by: "cursor"; readonly path: Path };

/** Lists everything that a pipeline posted, page by page. */
export class Listing {
  private readonly request: Request;
  private readonly many: Path;
  private readonly key: Path;
  private readonly hit: Hit;
  private readonly next: Next;

  /** Throws ProblemError for options that cannot be used. */
  constructor(
    options: ListOptions,
    steps: readonly string[],
    private readonly asking: Asking,
  ) {
    this.request = compileRequest(options, { where: "list", shape: LIST_SHAPE, omitEmpty: asking.omitEmpty, host: asking.host });
    this.many = compileAnswerPath(options.many, "list.many");
    this.key = compileAnswerPath(options.key, "list.key");
    this.hit = new Hit(options, "list", steps);
    this.next = compileNext(options.next);
    const { path, headers, body } = options;
    const written = JSON.stringify([path, headers, body]);
    const needed = this.next.by === "page" || this.next.by === "cursor" ? `$.${this.next.by}` : null;
    if (needed !== null && !written.includes(needed)) {
      throw new ProblemError(
        problem(
          "CONFIG_MISSING_KEY",
          `\`list\` does not send \`${needed}\``,
          [],
          `without it every page is the first one: add it to \`list.path\` or \`list.body\``,
        ),
      );
    }
  }

  /** Reversals come last, because they are about postings that a system may list behind them. Throws ProblemError. */
  async *all(pipeline: string): AsyncGenerator<PostedEntry> {
    const reversals: PostedEntry[] = [];
    let documents = 0;
    let keys = 0;
    for await (const item of this.items(pipeline)) {
      documents += 1;
      const idempotencyKey = textOf(valueAt(this.key, item));
      if (idempotencyKey === null || idempotencyKey === "") continue;
      keys += 1;
      const parts = parseIdempotencyKey(pipeline, idempotencyKey);
      if (parts === null) continue;
      const entry = { idempotencyKey, ...this.hit.read(item, (why, open = WHAT) => this.refuse(why, null, open)) };
      if (parts.act === "reverse") reversals.push(entry);
      else yield entry;
    }
    if (documents > 0 && keys === 0) this.refuse("none of its documents has a key where `list.key` says", null);
    yield* reversals;
  }

  private async *items(pipeline: string): AsyncGenerator<Reading> {
    const seen = new Set<string>();
    let call = this.request.fill({ pipeline, page: 1, cursor: "" });
    let last: string | null = null;
    for (let page = 1; page <= MOST_PAGES; page += 1) {
      const reading = await ask(call, this.asking, WHAT);
      if (!isSuccess(reading.status)) this.refuse(`it answers HTTP ${reading.status}`, reading);
      if (reading.whole === undefined) this.refuse("its answer is not JSON", reading);
      const list = valueAt(this.many, reading) ?? null;
      if (!isList(list)) return this.refuse("its answer has no list where `list.many` says", reading);
      if (list.length > 0 && reading.text === last) this.refuse("it gives the same page twice", null);
      last = reading.text;
      for (const item of list) yield { ...reading, item };
      const following = this.following(pipeline, page + 1, call, { reading, isEmpty: list.length === 0 });
      if (following === null) return;
      if (seen.has(following.mark)) this.refuse("its pages go round in a circle", null);
      seen.add(following.mark);
      call = following.call;
    }
    this.refuse(`it has more than ${MOST_PAGES} pages`, null);
  }

  /** The call for the next page, and what tells it from the others; null behind the last one. */
  private following(
    pipeline: string,
    page: number,
    call: HttpCall,
    { reading, isEmpty }: { readonly reading: Reading; readonly isEmpty: boolean },
  ): { readonly call: HttpCall; readonly mark: string } | null {
    const { next } = this;
    if (next.by === "none") return null;
    if (next.by === "page") return isEmpty ? null : { call: this.request.fill({ pipeline, page, cursor: "" }), mark: String(page) };
    const text = textOf(valueAt(next.path, reading)) ?? "";
    if (text === "") return null;
    if (next.by === "cursor") return { call: this.request.fill({ pipeline, page, cursor: text }), mark: text };
    return { call: { ...call, path: this.pathOf(text, call) }, mark: text };
  }

  /** Credentials go to the connection's host only, so a page elsewhere is not asked for. */
  private pathOf(text: string, call: HttpCall): string {
    const { base } = this.asking;
    const root = base.pathname.replace(/\/$/, "");
    const current = `${base.origin}${root}${call.path}`;
    if (!URL.canParse(text, current)) return this.refuse("the URL of its next page cannot be read", null);
    const url = new URL(text, current);
    if (url.origin !== base.origin) return this.refuse(`its next page is on another host, \`${url.host}\``, null);
    const path = url.pathname.startsWith(`${root}/`) ? url.pathname.slice(root.length) : url.pathname;
    return `${path}${url.search}`;
  }

  private refuse(why: string, reading: Reading | null, open: string = WHAT): never {
    throw unclear(this.request.name, why, reading, this.asking.redaction, open);
  }
}

function compileNext(next: ListOptions["next"]): Next {
  if (next === "none" || next === "page") return { by: next };
  if (typeof next === "string") return { by: "url", path: compileAnswerPath(next, "list.next") };
  return { by: "cursor", path: compileAnswerPath(next.cursor, "list.next.cursor") };
}
