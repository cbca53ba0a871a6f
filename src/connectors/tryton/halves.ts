import { ProblemError } from "../../model/problem.js";
import { type Books, type Failed, faulted, placed } from "./books.js";
import type { Acted } from "./client.js";

export type Ended = Failed | { readonly kind: "done" };

/**
 * Sends many in one call. A refusal of one undoes the whole call, so that nothing was done, and the halves are sent on their own until it is known
 * whose refusal it is. Throws ProblemError only when nothing was done at all.
 */
export async function inHalves<T>(
  books: Pick<Books, "client">,
  items: readonly T[],
  documentOf: (item: T) => string,
  send: (items: readonly T[]) => Promise<Acted>,
): Promise<ReadonlyMap<T, Ended>> {
  const ended = new Map<T, Ended>();
  const all = (part: readonly T[], make: (document: string) => Ended): void => {
    for (const item of part) ended.set(item, make(documentOf(item)));
  };
  const take = async (part: readonly T[]): Promise<void> => {
    if (part.length === 0) return;
    const acted = await guarded(() => send(part), ended.size > 0);
    if (acted.kind === "result") all(part, () => ({ kind: "done" }));
    else if (acted.kind !== "fault") all(part, (document) => placed(acted, document));
    else if (part.length === 1 || acted.fault.kind === "later") all(part, (document) => faulted(books, acted.fault, document));
    else {
      const middle = Math.ceil(part.length / 2);
      await take(part.slice(0, middle));
      await take(part.slice(middle));
    }
  };
  await take(items);
  return ended;
}

/** Between two calls of one piece of work something was done already, so that being turned away now is an outcome, and no end of everything. */
export async function guarded(work: () => Promise<Acted>, hasBegun = true): Promise<Acted> {
  try {
    return await work();
  } catch (error) {
    const [cause] = error instanceof ProblemError ? error.problems : [];
    if (cause === undefined || !hasBegun) throw error;
    return { kind: "busy", problem: cause, retryAfterMs: null };
  }
}
