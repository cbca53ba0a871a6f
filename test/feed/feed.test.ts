import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Rule } from "../erp/faults.js";
import type { Journal } from "../erp/journal.js";
import { RunningErp } from "../erp/running-erp.js";
import { type Bill, BillsProject, makeBills, wantedBooks } from "./bills.js";
import { documentOf, erpTarget } from "./erp-target.js";
import { differences, erpBooks, json } from "./final-books.js";
import { startSync } from "./program.js";

const SEED = 20_261_120;
const BILLS = 2_000;
const REFUSED_EVERY = 250;
const WORDS = "科目不存在: 6602.99";
const RULES: readonly Rule[] = [
  { fault: "refuse", every: REFUSED_EVERY, of: "documents", message: WORDS },
  { fault: "commit and drop", every: 100 },
  { fault: "late", every: 100, delayMs: 600 },
  // Primes, so that these do not fall on the same requests as the ones above.
  { fault: "429", every: 397, retryAfter: "1" },
  { fault: "429", every: 499 },
  { fault: "500 before commit", every: 487 },
  { fault: "commit and 500", every: 491 },
  { fault: "drop before commit", every: 389 },
  // The questions asked afterwards are not spared either.
  { fault: "503", every: 25, on: "find" },
];

interface Waiting {
  readonly key: string;
  readonly code: string;
  readonly problem: { readonly message: string };
}

interface RunPrinted {
  readonly status: string;
  readonly counts: { readonly posted: number; readonly confirmed: number; readonly waiting: number; readonly unconfirmed: number };
}

describe("the feed that breaks every other tool", () => {
  let project: BillsProject;
  let erp: RunningErp;
  let bills: readonly Bill[];

  beforeAll(async () => {
    bills = makeBills(BILLS);
    project = new BillsProject();
    erp = await RunningErp.start({ journal: `${project.folder}/erp.jsonl`, seed: SEED });
    await erp.control({ rules: RULES });
    project.target(...erpTarget({ url: erp.url, quiet: "2s" }));
    project.export("bills", bills);
  });

  afterAll(async () => {
    await erp.stop();
    project.dispose();
  });

  /** Runs until the program no longer says that it is in doubt; each run is as cron would start it. */
  async function runUntilSure(): Promise<{ codes: (number | null)[]; ms: number; last: RunPrinted }> {
    const codes: (number | null)[] = [];
    let ms = 0;
    for (;;) {
      const ended = await startSync(project.folder, "run", "--json").ended;
      codes.push(ended.code);
      ms += ended.ms;
      if (ended.code !== 5 || codes.length === 5) return { codes, ms, last: JSON.parse(ended.out) as RunPrinted };
    }
  }

  function live(journal: Journal): ReturnType<typeof erpBooks> {
    return erpBooks(journal, documentOf);
  }

  test("nothing is booked twice, nothing is lost, and the refused ones are named; then just those are posted", async () => {
    const first = await runUntilSure();
    const afterFirst = await erp.journal();
    const booked = live(afterFirst);
    const waiting = (await json(project.folder, "quarantine", "list")) as Waiting[];
    const unaccounted = bills.filter(({ key }) => !booked.documents.has(key) && !waiting.some((item) => item.key === key));
    const figures = {
      bills: BILLS,
      requests: afterFirst.requests.length,
      "posts sent": afterFirst.count("post"),
      "look-ups": afterFirst.count("find"),
      "committed, answer dropped": afterFirst.struck("commit and drop"),
      "arrived late": afterFirst.struck("late"),
      "refused with HTTP 200": afterFirst.struck("refuse"),
      "429": afterFirst.struck("429"),
      "dropped before commit": afterFirst.struck("drop before commit"),
      "500 before commit": afterFirst.struck("500 before commit"),
      "500 after commit": afterFirst.struck("commit and 500"),
      "503 on look-up": afterFirst.struck("503"),
      "booked twice": booked.twice.length,
      lost: unaccounted.length,
      waiting: waiting.length,
      "runs, exit codes": first.codes.join(" "),
      "confirmed by look-up in the last": first.last.counts.confirmed,
      milliseconds: Math.round(first.ms),
    };
    console.log(
      `the feed, seed ${SEED}\n${Object.entries(figures)
        .map(([name, figure]) => `  ${name.padEnd(36)}${figure}`)
        .join("\n")}`,
    );

    // The faults did strike, or the rest would prove nothing.
    for (const fault of ["commit and drop", "late", "429", "500 before commit", "commit and 500", "drop before commit"] as const)
      expect(afterFirst.struck(fault)).toBeGreaterThanOrEqual(Math.floor(BILLS / 500));
    expect(booked.twice).toEqual([]);
    expect(unaccounted).toEqual([]);
    expect(first.codes).toEqual([3]);
    expect(first.last.counts).toMatchObject({ waiting: BILLS / REFUSED_EVERY, unconfirmed: 0 });
    expect(waiting).toHaveLength(BILLS / REFUSED_EVERY);
    for (const item of waiting)
      expect(item).toMatchObject({ code: "TARGET_REJECTED", problem: { message: expect.stringContaining(WORDS) } });
    const refused = new Set(waiting.map((item) => item.key));
    const wanted = wantedBooks(bills);
    expect(differences(booked.documents, new Map([...wanted].filter(([key]) => !refused.has(key))))).toEqual([]);

    await erp.control({ rules: [] });
    const second = await startSync(project.folder, "run", "--json").ended;
    expect(second.code).toBe(0);
    expect((JSON.parse(second.out) as RunPrinted).counts).toMatchObject({ posted: refused.size, waiting: 0, unconfirmed: 0 });
    const afterSecond = await erp.journal();
    const newPosts = afterSecond.requests.slice(afterFirst.requests.length).filter((request) => request.call === "post");
    expect(newPosts.map((request) => documentOf(request.externalNo ?? "")).sort()).toEqual([...refused].sort());
    expect(live(afterSecond).twice).toEqual([]);
    expect(differences(live(afterSecond).documents, wanted)).toEqual([]);

    const third = await startSync(project.folder, "run", "--json").ended;
    expect(third.code).toBe(0);
    const sent = (await erp.journal()).requests.slice(afterSecond.requests.length).map((request) => request.call);
    expect(sent.filter((call) => call === "post" || call === "reverse" || call === "batch")).toEqual([]);
  });
});
