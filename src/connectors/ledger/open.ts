import { closeSync, existsSync, mkdirSync, openSync } from "node:fs";
import { dirname } from "node:path";
import Database from "better-sqlite3";
import { ProblemError, problem } from "../../model/problem.js";
import { APPLICATION_ID, MIGRATIONS } from "./schema.js";

/** How long to wait for another process that is writing, in milliseconds; a batch takes a fraction of a second. */
const BUSY_MS = 10_000;

/** Opens the books for posting, creating or migrating them as needed. Throws ProblemError TARGET_UNAVAILABLE. */
export function openForPosting(file: string): Database.Database {
  return guarded(file, () => {
    createEmpty(file);
    const db = new Database(file, { timeout: BUSY_MS });
    try {
      recognise(db, file);
      useWal(db);
      // FULL: a voucher we report as created must survive a power cut.
      db.pragma("synchronous = FULL");
      db.pragma("foreign_keys = ON");
      // Without it, INSERT OR REPLACE would delete a row past the triggers.
      db.pragma("recursive_triggers = ON");
      // 32 MiB of pages: keys arrive in no order, and a small cache would read their index again and again.
      db.pragma("cache_size = -32768");
      db.pragma("wal_autocheckpoint = 4000");
      migrate(db, file);
      return db;
    } catch (error) {
      db.close();
      throw error;
    }
  });
}

/** Opens the books for reading only. Throws ProblemError TARGET_UNAVAILABLE when there are none. */
export function openForReading(file: string): Database.Database {
  return guarded(file, () => {
    if (!existsSync(file)) {
      throw new ProblemError(
        problem("TARGET_UNAVAILABLE", `there are no books at \`${file}\``, { file }, "they are created by the first posting"),
      );
    }
    const db = new Database(file, { readonly: true, timeout: BUSY_MS });
    try {
      recognise(db, file);
      if (versionOf(db) < MIGRATIONS.length) {
        throw new ProblemError(
          problem(
            "TARGET_UNAVAILABLE",
            `the books \`${file}\` are empty or of an older version`,
            { file },
            "the next posting brings them up to date",
          ),
        );
      }
      return db;
    } catch (error) {
      db.close();
      throw error;
    }
  });
}

/** The file is made before SQLite opens it, so that there is no moment in which others can read it; SQLite gives the same mode to its companions. */
function createEmpty(file: string): void {
  mkdirSync(dirname(file), { recursive: true });
  try {
    closeSync(openSync(file, "wx", 0o600));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
  }
}

function recognise(db: Database.Database, file: string): void {
  // In one transaction, so that a file which another process is just creating is seen before or after, never between.
  const { id, version, empty } = db.transaction(() => ({
    id: db.pragma("application_id", { simple: true }),
    version: versionOf(db),
    empty: db.prepare("SELECT count(*) FROM sqlite_schema").pluck().get() === 0,
  }))();
  if (id !== APPLICATION_ID && !empty) {
    throw new ProblemError(
      problem(
        "TARGET_UNAVAILABLE",
        `\`${file}\` is a database, but not the books of a ledger`,
        { file },
        "give `file` of the connection another path",
      ),
    );
  }
  if (version > MIGRATIONS.length) {
    throw new ProblemError(
      problem(
        "TARGET_UNAVAILABLE",
        `the books \`${file}\` have version ${version}; this program knows versions up to ${MIGRATIONS.length}`,
        { file },
        "use the newer program that wrote them",
      ),
    );
  }
}

function versionOf(db: Database.Database): number {
  return db.pragma("user_version", { simple: true }) as number;
}

/** Two processes that create the books at the same moment can refuse each other here without waiting, so this waits for both. */
function useWal(db: Database.Database): void {
  const until = Date.now() + BUSY_MS;
  for (;;) {
    try {
      db.pragma("journal_mode = WAL");
      return;
    } catch (error) {
      if (!(isSqliteError(error) && error.code.startsWith("SQLITE_BUSY") && Date.now() < until)) throw error;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 20);
    }
  }
}

function migrate(db: Database.Database, file: string): void {
  if (versionOf(db) === MIGRATIONS.length) return;
  db.transaction(() => {
    // Read again: another process may have migrated while we waited for the lock.
    recognise(db, file);
    for (const [at, script] of MIGRATIONS.entries()) {
      if (at < versionOf(db)) continue;
      db.exec(script);
      db.pragma(`user_version = ${at + 1}`);
    }
    db.pragma(`application_id = ${APPLICATION_ID}`);
  }).immediate();
}

export function isSqliteError(error: unknown): error is InstanceType<typeof Database.SqliteError> {
  return error instanceof Database.SqliteError;
}

function guarded<T>(file: string, open: () => T): T {
  try {
    return open();
  } catch (error) {
    if (error instanceof ProblemError) throw error;
    const code = (error as { code?: unknown }).code;
    if (!isSqliteError(error) && typeof code !== "string") throw error;
    throw new ProblemError(
      problem(
        codeFor(String(code)),
        `the books \`${file}\` cannot be opened: ${(error as Error).message}`,
        { file },
        hintFor(String(code)),
      ),
    );
  }
}

export function codeFor(code: string): "RUN_DISK_FULL" | "TARGET_UNAVAILABLE" {
  return code.startsWith("SQLITE_FULL") || code === "ENOSPC" || code === "EDQUOT" ? "RUN_DISK_FULL" : "TARGET_UNAVAILABLE";
}

/** The next action after an error of SQLite or the file system. */
export function hintFor(code: string): string {
  if (code.startsWith("SQLITE_BUSY")) return "another program is writing to the books: let it finish, then run again";
  if (codeFor(code) === "RUN_DISK_FULL") return "free some space on that disk, then run again";
  if (code.startsWith("SQLITE_READONLY") || code === "EACCES" || code === "EPERM" || code === "EROFS")
    return "let this user write the file and its folder";
  if (code === "SQLITE_NOTADB" || code.startsWith("SQLITE_CORRUPT")) return "restore the file from a backup, or give `file` another path";
  return "check the disk and the rights of the file and its folder, then run again";
}
