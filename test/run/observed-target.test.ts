import { expect, test } from "vitest";
import type { PostItem, Target } from "../../src/connectors/contract.js";
import type { Happening, Observer } from "../../src/model/observer.js";
import { ProblemError, problem } from "../../src/model/problem.js";
import { inStage } from "../../src/run/observed.js";
import { knowingItsCall, observedTarget } from "../../src/run/observed-target.js";

function anObserver(): { readonly observer: Observer; readonly heard: Happening[] } {
  const heard: Happening[] = [];
  let n = 0;
  return {
    heard,
    observer: {
      tell: (happening) => void heard.push(happening),
      next: () => {
        n += 1;
        return n;
      },
    },
  };
}

const TRAITS = { deduplicates: false, quietMs: 0, batch: 1, concurrency: 2, searchable: true };

/** A target that asks twice over HTTP for each document, with waits in between, as long as the test says. */
class SlowTarget implements Target {
  readonly traits = TRAITS;
  closed = 0;

  constructor(
    private readonly observer: Observer | undefined,
    private readonly turn: () => Promise<void>,
  ) {}

  async post(items: readonly PostItem[]) {
    for (const { idempotencyKey } of items) {
      for (const part of ["first", "second"]) {
        await this.turn();
        const exchange = this.observer?.next() ?? 0;
        const asked = { method: "POST", host: "erp", name: `${part} ${idempotencyKey}`, attempt: 1 };
        this.observer?.tell({ kind: "exchange started", exchange, call: null, ...asked });
      }
    }
    return items.map(() => ({ kind: "created", reference: "V1" }) as const);
  }

  async reverse(): Promise<never> {
    throw new ProblemError(problem("TARGET_UNAVAILABLE", "it is down"));
  }

  async lookup() {
    return null;
  }

  async *postings(pipeline: string) {
    try {
      for (const n of [1, 2, 3]) yield { reference: `${pipeline}${n}` } as never;
    } finally {
      this.closed += 1;
    }
  }
}

const item = (key: string): PostItem => ({ document: {} as never, idempotencyKey: key, fingerprint: "" });

test("an exchange is told with its own call, also where calls take turns", async () => {
  const { observer, heard } = anObserver();
  const target = observedTarget(new SlowTarget(knowingItsCall(observer), () => new Promise(setImmediate)), observer);
  await Promise.all([target.post([item("a")]), target.post([item("b"), item("c")])]);
  const calls = heard.flatMap((each) => (each.kind === "call started" ? [each.call] : []));
  const exchanges = heard.flatMap((each) => (each.kind === "exchange started" ? [[each.name, each.call]] : []));
  expect(exchanges.slice(0, 4).map(([name]) => name)).toEqual(["first a", "first b", "second a", "second b"]);
  expect(Object.fromEntries(exchanges)).toEqual({
    "first a": calls[0],
    "second a": calls[0],
    "first b": calls[1],
    "second b": calls[1],
    "first c": calls[1],
    "second c": calls[1],
  });
  expect(heard.filter(({ kind }) => kind === "call ended")).toEqual([
    { kind: "call ended", call: calls[0], outcomes: { created: 1 }, failed: null },
    { kind: "call ended", call: calls[1], outcomes: { created: 2 }, failed: null },
  ]);
});

test("it has what the target has, answers as it does and fails as it does", async () => {
  const { observer, heard } = anObserver();
  const slow = new SlowTarget(undefined, async () => undefined);
  const target = observedTarget(slow, observer);
  expect(Object.keys(target).sort()).toEqual(["lookup", "post", "postings", "reverse", "traits"]);
  expect(await target.lookup("k")).toBeNull();
  await expect(target.reverse([])).rejects.toThrow("it is down");
  expect(heard.filter(({ kind }) => kind === "call ended")).toEqual([
    { kind: "call ended", call: 1, outcomes: { absent: 1 }, failed: null },
    { kind: "call ended", call: 2, outcomes: {}, failed: "TARGET_UNAVAILABLE" },
  ]);
  expect(observedTarget(slow, undefined)).toBe(slow);
});

test("a listing is one call, and one that is left half-way is closed", async () => {
  const { observer, heard } = anObserver();
  const slow = new SlowTarget(undefined, async () => undefined);
  const list = observedTarget(slow, observer).postings as NonNullable<Target["postings"]>;
  for await (const _ of list("p")) break;
  const all = [];
  for await (const { reference } of list("p")) all.push(reference);
  expect(all).toEqual(["p1", "p2", "p3"]);
  expect(slow.closed).toBe(2);
  expect(heard.map((each) => (each.kind === "call ended" ? each.outcomes : each.kind))).toEqual([
    "call started",
    { found: 1 },
    "call started",
    { found: 3 },
  ]);
});

test("where nobody listens, a stage is its work and nothing else", async () => {
  const work = Promise.resolve(7);
  expect(inStage(undefined, "post", () => work)).toBe(work);
  expect(knowingItsCall(undefined)).toBeUndefined();
});
