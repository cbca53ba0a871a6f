import { randomUUID } from "node:crypto";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { SENDING_KINDS } from "../../src/model/plan.js";
import { type Essence, essenceOf } from "../../src/model/plan-file.js";
import type { AllowedPlan } from "../../src/run/allowed.js";
import { Workplace } from "./workplace.js";

let place: Workplace;
beforeEach(() => {
  place = new Workplace();
});
afterEach(() => place.dispose());

/** Plans what a run would do now, and gives what a file of it would allow. */
async function planned(): Promise<AllowedPlan> {
  const { planned: plan, result } = await place.run({ kind: "plan" });
  if (plan === null) throw new Error("nothing was planned");
  const list = place.store.newApproved();
  for (const batch of plan.changes.inOrder(SENDING_KINDS, 100)) for (const { change } of batch) list.add(essenceOf(change));
  const id = randomUUID();
  const made = { file: "p.plan", sends: plan.sends, madeAt: result.endedAt, madeBy: "test", madeIn: result.id };
  place.store.plans.add(place.store.pipelineId("p"), { id, hash: "h", ...made });
  return { id, list };
}

/** The mark that something was met belongs to one application; a later one reads the file again. */
function again({ id }: AllowedPlan, essences: readonly Essence[]): AllowedPlan {
  const list = place.store.newApproved();
  for (const essence of essences) list.add(essence);
  return { id, list };
}

describe("a plan that is applied", () => {
  test("sends what it has and nothing else, also when more came meanwhile", async () => {
    place.export("1", "A,1,好,,10,6601", "B,1,好,,20,6601");
    const allowed = await planned();
    place.export("2", "B,1,好,,21,6601", "C,1,好,,30,6601");
    const { result, leftOut } = await place.run({ allowed });
    expect(place.books()).toEqual(["A: 1000 6601, -1000 2241"]);
    expect(leftOut).toEqual([{ key: "B", change: "create", why: "it changed since the plan was made, at the source or in the target" }]);
    expect(result).toMatchObject({ status: "waiting", counts: { posted: 1, toApprove: 2 } });
    expect(place.store.plans.get(allowed.id)).toMatchObject({ appliedIn: result.id });
  });

  test("sends a document again whose answer was lost", async () => {
    place.export("1", "A,1,好,,10,6601", "B,1,好,,20,6601");
    place.target.faults.set("A", ["request lost"]);
    place.target.traits = { ...place.target.traits, quietMs: 0 };
    const { result, leftOut } = await place.run({ allowed: await planned() });
    expect(place.books()).toEqual(["A: 1000 6601, -1000 2241", "B: 2000 6601, -2000 2241"]);
    expect(leftOut).toEqual([]);
    expect(result.status).toBe("done");
  });

  test("goes on where it was broken off between a reversal and the posting that takes its place", async () => {
    place.export("1", "A,1,好,,10,6601");
    await place.run();
    place.export("2", "A,1,好,,12,6601");
    const allowed = await planned();
    const essences = await changesOf();
    // The reversal is made, and then the program dies.
    const filled = (): AllowedPlan => again(allowed, essences);
    const post = place.target.post.bind(place.target);
    place.target.post = async () => {
      throw new Error("the machine fails");
    };
    await expect(place.run({ allowed: filled() })).rejects.toThrow("the machine fails");
    expect(place.books()).toEqual([]);
    place.target.post = post;
    // The answer is in doubt at first, and the plan is not through.
    const doubtful = await place.run({ allowed: filled() });
    expect(doubtful.result.status).toBe("in-doubt");
    expect(place.store.plans.get(allowed.id)?.appliedIn).toBeNull();
    place.now = new Date(place.now.getTime() + 120_000);
    const { leftOut, result } = await place.run({ allowed: filled() });
    expect(place.books()).toEqual(["A: 1200 6601, -1200 2241"]);
    expect(leftOut).toEqual([]);
    expect(result.counts.toApprove).toBe(0);
  });

  test("takes what it saved through the steps that are left, and no other draft", async () => {
    place.target.steps = ["save", "audit"];
    place.export("1", "A,1,好,,10,6601");
    place.target.faults.set("A/audit", ["rejected"]);
    const allowed = await planned();
    const essences = await changesOf();
    await place.run({ allowed: again(allowed, essences) });
    expect(place.store.quarantine.countWaiting(place.store.pipelineId("p"))).toMatchObject({ waiting: 1 });
    // A plan of something else does not finish it; the one that saved it does.
    place.export("2", "B,1,好,,20,6601");
    const other = await place.run({ allowed: again(await planned(), []) });
    expect(other.result.counts).toMatchObject({ posted: 0, toApprove: 2 });
  });
});

describe("a pipeline that asks for approval", () => {
  beforeEach(() => {
    place.write(
      "sync.yaml",
      "store: store.db\ntimeZone: Asia/Shanghai\nconnections:\n  there: { connector: sim }\napprovers: { li.na: {} }\n",
    );
    place.extra = "approval: { by: [li.na] }";
  });

  test.each(["run", "retry"] as const)("sends nothing in a %s", async (kind) => {
    place.export("1", "A,1,好,,10,6601", "B,1,坏的,,20,6601");
    await place.run({ kind: "plan" });
    const { result, planned: plan } = await place.run({ kind });
    expect(place.books()).toEqual([]);
    expect(result).toMatchObject({ status: "waiting", counts: { posted: 0, toApprove: 1 } });
    expect(plan?.sends).toBe(1);
  });

  test("reads on all the same, and what was read before waits for the next plan", async () => {
    place.export("1", "A,1,好,,10,6601");
    await place.run();
    place.export("2", "B,1,好,,20,6601");
    const { result } = await place.run();
    expect(result.counts).toMatchObject({ unitsKnown: 1, read: 1, toApprove: 2 });
    const { result: applied } = await place.run({ allowed: await planned() });
    expect(applied.counts).toMatchObject({ posted: 2, toApprove: 0 });
  });
});

async function changesOf(): Promise<readonly Essence[]> {
  const { planned: plan } = await place.run({ kind: "plan" });
  return plan === null
    ? []
    : [...plan.changes.inOrder(SENDING_KINDS, 100)].flatMap((batch) => batch.map(({ change }) => essenceOf(change)));
}
