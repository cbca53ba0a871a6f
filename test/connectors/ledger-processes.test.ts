import { spawn } from "node:child_process";
import { join } from "node:path";
import Database from "better-sqlite3";
import { describe, expect, test } from "vitest";
import { openBooks } from "../../src/connectors/ledger/books.js";
import { bundled } from "../bundled.js";
import { aDocument, aFolder, aLedger, openLedger, post, postOne, referenceOf } from "./ledger-setup.js";

const WRITER = new URL("ledger-writer.ts", import.meta.url).pathname;

/** Idempotency key, kind of outcome or the error's message, and for `unconfirmed` what a look-up said at once. */
type Outcome = readonly [key: string, kind: string, lookedUp: "found" | "absent" | "unavailable" | null];

/** Runs the writer as a process of its own; `limitKiB` is the largest file the system lets it write. */
function runWriter(args: readonly (string | number)[], limitKiB: number | null = null): Promise<Outcome[]> {
  const command = [process.execPath, bundled(WRITER), ...args].map((part) => `'${part}'`).join(" ");
  return new Promise((resolve, reject) => {
    const child = spawn("bash", ["-c", `${limitKiB === null ? "" : `ulimit -f ${limitKiB}; `}exec ${command}`], {
      stdio: ["ignore", "pipe", "pipe"],
    });
    let out = "";
    let err = "";
    child.stdout.on("data", (piece) => {
      out += piece;
    });
    child.stderr.on("data", (piece) => {
      err += piece;
    });
    child.on("error", reject);
    child.on("close", (code, signal) => {
      if (code === 0) resolve(JSON.parse(out) as Outcome[]);
      else reject(new Error(`the writer ended with ${code ?? signal}: ${err}`));
    });
  });
}

/** Every word and month counts 1, 2, 3 … in the order of posting. */
function expectGapless(file: string): void {
  const books = openBooks(file);
  const last = new Map<string, number>();
  const vouchers = [...books.journal()].sort((left, right) => left.id - right.id);
  for (const { word, period, number } of vouchers) {
    expect(number).toBe((last.get(word + period) ?? 0) + 1);
    last.set(word + period, number);
  }
  expect(vouchers.map(({ id }) => id)).toEqual(vouchers.map((_, at) => at + 1));
  books.close();
}

describe("several at once", () => {
  test("processes that create the same books and post together leave no gap and lose nothing", async () => {
    const file = join(aFolder(), "books.ledger");
    const names = ["甲", "乙", "丙"];
    const results = await Promise.all(names.map((name) => runWriter([file, name, 12, 10])));
    for (const outcomes of results) expect(new Set(outcomes.map(([, kind]) => kind))).toEqual(new Set(["created"]));
    const books = openBooks(file);
    expect(books.counts().vouchers).toBe(3 * 12 * 10);
    expect(books.trialBalance().totals).toMatchObject([{ currency: "CNY", closingMinor: 0n }]);
    books.close();
    expectGapless(file);
  });

  test("two connections share the numbers, and see each other's keys", async () => {
    const { target, file } = aLedger();
    const other = openLedger({ file });
    const references: string[] = [];
    for (let at = 0; at < 10; at += 1)
      references.push(referenceOf(await postOne(at % 2 === 0 ? target : other, aDocument({ key: `K-${at}` }))));
    expect(references.at(-1)).toBe("2026-11 记-0010");
    expect((await postOne(other, aDocument({ key: "K-0" }))).kind).toBe("exists");
    expectGapless(file);
  });

  test("books that stay locked stop the batch with nothing written", async () => {
    const { target, file } = aLedger();
    await postOne(target, aDocument());
    (target as unknown as { writer: { db: Database.Database } }).writer.db.pragma("busy_timeout = 300");
    const blocker = new Database(file);
    blocker.exec("BEGIN IMMEDIATE");
    await expect(post(target, aDocument({ key: "BX-002" }))).rejects.toThrow(
      /TARGET_UNAVAILABLE: .*database is locked; nothing of this batch was posted/,
    );
    expect(await target.lookup("expense/BX-002/1")).toBeNull();
    blocker.close();
    expect(referenceOf(await postOne(target, aDocument({ key: "BX-002" })))).toBe("2026-11 记-0002");
  });

  test.each([200, 420])("a disk that fails in the commit (%i KiB) leaves the batch in doubt, never half posted", async (limitKiB) => {
    const file = join(aFolder(), "books.ledger");
    const outcomes = await runWriter([file, "满", 16, 50], limitKiB);
    const kinds = new Set(outcomes.map(([, kind]) => kind.replace(/`.*`/, "")));
    expect(kinds).toContain("created");
    expect(kinds).toContain("unconfirmed");
    const later = openLedger({ file });
    const there = new Map<string, boolean>();
    for (const [key] of outcomes) there.set(key, (await later.lookup(key)) !== null);
    for (const [key, kind, lookedUp] of outcomes) {
      if (kind === "created" || lookedUp === "found") expect(there.get(key), key).toBe(true);
      // Neither a stop nor an answer of "absent" may turn out to be wrong afterwards.
      else if (kind !== "unconfirmed" || lookedUp === "absent") expect(there.get(key), key).toBe(false);
    }
    for (let batch = 0; batch < 16; batch += 1) {
      const found = outcomes.slice(batch * 50, batch * 50 + 50).filter(([key]) => there.get(key) === true);
      expect([0, 50]).toContain(found.length);
    }
    // Sending everything again books exactly what was missing.
    const again = await runWriter([file, "满", 16, 50]);
    expect(again.map(([key, kind]) => [key, kind])).toEqual(outcomes.map(([key]) => [key, there.get(key) === true ? "exists" : "created"]));
    expectGapless(file);
  });

  test("after a commit in doubt, a look-up first writes to the books, so that its answer is final", async () => {
    const { target, file } = aLedger();
    await postOne(target, aDocument());
    const { writer } = target as unknown as { writer: { uncertain: boolean } };
    const reader = new Database(file, { readonly: true });
    const version = (): unknown => reader.pragma("data_version", { simple: true });
    const before = version();
    await target.lookup("expense/BX-001/1");
    expect(version()).toBe(before);
    writer.uncertain = true;
    expect((await target.lookup("expense/BX-001/1"))?.reference).toBe("2026-11 记-0001");
    expect(version()).not.toBe(before);
    expect(writer.uncertain).toBe(false);
    // A batch that books nothing settles it too.
    const settled = version();
    writer.uncertain = true;
    expect((await postOne(target, aDocument({ key: "BX-002", lines: [] }))).kind).toBe("rejected");
    expect(version()).not.toBe(settled);
    reader.close();
  });
});
