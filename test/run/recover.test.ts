import { copyFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { resolveAttempt } from "../../src/run/resolve.js";
import { Workplace } from "./workplace.js";

let place: Workplace;
beforeEach(() => {
  place = new Workplace();
});
afterEach(() => {
  place.dispose();
});

/** The store is gone; everything else is as it was. */
function loseStore(): void {
  place.store.close();
  for (const end of ["", "-wal", "-shm"]) rmSync(join(place.folder, `store.db${end}`), { force: true });
  place.store = place.openStore();
}

async function postTwoVersions(): Promise<void> {
  place.export("a", "A,1,好,,10.00,6601", "B,1,好,,1.00,6601", "C,1,好,,3.00,6601");
  await place.run();
  place.export("b", "A,1,好,,12.00,6601", "C,1,废,,3.00,6601");
  await place.run();
}

const AFTER = ["A: 1200 6601, -1200 2241", "B: 100 6601, -100 2241"];

describe.each(["lists its postings", "can only be asked by key"])("a target that %s", (kind) => {
  beforeEach(() => {
    place.target.lists = kind === "lists its postings";
  });

  test("a lost store is noticed before anything is sent, and rebuilt", async () => {
    await postTwoVersions();
    const sent = place.target.entries.length;
    loseStore();
    const refused = await place.run();
    expect(refused.result.status).toBe("failed");
    expect(refused.result.problems.map((each) => each.code)).toEqual(["STORE_BEHIND"]);
    expect(place.target.entries).toHaveLength(sent);
    const { result } = await place.run({ kind: "recover" });
    expect(result.counts.recovered).toBe(6);
    const after = await place.run();
    expect(after.result).toMatchObject({ status: "done", counts: { posted: 0, replaced: 0, reversed: 0 } });
    expect(place.books()).toEqual(AFTER);
    expect(place.target.entries).toHaveLength(sent);
  });

  test("a store restored from a copy is noticed, and brought up to date", async () => {
    place.export("a", "A,1,好,,10.00,6601", "B,1,好,,1.00,6601", "C,1,好,,3.00,6601");
    await place.run();
    place.store.close();
    copyFileSync(join(place.folder, "store.db"), join(place.folder, "copy.db"));
    place.store = place.openStore();
    place.export("b", "A,1,好,,12.00,6601", "C,1,废,,3.00,6601");
    await place.run();
    loseStore();
    place.store.close();
    copyFileSync(join(place.folder, "copy.db"), join(place.folder, "store.db"));
    place.store = place.openStore();
    const sent = place.target.entries.length;
    expect((await place.run()).result.problems.map((each) => each.code)).toEqual(["STORE_BEHIND"]);
    await place.run({ kind: "recover" });
    expect((await place.run()).result.status).toBe("done");
    expect(place.books()).toEqual(AFTER);
    expect(place.target.entries).toHaveLength(sent);
  });
});

test("what was found in the target and is not delivered by the source any more is left alone", async () => {
  place.target.lists = true;
  await postTwoVersions();
  loseStore();
  rmSync(join(place.folder, "exports"), { recursive: true });
  place.export("z", "Z,1,好,,5.00,6601");
  await place.run({ kind: "recover" });
  await place.run();
  expect(place.books()).toEqual([...AFTER, "Z: 500 6601, -500 2241"]);
});

describe("a target that cannot be searched", () => {
  beforeEach(async () => {
    place.target.traits = { ...place.target.traits, searchable: false };
    place.export("a", "A,1,好,,10.00,6601", "B,1,好,,1.00,6601");
    place.target.faults.set("A", ["answer lost"]);
    place.target.faults.set("B", ["request lost"]);
    expect((await place.run()).result.status).toBe("in-doubt");
  });

  const answer = (documentKey: string, posted: string | null): void => {
    const effects = { ...place.effects(), now: () => place.now };
    resolveAttempt({ pipeline: { name: "p" }, runId: 1, store: place.store, effects }, place.store.pipelineId("p"), {
      documentKey,
      posted,
      reason: "looked",
      quietMs: 60_000,
    });
  };

  test("leaves an unconfirmed document to a person, however much time passes", async () => {
    expect(() => answer("B", null)).toThrow("may still arrive");
    place.minutesPass(10_000);
    expect((await place.run()).result).toMatchObject({ status: "in-doubt", counts: { unconfirmed: 2, posted: 0 } });
    answer("A", "S-1");
    answer("B", null);
    expect((await place.run()).result).toMatchObject({ status: "done", counts: { posted: 1, kept: 1, unconfirmed: 0 } });
    expect(place.books()).toEqual(["A: 1000 6601, -1000 2241", "B: 100 6601, -100 2241"]);
    expect(() => answer("A", null)).toThrow("nothing is in doubt");
  });
});

describe("a target that holds something else under our key", () => {
  beforeEach(async () => {
    place.target.traits = { ...place.target.traits, deduplicates: true };
    place.export("a", "A,1,好,,10.00,6601");
    const other = { ...place.sampleDocument(), key: "A", text: "somebody else's" };
    place.target.entries.push({ reference: "S-9", key: "p/A/1", fingerprint: "other", document: other, reverses: null, step: 0 });
    expect((await place.run()).result).toMatchObject({ status: "waiting", counts: { posted: 0, waiting: 1 } });
    expect(place.waiting()).toEqual(["A TARGET_CONFLICT"]);
  });

  const decide = (posted: string | null): void => {
    const context = { pipeline: { name: "p" }, runId: 1, store: place.store, effects: place.effects() };
    resolveAttempt(context, place.store.pipelineId("p"), { documentKey: "A", posted, reason: "compared", quietMs: 0 });
  };

  test("gets nothing more for that document until a person decides", async () => {
    await place.run();
    await place.run();
    expect(place.target.entries).toHaveLength(1);
    expect(place.waiting()).toEqual(["A TARGET_CONFLICT"]);
  });

  test("and the person says that it is ours", async () => {
    decide("S-9");
    expect((await place.run()).result).toMatchObject({ status: "done", counts: { posted: 0, kept: 1 } });
    expect(place.target.entries).toHaveLength(1);
  });

  test("or that it is not, and ours goes out under its next key", async () => {
    decide(null);
    expect((await place.run()).result).toMatchObject({ status: "done", counts: { posted: 1 } });
    expect(place.target.entries.map((entry) => entry.key)).toEqual(["p/A/1", "p/A/2"]);
  });
});

describe("a target that does not tell with what content it holds a document", () => {
  beforeEach(async () => {
    place.target.echoes = false;
    place.export("a", "A,1,好,,10.00,6601", "B,1,好,,1.00,6601");
    await place.run();
    loseStore();
    place.export("b", "A,1,好,,12.00,6601");
    await place.run();
  });

  test("leaves recovered documents on the list: old amounts must not pass for new ones", async () => {
    await place.run({ kind: "recover" });
    expect((await place.run()).result).toMatchObject({ status: "waiting", counts: { posted: 0, replaced: 0, waiting: 2 } });
    expect(place.waiting()).toEqual(["A TARGET_CONTENT_UNKNOWN", "B TARGET_CONTENT_UNKNOWN"]);
    expect(place.target.live()).toHaveLength(2);
  });

  test("until a person says that they are as they are wanted", async () => {
    await place.run({ kind: "recover" });
    await place.run({ kind: "recover", asWanted: true });
    expect((await place.run()).result).toMatchObject({ status: "done", counts: { posted: 0, replaced: 0, kept: 2 } });
    place.export("c", "A,1,好,,13.00,6601");
    expect((await place.run()).result.counts.replaced).toBe(1);
  });
});
