import type { Approval } from "../model/approval.js";
import type { PlanChange, PlanHead, PlanTotals, PlanWait } from "../model/plan-file.js";

/** A plan as people read it, as a page or as a workbook. */
export interface ReportedPlan {
  readonly head: PlanHead;
  readonly totals: PlanTotals;
  /** 64 hexadecimal digits. */
  readonly hash: string;
  readonly approvals: readonly Approval[];
  /** False for a preview, which nobody can approve. */
  readonly isSaved: boolean;
  /** How many different people must approve it; null where nobody has to, or where that is not known here. */
  readonly needed: 1 | 2 | null;
  /** IANA name of the zone in which times are shown. */
  readonly timeZone: string;
  /** Tells of everything in the plan, in its order. It is asked more than once, so that nothing has to be kept. */
  readonly read: (visitor: { readonly change?: (change: PlanChange) => void; readonly wait?: (wait: PlanWait) => void }) => Promise<void>;
}
