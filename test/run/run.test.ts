import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { ProblemError } from "../../src/model/problem.js";
import { Workplace } from "./workplace.js";

let place: Workplace;
beforeEach(() => {
  place = new Workplace();
});
afterEach(() => {
  place.dispose();
});

describe("a run", () => {
  test("posts what is new, and the next run posts nothing", async () => {
    place.export("a", "A,1,好,,10.00,6601", "A,2,好,,5.50,6602", "B,1,好,,7.00,6601");
    const first = await place.run();
    expect(first.result).toMatchObject({ status: "done", counts: { read: 3, changed: 3, posted: 2, kept: 0, waiting: 0 } });
    expect(place.books()).toEqual(["A: 1000 6601, 550 6602, -1550 2241", "B: 700 6601, -700 2241"]);
    const second = await place.run();
    expect(second.result.counts).toMatchObject({ read: 0, unitsKnown: 1, posted: 0, kept: 2 });
    expect(place.target.entries).toHaveLength(2);
  });

  test("a plan sends nothing, and the run after it posts what the plan showed", async () => {
    place.export("a", "A,1,好,,10.00,6601");
    const { planned } = await place.run({ kind: "plan" });
    expect(planned?.counts).toMatchObject({ create: 1 });
    expect(place.target.log).toEqual([]);
    expect((await place.run()).result.counts.posted).toBe(1);
  });

  test("a changed document is reversed first and then posted again", async () => {
    place.export("a", "A,1,好,,10.00,6601");
    await place.run();
    place.export("b", "A,1,好,,12.00,6601");
    const { result } = await place.run();
    expect(result.counts).toMatchObject({ posted: 0, replaced: 1, kept: 0 });
    expect(place.target.sent().slice(1)).toEqual(["reverse A", "post A"]);
    expect(place.books()).toEqual(["A: 1200 6601, -1200 2241"]);
    expect(place.target.entries.map((entry) => entry.key)).toEqual(["p/A/1", "p/A/1/reversal", "p/A/2"]);
  });

  test("a reversal that is refused keeps the new version from being posted", async () => {
    place.export("a", "A,1,好,,10.00,6601");
    await place.run();
    place.export("b", "A,1,好,,12.00,6601");
    place.target.faults.set("A", ["rejected"]);
    expect((await place.run()).result).toMatchObject({ status: "waiting", counts: { replaced: 0, waiting: 1 } });
    expect(place.books()).toEqual(["A: 1000 6601, -1000 2241"]);
    await place.run();
    expect(place.books()).toEqual(["A: 1200 6601, -1200 2241"]);
    expect(place.waiting()).toEqual([]);
  });

  test("a document that is no longer wanted is reversed", async () => {
    place.export("a", "A,1,好,,10.00,6601");
    await place.run();
    place.export("b", "A,1,废,,10.00,6601");
    expect((await place.run()).result.counts).toMatchObject({ reversed: 1 });
    expect(place.books()).toEqual([]);
    place.export("c", "A,1,好,,10.00,6601");
    await place.run();
    expect(place.books()).toEqual(["A: 1000 6601, -1000 2241"]);
    expect(place.target.entries.at(-1)?.key).toBe("p/A/2");
  });

  test("policies can hold instead", async () => {
    place.targetExtra = "  changed: hold\n  gone: hold";
    place.export("a", "A,1,好,,10.00,6601", "B,1,好,,1.00,6601");
    await place.run();
    place.export("b", "A,1,好,,12.00,6601", "B,1,废,,1.00,6601");
    expect((await place.run()).result).toMatchObject({ status: "waiting", counts: { waiting: 2, replaced: 0, reversed: 0 } });
    expect(place.waiting()).toEqual(["A TARGET_CHANGED_HELD", "B TARGET_CHANGED_HELD"]);
  });
});

describe("a document is built from all of its records", () => {
  test("in whatever order and in however many files they come", async () => {
    place.export("a", "A,2,好,,5.00,6602", "B,1,好,,1.00,6601");
    place.export("b", "A,10,好,,3.00,6603", "A,1,好,,10.00,6601");
    await place.run();
    expect(place.books()).toEqual(["A: 1000 6601, 500 6602, 300 6603, -1800 2241", "B: 100 6601, -100 2241"]);
  });

  test("a record that comes in a later run completes it", async () => {
    place.export("a", "A,1,好,,10.00,6601");
    await place.run();
    place.export("b", "A,2,好,,5.00,6602");
    expect((await place.run()).result.counts).toMatchObject({ replaced: 1 });
    expect(place.books()).toEqual(["A: 1000 6601, 500 6602, -1500 2241"]);
  });

  test("a delivery of whole documents takes away what is gone", async () => {
    place.source.delivers = "documents";
    place.export("a", "A,1,好,,10.00,6601", "A,2,好,,5.00,6602", "B,1,好,,1.00,6601");
    await place.run();
    place.export("b", "A,1,好,,10.00,6601");
    expect((await place.run()).result.counts).toMatchObject({ replaced: 1, kept: 1 });
    expect(place.books()).toEqual(["A: 1000 6601, -1000 2241", "B: 100 6601, -100 2241"]);
  });

  test("an older delivery that is read late changes nothing", async () => {
    place.source.cursor = "cursor: { field: 更新 }";
    place.source.delivers = "documents";
    place.export("a", "A,1,好,2026-11-02 08:00:00,12.00,6601", "A,2,好,2026-11-02 08:00:00,3.00,6601");
    await place.run();
    place.export("b", "A,1,好,2026-11-01 08:00:00,10.00,6601");
    const { result } = await place.run();
    expect(result.counts).toMatchObject({ replaced: 0, kept: 1 });
    expect(place.books()).toEqual(["A: 1200 6601, 300 6601, -1500 2241"]);
    expect(result.watermark).toBe("2026-11-02T00:00:00.000Z");
  });

  test("a bad record keeps its document waiting, and the others go on", async () => {
    place.export("a", "A,1,好,,10.00,6601", "A,2,好,,zehn,6602", "B,1,好,,1.00,6601");
    expect((await place.run()).result).toMatchObject({ status: "waiting", counts: { posted: 1, waiting: 1, quarantinedRecords: 1 } });
    expect(place.waiting()).toEqual(["A DOCUMENT_BAD_RECORD"]);
    expect(place.books()).toEqual(["B: 100 6601, -100 2241"]);
    place.export("b", "A,2,好,,5.00,6602");
    expect((await place.run()).result).toMatchObject({ status: "done", counts: { posted: 1, waiting: 0 } });
    expect(place.books()).toEqual(["A: 1000 6601, 500 6602, -1500 2241", "B: 100 6601, -100 2241"]);
  });

  test("a row that cannot even be split still blocks the document whose key stands in it", async () => {
    place.export("a", "A,1,好,,10.00,6601", "A,2,好,,5.00,6602,one,too,many", "B,1,好,,1.00,6601");
    await place.run();
    expect(place.books()).toEqual(["B: 100 6601, -100 2241"]);
    place.export("a", "A,1,好,,10.00,6601", "A,2,好,,5.00,6602", "B,1,好,,1.00,6601");
    await place.run();
    expect(place.waiting()).toEqual([]);
    expect(place.books()).toEqual(["A: 1000 6601, 500 6602, -1500 2241", "B: 100 6601, -100 2241"]);
  });

  test("two different records with one key in one file are not guessed about", async () => {
    place.export("a", "A,1,好,,10.00,6601", "A,1,好,,11.00,6601");
    await place.run();
    expect(place.waiting()).toEqual(["A DOCUMENT_BAD_RECORD"]);
    expect(place.books()).toEqual([]);
  });

  test("an identical row is counted once where records have keys, and twice where each row is its own", async () => {
    place.export("a", "A,1,好,,10.00,6601", "A,1,好,,10.00,6601");
    await place.run();
    expect(place.books()).toEqual(["A: 1000 6601, -1000 2241"]);
    const rows = new Workplace();
    rows.source.key = "";
    rows.export("a", "A,1,好,,10.00,6601", "A,1,好,,10.00,6601");
    await rows.run();
    expect(rows.books()).toEqual(["A: 1000 6601, 1000 6601, -2000 2241"]);
    rows.dispose();
  });

  test("its records must agree whether it is wanted", async () => {
    place.export("a", "A,1,好,,10.00,6601", "A,2,废,,5.00,6602");
    await place.run();
    expect(place.waiting()).toEqual(["A MAP_DISAGREE"]);
  });
});

describe("an answer that never came", () => {
  test("is looked for in the same run, and found", async () => {
    place.export("a", "A,1,好,,10.00,6601");
    place.target.faults.set("A", ["answer lost"]);
    const { result } = await place.run();
    expect(result).toMatchObject({ status: "done", counts: { posted: 0, confirmed: 1, kept: 0, unconfirmed: 0, waiting: 0 } });
    expect(place.target.log).toEqual(["lookup p/A/1", "post A", "lookup p/A/1"]);
    expect((await place.run()).result.counts).toMatchObject({ posted: 0, kept: 1 });
    expect(place.target.entries).toHaveLength(1);
  });

  test("is looked up before anything else is sent", async () => {
    place.target.traits = { ...place.target.traits, quietMs: 10 * 60_000 };
    place.export("a", "A,1,好,,10.00,6601");
    place.target.faults.set("A", ["crash after"]);
    await expect(place.run()).rejects.toThrow("power cut");
    place.export("b", "A,1,好,,12.00,6601");
    await place.run();
    expect(place.target.log.slice(0, 5)).toEqual(["lookup p/A/1", "post A", "lookup p/A/1", "lookup p/A/1/reversal", "reverse A"]);
    expect(place.books()).toEqual(["A: 1200 6601, -1200 2241"]);
  });

  test("is not sent again before the target's quiet time has passed", async () => {
    place.target.traits = { ...place.target.traits, quietMs: 10 * 60_000 };
    place.export("a", "A,1,好,,10.00,6601");
    place.target.faults.set("A", ["request lost"]);
    await place.run();
    place.minutesPass(5);
    expect((await place.run()).result).toMatchObject({ status: "in-doubt" });
    expect(place.target.entries).toHaveLength(0);
    place.minutesPass(6);
    expect((await place.run()).result).toMatchObject({ status: "done", counts: { posted: 1 } });
    expect(place.target.entries.map((entry) => entry.key)).toEqual(["p/A/1"]);
  });

  test.each(["crash before", "crash after"] as const)("because the program died (%s) books the document once", async (fault) => {
    place.export("a", "A,1,好,,10.00,6601", "B,1,好,,1.00,6601");
    place.target.faults.set("B", [fault]);
    await expect(place.run()).rejects.toThrow("power cut");
    place.store.close();
    place.store = place.openStore();
    place.minutesPass(5);
    await place.run();
    place.minutesPass(5);
    await place.run();
    expect(place.books()).toEqual(["A: 1000 6601, -1000 2241", "B: 100 6601, -100 2241"]);
    expect(place.target.entries).toHaveLength(2);
  });

  test("to a reversal keeps the new version back until it is known", async () => {
    place.export("a", "A,1,好,,10.00,6601");
    await place.run();
    place.export("b", "A,1,好,,12.00,6601");
    place.target.faults.set("A", ["answer lost"]);
    expect((await place.run()).result.status).toBe("done");
    expect(place.target.log.slice(-4)).toEqual(["reverse A", "lookup p/A/1/reversal", "lookup p/A/2", "post A"]);
    expect(place.books()).toEqual(["A: 1200 6601, -1200 2241"]);
    expect(place.target.entries).toHaveLength(3);
  });
});

describe("what waits", () => {
  test("may be a row that looks like the beginning of JSON, and is none", async () => {
    place.export(
      "a",
      "A,1,好,,10.00,6601",
      "{A,2,好,,10.00,6603,too,many",
      '{"单据编号": 1},2,好,,10.00,6603,too,many',
      "{},1,1,1,1,1,1,1",
    );
    expect((await place.run()).result).toMatchObject({ status: "waiting", counts: { posted: 1, waiting: 3 } });
    expect((await place.run({ kind: "retry" })).result).toMatchObject({ status: "waiting", counts: { posted: 0, waiting: 3 } });
  });

  test("is tried again with every run, and can be dropped with a reason until it changes", async () => {
    place.export("a", "A,1,好,,10.00,6601");
    place.target.faults.set("A", ["rejected", "rejected"]);
    await place.run();
    await place.run();
    const id = place.store.pipelineId("p");
    const [item] = place.store.quarantine.list(id);
    expect(item).toMatchObject({ key: "A", tries: 2, problem: { message: "the simulated target says no" } });
    place.store.quarantine.drop(item?.id ?? 0, "private");
    place.store.records.settle(place.store.records.documentId(id, "A") ?? 0);
    expect((await place.run()).result).toMatchObject({ status: "done", counts: { posted: 0 } });
    place.export("b", "A,1,好,,11.00,6601");
    expect((await place.run()).result.counts.posted).toBe(1);
    expect(place.store.quarantine.dropped(id)).toEqual([]);
  });

  test("stops the run when there is more of it than the pipeline allows, and goes on stopping it", async () => {
    place.extra = "stop_when: { quarantined: 1 }";
    place.export("a", "A,1,好,,x,6601", "B,1,好,,y,6601", "C,1,好,,1.00,6601");
    expect((await place.run()).result.status).toBe("threshold");
    expect((await place.run()).result.status).toBe("threshold");
    expect(place.target.log).toEqual([]);
    place.export("b", "B,1,好,,2.00,6601");
    expect((await place.run()).result).toMatchObject({ status: "waiting", counts: { posted: 2, waiting: 1 } });
    expect((await place.run()).result.status).toBe("waiting");
  });

  test("a value that only one document may hold", async () => {
    place.extra = "checks:\n  - unique: 行";
    place.export("a", "A,7,好,,10.00,6601", "B,7,好,,1.00,6601");
    await place.run();
    expect(place.waiting()).toEqual(["B DOCUMENT_NOT_UNIQUE"]);
    place.export("b", "A,7,废,,10.00,6601");
    await place.run();
    await place.run();
    expect(place.books()).toEqual(["B: 100 6601, -100 2241"]);
  });
});

test("a posted document keeps its unique value while it cannot be mapped", async () => {
  place.extra = "checks:\n  - unique: 行";
  place.export("a", "A,7,好,,10.00,6601");
  await place.run();
  place.export("b", "A,7,好,,unknown,6601", "B,7,好,,10.00,6601");
  await place.run();
  expect(place.books()).toEqual(["A: 1000 6601, -1000 2241"]);
  expect(place.waiting()).toEqual(["A DOCUMENT_BAD_RECORD", "B DOCUMENT_NOT_UNIQUE"]);
});

test("a unique value that a document gives up is free once the target has its new version", async () => {
  place.source.key = "[单号]";
  place.extra = "checks:\n  - unique: 行";
  place.export("a", "A,7,好,,10.00,6601");
  await place.run();
  place.export("b", "A,8,好,,11.00,6601", "B,7,好,,1.00,6601");
  await place.run();
  await place.run();
  expect(place.books()).toEqual(["A: 1100 6601, -1100 2241", "B: 100 6601, -100 2241"]);
});

describe("a document dated in a closed period", () => {
  const dates = (): string[] =>
    place.target.entries.map(
      ({ document, reverses }) => `${reverses === null ? "" : "-"}${document.key} ${document.date} ${document.text}`,
    );

  test("waits, and is posted when the period is opened", async () => {
    place.target.openFrom = "2026-12-01";
    place.export("a", "A,1,好,,10.00,6601");
    expect((await place.run()).result).toMatchObject({ status: "waiting", counts: { posted: 0, waiting: 1 } });
    place.target.openFrom = null;
    expect((await place.run()).result).toMatchObject({ status: "done", counts: { posted: 1 } });
  });

  test("or goes into the next open period with its own date in the text, and stays there", async () => {
    place.targetExtra = "  closed_period: next open period";
    place.target.openFrom = "2026-12-01";
    place.export("a", "A,1,好,,10.00,6601");
    await place.run();
    expect(dates()).toEqual(["A 2026-12-01 报销 A（原日期 2026-11-20）"]);
    place.target.openFrom = "2027-01-01";
    place.export("b", "A,1,好,,10.00,6601", "B,1,好,,1.00,6601");
    expect((await place.run()).result.counts).toMatchObject({ posted: 1, kept: 1, replaced: 0 });
    place.export("c", "A,1,好,,12.00,6601");
    expect((await place.run()).result.counts).toMatchObject({ replaced: 1 });
    expect(dates().slice(1)).toEqual([
      "B 2027-01-01 报销 B（原日期 2026-11-20）",
      "-A 2027-01-01 报销 A（原日期 2026-11-20）",
      "A 2027-01-01 报销 A（原日期 2026-11-20）",
    ]);
  });
});

describe("one run at a time", () => {
  test("a second run stops at once while the first is alive", async () => {
    place.export("a", "A,1,好,,10.00,6601");
    let busy: unknown;
    await place.run({
      onProgress: (progress) => {
        if (progress.stage === "read" && busy === undefined) {
          busy = null;
          void place.run().catch((cause: unknown) => {
            busy = cause;
          });
        }
      },
    });
    await new Promise((resolve) => setImmediate(resolve));
    expect(busy).toBeInstanceOf(ProblemError);
    expect((busy as ProblemError).problems[0]?.code).toBe("STORE_BUSY");
    expect(place.target.entries).toHaveLength(1);
  });

  test("the lease of a dead process is taken over, that of another host only when it has run out", async () => {
    place.export("a", "A,1,好,,10.00,6601");
    const at = place.now.toISOString();
    const lease = {
      name: "p",
      owner: "x",
      pid: 99,
      acquiredAt: at,
      renewedAt: at,
      expiresAt: new Date(place.now.getTime() + 120_000).toISOString(),
    };
    place.store.leases.put({ ...lease, host: "elsewhere" });
    place.alive = () => false;
    await expect(place.run()).rejects.toThrow("STORE_BUSY");
    place.store.leases.put({ ...lease, host: "night" });
    expect((await place.run()).result.status).toBe("done");
    place.store.leases.put({ ...lease, host: "elsewhere" });
    place.minutesPass(3);
    expect((await place.run()).result.status).toBe("done");
  });
});

describe("the watermark", () => {
  test("moves with the end of a run that did all it had to do, and not otherwise", async () => {
    place.source.cursor = "cursor: { field: 更新 }";
    place.export("a", "A,1,好,2026-11-03 08:00:00,10.00,6601");
    place.stop.abort();
    expect((await place.run()).result).toMatchObject({ status: "interrupted", watermark: null });
    place.stop = new AbortController();
    expect((await place.run({ kind: "plan" })).result.watermark).toBeNull();
    expect((await place.run()).result.watermark).toBe("2026-11-03T00:00:00.000Z");
    place.export("b", "B,1,好,2026-11-01 08:00:00,10.00,6601");
    const late = await place.run();
    expect(late.result).toMatchObject({ watermark: "2026-11-03T00:00:00.000Z", counts: { posted: 1 } });
  });

  test("a file that cannot be read stops the run before anything is sent, and is read by the next", async () => {
    place.export("a", "A,1,好,,10.00,6601");
    place.write("exports/b.csv", "单号,行\nB,1\n");
    const { result } = await place.run();
    expect(result.status).toBe("failed");
    expect(result.problems.map((each) => each.code)).toEqual(["SOURCE_MISSING_COLUMN"]);
    expect(place.target.log).toEqual([]);
    place.export("b", "B,1,好,,1.00,6601");
    expect((await place.run()).result.counts.posted).toBe(2);
  });
});

test("a run keeps its lease while it reads, and one that was asleep too long sends nothing more", async () => {
  place.export("a", "A,1,好,,10.00,6601");
  let renewed = "";
  await place.run({
    onProgress: (progress) => {
      if (progress.stage === "read") {
        place.minutesPass(1.5);
        renewed = place.store.leases.get("p")?.renewedAt ?? "";
      }
    },
  });
  expect(place.target.entries).toHaveLength(1);
  expect(renewed).not.toBe("");

  place.export("b", "B,1,好,,10.00,6601");
  const asleep = await place.run({
    onProgress: (progress) => {
      if (progress.stage !== "plan") return;
      place.minutesPass(10);
      const at = place.now.toISOString();
      place.store.leases.put({ name: "p", owner: "another", host: "elsewhere", pid: 1, acquiredAt: at, renewedAt: at, expiresAt: at });
    },
  });
  expect(asleep.result.problems.map((each) => each.code)).toEqual(["STORE_LEASE_LOST"]);
  expect(place.target.entries).toHaveLength(1);
});
