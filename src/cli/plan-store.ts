import { randomUUID } from "node:crypto";
import { existsSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import type { Pipeline, Project } from "../config/pipeline.js";
import type { PlanHead } from "../model/plan-file.js";
import { ProblemError, problem } from "../model/problem.js";
import type { RunResult } from "../model/run.js";
import { lookupsOf } from "../run/admit.js";
import type { Effects } from "../run/effects.js";
import type { Planned } from "../run/plan.js";
import { savePlan } from "../run/save-plan.js";
import type { Store } from "../store/store.js";
import type { CommandContext } from "./io.js";
import { programVersion } from "./version.js";
import { writeWhole } from "./whole-file.js";

export interface SavedFile {
  readonly id: string;
  readonly hash: string;
  readonly file: string;
}

/** Where a run puts the plan that somebody must approve. */
export function usualPlanFile(project: Project, { pipeline, id }: Pick<RunResult, "pipeline" | "id">): string {
  return join(dirname(project.store), "plans", `${pipeline}-${id}.plan`);
}

export interface PlanToWrite {
  readonly project: Project;
  readonly pipeline: Pipeline;
  readonly store: Store;
  readonly planned: Planned;
  readonly result: RunResult;
  readonly file: string;
}

/**
 * Writes a plan to a file, whole or not at all, and has the store remember it. Throws ProblemError USAGE where a file is there already, because it
 * may carry approvals.
 */
export function writePlan(context: CommandContext, given: PlanToWrite, { host, observer }: Pick<Effects, "host" | "observer">): SavedFile {
  const { pipeline, store, planned, result, file } = given;
  const path = resolve(context.cwd, file);
  if (existsSync(path))
    throw new ProblemError(
      problem("USAGE", `there is a file \`${file}\` already`, [], "name another; a plan may carry approvals, and is never overwritten"),
    );
  const pipelineId = store.pipelineId(pipeline.name);
  const { id, hash, madeAt } = writeUnknownPlan(context, { ...given, file: path }, host);
  store.transaction(() => {
    const plan = { id, hash, file: path, sends: planned.sends, madeAt, madeBy: context.actor, madeIn: result.id };
    store.plans.add(pipelineId, plan);
    const detail = { plan: id, hash, sends: planned.sends };
    store.audit.append({
      at: madeAt,
      actor: context.actor,
      event: "plan saved",
      pipeline: pipeline.name,
      run: result.id,
      subject: null,
      detail,
    });
  });
  observer?.tell({ kind: "plan saved", plan: id, sends: planned.sends });
  return { id, hash, file: path };
}

/** Writes a plan that nobody can approve or apply, because the store does not remember it. */
export function writeUnknownPlan(
  context: CommandContext,
  { project, pipeline, store, planned, result, file }: PlanToWrite,
  host: string,
): { readonly id: string; readonly hash: string; readonly madeAt: string } {
  const id = randomUUID();
  const madeAt = context.now().toISOString();
  const head = headOf({ project, pipeline, store, result, id, madeAt, madeBy: context.actor, host });
  const hash = writeWhole(file, "owner", (out) =>
    savePlan({ store, pipelineId: store.pipelineId(pipeline.name), planned, head }, out.write),
  );
  return { id, hash, madeAt };
}

function headOf(given: {
  readonly project: Project;
  readonly pipeline: Pipeline;
  readonly store: Store;
  readonly result: RunResult;
  readonly id: string;
  readonly madeAt: string;
  readonly madeBy: string;
  readonly host: string;
}): PlanHead {
  const { project, pipeline, store, result, id, madeAt, madeBy, host } = given;
  const last = store.runs.lastPosting(store.pipelineId(pipeline.name));
  return {
    plan: 1,
    id,
    project: project.name,
    environment: project.environment,
    pipeline: pipeline.name,
    title: pipeline.title,
    fingerprint: pipeline.fingerprint,
    store: store.plans.storeId(),
    connection: pipeline.target.name,
    connector: pipeline.target.connector.name,
    lookups: lookupsOf(pipeline),
    made: { at: madeAt, by: madeBy, host, program: programVersion(), run: result.id },
    asks: pipeline.approval?.by ?? null,
    before:
      last?.result == null
        ? null
        : {
            run: last.id,
            at: last.startedAt,
            posted: last.result.counts.posted,
            replaced: last.result.counts.replaced,
            reversed: last.result.counts.reversed,
          },
  };
}

/** What a saved plan still needs. */
export function nextOf(file: string, { approval }: Pipeline): string {
  if (approval === null) return `The plan is in ${file}\n  post it with: sync apply ${file}\n`;
  return `The plan is in ${file}\n  it must be approved by ${approval.by.join(" or ")}: sync approve ${file}\n  then post it with: sync apply ${file}\n`;
}
