import { createHash } from "node:crypto";
import { closeSync, existsSync, fstatSync, openSync, readSync, statfsSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, dirname, join } from "node:path";
import type { Project } from "../../config/pipeline.js";
import { type AuditAnchor, type AuditRow, auditLine } from "../../model/audit.js";
import { ProblemError, problem } from "../../model/problem.js";
import { addLetGo, type LetGo, NOTHING } from "../../model/retention.js";
import type { Effects } from "../../run/effects.js";
import { takeLease } from "../../run/lease.js";
import { prunePipeline, wouldLetGo } from "../../run/prune.js";
import { AuditLog } from "../../store/audit-log.js";
import type { Store } from "../../store/store.js";
import { liveEffects } from "../effects.js";
import { EXIT } from "../exit-codes.js";
import { type CommandContext, type CommonOptions, printJson } from "../io.js";
import { count } from "../render/progress.js";
import { sizeText } from "../render/size.js";
import { renderTable } from "../render/table.js";
import { openProject, openStore, placeOf } from "../session.js";
import { writeWhole } from "../whole-file.js";

interface PruneOptions extends CommonOptions {
  readonly dryRun?: boolean;
  readonly compact?: boolean;
}

interface OfPipeline extends LetGo {
  readonly pipeline: string;
  /** A run is at work, so nothing was done. */
  readonly isBusy: boolean;
}

/** Rows of the audit log that were, or would be, moved to a file. */
interface Moved {
  readonly rows: number;
  readonly upTo: number;
  /** Null where it was only asked what would be. */
  readonly file: string | null;
}

/** The time after which other work of this process gets its turn, such as a signal to stop. */
const SLICE_MS = 500;
/** No row is longer: problems are cut before they are written into one. */
const MOST_ROW_BYTES = 1 << 20;

/** Lets go of what nothing needs any more, pipeline by pipeline; what a run is at work on is left for another time. */
export async function prune(context: CommandContext, options: PruneOptions): Promise<number> {
  const project = await openProject(context, options);
  const store = openStore(context, project, false);
  const { effects, ...live } = liveEffects(context, () => undefined);
  try {
    const before = sizeOf(project.store);
    const pipelines: OfPipeline[] = [];
    for (const pipeline of store.pipelineNames()) {
      if (effects.signal.aborted) break;
      pipelines.push(await pruneOne(store, pipeline, project, effects, options.dryRun === true));
    }
    const moved = moveAudit(context, project, store, options.dryRun === true);
    if (options.dryRun !== true) {
      store.retention().truncateLog();
      if (options.compact === true && !effects.signal.aborted) compact(store, project.store, effects);
    }
    const bytes = { before, after: sizeOf(project.store) };
    if (options.json === true) printJson(context.io, { dryRun: options.dryRun === true, pipelines, audit: moved, bytes });
    else context.io.out(render(pipelines, moved, bytes, options));
    const stoppedBy = live.stoppedBy();
    if (stoppedBy !== null) return stoppedBy === "SIGTERM" ? EXIT.terminated : EXIT.interrupted;
    return pipelines.some(({ isBusy }) => isBusy) ? EXIT.busy : EXIT.done;
  } finally {
    live.dispose();
    store.close();
  }
}

async function pruneOne(store: Store, pipeline: string, { retention }: Project, effects: Effects, isDry: boolean): Promise<OfPipeline> {
  if (isDry) return { pipeline, isBusy: false, ...wouldLetGo(store, pipeline, retention, effects.now()) };
  let letGo = NOTHING;
  try {
    for (;;) {
      const pruned = prunePipeline({ store, pipeline, retention, effects, mostMs: SLICE_MS });
      letGo = addLetGo(letGo, pruned.letGo);
      if (pruned.isDone || effects.signal.aborted) return { pipeline, isBusy: false, ...letGo };
      await effects.sleep(0);
    }
  } catch (cause) {
    if (!(cause instanceof ProblemError) || cause.problems.some(({ code }) => code !== "STORE_BUSY")) throw cause;
    return { pipeline, isBusy: true, ...letGo };
  }
}

/** The oldest rows of the audit log go to a file first, which is then all there is of them; null where none is old enough. */
function moveAudit(context: CommandContext, project: Project, store: Store, isDry: boolean): Moved | null {
  const { retention, store: file } = project;
  if (retention.auditMs === null) return null;
  const cutoff = new Date(context.now().getTime() - retention.auditMs).toISOString();
  const log = AuditLog.open(placeOf(project));
  try {
    const last = log.latest({ pipeline: null, subjects: null, run: null, limit: 1 })[0]?.seq ?? 0;
    const [first] = log.rows();
    if (first === undefined || first.at >= cutoff || first.seq === last) return null;
    const target = join(dirname(file), "audit", `${basename(file)}-audit-from-${first.seq}.jsonl`);
    const isOld = (row: AuditRow): boolean => row.at < cutoff && row.seq < last;
    if (isDry) {
      let upTo = first.seq - 1;
      for (const row of log.rows()) {
        if (!isOld(row)) break;
        upTo = row.seq;
      }
      return { rows: upTo - first.seq + 1, upTo, file: null };
    }
    const { anchor, fingerprint } = writeRows(log, target, isOld);
    store.transaction(() => {
      store.audit.forgetUpTo(anchor);
      const detail = { upTo: anchor.seq, head: anchor.hash, file: basename(target), fingerprint };
      const at = context.now().toISOString();
      store.audit.append({ at, actor: context.actor, event: "log shortened", pipeline: null, run: null, subject: null, detail });
    });
    return { rows: anchor.seq - first.seq + 1, upTo: anchor.seq, file: target };
  } finally {
    log.close();
  }
}

/** Writes the rows from the first to the last that is old, as `sync audit export` does, whole or not at all. */
function writeRows(
  log: AuditLog,
  path: string,
  isOld: (row: AuditRow) => boolean,
): { readonly anchor: AuditAnchor; readonly fingerprint: string } {
  if (existsSync(path) && !isBeginning(path, log))
    throw new ProblemError(
      problem("USAGE", `there is a file \`${path}\` already`, [], "rows of the audit log are in it; move it away, and keep it"),
    );
  const chain = log.chain();
  const hash = createHash("sha256");
  return writeWhole(path, "owner", (file) => {
    let anchor: AuditAnchor = { seq: 0, hash: "" };
    for (const row of log.rows()) {
      if (!isOld(row)) break;
      if (!chain.accept(row))
        throw new ProblemError(
          problem(
            "STORE_UNREADABLE",
            `row ${row.seq} of the audit log does not fit`,
            [],
            "`sync audit verify` says why; nothing was moved",
          ),
        );
      const line = `${auditLine(row)}\n`;
      file.write(line);
      hash.update(line);
      anchor = { seq: row.seq, hash: row.hash };
    }
    return { anchor, fingerprint: hash.digest("hex") };
  });
}

/** What a command wrote that was stopped before it took the rows out: a row's hash stands for all rows before it. */
function isBeginning(path: string, log: AuditLog): boolean {
  const handle = openSync(path, "r");
  try {
    const { size } = fstatSync(handle);
    const tail = Buffer.alloc(Math.min(size, MOST_ROW_BYTES));
    readSync(handle, tail, 0, tail.length, size - tail.length);
    const { seq, hash } = JSON.parse(tail.toString().trimEnd().split("\n").at(-1) ?? "") as Partial<AuditRow>;
    return seq !== undefined && log.hashOf(seq) === hash;
  } catch {
    return false;
  } finally {
    closeSync(handle);
  }
}

/** Throws ProblemError STORE_BUSY while a run is at work, and STORE_FAILED where there is no room for the new file beside the old. */
function compact(store: Store, file: string, effects: Effects): void {
  const leases = store.pipelineNames().map((pipeline) => takeLease(store, pipeline, effects));
  try {
    const size = sizeOf(file);
    ensureRoom(dirname(file), 2 * size);
    ensureRoom(tmpdir(), size);
    store.retention().compact();
  } catch (cause) {
    throw store.explain(cause);
  } finally {
    for (const lease of leases) lease.release();
  }
}

function ensureRoom(folder: string, needed: number): void {
  const { bavail, bsize } = statfsSync(folder);
  if (bavail * bsize >= needed) return;
  const found = `there are ${sizeText(bavail * bsize)} free in \`${folder}\`, and to compact the store takes ${sizeText(needed)}`;
  throw new ProblemError(
    problem("STORE_FAILED", found, [], "make room; the store is as it was, and fills its empty pages again by itself"),
  );
}

function sizeOf(file: string): number {
  return ["", "-wal"].reduce((sum, end) => sum + (existsSync(file + end) ? statSync(file + end).size : 0), 0);
}

function render(
  pipelines: readonly OfPipeline[],
  moved: Moved | null,
  { before, after }: { readonly before: number; readonly after: number },
  { dryRun = false }: PruneOptions,
): string {
  const table = renderTable(
    [
      { title: "pipeline" },
      { title: dryRun ? "tries that would go" : "tries let go", align: "right" },
      { title: "runs", align: "right" },
      { title: "plans", align: "right" },
      { title: "" },
    ],
    pipelines.map(({ pipeline, attempts, runs, plans, isBusy }) => [
      pipeline,
      count(attempts),
      count(runs),
      count(plans),
      isBusy ? "a run is at work: another time" : "",
    ]),
  );
  const rows =
    moved === null ? "" : `audit log: ${count(moved.rows)} rows ${moved.file === null ? "would go to a file" : `moved to ${moved.file}`}\n`;
  return `${table}${rows}${dryRun ? "nothing was changed\n" : `the store had ${sizeText(before)}, and has ${sizeText(after)}\n`}`;
}
