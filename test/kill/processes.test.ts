import { setTimeout as wait } from "node:timers/promises";
import Database from "better-sqlite3";
import { describe, expect, test } from "vitest";
import { RunningErp } from "../erp/running-erp.js";
import { BillsProject, makeBills, wantedBooks } from "../feed/bills.js";
import { documentOf, erpTarget } from "../feed/erp-target.js";
import { differences, erpBooks } from "../feed/final-books.js";
import { startSync } from "../feed/program.js";
import { runUnderWay } from "./erp-kills.js";

describe("several processes on one pipeline", () => {
  // So many bills that the one that posts is at work long after the last of the others has started.
  test.each([
    [2, 100],
    [8, 200],
  ])("%i started together: one posts, the others exit 6 at once and say who holds it", async (processes, documents) => {
    const project = new BillsProject();
    const erp = await RunningErp.start({ journal: `${project.folder}/erp.jsonl` });
    await erp.control({ slowMs: 25 });
    project.target(...erpTarget({ url: erp.url, quiet: "400ms", concurrency: 1 }));
    const bills = makeBills(documents);
    project.export("all", bills);
    // The store is not there yet: they also race to make it.
    const running = Array.from({ length: processes }, () => startSync(project.folder, "run", "--json"));
    const ended = await Promise.all(running.map(async (each) => ({ pid: each.child.pid, ...(await each.ended) })));
    expect(ended.filter(({ code }) => code !== 0 && code !== 6).map(({ out, err }) => out + err)).toEqual([]);
    expect(ended.map((each) => each.code).sort()).toEqual([0, ...Array.from({ length: processes - 1 }, () => 6)]);
    const winner = ended.find((each) => each.code === 0);
    for (const loser of ended.filter((each) => each.code === 6)) {
      expect(loser.out + loser.err).toMatch(new RegExp(`process ${String(winner?.pid)} on .*, since \\d{4}-\\d\\d-\\d\\dT`));
      expect((winner?.ms ?? 0) - loser.ms).toBeGreaterThan(1_000);
    }
    const journal = await erp.journal();
    const books = erpBooks(journal, documentOf);
    expect([books.twice, differences(books.documents, wantedBooks(bills))]).toEqual([[], []]);
    expect(journal.count("post")).toBe(documents);
    await erp.stop();
    project.dispose();
  });

  test.each([
    ["between two writes", false],
    ["in the middle of a write to the store", true],
  ])("a run that is suspended %s keeps its hold: the second exits 6, and the first finishes when it wakes up", async (_, inWrite) => {
    const bills = makeBills(200);
    const { project, erp, running } = await runUnderWay(bills, 20, 10);
    running.child.kill("SIGSTOP");
    while (isBeingWritten(project.store) !== inWrite) {
      running.child.kill("SIGCONT");
      await wait(3);
      running.child.kill("SIGSTOP");
      await wait(3);
    }
    const second = await startSync(project.folder, "run", "--json").ended;
    running.child.kill("SIGCONT");
    expect([second.code, second.out + second.err]).toEqual([6, expect.stringContaining("STORE_BUSY")]);
    expect((await running.ended).code).toBe(0);
    const books = erpBooks(await erp.journal(), documentOf);
    expect([books.twice, differences(books.documents, wantedBooks(bills))]).toEqual([[], []]);
    await erp.stop();
    project.dispose();
  });
});

/** Whether somebody is inside a write to this file now. */
function isBeingWritten(file: string): boolean {
  const db = new Database(file, { timeout: 0 });
  try {
    db.exec("BEGIN IMMEDIATE; ROLLBACK");
    return false;
  } catch {
    return true;
  } finally {
    db.close();
  }
}
