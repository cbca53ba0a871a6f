import { CODE, type Fault, fault } from "../answers.js";
import type { Bill } from "../bill.js";
import type { Books } from "../books.js";
import type { Draft } from "../save/model.js";
import type { Settings } from "../settings.js";

/** What the rules of a form see of one Save. They complete the draft, or say what is wrong with it. */
export interface RuleContext {
  readonly books: Books;
  readonly settings: Settings;
  readonly draft: Draft;
  readonly old: Bill | null;
  /** False when the client asked for no business checks (`ValidateFlag`). */
  readonly checks: boolean;
  readonly faults: Fault[];
}

export type Rule = (context: RuleContext) => void;

export function refuse(context: RuleContext, message: string, field: string | null = null): void {
  context.faults.push(fault(message, CODE.validation, field));
}
