import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { Workplace } from "./workplace.js";

let place: Workplace;
beforeEach(() => {
  place = new Workplace();
  place.target.steps = ["save", "submit", "audit"];
});
afterEach(() => {
  place.dispose();
});

/** The log without questions. */
const sent = (): string[] => place.target.sent();
const stands = (): string[] => place.target.live().map(({ key, step }) => `${key} ${place.target.traits.steps?.[step] ?? "booked"}`);

describe("a target that books in steps", () => {
  test("is taken through all of them, and only then the document counts as posted", async () => {
    place.export("a", "A,1,好,,10.00,6601", "B,1,好,,7.00,6601");
    const { result } = await place.run();
    expect(result).toMatchObject({ status: "done", counts: { posted: 2, kept: 0, waiting: 0 } });
    expect(sent()).toEqual(["post A,B", "submit A", "submit B", "audit A", "audit B"]);
    expect(stands()).toEqual(["p/A/1 audit", "p/B/1 audit"]);
    expect((await place.run()).result.counts).toMatchObject({ posted: 0, kept: 2 });
    expect(sent()).toHaveLength(5);
  });

  test("a step that is refused keeps its document waiting there, and the next run goes on from there", async () => {
    place.export("a", "A,1,好,,10.00,6601", "B,1,好,,7.00,6601");
    place.target.faults.set("A/audit", ["rejected"]);
    const { result } = await place.run();
    expect(result).toMatchObject({ status: "waiting", counts: { posted: 1, waiting: 1, kept: 0 } });
    expect(result.totals.find(({ account }) => account === "6601")?.debitMinor).toBe(700n);
    expect(place.waiting()).toEqual(["A TARGET_REJECTED"]);
    expect(stands()).toEqual(["p/A/1 submit", "p/B/1 audit"]);
    const planned = (await place.run({ kind: "plan" })).planned;
    expect(planned?.counts).toMatchObject({ finish: 1, create: 0 });
    expect((await place.run()).result).toMatchObject({ status: "done", counts: { posted: 1, kept: 1, waiting: 0 } });
    expect(sent().slice(4)).toEqual(["audit A"]);
    expect(place.waiting()).toEqual([]);
  });

  test.each(["request lost", "answer lost"] as const)("%s on the way to a step: it is looked up, and taken once", async (fault) => {
    place.target.traits = { ...place.target.traits, quietMs: 0 };
    place.export("a", "A,1,好,,10.00,6601");
    place.target.faults.set("A/submit", [fault]);
    const { result } = await place.run();
    expect(result).toMatchObject({ status: "done", counts: { posted: 1, unconfirmed: 0 } });
    expect(stands()).toEqual(["p/A/1 audit"]);
    expect(sent().filter((line) => line === "submit A")).toHaveLength(1);
  });

  test("a step that was lost is taken again only when it can no longer arrive", async () => {
    place.target.traits = { ...place.target.traits, quietMs: 600_000 };
    place.export("a", "A,1,好,,10.00,6601");
    place.target.faults.set("A/audit", ["request lost"]);
    expect((await place.run()).result).toMatchObject({ status: "in-doubt", counts: { unconfirmed: 1, posted: 0 } });
    place.minutesPass(1);
    expect((await place.run()).result.status).toBe("in-doubt");
    expect(sent().filter((line) => line === "audit A")).toHaveLength(0);
    place.minutesPass(11);
    expect((await place.run()).result).toMatchObject({ status: "done", counts: { posted: 1 } });
    expect(stands()).toEqual(["p/A/1 audit"]);
  });

  test.each(["A", "A/submit", "A/audit"])("a crash after %s leaves a draft that is found and finished, not made again", async (at) => {
    place.export("a", "A,1,好,,10.00,6601");
    place.target.faults.set(at, ["crash after"]);
    await expect(place.run()).rejects.toThrow("power cut");
    place.store.close();
    place.store = place.openStore();
    place.minutesPass(5);
    const { result } = await place.run();
    expect(result.status).toBe("done");
    expect(result.counts.posted + result.counts.confirmed).toBe(1);
    expect(stands()).toEqual(["p/A/1 audit"]);
    expect(place.target.entries).toHaveLength(1);
  });

  test("a document that is posted and then voided while a draft is deleted, and leaves nothing", async () => {
    place.export("a", "A,1,好,,10.00,6601");
    place.target.faults.set("A/audit", ["rejected"]);
    await place.run();
    place.export("b", "A,1,废,,10.00,6601");
    place.minutesPass(5);
    expect((await place.run()).result).toMatchObject({ status: "done", counts: { reversed: 1 } });
    expect(place.target.entries).toEqual([]);
    const answered = place.auditRows().filter(({ event }) => event === "attempt answered");
    const told = answered.map(({ detail }) => JSON.parse(detail) as { act: string; step?: string });
    expect(told.map(({ act, step }) => [act, step].join(" "))).toEqual(["post ", "post submit", "post audit", "reverse "]);
    expect(place.store.postings.history(place.store.pipelineId("p"), "A")).toMatchObject([{ version: 1, endedAs: "deleted" }]);
    place.export("c", "A,1,好,,11.00,6601");
    await place.run();
    expect(stands()).toEqual(["p/A/2 audit"]);
  });

  test("the answer to a deletion is lost: the draft that is not there any more was deleted, and nothing is deleted twice", async () => {
    place.export("a", "A,1,好,,10.00,6601");
    place.target.faults.set("A/audit", ["rejected"]);
    await place.run();
    place.minutesPass(5);
    place.export("b", "A,1,废,,10.00,6601");
    place.target.faults.set("A", ["answer lost"]);
    await place.run();
    place.minutesPass(5);
    expect((await place.run()).result).toMatchObject({ status: "done" });
    expect(place.target.entries).toEqual([]);
    expect(sent().filter((line) => line === "reverse A")).toHaveLength(1);
  });

  test("a draft that changed at the source is deleted and made anew where the target cannot change it", async () => {
    place.export("a", "A,1,好,,10.00,6601");
    place.target.faults.set("A/submit", ["rejected"]);
    await place.run();
    place.minutesPass(5);
    place.export("b", "A,1,好,,12.00,6601");
    expect((await place.run()).result).toMatchObject({ status: "done", counts: { replaced: 1 } });
    expect(stands()).toEqual(["p/A/2 audit"]);
    expect(place.books()).toEqual(["A: 1200 6601, -1200 2241"]);
    expect(place.target.entries).toHaveLength(1);
  });

  test("a draft that somebody deleted in the target is held, and not made again without being told to", async () => {
    place.export("a", "A,1,好,,10.00,6601");
    place.target.faults.set("A/audit", ["rejected"]);
    await place.run();
    place.target.entries.splice(0);
    place.minutesPass(5);
    expect((await place.run()).result.status).toBe("waiting");
    expect(place.waiting()).toEqual(["A TARGET_EDITED"]);
    place.targetExtra = "  edited: reverse and repost";
    expect((await place.run()).result).toMatchObject({ status: "done" });
    expect(stands()).toEqual(["p/A/2 audit"]);
  });

  test("a step that a person took by hand is not taken again", async () => {
    place.export("a", "A,1,好,,10.00,6601");
    place.target.faults.set("A/submit", ["rejected"]);
    await place.run();
    (place.target.entries[0] as { step: number }).step = 2;
    place.minutesPass(5);
    expect((await place.run()).result).toMatchObject({ status: "done", counts: { posted: 1 } });
    expect(stands()).toEqual(["p/A/1 audit"]);
  });

  test("a person's word settles a step where the target cannot be searched", async () => {
    place.target.traits = { ...place.target.traits, searchable: false };
    place.export("a", "A,1,好,,10.00,6601");
    place.target.faults.set("A/audit", ["answer lost"]);
    expect((await place.run()).result.status).toBe("in-doubt");
    const { resolveAttempt } = await import("../../src/run/resolve.js");
    const answer = { pipeline: { name: "p" }, runId: 1, store: place.store, effects: place.effects() };
    resolveAttempt(answer, place.store.pipelineId("p"), { documentKey: "A", posted: "S-1", reason: "seen", quietMs: 60_000 });
    expect((await place.run()).result).toMatchObject({ status: "done", counts: { kept: 1 } });
    expect(sent().filter((line) => line === "audit A")).toHaveLength(1);
  });
});

describe("drafts that the target can change", () => {
  beforeEach(() => {
    place.target.updates = true;
    place.target.lists = true;
  });

  test("are changed where they stand, under the key of the new version", async () => {
    place.export("a", "A,1,好,,10.00,6601");
    place.target.faults.set("A/audit", ["rejected"]);
    await place.run();
    place.minutesPass(5);
    place.export("b", "A,1,好,,12.00,6601");
    expect((await place.run({ kind: "plan" })).planned?.counts).toMatchObject({ update: 1 });
    expect((await place.run()).result).toMatchObject({ status: "done", counts: { replaced: 1, posted: 0 } });
    expect(place.target.entries).toHaveLength(1);
    expect(stands()).toEqual(["p/A/2 audit"]);
    expect(place.books()).toEqual(["A: 1200 6601, -1200 2241"]);
    expect(place.store.postings.history(place.store.pipelineId("p"), "A")).toMatchObject([
      { endedAs: "updated" },
      { endedAs: null, step: null },
    ]);
  });

  test.each(["request lost", "answer lost", "crash after", "crash before"] as const)(
    "%s on the way to a change: one document, with the last content",
    async (fault) => {
      place.export("a", "A,1,好,,10.00,6601");
      place.target.faults.set("A/audit", ["rejected"]);
      await place.run();
      place.minutesPass(5);
      place.export("b", "A,1,好,,12.00,6601");
      place.target.faults.set("A", [fault]);
      await place.run().catch(() => undefined);
      place.minutesPass(5);
      await place.run();
      place.minutesPass(5);
      expect((await place.run()).result.status).toBe("done");
      expect(place.target.entries).toHaveLength(1);
      expect(place.books()).toEqual(["A: 1200 6601, -1200 2241"]);
      expect(stands()).toEqual(["p/A/2 audit"]);
    },
  );

  test("what is booked is not changed: `update draft` holds it", async () => {
    place.targetExtra = "  changed: update draft";
    place.export("a", "A,1,好,,10.00,6601");
    await place.run();
    place.minutesPass(5);
    place.export("b", "A,1,好,,12.00,6601");
    expect((await place.run()).result).toMatchObject({ status: "waiting", counts: { replaced: 0 } });
    expect(place.waiting()).toEqual(["A TARGET_CHANGED_HELD"]);
    expect(stands()).toEqual(["p/A/1 audit"]);
  });

  test("after a lost store, the changed draft is found under its last key, and posted once", async () => {
    place.export("a", "A,1,好,,10.00,6601");
    place.target.faults.set("A/audit", ["rejected", "rejected"]);
    await place.run();
    place.minutesPass(5);
    place.export("b", "A,1,好,,12.00,6601");
    await place.run();
    place.store.close();
    place.forgetStore();
    expect((await place.run()).result.problems.map(({ code }) => code)).toEqual(["STORE_BEHIND"]);
    await place.run({ kind: "recover" });
    place.minutesPass(5);
    expect((await place.run()).result.status).toBe("done");
    expect(place.target.entries).toHaveLength(1);
    expect(stands()).toEqual(["p/A/2 audit"]);
  });

  test("a pipeline that asks for drafts to be changed is refused by a target that has none", async () => {
    place.dispose();
    place = new Workplace();
    place.targetExtra = "  changed: update draft";
    place.export("a", "A,1,好,,10.00,6601");
    const { result } = await place.run();
    expect(result.problems.map(({ code }) => code)).toEqual(["CONFIG_WRONG_VALUE"]);
    expect(place.target.log).toEqual([]);
  });
});
