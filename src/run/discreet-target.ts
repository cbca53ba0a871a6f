import type { AdvanceItem, PostItem, ReverseItem, Target, UpdateItem } from "../connectors/contract.js";
import type { Document } from "../model/document.js";
import { wordsAbout } from "../model/document-cover.js";
import { hasPersonalTexts, type PersonalTexts } from "../model/personal.js";
import type { Posting, PostOutcome } from "../model/posting.js";
import { type Problem, ProblemError } from "../model/problem.js";

/**
 * The same target, whose problems tell no personal value of what it was sent: systems repeat in their refusals what they refuse, and a problem goes
 * into the audit log, where nothing can be taken back, into lists, reports and messages.
 */
export function discreetTarget(target: Target, texts: PersonalTexts): Target {
  if (!hasPersonalTexts(texts)) return target;
  const covered = (problem: Problem, documents: readonly Document[]): Problem => {
    const words = (text: string): string => wordsAbout(text, documents, texts);
    return { ...problem, message: words(problem.message), ...(problem.hint === undefined ? {} : { hint: words(problem.hint) }) };
  };
  const guarded = async <T>(documents: readonly Document[], call: () => Promise<T>): Promise<T> => {
    try {
      return await call();
    } catch (cause) {
      if (!(cause instanceof ProblemError)) throw cause;
      throw new ProblemError(cause.problems.map((each) => covered(each, documents)));
    }
  };
  const outcomes = (documents: readonly (readonly Document[])[], call: () => Promise<readonly PostOutcome[]>) =>
    guarded(documents.flat(), async () =>
      (await call()).map((outcome, index) =>
        "problem" in outcome ? { ...outcome, problem: covered(outcome.problem, documents[index] ?? []) } : outcome,
      ),
    );
  const ofPosting = ({ posting }: { readonly posting: Posting }): Document[] => [posting.document];
  const own = {
    post: (items: readonly PostItem[]) =>
      outcomes(
        items.map(({ document }) => [document]),
        () => target.post(items),
      ),
    reverse: (items: readonly ReverseItem[]) => outcomes(items.map(ofPosting), () => target.reverse(items)),
    advance: (step: string, items: readonly AdvanceItem[]) =>
      outcomes(items.map(ofPosting), async () => (await target.advance?.(step, items)) ?? []),
    update: (items: readonly UpdateItem[]) =>
      outcomes(
        items.map(({ document, posting }) => [document, posting.document]),
        async () => (await target.update?.(items)) ?? [],
      ),
    read: (postings: readonly Posting[]) =>
      guarded(
        postings.map(({ document }) => document),
        async () => (await target.read?.(postings)) ?? [],
      ),
    check: (documents: readonly Document[]) =>
      guarded(documents, async () => {
        const answers = (await target.check?.(documents)) ?? [];
        return answers.map((answer, index) => (answer === null ? null : covered(answer, documents.slice(index, index + 1))));
      }),
  };
  // What a target does not have stays missing, and what is not named here is the target's own.
  return new Proxy(target, {
    get: (inner, name) => {
      const value: unknown = Reflect.get(inner, name, inner);
      if (typeof value !== "function") return value;
      return Object.hasOwn(own, name) ? own[name as keyof typeof own] : value.bind(inner);
    },
  });
}
