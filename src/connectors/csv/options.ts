import { RE2JS } from "re2js";
import { type Static, Type } from "typebox";
import { type ProblemCode, ProblemError, problem } from "../../model/problem.js";
import { durationMs } from "../files.js";

export const ENCODINGS = [
  ...["detect", "utf-8", "utf8", "gb18030", "gbk", "gb2312", "big5", "utf-16", "utf-16le", "utf-16be"],
  ...["windows-1250", "windows-1251", "windows-1252", "windows-1253", "windows-1254", "windows-1255", "windows-1256", "windows-1257"],
  ...["windows-1258", "iso-8859-1", "iso-8859-15", "shift_jis", "euc-kr"],
] as const;
export type EncodingName = (typeof ENCODINGS)[number];

export const CsvConnection = Type.Object(
  {
    folder: Type.Optional(
      Type.String({
        description: "where the files are; without it, patterns start at the folder of the pipeline file",
        path: "folder",
        examples: ["/srv/exports/hesi"],
      }),
    ),
  },
  { additionalProperties: false },
);
export type CsvConnection = Static<typeof CsvConnection>;

const ColumnPattern = Type.Object(
  {
    column: Type.String({ description: "the column to look at, by its name in the header", examples: ["费用类型"] }),
    matches: Type.String({
      description: "a pattern found anywhere in the trimmed cell, unless anchored by `^` and `$`",
      examples: ["^合计$"],
    }),
  },
  { additionalProperties: false },
);

export const CsvSourceOptions = Type.Object(
  {
    files: Type.Union([Type.String({ minLength: 1 }), Type.Array(Type.String({ minLength: 1 }), { minItems: 1 })], {
      description: "which files to read: a pattern or several; upper and lower case differ, hidden files are left out",
      examples: ["报销明细-*.csv", ["2026/**/*.csv", "!2026/**/草稿-*.csv"]],
    }),
    encoding: Type.Enum([...ENCODINGS], {
      description:
        "the text encoding; `detect` looks for a byte order mark, then tries UTF-8, then GB18030, each strictly over the whole file",
      default: "detect",
      examples: ["gb18030", "windows-1252"],
    }),
    delimiter: Type.String({
      description:
        "the character between cells, or `tab`, or `detect`: whichever of comma, semicolon, tab and bar splits the header into most columns",
      default: ",",
      pattern: "^(tab|detect|[^\\r\\n])$",
      examples: [";", "tab"],
    }),
    quote: Type.Union([Type.String({ pattern: "^[^\\r\\n]?$" }), Type.Null()], {
      description: "the character around cells that hold separators or line breaks; empty when the file has none",
      default: '"',
      examples: ['"', ""],
    }),
    escape: Type.Optional(
      Type.String({
        description: "the character before a quote that belongs to the cell; the quote character itself when left out",
        pattern: "^[^\\r\\n]$",
        examples: ["\\"],
      }),
    ),
    skip_lines: Type.Integer({
      description: "how many lines stand before the header and are not read",
      default: 0,
      minimum: 0,
      examples: [4],
    }),
    header: Type.Union(
      [
        Type.Enum(["first", "none"]),
        Type.Object(
          {
            contains: Type.Array(Type.String({ minLength: 1 }), {
              description: "columns by which the header is known, by name or alias; the first of 200 lines that has them all",
              minItems: 1,
              examples: [["交易时间", "金额"]],
            }),
          },
          { additionalProperties: false },
        ),
      ],
      {
        description:
          "where the column names are: in the `first` line that is not empty, in the line that contains certain names, or nowhere (`none`)",
        default: "first",
        examples: ["none", { contains: ["交易时间", "金额"] }],
      },
    ),
    columns_in_order: Type.Optional(
      Type.Array(Type.String(), {
        description: "the column names of files without a header, from left to right; empty text for a column that has no name",
        minItems: 1,
        examples: [["单据编号", "金额", "日期"]],
      }),
    ),
    skip_footer: Type.Integer({
      description: "how many rows at the end are left out, not counting empty ones",
      default: 0,
      minimum: 0,
      maximum: 1000,
      examples: [1],
    }),
    ignore: Type.Array(Type.Union([Type.String({ minLength: 1 }), ColumnPattern]), {
      description:
        "rows to leave out on purpose, such as totals: patterns found anywhere in the row as it stands in the file, or in one column",
      default: [],
      examples: [["^合计,"], [{ column: "单据编号", matches: "^(小计|合计)$" }]],
    }),
    trim: Type.Boolean({
      description: "whether blanks around a cell are dropped: spaces, tabs, no-break and full-width spaces",
      default: true,
      examples: [false],
    }),
    short_rows: Type.Enum(["quarantine", "fill"], {
      description: "what happens to a row that ends before the last named column: it waits in quarantine, or its missing cells are empty",
      default: "quarantine",
      examples: ["fill"],
    }),
    settle: Type.String({
      description:
        "how long a file must have been left alone before it is read; younger files are waited for, and left for the next run when they still grow",
      default: "2s",
      pattern: "^(0|\\d{1,9}(ms|s|m|h))$",
      examples: ["30s", "0"],
    }),
  },
  { additionalProperties: false },
);
export type CsvSourceOptions = Static<typeof CsvSourceOptions>;

export interface CellPattern {
  readonly column: string;
  readonly pattern: RE2JS;
}

/** The options as the reader uses them. Characters are UTF-16 codes; -1 is none. */
export interface CsvSettings {
  readonly patterns: readonly string[];
  readonly settleMs: number;
  readonly encoding: EncodingName;
  /** Null: found by the header. */
  readonly delimiter: number | null;
  readonly quote: number;
  readonly escape: number;
  readonly trim: boolean;
  readonly skipLines: number;
  readonly skipFooter: number;
  /** Names the header must contain; null takes the first line that is not empty. */
  readonly contains: readonly string[] | null;
  /** The names of files without a header. */
  readonly fixedNames: readonly string[] | null;
  readonly ignoredRows: readonly RE2JS[];
  readonly ignoredCells: readonly CellPattern[];
  readonly fillsShortRows: boolean;
}

/** Throws ProblemError when options contradict each other or a pattern cannot be read. */
export function settingsOf(options: CsvSourceOptions): CsvSettings {
  const delimiter =
    options.delimiter === "detect" ? null : characterOf("delimiter", options.delimiter === "tab" ? "\t" : options.delimiter);
  const quote = options.quote === null || options.quote === "" ? -1 : characterOf("quote", options.quote);
  const mark = options.escape === undefined ? quote : characterOf("escape", options.escape);
  if (quote !== -1 && delimiter === quote)
    refuse("CONFIG_WRONG_VALUE", `\`delimiter\` and \`quote\` are both \`${options.quote}\``, "they must differ");
  if (delimiter !== null && quote !== -1 && delimiter === mark)
    refuse("CONFIG_WRONG_VALUE", `\`delimiter\` and \`escape\` are both \`${options.escape}\``, "they must differ");
  const { header, columns_in_order: fixedNames } = options;
  if (header === "none" && fixedNames === undefined) {
    refuse("CONFIG_MISSING_KEY", "`header: none` needs `columns_in_order`", "list the column names from left to right");
  }
  if (header !== "none" && fixedNames !== undefined) {
    refuse("CONFIG_WRONG_VALUE", "`columns_in_order` is for files without a header", "add `header: none`, or remove `columns_in_order`");
  }
  const settleMs = durationMs(options.settle);
  if (settleMs === null) return refuse("CONFIG_WRONG_VALUE", `\`settle\` is \`${options.settle}\`, expected a time such as \`2s\``);
  return {
    patterns: typeof options.files === "string" ? [options.files] : options.files,
    settleMs,
    encoding: options.encoding,
    delimiter,
    quote,
    escape: mark,
    trim: options.trim,
    skipLines: options.skip_lines,
    skipFooter: options.skip_footer,
    contains: typeof header === "object" ? header.contains.map((name) => name.trim()) : null,
    fixedNames: fixedNames === undefined ? null : fixedNames.map((name) => name.trim()),
    ignoredRows: options.ignore.filter((each) => typeof each === "string").map(compile),
    ignoredCells: options.ignore
      .filter((each) => typeof each !== "string")
      .map((each) => ({ column: each.column.trim(), pattern: compile(each.matches) })),
    fillsShortRows: options.short_rows === "fill",
  };
}

function characterOf(option: string, text: string): number {
  if (text.length !== 1) refuse("CONFIG_WRONG_VALUE", `\`${option}\` is \`${text}\`, expected one character`);
  return text.charCodeAt(0);
}

/** Patterns run in linear time, so that no row can hang a run. */
function compile(pattern: string): RE2JS {
  try {
    return RE2JS.compile(pattern);
  } catch (error) {
    return refuse("EXPR_PATTERN", `the pattern \`${pattern}\` under \`ignore\` cannot be used: ${(error as Error).message}`);
  }
}

function refuse(code: ProblemCode, message: string, hint?: string): never {
  throw new ProblemError(problem(code, message, [], hint));
}
