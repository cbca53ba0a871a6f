import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { ProblemError, problem } from "../../src/model/problem.js";
import type { SimEntry } from "./sim-target.js";
import { Workplace } from "./workplace.js";

let place: Workplace;
beforeEach(async () => {
  place = new Workplace();
  place.target.reads = true;
  place.export("a", "A,1,好,,10.00,6601", "B,1,好,,7.00,6601");
  await place.run();
  place.minutesPass(10);
});
afterEach(() => {
  place.dispose();
});

/** A person changes what stands in the target, or cancels it there. */
function edit(cents: bigint): void {
  const entry = place.target.entries[0] as SimEntry;
  entry.document = { ...entry.document, lines: entry.document.lines.map((line) => ({ ...line, amountMinor: cents })) };
}

function cancel(): void {
  const { document, key } = place.target.entries[0] as SimEntry;
  place.target.entries.push({ reference: "H-1", key: `${key}/by hand`, fingerprint: "", document, reverses: "S-1", step: 0 });
}

const message = (): string => place.store.quarantine.list(place.store.pipelineId("p"))[0]?.problem.message ?? "";
const audited = (): unknown[] =>
  place
    .auditRows()
    .filter(({ event }) => event === "found changed")
    .map(({ subject, detail }) => [
      subject,
      (JSON.parse(detail) as { found: string; decision: string }).found,
      (JSON.parse(detail) as { decision: string }).decision,
    ]);

describe("a document that somebody changed in the target", () => {
  test("is held when its source changes too, and says what was found there", async () => {
    edit(900n);
    place.export("b", "A,1,好,,12.00,6601", "B,1,好,,8.00,6601");
    const { result } = await place.run();
    expect(result).toMatchObject({ status: "waiting", counts: { replaced: 1, waiting: 1 } });
    expect(place.waiting()).toEqual(["A TARGET_EDITED"]);
    expect(message()).toContain("posted as S-1, and in the target it was changed there");
    expect(message()).toContain("without `debit 6601 10.00");
    expect(message()).toContain("with `debit 6601 9.00");
    // Put right in the target, it goes on by itself.
    edit(1000n);
    expect((await place.run()).result).toMatchObject({ status: "done", counts: { replaced: 1 } });
    expect(place.books()).toEqual(["A: 1200 6601, -1200 2241", "B: 800 6601, -800 2241"]);
  });

  test("stays as it is in the target with `keep target`, and that is written down", async () => {
    place.targetExtra = "  edited: keep target";
    edit(900n);
    place.export("b", "A,1,好,,12.00,6601");
    expect((await place.run()).result).toMatchObject({ status: "done", counts: { replaced: 0 } });
    expect(place.books()[0]).toBe("A: 900 6601, -900 2241");
    expect(audited()).toEqual([["A", "changed", "keep"]]);
  });

  test("is reversed and posted again with `reverse and repost`", async () => {
    place.targetExtra = "  edited: reverse and repost";
    edit(900n);
    place.export("b", "A,1,好,,12.00,6601");
    expect((await place.run()).result).toMatchObject({ status: "done", counts: { replaced: 1 } });
    expect(place.books()[0]).toBe("A: 1200 6601, -1200 2241");
    expect(audited()).toEqual([["A", "changed", "replace"]]);
  });

  test("is noticed without a change at the source only when all are verified", async () => {
    edit(900n);
    expect((await place.run()).result).toMatchObject({ status: "done", counts: { kept: 2 } });
    expect((await place.run({ verify: true })).result).toMatchObject({ status: "waiting", counts: { waiting: 1 } });
    expect(place.waiting()).toEqual(["A TARGET_EDITED"]);
    place.targetExtra = "  edited: reverse and repost";
    expect((await place.run({ verify: true })).result).toMatchObject({ status: "done", counts: { replaced: 1 } });
    expect(place.books()).toEqual(["A: 1000 6601, -1000 2241", "B: 700 6601, -700 2241"]);
    expect((await place.run({ verify: true })).result).toMatchObject({ status: "done", counts: { replaced: 0, kept: 2 } });
  });

  test("a reversal that the source asks for is held too", async () => {
    edit(900n);
    place.export("b", "A,1,废,,10.00,6601");
    expect((await place.run()).result).toMatchObject({ status: "waiting", counts: { reversed: 0 } });
    expect(place.waiting()).toEqual(["A TARGET_EDITED"]);
  });
});

describe("a document that somebody cancelled in the target", () => {
  test("is held, with the number that cancelled it", async () => {
    cancel();
    place.export("b", "A,1,好,,12.00,6601");
    expect((await place.run()).result.status).toBe("waiting");
    expect(message()).toBe("posted as S-1, and in the target it is no longer there (cancelled by H-1)");
  });

  test("and that the source no longer wants either: nothing is left to do, and nothing is cancelled twice", async () => {
    cancel();
    place.export("b", "A,1,废,,10.00,6601");
    expect((await place.run()).result).toMatchObject({ status: "done", counts: { reversed: 1, waiting: 0 } });
    expect(place.target.sent()).not.toContain("reverse A");
    expect(place.store.postings.history(place.store.pipelineId("p"), "A")).toMatchObject([{ endedAs: "gone", reversedBy: "H-1" }]);
  });

  test("is posted again under a new key with `reverse and repost`", async () => {
    place.targetExtra = "  edited: reverse and repost";
    cancel();
    place.export("b", "A,1,好,,12.00,6601");
    expect((await place.run()).result).toMatchObject({ status: "done", counts: { replaced: 1 } });
    expect(place.books()[0]).toBe("A: 1200 6601, -1200 2241");
    expect(place.target.entries.at(-1)?.key).toBe("p/A/2");
    expect(place.target.sent()).not.toContain("reverse A");
  });

  test("is left alone with `keep target`", async () => {
    place.targetExtra = "  edited: keep target";
    cancel();
    place.export("b", "A,1,好,,12.00,6601");
    expect((await place.run()).result.status).toBe("done");
    expect(place.books()).toEqual(["B: 700 6601, -700 2241"]);
  });
});

test("a document that was recovered without its content is not taken for a changed one, and gets its content back", async () => {
  place.target.lists = true;
  place.target.tellsContent = false;
  place.store.close();
  place.forgetStore();
  await place.run({ kind: "recover" });
  place.minutesPass(10);
  expect((await place.run({ verify: true })).result).toMatchObject({ status: "done", counts: { kept: 2, waiting: 0 } });
  edit(900n);
  expect((await place.run({ verify: true })).result).toMatchObject({ status: "waiting", counts: { waiting: 1 } });
  expect(message()).toContain("with `debit 6601 9.00");
});

describe("what the target shows a moment after posting", () => {
  test("is not believed before its quiet time has passed", async () => {
    place.targetExtra = "  edited: reverse and repost";
    place.export("b", "C,1,好,,3.00,6601");
    await place.run();
    // A read replica that lags: the voucher is booked and not yet shown.
    const [hidden] = place.target.entries.splice(2, 1);
    expect((await place.run({ verify: true })).result).toMatchObject({ status: "done", counts: { replaced: 0, posted: 0 } });
    place.target.entries.push(hidden as SimEntry);
    place.minutesPass(10);
    expect((await place.run({ verify: true })).result).toMatchObject({ status: "done", counts: { replaced: 0, posted: 0 } });
    expect(place.target.entries).toHaveLength(3);
  });

  test("seed 8647: an answer that was asked for in its quiet time is not believed because it came after it", async () => {
    place.export("b", "C,1,好,,3.00,6601");
    await place.run();
    place.export("c", "C,1,废,,3.00,6601");
    const read = place.target.read?.bind(place.target);
    place.target.read = async (postings) => {
      // It lags behind when it is asked, and the machine sleeps before the answer comes.
      const [hidden] = place.target.entries.splice(2, 1);
      const answer = (await read?.(postings)) ?? [];
      place.target.entries.push(hidden as SimEntry);
      place.minutesPass(10);
      return answer;
    };
    expect((await place.run()).result).toMatchObject({ status: "waiting", counts: { reversed: 0 } });
    if (read !== undefined) place.target.read = read;
    expect((await place.run()).result).toMatchObject({ status: "done", counts: { reversed: 1 } });
    expect(place.target.sent()).toContain("reverse C");
  });

  test("a target that cannot answer keeps the document waiting with its words, and the others go on", async () => {
    const read = place.target.read?.bind(place.target);
    place.target.traits = { ...place.target.traits, batch: 1 };
    place.target.read = async (postings) => {
      if (postings.some(({ documentKey }) => documentKey === "A"))
        throw new ProblemError(problem("TARGET_UNAVAILABLE", "the reading service is down"));
      return (await read?.(postings)) ?? [];
    };
    place.export("b", "A,1,好,,12.00,6601", "B,1,好,,8.00,6601");
    expect((await place.run()).result).toMatchObject({ status: "waiting", counts: { replaced: 1, waiting: 1 } });
    expect(message()).toBe("the reading service is down");
  });
});
