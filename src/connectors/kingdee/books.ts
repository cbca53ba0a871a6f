import type { Found, PostOutcome } from "../../model/posting.js";
import { type Problem, ProblemError, problem } from "../../model/problem.js";
import { Unwritable } from "../http/template.js";
import type { Fault } from "./answer.js";
import { type KingdeeClient, QueryFault } from "./client.js";
import type { BillForm } from "./forms/form.js";
import type { KeyField } from "./key.js";
import type { Hit, Register } from "./register.js";

export const STEPS = ["save", "submit", "audit"] as const;
export type Step = (typeof STEPS)[number];

/** One form of one account set, and how far documents are taken in it. */
export interface Books {
  readonly client: KingdeeClient;
  readonly form: BillForm;
  readonly key: KeyField;
  readonly register: Register;
  /** The last step that is ours. */
  readonly until: Step;
  readonly words: RefusalWords;
}

/** What refusals mean, told by what stands in them. */
export interface RefusalWords {
  /** The period is closed. */
  readonly closed: readonly string[];
  /** The voucher does not balance, whatever else is said. */
  readonly unbalanced: readonly string[];
}

/** The step that was done last for a document in this state. */
export function stepOf(status: string): Step {
  if (status === "C") return "audit";
  return status === "B" ? "submit" : "save";
}

/** It may be deleted, and changed, because nobody waits for it (client). */
export function isDraft({ status }: Pick<Hit, "status">): boolean {
  return status === "A" || status === "Z";
}

/** It got as far as it is taken by us, or further. */
export function isThrough({ status }: Pick<Hit, "status">, until: Step): boolean {
  return STEPS.indexOf(stepOf(status)) >= STEPS.indexOf(until);
}

export function foundOf(hit: Hit, until: Step): Found {
  const step = stepOf(hit.status);
  const reached = isThrough(hit, until) ? until : step;
  return {
    reference: hit.number === "" ? hit.id : hit.number,
    ...(until === "save" ? {} : { step: reached }),
    ...(isDraft(hit) ? { isDraft: true } : {}),
  };
}

/** The only document under a key; a problem where there are several, which a person has to look at. */
export function only(hits: readonly Hit[] | undefined, written: string, document: string): Hit | Problem | null {
  if (hits === undefined || hits.length === 0) return null;
  if (hits.length === 1) return hits[0] as Hit;
  const numbers = hits.slice(0, 5).map(({ number, id }) => `\`${number === "" ? id : number}\``);
  return problem(
    "TARGET_CONFLICT",
    `the ERP holds ${hits.length} documents under the key \`${written}\`: ${numbers.join(", ")}`,
    { document },
    "delete or cancel all but one of them in the ERP",
  );
}

/** Every answer about documents comes from here, so that it is known whose it is and what happens next. */
export function placed<T extends Exclude<PostOutcome, { reference: string }>>(outcome: T, document: string): T {
  const hint =
    outcome.kind === "unconfirmed"
      ? "it is looked up before anything else is sent for it"
      : outcome.kind === "busy"
        ? "it is sent again later"
        : outcome.problem.hint;
  const { code, message } = outcome.problem;
  return { ...outcome, problem: problem(code, message, { document }, hint) };
}

/** A period that is closed opens again, or the date is changed; everything else asks for a correction. */
export function refusal(
  { words: { closed, unbalanced } }: Books,
  words: string,
  document: string,
): Extract<PostOutcome, { kind: "rejected" }> {
  const at = { document };
  const message = `the ERP refused it: ${words}`;
  const has = (list: readonly string[]): boolean => list.some((each) => words.includes(each));
  if (has(closed) && !has(unbalanced))
    return { kind: "rejected", problem: problem("TARGET_PERIOD_CLOSED", message, at, "open the period in the ERP, or change the date") };
  const hint = "correct the document, its mapping or the data in the ERP; it is tried again by the next run";
  return { kind: "rejected", problem: problem("TARGET_REJECTED", message, at, hint) };
}

export function unwritable(error: unknown, document: string): Extract<PostOutcome, { kind: "rejected" }> {
  if (!(error instanceof Unwritable)) throw error;
  return {
    kind: "rejected",
    problem: problem("TARGET_REJECTED", error.message, { document }, "correct the document or the options of the target; nothing was sent"),
  };
}

/** Somebody changed or removed it: nothing is done until a person has looked. */
export function held(message: string, document: string, hint: string): Extract<PostOutcome, { kind: "rejected" }> {
  return { kind: "rejected", problem: problem("TARGET_EDITED", message, { document }, hint) };
}

export function notThere(reference: string, document: string): Extract<PostOutcome, { kind: "rejected" }> {
  return held(`posted as ${reference}, and it is not found by its key`, document, "nothing was done; look for it in the ERP");
}

/** Faults about one place of a call, in the ERP's words. */
export function faultsAt(faults: readonly Fault[], place: number, isAlone: boolean): readonly Fault[] {
  return faults.filter((fault) => isAlone || fault.place === place);
}

/** What cannot be asked now is asked later; a question that is wrong stops everything. Throws ProblemError. */
export async function asked<T>(question: () => Promise<T>): Promise<T | Extract<PostOutcome, { kind: "busy" }>> {
  try {
    return await question();
  } catch (error) {
    if (!(error instanceof QueryFault)) throw error;
    if (!error.isPassing) throw unavailable(error);
    return { kind: "busy", problem: problem("TARGET_BUSY", `${error.message}; nothing was sent`), retryAfterMs: null };
  }
}

export function unavailable({ message, hint }: QueryFault): ProblemError {
  return new ProblemError(problem("TARGET_UNAVAILABLE", message, [], hint));
}
