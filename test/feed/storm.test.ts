import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { FAULTS, type Rule } from "../erp/faults.js";
import { RunningErp } from "../erp/running-erp.js";
import { BillsProject, makeBills, wantedBooks } from "./bills.js";
import { documentOf, type ErpTargetOptions, erpTarget } from "./erp-target.js";
import { differences, erpBooks, statusOf } from "./final-books.js";
import { startSync } from "./program.js";

const BILLS = 150;
const LATE_MS = 300;
/** How long the ERP's read side lags behind its books. */
const LAG_MS = 100;
/** Longer than lateness, lag and a hang's give-up together can be after the client's last word. */
const QUIET = "900ms";
const TIMEOUT = "500ms";
const SIGN_IN = { client: "sync", secret: "s3cret" };
const MOST_RUNS = 8;

/** Every fault there is, each on primes of its own so that they do not all fall on the same requests. */
const PRIMES = [29, 31, 37, 41, 43, 47, 53, 59, 61, 67, 71, 73, 79, 83, 89, 97, 101, 103, 107, 109];
const STORM: readonly Rule[] = FAULTS.filter((fault) => fault !== "refuse" && fault !== "half a batch").map((fault, index) => ({
  fault,
  every: PRIMES[index] as number,
  delayMs: LATE_MS,
  ...(fault === "429" ? { retryAfter: "1" } : {}),
}));
const ON_LOOK_UP: readonly Rule[] = [
  { fault: "500 before commit", every: 11, on: "find" },
  { fault: "drop before commit", every: 17, on: "find" },
  { fault: "503", every: 7, on: "latest" },
];
const ON_BATCH: readonly Rule[] = [
  { fault: "429", every: 11, on: "batch", retryAfter: "0" },
  { fault: "half a batch", every: 4, on: "batch" },
  { fault: "commit and drop", every: 5, on: "batch" },
  { fault: "late", every: 7, on: "batch", delayMs: LATE_MS },
  { fault: "commit and 500", every: 9, on: "batch" },
  { fault: "commit and truncate", every: 13, on: "batch" },
];

describe("every fault at once, on postings, look-ups and the session", () => {
  let project: BillsProject;
  beforeEach(() => {
    project = new BillsProject();
  });
  afterEach(() => project.dispose());

  const cases: readonly [string, "booked" | "refused", readonly Rule[], Partial<ErpTargetOptions>][] = [
    ["an ERP that books duplicates", "booked", STORM, {}],
    ["an ERP that refuses duplicates", "refused", STORM, { deduplicates: true }],
    ["batches that are cut in the middle", "booked", ON_BATCH, { batch: 4 }],
  ];
  test.each(cases)("%s", async (name, duplicates, rules, options) => {
    const seed = 7;
    const erp = await RunningErp.start({ journal: `${project.folder}/erp.jsonl`, seed, duplicates, auth: { ...SIGN_IN, uses: 40 } });
    await erp.control({ rules: [...rules, ...ON_LOOK_UP], readLagMs: LAG_MS });
    project.target(...erpTarget({ url: erp.url, quiet: QUIET, timeout: TIMEOUT, signIn: SIGN_IN, ...options }));
    const bills = makeBills(BILLS);
    project.export("bills", bills);
    const codes: (number | null)[] = [];
    const said: string[] = [];
    while (codes.at(-1) !== 0 && codes.length < MOST_RUNS) {
      const { code, out, err } = await startSync(project.folder, "run", "--json").ended;
      codes.push(code);
      const { problems = [] } =
        out === "" ? {} : (JSON.parse(out) as { problems?: readonly { readonly code: string; readonly message: string }[] });
      said.push(`run ${codes.length}, exit ${String(code)}: ${err}${problems.map((each) => `${each.code} ${each.message}`).join("; ")}`);
    }
    const journal = await erp.journal();
    const books = erpBooks(journal, documentOf);
    console.log(
      `storm, ${name}: ${BILLS} bills, ${journal.count("post") + journal.count("batch")} posting calls, ${journal.count("find")} look-ups, ${journal.requests.filter((request) => request.fault !== null).length} faults, exit codes ${codes.join(" ")}, twice ${books.twice.length}, seed ${seed}`,
    );
    for (const { fault, on = "post" } of rules)
      expect(
        journal.requests.some((request) => request.fault === fault && request.call === on),
        `${fault} on ${on} must strike`,
      ).toBe(true);
    expect(books.twice).toEqual([]);
    expect(differences(books.documents, wantedBooks(bills)), said.join("\n")).toEqual([]);
    expect(codes.at(-1), said.join("\n")).toBe(0);
    expect(await statusOf(project.folder)).toMatchObject({ posted: BILLS, unconfirmed: 0, waiting: 0, held: 0 });
    await erp.stop();
  });

  test("a look-up that can never be read keeps its own document in doubt, and the others are posted", async () => {
    const erp = await RunningErp.start({ journal: `${project.folder}/erp.jsonl` });
    await erp.control({
      rules: [
        { fault: "commit and drop", every: 10 },
        { fault: "garbage before commit", every: 2, on: "find", of: "documents", most: 1 },
      ],
    });
    project.target(...erpTarget({ url: erp.url, quiet: "300ms" }));
    const bills = makeBills(40);
    project.export("day-1", bills.slice(0, 30));
    await startSync(project.folder, "run", "--quiet").ended;
    project.export("day-2", bills.slice(30));
    const { code } = await startSync(project.folder, "run", "--quiet").ended;
    expect(await statusOf(project.folder)).toMatchObject({ posted: 39, unconfirmed: 1 });
    expect(code).toBe(5);
    await erp.control({ rules: [] });
    expect((await startSync(project.folder, "run", "--quiet").ended).code).toBe(0);
    const books = erpBooks(await erp.journal(), documentOf);
    expect([books.twice, differences(books.documents, wantedBooks(bills))]).toEqual([[], []]);
    await erp.stop();
  });
});
