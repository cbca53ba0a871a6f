import { type Static, Type } from "typebox";
import { ignoreOption, trimOption } from "../../files/options.js";
import { answerPath, body, closed, DURATION, headers, path, when } from "../option-parts.js";

const text = (description: string, ...examples: string[]) => Type.String({ minLength: 1, description, examples });

const parameters = (description: string, ...examples: Record<string, unknown>[]) =>
  Type.Record(Type.String({ minLength: 1 }), Type.Union([Type.String(), Type.Integer(), Type.Boolean()]), { description, examples });

const soap = (example: string) =>
  Type.Object(
    {
      version: Type.Enum(["1.1", "1.2"], { description: "version of SOAP", default: "1.1", examples: ["1.2"] }),
      action: Type.Optional(Type.String({ description: "`SOAPAction`, or `action` of 1.2", examples: ["urn:expenses/list"] })),
      header: Type.Optional(text("what stands in `Header`, as XML; may hold paths in braces, which are escaped", "<Company>001</Company>")),
      body: text("what stands in `Body`, as XML; may hold paths in braces, which are escaped", example),
    },
    { ...closed, description: "an envelope around XML" },
  );

interface RequestExamples {
  readonly path: string;
  readonly query: Record<string, unknown>;
  readonly form: Record<string, unknown>;
  readonly xml: string;
  readonly soap: string;
}

const requestOptions = (examples: RequestExamples) => ({
  method: Type.Optional(
    Type.Enum(["GET", "POST", "PUT", "PATCH"], {
      description:
        "HTTP method; when left out GET, and POST where something is sent. The call must not change anything: it may be repeated",
      examples: ["POST"],
    }),
  ),
  path: path(examples.path),
  query: Type.Optional(
    parameters(
      "parameters of the URL; values may be a path or hold paths in braces. One whose path leads to nothing is left out, such as the cursor of the first page",
      examples.query,
    ),
  ),
  headers: Type.Optional(headers({ "Accept-Language": "zh-CN" })),
  body: body("what is sent: any YAML, written as JSON; a text that begins with `$.` is a path, see the connector's README"),
  form: Type.Optional(parameters("what is sent as a form; values as in `query`", examples.form)),
  xml: Type.Optional(text("what is sent as XML; may hold paths in braces, which are escaped", examples.xml)),
  soap: Type.Optional(soap(examples.soap)),
});

const Rule = Type.Object(
  {
    when: when("what the answer looks like; of a list, all must hold"),
    message: Type.Optional(
      Type.Union([answerPath("", "$.message"), Type.Array(Type.String({ pattern: "^\\$" }), { minItems: 1 })], {
        description: "where the system says why; `[*]` takes every item of a list",
        examples: ["$.message", ["$.code", "$.errors[*].message"]],
      }),
    ),
    means: Type.Enum(["failure", "busy", "too much", "no records"], {
      description:
        "`failure`: nothing of this unit is taken; `busy`: asked again a few times; `too much`: asked for less, see `since.halve`; `no records`: there is nothing, and that is right",
      default: "failure",
      examples: ["busy", "no records"],
    }),
  },
  closed,
);

const Rules = Type.Union([Rule, Type.Array(Rule, { minItems: 1 })], {
  description: "what answers mean although HTTP says 200, or other than their status says; the first one that fits counts",
  examples: [
    { when: { path: "$.success", equals: false }, message: "$.errorMessage" },
    { when: { path: "$.code", equals: 90018 }, means: "busy" },
  ],
});

const Pages = Type.Object(
  {
    by: Type.Enum(["page", "offset", "cursor", "link", "url"], {
      description:
        "`page`: `$.page` counts pages; `offset`: `$.offset` counts records; `cursor`: `$.cursor` is what the answer before said; `link`: the `Link` header with `rel=next`; `url`: the answer holds the URL of the next page",
      examples: ["offset", "cursor"],
    }),
    size: Type.Optional(
      Type.Integer({ minimum: 1, maximum: 1_000_000, description: "records of a page that we ask for, as `$.size`", examples: [100] }),
    ),
    first: Type.Optional(
      Type.Union([Type.Integer({ minimum: 0, maximum: 1 }), Type.String()], {
        description:
          "the first page: its number, 1 when left out; of its first record, 0 when left out; or what `$.cursor` is then, without which it is left out",
        examples: [0, "*"],
      }),
    ),
    at: Type.Optional(
      Type.Union([Type.String({ pattern: "^\\$" }), Type.Object({ header: text("the header of the answer", "X-Next-Cursor") }, closed)], {
        description: "where the next cursor or URL stands; nothing there means that this was the last page",
        examples: ["$.data.nextCursor", { header: "X-Next-Cursor" }],
      }),
    ),
    more: Type.Optional(when("an answer behind which there is another page; every other one is the last")),
    total: Type.Optional(
      answerPath("where the number of all records stands: so many must come, and it must not change while we read", "$.count"),
    ),
    pages: Type.Optional(answerPath("where the number of all pages stands", "$.totalPages")),
    until: Type.Optional(
      Type.Enum(["empty", "short"], {
        description:
          "for `page` and `offset`, where none of `more`, `total` and `pages` says it: the last page is an empty one, or one with fewer records than `size`. `short` loses records where the system gives fewer than it was asked for",
        examples: ["short"],
      }),
    ),
    overlap: Type.Optional(
      Type.Integer({
        minimum: 1,
        maximum: 1000,
        description:
          "for `offset`: so many records of the page before are asked for again; when they are not there, the list has moved, and is read anew",
        examples: [1],
      }),
    ),
    most: Type.Integer({
      minimum: 1,
      maximum: 10_000_000,
      description: "more pages than this are a mistake",
      default: 100_000,
      examples: [500],
    }),
  },
  closed,
);

const Since = Type.Object(
  {
    start: Type.String({
      minLength: 1,
      description: "where the very first reading begins, and every `--full` one: a date, a time with zone, or as `format` writes it",
      examples: ["2026-01-01", "2026-01-01T00:00:00+08:00", "0"],
    }),
    format: Type.String({
      minLength: 1,
      description:
        "how `$.since` and `$.until` are written: `iso` (`2026-01-31T16:00:00Z`), `epoch s`, `epoch ms`, letters such as `yyyy-MM-dd HH:mm:ss` or `yyyy-MM-ddTHH:mm:ss.SSSXXX`; `number` or `text` for cursors that are no times",
      default: "iso",
      examples: ["yyyy-MM-dd HH:mm:ss", "epoch ms", "number"],
    }),
    time_zone: Type.Optional(text("IANA time zone of the letters; that of sync.yaml when left out", "Asia/Shanghai")),
    most: Type.Optional(
      Type.String({
        pattern: "^[1-9]\\d{0,4}(m|h|d)$",
        description: "the longest span of one request; a longer one is read in several, each a unit of its own. Needs `$.until`",
        examples: ["31d", "12h"],
      }),
    ),
    until: Type.Enum(["exclusive", "inclusive"], {
      description: "whether what lies exactly at `$.until` belongs to the answer. Of a date, `inclusive` is the whole day",
      default: "exclusive",
      examples: ["inclusive"],
    }),
    lag: Type.String({
      description: "how long before now the reading ends, where the system shows changes late",
      default: "0",
      pattern: DURATION,
      examples: ["5m"],
    }),
    overlap: Type.String({
      description:
        "how much of the time before it each span takes in again, the first one too: for changes that are shown late, and where what lies exactly at `$.since` does not belong to the answer",
      default: "0",
      pattern: DURATION,
      examples: ["1m"],
    }),
    halve: Type.Optional(
      Type.String({
        pattern: "^[1-9]\\d{0,4}(m|h|d)$",
        description:
          "a span that is too much for the system (413, 504, no answer in time, an answer over `max_response`, a rule with `too much`) is read in halves, down to this length",
        examples: ["1h"],
      }),
    ),
  },
  closed,
);

const records = (...examples: string[]) =>
  answerPath("where the list of records stands; an answer without it is an error, not an empty one", ...examples);

const Detail = Type.Object(
  {
    ...requestOptions({
      path: "/claims/{$.item.id}",
      query: { id: "$.item.id", fields: "all" },
      form: { id: "$.item.id" },
      xml: "<claim id='{$.item.id}'/>",
      soap: '<Get xmlns="urn:e"><Id>{$.item.id}</Id></Get>',
    }),
    records: answerPath("where the record stands in the answer, or the list of them", "$.value"),
    single: Type.Boolean({ description: "whether there is one record at `records`, or a list", default: true, examples: [false] }),
    merge: Type.Boolean({
      description: "whether fields of the listed item that the record does not have are added to it",
      default: false,
      examples: [true],
    }),
    gone: Type.Optional(
      when(
        "an answer that says that the item is not there any more; it waits in quarantine, and the others go on; HTTP 404 and 410 when left out",
      ),
    ),
    rejected: Type.Optional(Rules),
    concurrency: Type.Integer({ minimum: 1, maximum: 64, description: "calls at once", default: 4, examples: [1] }),
  },
  { ...closed, description: "a second call for each listed item, with its fields as `$.item.NAME`; the records come from there" },
);

export const HttpSourceOptions = Type.Object(
  {
    request: Type.Object(
      requestOptions({
        path: "/claims",
        query: { type: "expense", start: "$.offset", count: "$.size", startDate: "$.since", endDate: "$.until" },
        form: { from: "$.since", page: "$.page" },
        xml: "<query><from>{$.since}</from></query>",
        soap: '<List xmlns="urn:e"><From>{$.since}</From></List>',
      }),
      { ...closed, description: "what is asked for each page" },
    ),
    answers: Type.Enum(["json", "xml"], { description: "what the answers are", default: "json", examples: ["xml"] }),
    records: records("$.data.items", "$.Envelope.Body.ListResponse.claim"),
    single: Type.Boolean({ description: "whether there is one record at `records` instead of a list", default: false, examples: [true] }),
    pages: Type.Union([Type.Enum(["none"]), Pages], {
      description: "how the next page is asked for; `none` where one answer holds everything",
      examples: [{ by: "offset", size: 100, total: "$.count" }, { by: "cursor", at: "$.next" }, "none"],
    }),
    since: Type.Optional(
      Type.Object(Since.properties, { ...closed, description: "reads what changed: `$.since` and `$.until` in the request" }),
    ),
    rejected: Type.Optional(Rules),
    no_content: Type.Enum(["failure", "no records"], {
      description: "what an answer without a body means, such as HTTP 204",
      default: "failure",
      examples: ["no records"],
    }),
    detail: Type.Optional(Detail),
    ignore: ignoreOption("as JSON"),
    trim: trimOption,
  },
  closed,
);
export type HttpSourceOptions = Static<typeof HttpSourceOptions>;
export type SourceRequestOptions = HttpSourceOptions["request"];
export type SinceOptions = NonNullable<HttpSourceOptions["since"]>;
export type PagesOptions = HttpSourceOptions["pages"];
export type DetailOptions = NonNullable<HttpSourceOptions["detail"]>;
export type RulesOptions = NonNullable<HttpSourceOptions["rejected"]>;
