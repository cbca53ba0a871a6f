import { readFileSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { typed } from "./in-process.js";
import { emptyFolder } from "./sync.js";

test("a red voucher says which one it cancels, and whose claim it was only as far as it may", async () => {
  const folder = emptyFolder();
  await typed(folder, "init");
  await typed(folder, "run", "--quiet");
  const first = join(folder, "exports/expenses-2026-11-09.csv");
  const [head = "", ...rows] = new TextDecoder("gb18030").decode(readFileSync(first)).trim().split(/\r?\n/);
  // A later export, with another kind of expense.
  const changed = rows.filter((row) => row.includes("BX26110001")).map((row) => row.replace("差旅费", "办公费"));
  const next = join(folder, "exports/expenses-2026-11-10.csv");
  writeFileSync(next, `${[head, ...changed].join("\n")}\n`);
  utimesSync(next, new Date("2026-11-10"), new Date("2026-11-10"));
  expect((await typed(folder, "run", "--quiet")).out).toMatch(/replaced +1 documents/);
  const { out } = await typed(folder, "ledger", "show", "BX26110001");
  expect(out).toMatch(/2026-11 记-\d+ {2}\S+ {2}注销2026年11月3日记-0001号凭证 报销 BX26110001 王\*\* {2}\[/);
  expect(out).toMatch(/注销2026年11月3日记-0001号凭证 差旅费/);
  expect(out).not.toContain("王小明");
  rmSync(folder, { recursive: true, force: true });
});
