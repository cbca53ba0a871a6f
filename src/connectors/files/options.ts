import { posix } from "node:path";
import { RE2JS } from "re2js";
import { type Static, Type } from "typebox";
import { type ProblemCode, ProblemError, problem } from "../../model/problem.js";
import { durationMs } from "./duration.js";
import { ENCODINGS } from "./encodings.js";
import { Keeping } from "./keeping.js";
import { FtpsOptions, HttpsOptions, S3Options, SftpOptions } from "./remote/options.js";
import { sizeOf } from "./size.js";

/** Where the files of an installation are, in one place of five; the same for every connector that reads files. */
export const FilesConnection = Type.Object(
  {
    folder: Type.Optional(
      Type.String({
        description: "the folder of this machine where the files are; without any place, patterns start at the folder of the pipeline file",
        path: "folder",
        examples: ["/srv/exports/hesi"],
      }),
    ),
    sftp: Type.Optional(SftpOptions),
    ftps: Type.Optional(FtpsOptions),
    s3: Type.Optional(S3Options),
    https: Type.Optional(HttpsOptions),
  },
  { additionalProperties: false },
);
export type FilesConnection = Static<typeof FilesConnection>;

export const filesOption = (...examples: (string | string[])[]) =>
  Type.Union([Type.String({ minLength: 1 }), Type.Array(Type.String({ minLength: 1 }), { minItems: 1 })], {
    description: "which files to read: a pattern or several; upper and lower case differ, hidden files are left out",
    examples,
  });

export const entriesOption = Type.Union([Type.String({ minLength: 1 }), Type.Array(Type.String({ minLength: 1 }), { minItems: 1 })], {
  description: "which entries of `.zip` archives to read: a pattern or several, as under `files`; each entry is a unit of its own",
  default: "**",
  examples: ["*.csv", ["**/账单-*.csv", "!**/说明*"]],
});

export const unpackLimitOption = Type.String({
  description: "the most that one compressed file, or one entry of an archive, may hold once it is unpacked; a larger one is not read",
  default: "4GB",
  pattern: "^\\d{1,6}(KB|MB|GB)$",
  examples: ["64MB", "20GB"],
});

export const settleOption = Type.String({
  description:
    "how long a file must have been left alone before it is read; younger files are waited for, and left for the next run when they still grow",
  default: "2s",
  pattern: "^(0|\\d{1,9}(ms|s|m|h))$",
  examples: ["30s", "0"],
});

export const markerOption = Type.Optional(
  Type.String({
    description:
      "the name of a second file, beside each one, by which the sender says that it is complete; without it a file is left for the next run. `{file}` is its name, `{name}` the name without its last ending",
    pattern: "^[^/\\\\]*\\{(file|name)\\}[^/\\\\]*$",
    examples: ["{file}.done", "{name}.ok"],
  }),
);

export const archiveOption = Type.Optional(
  Type.Object(
    {
      move: Type.Optional(
        Type.String({
          description: "the folder to which a file is moved, from the folder of the files; made when it does not exist",
          pattern: "^[^/\\\\]",
          examples: ["archive", "../done"],
        }),
      ),
      mark: Type.Optional(
        Type.String({
          description: "what is added to the name of a file, which stays in its folder and is not read under that name",
          pattern: "^[^/\\\\]+$",
          examples: [".done"],
        }),
      ),
      same_name: Type.Enum(["refuse", "newer"], {
        description:
          "what another file is whose name was archived before. `refuse`: it is not read, because only a person can tell; `newer`: a newer version of the same file, whose rows replace those of the older one",
        default: "refuse",
        examples: ["newer"],
      }),
    },
    {
      additionalProperties: false,
      description:
        "what becomes of a file once a run has ended that took it whole: `move` or `mark`. Nothing is ever overwritten, and `sync plan` moves nothing",
      examples: [{ move: "archive" }, { mark: ".done" }],
    },
  ),
);

export const encodingOption = Type.Enum([...ENCODINGS], {
  description: "the text encoding; `detect` looks for a byte order mark, then tries UTF-8, then GB18030, each strictly over the whole file",
  default: "detect",
  examples: ["gb18030", "windows-1252"],
});

export const trimOption = Type.Boolean({
  description: "whether blanks around a cell are dropped: spaces, tabs, no-break and full-width spaces",
  default: true,
  examples: [false],
});

export const skipFooterOption = Type.Integer({
  description: "how many rows at the end are left out, not counting empty ones",
  default: 0,
  minimum: 0,
  maximum: 1000,
  examples: [1],
});

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

/** `row` says what the text of a whole row is. */
export const ignoreOption = (row: string) =>
  Type.Array(Type.Union([Type.String({ minLength: 1 }), ColumnPattern]), {
    description: `rows to leave out on purpose, such as totals: patterns found anywhere in the row ${row}, or in one column`,
    default: [],
    examples: [["^合计,"], [{ column: "单据编号", matches: "^(小计|合计)$" }]],
  });

export interface CellPattern {
  readonly column: string;
  readonly pattern: RE2JS;
}

/** What `ignore` says, ready to use. */
export interface Ignored {
  readonly ignoredRows: readonly RE2JS[];
  readonly ignoredCells: readonly CellPattern[];
}

/** Throws ProblemError when a pattern cannot be read. */
export function ignoredOf(ignore: Static<ReturnType<typeof ignoreOption>>): Ignored {
  return {
    ignoredRows: ignore.filter((each) => typeof each === "string").map(compile),
    ignoredCells: ignore
      .filter((each) => typeof each !== "string")
      .map((each) => ({ column: each.column.trim(), pattern: compile(each.matches) })),
  };
}

/** Patterns run in linear time, so that no row can hang a run. */
function compile(pattern: string): RE2JS {
  try {
    return RE2JS.compile(pattern);
  } catch (error) {
    return refuseOption("EXPR_PATTERN", `the pattern \`${pattern}\` under \`ignore\` cannot be used: ${(error as Error).message}`);
  }
}

export function refuseOption(code: ProblemCode, message: string, hint?: string): never {
  throw new ProblemError(problem(code, message, [], hint));
}

/** The options by which files are found and unpacked, and what becomes of them. */
export interface FilesChoice {
  readonly patterns: readonly string[];
  readonly entries: readonly string[];
  /** In bytes. */
  readonly unpackLimit: number;
  /** A file touched less than this many milliseconds ago may still be growing. */
  readonly settleMs: number;
  readonly keeping: Keeping;
}

export interface FilesOptions {
  readonly files: string | string[];
  readonly entries: string | string[];
  readonly unpack_limit: string;
  readonly settle: string;
  readonly marker?: Static<typeof markerOption>;
  readonly archive?: Static<typeof archiveOption>;
}

/** Throws ProblemError when a time or a size cannot be read, or options contradict each other. */
export function filesChoiceOf(options: FilesOptions): FilesChoice {
  const settleMs = durationMs(options.settle);
  if (settleMs === null) return refuseOption("CONFIG_WRONG_VALUE", `\`settle\` is \`${options.settle}\`, expected a time such as \`2s\``);
  const keeping = keepingOf(options.marker ?? null, options.archive ?? null);
  return { patterns: [options.files].flat(), entries: [options.entries].flat(), unpackLimit: unpackLimitOf(options), settleMs, keeping };
}

/** In bytes. Throws ProblemError when it cannot be read. */
export function unpackLimitOf({ unpack_limit: written }: Pick<FilesOptions, "unpack_limit">): number {
  return sizeOf(written) ?? refuseOption("CONFIG_WRONG_VALUE", `\`unpack_limit\` is \`${written}\`, expected a size such as \`64MB\``);
}

function keepingOf(marker: string | null, archive: NonNullable<FilesOptions["archive"]> | null): Keeping {
  if (archive === null) return new Keeping(marker, null);
  const { move, mark, same_name: sameName } = archive;
  if ((move === undefined) === (mark === undefined))
    return refuseOption(
      "CONFIG_WRONG_VALUE",
      "`archive` needs either `move` or `mark`",
      "say where a file goes, or what is added to its name",
    );
  if (mark !== undefined && marker === `{file}${mark}`)
    return refuseOption(
      "CONFIG_WRONG_VALUE",
      `\`marker\` and \`archive.mark\` both give a file the name \`${marker}\``,
      "choose another ending for one of them",
    );
  const way = move === undefined ? { mark: mark ?? "" } : { move: cleanFolder(move) };
  return new Keeping(marker, { ...way, refusesSameName: sameName === "refuse" });
}

function cleanFolder(written: string): string {
  const folder = posix.normalize(written).replace(/\/$/, "");
  if (folder !== ".") return folder;
  return refuseOption("CONFIG_WRONG_VALUE", `\`archive.move\` is \`${written}\`, the folder of the files itself`, "name another folder");
}
