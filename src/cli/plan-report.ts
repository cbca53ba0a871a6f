import { closeSync, mkdtempSync, openSync, readSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import type { Pipeline } from "../config/pipeline.js";
import { ProblemError, problem } from "../model/problem.js";
import { writePlanPage } from "../report/plan-page.js";
import { planWorkbook } from "../report/plan-workbook.js";
import type { ReportedPlan } from "../report/reported-plan.js";
import { neededApprovals } from "../run/approvals.js";
import { type ReadPlan, readPlan } from "../run/read-plan.js";
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
}

/** Writes a plan that is in a file as the page and the workbook that were asked for, and returns what it read. */
export async function reportPlan(
  context: CommandContext,
  file: string,
  { html, xlsx }: ReportFiles,
  { language, timeZone, approval, isSaved }: ReportSettings & { readonly isSaved: boolean },
): Promise<ReadPlan> {
  const read = await readPlan(file);
  const plan: ReportedPlan = {
    ...read,
    isSaved,
    needed: approval === null ? null : neededApprovals(read.totals, approval),
    timeZone,
    read: async (visitor) => {
      const again = await readPlan(file, visitor);
      if (again.hash !== read.hash)
        throw new ProblemError(problem("PLAN_BROKEN", "the file of the plan became another while it was read", { file }, "try again"));
    },
  };
  if (html !== undefined) await writing(context, html, (out) => writePlanPage(plan, language, out.write));
  if (xlsx !== undefined) await writing(context, xlsx, async (out) => out.writeBytes(await planWorkbook(plan, language)));
  return read;
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
