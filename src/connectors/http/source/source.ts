import { createHash } from "node:crypto";
import { type Problem, ProblemError, problem } from "../../../model/problem.js";
import type { ConnectorContext, ReadRequest, Source, SourceEvent } from "../../contract.js";
import { type Ignored, ignoredOf } from "../../files/options.js";
import type { HttpCall, HttpClient } from "../../http.js";
import { refuseOption } from "../action.js";
import { readAnswer } from "../answer.js";
import { type HttpConnection, openConnection } from "../connection.js";
import { writeJson } from "../json.js";
import { compileRequest, type Request } from "../request.js";
import { Unwritable } from "../template.js";
import { PAGE_SHAPE } from "../view.js";
import { PageJudge } from "./answers.js";
import { Caller } from "./caller.js";
import { Detail } from "./detail.js";
import { failure, PageFault } from "./fault.js";
import { fieldsOf } from "./fields.js";
import type { HttpSourceOptions } from "./options.js";
import { compilePaging, type PageView, type Paging } from "./pages.js";
import { type Item, Records } from "./records.js";
import { requestOptions } from "./request.js";
import { compileSpans, type Span, type Spans, WITHOUT_SINCE } from "./spans.js";
import { readXmlAnswer } from "./xml.js";

/** How often a unit is begun anew whose list moved while it was read. */
const MOST_READINGS = 3;

/** Reads from a system whose API is described in the pipeline. A unit is one span of time, or the whole list; it is taken whole or not at all. */
export class HttpSource implements Source {
  private readonly client: HttpClient;
  private readonly request: Request;
  private readonly paging: Paging;
  private readonly spans: Spans;
  private readonly judge: PageJudge;
  private readonly caller: Caller;
  private readonly detail: Detail | null;
  private readonly ignored: Ignored;
  private readonly name: string;

  /** Nothing is sent yet. Throws ProblemError for options that cannot be used. */
  constructor(
    connection: HttpConnection,
    private readonly options: HttpSourceOptions,
    private readonly context: ConnectorContext,
  ) {
    const { client, redaction, base, name: host } = openConnection(connection, context);
    const { request, records, single, rejected, answers: format, no_content: blank, pages, since, detail, trim } = options;
    const { now, sleep } = context;
    this.client = client;
    this.request = compileRequest(requestOptions(request, format), { where: "request", shape: PAGE_SHAPE, omitEmpty: true, host });
    this.paging = compilePaging(pages, request);
    const written = JSON.stringify(request);
    if (since === undefined && /\$\.(since|until)\b/.test(written))
      refuseOption(
        "CONFIG_MISSING_KEY",
        "the request has `$.since` or `$.until`, and there is no `since`",
        "say under `since` where the reading begins",
      );
    if (since !== undefined && !/\$\.since\b/.test(written))
      refuseOption(
        "CONFIG_MISSING_KEY",
        "`since` is given, and the request does not send `$.since`",
        "add it to the request, or leave out `since`",
      );
    this.spans = since === undefined ? WITHOUT_SINCE : compileSpans(since, context.timeZone, /\$\.until\b/.test(written));
    this.judge = new PageJudge({ records, single, rejected, mayBeBlank: blank === "no records", format }, "", redaction);
    const halves = since?.halve !== undefined;
    this.caller = new Caller({
      client,
      redaction,
      base,
      hosts: connection.hosts ?? [],
      now,
      sleep,
      readAnswer: format === "xml" ? readXmlAnswer : readAnswer,
      halves,
    });
    this.detail = detail === undefined ? null : new Detail(detail, { caller: this.caller, redaction, host, trim, format });
    this.ignored = ignoredOf(options.ignore);
    // Without the host, which may change and be the same system.
    this.name = `${this.request.name.split(" ", 1)[0]} ${request.path.replace(/\?.*$/, "")}`;
  }

  async *read(request: ReadRequest): AsyncGenerator<SourceEvent> {
    const spans = [...this.spans.all(request.since, this.context.now())];
    const progress = new Progress(spans);
    for (let span = spans.shift(); span !== undefined; span = spans.shift()) {
      if (this.context.signal.aborted) return;
      const unit = `${this.name}${span.name}`;
      const ended = yield* this.readUnit(span, unit, request, progress);
      if (ended === "stop") return;
      if (ended !== "done") spans.unshift(...ended);
    }
  }

  close(): Promise<void> {
    return this.client.close();
  }

  /** One span, whole; or the halves it must be read in. `stop`: nothing more can be read in order. */
  private async *readUnit(
    span: Span,
    unit: string,
    request: ReadRequest,
    progress: Progress,
  ): AsyncGenerator<SourceEvent, readonly Span[] | "done" | "stop"> {
    for (let readings = 1; ; readings += 1) {
      const records = new Records(request.columns, this.ignored, unit);
      const { delivery } = records;
      const { signal } = this.context;
      try {
        for await (const items of this.pages(span)) {
          for (const item of items) records.add(item);
          for (const rows of delivery.take(false)) {
            yield { kind: "records", unit, ...rows, ...progress.at(span) };
            if (signal.aborted) return "stop";
          }
          if (signal.aborted) return "stop";
        }
        const missing = records.end();
        if (missing !== null) throw new ProblemError(missing);
        const fingerprint = delivery.fingerprint();
        if (delivery.isWhole && request.wasRead(unit, fingerprint)) {
          yield { kind: "known", unit };
          return "done";
        }
        for (const rows of delivery.take(true)) {
          yield { kind: "records", unit, ...rows, ...progress.at(span) };
          if (signal.aborted) return "stop";
        }
        yield { kind: "complete", unit, fingerprint, ...(records.leftOut === 0 ? {} : { leftOut: records.leftOut }) };
        return "done";
      } catch (error) {
        // What was passed on cannot be taken back.
        if (error instanceof PageFault && delivery.isWhole) {
          if (error.kind === "moved" && readings < MOST_READINGS) continue;
          const halves = error.kind === "too much" ? this.spans.halves(span) : null;
          if (halves !== null) return halves;
        }
        yield { kind: "abandoned", unit, problem: this.problemOf(error, unit) };
        return "stop";
      }
    }
  }

  /** The items of each page, without those that were on the page before. */
  private async *pages(span: Span): AsyncGenerator<readonly Item[]> {
    const walk = this.paging.begin();
    const { trim } = this.options;
    for (let call = this.callFor(this.paging.first, span); ; ) {
      const { reading, records, call: answered } = await this.caller.ask(call, this.judge);
      const texts = records.map(writeJson);
      const page = { reading, marks: texts.map(markOf) };
      const repeated = walk.repeated(page);
      const items = records
        .slice(repeated)
        .map((record, index): Item => ({ fields: fieldsOf(record, trim), text: texts[repeated + index] as string }));
      yield this.detail === null ? items : await this.detail.all(items, span);
      const next = walk.next(page);
      if (next === null) return;
      call = "url" in next ? { ...call, at: this.caller.addressOf(next.url, answered) } : this.callFor(next.view, span);
    }
  }

  private callFor(page: PageView, { since, until }: Span): HttpCall {
    try {
      return this.request.fill({ since, until, ...page });
    } catch (error) {
      // Only what an answer said can be unfit: everything else was checked before.
      if (error instanceof Unwritable) return failure(error.message, "correct `pages.at`, or the request", "SOURCE_FORMAT");
      throw error;
    }
  }

  private problemOf(error: unknown, unit: string): Problem {
    if (error instanceof ProblemError && error.problems[0] !== undefined) return error.problems[0];
    if (!(error instanceof PageFault)) throw error;
    return problem(error.code, `${error.call ?? this.request.name}: ${error.message}`, { file: unit }, error.hint);
  }
}

/** How much of the time that is read lies before a span, in seconds. Where there are no times, nothing is known of it. */
class Progress {
  private readonly start: number | null;
  private readonly total: number;

  constructor(spans: readonly Span[]) {
    this.start = spans[0]?.reach?.from ?? null;
    this.total = Math.ceil(((spans.at(-1)?.reach?.to ?? 0) - (this.start ?? 0)) / 1000);
  }

  at({ reach }: Span): { readonly progress?: { readonly done: number; readonly total: number } } {
    if (this.start === null || reach === null) return {};
    const done = Math.max(0, Math.floor((reach.from - this.start) / 1000));
    return { progress: { done, total: this.total } };
  }
}

function markOf(text: string): string {
  return createHash("sha256").update(text).digest("base64");
}
