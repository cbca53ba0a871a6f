import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import Database from "better-sqlite3";
import { afterEach, beforeEach, expect, test } from "vitest";
import { migrations } from "../../src/store/migrations/index.js";
import { Store } from "../../src/store/store.js";

let folder = "";
const now = (): Date => new Date("2026-11-20T00:00:00Z");
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "sync-notices-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

test("what a channel was told is kept by pipeline and channel, and the last word counts", () => {
  const store = Store.inMemory({ now });
  expect(store.notices.get("a", "mail")).toBeNull();
  store.notices.put("a", "mail", { failed: "TARGET_UNAVAILABLE", inDoubt: 2, toApprove: 0, run: 7 }, "2026-11-20T00:00:00Z");
  store.notices.put("a", "group", { failed: "", inDoubt: 0, toApprove: 1, run: 7 }, "2026-11-20T00:00:00Z");
  store.notices.put("a", "mail", { failed: "", inDoubt: 0, toApprove: 0, run: 8 }, "2026-11-21T00:00:00Z");
  expect(store.notices.get("a", "mail")).toEqual({ failed: "", inDoubt: 0, toApprove: 0, run: 8 });
  expect(store.notices.get("a", "group")).toEqual({ failed: "", inDoubt: 0, toApprove: 1, run: 7 });
  expect(store.notices.get("b", "mail")).toBeNull();
  store.close();
});

test("a store of before has told nobody anything", () => {
  const file = join(folder, "store.db");
  const db = new Database(file);
  for (const step of migrations.slice(0, 4)) db.exec(step);
  db.pragma("user_version = 4");
  db.pragma(`application_id = ${0x73796e63}`);
  db.exec("INSERT INTO meta VALUES ('store id', 'the-id'), ('created at', '2025-01-01T00:00:00.000Z')");
  db.exec("INSERT INTO pipelines (name) VALUES ('a')");
  db.close();
  const store = Store.open(file, { create: false, now });
  expect(store.pipelineNames()).toEqual(["a"]);
  expect(store.notices.get("a", "mail")).toBeNull();
  store.notices.put("a", "mail", { failed: "", inDoubt: 0, toApprove: 0, run: 1 }, "2026-11-20T00:00:00Z");
  expect(store.notices.get("a", "mail")?.run).toBe(1);
  store.close();
});
