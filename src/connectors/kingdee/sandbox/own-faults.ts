import type { SandboxAnswer, SandboxCall } from "../../sandbox/contract.js";
import { SeededRandom } from "../../sandbox/random.js";
import { CODE, editLock, type Fault, fault } from "./answers.js";

/** Faults that only this system knows, as one writes them. `%` and `next` work as they do for the others. */
export const OWN_FAULTS: readonly (readonly [text: string, about: string])[] = [
  ["edit lock", "another user has the document open: MsgCode 13, and nothing takes effect"],
  ["call limit", "too many calls: MsgCode 14, and nothing takes effect"],
];

const FORM = /^(edit lock|call limit)(?: (\d+(?:\.\d+)?)%| next (\d+))?$/;

export interface FaultContext {
  readonly seed: number;
  isWrite(call: SandboxCall): boolean;
  /** True for calls on forms; sign-ins and questions about account sets are none. */
  isOnForm(call: SandboxCall): boolean;
  /** Refuses a whole call with one reason, for each of its items. */
  refuse(call: SandboxCall, reason: Fault): SandboxAnswer;
}

/** Null when the text is no fault of this system. A limit of calls strikes reads as well, a lock only writes. */
export function ownFault(text: string, context: FaultContext): ((call: SandboxCall) => SandboxAnswer | null) | null {
  const [, kind, share, next] = FORM.exec(text.replace(/\s+/g, " ")) ?? [];
  if (kind === undefined) return null;
  const random = new SeededRandom(`kingdee ${context.seed} ${text}`);
  const chance = share === undefined ? 1 : Number(share) / 100;
  let left = next === undefined ? Number.POSITIVE_INFINITY : Number(next);
  const isLock = kind === "edit lock";
  const reason = isLock ? editLock("单据", "保存", "") : fault("调用次数超出限制", CODE.callLimit);
  return (call) => {
    if (left === 0 || !(isLock ? context.isWrite(call) : context.isOnForm(call)) || !random.chance(chance)) return null;
    left -= 1;
    return context.refuse(call, reason);
  };
}
