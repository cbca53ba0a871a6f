import { spawn } from "node:child_process";
import { chmodSync, copyFileSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { AuditFault } from "../../src/model/audit.js";
import { bundled } from "../bundled.js";
import { AuditedStore, aDrop, rowsOf, verdictOf } from "./audit-store.js";

const APPENDER = new URL("audit-appender.ts", import.meta.url).pathname;

let folder = "";
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "sync-audit-processes-"));
});
afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

interface Running {
  readonly ready: Promise<void>;
  readonly go: () => void;
  /** What it printed; rejects when it fails. */
  readonly ended: Promise<string>;
}

function appender(...args: readonly (string | number)[]): Running {
  const child = spawn(process.execPath, [bundled(APPENDER), ...args.map(String)]);
  let out = "";
  let err = "";
  const ready = new Promise<void>((resolve) => {
    child.stdout.on("data", (piece) => {
      out += piece;
      resolve();
    });
  });
  child.stderr.on("data", (piece) => {
    err += piece;
  });
  const ended = new Promise<string>((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (code) => (code === 0 ? resolve(out) : reject(new Error(`the appender ended with ${code}: ${err}`))));
  });
  return { ready: Promise.race([ready, ended.then(() => undefined)]), go: () => void child.stdin.write("go"), ended };
}

test("processes that make the store and add to its log together keep one chain and lose no row", async () => {
  const file = join(folder, "store.db");
  const names = ["甲", "乙", "丙"];
  const running = names.map((name) => appender("append", file, name, 60, 7));
  await Promise.all(running.map((each) => each.ready));
  for (const each of running) each.go();
  await Promise.all(running.map((each) => each.ended));
  const rows = rowsOf(file);
  // The row of the store, and of each process two transactions in three.
  expect(verdictOf(file)).toMatchObject({ rows: 1 + 3 * 40 * 7, fault: null });
  expect(rows.filter((row) => row.event === "store created")).toHaveLength(1);
  for (const name of names) {
    const own = rows.filter((row) => row.subject?.startsWith(`${name}-`) === true).map((row) => row.subject);
    expect(own).toEqual(
      Array.from({ length: 60 }, (_, transaction) => transaction)
        .filter((transaction) => transaction % 3 !== 2)
        .flatMap((transaction) => Array.from({ length: 7 }, (_, row) => `${name}-${transaction}-${row}`)),
    );
  }
  const turns = rows.filter((row, at) => at > 0 && row.actor !== rows[at - 1]?.actor).length;
  expect(turns).toBeGreaterThan(10);
});

test("a store on a read-only medium is read from a copy, with what is still in its write-ahead log", async () => {
  const place = new AuditedStore();
  const archive = join(folder, "archive");
  mkdirSync(archive);
  try {
    place.append("a", "b", "c");
    for (const end of ["", "-wal"]) {
      copyFileSync(`${place.file}${end}`, join(archive, `store.db${end}`));
      chmodSync(join(archive, `store.db${end}`), 0o444);
    }
    chmodSync(folder, 0o755);
    chmodSync(archive, 0o555);
    expect(JSON.parse(await appender("verify-unprivileged", join(archive, "store.db")).ended)).toMatchObject({ rows: 4, fault: null });
    expect(readdirSync(archive)).toEqual(["store.db", "store.db-wal"]);
  } finally {
    chmodSync(archive, 0o755);
    place.dispose();
  }
});

test("100,000 rows are verified in memory that does not grow with them", async () => {
  const place = new AuditedStore();
  try {
    const verify = async (): Promise<{ rows: number; fault: AuditFault | null; peakKiB: number }> =>
      JSON.parse(await appender("verify", place.file).ended) as { rows: number; fault: AuditFault | null; peakKiB: number };
    const few = await verify();
    place.store.transaction(() => {
      for (let row = 0; row < 100_000; row += 1) place.store.audit.append(aDrop({ subject: `BX-${row}` }));
    });
    const many = await verify();
    expect(few).toMatchObject({ rows: 1, fault: null });
    expect(many).toMatchObject({ rows: 100_001, fault: null });
    // All rows at once would be some 100 MiB; what is allowed is garbage that has not been collected yet.
    expect(many.peakKiB - few.peakKiB).toBeLessThan(40 * 1024);
  } finally {
    place.dispose();
  }
});
