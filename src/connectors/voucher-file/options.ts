import { type Static, Type } from "typebox";

const closed = { additionalProperties: false };
const NAME = "^[^\\u0000]{1,128}$";
const WORD = "^\\p{L}{1,8}$";

export const LAYOUTS = ["kingdee galaxy", "kingdee k3", "yonyou u8", "csv", "xlsx"] as const;
export type LayoutName = (typeof LAYOUTS)[number];

export const VoucherFileConnection = Type.Object(
  {
    folder: Type.String({
      path: "folder",
      minLength: 1,
      description:
        "the folder of one company, from which the ERP imports. What was written is remembered in its folder `control`, which must never be emptied",
      examples: ["/mnt/erp/import/company-001"],
    }),
    closed_through: Type.Optional(
      Type.String({
        pattern: "^\\d{4}-(0[1-9]|1[0-2])$",
        description: "every month (YYYY-MM) up to this one is closed in the ERP: what is dated there waits instead of going into a file",
        examples: ["2026-09"],
      }),
    ),
  },
  closed,
);
export type VoucherFileConnection = Static<typeof VoucherFileConnection>;

export const ValueOption = Type.Union([
  Type.String(),
  Type.Integer(),
  Type.Array(Type.Union([Type.String(), Type.Array(Type.String(), { minItems: 1 })]), { minItems: 1 }),
]);
export type ValueOption = Static<typeof ValueOption>;

const kind = Type.Enum(["text", "number", "date"], {
  description: "how the value is written; when left out as what it is: amounts and counts as numbers, dates as dates, all else as text",
  examples: ["text"],
});

const ColumnOption = Type.Object(
  {
    name: Type.String({ pattern: NAME, description: "the header of the column", examples: ["摘要"] }),
    value: {
      ...ValueOption,
      description:
        "`$.NAME` of the document, `$$.NAME` of the line, a constant, or a list of them that is joined; a list inside the list is left out where one of its names is empty",
      examples: ["$$.account", "记", ["$$.text", " ", "$.key"]],
    } as typeof ValueOption,
    as: Type.Optional(kind),
    empty: Type.Optional(Type.String({ description: "what stands where there is no value", examples: ["0"] })),
    once: Type.Optional(Type.Boolean({ description: "whether only the first line of a voucher has it", default: false, examples: [true] })),
    limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 32_767, description: "most characters of the value", examples: [60] })),
  },
  closed,
);
export type ColumnOption = Static<typeof ColumnOption>;

const CsvOptions = Type.Object(
  {
    encoding: Type.Enum(["utf-8", "utf-8 bom", "gb18030", "gbk"], {
      default: "utf-8",
      description: "the text encoding; `utf-8 bom` is what Excel recognises when the file is opened by a double click",
      examples: ["gb18030"],
    }),
    delimiter: Type.String({ default: ",", minLength: 1, maxLength: 1, description: "what stands between two values", examples: [";"] }),
    header: Type.Boolean({ default: true, description: "whether the first line has the names of the columns", examples: [false] }),
    formulas: Type.Enum(["keep", "escape"], {
      default: "keep",
      description:
        "`escape` puts an apostrophe before text that a spreadsheet would run as a formula (`=`, `+`, `-`, `@`); `keep` leaves every value as it is",
      examples: ["escape"],
    }),
  },
  { ...closed, description: "how the text of layout `csv` is written", examples: [{ encoding: "gb18030", header: false }] },
);

export const VoucherFileOptions = Type.Object(
  {
    layout: Type.Enum([...LAYOUTS], {
      description: "what the file looks like: an ERP's own import layout, or `csv` and `xlsx` with `columns` of your own",
      examples: ["yonyou u8"],
    }),
    file: Type.String({
      default: "{kind}-{date}-{sequence}",
      pattern: "^[^/\\\\\\u0000]*\\{sequence\\}[^/\\\\\\u0000]*$",
      maxLength: 120,
      description:
        "name of each file without its ending; `{sequence}` counts all files of the folder, `{date}` is the day it is written, `{kind}` is `vouchers` or `reversals`",
      examples: ["expense-{kind}-{date}-{sequence}"],
    }),
    batch: Type.Integer({ default: 500, minimum: 1, maximum: 5_000, description: "most documents in one file", examples: [50] }),
    word: Type.String({
      default: "记",
      pattern: WORD,
      description: "voucher word (凭证字) of documents that name none; numbers are counted per word and month",
      examples: ["转"],
    }),
    words: Type.Optional(
      Type.Record(Type.String({ pattern: WORD }), Type.String({ minLength: 1 }), {
        description: "what the ERP calls a voucher word, where it wants a code instead",
        examples: [{ 记: "PRE001", 转: "PRE004" }],
      }),
    ),
    first_number: Type.Integer({
      default: 1,
      minimum: 1,
      maximum: 900_000,
      description: "where voucher numbers begin in each month, so that they keep clear of those that people give",
      examples: [5001],
    }),
    number_prefix: Type.Optional(
      Type.String({
        pattern: "^[A-Za-z0-9-]{1,12}$",
        description: "what stands before the voucher number, where the ERP takes text there",
        examples: ["EX"],
      }),
    ),
    reversal: Type.Enum(["red", "swap sides"], {
      default: "red",
      description:
        "how a voucher is cancelled: `red` keeps the sides and makes the amounts negative (红字), `swap sides` keeps the amounts",
      examples: ["swap sides"],
    }),
    fill: Type.Optional(
      Type.Record(Type.String({ pattern: NAME }), ValueOption, {
        description: "what goes into columns of an ERP's own layout, instead of what they hold by default; values as in `columns`",
        examples: [{ 制单人: "demo", 部门编码: "$$.dimensions.部门", 职员编码: "$$.partner" }],
      }),
    ),
    columns: Type.Optional(
      Type.Array(ColumnOption, {
        minItems: 1,
        maxItems: 200,
        description: "the columns of layout `csv` or `xlsx`, in order",
        examples: [
          [
            { name: "日期", value: "$.date" },
            { name: "借方", value: "$$.debit", empty: "0" },
          ],
        ],
      }),
    ),
    csv: Type.Optional(CsvOptions),
    sheet: Type.Optional(
      Type.String({
        pattern: "^[^\\[\\]:*?/\\\\']{1,31}$",
        description: "name of the sheet of a workbook, where the ERP wants another than the layout's",
        examples: ["凭证"],
      }),
    ),
    template: Type.Optional(
      Type.String({
        path: "file",
        description: "the import template that was downloaded from your own Kingdee Galaxy (`.xlsx`): its columns are filled by their keys",
        examples: ["templates/GL_VOUCHER.xlsx"],
      }),
    ),
    dates: Type.Optional(
      Type.String({
        minLength: 1,
        maxLength: 30,
        description:
          "how dates are written, with `yyyy`, `MM` or `M`, `dd` or `d`; `real` makes date cells in a workbook. yyyy-MM-dd when left out",
        examples: ["yyyy/M/d", "real"],
      }),
    ),
    replace: Type.Optional(
      Type.Record(Type.String({ minLength: 1, maxLength: 4 }), Type.String(), {
        description:
          "what is written in texts (摘要) instead of signs the file cannot hold, such as a comma in U8's; codes are never changed",
        examples: [{ 𠮷: "吉" }],
      }),
    ),
    long_text: Type.Enum(["refuse", "shorten"], {
      default: "refuse",
      description:
        "what happens to a text (摘要) that is longer than its column; the text of a reversal is always shortened, with the number it cancels kept",
      examples: ["shorten"],
    }),
    limits: Type.Optional(
      Type.Record(Type.String({ pattern: NAME }), Type.Integer({ minimum: 1, maximum: 32_767 }), {
        description: "most characters of a column of an ERP's own layout, where your version takes fewer or more",
        examples: [{ 摘要: 30 }],
      }),
    ),
    currencies: Type.Optional(
      Type.Record(
        Type.String({ pattern: "^[A-Z]{3}$" }),
        Type.Object(
          {
            code: Type.String({ minLength: 1, description: "its code in the ERP", examples: ["RMB"] }),
            name: Type.Optional(Type.String({ description: "its name in the ERP", examples: ["人民币"] })),
          },
          closed,
        ),
        {
          description:
            "the book's own currency in an ERP's layout, by ISO 4217 code; the layout's for CNY when left out. A document has no exchange rate, so others are refused",
          examples: [{ HKD: { code: "HKD", name: "港币" } }],
        },
      ),
    ),
  },
  closed,
);
export type VoucherFileOptions = Static<typeof VoucherFileOptions>;
