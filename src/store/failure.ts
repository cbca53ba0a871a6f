import { ProblemError, problem } from "../model/problem.js";

const HINTS: readonly (readonly [RegExp, string])[] = [
  [
    /^SQLITE_(READONLY|CANTOPEN|PERM)/,
    "the file or its folder cannot be written: check owner and permissions of the file and its `-wal` and `-shm` companions",
  ],
  [
    /^SQLITE_(CORRUPT|NOTADB)/,
    "the file is damaged: put it aside, restore a copy, and run `sync recover PIPELINE` before anything is posted",
  ],
  [
    /^SQLITE_IOERR/,
    "the disk does not answer as it should: check it, and run again; what was sent is noted, or is looked up by the next run",
  ],
];

/** An error of SQLite as a problem that says what to do; any other error as it is. */
export function storeFailure(file: string, cause: unknown): unknown {
  if (!(cause instanceof Error) || cause.name !== "SqliteError") return cause;
  const { code } = cause as Error & { readonly code: string };
  if (/^SQLITE_(BUSY|LOCKED)/.test(code)) {
    return new ProblemError(
      problem(
        "STORE_BUSY",
        `another process is writing to the store \`${file}\``,
        [],
        "nothing was done; wait until it ends, and run again",
      ),
    );
  }
  if (code === "SQLITE_FULL") {
    return new ProblemError(
      problem(
        "RUN_DISK_FULL",
        `the disk of the store \`${file}\` is full (${code})`,
        [],
        "make room, and run again; what was sent is noted, or is looked up by the next run",
      ),
    );
  }
  const hint = HINTS.find(([pattern]) => pattern.test(code))?.[1];
  // Everything else (a broken constraint, a wrong statement) is a mistake in this program and shows its stack.
  if (hint === undefined) return cause;
  return new ProblemError(problem("STORE_FAILED", `the store \`${file}\` failed: ${cause.message} (${code})`, [], hint));
}
