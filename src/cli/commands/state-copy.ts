import { chmodSync, closeSync, copyFileSync, existsSync, mkdirSync, openSync, renameSync, rmSync, statSync } from "node:fs";
import { hostname } from "node:os";
import { basename, dirname, resolve } from "node:path";
import type { AuditDetails } from "../../model/audit.js";
import { ProblemError, problem } from "../../model/problem.js";
import { type Contents, copyStore, inspectCopy } from "../../store/copy.js";
import type { StorePlace } from "../../store/place.js";
import { Store } from "../../store/store.js";
import { isAlive } from "../effects.js";
import { EXIT } from "../exit-codes.js";
import { type CommandContext, type CommonOptions, printJson } from "../io.js";
import { count } from "../render/progress.js";
import { sizeText } from "../render/size.js";
import { openProject, placeOf } from "../session.js";
import { leasesOf } from "../standing.js";

interface CopyOptions extends CommonOptions {
  readonly replace?: boolean;
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
  const partial = `${file}.${process.pid}.part`;
  try {
    mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
    // SQLite would make it readable by others.
    closeSync(openSync(partial, "wx", 0o600));
    const { key } = placeOf(project);
    copyStore(placeOf(project), partial);
    const contents = inspectCopy({ file: partial, key });
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
  }
}

/** Puts a copy where the store is. The store that was there is kept beside it. */
export async function importState(context: CommandContext, options: CopyOptions, name: string | undefined): Promise<number> {
  const { io } = context;
  const project = await openProject(context, options);
  const file = resolve(context.cwd, name ?? "");
  const { store, storeKey: key } = project;
  const contents = inspectCopy({ file, key });
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
    takeAway(context, placeOf(project), former);
  }
  const partial = `${store}.${process.pid}.part`;
  mkdirSync(dirname(store), { recursive: true, mode: 0o700 });
  copyFileSync(file, partial);
  chmodSync(partial, 0o600);
  renameSync(partial, store);
  noteImport(context, placeOf(project), { file: basename(file), head: contents.auditHead, replaced: former !== null });
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

function noteImport(context: CommandContext, place: StorePlace, detail: AuditDetails["store imported"]): void {
  const store = Store.open(place, { create: false, now: context.now, actor: context.actor });
  try {
    const row = { at: context.now().toISOString(), actor: context.actor, pipeline: null, run: null, subject: null };
    store.transaction(() => store.audit.append({ ...row, event: "store imported", detail }));
  } finally {
    store.close();
  }
}

/** Leases of runs that are alive say that the store is in use. Throws ProblemError STORE_BUSY then. */
function takeAway(context: CommandContext, place: StorePlace, former: string): void {
  const { file } = place;
  if (isReadable(place)) {
    const store = Store.open(place, { create: false, now: context.now, actor: context.actor });
    try {
      const held = leasesOf(store, context.now(), hostname(), isAlive).find(({ state }) => state === "held");
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
function isReadable(place: StorePlace): boolean {
  try {
    Store.openReadOnly(place).close();
    return true;
  } catch (cause) {
    if (cause instanceof ProblemError) return false;
    throw cause;
  }
}

function told({ runs, documents, auditRows, auditHead }: Contents): string {
  const log = auditHead === null ? "" : `, audit log ${count(auditRows)} rows, head ${auditHead.slice(0, 16)}`;
  return `${counted(runs, "run")}, ${counted(documents, "document")}${log}`;
}

function counted(n: number, what: string): string {
  return `${count(n)} ${what}${n === 1 ? "" : "s"}`;
}

function usage(message: string, hint: string): ProblemError {
  return new ProblemError(problem("USAGE", message, [], hint));
}
