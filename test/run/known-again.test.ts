import { join } from "node:path";
import Database from "better-sqlite3";
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { Workplace } from "./workplace.js";

// A record that came before with the same cells is not read again. What a run does and leaves must be the same as if it were.

interface Row {
  readonly document: string;
  readonly line: string;
  readonly status: string;
  readonly updated: string;
  readonly amount: string;
  readonly day: string;
}
type Files = Readonly<Record<string, readonly Row[]>>;
interface Night {
  /** New contents of files. */
  readonly files: Files;
  readonly full: boolean;
  /** A person drops what waits first. */
  readonly drops: boolean;
  readonly retries: boolean;
}

const rowsAndColumns = `SELECT r.key, d.key AS document, d.touched, r.member, r.cursor, u.name AS unit, r.line, r.data, r.problem
  FROM records r JOIN documents d ON d.id = r.document_id JOIN units u ON u.id = r.unit_id ORDER BY r.key`;
const QUARANTINE = "SELECT kind, key, status, problem, unit_id, line, raw FROM quarantine ORDER BY kind, key";

const places: Workplace[] = [];
afterEach(() => {
  for (const place of places.splice(0)) place.dispose();
});

function newPlace(set: (place: Workplace) => void): Workplace {
  const place = new Workplace();
  places.push(place);
  place.day = true;
  set(place);
  return place;
}

function query(place: Workplace, sql: string): unknown[] {
  const db = new Database(join(place.folder, "store.db"), { readonly: true });
  try {
    return db.prepare(sql).all();
  } finally {
    db.close();
  }
}

function execute(place: Workplace, sql: string): void {
  const db = new Database(join(place.folder, "store.db"));
  try {
    db.exec(sql);
  } finally {
    db.close();
  }
}

/** Every record is read whole by the next run. */
function forgetCells(place: Workplace): void {
  execute(place, "UPDATE records SET cells = NULL");
}

function write(place: Workplace, files: Files): void {
  for (const [name, rows] of Object.entries(files)) {
    const lines = rows.map(({ document, line, status, updated, amount, day }) =>
      [document, line, status, updated, amount, "6601", day].join(),
    );
    place.export(name, ...lines);
  }
}

async function live(place: Workplace, { files, full, drops, retries }: Night): Promise<unknown> {
  write(place, files);
  const { quarantine } = place.store;
  const pipelineId = place.store.pipelineId(place.pipeline);
  if (drops) {
    const [item] = quarantine.records(pipelineId);
    if (item !== undefined) {
      quarantine.drop(item.id, "booked by hand");
      place.store.records.removeBad(pipelineId, item.key);
    }
  }
  place.minutesPass(60);
  const { result } = await place.run({ full, kind: retries ? "retry" : "run" });
  return {
    status: result.status,
    counts: result.counts,
    records: query(place, rowsAndColumns),
    quarantine: query(place, QUARANTINE),
    books: place.books(),
  };
}

const row: fc.Arbitrary<Row> = fc.record({
  document: fc.constantFrom("A", "B", "C"),
  line: fc.constantFrom("1", "2"),
  status: fc.constantFrom("好", "好", "退"),
  updated: fc.constantFrom("", "2026-11-18 10:00:00", "2026-11-19 10:00:00"),
  amount: fc.constantFrom("1.00", "1.0", "2.00", "zehn"),
  day: fc.constantFrom("2026-11-03", "2026-10-30"),
});
const night: fc.Arbitrary<Night> = fc.record({
  files: fc.dictionary(fc.constantFrom("a", "b"), fc.array(row, { maxLength: 6 }), { maxKeys: 2 }),
  full: fc.boolean(),
  drops: fc.boolean(),
  retries: fc.constantFrom(false, false, false, true),
});

const SETTINGS: Readonly<Record<string, (place: Workplace) => void>> = {
  "of lines": () => undefined,
  "of lines with a cursor": (place) => {
    place.source.cursor = "cursor: { field: 更新 }";
  },
  "of whole documents": (place) => {
    place.source.delivers = "documents";
    place.source.cursor = "cursor: { field: 更新 }";
  },
  "of whole files": (place) => {
    place.source.extra = "whole: unit";
  },
  "of whole months": (place) => {
    place.source.cursor = "cursor: { field: 更新 }";
    place.source.extra = "whole: { month: 日期 }";
  },
  "of whole members of a batch": (place) => {
    place.documentKey = "日报";
    place.text = "日报";
    place.documentExtra = "batch: ${单号}";
    place.source.delivers = "documents";
  },
};

describe("a record that came before with the same cells", () => {
  test.each(Object.entries(SETTINGS))("is as if it were read again, in deliveries %s", async (_name, set) => {
    await fc.assert(
      fc.asyncProperty(fc.array(night, { minLength: 2, maxLength: 4 }), async (nights) => {
        const known = newPlace(set);
        const read = newPlace(set);
        for (const each of nights) {
          forgetCells(read);
          expect(await live(known, each)).toEqual(await live(read, each));
        }
        for (const place of places.splice(0)) place.dispose();
      }),
      { numRuns: 10, seed: 20261127 },
    );
  });
});

describe("the cells of a record", () => {
  const first = { document: "A", line: "1", status: "好", updated: "2026-11-18 10:00:00", amount: "1.00", day: "2026-11-30" };
  const withCells = (): unknown[] => query(place, "SELECT key FROM records WHERE cells IS NOT NULL ORDER BY key");
  let place: Workplace;
  beforeEach(() => {
    place = newPlace(() => undefined);
    write(place, { a: [first, { ...first, document: "B" }, { ...first, document: "C", amount: "zehn" }] });
  });

  test("are remembered when it is read, and again by the next reading where a store does not have them", async () => {
    await place.run();
    expect(withCells()).toHaveLength(2);
    forgetCells(place);
    expect((await place.run({ full: true })).result.counts).toMatchObject({ read: 3, unchanged: 3, posted: 0 });
    expect(withCells()).toHaveLength(2);
  });

  test("tell nothing once another pipeline would make something else of them", async () => {
    place.source.cursor = "cursor: { field: 更新 }";
    await place.run();
    place.documentKey = "日报";
    place.text = "日报";
    place.documentExtra = "batch: ${单号}";
    const { result } = await place.run({ full: true });
    expect(result.counts).toMatchObject({ read: 3, unchanged: 0 });
    expect(query(place, "SELECT DISTINCT d.key, r.member FROM records r JOIN documents d ON d.id = r.document_id ORDER BY 2")).toEqual([
      { key: "日报", member: "A" },
      { key: "日报", member: "B" },
      { key: "日报", member: "C" },
    ]);
  });

  test("bring what is made of them into line where only the member or the cursor changed", async () => {
    place.source.cursor = "cursor: { field: 更新 }";
    place.documentKey = "日报";
    place.text = "日报";
    place.documentExtra = "batch: ${单号}";
    await place.run();
    place.source.cursor = "cursor: { field: 日期 }";
    place.documentExtra = "batch: ${单号}-${行}";
    place.day = true;
    expect((await place.run({ full: true })).result.counts).toMatchObject({ read: 3, unchanged: 3 });
    expect(query(place, "SELECT member, cursor FROM records WHERE problem IS NULL ORDER BY 1")).toEqual([
      { member: "A-1", cursor: "2026-11-30" },
      { member: "B-1", cursor: "2026-11-30" },
    ]);
  });
});
