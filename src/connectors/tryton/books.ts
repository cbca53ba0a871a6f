import type { Found, PostOutcome } from "../../model/posting.js";
import { type Problem, ProblemError, problem } from "../../model/problem.js";
import type { Catalog } from "./catalog.js";
import { QueryFault, type TrytonClient } from "./client.js";
import type { Fault } from "./fault.js";
import { type Form, type Hit, STEPS, type Step } from "./forms/form.js";
import type { Register } from "./register.js";

/** One model of one company, and how far documents are taken in it. */
export interface Books {
  readonly client: TrytonClient;
  readonly catalog: Catalog;
  readonly form: Form;
  readonly register: Register;
  /** The last step that is ours. */
  readonly until: Step;
}

/** An outcome of something that was not done, or of which nobody knows. */
export type Failed = Exclude<PostOutcome, { reference: string }>;

/** It got so far, or further. */
export function isThrough({ step }: Pick<Hit, "step">, wanted: Step): boolean {
  return STEPS.indexOf(step) >= STEPS.indexOf(wanted);
}

export function foundOf(hit: Hit, until: Step): Found {
  const reached = isThrough(hit, until) ? until : hit.step;
  return {
    reference: hit.reference,
    ...(until === "draft" ? {} : { step: reached }),
    ...(hit.step === "draft" ? { isDraft: true } : {}),
  };
}

/** The only record under a key; a problem where there are several, which a person has to look at. */
export function only(hits: readonly Hit[] | undefined, key: string, document: string): Hit | Problem | null {
  const [first] = hits ?? [];
  if (hits === undefined || first === undefined) return null;
  if (hits.length === 1) return first;
  const numbers = hits.slice(0, 5).map(({ reference, id }) => `\`${reference}\` (id ${id})`);
  return problem(
    "TARGET_CONFLICT",
    `the ERP holds ${hits.length} records under the key \`${key}\`: ${numbers.join(", ")}`,
    { document },
    "delete or cancel all but one of them in the ERP, and take the key out of the others",
  );
}

/** Every answer about documents comes from here, so that it is known whose it is and what happens next. */
export function placed<T extends Failed>(outcome: T, document: string): T {
  const hint =
    outcome.kind === "unconfirmed"
      ? "it is looked up before anything else is sent for it"
      : outcome.kind === "busy"
        ? "it is sent again later"
        : outcome.problem.hint;
  const { code, message } = outcome.problem;
  return { ...outcome, problem: problem(code, message, { document }, hint) };
}

export function rejected(code: Problem["code"], message: string, document: string, hint: string): Failed {
  return { kind: "rejected", problem: problem(code, message, { document }, hint) };
}

export function notThere(reference: string, document: string): Failed {
  return rejected(
    "TARGET_EDITED",
    `posted as ${reference}, and it is not found by its key`,
    document,
    "nothing was done; look for it in the ERP",
  );
}

/** What a fault of a call that changes something means for one document. The ERP undid the call. */
export function faulted(books: Pick<Books, "client">, fault: Fault, document: string): Failed {
  const words = books.client.redaction.show(fault.words);
  if (fault.kind === "later" || fault.kind === "conflict")
    return placed({ kind: "busy", problem: problem("TARGET_BUSY", `the ERP was busy with it: ${words}`), retryAfterMs: null }, document);
  if (fault.kind === "question")
    return rejected("TARGET_REJECTED", `the ERP asks: ${words}`, document, "nothing was done; a person has to answer it in the ERP");
  const what = fault.kind === "failed" ? "the ERP failed with it" : "the ERP refused it";
  const hint = "correct the document, its mapping, or data and rights in the ERP; it is tried again by the next run";
  return rejected("TARGET_REJECTED", `${what}: ${words}`, document, hint);
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

/** Null where it cannot be asked now, after something was done already. */
export async function askedAfter<T>(question: () => Promise<T>): Promise<T | null> {
  try {
    return await question();
  } catch (error) {
    if (error instanceof QueryFault || error instanceof ProblemError) return null;
    throw error;
  }
}

export function unavailable({ message, hint }: QueryFault): ProblemError {
  return new ProblemError(problem("TARGET_UNAVAILABLE", message, [], hint));
}
