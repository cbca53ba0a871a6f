import { AsyncLocalStorage } from "node:async_hooks";
import type { Target } from "../connectors/contract.js";
import type { Observer, TargetOperation } from "../model/observer.js";
import { failureOf } from "./observed.js";

/** The call of the target that is under way here; several may be at once. */
const underWay = new AsyncLocalStorage<number>();

/** What connectors tell, with the call of the target that it belongs to. */
export function knowingItsCall(observer: Observer | undefined): Observer | undefined {
  if (observer === undefined) return undefined;
  return {
    ...observer,
    tell: (happening) => {
      const call = happening.kind === "exchange started" ? underWay.getStore() : undefined;
      observer.tell(call === undefined ? happening : ({ ...happening, call } as typeof happening));
    },
  };
}

/** The same target, and where somebody listens each call of it is told. It does what the target does, in the same order, and has what the target has. */
export function observedTarget(target: Target, observer: Observer | undefined): Target {
  return observer === undefined ? target : toldTarget(target, observer);
}

function toldTarget(target: Target, observer: Observer): Target {
  const told = async <T>(
    operation: TargetOperation,
    documents: number,
    work: () => Promise<T>,
    outcomesOf: (answer: T) => Outcomes,
  ): Promise<T> => {
    const call = observer.next();
    observer.tell({ kind: "call started", call, operation, documents });
    try {
      const answer = await underWay.run(call, work);
      observer.tell({ kind: "call ended", call, outcomes: outcomesOf(answer), failed: null });
      return answer;
    } catch (cause) {
      observer.tell({ kind: "call ended", call, outcomes: {}, failed: failureOf(cause) });
      throw cause;
    }
  };
  const { advance, update, latest, postings, check, read, nextOpen, close } = target;
  return {
    traits: target.traits,
    post: (items) => told("post", items.length, () => target.post(items), byKind),
    reverse: (items) => told("reverse", items.length, () => target.reverse(items), byKind),
    lookup: (key) => told("lookup", 1, () => target.lookup(key), found),
    ...(advance === undefined
      ? {}
      : { advance: (step, items) => told("advance", items.length, () => advance.call(target, step, items), byKind) }),
    ...(update === undefined ? {} : { update: (items) => told("update", items.length, () => update.call(target, items), byKind) }),
    ...(latest === undefined ? {} : { latest: (pipeline) => told("latest", 0, () => latest.call(target, pipeline), found) }),
    ...(postings === undefined ? {} : { postings: (pipeline) => listed(postings.call(target, pipeline), observer) }),
    ...(check === undefined ? {} : { check: (documents) => told("check", documents.length, () => check.call(target, documents), refused) }),
    ...(read === undefined ? {} : { read: (all) => told("read", all.length, () => read.call(target, all), byKind) }),
    ...(nextOpen === undefined ? {} : { nextOpen: (date) => told("next open", 0, () => nextOpen.call(target, date), found) }),
    ...(close === undefined ? {} : { close: () => close.call(target) }),
  };
}

type Outcomes = Readonly<Record<string, number>>;

/** A listing is one call, however many pages it has. */
async function* listed<T>(entries: AsyncIterable<T>, observer: Observer): AsyncGenerator<T> {
  const call = observer.next();
  let count = 0;
  let failed: ReturnType<typeof failureOf> | null = null;
  observer.tell({ kind: "call started", call, operation: "list", documents: 0 });
  const iterator = entries[Symbol.asyncIterator]();
  let isOver = false;
  try {
    for (;;) {
      const next = await underWay.run(call, () => iterator.next());
      isOver = next.done === true;
      if (next.done === true) return;
      count += 1;
      yield next.value;
    }
  } catch (cause) {
    isOver = true;
    failed = failureOf(cause);
    throw cause;
  } finally {
    if (!isOver) await iterator.return?.();
    observer.tell({ kind: "call ended", call, outcomes: { found: count }, failed });
  }
}

function byKind(answers: readonly { readonly kind: string }[]): Outcomes {
  const counts: Record<string, number> = {};
  for (const { kind } of answers) counts[kind] = (counts[kind] ?? 0) + 1;
  return counts;
}

function found(answer: unknown): Outcomes {
  return answer === null ? { absent: 1 } : { found: 1 };
}

function refused(answers: readonly (unknown | null)[]): Outcomes {
  const no = answers.filter((each) => each !== null).length;
  return { accepted: answers.length - no, refused: no };
}
