import { mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import Database from "better-sqlite3";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { Store } from "../../src/store/store.js";

let folder = "";
const now = (): Date => new Date("2026-11-20T00:00:00Z");
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "sync-store-"));
});
afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

describe("a store", () => {
  test("is made with its folder, readable by its owner only", () => {
    const file = join(folder, "deep/er/store.db");
    Store.open(file, { create: true, now }).close();
    expect(statSync(file).mode & 0o777).toBe(0o600);
  });

  test("is not made where nobody asked for it", () => {
    expect(() => Store.open(join(folder, "store.db"), { create: false, now })).toThrow("NOT_FOUND");
  });

  test("of a newer version is refused and left alone", () => {
    const file = join(folder, "store.db");
    Store.open(file, { create: true, now }).close();
    const db = new Database(file);
    db.pragma("user_version = 99");
    db.close();
    expect(() => Store.open(file, { create: true, now })).toThrow("STORE_NEWER");
  });

  test("of some other program, or no database at all, is refused", () => {
    const other = join(folder, "other.db");
    const db = new Database(other);
    db.pragma("user_version = 1");
    db.exec("CREATE TABLE t (x)");
    db.close();
    expect(() => Store.open(other, { create: true, now })).toThrow("STORE_UNREADABLE");
    const text = join(folder, "text.db");
    writeFileSync(text, "this is no database, but it is long enough to be read as one by a careless program");
    expect(() => Store.open(text, { create: true, now })).toThrow("STORE_UNREADABLE");
  });

  test("gives a pipeline the same number for ever", () => {
    const file = join(folder, "store.db");
    const store = Store.open(file, { create: true, now });
    const id = store.pipelineId("a");
    store.pipelineId("b");
    expect(store.pipelineId("a")).toBe(id);
    expect(store.pipelineNames()).toEqual(["a", "b"]);
    store.close();
  });

  test("writes all of a transaction or nothing", () => {
    const store = Store.open(join(folder, "store.db"), { create: true, now });
    const id = store.pipelineId("a");
    expect(() =>
      store.transaction(() => {
        store.watermarks.set(id, "records", "1", null);
        throw new Error("power cut");
      }),
    ).toThrow("power cut");
    expect(store.watermarks.get(id, "records")).toBeNull();
    store.close();
  });
});
