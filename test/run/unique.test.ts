import { join } from "node:path";
import Database from "better-sqlite3";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { registers } from "../../src/store/migrations/0007-registers.js";
import { migrations } from "../../src/store/migrations/index.js";
import { Workplace } from "./workplace.js";

let place: Workplace;
beforeEach(() => {
  place = new Workplace();
});
afterEach(() => {
  place.dispose();
});

const messages = () =>
  place.store.quarantine.list(place.store.pipelineId(place.pipeline)).map(({ key, problem }) => `${key}: ${problem.message}`);

test("a document that is cancelled gives its value free, also where the check was not asked for meanwhile", async () => {
  const check = "checks:\n  - unique: 行";
  place.extra = check;
  place.export("a", "A,7,好,,10.00,6601");
  await place.run();
  place.extra = "";
  place.export("b", "A,7,废,,10.00,6601");
  await place.run();
  place.extra = check;
  place.export("c", "B,7,好,,1.00,6601");
  await place.run();
  expect(place.books()).toEqual(["B: 100 6601, -100 2241"]);
});

describe("several values in one field", () => {
  beforeEach(() => {
    place.extra = "checks:\n  - { unique: 科目, separator: '/' }";
  });

  test("each of them stands once, with or without blanks around it", async () => {
    place.export("a", "A,1,好,,10.00,71/72", "A,2,好,,1.00,73", "B,1,好,,2.00,74 / 72", "C,1,好,,3.00,75/");
    await place.run();
    expect(place.books()).toEqual(["A: 1000 71/72, 100 73, -1100 2241", "C: 300 75/, -300 2241"]);
    expect(messages()).toEqual(["B: `科目` `72` already stands in document `A`"]);
  });

  test("a document keeps what it holds when it comes again, and gives free what it gave up", async () => {
    place.export("a", "A,1,好,,10.00,71/72");
    await place.run();
    place.export("b", "A,1,好,,10.00,72/73", "B,1,好,,1.00,71");
    await place.run();
    await place.run();
    expect(place.books()).toEqual(["A: 1000 72/73, -1000 2241", "B: 100 71, -100 2241"]);
  });

  test("members of a batch", async () => {
    place.documentKey = "日报";
    place.text = "日报";
    place.documentExtra = "batch: ${单号}";
    place.export("a", "A,1,好,,10.00,71/72", "B,1,好,,2.00,72/74", "C,1,好,,3.00,74");
    await place.run();
    expect(place.books()).toEqual(["日报: 1000 71/72, 300 74, -1300 2241"]);
  });
});

describe("documents that are not wanted here", () => {
  beforeEach(() => {
    place.extra = "checks:\n  - { unique: 行, also when: '${状态 == \"旧\"}' }";
  });

  test("hold their values where the check says so, and only there", async () => {
    place.export("a", "A,7,旧,,10.00,6601", "B,8,废,,10.00,6601");
    expect((await place.run()).result).toMatchObject({ status: "done", counts: { posted: 0 } });
    place.export("b", "C,7,好,,1.00,6601", "D,8,好,,2.00,6601");
    await place.run();
    expect(place.books()).toEqual(["D: 200 6601, -200 2241"]);
    expect(messages()).toEqual(["C: `行` `7` already stands in document `A`"]);
  });

  test("hold them beside one that is posted, which keeps its own, and after it", async () => {
    place.source.key = "[单号]";
    place.export("a", "C,7,好,,1.00,6601");
    await place.run();
    place.export("b", "A,7,旧,,10.00,6601", "C,7,好,,3.00,6601");
    await place.run();
    expect(place.books()).toEqual(["C: 300 6601, -300 2241"]);
    // C is reversed; what A holds is not free.
    place.export("c", "C,7,废,,3.00,6601", "D,7,好,,5.00,6601");
    await place.run();
    await place.run();
    expect(place.books()).toEqual([]);
    expect(messages()).toEqual(["D: `行` `7` already stands in document `A`"]);
  });

  test("one that held its value beside another and is wanted later waits for it", async () => {
    place.source.key = "[单号]";
    place.export("a", "C,7,好,,1.00,6601");
    await place.run();
    place.export("b", "A,7,旧,,10.00,6601");
    await place.run();
    place.export("c", "A,7,好,,10.00,6601");
    await place.run();
    expect(place.books()).toEqual(["C: 100 6601, -100 2241"]);
    expect(messages()).toEqual(["A: `行` `7` already stands in document `C`"]);
    place.export("d", "C,7,废,,1.00,6601");
    await place.run();
    await place.run();
    expect(place.books()).toEqual(["A: 1000 6601, -1000 2241"]);
  });

  test("give them free with the condition", async () => {
    place.export("a", "A,7,旧,,10.00,6601");
    await place.run();
    place.export("b", "A,7,废,,10.00,6601", "C,7,好,,1.00,6601");
    await place.run();
    await place.run();
    expect(place.books()).toEqual(["C: 100 6601, -100 2241"]);
  });

  test("one that was posted and is now booked elsewhere is reversed, and holds its value on", async () => {
    place.export("a", "A,7,好,,10.00,6601");
    await place.run();
    place.export("b", "A,7,旧,,10.00,6601");
    await place.run();
    expect(place.books()).toEqual([]);
    place.export("c", "C,7,好,,1.00,6601");
    await place.run();
    expect(messages()).toEqual(["C: `行` `7` already stands in document `A`"]);
  });

  test("a condition that has no answer keeps the document waiting instead of losing its value", async () => {
    place.extra = "checks:\n  - { unique: 行, also when: '${number(科目) > 1}' }";
    place.export("a", "A,7,废,,10.00,six");
    await place.run();
    expect(messages()).toEqual([expect.stringMatching(/^A: .*`six`/)]);
  });
});

describe("a register of the project", () => {
  const pipeline = (name: string, state: string): void => {
    place.pipeline = name;
    place.when = `状态 == "${state}"`;
  };

  test("a value stands once in all pipelines that name it", async () => {
    place.extra = "checks:\n  - { unique: 行, register: 发票 }";
    place.export("a", "A,7,甲,,10.00,6601", "B,7,乙,,1.00,6601", "C,8,乙,,2.00,6601");
    pipeline("one", "甲");
    await place.run();
    pipeline("two", "乙");
    await place.run();
    expect(place.books()).toEqual(["A: 1000 6601, -1000 2241", "C: 200 6601, -200 2241"]);
    expect(messages()).toEqual(["B: `行` `7` already stands in document `A` of pipeline `one`"]);

    // Once the first is gone, the second may have it.
    place.export("b", "A,7,废,,10.00,6601");
    pipeline("one", "甲");
    await place.run();
    pipeline("two", "乙");
    await place.run();
    expect(place.books()).toEqual(["B: 100 6601, -100 2241", "C: 200 6601, -200 2241"]);
  });

  test("and is apart from what a pipeline has for itself", async () => {
    place.extra = "checks:\n  - { unique: 行, register: 行 }";
    place.export("a", "A,7,甲,,10.00,6601", "B,7,乙,,1.00,6601");
    pipeline("one", "甲");
    await place.run();
    place.extra = "checks:\n  - unique: 行";
    pipeline("two", "乙");
    await place.run();
    expect(messages()).toEqual([]);
  });
});

test("a store of the version before keeps what its documents hold", async () => {
  place.extra = "checks:\n  - unique: 行";
  place.export("a", "A,7,好,,10.00,6601");
  await place.run();
  place.store.close();
  const db = new Database(join(place.folder, "store.db"));
  // As it was before registers.
  db.exec(`
    CREATE TABLE former (pipeline_id INTEGER NOT NULL REFERENCES pipelines (id), name TEXT NOT NULL, value TEXT NOT NULL,
      document_id INTEGER NOT NULL REFERENCES documents (id), stale INTEGER NOT NULL DEFAULT 0,
      PRIMARY KEY (pipeline_id, name, value)) STRICT, WITHOUT ROWID;
    INSERT INTO former SELECT scope, name, value, document_id, stale FROM unique_values;
    DROP TABLE unique_values;
    ALTER TABLE former RENAME TO unique_values;
    CREATE INDEX unique_values_of_document ON unique_values (document_id);
    ALTER TABLE runs DROP COLUMN selection;
    ALTER TABLE records DROP COLUMN cells;
    PRAGMA user_version = ${migrations.indexOf(registers)};`);
  expect(db.prepare("SELECT count(*) FROM unique_values").pluck().get()).toBe(1);
  db.close();
  place.store = place.openStore();
  place.export("b", "B,7,好,,1.00,6601");
  await place.run();
  expect(messages()).toEqual(["B: `行` `7` already stands in document `A`"]);
});
