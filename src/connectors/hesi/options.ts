import { type Static, Type } from "typebox";
import { closed, DURATION } from "../http/option-parts.js";

const text = (description: string, ...examples: string[]) => Type.String({ minLength: 1, description, examples });

export const DOCUMENT_KINDS = ["expense", "loan", "payment", "requisition", "custom", "receipt", "permit"] as const;
export const STREAMS = [
  "documents",
  "invoices",
  "staffs",
  "departments",
  "fee_types",
  "dimensions",
  "dimension_items",
  "datalinks",
  "payees",
  "payment_accounts",
  "currencies",
] as const;

const STATES = ["draft", "nullify", "pending", "approving", "rejected", "paying", "paid", "archived", "sending", "receiving"];

const Since = Type.Object(
  {
    start: Type.String({
      description: "where the very first reading begins, and every `--full` one: a date, or a time with zone",
      default: "2015-01-01",
      examples: ["2026-01-01", "2026-01-01T00:00:00+08:00"],
    }),
    most: Type.String({
      pattern: "^[1-9]\\d{0,4}(h|d)$",
      description: "the longest time that is asked for at once; a longer one is read in several parts, each taken for itself",
      default: "31d",
      examples: ["7d", "12h"],
    }),
    overlap: Type.String({
      pattern: DURATION,
      description: "how much of the time before it each part takes in again: the system leaves out what lies exactly at its end",
      default: "1m",
      examples: ["5m"],
    }),
    lag: Type.String({
      pattern: DURATION,
      description: "how long before now the reading ends, for documents that are listed late",
      default: "0",
      examples: ["30s"],
    }),
    halve: Type.String({
      pattern: "^[1-9]\\d{0,4}(m|h|d)$",
      description:
        "a part that is too much for the system (HTTP 504, no answer in time) is read in halves, down to this length; after that in smaller pages",
      default: "15m",
      examples: ["1h"],
    }),
  },
  {
    ...closed,
    default: { start: "2015-01-01", most: "31d", overlap: "1m", lag: "0", halve: "15m" },
    description: "which changes of documents are read: by their `updateTime`, from where the pipeline stands",
  },
);

export const HesiSourceOptions = Type.Object(
  {
    stream: Type.Enum([...STREAMS], {
      description:
        "what is read: `documents` and `invoices`, as far as they changed; everything else whole, each list as one unit (dimension items: one for each dimension)",
      default: "documents",
      examples: ["documents", "staffs"],
    }),
    type: Type.Enum([...DOCUMENT_KINDS], {
      description: "for documents and invoices: the type of document",
      default: "expense",
      examples: ["payment"],
    }),
    states: Type.Optional(
      Type.Array(Type.Enum(STATES), {
        minItems: 1,
        description:
          "for documents and invoices: only those in these states. `paying` brings those whose payment is under way (`PROCESSING`) as well. A document that leaves these states is not noticed; to leave it out by a condition of the pipeline is safer",
        examples: [["paid", "archived"]],
      }),
    ),
    specifications: Type.Optional(
      Type.Array(text("id of a template, without the part behind the colon", "O6s8Mmqokkbk00"), {
        minItems: 1,
        description: "for documents and invoices: only those of these templates",
        examples: [["O6s8Mmqokkbk00"]],
      }),
    ),
    deleted: Type.Boolean({
      description: "for documents and invoices: whether deleted ones are read too; they are told by `document.isDeleted`",
      default: false,
      examples: [true],
    }),
    rows: Type.Enum(["apportions", "details", "documents"], {
      description:
        "for documents: what one record is: a part of a fee line where it is apportioned and else a fee line, a fee line, or the whole document",
      default: "apportions",
      examples: ["details"],
    }),
    detail: Type.Boolean({
      description:
        "for documents and invoices: whether each document is asked for by itself. The list holds the form with its fee lines as well; how complete it is with every template is not known",
      default: true,
      examples: [false],
    }),
    since: Since,
    page: Type.Integer({
      minimum: 2,
      maximum: 100,
      description: "rows of a page; 100 is the most the system gives",
      default: 100,
      examples: [50],
    }),
    dimension: Type.Optional(
      text(
        "for dimension items: only those of this dimension, by its id, its name or its code; of all of them when left out",
        "项目",
        "DA001",
      ),
    ),
    entity: Type.Optional(text("for datalinks: id of the business object (业务对象)", "26d60b5d6dd47f435000")),
    time_zone: Type.String({
      minLength: 1,
      description: "IANA time zone of the times that the system reads and writes without one; that it is China's is inferred",
      default: "Asia/Shanghai",
      examples: ["Asia/Shanghai"],
    }),
    times: Type.Array(text("name of a field, without what stands before it", "u_到货日"), {
      description: "further fields that hold times as milliseconds. Those whose names end in `Time`, `Date`, `日期` or `时间` are known",
      default: [],
      examples: [["u_到货日"]],
    }),
  },
  closed,
);
export type HesiSourceOptions = Static<typeof HesiSourceOptions>;
