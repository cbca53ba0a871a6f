import { type Static, Type } from "typebox";
import {
  archiveOption,
  entriesOption,
  filesOption,
  type Ignored,
  ignoredOf,
  ignoreOption,
  markerOption,
  settleOption,
  skipFooterOption,
  trimOption,
  unpackLimitOption,
} from "../files/options.js";

export const XlsxSourceOptions = Type.Object(
  {
    files: filesOption("付款申请-*.xlsx", ["2026/**/*.xlsx", "!2026/**/草稿-*.xlsx"]),
    entries: entriesOption,
    unpack_limit: unpackLimitOption,
    sheet: Type.Optional(
      Type.String({
        description:
          "the sheet to read, by its exact name, hidden or not; with `*` or `?` in it all visible sheets that match, each a unit of its own; left out, the one visible sheet that has the columns",
        minLength: 1,
        examples: ["明细", "*月"],
      }),
    ),
    header: Type.Optional(
      Type.Object(
        {
          contains: Type.Array(Type.String({ minLength: 1 }), {
            description: "columns by which the header is known, by name or alias; the first of 200 rows that has them all",
            minItems: 1,
            examples: [["交易时间", "金额"]],
          }),
        },
        {
          additionalProperties: false,
          description: "how the row with the column names is known; left out, it is the first of 200 rows that has all required columns",
          examples: [{ contains: ["交易时间", "金额"] }],
        },
      ),
    ),
    merged: Type.Enum(["first", "fill"], {
      description: "whether the content of merged cells belongs to the `first` of them only, as it is stored, or is to `fill` them all",
      default: "first",
      examples: ["fill"],
    }),
    skip_footer: skipFooterOption,
    ignore: ignoreOption("(its cells joined by commas)"),
    trim: trimOption,
    settle: settleOption,
    marker: markerOption,
    archive: archiveOption,
  },
  { additionalProperties: false },
);
export type XlsxSourceOptions = Static<typeof XlsxSourceOptions>;

/** The options as the reader uses them. */
export interface XlsxSettings extends Ignored {
  readonly sheet: string | null;
  /** Null where the header is known by the required columns. */
  readonly contains: readonly string[] | null;
  readonly fillsMerged: boolean;
  readonly skipFooter: number;
  readonly trim: boolean;
}

/** Throws ProblemError when a pattern cannot be read. */
export function settingsOf(options: XlsxSourceOptions): XlsxSettings {
  return {
    sheet: options.sheet ?? null,
    contains: options.header?.contains.map((name) => name.trim()) ?? null,
    fillsMerged: options.merged === "fill",
    skipFooter: options.skip_footer,
    trim: options.trim,
    ...ignoredOf(options.ignore),
  };
}
