import { randomUUID } from "node:crypto";
import { chmodSync, existsSync, mkdirSync } from "node:fs";
import { dirname } from "node:path";
import Database from "better-sqlite3";
import { ProblemError, problem } from "../model/problem.js";
import { migrations } from "./migrations/index.js";

export type Db = Database.Database;

/** Marks the file as ours, so that a store is never mistaken for some other SQLite file. "sync" in ASCII. */
const APPLICATION_ID = 0x73796e63;

/**
 * Opens the store, creating it (readable by its owner only) when it is not there, and brings it to the current version.
 * Throws ProblemError: STORE_NEWER, STORE_UNREADABLE.
 */
export function openStore(file: string, options: { readonly create: boolean; readonly now: () => Date }): Db {
  const isNew = !existsSync(file);
  if (isNew && !options.create) {
    throw new ProblemError(problem("NOT_FOUND", `there is no store at \`${file}\` yet`, [], "it is made by the first `sync run`"));
  }
  let db: Db;
  try {
    if (isNew) mkdirSync(dirname(file), { recursive: true });
    db = new Database(file);
    if (isNew) chmodSync(file, 0o600);
  } catch (cause) {
    throw unreadable(file, cause);
  }
  try {
    db.pragma("busy_timeout = 10000");
    const applicationId = db.pragma("application_id", { simple: true }) as number;
    const version = db.pragma("user_version", { simple: true }) as number;
    if (version > 0 && applicationId !== APPLICATION_ID) {
      throw new ProblemError(
        problem("STORE_UNREADABLE", `\`${file}\` is a database of some other program`, [], "name another file under `store` in sync.yaml"),
      );
    }
    if (version > migrations.length) {
      throw new ProblemError(
        problem(
          "STORE_NEWER",
          `the store \`${file}\` has version ${version}; this program knows versions up to ${migrations.length}`,
          [],
          "use the newer program; nothing was changed",
        ),
      );
    }
    db.pragma("journal_mode = WAL");
    db.pragma("synchronous = FULL");
    db.pragma("foreign_keys = ON");
    db.pragma("cache_size = -65536");
    db.pragma("temp_store = FILE");
    if (version < migrations.length) migrate(db, options.now);
  } catch (cause) {
    db.close();
    if (cause instanceof ProblemError) throw cause;
    throw unreadable(file, cause);
  }
  return db;
}

function migrate(db: Db, now: () => Date): void {
  db.transaction(() => {
    // Read again inside the transaction: another process may have migrated in the meantime.
    const version = db.pragma("user_version", { simple: true }) as number;
    for (const step of migrations.slice(version)) db.exec(step);
    if (version === 0) {
      db.pragma(`application_id = ${APPLICATION_ID}`);
      const insert = db.prepare("INSERT INTO meta (name, value) VALUES (?, ?)");
      insert.run("store id", randomUUID());
      insert.run("created at", now().toISOString());
    }
    db.pragma(`user_version = ${migrations.length}`);
  }).immediate();
}

function unreadable(file: string, cause: unknown): ProblemError {
  const text = cause instanceof Error ? cause.message : String(cause);
  return new ProblemError(
    problem(
      "STORE_UNREADABLE",
      `the store \`${file}\` cannot be opened: ${text}`,
      [],
      "check that the folder exists and is writable, the disk is not full, and the file is a store of this program",
    ),
  );
}
