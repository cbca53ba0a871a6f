import { rmSync } from "node:fs";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { Call, Rule } from "../erp/faults.js";
import { RunningErp } from "../erp/running-erp.js";
import { BillsProject, makeBills, PIPELINE, wantedBooks } from "./bills.js";
import { documentOf, erpStepsTarget } from "./erp-target.js";
import { differences, erpBooks, erpDrafts, erpTwice, json, statusOf } from "./final-books.js";
import { startSync } from "./program.js";

const SEED = 20_261_120;
const BILLS = 300;
const REFUSED_EVERY = 50;
const WORDS = "审核人不能与制单人相同";
const STEPS: readonly Call[] = ["post", "submit", "audit"];
/** Primes, so that the faults of one step do not all fall on the same requests. */
const RULES: readonly Rule[] = [
  { fault: "refuse", every: REFUSED_EVERY, of: "documents", on: "audit", message: WORDS },
  ...STEPS.flatMap((on, step): Rule[] => [
    { fault: "commit and drop", every: [23, 29, 31][step] as number, on },
    { fault: "late", every: [37, 41, 43][step] as number, on, delayMs: 300 },
    { fault: "commit and 500", every: [61, 67, 71][step] as number, on },
    { fault: "drop before commit", every: [73, 79, 83][step] as number, on },
    { fault: "commit and garbage", every: [89, 97, 101][step] as number, on },
    { fault: "commit and say no number", every: [103, 107, 109][step] as number, on },
    { fault: "429", every: [113, 127, 131][step] as number, on, retryAfter: "0" },
  ]),
  { fault: "503", every: 25, on: "find" },
];
const MOST_RUNS = 6;

interface Waiting {
  readonly key: string;
  readonly code: string;
  readonly problem: { readonly message: string };
}

describe("an ERP that saves, submits and audits", () => {
  let project: BillsProject;
  let erp: RunningErp;
  beforeEach(async () => {
    project = new BillsProject();
    erp = await RunningErp.start({ journal: `${project.folder}/erp.jsonl`, seed: SEED, inSteps: true });
    project.target(...erpStepsTarget({ url: erp.url, quiet: "1s" }));
  });
  afterEach(async () => {
    await erp.stop();
    project.dispose();
  });

  const writes = async (from = 0): Promise<[Call, string][]> =>
    (await erp.journal()).requests
      .slice(from)
      .filter(({ call }) => call !== "find" && call !== "read" && call !== "list" && call !== "latest")
      .map(({ call, externalNo }): [Call, string] => [call, documentOf(externalNo ?? "")]);

  test("nothing is there twice, no draft is left but those on the list, and the next run finishes just those", async () => {
    await erp.control({ rules: RULES });
    const bills = makeBills(BILLS);
    project.export("bills", bills);
    const codes: (number | null)[] = [];
    do codes.push((await startSync(project.folder, "run", "--quiet").ended).code);
    while (codes.at(-1) === 5 && codes.length < MOST_RUNS);
    const first = await erp.journal();
    const waiting = (await json(project.folder, "quarantine", "list")) as Waiting[];
    const refused = waiting.map(({ key }) => key).sort();
    const struck = STEPS.map((on) => first.requests.filter(({ call, fault }) => call === on && fault !== null).length);
    console.log(
      `steps: ${BILLS} bills, faults on save, submit and audit ${struck.join(" ")}, ${first.count("find")} look-ups, waiting ${refused.length}, twice ${erpTwice(first, documentOf).length}, exit codes ${codes.join(" ")}, seed ${SEED}`,
    );
    for (const { fault, on } of RULES)
      expect(
        first.requests.some((request) => request.fault === fault && request.call === on),
        `${fault} on ${on} must strike`,
      ).toBe(true);
    expect(codes.at(-1)).toBe(3);
    expect(erpTwice(first, documentOf)).toEqual([]);
    expect(refused).toHaveLength(BILLS / REFUSED_EVERY);
    for (const item of waiting)
      expect(item).toMatchObject({ code: "TARGET_REJECTED", problem: { message: expect.stringContaining(WORDS) } });
    expect(erpDrafts(first, documentOf).sort()).toEqual(refused);
    const wanted = wantedBooks(bills);
    expect(differences(erpBooks(first, documentOf).documents, new Map([...wanted].filter(([key]) => !refused.includes(key))))).toEqual([]);

    await erp.control({ rules: [] });
    expect((await startSync(project.folder, "run", "--quiet").ended).code).toBe(0);
    expect((await writes(first.requests.length)).sort()).toEqual(refused.map((key) => ["audit", key]));
    const second = await erp.journal();
    expect(erpDrafts(second, documentOf)).toEqual([]);
    expect(differences(erpBooks(second, documentOf).documents, wanted)).toEqual([]);
    expect((await startSync(project.folder, "run", "--quiet").ended).code).toBe(0);
    expect(await writes(second.requests.length)).toEqual([]);
  });

  test("bills that change while they are drafts are changed where they stand", async () => {
    await erp.control({ rules: [{ fault: "refuse", every: 1, on: "audit" }] });
    const bills = makeBills(6);
    project.export("bills", bills);
    expect((await startSync(project.folder, "run", "--quiet").ended).code).toBe(3);
    const before = (await erp.journal()).requests.length;
    await erp.control({ rules: [] });
    const changed = bills.map((bill) => ({ ...bill, lines: bill.lines.map((line) => ({ ...line, net: line.net + 1n })) }));
    project.export("changed", changed.slice(0, 3));
    expect((await startSync(project.folder, "run", "--quiet").ended).code).toBe(0);
    const done = await writes(before);
    expect(
      done
        .filter(([call]) => call === "change")
        .map(([, key]) => key)
        .sort(),
    ).toEqual(bills.slice(0, 3).map(({ key }) => key));
    expect(done.filter(([call]) => call === "post" || call === "delete" || call === "reverse")).toEqual([]);
    const wanted = new Map([...wantedBooks(bills), ...wantedBooks(changed.slice(0, 3))]);
    const journal = await erp.journal();
    expect([erpDrafts(journal, documentOf), differences(erpBooks(journal, documentOf).documents, wanted)]).toEqual([[], []]);
  });

  test("what a person did in the ERP is noticed and left alone", async () => {
    await erp.control({ rules: [{ fault: "refuse", every: 1, on: "audit", most: 2 }] });
    const bills = makeBills(6);
    project.export("bills", bills);
    project.target(...erpStepsTarget({ url: erp.url, quiet: "0s", concurrency: 1 }));
    expect((await startSync(project.folder, "run", "--quiet").ended).code).toBe(3);
    const { vouchers } = await erp.books();
    const numberOf = (at: number): string =>
      vouchers.find(({ externalNo }) => documentOf(externalNo) === bills[at]?.key)?.number ?? "not there";
    const isDraft = bills.map((_, at) => vouchers.find(({ number }) => number === numberOf(at))?.status !== "audited");
    const drafts = bills.map((_, at) => at).filter((at) => isDraft[at]);
    const [edited = 0, cancelled = 0] = bills.map((_, at) => at).filter((at) => !isDraft[at]);
    const [deleted = 0, audited = 0] = drafts;
    expect(drafts).toHaveLength(2);
    await erp.control({
      byHand: [
        { do: "change amount", number: numberOf(edited), by: "0.01" },
        { do: "cancel", number: numberOf(cancelled) },
        { do: "delete", number: numberOf(deleted) },
        { do: "audit", number: numberOf(audited) },
      ],
    });
    const before = (await erp.journal()).requests.length;
    expect((await startSync(project.folder, "run", "--verify", "--quiet").ended).code).toBe(3);
    const waiting = (await json(project.folder, "quarantine", "list")) as Waiting[];
    const found = Object.fromEntries(waiting.map(({ key, code, problem }) => [key, `${code} ${problem.message}`]));
    const key = (at: number): string => bills[at]?.key ?? "";
    expect(Object.keys(found).sort()).toEqual([key(edited), key(cancelled), key(deleted)].sort());
    expect(found[key(edited)]).toMatch(/^TARGET_EDITED posted as 记-\d+, and in the target it was changed there: without/);
    expect(found[key(cancelled)]).toMatch(
      /^TARGET_EDITED posted as 记-\d+, and in the target it is no longer there \(cancelled by 记-\d+\)/,
    );
    expect(found[key(deleted)]).toMatch(/^TARGET_EDITED posted as 记-\d+, and in the target it is no longer there/);
    // That one was audited already is success.
    expect(await writes(before)).toEqual([["audit", key(audited)]]);
  });

  describe("a lost store is rebuilt from the list", () => {
    const bills = makeBills(20);
    /** Some are drafts when the store is lost. Returns the calls that were made since then. */
    async function recoverAndRun(): Promise<[Call, string][]> {
      await erp.control({ pageSize: 7, rules: [{ fault: "refuse", every: 5, of: "documents", on: "audit" }] });
      project.export("bills", bills);
      expect((await startSync(project.folder, "run", "--quiet").ended).code).toBe(3);
      for (const suffix of ["", "-wal", "-shm"]) rmSync(project.store + suffix, { force: true });
      const before = (await erp.journal()).requests.length;
      await startSync(project.folder, "recover", PIPELINE).ended;
      await erp.control({ rules: [] });
      await startSync(project.folder, "run", "--quiet").ended;
      return writes(before);
    }

    test("every document is known again, drafts and the step they reached included, and nothing is posted again", async () => {
      const done = await recoverAndRun();
      expect(done.filter(([call]) => call !== "audit")).toEqual([]);
      const { posted, held, unconfirmed } = await statusOf(project.folder);
      expect([posted + held, unconfirmed]).toEqual([bills.length, 0]);
      expect(erpTwice(await erp.journal(), documentOf)).toEqual([]);
    });

    test("the drafts among them are finished by the next run", async () => {
      const done = await recoverAndRun();
      expect(done.map(([call]) => call)).toEqual(["audit", "audit", "audit", "audit"]);
    });
  });
});
