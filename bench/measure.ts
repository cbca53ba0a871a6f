import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

/** The folder of the checkout, with a slash at its end. */
export const root = fileURLToPath(new URL("..", import.meta.url));
/** The built program. */
export const sync = join(root, "bin/sync.js");

export interface Finished {
  /** Of the whole process, its start included. */
  readonly seconds: number;
  /** User and system, of all threads. It says more than the clock where other work waits for the same cores. */
  readonly processorSeconds: number;
  readonly peakMiB: number;
  readonly stdout: string;
}

export interface ProcessOptions {
  readonly cwd: string;
  readonly env?: Readonly<Record<string, string>>;
  /** It may end with 3: done, and something waits on a list. */
  readonly mayWait?: boolean;
}

/** Runs one script with its arguments in a fresh process and measures it whole. Throws when it does not end with 0. */
export function freshProcess(args: readonly string[], { cwd, env = {}, mayWait = false }: ProcessOptions): Finished {
  return inTemporaryFolder((folder) => {
    const peak = join(folder, "peak");
    const from = process.hrtime.bigint();
    const done = spawnSync(process.execPath, ["--import", `file://${root}bench/peak-memory.js`, ...args], {
      cwd,
      env: { ...process.env, ...env, BENCH_PEAK: peak },
      encoding: "utf8",
    });
    const seconds = secondsSince(from);
    if (done.status !== 0 && !(mayWait && done.status === 3))
      throw new Error(`${args.join(" ")} ended with ${done.status}\n${done.stdout}\n${done.stderr}`);
    if (!existsSync(peak)) throw new Error(`${args.join(" ")} did not tell its peak memory`);
    const used = JSON.parse(readFileSync(peak, "utf8")) as { peak: number; processor: number };
    return { seconds, processorSeconds: used.processor / 1e6, peakMiB: used.peak / 1024, stdout: done.stdout };
  });
}

/** Measures each of them in turn, `runs` times over, so that a machine that slows down slows all of them. */
export async function inTurn<T, Name extends string>(
  runs: number,
  contestants: Readonly<Record<Name, () => T | Promise<T>>>,
): Promise<Record<Name, T[]>> {
  const names = Object.keys(contestants) as Name[];
  const found = Object.fromEntries(names.map((name) => [name, [] as T[]])) as Record<Name, T[]>;
  for (let run = 0; run < runs; run += 1) for (const name of names) found[name].push(await contestants[name]());
  return found;
}

export function secondsSince(from: bigint): number {
  return Number(process.hrtime.bigint() - from) / 1e9;
}

export function median(numbers: readonly number[]): number {
  const sorted = [...numbers].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] as number;
}

/** `median (min–max)`. */
export function spread(numbers: readonly number[], places: number): string {
  const [middle, least, most] = [median(numbers), Math.min(...numbers), Math.max(...numbers)].map((each) => each.toFixed(places));
  return `${middle} (${least}–${most})`;
}

/** A table in Markdown. */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  return [head, head.map(() => "---"), ...rows].map((row) => `| ${row.join(" | ")} |`).join("\n");
}

export function inTemporaryFolder<T>(work: (folder: string) => T): T {
  const folder = mkdtempSync(join(tmpdir(), "sync-bench-"));
  const remove = (): void => rmSync(folder, { recursive: true, force: true });
  let done: T;
  try {
    done = work(folder);
  } catch (cause) {
    remove();
    throw cause;
  }
  if (done instanceof Promise) return done.finally(remove) as T;
  remove();
  return done;
}
