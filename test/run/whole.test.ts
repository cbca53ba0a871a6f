import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { Workplace } from "./workplace.js";

let place: Workplace;
beforeEach(() => {
  place = new Workplace();
});
afterEach(() => {
  place.dispose();
});

describe("records that are gone from a file that is written again", () => {
  test("are nothing where the pipeline does not say that it holds all", async () => {
    place.export("a", "A,1,好,,10.00,6601", "B,1,好,,7.00,6601");
    await place.run();
    place.export("a", "A,1,好,,10.00,6601");
    expect((await place.run()).result).toMatchObject({ status: "done", counts: { reversed: 0, kept: 2 } });
  });

  test("reverse their document where it does", async () => {
    place.source.extra = "whole: unit";
    place.export("a", "A,1,好,,10.00,6601", "A,2,好,,5.00,6602", "B,1,好,,7.00,6601");
    await place.run();
    place.export("a", "A,1,好,,10.00,6601");
    expect((await place.run()).result).toMatchObject({ status: "done", counts: { reversed: 1, replaced: 1 } });
    expect(place.books()).toEqual(["A: 1000 6601, -1000 2241"]);
  });

  test("are held where the pipeline wants that", async () => {
    place.source.extra = "whole: unit";
    place.targetExtra = "  gone: hold";
    place.export("a", "A,1,好,,10.00,6601", "B,1,好,,7.00,6601");
    await place.run();
    place.export("a", "A,1,好,,10.00,6601");
    expect((await place.run()).result).toMatchObject({ status: "waiting", counts: { reversed: 0 } });
    expect(place.waiting()).toEqual(["B TARGET_CHANGED_HELD"]);
  });

  test("wait where a row of the file could not be read: it may be the missing one", async () => {
    place.source.extra = "whole: unit";
    place.export("a", "A,1,好,,10.00,6601", "B,1,好,,7.00,6601");
    await place.run();
    place.export("a", "A,1,好,,10.00,6601", 'X,"broken');
    expect((await place.run()).result).toMatchObject({ status: "waiting", counts: { reversed: 0 } });
    expect(place.books()).toEqual(["A: 1000 6601, -1000 2241", "B: 700 6601, -700 2241"]);
    expect(place.waiting()).toContain("B DOCUMENT_BAD_RECORD");
    // Written whole again with it, all is as before; without it, it is gone.
    place.export("a", "A,1,好,,10.00,6601", "B,1,好,,7.00,6601");
    expect((await place.run()).result).toMatchObject({ status: "done", counts: { reversed: 0, kept: 2 } });
    place.export("a", "A,1,好,,10.00,6601");
    expect((await place.run()).result).toMatchObject({ status: "done", counts: { reversed: 1 } });
  });

  test("are still there where another file holds them too", async () => {
    place.source.extra = "whole: unit";
    place.export("a", "A,1,好,,10.00,6601", "B,1,好,,7.00,6601");
    await place.run();
    place.export("b", "B,1,好,,7.00,6601");
    await place.run();
    place.export("a", "A,1,好,,10.00,6601");
    expect((await place.run()).result).toMatchObject({ status: "done", counts: { reversed: 0, kept: 2 } });
  });

  test("are not gone before the run has read the whole file", async () => {
    place.source.extra = "whole: unit";
    place.export("a", "A,1,好,,10.00,6601", "B,1,好,,7.00,6601");
    await place.run();
    place.export("a", "A,1,好,,10.00,6601");
    place.stop.abort();
    expect((await place.run()).result.counts.reversed).toBe(0);
    place.stop = new AbortController();
    expect((await place.run()).result.counts.reversed).toBe(1);
  });
});

describe("exports that each hold whole months", () => {
  beforeEach(() => {
    place.day = true;
    place.source.cursor = "cursor: { field: 更新 }";
    place.source.extra = "whole: { month: 日期 }";
  });

  test("take away what is missing of their months, and nothing of other months", async () => {
    place.export(
      "1",
      "A,1,好,2026-11-20T01:00:00Z,10.00,6601,2026-11-03",
      "B,1,好,2026-11-20T01:00:00Z,7.00,6601,2026-11-05",
      "C,1,好,2026-11-20T01:00:00Z,1.00,6601,2026-10-30",
    );
    await place.run();
    place.export("2", "A,1,好,2026-11-20T01:00:00Z,10.00,6601,2026-11-03", "D,1,好,2026-11-21T01:00:00Z,2.00,6601,2026-11-21");
    expect((await place.run()).result).toMatchObject({ status: "done", counts: { posted: 1, reversed: 1, kept: 2 } });
    expect(place.books().map((line) => line[0])).toEqual(["A", "C", "D"]);
  });

  test("an older one that is read late takes nothing away that is newer than all of it", async () => {
    place.export("2", "A,1,好,2026-11-20T01:00:00Z,10.00,6601,2026-11-03", "D,1,好,2026-11-21T01:00:00Z,2.00,6601,2026-11-21");
    await place.run();
    place.export("1", "A,1,好,2026-11-20T01:00:00Z,10.00,6601,2026-11-03");
    expect((await place.run()).result).toMatchObject({ status: "done", counts: { reversed: 0, kept: 2 } });
    expect((await place.run({ full: true })).result).toMatchObject({ status: "done", counts: { reversed: 0, kept: 2 } });
  });
});
