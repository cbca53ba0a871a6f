import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import Database from "better-sqlite3";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { exportState, importState } from "../../src/cli/commands/state-copy.js";
import { ProblemError } from "../../src/model/problem.js";
import { emptyFolder, sync } from "./sync.js";

let folder: string;
let said: string;
beforeEach(() => {
  folder = emptyFolder();
  said = "";
  sync(folder, "init");
  sync(folder, "run");
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const at = (name: string): string => join(folder, name);
const store = (): string => at(".sync/store.db");

function copy(work: typeof exportState, file: string, options: { json?: boolean; replace?: boolean } = {}): Promise<number> {
  const write = (text: string): void => {
    said += text;
  };
  const io = { out: write, err: write, outIsTerminal: false, errIsTerminal: false, columns: 80, rows: 24 };
  return work({ io, cwd: folder, env: {}, now: () => new Date(), actor: "auditor" }, options, file);
}

async function refusal(work: Promise<number>): Promise<string> {
  const cause = await work.catch((each: unknown) => each);
  if (!(cause instanceof ProblemError)) throw new Error(`it was not refused: ${String(cause)}`);
  return cause.message;
}

describe("a copy of the store", () => {
  test("is its owner's, holds what the store holds, and is never overwritten", async () => {
    expect(await copy(exportState, "backup/a.db")).toBe(0);
    expect(statSync(at("backup/a.db")).mode & 0o777).toBe(0o600);
    const head = JSON.parse(sync(folder, "audit", "log", "--json").out).at(-1).hash as string;
    expect(said).toContain(`1 run, 6 documents, audit log 7 rows, head ${head.slice(0, 16)}`);
    expect(await refusal(copy(exportState, "backup/a.db"))).toContain("there is a file `backup/a.db` already");
    expect(readdirSync(at("backup"))).toEqual(["a.db"]);
  });

  test("is made while a run is in the middle of a write", async () => {
    const writer = new Database(store());
    writer.exec("BEGIN IMMEDIATE; DELETE FROM postings");
    expect(await copy(exportState, "a.db")).toBe(0);
    writer.exec("ROLLBACK");
    writer.close();
    const copied = new Database(at("a.db"), { readonly: true });
    expect(copied.prepare("SELECT count(*) FROM postings").pluck().get()).toBe(3);
    copied.close();
  });

  test("put back after the store was lost: nothing is posted again, and the audit log says so", async () => {
    await copy(exportState, "a.db");
    for (const end of ["", "-wal", "-shm"]) rmSync(store() + end, { force: true });
    expect(await copy(importState, "a.db")).toBe(0);
    const result = JSON.parse(sync(folder, "run", "--json").out) as { counts: { posted: number; kept: number } };
    expect(result.counts).toMatchObject({ posted: 0, kept: 3 });
    const log = sync(folder, "audit", "log").out;
    expect(log).toMatch(/auditor +store imported +from a\.db\n/);
    expect(sync(folder, "audit", "verify").code).toBe(0);
  });

  test("in the place of a newer store: that one is kept, and the run notices what the target has more", async () => {
    await copy(exportState, "a.db");
    // One claim more, in the encoding of the export.
    const [head = "", ...rows] = readFileSync(at(`exports/${readdirSync(at("exports"))[0]}`), "latin1").split("\n");
    const row = rows.find((each) => each.startsWith("BX26110003")) ?? "";
    const another = row.replace("BX26110003", "BX26119999").replace("26317000000000000014", "26317000000000009999");
    writeFileSync(at("exports/expenses-2026-11-30.csv"), `${head}\n${another}\n`, "latin1");
    expect(JSON.parse(sync(folder, "run", "--json").out)).toMatchObject({ counts: { posted: 1 } });
    expect(await refusal(copy(importState, "a.db"))).toContain("there is a store at");
    expect(await copy(importState, "a.db", { replace: true })).toBe(0);
    const kept = readdirSync(at(".sync")).filter((name) => /^store\.db\.until-\d{8}T\d{6}Z$/.test(name));
    expect(kept).toHaveLength(1);
    const behind = sync(folder, "run");
    expect([behind.code, behind.out + behind.err]).toEqual([1, expect.stringContaining("STORE_BEHIND")]);
    // The former store still is what it was.
    expect(await copy(importState, `.sync/${kept[0]}`, { replace: true })).toBe(0);
    expect(sync(folder, "run").code).toBe(3);
  });

  test("is not put in the place of a store that a run holds", async () => {
    await copy(exportState, "a.db");
    const db = new Database(store());
    const [from, to] = [new Date().toISOString(), new Date(Date.now() + 60_000).toISOString()];
    db.prepare(
      "INSERT INTO leases (name, owner, host, pid, acquired_at, renewed_at, expires_at) VALUES ('expense-to-gl', 'x', 'night', 4711, ?, ?, ?)",
    ).run(from, from, to);
    db.close();
    expect(await refusal(copy(importState, "a.db", { replace: true }))).toContain("process 4711 on night has held `expense-to-gl`");
    expect(readdirSync(at(".sync")).filter((name) => name.includes("until"))).toEqual([]);
  });

  test.each<[string, (file: string) => void, RegExp]>([
    ["was cut off", (file) => truncateSync(file, 40_960), /malformed|damaged|Page|page/],
    ["is no database", (file) => writeFileSync(file, "月末备份".repeat(500)), /not a database/],
    ["is some other database", (file) => rmSync(file) ?? new Database(file).exec("CREATE TABLE t (a)").close(), /no store of this program/],
    ["is not there", (file) => rmSync(file), /there is no file/],
  ])("that %s is refused, and the store stays", async (_, spoil, why) => {
    mkdirSync(at("backup"));
    await copy(exportState, "backup/a.db");
    spoil(at("backup/a.db"));
    const before = readFileSync(store());
    expect(await refusal(copy(importState, "backup/a.db", { replace: true }))).toMatch(why);
    expect(readFileSync(store()).equals(before)).toBe(true);
    expect(existsSync(`${store()}.part`)).toBe(false);
  });
});
