import { existsSync } from "node:fs";
import { ProblemError, problem } from "../model/problem.js";
import { openReadOnly } from "./open.js";
import { type StoreAt, storePlace } from "./place.js";

/** What a copy holds, so that two people can tell whether they speak of the same one. */
export interface Contents {
  readonly runs: number;
  readonly documents: number;
  readonly auditRows: number;
  /** The hash of the last row of the audit log; null where it is empty. */
  readonly auditHead: string | null;
}

/** Faults that SQLite names before it stops looking. */
const MOST_FAULTS = 3;

/** Copies a store as it is at one moment into an empty file, also while a run writes to it. Throws ProblemError: NOT_FOUND, STORE_NEWER, STORE_UNREADABLE. */
export function copyStore(store: StoreAt, empty: string): void {
  const { db, close } = openReadOnly(store);
  try {
    db.prepare("VACUUM INTO ?").run(empty);
  } finally {
    close();
  }
}

/** Checks every page of a copy and counts what is in it. Throws ProblemError: NOT_FOUND, STORE_NEWER, STORE_UNREADABLE. */
export function inspectCopy(at: StoreAt): Contents {
  const { file } = storePlace(at);
  if (!existsSync(file))
    throw new ProblemError(problem("NOT_FOUND", `there is no file \`${file}\``, [], "name what `sync state export` wrote"));
  const { db, close } = openReadOnly(at);
  try {
    if ((db.pragma("user_version", { simple: true }) as number) === 0) throw damaged(file, "it is no store of this program");
    const faults = db
      .prepare<[], string>(`PRAGMA integrity_check(${MOST_FAULTS})`)
      .pluck()
      .all()
      .filter((row) => row !== "ok");
    if (faults.length > 0) throw damaged(file, faults.join("; "));
    const number = (sql: string): number => db.prepare(sql).pluck().get() as number;
    return {
      runs: number("SELECT count(*) FROM runs"),
      documents: number("SELECT count(*) FROM documents"),
      auditRows: number("SELECT count(*) FROM audit"),
      auditHead: (db.prepare("SELECT hash FROM audit ORDER BY seq DESC LIMIT 1").pluck().get() as string | undefined) ?? null,
    };
  } catch (cause) {
    if (cause instanceof ProblemError) throw cause;
    throw damaged(file, cause instanceof Error ? cause.message : String(cause));
  } finally {
    close();
  }
}

/** What SQLite finds wrong with a store that is there; nothing where it is sound. Throws ProblemError: STORE_NEWER, STORE_UNREADABLE. */
export function faultsOf(store: StoreAt): readonly string[] {
  const { db, close } = openReadOnly(store);
  try {
    return db
      .prepare<[], string>(`PRAGMA quick_check(${MOST_FAULTS})`)
      .pluck()
      .all()
      .filter((row) => row !== "ok");
  } catch (cause) {
    // Where the first pages are damaged, it cannot even be looked at.
    return [cause instanceof Error ? cause.message : String(cause)];
  } finally {
    close();
  }
}

function damaged(file: string, why: string): ProblemError {
  return new ProblemError(
    problem("STORE_UNREADABLE", `\`${file}\` is no copy that can be used: ${why}`, [], "use another copy, or `sync recover`"),
  );
}
