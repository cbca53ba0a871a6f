import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { PostItem } from "../../src/connectors/contract.js";
import { bug, ProblemError, problem } from "../../src/model/problem.js";
import { openReadOnly } from "../../src/store/open.js";
import { Workplace } from "./workplace.js";

let place: Workplace;
beforeEach(() => {
  place = new Workplace();
  place.target.traits = { ...place.target.traits, batch: 1, concurrency: 3 };
  const effects = place.effects.bind(place);
  // As the program does: whoever lets go of the processor gets it back when everything that is ready has had its turn.
  place.effects = () => ({ ...effects(), sleep: () => new Promise((resolve) => setImmediate(resolve)) });
});
afterEach(() => {
  place.dispose();
});

function claims(...keys: string[]): void {
  place.export("a", ...keys.map((key) => `${key},1,好,,10.00,6601`));
}

/** Answers to the first `count` calls come together, after `meanwhile`; later calls are answered at once. */
function answerTogether(count: number, meanwhile: () => void = () => undefined): void {
  const post = place.target.post.bind(place.target);
  let asked = 0;
  let open = (): void => undefined;
  const gate = new Promise<void>((resolve) => {
    open = resolve;
  });
  place.target.post = async (items: readonly PostItem[]) => {
    const outcomes = await post(items);
    asked += 1;
    if (asked === count) {
      meanwhile();
      open();
    }
    await gate;
    return outcomes;
  };
}

/** How many times the store was written to, whatever was in it. */
function countWrites(): () => number {
  const transaction = place.store.transaction.bind(place.store);
  let depth = 0;
  let writes = 0;
  place.store.transaction = (work) => {
    if (depth === 0) writes += 1;
    depth += 1;
    try {
      return transaction(work);
    } finally {
      depth -= 1;
    }
  };
  return () => writes;
}

/** What another process sees: what is durable. */
function durable(sql: string): unknown[] {
  const { db, close } = openReadOnly(join(place.folder, "store.db"));
  try {
    return db.prepare(sql).pluck().all();
  } finally {
    close();
  }
}

const OUTCOMES =
  "SELECT d.key || ' ' || coalesce(a.outcome, 'open') FROM attempts a JOIN documents d ON d.id = a.document_id ORDER BY a.id";

describe("answers that come in one turn", () => {
  test("are written together", async () => {
    claims("A", "B", "C");
    const writes = countWrites();
    let before = 0;
    answerTogether(3, () => {
      before = writes();
    });
    let after = 0;
    await place.run({
      onProgress: ({ stage }) => {
        if (stage === "post") after = writes();
      },
    });
    expect(after - before).toBe(1);
    expect(durable(OUTCOMES)).toEqual(["A accepted", "B accepted", "C accepted"]);
  });

  test.each([
    ["each durable before the next document is sent in their place, where nothing can be looked up", false, 3],
    ["durable with the next notes at the latest, where lost ones are found by their keys", true, 3 + 16],
  ])("are %s", async (_name, searchable, most) => {
    place.target.traits = { ...place.target.traits, searchable };
    const keys = Array.from({ length: 60 }, (_, index) => `D${10 + index}`);
    claims(...keys);
    const post = place.target.post.bind(place.target);
    const wrong: string[] = [];
    let sent = 0;
    place.target.post = async (items: readonly PostItem[]) => {
      sent += 1;
      const outcomes = durable("SELECT coalesce(outcome, 'open') FROM attempts");
      const answered = outcomes.filter((outcome) => outcome === "accepted").length;
      const key = items[0]?.idempotencyKey ?? "";
      if (durable(`SELECT 1 FROM attempts WHERE idempotency_key = '${key}'`).length !== 1) wrong.push(`${key} was not noted`);
      if (answered < sent - most) wrong.push(`${key} is send ${sent}, and ${answered} outcomes are durable`);
      // Some come in the same turn, some later.
      for (let turns = sent % 3; turns > 0; turns -= 1) await new Promise((resolve) => setImmediate(resolve));
      return post(items);
    };
    expect((await place.run()).result).toMatchObject({ status: "done", counts: { posted: 60 } });
    expect(wrong).toEqual([]);
    expect(sent).toBe(60);
  });

  test("are not written when another run has taken the lease meanwhile, which then finds them", async () => {
    claims("A", "B", "C", "D");
    answerTogether(3, () => {
      const lease = place.store.leases.get("p");
      if (lease !== null) place.store.leases.put({ ...lease, owner: "another" });
    });
    const { result } = await place.run();
    expect(result.problems.map(({ code }) => code)).toEqual(["STORE_LEASE_LOST"]);
    expect(result.counts.posted).toBe(0);
    expect(durable(OUTCOMES)).toEqual(["A open", "B open", "C open", "D open"]);
    expect(place.target.sent()).toEqual(["post A", "post B", "post C"]);
    place.store.leases.release("p", "another");
    place.minutesPass(5);
    await place.run();
    place.minutesPass(5);
    expect((await place.run()).result.status).toBe("done");
    expect(place.target.entries.map(({ document }) => document.key)).toEqual(["A", "B", "C", "D"]);
  });

  test("are all in doubt when the store fails over one of them, and are found", async () => {
    claims("A", "B", "C");
    answerTogether(3);
    const add = place.store.postings.add.bind(place.store.postings);
    let added = 0;
    place.store.postings.add = (posting) => {
      add(posting);
      added += 1;
      if (added === 2) throw new ProblemError(problem("STORE_FAILED", "the disk is full"));
    };
    const { result } = await place.run();
    // What was undone is not counted either.
    expect(result).toMatchObject({ status: "failed", problems: [{ code: "STORE_FAILED" }], counts: { posted: 0 }, totals: [] });
    expect(durable(OUTCOMES)).toEqual(["A open", "B open", "C open"]);
    expect(durable("SELECT 1 FROM postings")).toEqual([]);
    expect((await place.run()).result).toMatchObject({ status: "done", counts: { posted: 0, confirmed: 3 } });
    expect(place.target.entries).toHaveLength(3);
  });

  test("are written also when a mistake of the program keeps one of them from it", async () => {
    claims("A", "B", "C");
    answerTogether(3);
    const add = place.store.postings.add.bind(place.store.postings);
    let added = 0;
    place.store.postings.add = (posting) => {
      add(posting);
      added += 1;
      if (added === 2) throw bug("it cannot count to two");
    };
    await expect(place.run()).rejects.toThrow("it cannot count to two");
    expect(durable(OUTCOMES)).toEqual(["A accepted", "B open", "C accepted"]);
    expect(durable("SELECT 1 FROM postings")).toHaveLength(2);
    expect((await place.run()).result).toMatchObject({ status: "done", counts: { posted: 0, confirmed: 1, kept: 2 } });
    expect(place.target.entries).toHaveLength(3);
  });

  test("may say busy for some: those are sent again, and the others are settled once", async () => {
    claims("A", "B", "C");
    const post = place.target.post.bind(place.target);
    const calls: string[] = [];
    place.target.post = async (items: readonly PostItem[]) => {
      const key = items[0]?.document.key ?? "";
      calls.push(key);
      if (key === "B" && calls.filter((each) => each === "B").length === 1)
        return [{ kind: "busy", problem: problem("TARGET_BUSY", "too many requests"), retryAfterMs: 0 }];
      return post(items);
    };
    answerTogether(3);
    expect((await place.run()).result).toMatchObject({ status: "done", counts: { posted: 3, waiting: 0 } });
    expect(calls).toEqual(["A", "B", "C", "B"]);
    expect(durable(OUTCOMES)).toEqual(["A accepted", "B accepted", "C accepted"]);
  });
});

test.each([
  ["at once where nothing can be looked up", { searchable: false }, 0, [0, 1, 2, 3]],
  ["together with others that come soon, where lost ones are found", { searchable: true }, 0, [0, 0, 0, 0]],
  ["with the first that comes a tenth of a second later", { searchable: true }, 100, [0, 0, 2, 2]],
])("where the target takes one call at a time, an answer is written %s", async (_name, traits, eachTakesMs, expected) => {
  place.target.traits = { ...place.target.traits, ...traits, concurrency: 1 };
  claims("A", "B", "C", "D");
  const post = place.target.post.bind(place.target);
  const seen: number[] = [];
  place.target.post = async (items: readonly PostItem[]) => {
    seen.push(durable("SELECT 1 FROM attempts WHERE outcome = 'accepted'").length);
    place.now = new Date(place.now.getTime() + eachTakesMs);
    return post(items);
  };
  await place.run();
  expect(seen).toEqual(expected);
  expect(durable(OUTCOMES)).toEqual(["A accepted", "B accepted", "C accepted", "D accepted"]);
});
