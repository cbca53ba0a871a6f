import { createHash } from "node:crypto";
import type { ConnectorContext, ReadRequest, Source, SourceEvent } from "../../contract.js";
import { ignoredOf } from "../../files/options.js";
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
import { failure } from "./fault.js";
import { fieldsOf } from "./fields.js";
import type { HttpSourceOptions } from "./options.js";
import { compilePaging, type PageView, type Paging } from "./pages.js";
import type { Item } from "./records.js";
import { requestOptions } from "./request.js";
import { compileSpans, type Span, WITHOUT_SINCE } from "./spans.js";
import { Units } from "./units.js";
import { readXmlAnswer } from "./xml.js";

/** Reads from a system whose API is described in the pipeline. A unit is one span of time, or the whole list; it is taken whole or not at all. */
export class HttpSource implements Source {
  private readonly client: HttpClient;
  private readonly request: Request;
  private readonly paging: Paging;
  private readonly judge: PageJudge;
  private readonly caller: Caller;
  private readonly detail: Detail | null;
  private readonly units: Units;

  /** Nothing is sent yet. Throws ProblemError for options that cannot be used. */
  constructor(
    connection: HttpConnection,
    private readonly options: HttpSourceOptions,
    context: ConnectorContext,
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
    const spans = since === undefined ? WITHOUT_SINCE : compileSpans(since, context.timeZone, /\$\.until\b/.test(written));
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
    this.units = new Units({
      // Without the host, which may change and be the same system.
      name: `${this.request.name.split(" ", 1)[0]} ${request.path.replace(/\?.*$/, "")}`,
      question: this.request.name,
      spans,
      ignored: ignoredOf(options.ignore),
      items: (span) => this.pages(span),
      now,
      signal: context.signal,
    });
  }

  async *read(request: ReadRequest): AsyncGenerator<SourceEvent> {
    yield* this.units.read(request);
  }

  close(): Promise<void> {
    return this.client.close();
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
}

function markOf(text: string): string {
  return createHash("sha256").update(text).digest("base64");
}
