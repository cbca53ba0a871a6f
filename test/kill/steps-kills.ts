import type { Rule } from "../erp/faults.js";
import { RunningErp } from "../erp/running-erp.js";
import { type Bill, BillsProject, type Booking, makeBills, wantedBooks } from "../feed/bills.js";
import { documentOf, erpStepsTarget } from "../feed/erp-target.js";
import { differences, erpBooks, erpDrafts, erpTwice } from "../feed/final-books.js";
import { changedBills, type KillFigures, type OnHistory, storeFaults } from "./figures.js";
import { killUntilDone, measure, type Pace } from "./killing.js";
import { seededRandom } from "./random.js";

/** The ERP refuses to audit some, so that they are still drafts when their bills change. */
const REFUSED: Rule = { fault: "refuse", every: 5, of: "documents", on: "audit", message: "审核人不能与制单人相同" };
/** Exit code of a run that leaves such documents on the list. */
const WAITING = 3;
/** Beside the kills: answers lost and requests late at every step. */
const RULES: readonly Rule[] = [
  { fault: "commit and drop", every: 41 },
  { fault: "commit and drop", every: 43, on: "submit" },
  { fault: "commit and drop", every: 47, on: "audit" },
  { fault: "late", every: 61, delayMs: 120 },
  { fault: "late", every: 67, on: "submit", delayMs: 120 },
  { fault: "late", every: 71, on: "audit", delayMs: 120 },
  { fault: "commit and drop", every: 5, on: "change" },
  { fault: "late", every: 7, on: "change", delayMs: 120 },
  { fault: "commit and drop", every: 9, on: "reverse" },
  { fault: "503", every: 40, on: "find" },
  { fault: "500 before commit", every: 50, on: "read" },
];
const SLOW_MS = 3;
/** Longer than the lateness and the slowness together. */
const QUIET = "400ms";

/**
 * Posts into the faulty ERP that saves, submits and audits, killed `kills` times; then half of the bills change, some
 * of them while they are drafts. Each history must end in the books of a quiet run, with no draft left.
 */
export async function killStepRuns(
  documents: number,
  kills: number,
  seed: number,
  onHistory: OnHistory = () => undefined,
): Promise<KillFigures> {
  const started = performance.now();
  const random = seededRandom(seed);
  const bills = makeBills(documents);
  const changed = changedBills(bills, 2);
  const quiet = await quietRun(bills, changed);
  const faults = [...quiet.faults];
  let done = 0;
  let histories = 0;
  while (done < kills) {
    histories += 1;
    const { project, erp, journal } = await open(seed + histories);
    await erp.control({ rules: [...RULES, REFUSED] });
    project.export("1-first", bills);
    // The other half of the kills is for the run in which drafts are changed.
    const most = Math.ceil((kills - done) / 2);
    const first = await killUntilDone(project.folder, [journal], quiet.first, random, most, WAITING);
    await erp.control({ rules: RULES });
    project.export("2-changed", changed);
    const second = await killUntilDone(project.folder, [journal], quiet.second, random, kills - done - first.length);
    const history = [...first, ...second];
    done += history.length;
    const found = [...(await faultsOf(erp, quiet.books)), ...(await storeFaults(project.folder, documents))];
    await erp.stop();
    if (found.length === 0) project.dispose();
    else faults.push(`seed ${seed}, history ${histories} (${JSON.stringify(history)}), left in ${project.folder}: ${found.join("; ")}`);
    onHistory(histories, done, faults.length);
  }
  const quietMs = quiet.first.ms + quiet.second.ms;
  return { target: "faulty ERP in three steps", seed, documents, histories, kills: done, quietMs, ms: performance.now() - started, faults };
}

async function open(seed: number): Promise<{ project: BillsProject; erp: RunningErp; journal: string }> {
  const project = new BillsProject();
  const journal = `${project.folder}/erp.jsonl`;
  const erp = await RunningErp.start({ journal, seed, inSteps: true });
  await erp.control({ slowMs: SLOW_MS });
  project.target(...erpStepsTarget({ url: erp.url, quiet: QUIET }));
  return { project, erp, journal };
}

interface QuietRun {
  readonly first: Pace;
  readonly second: Pace;
  readonly books: ReadonlyMap<string, Booking>;
  readonly faults: readonly string[];
}

/** Nobody is killed, and the ERP is slow and refuses some, and that is all. */
async function quietRun(bills: readonly Bill[], changed: readonly Bill[]): Promise<QuietRun> {
  const { project, erp, journal } = await open(0);
  await erp.control({ rules: [REFUSED] });
  project.export("1-first", bills);
  const first = await measure(project.folder, [journal], WAITING);
  await erp.control({ rules: [] });
  project.export("2-changed", changed);
  const second = await measure(project.folder, [journal]);
  const wanted = new Map([...wantedBooks(bills), ...wantedBooks(changed)]);
  const faults = (await faultsOf(erp, wanted)).map((each) => `the quiet run: ${each}`);
  if ((await erp.journal()).countDrafts("changed") === 0) faults.push("the quiet run changed no draft, so nothing was tried");
  await erp.stop();
  project.dispose();
  return { first, second, books: wanted, faults };
}

/** What is wrong with the ERP's books at the end of a history. */
async function faultsOf(erp: RunningErp, wanted: ReadonlyMap<string, Booking>): Promise<string[]> {
  const journal = await erp.journal();
  const drafts = erpDrafts(journal, documentOf);
  return [
    ...differences(erpBooks(journal, documentOf).documents, wanted),
    ...erpTwice(journal, documentOf).map((key) => `the ERP holds ${key} twice`),
    ...drafts.map((key) => `${key} is left as a draft`),
  ];
}
