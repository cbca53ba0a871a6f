import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { Workplace } from "./workplace.js";

let place: Workplace;
beforeEach(() => {
  place = new Workplace();
});
afterEach(() => {
  place.dispose();
});

const posted = (): string[] => place.books().map((each) => each.slice(0, 1));

describe("when the pipeline says anew which documents are wanted", () => {
  test("what was read and not wanted is looked at again, though nothing came from the source", async () => {
    place.export("a", "A,1,好,,10.00,6601", "B,1,旧,,2.00,6601");
    await place.run();
    expect(posted()).toEqual(["A"]);
    place.when = '状态 in ["好", "旧"]';
    expect((await place.run()).result).toMatchObject({ status: "done", counts: { posted: 1 } });
    expect(posted()).toEqual(["A", "B"]);
  });

  test("a plan shows it, and a run that follows posts it", async () => {
    place.export("a", "A,1,旧,,10.00,6601");
    await place.run();
    place.when = "true";
    expect((await place.run({ kind: "plan" })).planned?.counts).toMatchObject({ create: 1 });
    expect(posted()).toEqual([]);
    await place.run();
    expect(posted()).toEqual(["A"]);
  });

  test("a lookup that the condition uses is a part of what it says", async () => {
    place.write("open.csv", "科目,offen\n6601,no\n6602,yes\n");
    place.extra = "lookups:\n  表: { csv: open.csv, key: 科目, missing: quarantine }";
    place.when = '表 [科目].offen == "yes"';
    place.export("a", "A,1,好,,10.00,6601", "B,1,好,,2.00,6602");
    await place.run();
    expect(posted()).toEqual(["B"]);
    place.write("open.csv", "科目,offen\n6601,yes\n6602,yes\n");
    await place.run();
    expect(posted()).toEqual(["A", "B"]);
  });

  test("what is posted stays as it is until its records change", async () => {
    place.export("a", "A,1,好,,10.00,6601", "B,1,旧,,2.00,6601");
    await place.run();
    place.when = '状态 == "旧"';
    expect((await place.run()).result.counts).toMatchObject({ posted: 1, reversed: 0 });
    expect(posted()).toEqual(["A", "B"]);
  });

  test("what a person dropped does not come back", async () => {
    place.export("a", "A,1,好,,10.00,nowhere");
    place.target.faults.set("A", ["rejected"]);
    await place.run();
    const [item] = place.store.quarantine.list(place.store.pipelineId("p"));
    place.store.quarantine.drop(item?.id ?? 0, "booked by hand");
    place.store.records.settle(place.store.records.documentId(place.store.pipelineId("p"), "A") as number);
    place.when = "true";
    await place.run();
    expect(posted()).toEqual([]);
  });

  test("a register that is asked for later learns what is booked elsewhere", async () => {
    place.export("a", "A,7,旧,,10.00,6601");
    await place.run();
    place.extra = "checks:\n  - { unique: 行, also when: '${状态 == \"旧\"}' }";
    await place.run();
    place.export("b", "B,7,好,,1.00,6601");
    await place.run();
    expect(place.waiting()).toEqual(["B DOCUMENT_NOT_UNIQUE"]);
  });

  test("nothing is looked at where it says the same", async () => {
    place.export("a", "A,1,旧,,10.00,6601");
    await place.run();
    expect((await place.run()).planned?.examined).toBe(0);
  });
});
