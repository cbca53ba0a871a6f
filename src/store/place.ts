import { createRequire } from "node:module";
import Database from "better-sqlite3";
import { ProblemError, problem } from "../model/problem.js";

/** Where a store is. */
export interface StorePlace {
  readonly file: string;
  /** What it is encrypted with; null where it is not. */
  readonly key: string | null;
}

/** A file alone is a store that is not encrypted. */
export type StoreAt = string | StorePlace;

/** The package that reads encrypted stores; it compiles while it is installed, so that only those install it who need it. */
const CIPHERS = "better-sqlite3-multiple-ciphers";
const CIPHERS_VERSION = "12.11.1";

export function storePlace(at: StoreAt): StorePlace {
  return typeof at === "string" ? { file: at, key: null } : at;
}

/**
 * Opens the file with its key. Whether the key is right shows with the first question. Throws ProblemError STORE_UNREADABLE where the package for
 * encrypted stores is not there.
 */
export function openDatabase({ file, key }: StorePlace, options: Database.Options = {}): Database.Database {
  if (key === null) return new Database(file, options);
  const db = new (ciphers())(file, options);
  try {
    // ChaCha20-Poly1305: a page that was changed by somebody without the key is noticed.
    db.pragma("cipher = 'chacha20'");
    db.pragma(`key = ${quoted(key)}`);
    // What is put aside while a run works would otherwise lie readable in temporary files.
    db.pragma("temp_store = MEMORY");
    return db;
  } catch (cause) {
    db.close();
    throw cause;
  }
}

/** Encrypts a file that is not, or with null takes that away. Nobody else may have it open. */
export function changeKey({ file, key }: StorePlace, next: string | null): void {
  const db = key === null ? new (ciphers())(file) : openDatabase({ file, key });
  try {
    if (key === null) db.pragma("cipher = 'chacha20'");
    db.pragma("journal_mode = DELETE");
    db.pragma(`rekey = ${quoted(next ?? "")}`);
  } finally {
    db.close();
  }
}

function ciphers(): typeof Database {
  try {
    return createRequire(import.meta.url)(CIPHERS) as typeof Database;
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code !== "MODULE_NOT_FOUND") throw cause;
    throw new ProblemError(
      problem(
        "STORE_UNREADABLE",
        "the store is encrypted, and the package that reads such stores is not installed",
        [],
        `npm install ${CIPHERS}@${CIPHERS_VERSION}, where this program is installed`,
      ),
    );
  }
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}
