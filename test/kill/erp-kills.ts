import type { Rule } from "../erp/faults.js";
import { RunningErp } from "../erp/running-erp.js";
import { type Bill, BillsProject, type Booking, makeBills, wantedBooks } from "../feed/bills.js";
import { documentOf, erpTarget } from "../feed/erp-target.js";
import { differences, erpBooks } from "../feed/final-books.js";
import { startSync } from "../feed/program.js";
import { changedBills, type KillFigures, type OnHistory, storeFaults } from "./figures.js";
import { killUntilDone, measure, type Pace } from "./killing.js";
import { seededRandom } from "./random.js";

/** Beside the kills: answers lost, requests late, reversals that are committed in silence. Nothing here refuses for good. */
const RULES: readonly Rule[] = [
  { fault: "commit and drop", every: 60 },
  { fault: "late", every: 90, delayMs: 120 },
  { fault: "commit and 500", every: 110 },
  { fault: "500 before commit", every: 130 },
  { fault: "429", every: 150, retryAfter: "0" },
  { fault: "commit and garbage", every: 170 },
  { fault: "commit and drop", every: 7, on: "reverse" },
  { fault: "late", every: 11, on: "reverse", delayMs: 120 },
  { fault: "503", every: 40, on: "find" },
];
const SLOW_MS = 5;
/** Longer than the lateness and the slowness together. */
const QUIET = "400ms";

/** Posts into the faulty ERP without duplicate detection, killed `kills` times; each history must end in the books of a quiet run. */
export async function killErpRuns(
  documents: number,
  kills: number,
  seed: number,
  onHistory: OnHistory = () => undefined,
): Promise<KillFigures> {
  const started = performance.now();
  const random = seededRandom(seed);
  const bills = makeBills(documents);
  const changed = changedBills(bills);
  const quiet = await quietRun(bills, changed);
  const faults = [...quiet.faults];
  let done = 0;
  let histories = 0;
  while (done < kills) {
    histories += 1;
    const { project, erp, journal } = await open(seed + histories, RULES);
    project.export("1-first", bills);
    const first = await killUntilDone(project.folder, [journal], quiet.first, random, kills - done);
    project.export("2-changed", changed);
    const second = await killUntilDone(project.folder, [journal], quiet.second, random, kills - done - first.length);
    const history = [...first, ...second];
    done += history.length;
    const books = erpBooks(await erp.journal(), documentOf);
    const found = [
      ...differences(books.documents, quiet.books),
      ...books.twice.map((key) => `${key} is booked twice`),
      ...(await storeFaults(project.folder, documents)),
    ];
    await erp.stop();
    if (found.length === 0) project.dispose();
    else faults.push(`seed ${seed}, history ${histories} (${JSON.stringify(history)}), left in ${project.folder}: ${found.join("; ")}`);
    onHistory(histories, done, faults.length);
  }
  const quietMs = quiet.first.ms + quiet.second.ms;
  return { target: "faulty ERP", seed, documents, histories, kills: done, quietMs, ms: performance.now() - started, faults };
}

async function open(seed: number, rules: readonly Rule[]): Promise<{ project: BillsProject; erp: RunningErp; journal: string }> {
  const project = new BillsProject();
  const journal = `${project.folder}/erp.jsonl`;
  const erp = await RunningErp.start({ journal, seed });
  await erp.control({ rules, slowMs: SLOW_MS });
  project.target(...erpTarget({ url: erp.url, quiet: QUIET }));
  return { project, erp, journal };
}

interface QuietRun {
  readonly first: Pace;
  readonly second: Pace;
  readonly books: ReadonlyMap<string, Booking>;
  readonly faults: readonly string[];
}

/** Nobody is killed, and the ERP is only slow. */
async function quietRun(bills: readonly Bill[], changed: readonly Bill[]): Promise<QuietRun> {
  const { project, erp, journal } = await open(0, []);
  project.export("1-first", bills);
  const first = await measure(project.folder, [journal]);
  project.export("2-changed", changed);
  const second = await measure(project.folder, [journal]);
  const books = erpBooks(await erp.journal(), documentOf).documents;
  const wanted = new Map([...wantedBooks(bills), ...wantedBooks(changed)]);
  const faults = differences(books, wanted).map((each) => `the quiet run: ${each}`);
  await erp.stop();
  project.dispose();
  return { first, second, books, faults };
}

/** A run into a slow ERP that is still going on when the given number of documents is booked. */
export async function runUnderWay(bills: readonly Bill[], bookedSoFar: number, slowMs: number) {
  const { project, erp } = await open(0, []);
  await erp.control({ slowMs });
  project.export("all", bills);
  const running = startSync(project.folder, "run", "--json");
  while (erp.journalNow().booked.length < bookedSoFar && !running.isOver()) await new Promise((resolve) => setTimeout(resolve, 10));
  return { project, erp, running };
}
