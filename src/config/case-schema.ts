import { type Static, Type } from "typebox";
import { CHANGE_KINDS } from "../model/plan.js";

/** The only description of the cases beside a pipeline, inline under `tests` or in files of their own. */

const closed = { additionalProperties: false } as const;

/** Taken as it is written, so that `00042` and `12.30` keep every digit. */
const value = (description: string, ...examples: string[]) =>
  Type.Union([Type.String(), Type.Number(), Type.Boolean()], { description, examples, template: true });

const CaseRow = Type.Record(Type.String(), Type.Union([Type.String(), Type.Number(), Type.Boolean(), Type.Null()]));

const Input = Type.Union(
  [
    Type.String(),
    Type.Array(CaseRow),
    Type.Object({ file: Type.String({ description: "a CSV file with a header row, UTF-8 or GB18030", path: "file" }) }, closed),
  ],
  {
    description:
      "the rows that are delivered: CSV text with a header row, a list of rows by column name, or `file:` with a CSV file. Columns are the fields of the record, or their other names under `source.columns`",
    examples: ["claims.csv"].map((file) => ({ file })),
  },
);

const ExpectedLine = Type.Object(
  {
    account: Type.Optional(value("ledger account", "660202")),
    debit: Type.Optional(value("amount on the debit side", "88.00")),
    credit: Type.Optional(value("amount on the credit side", "88.00")),
    amount: Type.Optional(value("amount of a line where the document has no two sides", "88.00")),
    text: Type.Optional(value("line text")),
    partner: Type.Optional(value("the other party")),
    dimensions: Type.Optional(
      Type.Record(Type.String(), value("value of the dimension"), { description: "values by dimension", examples: [{ 部门: "0102" }] }),
    ),
    fields: Type.Optional(
      Type.Record(Type.String(), value("value of the line"), {
        description: "further values, as the document type names them",
        examples: [{ tax: "5.28" }],
      }),
    ),
  },
  closed,
);

const ExpectedDocument = Type.Object(
  {
    key: value("the document's key", "BX26110001"),
    compare: Type.Enum(["whole", "written header", "written"], {
      description:
        "`whole`: every value, so that one that is not written must be empty; `written header`: of the header only what is written, and lines, where written, whole; `written`: also of each line only what is written. Lines are always all lines, in any order",
      default: "whole",
    }),
    header: Type.Optional(
      Type.Record(Type.String(), value("header value"), {
        description: "`date`, `currency`, `text`, `attachments`, and the fields of the document type",
        examples: [{ date: "2026-11-20", currency: "CNY", text: "报销 BX26110001" }],
      }),
    ),
    lines: Type.Optional(Type.Array(ExpectedLine, { description: "the lines" })),
  },
  closed,
);

const ExpectedProblem = {
  code: Type.String({ description: "the problem's code", examples: ["RECORD_INVALID"] }),
  message: Type.Optional(Type.String({ description: "text that its message contains" })),
};

const ExpectedItem = Type.Object({ key: value("key of the document or record that waits", "BX26110002"), ...ExpectedProblem }, closed);

const Planned = Type.Enum([...CHANGE_KINDS]);

const Expected = Type.Object(
  {
    documents: Type.Optional(
      Type.Array(ExpectedDocument, { description: "everything that stands in the books afterwards, each document as it was posted last" }),
    ),
    plan: Type.Optional(
      Type.Record(Type.String(), Type.Union([Planned, Type.Array(Planned, { minItems: 1 })]), {
        description:
          "what is done with each document, by its key; a document of an earlier night that nothing is done with is `keep`. A batch can have several",
        examples: [{ BX26110001: "create" }],
      }),
    ),
    quarantine: Type.Optional(
      Type.Array(ExpectedItem, { description: "what waits or is held afterwards; when left out, nothing may wait", default: [] }),
    ),
    stopped: Type.Optional(
      Type.Object(ExpectedProblem, { ...closed, description: "the problem that stops the run before anything is sent" }),
    ),
  },
  {
    ...closed,
    description:
      "what must come out. What is not said must not happen: without `quarantine` nothing may wait, without both `documents` and `plan` nothing may be posted",
  },
);

const Night = Type.Object(
  {
    unit: Type.Optional(
      Type.String({
        minLength: 1,
        description: "the file or window the rows come in; one that comes again under its name is read anew. Else each night is a new one",
      }),
    ),
    input: Input,
    expect: Type.Optional(Expected),
  },
  closed,
);

export const TestCase = Type.Object(
  {
    name: Type.String({ minLength: 1, description: "what the case is about", examples: ["a refund is booked in red"] }),
    input: Type.Optional(Input),
    expect: Type.Optional(Expected),
    nights: Type.Optional(
      Type.Array(Night, {
        minItems: 1,
        description: "instead of `input` and `expect`: several deliveries one after the other, each posted before the next one comes",
      }),
    ),
    closed_through: Type.Optional(
      Type.String({
        pattern: "^\\d{4}-(0[1-9]|1[0-2])$",
        description: "the last closed month of the books; none is closed when left out",
        examples: ["2026-10"],
      }),
    ),
  },
  closed,
);
export type TestCase = Static<typeof TestCase>;

export const CaseFile = Type.Object(
  {
    usual: Type.Optional({ ...CaseRow, description: "values of columns that a case does not give", examples: [{ 币种: "CNY" }] }),
    cases: Type.Array(TestCase, { minItems: 1, description: "the cases" }),
  },
  closed,
);
export type CaseFile = Static<typeof CaseFile>;

/** A file of cases, which is also what stands inline. */
export const Suite = Type.Union([Type.Array(TestCase), CaseFile], { title: "cases of a sync pipeline" });

/** `tests` of a pipeline file. */
export const Tests = Type.Union([Type.String(), Type.Array(Type.String()), Type.Array(TestCase), CaseFile], {
  description:
    "cases of this pipeline for `sync test`: a list of them, `usual` and `cases`, or patterns of files that hold them. A file `NAME.test.yaml` beside `NAME.yaml` is found without being named",
  examples: ["cases/*.yaml"],
});
