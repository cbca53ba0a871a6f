import { type Static, Type } from "typebox";

const PERIOD_PATTERN = "^\\d{4}-(0[1-9]|1[0-2])$";
const WORD_PATTERN = "^\\p{L}{1,8}$";

const period = (description: string, example: string) =>
  Type.Optional(Type.String({ pattern: PERIOD_PATTERN, description, examples: [example] }));

export const DEFAULT_WORD = "记";

export const periodOptions = Type.Object(
  {
    open_from: period("the month the books begin with; anything dated earlier is refused", "2026-01"),
    closed_through: period("every month up to this one is closed", "2026-09"),
    closed: Type.Optional(
      Type.Array(Type.String({ pattern: PERIOD_PATTERN }), {
        description: "single months that are closed besides",
        examples: [["2026-11"]],
      }),
    ),
    open_through: period("the last month that is open; anything dated later is refused", "2026-12"),
  },
  {
    additionalProperties: false,
    description: "which months (YYYY-MM) may be posted to; all of them when left out. Reopening a month is an edit here, by a person",
  },
);

export const connectionOptions = Type.Object(
  {
    file: Type.String({
      minLength: 1,
      path: "new file",
      description: "the SQLite file with the books; created by the first posting, readable by its owner only",
      examples: ["books/main.ledger"],
    }),
    chart: Type.String({
      minLength: 1,
      path: "file",
      description:
        "chart of accounts: a CSV file in UTF-8 or GB18030 with the columns code, name, type and parent (科目编码, 科目名称, 类型, 上级科目编码)",
      examples: ["books/chart.csv"],
    }),
    periods: Type.Optional(periodOptions),
    payables_account: Type.Optional(
      Type.String({ minLength: 1, description: "credited by a payable that names no account of its own", examples: ["220201"] }),
    ),
    word: Type.Optional(
      Type.String({
        pattern: WORD_PATTERN,
        default: DEFAULT_WORD,
        description: "voucher word (凭证字) of documents that name none; vouchers are numbered per word and month",
        examples: ["记", "转"],
      }),
    ),
    currencies: Type.Optional(
      Type.Array(Type.String({ pattern: "^[A-Z]{3}$" }), {
        minItems: 1,
        description: "ISO 4217 codes of the currencies the books take; any when left out. Balances are kept per currency",
        examples: [["CNY", "USD"]],
      }),
    ),
  },
  { additionalProperties: false },
);

export const targetOptions = Type.Object(
  {
    word: Type.Optional(
      Type.String({
        pattern: WORD_PATTERN,
        description: "voucher word (凭证字) of this pipeline, instead of the connection's",
        examples: ["转"],
      }),
    ),
  },
  { additionalProperties: false },
);

export type ConnectionOptions = Static<typeof connectionOptions>;
export type TargetOptions = Static<typeof targetOptions>;
export type PeriodOptions = Static<typeof periodOptions>;

/** A voucher word is letters only, so that `2026-11 记-0001` reads in one way. */
export function isVoucherWord(text: string): boolean {
  return /^\p{L}{1,8}$/u.test(text);
}
