import { existsSync } from "node:fs";
import { setTimeout as wait } from "node:timers/promises";
import { describe, expect, test } from "vitest";
import { BillsProject, makeBills, wantedBooks } from "../feed/bills.js";
import { documentOf } from "../feed/erp-target.js";
import { differences, erpBooks, ledgerBooks, statusOf } from "../feed/final-books.js";
import { startSync } from "../feed/program.js";
import { runUnderWay } from "./erp-kills.js";

const SIGNALS = [
  ["SIGTERM", 143],
  ["SIGINT", 130],
] as const;

describe("asked to stop while it posts into the embedded ledger", () => {
  test.each(SIGNALS)("%s: what was sent is finished, exit %i, and the next run does the rest", async (signal, exit) => {
    const project = new BillsProject();
    const bills = makeBills(8_000);
    project.export("all", bills);
    const running = startSync(project.folder, "run", "--json");
    // The ledger's file is made by the first posting, and seven more calls follow.
    while (!existsSync(project.ledger) && !running.isOver()) await wait(1);
    running.child.kill(signal);
    const ended = await running.ended;
    expect(ended.code).toBe(exit);
    const stopped = await statusOf(project.folder);
    expect(stopped).toMatchObject({ unconfirmed: 0, runningNow: null, last: { status: "interrupted" } });
    expect(stopped.posted).toBeGreaterThan(0);
    expect(stopped.posted).toBeLessThan(bills.length);
    expect((await ledgerBooks(project.folder)).vouchers).toBe(stopped.posted);
    const next = await startSync(project.folder, "run", "--quiet").ended;
    expect(next.code).toBe(0);
    const books = await ledgerBooks(project.folder);
    expect([differences(books.documents, wantedBooks(bills)), books.twice, books.gaps]).toEqual([[], [], []]);
    project.dispose();
  });
});

describe("asked to stop while it posts into an ERP that takes its time", () => {
  test.each(SIGNALS)("%s: what was sent is finished, exit %i, and the next run does the rest", async (signal, exit) => {
    const bills = makeBills(300);
    const { project, erp, running } = await runUnderWay(bills, 40, 20);
    running.child.kill(signal);
    const ended = await running.ended;
    expect(ended.code).toBe(exit);
    const stopped = await statusOf(project.folder);
    expect(stopped).toMatchObject({ unconfirmed: 0, runningNow: null, last: { status: "interrupted" } });
    expect(stopped.posted).toBeLessThan(bills.length);
    expect((await erp.journal()).live()).toHaveLength(stopped.posted);
    const next = await startSync(project.folder, "run", "--quiet").ended;
    expect(next.code).toBe(0);
    const books = erpBooks(await erp.journal(), documentOf);
    expect([differences(books.documents, wantedBooks(bills)), books.twice]).toEqual([[], []]);
    expect((await erp.journal()).count("post")).toBe(bills.length);
    await erp.stop();
    project.dispose();
  });
});
