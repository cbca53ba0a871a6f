import { fileHash } from "../config/fingerprint.js";
import type { Pipeline, Project } from "../config/pipeline.js";
import { essenceOfLine, type PlanHead } from "../model/plan-file.js";
import { type Problem, ProblemError, problem } from "../model/problem.js";
import type { Store } from "../store/store.js";
import type { AllowedPlan } from "./allowed.js";
import { missingApproval } from "./approvals.js";
import { type ReadPlan, readPlan } from "./read-plan.js";

export interface AdmitRequest {
  readonly store: Store;
  readonly project: Pick<Project, "environment" | "approvers">;
  /** The pipeline of that name, as it is now. */
  readonly pipelineOf: (name: string) => Promise<Pipeline>;
  readonly now: Date;
}

export interface Admitted {
  readonly plan: ReadPlan;
  readonly pipeline: Pipeline;
  readonly allowed: AllowedPlan;
}

/**
 * Reads a saved plan that may be applied now. Throws ProblemError with every reason against it: PLAN_BROKEN when the file is not as it was written,
 * PLAN_STALE when store, pipeline or lookups are others now or it was applied, PLAN_NOT_APPROVED.
 */
export async function admitPlan(file: string, { store, project, pipelineOf, now }: AdmitRequest): Promise<Admitted> {
  const list = store.newApproved();
  const plan = await readPlan(file, {
    change: (change) => {
      if (change.change !== "hold") list.add(essenceOfLine(change));
    },
  });
  const { head, hash } = plan;
  const saved = store.plans.get(head.id);
  if (head.store !== store.plans.storeId() || saved === null || saved.hash !== hash)
    throw stale(["this store does not know it: it was made with another one, or this one was restored from before"]);
  if (saved.appliedIn !== null) throw stale([`it was applied by run ${saved.appliedIn}, at ${saved.appliedAt}`]);
  const pipeline = await pipelineOf(head.pipeline);
  const changed = changedSince(head, pipeline, project.environment);
  if (changed.length > 0) throw stale(changed);
  const isVouched = (line: string): boolean => store.plans.isApproved(head.id, line);
  const missing = missingApproval(plan, { policy: pipeline.approval, approvers: project.approvers, now, isVouched });
  if (missing.length > 0) throw new ProblemError(missing);
  return { plan, pipeline, allowed: { id: head.id, list } };
}

/** What the lookups are now, so that a plan can say which of them changed since. */
export function lookupsOf({ lookups }: Pipeline): PlanHead["lookups"] {
  return lookups.map(({ signature, file, rows }) => ({ name: signature.name, rows, hash: fileHash(file) }));
}

function changedSince(head: PlanHead, pipeline: Pipeline, environment: string | null): string[] {
  const changed: string[] = [];
  const named = (name: string | null): string => (name === null ? "no environment" : `the environment \`${name}\``);
  if (head.environment !== environment) changed.push(`it was made for ${named(head.environment)}, and this is ${named(environment)}`);
  const now = new Map(lookupsOf(pipeline).map(({ name, hash }) => [name, hash]));
  for (const { name, hash } of head.lookups) if (now.get(name) !== hash) changed.push(`the lookup \`${name}\` changed`);
  if (changed.length === 0 && head.fingerprint !== pipeline.fingerprint)
    changed.push(`the pipeline \`${pipeline.name}\` changed: its mapping, its source or its target`);
  return changed;
}

function stale(reasons: readonly string[]): ProblemError {
  return new ProblemError(
    reasons.map(
      (reason): Problem => problem("PLAN_STALE", `the plan cannot be applied: ${reason}`, [], "make a new plan; nothing was sent"),
    ),
  );
}
