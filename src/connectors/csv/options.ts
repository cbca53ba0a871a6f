import { type Static, Type } from "typebox";
import type { EncodingName } from "../files/encodings.js";
import {
  archiveOption,
  encodingOption,
  entriesOption,
  filesOption,
  type Ignored,
  ignoredOf,
  ignoreOption,
  markerOption,
  refuseOption,
  settleOption,
  skipFooterOption,
  trimOption,
  unpackLimitOption,
} from "../files/options.js";

export const CsvSourceOptions = Type.Object(
  {
    files: filesOption("报销明细-*.csv", ["2026/**/*.csv", "!2026/**/草稿-*.csv"]),
    entries: entriesOption,
    unpack_limit: unpackLimitOption,
    encoding: encodingOption,
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
    skip_footer: skipFooterOption,
    ignore: ignoreOption("as it stands in the file"),
    trim: trimOption,
    short_rows: Type.Enum(["quarantine", "fill"], {
      description: "what happens to a row that ends before the last named column: it waits in quarantine, or its missing cells are empty",
      default: "quarantine",
      examples: ["fill"],
    }),
    settle: settleOption,
    marker: markerOption,
    archive: archiveOption,
  },
  { additionalProperties: false },
);
export type CsvSourceOptions = Static<typeof CsvSourceOptions>;

/** The options as the reader uses them. Characters are UTF-16 codes; -1 is none. */
export interface CsvSettings extends Ignored {
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
  readonly fillsShortRows: boolean;
}

/** Throws ProblemError when options contradict each other or a pattern cannot be read. */
export function settingsOf(options: CsvSourceOptions): CsvSettings {
  const delimiter =
    options.delimiter === "detect" ? null : characterOf("delimiter", options.delimiter === "tab" ? "\t" : options.delimiter);
  const quote = options.quote === null || options.quote === "" ? -1 : characterOf("quote", options.quote);
  const mark = options.escape === undefined ? quote : characterOf("escape", options.escape);
  if (quote !== -1 && delimiter === quote)
    refuseOption("CONFIG_WRONG_VALUE", `\`delimiter\` and \`quote\` are both \`${options.quote}\``, "they must differ");
  if (delimiter !== null && quote !== -1 && delimiter === mark)
    refuseOption("CONFIG_WRONG_VALUE", `\`delimiter\` and \`escape\` are both \`${options.escape}\``, "they must differ");
  const { header, columns_in_order: fixedNames } = options;
  if (header === "none" && fixedNames === undefined) {
    refuseOption("CONFIG_MISSING_KEY", "`header: none` needs `columns_in_order`", "list the column names from left to right");
  }
  if (header !== "none" && fixedNames !== undefined) {
    refuseOption(
      "CONFIG_WRONG_VALUE",
      "`columns_in_order` is for files without a header",
      "add `header: none`, or remove `columns_in_order`",
    );
  }
  return {
    encoding: options.encoding,
    delimiter,
    quote,
    escape: mark,
    trim: options.trim,
    skipLines: options.skip_lines,
    skipFooter: options.skip_footer,
    contains: typeof header === "object" ? header.contains.map((name) => name.trim()) : null,
    fixedNames: fixedNames === undefined ? null : fixedNames.map((name) => name.trim()),
    ...ignoredOf(options.ignore),
    fillsShortRows: options.short_rows === "fill",
  };
}

function characterOf(option: string, text: string): number {
  if (text.length !== 1) refuseOption("CONFIG_WRONG_VALUE", `\`${option}\` is \`${text}\`, expected one character`);
  return text.charCodeAt(0);
}
