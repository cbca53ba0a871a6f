import { utimesSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { Workplace } from "./workplace.js";

// Pages of a list are units as files are, and what stood on one page may stand on another when the list is asked for again.

let place: Workplace;
beforeEach(() => {
  place = new Workplace();
});
afterEach(() => {
  place.dispose();
});

/** Somebody still writes the file while the run waits for it to settle. */
function grows(name: string): () => void {
  const file = join(place.folder, `exports/${name}.csv`);
  let seconds = 0;
  const touch = (): void => {
    seconds += 1;
    utimesSync(file, place.now, new Date(place.now.getTime() + seconds));
  };
  touch();
  return touch;
}

const BAD = "A,1,好,,zehn,6601";

test.each([
  ["an earlier file", "b", "a"],
  ["a later file", "a", "b"],
])("a row that cannot be used keeps its document waiting when it moves to %s", async (_name, from, to) => {
  place.export(from, BAD, "X,1,好,,1.00,6601");
  place.export("c", "A,2,好,,5.00,6601");
  await place.run();
  expect(place.waiting()).toEqual(["A DOCUMENT_BAD_RECORD"]);
  place.export(from, "X,1,好,,1.00,6601");
  place.export(to, BAD, "Y,1,好,,1.00,6601");
  await place.run();
  expect(place.waiting()).toEqual(["A DOCUMENT_BAD_RECORD"]);
  expect(place.books()).toEqual(["X: 100 6601, -100 2241", "Y: 100 6601, -100 2241"]);
  await place.run();
  expect(place.waiting()).toEqual(["A DOCUMENT_BAD_RECORD"]);
});

test.each([
  ["an earlier file", "b", "a"],
  ["a later file", "a", "b"],
])("seed 255485: a row that a person dropped stays dropped when it moves to %s", async (_name, from, to) => {
  place.export(from, BAD, "X,1,好,,1.00,6601");
  place.export("c", "A,2,好,,5.00,6601");
  await place.run();
  const pipelineId = place.store.pipelineId("p");
  const [item] = place.store.quarantine.records(pipelineId);
  place.store.quarantine.drop(item?.id ?? 0, "booked by hand");
  place.store.records.removeBad(pipelineId, item?.key ?? "");
  place.export(from, "X,1,好,,1.00,6601");
  place.export(to, BAD, "Y,1,好,,1.00,6601");
  for (let night = 0; night < 2; night += 1) {
    await place.run();
    expect(place.waiting()).toEqual([]);
    expect(place.books()).toEqual(["A: 500 6601, -500 2241", "X: 100 6601, -100 2241", "Y: 100 6601, -100 2241"]);
  }
});

test("a row that cannot be used keeps its document waiting while the later file that it moved to is still written", async () => {
  place.source.settle = "10m";
  place.export("a", BAD, "X,1,好,,1.00,6601");
  place.export("b", "A,2,好,,5.00,6601");
  await place.run();
  place.export("a", "X,1,好,,1.00,6601");
  place.export("c", BAD, "Y,1,好,,1.00,6601");
  const { result } = await place.run({ onSleep: grows("c") });
  expect(result.problems.map(({ code }) => code)).toEqual(["SOURCE_FILE_GROWING"]);
  expect(place.books()).toEqual(["X: 100 6601, -100 2241"]);
  expect(place.waiting()).toEqual(["A DOCUMENT_BAD_RECORD"]);
  place.export("c", BAD, "Y,1,好,,1.00,6601");
  await place.run();
  expect(place.books()).toEqual(["X: 100 6601, -100 2241", "Y: 100 6601, -100 2241"]);
  expect(place.waiting()).toEqual(["A DOCUMENT_BAD_RECORD"]);
});

test("a row that cannot be used is gone once all was read and no file has it", async () => {
  place.source.settle = "10m";
  place.export("a", BAD, "X,1,好,,1.00,6601");
  place.export("b", "A,2,好,,5.00,6601");
  await place.run();
  place.export("a", "X,1,好,,1.00,6601");
  place.export("c", "Y,1,好,,1.00,6601");
  await place.run({ onSleep: grows("c") });
  expect(place.waiting()).toEqual(["A DOCUMENT_BAD_RECORD"]);
  place.export("c", "Y,1,好,,1.00,6601");
  await place.run();
  expect(place.waiting()).toEqual([]);
  expect(place.books()).toEqual(["A: 500 6601, -500 2241", "X: 100 6601, -100 2241", "Y: 100 6601, -100 2241"]);
});
