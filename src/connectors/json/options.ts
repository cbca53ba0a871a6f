import { type Static, Type } from "typebox";
import { ENCODINGS, type EncodingName } from "../files/encodings.js";
import {
  archiveOption,
  entriesOption,
  filesOption,
  type Ignored,
  ignoredOf,
  ignoreOption,
  markerOption,
  refuseOption,
  settleOption,
  trimOption,
  unpackLimitOption,
} from "../files/options.js";

export const JsonSourceOptions = Type.Object(
  {
    files: filesOption("报销-*.json", ["2026/**/*.jsonl", "!**/draft-*"]),
    entries: entriesOption,
    unpack_limit: unpackLimitOption,
    layout: Type.Enum(["detect", "list", "lines"], {
      description:
        "whether a file is one `list` of records, perhaps inside an object, or has one record on each of its `lines`; `detect` takes names that end in `.jsonl` or `.ndjson` for lines",
      default: "detect",
      examples: ["lines"],
    }),
    path: Type.String({
      description: "where the list of records is: `$` is the whole file; a name that holds a point stands in brackets and quotes",
      default: "$",
      pattern: '^\\$(\\.[^.\\[\\]\\s]+|\\["[^"\\\\]+"\\])*$',
      examples: ["$.data.items", '$["v1.0"].items'],
    }),
    encoding: Type.Enum([...ENCODINGS], {
      description: "the text encoding; JSON is UTF-8 by its standard, with or without a byte order mark",
      default: "utf-8",
      examples: ["gb18030", "detect"],
    }),
    ignore: ignoreOption("as it stands in the file"),
    trim: trimOption,
    settle: settleOption,
    marker: markerOption,
    archive: archiveOption,
  },
  { additionalProperties: false },
);
export type JsonSourceOptions = Static<typeof JsonSourceOptions>;

/** The options as the reader uses them. */
export interface JsonSettings extends Ignored {
  readonly layout: "detect" | "list" | "lines";
  /** Names from the whole file to the list. */
  readonly path: readonly string[];
  readonly encoding: EncodingName;
  readonly trim: boolean;
}

/** Throws ProblemError when options contradict each other or a pattern cannot be read. */
export function settingsOf(options: JsonSourceOptions): JsonSettings {
  const path = [...options.path.matchAll(/\.([^.[\]]+)|\["([^"]+)"\]/g)].map((step) => (step[1] ?? step[2] ?? "").trim());
  if (options.layout === "lines" && path.length > 0) {
    refuseOption("CONFIG_WRONG_VALUE", "`path` is for files that are one list, and `layout` is `lines`", "remove one of them");
  }
  return { layout: options.layout, path, encoding: options.encoding, trim: options.trim, ...ignoredOf(options.ignore) };
}
