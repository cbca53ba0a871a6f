import { expect } from "vitest";
import { startSync } from "../feed/program.js";
import { type KillFigures, storeFaults } from "../kill/figures.js";
import { killUntilDone, measure, type Pace } from "../kill/killing.js";
import { seededRandom } from "../kill/random.js";
import { type Claim, ClaimsProject, type MoveRow, manyClaims, type PipelineName } from "./tryton-claims.js";

/** A Tryton as the kill tests see it, whatever database is behind it. */
export interface Witness {
  readonly url: string;
  readonly password: string;
  /** Further lines of the connection. */
  readonly connection: readonly string[];
  /** Every move in Tryton's own table, in the order in which they were made. */
  moves(): Promise<readonly MoveRow[]>;
  /** Takes everything out of the books. */
  clear(): Promise<void>;
  /** Debit minus credit of the account 2241, in the smallest unit. */
  owed(): Promise<bigint>;
}

export interface KillPlan {
  readonly documents: number;
  readonly kills: number;
  readonly seed: number;
  /** Most documents in one call. */
  readonly batch: number;
}

/** Longer than a call on `batch` documents takes: the server goes on with it when we are killed. */
const QUIET = "5s";
/** Runs that may be needed when the network or the server fails. */
const MOST_RUNS = 8;
/** Every tenth claim comes again with this. */
const CHANGED = [["1.00", "0.00"]] as const;

/**
 * Posts claims as moves, killed with SIGKILL `kills` times; then every tenth claim changes, and it is killed on while it cancels and posts anew.
 * Each history must end with one posted move for each claim and version, as Tryton's own table says.
 */
export async function killTrytonRuns(erp: Witness, { documents, kills, seed, batch }: KillPlan): Promise<KillFigures> {
  const started = performance.now();
  const random = seededRandom(seed);
  const claims = manyClaims(documents);
  const changed = claims.filter((_, index) => index % 10 === 0).map((claim): Claim => ({ ...claim, lines: CHANGED }));
  const faults: string[] = [];
  const pace = await quietRun(erp, claims, batch);
  let done = 0;
  let histories = 0;
  while (done < kills) {
    histories += 1;
    const project = await openClaims(erp, batch);
    const watched = [project.store, `${project.store}-wal`];
    project.deliver(claims);
    const first = await killUntilDone(project.folder, watched, pace, random, Math.ceil(((kills - done) * 3) / 4));
    project.deliver(changed);
    const second = await killUntilDone(project.folder, watched, pace, random, kills - done - first.length);
    done += first.length + second.length;
    const found = [...(await booksFaults(erp, claims, changed)), ...(await storeFaults(project.folder, documents))];
    if (found.length === 0) project.dispose();
    else
      faults.push(
        `seed ${seed}, history ${histories} (${JSON.stringify([...first, ...second])}), left in ${project.folder}: ${found.join("; ")}`,
      );
  }
  return { target: "Tryton", seed, documents, histories, kills: done, quietMs: pace.ms, ms: performance.now() - started, faults };
}

/** A shipped pipeline, posting into empty books. */
export async function openClaims(erp: Witness, batch: number, pipeline: PipelineName = "expense-to-gl"): Promise<ClaimsProject> {
  await erp.clear();
  const project = new ClaimsProject(pipeline, `batch: ${batch}`);
  project.edit("sync.yaml", (text) => {
    const own = text.replace("${env.TRYTON_URL}", erp.url).replace("${env.TRYTON_PASSWORD}", JSON.stringify(erp.password));
    return own + erp.connection.map((line) => `    ${line}\n`).join("");
  });
  project.edit(`${pipeline}.yaml`, (text) => text.replace("quiet: 30s", `quiet: ${QUIET}`));
  return project;
}

/** Nobody is killed. */
async function quietRun(erp: Witness, claims: readonly Claim[], batch: number): Promise<Pace> {
  const project = await openClaims(erp, batch);
  project.deliver(claims);
  const pace = await measure(project.folder, [project.store, `${project.store}-wal`]);
  expect(await booksFaults(erp, claims, [])).toEqual([]);
  project.dispose();
  return pace;
}

/** Runs the pipeline, and again as long as something is left to do. The exit codes. */
export async function runUntilDone(folder: string): Promise<(number | null)[]> {
  const codes: (number | null)[] = [];
  while (codes.at(-1) !== 0) {
    const { code, err } = await startSync(folder, "run", "--quiet").ended;
    codes.push(code);
    // Stopped because the server was away, items that wait for it, or in doubt.
    if (![0, 1, 3, 5].includes(code ?? -1) || codes.length > MOST_RUNS) throw new Error(`runs ended with ${codes.join(", ")}: ${err}`);
  }
  return codes;
}

/** What is wrong with Tryton's own table: what is there twice, what is missing, what nobody wanted, what is not posted. */
export async function booksFaults(erp: Witness, claims: readonly Claim[], changed: readonly Claim[]): Promise<string[]> {
  const key = (code: string, rest: string): string => `expense-to-gl/${code}/${rest}`;
  const wanted = [
    ...claims.map(({ code }) => key(code, "1")),
    ...changed.flatMap(({ code }) => [key(code, "1/reversal"), key(code, "2")]),
  ].sort();
  const moves = await erp.moves();
  const there = moves.map(({ description }) => description).sort();
  const twice = there.filter((each, index) => each === there[index - 1]).map((each) => `${each} is there twice`);
  const lost = wanted.filter((each) => !there.includes(each)).map((each) => `${each} is lost`);
  const unwanted = there.filter((each) => !wanted.includes(each)).map((each) => `nobody wanted ${each}`);
  const drafts = moves.filter(({ state }) => state !== "posted").map(({ description }) => `${description} is not posted`);
  const numbers = new Set(moves.map(({ post_number }) => post_number));
  const shared = numbers.size === moves.length ? [] : [`${moves.length} moves have ${numbers.size} numbers`];
  const codes = new Set(changed.map(({ code }) => code));
  const grossOf = ({ code, lines = [] }: Claim): bigint => BigInt((codes.has(code) ? CHANGED : lines)[0]?.[0].replace(".", "") ?? "0");
  const sum = claims.reduce((total, claim) => total + grossOf(claim), 0n);
  const owed = await erp.owed();
  return [...twice, ...lost, ...unwanted, ...drafts, ...shared, ...(owed === -sum ? [] : [`2241 is ${owed}, expected ${-sum}`])];
}
