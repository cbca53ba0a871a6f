import type { ApprovalPolicy, Approver } from "../config/pipeline.js";
import { type Approval, isSignedWith } from "../model/approval.js";
import { Decimal } from "../model/decimal.js";
import { approvalLine, type PlanTotals } from "../model/plan-file.js";
import { type Problem, problem } from "../model/problem.js";
import type { ReadPlan } from "./read-plan.js";

export interface ApprovalContext {
  /** Null where nobody has to approve; approvals that are there must be sound all the same. */
  readonly policy: ApprovalPolicy | null;
  readonly approvers: ReadonlyMap<string, Approver>;
  readonly now: Date;
  /** Whether an approval without a signature was given with this store. */
  readonly isVouched: (line: string) => boolean;
}

/** Everything that keeps a plan from being applied, as far as approvals go. */
export function missingApproval(plan: ReadPlan, context: ApprovalContext): Problem[] {
  const { policy, now } = context;
  const problems: Problem[] = [];
  const good = new Set<string>();
  let expired: Problem | null = null;
  for (const approval of plan.approvals) {
    const fault = faultOf(plan, approval, context);
    if (fault !== null) {
      problems.push(fault);
      continue;
    }
    const until = policy === null ? null : Date.parse(approval.at) + policy.holdsMs;
    if (until !== null && now.getTime() > until)
      expired = refusal(
        `the approval of \`${approval.by}\` of ${approval.at} held until ${new Date(until).toISOString()}`,
        "have it approved again",
      );
    else good.add(approval.by);
  }
  if (problems.length > 0 || policy === null) return problems;
  const needed = neededApprovals(plan.totals, policy);
  if (good.size >= needed) return [];
  if (expired !== null) problems.push(expired);
  const who = policy.by.map((name) => `\`${name}\``).join(", ");
  const have = good.size === 0 ? "nobody approved it" : `\`${[...good].join("`, `")}\` approved it`;
  problems.push(refusal(`${have}, and ${needed === 1 ? "one approval is" : "two are"} needed`, `ask one of ${who}: sync approve`));
  return problems;
}

/** How many different people must approve it. */
export function neededApprovals({ moved }: PlanTotals, { twoAbove }: ApprovalPolicy): 1 | 2 {
  if (twoAbove === null) return 1;
  const isOver = moved.some(({ currency, amount }) => {
    const limit = Decimal.parse(twoAbove.get(currency) ?? "0");
    const money = Decimal.parse(amount);
    return limit === null || money === null || money.compare(limit) > 0;
  });
  return isOver ? 2 : 1;
}

/** Why this person may not approve this plan; null when they may. */
export function mayNotApprove(
  name: string,
  { head }: Pick<ReadPlan, "head">,
  { policy, approvers }: Pick<ApprovalContext, "policy" | "approvers">,
): Problem | null {
  const who = policy?.by.map((each) => `\`${each}\``).join(", ") ?? "";
  if (policy !== null && !policy.by.includes(name)) return refusal(`\`${name}\` may not approve it`, `these may: ${who}`);
  const user = approvers.get(name)?.user ?? name;
  if (policy !== null && !policy.authorMay && user === head.made.by)
    return refusal(`\`${name}\` made the plan, and somebody else must approve it`, `these may: ${who}`);
  return null;
}

function faultOf(plan: ReadPlan, approval: Approval, context: ApprovalContext): Problem | null {
  const { approvers, isVouched } = context;
  const { by } = approval;
  const forged = (what: string): Problem =>
    refusal(`the approval of \`${by}\` does not count: ${what}`, "have the plan approved again, in a new copy of its file");
  if (approval.plan !== plan.head.id || approval.hash !== plan.hash) return forged("it is one of another plan");
  const unfit = mayNotApprove(by, plan, context);
  if (unfit !== null) return unfit;
  const key = approvers.get(by)?.key ?? null;
  if (key !== null) return isSignedWith(approval, key) ? null : forged("it is not signed with their key");
  if (approval.signature !== null) return forged("the project has no key of theirs");
  return isVouched(approvalLine(approval)) ? null : forged("it was not given with this store");
}

function refusal(message: string, hint: string): Problem {
  return problem("PLAN_NOT_APPROVED", message, [], hint);
}
