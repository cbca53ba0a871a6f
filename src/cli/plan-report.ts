import { closeSync, mkdtempSync, openSync, readSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import type { Pipeline } from "../config/pipeline.js";
import { encodeDocument } from "../model/document.js";
import type { DocumentCover } from "../model/document-cover.js";
import { documentOfLine, type PlanTotals } from "../model/plan-file.js";
import { ProblemError, problem } from "../model/problem.js";
import { writePlanPage } from "../report/plan-page.js";
import { planWorkbook } from "../report/plan-workbook.js";
import type { ReportedPlan } from "../report/reported-plan.js";
import { neededApprovals } from "../run/approvals.js";
import { type PlanVisitor, type ReadPlan, readPlan } from "../run/read-plan.js";
import type { CommandContext } from "./io.js";
import { type PlanToWrite, writeUnknownPlan } from "./plan-store.js";
import type { Language } from "./render/words.js";
import { WholeFile } from "./whole-file.js";

/** Files for people to read a plan in. */
export interface ReportFiles {
  readonly html?: string;
  readonly xlsx?: string;
}

export interface ReportSettings {
  readonly language: Language;
  readonly timeZone: string;
  /** Of the plan's pipeline; null where it is not here. */
  readonly approval: Pipeline["approval"];
  readonly cover: DocumentCover;
}

/** Writes a plan that is in a file as the page and the workbook that were asked for, and returns what it read. */
export async function reportPlan(
  context: CommandContext,
  file: string,
  { html, xlsx }: ReportFiles,
  { language, timeZone, approval, cover, isSaved }: ReportSettings & { readonly isSaved: boolean },
): Promise<ReadPlan> {
  const read = await readPlan(file);
  const plan: ReportedPlan = {
    ...read,
    totals: coveredTotals(read.totals, cover),
    isSaved,
    needed: approval === null ? null : neededApprovals(read.totals, approval),
    timeZone,
    read: async (visitor) => {
      const again = await readPlan(file, coveredVisitor(visitor, cover));
      if (again.hash !== read.hash)
        throw new ProblemError(problem("PLAN_BROKEN", "the file of the plan became another while it was read", { file }, "try again"));
    },
  };
  if (html !== undefined) await writing(context, html, (out) => writePlanPage(plan, language, out.write));
  if (xlsx !== undefined) await writing(context, xlsx, async (out) => out.writeBytes(await planWorkbook(plan, language)));
  return read;
}

/** The file holds what will be posted; people see of it what they may. */
function coveredVisitor({ change: tell, ...others }: PlanVisitor, cover: DocumentCover): PlanVisitor {
  if (!cover.covers || tell === undefined) return tell === undefined ? others : { change: tell, ...others };
  const covered = (encoded: unknown): unknown => JSON.parse(encodeDocument(cover.document(documentOfLine(encoded))));
  return {
    ...others,
    change: ({ after, before, ...change }) =>
      tell({
        ...change,
        ...(after === undefined ? {} : { after: covered(after) }),
        ...(before === undefined ? {} : { before: covered(before) }),
      }),
  };
}

/** A dimension can be a person. */
export function coveredTotals(totals: PlanTotals, cover: DocumentCover): PlanTotals {
  const dimensions = Object.entries(totals.dimensions).map(([name, sums]) => [
    name,
    sums.map((sum) => ({ ...sum, name: cover.dimension(name, sum.name) })),
  ]);
  return { ...totals, dimensions: Object.fromEntries(dimensions) as PlanTotals["dimensions"] };
}

/** The same for a plan that nobody asked to save: it is in a file of its own as long as it is read. */
export async function reportUnsaved(
  context: CommandContext,
  given: Omit<PlanToWrite, "file">,
  host: string,
  files: ReportFiles,
  settings: ReportSettings,
): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "sync-plan-"));
  try {
    const file = join(folder, "plan");
    writeUnknownPlan(context, { ...given, file }, host);
    await reportPlan(context, file, files, { ...settings, isSaved: false });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Throws ProblemError USAGE where a report would be written over the plan, which may carry approvals, or over the other report. */
export function checkFiles({ cwd }: Pick<CommandContext, "cwd">, { html, xlsx }: ReportFiles, plan: string | undefined): void {
  const named = [html, xlsx, plan].filter((file) => file !== undefined).map((file) => resolve(cwd, file));
  if (new Set(named).size < named.length)
    throw new ProblemError(problem("USAGE", "the plan, the page and the workbook cannot be one file", [], "give each a name of its own"));
}

async function writing(context: CommandContext, file: string, work: (out: WholeFile) => Promise<void>): Promise<void> {
  const path = resolve(context.cwd, file);
  if (isPlan(path))
    throw new ProblemError(
      problem("USAGE", `\`${file}\` is a plan`, [], "name another file; a plan may carry approvals, and is never overwritten"),
    );
  let out: WholeFile | null = null;
  try {
    out = new WholeFile(path);
    await work(out);
    out.end();
  } catch (cause) {
    out?.discard();
    const { code, message } = cause as NodeJS.ErrnoException;
    if (cause instanceof ProblemError || code === undefined) throw cause;
    throw new ProblemError(problem("USAGE", `\`${file}\` cannot be written: ${message}`, [], "name another file"));
  }
}

/** Whether there is a file that begins as plans do. */
function isPlan(path: string): boolean {
  const start = Buffer.alloc(START.length);
  try {
    const handle = openSync(path, "r");
    readSync(handle, start);
    closeSync(handle);
  } catch {
    return false;
  }
  return start.toString("latin1") === START;
}

const START = '{"plan":';
