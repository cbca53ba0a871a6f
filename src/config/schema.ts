import { type Static, Type } from "typebox";
import { DOCUMENT_TYPES } from "../model/document-types.js";
import { Approvers } from "./approver-schema.js";
import { Tests } from "./case-schema.js";
import { Check } from "./check-schema.js";
import { RetentionAt, SecretsAt, storeAt } from "./keeping-schema.js";
import { changesOf, NAME_PATTERN, Name } from "./named.js";
import { Channels } from "./notify-schema.js";
import { OBSERVING, OBSERVING_CHANGES } from "./observe-schema.js";
import { Calendar, Schedule } from "./schedule-schema.js";

/**
 * The only description of `sync.yaml` and of a pipeline file. It validates, fills in defaults, becomes the JSON Schemas
 * in `schemas/` for editors, and the configuration reference in the docs. Options of a connector come from that
 * connector; here they are whatever keys are not listed.
 */

const closed = { additionalProperties: false } as const;

/** Text with `${…}` in it; constants may be written without quotes. */
const template = (about: string, ...examples: string[]) =>
  Type.Union([Type.String(), Type.Number(), Type.Boolean()], { description: about, examples, template: true });

// ---------------------------------------------------------------- sync.yaml

const Connection = Type.Object(
  {
    connector: Type.String({ description: "which connector: see `sync connectors list`", examples: ["csv", "ledger"] }),
  },
  { description: "one system, with where it is and how to sign in; further keys are the connector's own", additionalProperties: true },
);

export const ProjectFile = Type.Object(
  {
    project: Type.Optional(Type.String({ description: "a name for reports and messages", examples: ["demo"] })),
    store: storeAt("the SQLite file that remembers what was read and posted; with `key`, it is encrypted", { default: ".sync/store.db" }),
    timeZone: Type.String({
      description: "IANA time zone of dates without one",
      default: "Asia/Shanghai",
      examples: ["Asia/Shanghai", "Europe/London"],
    }),
    language: Type.Enum(["en", "zh"], { description: "language of run summaries and reports", default: "en" }),
    personal: Type.Enum(["mask", "show"], {
      description:
        "whether fields that a record schema marks with `x-personal` are masked in plans, lists and reports; messages to people, the audit log and logs mask them in any case",
      default: "mask",
    }),
    pipelines: Type.Union([Type.String(), Type.Array(Type.String(), { minItems: 1 })], {
      description: "patterns of pipeline files, from the folder of this file",
      default: "pipelines/*.yaml",
    }),
    connections: Type.Record(Name, Connection, { ...closed, description: "systems by name; pipelines use the names", default: {} }),
    secrets: Type.Optional(SecretsAt),
    retention: Type.Optional(RetentionAt),
    calendar: Type.Optional(Calendar),
    notify: Type.Optional(Channels),
    ...OBSERVING,
    approvers: Type.Optional(Approvers),
    environments: Type.Optional(
      Type.Record(
        Name,
        Type.Object(
          {
            store: Type.Optional(storeAt("its own store")),
            secrets: Type.Optional(SecretsAt),
            connections: changesOf("connection"),
            notify: changesOf("channel"),
            ...OBSERVING_CHANGES,
          },
          closed,
        ),
        { ...closed, description: "what `--env NAME` changes" },
      ),
    ),
  },
  { ...closed, title: "sync project file" },
);
export type ProjectFile = Static<typeof ProjectFile>;

// ---------------------------------------------------------------- pipeline files

const Cursor = Type.Object(
  {
    field: Type.String({ description: "the record field that grows with every change at the source", examples: ["更新时间"] }),
    overlap: Type.String({
      description: "how far before the watermark is read again",
      default: "0",
      pattern: "^\\d+(s|m|h|d)?$",
      examples: ["2d", "15m"],
    }),
  },
  { ...closed, description: "reading goes on from the latest value seen" },
);

const NumberStyle = Type.Object(
  {
    decimal: Type.Enum([".", ","], { description: "decimal separator", default: "." }),
    group: Type.Enum([",", ".", " ", "'", ""], { description: "thousands separator; empty when there is none", default: "," }),
  },
  { ...closed, description: "how numbers are punctuated" },
);

export const SourceCommon = Type.Object(
  {
    connection: Type.Optional(Type.String({ description: "a connection of sync.yaml" })),
    connector: Type.Optional(Type.String({ description: "the connector itself, when it needs no connection" })),
    record: Type.String({
      description: "JSON Schema of one record; it also types the expressions",
      path: "file",
      examples: ["../schemas/expense-line.schema.json"],
    }),
    key: Type.Optional(
      Type.Union([Type.String(), Type.Array(Type.String(), { minItems: 1 })], {
        description: "fields that identify a record; without it each row of each file is a record of its own",
        examples: [["单据编号", "行号"]],
      }),
    ),
    cursor: Type.Optional(Cursor),
    delivers: Type.Enum(["lines", "documents"], {
      description:
        "`documents`: a delivery holds all records of each document in it, so that a record which is gone is taken away; `lines`: records come one by one and are kept until replaced",
      default: "lines",
    }),
    whole: Type.Optional(
      Type.Union(
        [Type.Enum(["unit"]), Type.Object({ month: Type.String({ description: "a date field", examples: ["提交日期"] }) }, closed)],
        {
          description:
            "what can be missed. `unit`: a file or window that is read again holds all that is left of it; `month`: each one holds all records of every month that occurs in it. A record that is missing from it is gone at the source, see `target.gone`. If a row of it could not be read, nothing is gone, and what is missing waits",
          examples: ["unit", { month: "提交日期" }],
        },
      ),
    ),
    columns: Type.Optional(
      Type.Record(Type.String(), Type.Union([Type.String(), Type.Array(Type.String(), { minItems: 1 })]), {
        description: "other names under which a field may arrive",
        examples: [{ 交易额: ["金额", "金额(元)", "Amount"] }],
      }),
    ),
    dates: Type.Optional(
      Type.Union([Type.String(), Type.Array(Type.String(), { minItems: 1 })], {
        description: "formats of dates and times, tried in order; ISO forms are always read",
        examples: [["yyyy-MM-dd", "yyyy/M/d"]],
      }),
    ),
    numbers: Type.Optional(NumberStyle),
  },
  { additionalProperties: true },
);

const MissingRow = Type.Union(
  [
    Type.Enum(["quarantine", "stop", "empty"]),
    Type.Object(
      {
        use: Type.Record(Type.String(), Type.Union([Type.String(), Type.Number(), Type.Boolean()]), {
          description: "the default row: values by column",
          examples: [{ 科目编码: "6602" }],
        }),
      },
      closed,
    ),
  ],
  {
    description: "when no row fits: the document waits in quarantine, the run stops, the value is empty, or a default row is used",
    default: "quarantine",
  },
);

export const LookupFile = Type.Object(
  {
    csv: Type.String({
      description: "a CSV file with a header row, UTF-8 or GB18030",
      path: "file",
      examples: ["lookups/expense-accounts.csv"],
    }),
    key: Type.Union([Type.String(), Type.Array(Type.String(), { minItems: 1 })], { description: "column or columns that are looked up" }),
    valid: Type.Optional(
      Type.Object(
        {
          from: Type.String({ description: "column with the first day of validity; empty means always" }),
          to: Type.Optional(Type.String({ description: "column with the last day of validity; empty means for ever" })),
          on: Type.Optional(
            Type.String({ description: "expression that gives the date, unless the call gives one", examples: ["支付日期"] }),
          ),
        },
        { ...closed, description: "columns that say for which days a row holds" },
      ),
    ),
    columns: Type.Optional(
      Type.Record(
        Type.String(),
        Type.Object(
          {
            type: Type.Optional(Type.Enum(["text", "number", "date", "boolean"], { description: "kind of value", default: "text" })),
            optional: Type.Optional(Type.Boolean({ description: "may be empty", default: false })),
            personal: Type.Optional(
              Type.Boolean({
                description: "personal data, such as the name of an employee: masked as fields with `x-personal` are",
                default: false,
              }),
            ),
          },
          closed,
        ),
        { description: "columns that are not plain required text" },
      ),
    ),
    missing: Type.Optional(MissingRow),
  },
  closed,
);

const Share = Type.Object(
  {
    amount: template("what is split", "${不含税金额}"),
    by: template("list of weights; the parts add up to the amount to the cent", '${numbers(split(分摊比例, "/"))}'),
    with: Type.Optional(
      Type.Record(Type.String(), Type.String(), {
        description: "lists of the same length, read as `share.NAME`",
        examples: [{ 部门: '${split(分摊部门, "/")}' }],
      }),
    ),
  },
  { ...closed, description: "splits an amount over several lines, to the cent" },
);

export const LineTemplate = Type.Object(
  {
    each: Type.Enum(["record", "document"], { description: "one line for every record, or one for the document", default: "record" }),
    when: Type.Optional(template("the line is made only when this is true", "${税额 > 0}")),
    share: Type.Optional(Share),
    debit: Type.Optional(template("amount on the debit side", "${不含税金额}")),
    credit: Type.Optional(template("amount on the credit side", "${sum(价税合计)}")),
    amount: Type.Optional(template("amount of a line where the document has no two sides", "${金额}")),
    account: template("ledger account", "${科目[费用类型].科目编码}"),
    text: Type.Optional(template("line text (摘要); the document's text when left out")),
    partner: Type.Optional(template("the other party: employee, supplier or customer code", "${报销人工号}")),
    dimensions: Type.Optional(
      Type.Record(Type.String(), template("value of the dimension"), {
        description: "further accounting dimensions",
        examples: [{ 部门: "${部门编码}" }],
      }),
    ),
    fields: Type.Optional(
      Type.Record(Type.String(), template("value of the line"), {
        description: "further values of a line, as the document type names them",
        examples: [{ tax: "${税额}", invoice: "${发票号码}" }],
      }),
    ),
  },
  closed,
);

export const DocumentMapping = Type.Object(
  {
    type: Type.Enum(Object.keys(DOCUMENT_TYPES) as (keyof typeof DOCUMENT_TYPES)[], { description: "what is made" }),
    key: template("identifies the document; records with equal keys belong together", "${单据编号}"),
    batch: Type.Optional(
      template(
        "one document for many, such as one voucher for all claims of a day: which of them a record belongs to. What comes after it was posted goes into a further, supplementary document, and what changed into one with the difference; nothing is reversed. The header must say the same for all of them",
        "${单据编号}",
      ),
    ),
    when: Type.Optional(template("the document is wanted only when this is true for its records", '${单据状态 in ["已审批", "已支付"]}')),
    header: Type.Record(Type.String(), template("header value"), {
      description: "`date`, `currency`, `text`, `attachments`, and the fields of the document type",
      examples: [{ date: "${支付日期}", currency: "CNY", text: "报销 ${单据编号}" }],
    }),
    lines: Type.Optional(
      Type.Array(LineTemplate, { minItems: 1, description: "templates of the document's lines; required for every type that has lines" }),
    ),
    "merge by": Type.Optional(
      Type.Array(Type.String(), {
        minItems: 1,
        description: "lines that agree in these (`account`, `partner`, `text`, or a dimension) and in their side become one",
        examples: [["account", "部门"]],
      }),
    ),
    negative: Type.Enum(["red", "other side"], {
      description: "a negative amount stays on its side as a red entry, or moves to the other side as a positive one",
      default: "red",
    }),
  },
  closed,
);

const Approval = Type.Object(
  {
    by: Type.Array(Name, {
      minItems: 1,
      description: "who may approve: names under `approvers` of sync.yaml",
      examples: [["li.na", "wang.qiang"]],
    }),
    author: Type.Enum(["may not approve", "may approve"], {
      description: "whether whoever made the plan may approve it",
      default: "may not approve",
    }),
    two_above: Type.Optional(
      Type.Record(
        Type.String({ pattern: "^[A-Z]{3}$" }),
        Type.Union([Type.Number({ minimum: 0 }), Type.String({ pattern: "^\\d+(\\.\\d+)?$" })]),
        {
          description:
            "two people must approve what moves more than this, by currency; money that is posted and money that is taken back are added up. A currency that is not named always needs two",
          examples: [{ CNY: 100000, USD: 15000 }],
        },
      ),
    ),
    holds: Type.String({
      description: "how long an approval holds: it must be applied by then",
      default: "24h",
      pattern: "^[1-9]\\d{0,4}(m|h|d)$",
      examples: ["3d"],
    }),
  },
  {
    ...closed,
    description:
      "what a run would post must be approved first: `sync run` writes a plan and sends nothing, and `sync apply` posts exactly what was approved",
  },
);

export const PipelineFile = Type.Object(
  {
    pipeline: Type.String({ pattern: NAME_PATTERN, maxLength: 80, description: "its name, unique in the project" }),
    title: Type.Optional(Type.String({ description: "for people" })),
    include: Type.Optional(
      Type.Union([Type.String(), Type.Array(Type.String())], {
        description: "files whose keys are taken over where this file does not give them",
      }),
    ),
    tags: Type.Optional(
      Type.Array(Type.String(), { description: "words to run it by: `sync run --tag NAME`", examples: [["nightly", "master-data"]] }),
    ),
    after: Type.Optional(
      Type.Union([Type.String(), Type.Array(Type.String())], {
        description:
          "pipelines that run before this one where several are run, by `--all`, `--tag`, names or a schedule. When one of them could not do its work, this one is left out, because it would work with what is missing; items that wait or are in doubt are no reason. One that is not run along counts by its last run",
        examples: [["staff", "accounts"]],
      }),
    ),
    schedule: Type.Optional(Schedule),
    source: SourceCommon,
    lookups: Type.Optional(Type.Record(Name, LookupFile, { ...closed, description: "tables by name" })),
    document: DocumentMapping,
    checks: Type.Optional(Type.Array(Check, { description: "must hold for every document; that it balances is always checked" })),
    stop_when: Type.Optional(
      Type.Object(
        {
          quarantined: Type.Union([Type.Integer({ minimum: 0 }), Type.String({ pattern: "^\\d+(\\.\\d+)?%$" })], {
            description: "more quarantined items than this, as a number or as a share of what was read: nothing is posted",
            examples: ["5%", 20],
          }),
        },
        closed,
      ),
    ),
    approval: Type.Optional(Approval),
    target: Type.Object(
      {
        connection: Type.Optional(Type.String({ description: "a connection of sync.yaml" })),
        connector: Type.Optional(Type.String({ description: "the connector itself, when it needs no connection" })),
        changed: Type.Enum(["reverse and repost", "update draft", "hold"], {
          description:
            "when a posted document changed at the source. `reverse and repost`: what is booked is cancelled and posted anew, and what is still a draft is changed where it stands, or deleted and made anew where the target cannot change it. `update draft`: drafts are changed, and what is booked waits",
          default: "reverse and repost",
        }),
        gone: Type.Enum(["reverse", "hold"], {
          description:
            "when a posted document is no longer wanted: as `document.when` says, or because its records are gone, as `source.whole` says",
          default: "reverse",
        }),
        edited: Type.Enum(["hold", "keep target", "reverse and repost"], {
          description:
            "when somebody changed, cancelled or deleted a posted document in the target. It is noticed before a document is changed, and for all documents with `sync run --verify`, where the target can be read",
          default: "hold",
        }),
        closed_period: Type.Enum(["hold", "next open period"], {
          description:
            "a document dated in a closed period waits, or is posted on the first day of the next open one with its own date in the text",
          default: "hold",
        }),
      },
      { additionalProperties: true },
    ),
    tests: Type.Optional(Tests),
  },
  { ...closed, title: "sync pipeline" },
);
export type PipelineFile = Static<typeof PipelineFile>;
