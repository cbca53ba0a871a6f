import { randomUUID } from "node:crypto";
import { closeSync, copyFileSync, existsSync, mkdirSync, mkdtempSync, openSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import type Database from "better-sqlite3";
import { ProblemError, problem } from "../model/problem.js";
import { AuditTable } from "./audit.js";
import { migrations } from "./migrations/index.js";
import { openDatabase, type StoreAt, type StorePlace, storePlace } from "./place.js";

export type Db = Database.Database;

/** Marks the file as ours, so that a store is never mistaken for some other SQLite file. "sync" in ASCII. */
const APPLICATION_ID = 0x73796e63;

/** How long a process waits for others that write. */
const BUSY_MS = 10_000;

/** Stands for a file: the store is new, and ends when it is closed. */
export const IN_MEMORY = ":memory:";

export interface OpenOptions {
  readonly create: boolean;
  readonly now: () => Date;
  /** Who opens it, for the audit log: the operating-system user. */
  readonly actor?: string;
}

/**
 * Opens the store, creating it (readable by its owner only) when it is not there, and brings it to the current version.
 * Throws ProblemError: STORE_NEWER, STORE_UNREADABLE.
 */
export function openStore(at: StoreAt, options: OpenOptions): Db {
  const place = storePlace(at);
  const { file } = place;
  const isNew = file !== IN_MEMORY && !existsSync(file);
  if (isNew && !options.create) throw notThere(file);
  let db: Db;
  try {
    if (isNew) makeFile(file);
    db = openDatabase(place);
  } catch (cause) {
    throw cause instanceof ProblemError ? cause : unreadable(place, cause);
  }
  try {
    db.pragma(`busy_timeout = ${BUSY_MS}`);
    const version = knownVersion(db, file);
    useWal(db);
    db.pragma("synchronous = FULL");
    db.pragma("foreign_keys = ON");
    db.pragma("cache_size = -24576");
    if (place.key === null) db.pragma("temp_store = FILE");
    // Every commit is flushed to the log all the same. Pages that many commits change are copied from it to the file once for 16 MiB, not for 4.
    db.pragma("wal_autocheckpoint = 4096");
    if (version < migrations.length) migrate(db, options);
  } catch (cause) {
    db.close();
    if (cause instanceof ProblemError) throw cause;
    throw unreadable(place, cause);
  }
  return db;
}

/** Processes that make the store at the same moment can refuse each other here at once, whatever the time to wait is; so this waits for them. */
function useWal(db: Db): void {
  for (const until = Date.now() + BUSY_MS; ; ) {
    try {
      db.pragma("journal_mode = WAL");
      return;
    } catch (cause) {
      if (!/^SQLITE_BUSY/.test((cause as { code?: string }).code ?? "") || Date.now() >= until) throw cause;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 20);
    }
  }
}

/** SQLite would make it readable by others, and what it puts beside it too. */
function makeFile(file: string): void {
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
  try {
    closeSync(openSync(file, "wx", 0o600));
  } catch (cause) {
    // Another process was a moment faster.
    if ((cause as NodeJS.ErrnoException).code !== "EEXIST") throw cause;
  }
}

/** A store that is only read. */
export interface ReadOnly {
  readonly db: Db;
  readonly close: () => void;
}

/** Opens a store that is there and changes nothing in it, not even its version. Throws ProblemError: NOT_FOUND, STORE_NEWER, STORE_UNREADABLE. */
export function openReadOnly(at: StoreAt): ReadOnly {
  const place = storePlace(at);
  const { file } = place;
  if (!existsSync(file)) throw notThere(file);
  try {
    return openInPlace(place, file);
  } catch (cause) {
    if (cause instanceof ProblemError) throw cause;
    if (!/^SQLITE_(READONLY|CANTOPEN)/.test((cause as { code?: string }).code ?? "")) throw unreadable(place, cause);
  }
  // SQLite reads a file in WAL mode only where it can put another one beside it, which a read-only medium forbids.
  const folder = mkdtempSync(join(tmpdir(), "sync-store-"));
  const close = (): void => rmSync(folder, { recursive: true, force: true });
  try {
    const copy = join(folder, "store.db");
    copyFileSync(file, copy);
    if (existsSync(`${file}-wal`)) copyFileSync(`${file}-wal`, `${copy}-wal`);
    const opened = openInPlace({ ...place, file: copy }, file);
    return {
      db: opened.db,
      close: () => {
        opened.close();
        close();
      },
    };
  } catch (cause) {
    close();
    throw cause instanceof ProblemError ? cause : unreadable(place, cause);
  }
}

/** The same for a store whose tables are of this version. Temporary tables may be made beside it. */
export function openCurrentReadOnly(at: StoreAt): ReadOnly {
  const { file, key } = storePlace(at);
  const store = openReadOnly(at);
  const version = store.db.pragma("user_version", { simple: true }) as number;
  if (version < migrations.length) {
    store.close();
    throw new ProblemError(
      problem(
        "STORE_UNREADABLE",
        `the store \`${file}\` has version ${version}, and is only read by a program of that version`,
        [],
        "the next `sync run` or `sync plan` brings it up to date",
      ),
    );
  }
  if (key === null) store.db.pragma("temp_store = FILE");
  return store;
}

function openInPlace(place: StorePlace, name: string): ReadOnly {
  const db = openDatabase(place, { readonly: true, timeout: 10_000 });
  try {
    knownVersion(db, name);
    return { db, close: () => void db.close() };
  } catch (cause) {
    db.close();
    throw cause;
  }
}

function knownVersion(db: Db, file: string): number {
  // In this order: a process that makes the store just now writes both at once, and a store with a version is marked from then on.
  const version = db.pragma("user_version", { simple: true }) as number;
  const applicationId = db.pragma("application_id", { simple: true }) as number;
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
  return version;
}

function migrate(db: Db, options: OpenOptions): void {
  db.transaction(() => {
    // Read again inside the transaction: another process may have migrated in the meantime.
    const version = db.pragma("user_version", { simple: true }) as number;
    for (const step of migrations.slice(version)) db.exec(step);
    if (version === 0) {
      db.pragma(`application_id = ${APPLICATION_ID}`);
      const insert = db.prepare("INSERT INTO meta (name, value) VALUES (?, ?)");
      insert.run("store id", randomUUID());
      insert.run("created at", options.now().toISOString());
    }
    db.pragma(`user_version = ${migrations.length}`);
    if (version < migrations.length) noteVersion(db, version, options);
  }).immediate();
}

function noteVersion(db: Db, from: number, options: OpenOptions): void {
  const meta = db.prepare<[string], string>("SELECT value FROM meta WHERE name = ?").pluck();
  const store = meta.get("store id") ?? "";
  const createdAt = meta.get("created at") ?? "";
  const to = migrations.length;
  const row = { at: options.now().toISOString(), actor: options.actor ?? "unknown", pipeline: null, run: null, subject: null };
  const log = new AuditTable(db);
  if (from === 0) log.append({ ...row, event: "store created", detail: { store, createdAt, version: to } });
  else log.append({ ...row, event: "migration applied", detail: { store, createdAt, from, to } });
}

function notThere(file: string): ProblemError {
  return new ProblemError(problem("NOT_FOUND", `there is no store at \`${file}\` yet`, [], "it is made by the first `sync run`"));
}

function unreadable({ file, key }: StorePlace, cause: unknown): ProblemError {
  const isOther = (cause as { code?: string }).code === "SQLITE_NOTADB";
  if (isOther && key !== null)
    return new ProblemError(
      problem(
        "STORE_UNREADABLE",
        `the key does not open the store \`${file}\`, or it is not encrypted`,
        [],
        "check the key; one that is not encrypted yet is encrypted by `sync state encrypt`",
      ),
    );
  const text = cause instanceof Error ? cause.message : String(cause);
  return new ProblemError(
    problem(
      "STORE_UNREADABLE",
      `the store \`${file}\` cannot be opened: ${text}`,
      [],
      isOther
        ? "check that the file is a store of this program; one that is encrypted needs its `key` in sync.yaml"
        : "check that the folder exists and is writable, the disk is not full, and the file is a store of this program",
    ),
  );
}
