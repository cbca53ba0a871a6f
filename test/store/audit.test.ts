import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import Database from "better-sqlite3";
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { AuditLog } from "../../src/store/audit-log.js";
import { initial } from "../../src/store/migrations/0001-initial.js";
import { Store } from "../../src/store/store.js";
import { AuditedStore, aDrop, now, rowsOf, verdictOf } from "./audit-store.js";

let place: AuditedStore;
beforeEach(() => {
  place = new AuditedStore();
});
afterEach(() => {
  place.dispose();
});

/** Statements on the file as some other program would make them. */
function direct<T>(work: (db: Database.Database) => T): T {
  const db = new Database(place.file);
  try {
    return work(db);
  } finally {
    db.close();
  }
}

describe("the log", () => {
  test("begins with the store: its id and when it was made", () => {
    const id = direct((db) => db.prepare("SELECT value FROM meta WHERE name = 'store id'").pluck().get());
    const [first] = rowsOf(place.file);
    expect(first).toMatchObject({ seq: 1, at: now().toISOString(), actor: "li.na", event: "store created", pipeline: null, run: null });
    expect(JSON.parse(first?.detail ?? "")).toEqual({ store: id, createdAt: now().toISOString(), version: expect.any(Number) });
  });

  test("counts without a gap, and fits", () => {
    place.append("a", "b", "c");
    expect(rowsOf(place.file).map((row) => `${row.seq} ${row.subject}`)).toEqual(["1 null", "2 a", "3 b", "4 c"]);
    expect(verdictOf(place.file)).toEqual({ rows: 4, head: rowsOf(place.file)[3]?.hash, notedSeq: null, fault: null });
  });

  test("of an older store begins with the step to this version", () => {
    const file = join(place.folder, "older.db");
    const db = new Database(file);
    db.exec(initial);
    db.pragma("user_version = 1");
    db.pragma(`application_id = ${0x73796e63}`);
    db.exec("INSERT INTO meta VALUES ('store id', 'the-id'), ('created at', '2025-01-01T00:00:00.000Z')");
    db.close();
    expect(() => AuditLog.open(file)).toThrow("has no audit log");
    const version = readVersion(place.file);
    Store.open(file, { create: false, now, actor: "root" }).close();
    Store.open(file, { create: false, now, actor: "root" }).close();
    const rows = rowsOf(file);
    expect(rows.map((row) => row.event)).toEqual(["migration applied"]);
    expect(JSON.parse(rows[0]?.detail ?? "")).toEqual({ store: "the-id", createdAt: "2025-01-01T00:00:00.000Z", from: 1, to: version });
    expect(verdictOf(file).fault).toBeNull();
  });

  test("takes part in the transaction of what it tells about", () => {
    const { store } = place;
    place.append("before");
    expect(() =>
      store.transaction(() => {
        place.append("lost", "lost too");
        throw new Error("power cut");
      }),
    ).toThrow("power cut");
    store.transaction(() => {
      place.append("kept");
      expect(() =>
        store.transaction(() => {
          place.append("inner, lost");
          throw new Error("refused");
        }),
      ).toThrow("refused");
      place.append("kept too");
    });
    expect(rowsOf(place.file).map((row) => row.subject)).toEqual([null, "before", "kept", "kept too"]);
    expect(verdictOf(place.file)).toMatchObject({ rows: 4, fault: null });
  });

  test("two connections that take turns keep one chain", () => {
    const other = Store.open(place.file, { create: false, now });
    for (let turn = 0; turn < 20; turn += 1) (turn % 3 === 0 ? other : place.store).audit.append(aDrop({ subject: `${turn}` }));
    other.close();
    expect(verdictOf(place.file)).toMatchObject({ rows: 21, fault: null });
  });

  test.each([
    ["a change", "UPDATE audit SET actor = 'somebody' WHERE seq = 2"],
    ["a removal", "DELETE FROM audit WHERE seq = 3"],
    ["a removal of everything", "DELETE FROM audit"],
    [
      "a replacement",
      "INSERT OR REPLACE INTO audit SELECT seq, at, 'somebody', event, pipeline, run, subject, detail, hash FROM audit WHERE seq = 2",
    ],
    [
      "a row far ahead",
      "INSERT INTO audit SELECT seq + 10, at, actor, event, pipeline, run, subject, detail, hash FROM audit WHERE seq = 2",
    ],
    [
      "a row before the first",
      "INSERT INTO audit SELECT 0, at, actor, event, pipeline, run, subject, detail, hash FROM audit WHERE seq = 2",
    ],
  ])("%s is refused by the database itself", (_, statement) => {
    place.append("a", "b");
    direct((db) => {
      expect(() => db.exec(statement)).toThrow("the audit log is only added to");
    });
    expect(verdictOf(place.file)).toMatchObject({ rows: 3, fault: null });
  });

  test("any text in any place is stored as it was hashed, and read back as it was written", () => {
    const text = fc.oneof(
      fc.string({ unit: "binary", maxLength: 12 }),
      fc.string({ unit: "grapheme", maxLength: 12 }),
      fc
        .array(fc.constantFrom("\ud83d", "\ude00", "\u0000", "\u001f", '"', "\\", ',"hash":"', "\n", "\u2028", "中", "😀"), {
          maxLength: 8,
        })
        .map((each) => each.join("")),
    );
    let rows = 1;
    fc.assert(
      fc.property(text, text, text, text, (actor, subject, reason, key) => {
        place.store.audit.append(aDrop({ actor, subject, detail: { item: "record", key, cause: "RECORD_INVALID", reason } }));
        rows += 1;
        const log = AuditLog.open(place.file);
        const [last] = log.latest({ pipeline: null, subjects: null, run: null, limit: 1 });
        log.close();
        expect(JSON.parse(last?.detail ?? "")).toEqual({ item: "record", key, cause: "RECORD_INVALID", reason });
        expect(last?.subject).toBe(subject.replace(/\p{Surrogate}/gu, "\ufffd"));
      }),
      { numRuns: 150 },
    );
    expect(verdictOf(place.file)).toMatchObject({ rows, fault: null });
  });
});

describe("reading it", () => {
  test("latest gives what fits, oldest first", () => {
    place.append("a", "b", "a", "c");
    place.store.audit.append(aDrop({ subject: "a", pipeline: "q", run: 7 }));
    const log = AuditLog.open(place.file);
    const find = (wanted: Partial<Parameters<AuditLog["latest"]>[0]>): number[] =>
      log.latest({ pipeline: null, subjects: null, run: null, limit: 10, ...wanted }).map((row) => row.seq);
    expect(find({})).toEqual([1, 2, 3, 4, 5, 6]);
    expect(find({ limit: 2 })).toEqual([5, 6]);
    expect(find({ subjects: ["a"] })).toEqual([2, 4, 6]);
    expect(find({ subjects: ["b", "c"] })).toEqual([3, 5]);
    expect(find({ pipeline: "p", subjects: ["a"] })).toEqual([2, 4]);
    expect(find({ run: 7 })).toEqual([6]);
    log.close();
  });

  test("changes nothing in the store, and sees one moment while a run goes on writing", () => {
    place.append("a", "b");
    const log = AuditLog.open(place.file);
    const seen: number[] = [];
    for (const row of log.rows()) {
      seen.push(row.seq);
      place.append("meanwhile");
    }
    expect(seen).toEqual([1, 2, 3]);
    expect(rowsOf(place.file).length).toBe(6);
    log.close();
    place.store.close();
    const before = readFileSync(place.file);
    expect(verdictOf(place.file).fault).toBeNull();
    expect(readFileSync(place.file).equals(before)).toBe(true);
  });

  test("a store that is not there, or whose log was taken out, is said to be so", () => {
    expect(() => AuditLog.open(join(place.folder, "nowhere.db"))).toThrow("NOT_FOUND");
    direct((db) => db.exec("DROP TABLE audit"));
    expect(() => AuditLog.open(place.file)).toThrow("has no audit log");
  });
});

test("only src/run/answer.ts writes outcomes, so that none is without its row", () => {
  const root = fileURLToPath(new URL("../../src", import.meta.url));
  const files = readdirSync(root, { recursive: true, encoding: "utf8" }).filter((name) => name.endsWith(".ts"));
  const writers = files.filter((name) => /attempts\.answer\(/.test(readFileSync(join(root, name), "utf8")));
  expect(writers).toEqual([join("run", "answer.ts")]);
});

function readVersion(file: string): number {
  const db = new Database(file, { readonly: true });
  const version = db.pragma("user_version", { simple: true }) as number;
  db.close();
  return version;
}
