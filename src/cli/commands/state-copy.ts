import { chmodSync, closeSync, copyFileSync, existsSync, mkdirSync, openSync, renameSync, rmSync, statSync } from "node:fs";
import { basename, dirname, resolve } from "node:path";
import type { AuditDetails } from "../../model/audit.js";
import { type Problem, ProblemError, problem } from "../../model/problem.js";
import { openReadOnly } from "../../store/open.js";
import { Store } from "../../store/store.js";
import { sizeText } from "../doctor/place.js";
import { EXIT } from "../exit-codes.js";
import { type CommandContext, type CommonOptions, printJson } from "../io.js";
import { count } from "../render/progress.js";
import { openProject } from "../session.js";

interface CopyOptions extends CommonOptions {
  readonly replace?: boolean;
}

/** What a copy holds, so that two people can tell whether they speak of the same one. */
interface Contents {
  readonly runs: number;
  readonly documents: number;
  readonly auditRows: number;
  /** The hash of the last row of the audit log; null where it is empty. */
  readonly auditHead: string | null;
}

/**
 * Copies the store as it is at one moment, also while a run writes to it, and checks the copy. Throws ProblemError USAGE where there is
 * such a file already, NOT_FOUND where there is no store.
 */
export async function exportState(context: CommandContext, options: CopyOptions, name: string | undefined): Promise<number> {
  const { io } = context;
  const project = await openProject(context, options);
  const file = resolve(context.cwd, name ?? "");
  if (existsSync(file)) throw usage(`there is a file \`${name}\` already`, "name another; a copy is never overwritten");
  const store = openReadOnly(project.store);
  const partial = `${file}.${process.pid}.part`;
  try {
    mkdirSync(dirname(file), { recursive: true });
    // SQLite would make it readable by others.
    closeSync(openSync(partial, "wx", 0o600));
    store.db.prepare("VACUUM INTO ?").run(partial);
    const contents = inspect(partial);
    renameSync(partial, file);
    const at = context.now().toISOString();
    if (options.json === true) printJson(io, { file, at, bytes: statSync(file).size, ...contents });
    else
      io.out(
        `${file}  ${sizeText(statSync(file).size)}\nthe store as it was at ${at}: ${told(contents)}\n\nput it back, here or on another machine, with: sync state import ${name}\n`,
      );
    return EXIT.done;
  } catch (cause) {
    rmSync(partial, { force: true });
    const { code, message } = cause as NodeJS.ErrnoException;
    if (cause instanceof ProblemError || code === undefined || !/^E[A-Z]+$|^SQLITE_(FULL|CANTOPEN|IOERR)/.test(code)) throw cause;
    throw usage(`\`${name}\` cannot be written: ${message}`, "name a file where there is room");
  } finally {
    store.close();
  }
}

/** Puts a copy where the store is. The store that was there is kept beside it. */
export async function importState(context: CommandContext, options: CopyOptions, name: string | undefined): Promise<number> {
  const { io } = context;
  const project = await openProject(context, options);
  const file = resolve(context.cwd, name ?? "");
  const contents = inspect(file);
  const { store } = project;
  const former = existsSync(store)
    ? `${store}.until-${context
        .now()
        .toISOString()
        .replace(/[-:]|\.\d+/g, "")}`
    : null;
  if (former !== null) {
    if (options.replace !== true)
      throw usage(
        `there is a store at \`${store}\` already`,
        "`--replace` puts the copy in its place and keeps the former store beside it",
      );
    takeAway(context, store, former);
  }
  const partial = `${store}.${process.pid}.part`;
  mkdirSync(dirname(store), { recursive: true });
  copyFileSync(file, partial);
  chmodSync(partial, 0o600);
  renameSync(partial, store);
  noteImport(context, store, { file: basename(file), head: contents.auditHead, replaced: former !== null });
  if (options.json === true) printJson(io, { store, former, ...contents });
  else {
    io.out(`the store is ${store}: ${told(contents)}\n`);
    if (former !== null) io.out(`the former one is kept as ${former}\n`);
    io.out(
      "\nnext:\n  sync recover PIPELINE           where documents were posted after the copy was made: learn from the target which\n  sync reconcile PIPELINE         source, postings and target side by side\n",
    );
  }
  return EXIT.done;
}

function noteImport(context: CommandContext, file: string, detail: AuditDetails["store imported"]): void {
  const store = Store.open(file, { create: false, now: context.now, actor: context.actor });
  try {
    const row = { at: context.now().toISOString(), actor: context.actor, pipeline: null, run: null, subject: null };
    store.transaction(() => store.audit.append({ ...row, event: "store imported", detail }));
  } finally {
    store.close();
  }
}

/** Leases of runs that are alive say that the store is in use. Throws ProblemError STORE_BUSY then. */
function takeAway(context: CommandContext, file: string, former: string): void {
  if (isReadable(file)) {
    const store = Store.open(file, { create: false, now: context.now, actor: context.actor });
    try {
      const held = store.leases.list().find(({ expiresAt }) => Date.parse(expiresAt) > context.now().getTime());
      if (held !== undefined)
        throw new ProblemError(
          problem(
            "STORE_BUSY",
            `process ${held.pid} on ${held.host} has held \`${held.name}\` since ${held.acquiredAt}`,
            [],
            "wait until it ends, or stop it; then say it again",
          ),
        );
    } finally {
      // The last one to close it takes the log in, so that the file alone is the store.
      store.close();
    }
  }
  renameSync(file, former);
  for (const end of ["-wal", "-shm"]) if (existsSync(file + end)) renameSync(file + end, former + end);
}

/** One that is damaged is what a copy is put back for. */
function isReadable(file: string): boolean {
  try {
    Store.openReadOnly(file).close();
    return true;
  } catch (cause) {
    if (cause instanceof ProblemError) return false;
    throw cause;
  }
}

/** Checks every page of a copy and counts what is in it. Throws ProblemError NOT_FOUND, STORE_NEWER, STORE_UNREADABLE. */
function inspect(file: string): Contents {
  if (!existsSync(file))
    throw new ProblemError(problem("NOT_FOUND", `there is no file \`${file}\``, [], "name what `sync state export` wrote"));
  const { db, close } = openReadOnly(file);
  try {
    if ((db.pragma("user_version", { simple: true }) as number) === 0)
      throw new ProblemError(damaged(file, "it is no store of this program"));
    const faults = (db.prepare<[], string>("PRAGMA integrity_check(3)").pluck().all() as string[]).filter((row) => row !== "ok");
    if (faults.length > 0) throw new ProblemError(damaged(file, faults.join("; ")));
    const number = (sql: string): number => db.prepare(sql).pluck().get() as number;
    return {
      runs: number("SELECT count(*) FROM runs"),
      documents: number("SELECT count(*) FROM documents"),
      auditRows: number("SELECT count(*) FROM audit"),
      auditHead: (db.prepare("SELECT hash FROM audit ORDER BY seq DESC LIMIT 1").pluck().get() as string | undefined) ?? null,
    };
  } catch (cause) {
    if (cause instanceof ProblemError) throw cause;
    throw new ProblemError(damaged(file, cause instanceof Error ? cause.message : String(cause)));
  } finally {
    close();
  }
}

function damaged(file: string, why: string): Problem {
  return problem("STORE_UNREADABLE", `\`${file}\` is no copy that can be used: ${why}`, [], "use another copy, or `sync recover`");
}

function told({ runs, documents, auditRows, auditHead }: Contents): string {
  const log = auditHead === null ? "" : `, audit log ${count(auditRows)} rows, head ${auditHead.slice(0, 16)}`;
  return `${count(runs)} runs, ${count(documents)} documents${log}`;
}

function usage(message: string, hint: string): ProblemError {
  return new ProblemError(problem("USAGE", message, [], hint));
}
