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

const Place = Type.Object(
  {
    name: Type.String({ description: "what the column is called", minLength: 1, examples: ["金额"] }),
    start: Type.Integer({ description: "where it begins, counted from 1", minimum: 1, maximum: 1_000_000, examples: [21] }),
    length: Type.Integer({ description: "how long it is", minimum: 1, maximum: 1_000_000, examples: [12] }),
  },
  { additionalProperties: false },
);

export const FixedSourceOptions = Type.Object(
  {
    files: filesOption("对账-*.txt", ["2026/**/*.dat", "!**/test-*"]),
    entries: entriesOption,
    unpack_limit: unpackLimitOption,
    encoding: encodingOption,
    places: Type.Array(Place, {
      description: "where in a line the columns stand; what is not named is not read",
      minItems: 1,
      examples: [
        [
          { name: "单号", start: 1, length: 20 },
          { name: "金额", start: 21, length: 12 },
        ],
      ],
    }),
    measure: Type.Enum(["characters", "bytes"], {
      description: "what places count; in files of older systems a Chinese character takes two `bytes` of GBK, and places count those",
      default: "characters",
      examples: ["bytes"],
    }),
    skip_lines: Type.Integer({
      description: "how many lines at the beginning are not read",
      default: 0,
      minimum: 0,
      examples: [1],
    }),
    skip_footer: skipFooterOption,
    ignore: ignoreOption("as it stands in the file"),
    trim: trimOption,
    short_rows: Type.Enum(["quarantine", "fill"], {
      description: "what happens to a line that ends before the last column does: it waits in quarantine, or what is missing is empty",
      default: "quarantine",
      examples: ["fill"],
    }),
    settle: settleOption,
    marker: markerOption,
    archive: archiveOption,
  },
  { additionalProperties: false },
);
export type FixedSourceOptions = Static<typeof FixedSourceOptions>;

/** The options as the reader uses them. */
export interface FixedSettings extends Ignored {
  readonly encoding: EncodingName;
  /** From 0, the end not included. */
  readonly places: readonly { readonly name: string; readonly from: number; readonly to: number }[];
  readonly countsBytes: boolean;
  readonly skipLines: number;
  readonly skipFooter: number;
  readonly trim: boolean;
  readonly fillsShortRows: boolean;
}

/** Throws ProblemError when options contradict each other or a pattern cannot be read. */
export function settingsOf(options: FixedSourceOptions): FixedSettings {
  const countsBytes = options.measure === "bytes";
  if (countsBytes && options.encoding.startsWith("utf-16")) {
    refuseOption("CONFIG_WRONG_VALUE", "`measure: bytes` cannot be used with UTF-16", "count `characters`");
  }
  return {
    encoding: options.encoding,
    places: options.places.map(({ name, start, length }) => ({ name: name.trim(), from: start - 1, to: start - 1 + length })),
    countsBytes,
    skipLines: options.skip_lines,
    skipFooter: options.skip_footer,
    trim: options.trim,
    fillsShortRows: options.short_rows === "fill",
    ...ignoredOf(options.ignore),
  };
}
