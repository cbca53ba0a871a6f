import { type Bill, BillsProject, makeBills, wantedBooks } from "../feed/bills.js";
import { differences, type LedgerBooks, ledgerBooks } from "../feed/final-books.js";
import { changedBills, type KillFigures, type OnHistory, storeFaults } from "./figures.js";
import { killUntilDone, measure, type Pace } from "./killing.js";
import { seededRandom } from "./random.js";

/** Posts into the embedded ledger, killed `kills` times over as many histories as it takes; each must end in the books of a quiet run. */
export async function killLedgerRuns(
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
    const project = new BillsProject();
    project.export("1-first", bills);
    const first = await killUntilDone(project.folder, filesOf(project), quiet.first, random, kills - done);
    project.export("2-changed", changed);
    const second = await killUntilDone(project.folder, filesOf(project), quiet.second, random, kills - done - first.length);
    const history = [...first, ...second];
    done += history.length;
    histories += 1;
    const found = await faultsOf(project, quiet.books, documents);
    if (found.length === 0) project.dispose();
    else faults.push(`seed ${seed}, history ${histories} (${JSON.stringify(history)}), left in ${project.folder}: ${found.join("; ")}`);
    onHistory(histories, done, faults.length);
  }
  const quietMs = quiet.first.ms + quiet.second.ms;
  return { target: "ledger", seed, documents, histories, kills: done, quietMs, ms: performance.now() - started, faults };
}

function filesOf(project: BillsProject): string[] {
  return [project.store, `${project.store}-wal`, project.ledger, `${project.ledger}-wal`];
}

interface QuietRun {
  readonly first: Pace;
  readonly second: Pace;
  readonly books: LedgerBooks;
  readonly faults: readonly string[];
}

async function quietRun(bills: readonly Bill[], changed: readonly Bill[]): Promise<QuietRun> {
  const project = new BillsProject();
  project.export("1-first", bills);
  const first = await measure(project.folder, filesOf(project));
  project.export("2-changed", changed);
  const second = await measure(project.folder, filesOf(project));
  const books = await ledgerBooks(project.folder);
  const wanted = new Map([...wantedBooks(bills), ...wantedBooks(changed)]);
  const faults = differences(books.documents, wanted).map((each) => `the quiet run: ${each}`);
  project.dispose();
  return { first, second, books, faults };
}

async function faultsOf(project: BillsProject, wanted: LedgerBooks, documents: number): Promise<string[]> {
  const books = await ledgerBooks(project.folder);
  const faults = [...differences(books.documents, wanted.documents), ...books.twice.map((key) => `${key} is booked twice`), ...books.gaps];
  if (books.vouchers !== wanted.vouchers) faults.push(`${books.vouchers} vouchers, the quiet run made ${wanted.vouchers}`);
  if (JSON.stringify(books.trialBalance) !== JSON.stringify(wanted.trialBalance)) faults.push("the trial balance differs");
  return [...faults, ...(await storeFaults(project.folder, documents))];
}
