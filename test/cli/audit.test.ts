import { createHash } from "node:crypto";
import { existsSync, readFileSync, rmSync, statSync, utimesSync } from "node:fs";
import { userInfo } from "node:os";
import { join } from "node:path";
import Database from "better-sqlite3";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { emptyFolder, sync } from "./sync.js";

interface JsonRow {
  readonly seq: number;
  readonly actor: string;
  readonly event: string;
  readonly run: number | null;
  readonly subject: string | null;
  readonly detail: Readonly<Record<string, unknown>>;
  readonly hash: string;
}

describe("sync audit, in the sample project", () => {
  let folder = "";
  beforeAll(() => {
    folder = emptyFolder();
    expect(sync(folder, "init").code).toBe(0);
    for (const name of ["08", "09", "10"]) {
      const file = join(folder, `exports/expenses-2026-11-${name}.csv`);
      if (existsSync(file)) utimesSync(file, new Date("2026-11-09"), new Date("2026-11-09"));
    }
  });
  afterAll(() => {
    rmSync(folder, { recursive: true, force: true });
  });

  const rows = (...args: string[]): JsonRow[] => JSON.parse(sync(folder, "audit", "log", "--json", ...args).out) as JsonRow[];
  const direct = (statement: string): void => {
    const db = new Database(join(folder, ".sync/store.db"));
    db.exec(statement);
    db.close();
  };

  test("before the first run it says what to do", () => {
    for (const each of ["log", "verify", "export"])
      expect(sync(folder, "audit", each)).toMatchObject({ code: 1, out: "", err: expect.stringContaining("made by the first `sync run`") });
  });

  test("log tells who ran what, what became of each document, and what people decided and why", () => {
    sync(folder, "run");
    sync(folder, "quarantine", "retry", "BX26110005");
    sync(folder, "quarantine", "drop", "BX26110006", "--reason", "typed by hand, withdrawn");
    const forgotten = /expenses-2026-11-\d\d\.csv/.exec(sync(folder, "state", "show").out)?.[0] ?? "";
    expect(sync(folder, "state", "set", "forget", forgotten).code).toBe(0);
    const all = rows("--limit", "1000");
    expect(all.map((row) => row.seq)).toEqual(all.map((_, index) => index + 1));
    expect(new Set(all.map((row) => row.actor))).toEqual(new Set([userInfo().username]));
    expect(all[0]?.event).toBe("store created");
    const run = all.filter((row) => row.run === 1);
    expect(run.map((row) => row.event)).toEqual([
      "run started",
      ...run.filter((row) => row.event === "unit read").map(() => "unit read"),
      "attempt answered",
      "attempt answered",
      "attempt answered",
      "run ended",
    ]);
    expect(run.filter((row) => row.event === "attempt answered").map((row) => row.subject)).toEqual([
      "BX26110001",
      "BX26110002",
      "BX26110003",
    ]);
    expect(all.find((row) => row.event === "retry requested")).toMatchObject({
      run: null,
      subject: "BX26110005",
      detail: { item: "document", cause: "MAP_LOOKUP_MISSING", status: "waiting" },
    });
    expect(all.find((row) => row.event === "item dropped")).toMatchObject({
      subject: "BX26110006",
      detail: { reason: "typed by hand, withdrawn" },
    });
    expect(all.find((row) => row.event === "unit forgotten")?.detail).toEqual({ unit: forgotten });

    const text = sync(folder, "audit", "log");
    expect(text).toMatchObject({ code: 0, err: "" });
    expect(text.out).toMatch(/attempt answered +BX26110001 +post expense-to-gl\/BX26110001\/1: accepted as 2026-11 记-0001/);
    expect(text.out).toMatch(/item dropped +BX26110006 .*: typed by hand, withdrawn/);
  });

  test("log can be narrowed", () => {
    expect(rows("--document", "BX26110002").map((row) => row.event)).toEqual(["attempt answered"]);
    const second = rows("--run", "2");
    expect(second.length).toBeGreaterThan(1);
    expect(new Set(second.map((row) => row.run))).toEqual(new Set([2]));
    expect(rows("--limit", "2").map((row) => row.event)).toEqual(["item dropped", "unit forgotten"]);
    expect(rows("--pipeline", "nowhere")).toEqual([]);
    expect(sync(folder, "audit", "log", "--document", "BX99").out).toBe("no row of the audit log fits\n");
    expect(sync(folder, "audit", "log", "--run", "first")).toMatchObject({ code: 2 });
  });

  test("verify prints rows and head, and export gives lines that anybody can follow", () => {
    const verified = sync(folder, "audit", "verify");
    const all = rows("--limit", "1000");
    expect(verified).toEqual({ code: 0, out: `the audit log fits: ${all.length} rows\nhead ${all.at(-1)?.hash}\n`, err: "" });
    const exported = sync(folder, "audit", "export");
    expect(exported).toMatchObject({ code: 0, err: verified.out });
    let head = "0".repeat(64);
    for (const line of exported.out.trimEnd().split("\n")) {
      head = createHash("sha256")
        .update(`${head}\n${line.slice(0, -75)}}`)
        .digest("hex");
      expect(line.endsWith(`,"hash":"${head}"}`)).toBe(true);
    }
    expect(head).toBe(all.at(-1)?.hash);
    expect(sync(folder, "audit", "export", "--out", "audit.jsonl")).toEqual({ code: 0, out: "", err: verified.out });
    expect(readFileSync(join(folder, "audit.jsonl"), "utf8")).toBe(exported.out);
    expect(statSync(join(folder, "audit.jsonl")).mode & 0o077).toBe(0);
  });

  test("reading the log changes nothing, neither in the store nor in the log", () => {
    const file = join(folder, ".sync/store.db");
    const before = readFileSync(file);
    for (const each of ["log", "verify", "export"]) sync(folder, "audit", each);
    expect(readFileSync(file).equals(before)).toBe(true);
  });

  test("a noted head is found after the log has grown, and missed when rows were cut off", () => {
    const { rows: count, head } = JSON.parse(sync(folder, "audit", "verify", "--json").out) as { rows: number; head: string };
    sync(folder, "run");
    const grown = sync(folder, "audit", "verify", "--head", head.toUpperCase());
    expect(grown).toMatchObject({ code: 0, out: expect.stringContaining(`the noted head is row ${count}: no row up to it is missing`) });
    expect(sync(folder, "audit", "verify", "--head", "5f0c")).toMatchObject({
      code: 2,
      err: expect.stringContaining("64 hexadecimal digits"),
    });

    direct(`DROP TRIGGER audit_is_not_deleted; DELETE FROM audit WHERE seq >= ${count}`);
    expect(sync(folder, "audit", "verify").code).toBe(0);
    const cut = sync(folder, "audit", "verify", "--head", head);
    expect(cut).toMatchObject({ code: 1, out: expect.stringContaining("rows were cut off the end, or the log was written anew") });
    expect(JSON.parse(sync(folder, "audit", "verify", "--head", head, "--json").out)).toMatchObject({
      ok: false,
      rows: count - 1,
      notedRow: null,
      fault: { kind: "head", expected: head },
    });
  });

  test("a changed row is named with what was expected, and export says so too", () => {
    const accepted = rows("--limit", "1000").find((row) => row.subject === "BX26110002") as JsonRow;
    direct(
      `DROP TRIGGER audit_is_not_changed; UPDATE audit SET detail = replace(detail, '记-0002', '记-0009') WHERE seq = ${accepted.seq}`,
    );
    const verified = sync(folder, "audit", "verify");
    expect(verified.code).toBe(1);
    expect(verified.out).toMatch(
      new RegExp(`does NOT fit\nrow ${accepted.seq} was changed, .*\n {2}expected hash [0-9a-f]{64}\n {2}found hash {4}${accepted.hash}\n`),
    );
    expect(JSON.parse(sync(folder, "audit", "verify", "--json").out)).toMatchObject({
      ok: false,
      rows: accepted.seq - 1,
      fault: { kind: "hash", seq: accepted.seq, found: accepted.hash },
    });
    const exported = sync(folder, "audit", "export");
    expect(exported).toMatchObject({ code: 1, err: verified.out });
    expect(exported.out.split("\n")).toHaveLength(rows("--limit", "1000").length + 1);
  });

  test("a removed row is missed, and the log can still be looked at", () => {
    direct("DELETE FROM audit WHERE seq = 3; UPDATE audit SET detail = 'no json' WHERE seq = 2");
    expect(sync(folder, "audit", "verify")).toMatchObject({ code: 1, out: expect.stringContaining("row 2 was changed") });
    expect(sync(folder, "audit", "log")).toMatchObject({ code: 0, out: expect.stringContaining("no json") });
    direct("DELETE FROM audit WHERE seq = 2");
    expect(sync(folder, "audit", "verify").out).toContain("rows 2 to 3 are not there: after row 1 comes row 4");
  });
});
