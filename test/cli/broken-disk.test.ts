import { spawnSync } from "node:child_process";
import { closeSync, openSync, readFileSync, rmSync, statSync, utimesSync, writeFileSync, writeSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { emptyFolder, sync } from "./sync.js";

const program = fileURLToPath(new URL("../../bin/sync.js", import.meta.url));
const HEAD = "单据编号,行号,单据状态,提交日期,审批日期,报销人,工号,部门编码,费用类型,事由,价税合计,税额,不含税金额";

let folder = "";
beforeEach(() => {
  folder = emptyFolder();
  sync(folder, "init");
  rmSync(join(folder, "exports/expenses-2026-11-09.csv"));
  const rows = Array.from(
    { length: 3000 },
    (_, n) => `BX${n},1,已审批,2026-11-07,2026-11-09,周强,00055,D03,办公费,键盘${"很长的事由".repeat(6)},200.00,0.00,200.00`,
  );
  const file = join(folder, "exports/expenses-1.csv");
  writeFileSync(file, `${HEAD}\n${rows.join("\n")}\n`);
  utimesSync(file, new Date("2026-11-10"), new Date("2026-11-10"));
});
afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

/** Runs with a limit on the size of any file it writes, in KiB: what a full disk looks like to it. */
function runWithDisk(kib: number) {
  const done = spawnSync("bash", ["-c", `ulimit -f ${kib}; exec "${process.execPath}" "${program}" run --quiet`], {
    cwd: folder,
    encoding: "utf8",
  });
  return { code: done.status, out: done.stdout, err: done.stderr };
}

describe("a disk that fills up", () => {
  test.each([200, 900, 1800, 2600])("after %i KiB is a clear problem, and nothing is lost or booked twice", (kib) => {
    const full = runWithDisk(kib);
    expect(full.code).toBe(1);
    expect(`${full.out}${full.err}`).toMatch(/error (STORE_FAILED|TARGET_UNAVAILABLE|STORE_UNREADABLE)/);
    expect(full.err).not.toContain("    at ");
    const after = JSON.parse(sync(folder, "run", "--json").out);
    expect(after).toMatchObject({ status: "done" });
    const { totals } = JSON.parse(sync(folder, "ledger", "balance", "--json").out);
    expect(totals).toEqual([{ currency: "CNY", opening: "0.00", debit: "600000.00", credit: "600000.00", closing: "0.00" }]);
  });
});

test("a damaged store is a clear problem that names recover", () => {
  expect(sync(folder, "run", "--quiet").code).toBe(0);
  const store = join(folder, ".sync/store.db");
  const size = statSync(store).size;
  const file = openSync(store, "r+");
  for (let page = 2; page * 4096 < size; page += 1) writeSync(file, Buffer.alloc(4096, 0x5a), 0, 4096, page * 4096);
  closeSync(file);
  const run = sync(folder, "run", "--quiet");
  expect(run.code).toBe(1);
  expect(`${run.out}${run.err}`).toMatch(/error STORE_(FAILED|UNREADABLE)/);
  expect(run.err).not.toContain("    at ");
  rmSync(store);
  for (const end of ["-wal", "-shm"]) rmSync(`${store}${end}`, { force: true });
  expect(sync(folder, "run", "--quiet")).toMatchObject({ code: 1, out: expect.stringContaining("STORE_BEHIND") });
  expect(sync(folder, "recover", "--quiet").out).toMatch(/recovered +3,000 postings/);
  expect(JSON.parse(sync(folder, "run", "--json").out)).toMatchObject({ status: "done", counts: { posted: 0, kept: 3000 } });
  expect(readFileSync(store).length).toBeGreaterThan(0);
});
