import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { ProblemError } from "../../src/model/problem.js";
import { Workplace } from "./workplace.js";

let place: Workplace;
beforeEach(() => {
  place = new Workplace();
  place.source = { ...place.source, extra: "archive: { move: done }" };
});
afterEach(() => {
  place.dispose();
});

const here = (name: string): string => join(place.folder, name);
const names = (folder: string): string[] => (existsSync(here(folder)) ? readdirSync(here(folder)).sort() : []);

describe("files that a run has taken", () => {
  test("are moved after its end, and their documents stay", async () => {
    place.source = { ...place.source, extra: "archive: { move: done }\n  whole: unit" };
    place.export("a", "A,1,好,,10.00,6601");
    place.export("b", "B,1,好,,7.00,6601");
    expect((await place.run()).result).toMatchObject({ status: "done", counts: { posted: 2 }, problems: [] });
    expect([names("exports"), names("done/exports")]).toEqual([[], ["a.csv", "b.csv"]]);
    const second = await place.run();
    expect(second.result).toMatchObject({ counts: { posted: 0, reversed: 0, kept: 2 }, problems: [{ code: "SOURCE_NO_FILES" }] });
    expect(place.books()).toHaveLength(2);
  });

  test("are moved also when some of their rows wait, and these stay on the list when a file of the same name comes", async () => {
    place.export("a", "A,1,好,,10.00,6601", "B,1,好,,abc,6601");
    expect((await place.run()).result.status).toBe("waiting");
    expect(names("done/exports")).toEqual(["a.csv"]);
    const waiting = place.waiting();
    expect(waiting).toHaveLength(1);
    place.export("a", "C,1,好,,3.00,6601");
    const { result } = await place.run();
    expect(result).toMatchObject({ status: "failed", problems: [{ code: "SOURCE_SAME_NAME" }] });
    expect(place.waiting()).toEqual(waiting);
    expect(names("exports")).toEqual(["a.csv"]);
  });

  test("with the name of an older one replace it where the pipeline says so", async () => {
    place.source = { ...place.source, extra: "archive: { move: done, same_name: newer }" };
    place.export("a", "A,1,好,,10.00,6601");
    await place.run();
    place.export("a", "A,1,好,,12.00,6601");
    expect((await place.run()).result.counts).toMatchObject({ replaced: 1 });
    expect(names("done/exports")).toEqual(["a.csv", "a~2.csv"]);
    expect(readFileSync(here("done/exports/a.csv"), "utf8")).toContain("10.00");
  });

  test("are not moved by a plan, by a stopped run, or when one of them could not be read", async () => {
    place.export("a", "A,1,好,,10.00,6601");
    await place.run({ kind: "plan" });
    place.stop.abort();
    await place.run();
    place.stop = new AbortController();
    place.write("exports/b.csv", "no,such,columns\n1,2,3\n");
    expect((await place.run()).result.status).toBe("failed");
    expect([names("exports"), names("done")]).toEqual([["a.csv", "b.csv"], []]);
  });

  test("and that were not moved, because the program died in between, are moved by the next run", async () => {
    place.export("a", "A,1,好,,10.00,6601");
    await place.run();
    // As if the move had never happened.
    renameSync(here("done/exports/a.csv"), here("exports/a.csv"));
    const { result } = await place.run();
    expect(result.counts).toMatchObject({ units: 0, unitsKnown: 1, posted: 0, kept: 1 });
    expect([names("exports"), names("done/exports")]).toEqual([[], ["a.csv"]]);
  });

  test("and cannot be moved are a notice of a run that is done; the next one tries again", async () => {
    place.export("a", "A,1,好,,10.00,6601");
    writeFileSync(here("done"), "a file where the folder should be");
    const { result } = await place.run();
    expect(result).toMatchObject({ status: "done", counts: { posted: 1 }, problems: [{ code: "SOURCE_NOT_ARCHIVED" }] });
    expect(place.store.runs.get(result.id)).toMatchObject({ status: "done", result: { problems: [{ code: "SOURCE_NOT_ARCHIVED" }] } });
    renameSync(here("done"), here("elsewhere"));
    expect((await place.run()).result).toMatchObject({ status: "done", counts: { posted: 0, unitsKnown: 1 }, problems: [] });
    expect(names("done/exports")).toEqual(["a.csv"]);
  });

  test("are marked in their place where that is wanted, and their markers with them", async () => {
    place.source = { ...place.source, extra: 'archive: { mark: .taken }\n  marker: "{file}.ok"' };
    place.export("a", "A,1,好,,10.00,6601");
    place.export("b", "B,1,好,,10.00,6601");
    place.write("exports/a.csv.ok", "");
    const { result } = await place.run();
    expect(result).toMatchObject({ counts: { posted: 1 }, problems: [{ code: "SOURCE_FILE_GROWING" }] });
    expect(names("exports")).toEqual(["a.csv.ok.taken", "a.csv.taken", "b.csv"]);
  });

  test("that were replaced meanwhile stay and are read by the next run", async () => {
    place.export("a", "A,1,好,,10.00,6601");
    await place.run({
      onProgress: ({ stage }) => {
        if (stage !== "read") place.export("a", "A,1,好,,12.00,6601", "C,1,好,,1.00,6601");
      },
    });
    expect(names("exports")).toEqual(["a.csv"]);
    await place.run();
    expect(place.books()).toEqual(["A: 1200 6601, -1200 2241", "C: 100 6601, -100 2241"]);
    expect(names("done/exports")).toEqual(["a.csv"]);
  });
});

test.each([
  ["archive: {}", "`archive` needs either `move` or `mark`"],
  ["archive: { move: done, mark: .done }", "`archive` needs either `move` or `mark`"],
  ['archive: { mark: .done }\n  marker: "{file}.done"', "`marker` and `archive.mark` both give a file the name `{file}.done`"],
  ["archive: { move: ./x/.. }", "`archive.move` is `./x/..`, the folder of the files itself"],
])("`%s` is refused", async (extra, message) => {
  mkdirSync(here("exports"));
  place.source = { ...place.source, extra };
  const { result } = await place.run().catch((error) => {
    if (error instanceof ProblemError) return { result: { problems: error.problems } };
    throw error;
  });
  expect(result.problems.map((each) => each.message)).toEqual([message]);
});
