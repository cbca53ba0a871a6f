import Database from "better-sqlite3";
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { type AuditRow, auditBody, auditHash } from "../../src/model/audit.js";
import { AuditedStore, rowsOf, verdictOf } from "./audit-store.js";

let place: AuditedStore;
let before: AuditRow[];
beforeEach(() => {
  place = new AuditedStore();
  place.append("BX-1", "BX-2", "BX-3", "BX-4", "BX-5", "BX-6", "BX-7");
  before = rowsOf(place.file);
});
afterEach(() => {
  place.dispose();
});

/** What a person does who has the file and knows SQLite: the triggers go first. */
function tamper(...statements: string[]): void {
  const db = new Database(place.file);
  db.exec("DROP TRIGGER audit_is_not_changed; DROP TRIGGER audit_is_not_deleted; DROP TRIGGER audit_has_no_gap");
  for (const statement of statements) db.exec(statement);
  db.close();
}

function hashAt(seq: number): string {
  return (before[seq - 1] as AuditRow).hash;
}

describe("a row", () => {
  test.each([
    ["its detail", "detail = replace(detail, '私人', '公务')"],
    ["its time", "at = '2026-11-20T01:02:04.000Z'"],
    ["who did it", "actor = 'wang.wei'"],
    ["its event", "event = 'retry requested'"],
    ["its pipeline", "pipeline = 'q'"],
    ["its pipeline taken away", "pipeline = NULL"],
    ["its run", "run = 1"],
    ["its document", "subject = 'BX-9'"],
    ["a blank in its detail", "detail = replace(detail, ':', ': ')"],
    ["its hash", `hash = '${"a".repeat(64)}'`],
  ])("changed in %s is named", (_, change) => {
    tamper(`UPDATE audit SET ${change} WHERE seq = 4`);
    const { rows, head, fault } = verdictOf(place.file);
    expect({ rows, head }).toEqual({ rows: 3, head: hashAt(3) });
    expect(fault).toMatchObject({ kind: "hash", seq: 4 });
    const found = rowsOf(place.file)[3] as AuditRow;
    expect(fault).toMatchObject({ found: found.hash, expected: auditHash(hashAt(3), auditBody(found)) });
  });

  test("changed together with its own hash leaves the next one without a forerunner", () => {
    tamper("UPDATE audit SET actor = 'wang.wei' WHERE seq = 4");
    const forged = rowsOf(place.file)[3] as AuditRow;
    const db = new Database(place.file);
    db.prepare("UPDATE audit SET hash = ? WHERE seq = 4").run(auditHash(hashAt(3), auditBody(forged)));
    db.close();
    expect(verdictOf(place.file)).toMatchObject({ rows: 4, fault: { kind: "hash", seq: 5, found: hashAt(5) } });
  });

  test("removed from the middle is missed", () => {
    tamper("DELETE FROM audit WHERE seq IN (4, 5)");
    expect(verdictOf(place.file)).toMatchObject({ rows: 3, head: hashAt(3), fault: { kind: "gap", seq: 4, expected: 4, found: 6 } });
  });

  test("removed from the middle, with the others moved up, is missed all the same", () => {
    tamper("DELETE FROM audit WHERE seq = 4", "UPDATE audit SET seq = seq - 1 WHERE seq > 4");
    expect(verdictOf(place.file)).toMatchObject({ rows: 3, fault: { kind: "hash", seq: 4, found: hashAt(5) } });
  });

  test("removed from the beginning is missed", () => {
    tamper("DELETE FROM audit WHERE seq = 1");
    expect(verdictOf(place.file)).toMatchObject({ rows: 0, fault: { kind: "gap", seq: 1, expected: 1, found: 2 } });
  });

  test("put in between is named", () => {
    tamper(
      "UPDATE audit SET seq = seq + 1000 WHERE seq >= 4",
      "INSERT INTO audit SELECT 4, at, actor, event, pipeline, run, 'BX-8', detail, hash FROM audit WHERE seq = 3",
      "UPDATE audit SET seq = seq - 999 WHERE seq > 1000",
    );
    expect(rowsOf(place.file).map((row) => row.seq)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9]);
    expect(verdictOf(place.file)).toMatchObject({ rows: 3, fault: { kind: "hash", seq: 4, found: hashAt(3) } });
  });

  test("put in before the first is named", () => {
    tamper("INSERT INTO audit SELECT 0, at, actor, event, pipeline, run, subject, detail, hash FROM audit WHERE seq = 1");
    expect(verdictOf(place.file)).toMatchObject({ rows: 0, fault: { kind: "gap", seq: 1, found: 0 } });
  });

  test("put in at the end, without knowing the rule, is named", () => {
    tamper(`INSERT INTO audit SELECT 9, at, actor, event, pipeline, run, subject, detail, '${"0".repeat(64)}' FROM audit WHERE seq = 8`);
    expect(verdictOf(place.file)).toMatchObject({ rows: 8, head: hashAt(8), fault: { kind: "hash", seq: 9 } });
  });

  test("swapped with another is named", () => {
    tamper("UPDATE audit SET seq = -5 WHERE seq = 5", "UPDATE audit SET seq = 5 WHERE seq = 6", "UPDATE audit SET seq = 6 WHERE seq = -5");
    expect(verdictOf(place.file)).toMatchObject({ rows: 4, fault: { kind: "hash", seq: 5, found: hashAt(6) } });
  });
});

describe("rows cut off the end", () => {
  test("cannot be seen from what is left", () => {
    tamper("DELETE FROM audit WHERE seq > 6");
    expect(verdictOf(place.file)).toEqual({ rows: 6, head: hashAt(6), notedSeq: null, fault: null });
  });

  test("are missed by a head that was noted elsewhere, also after the log has grown again", () => {
    tamper("DELETE FROM audit WHERE seq > 6");
    const fault = { kind: "head", seq: null, expected: hashAt(8) };
    expect(verdictOf(place.file, hashAt(8)).fault).toEqual({ ...fault, found: hashAt(6) });
    place.append("BX-8", "BX-9", "BX-10");
    expect(verdictOf(place.file)).toMatchObject({ rows: 9, fault: null });
    expect(verdictOf(place.file, hashAt(8))).toMatchObject({ rows: 9, notedSeq: null, fault });
  });

  test("a noted head that is there proves every row up to it, however much came after", () => {
    place.append("BX-8");
    expect(verdictOf(place.file, hashAt(8))).toMatchObject({ rows: 9, notedSeq: 8, fault: null });
    expect(verdictOf(place.file, hashAt(1))).toMatchObject({ rows: 9, notedSeq: 1, fault: null });
  });

  test("all of them leave a log without its first row", () => {
    tamper("DELETE FROM audit");
    expect(verdictOf(place.file)).toMatchObject({ rows: 0, fault: { kind: "gap", seq: 1, expected: 1, found: null } });
  });

  test("a log written anew from the first row fits, and is uncovered by the noted head only", () => {
    tamper("UPDATE audit SET actor = 'wang.wei'");
    const db = new Database(place.file);
    let hash = "0".repeat(64);
    for (const row of rowsOf(place.file)) {
      hash = auditHash(hash, auditBody(row));
      db.prepare("UPDATE audit SET hash = ? WHERE seq = ?").run(hash, row.seq);
    }
    db.close();
    expect(verdictOf(place.file).fault).toBeNull();
    expect(verdictOf(place.file, hashAt(8)).fault).toMatchObject({ kind: "head" });
  });
});

test("no change of a single character anywhere goes unseen, and the row that has it is the one named", () => {
  const columns = ["at", "actor", "event", "pipeline", "subject", "detail", "hash"] as const;
  tamper();
  const db = new Database(place.file);
  fc.assert(
    fc.property(
      fc.integer({ min: 2, max: 8 }),
      fc.constantFrom(...columns),
      fc.nat(),
      fc.constantFrom("x", "0", "中", " "),
      (seq, column, at, character) => {
        const value = (before[seq - 1] as AuditRow)[column] ?? "";
        const index = at % value.length;
        if (value[index] === character) return;
        const write = db.prepare(`UPDATE audit SET ${column} = ? WHERE seq = ?`);
        write.run(value.slice(0, index) + character + value.slice(index + 1), seq);
        const verdict = verdictOf(place.file);
        write.run(value, seq);
        expect(verdict).toMatchObject({ rows: seq - 1, fault: { kind: "hash", seq } });
      },
    ),
    { numRuns: 300 },
  );
  db.close();
  expect(verdictOf(place.file)).toMatchObject({ rows: 8, fault: null });
});
