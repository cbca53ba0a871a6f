import { copyFileSync, mkdirSync, readdirSync, rmSync, statSync, utimesSync } from "node:fs";
import { join } from "node:path";
import { type Finished, freshProcess, inTemporaryFolder, inTurn, median, root, spread, sync, table } from "./measure.js";
import { type Peer, type Peered, peers } from "./peers.js";
import { type ExportOptions, writeExport, writeProject } from "./workload.js";

export interface WorkloadsOptions {
  readonly runs: number;
  readonly lines: number;
  /** Of the workload that is about memory. */
  readonly memoryLines: number;
  /** Which of `WORKLOADS`. */
  readonly chosen: readonly string[];
}

/** A, B and C are measured together with the other tools. E, posting over HTTP, is `npm run bench -- safety`. */
export const WORKLOADS = ["A", "D", "F", "G", "H"] as const;

type Measured = Peered;

const SEED = 20261123;
const MANY_FILES = 2_000;
const WIDE_LINES = 50_000;
const STARTS = 10;
const ROWS_ALONE = "the rows of A, written again";
const HEAD = ["what", "lines", "thousand lines/s", "seconds", "processor seconds", "peak MiB"];

export async function workloads({ runs, lines, memoryLines, chosen }: WorkloadsOptions): Promise<void> {
  const made: Readonly<Record<string, () => Promise<void>>> = {
    A: () => mainJob(runs, lines),
    D: () => memory(memoryLines),
    F: () => starts(runs),
    G: () => special(runs, lines, "G: one row in five is bad", { badEvery: 5 }),
    H: () => shapes(runs, lines),
  };
  for (const name of WORKLOADS) if (chosen.includes(name)) await made[name]?.();
}

/** A: the first load in two encodings; B: again, with nothing changed; C: again, with one line in a hundred changed; and other tools. */
async function mainJob(runs: number, lines: number): Promise<void> {
  await inTemporaryFolder(async (folder) => {
    const utf8 = new Bench(join(folder, "utf-8"));
    await utf8.export("lines.csv", lines);
    await writeExport(join(folder, "first.csv"), lines, SEED);
    await writeExport(join(folder, "changed.csv"), lines, SEED, { changedEvery: 100 });
    const gb18030 = new Bench(join(folder, "gb18030"), "gb18030");
    await gb18030.export("lines.csv", lines, { encoding: "gb18030" });
    const file = join(folder, "first.csv");
    const others = peers();
    const linesOf = ({ mostLines }: Peer): number => Math.min(lines, mostLines ?? lines);
    const fileOf = (peer: Peer): string => (linesOf(peer) === lines ? file : join(folder, `${linesOf(peer)}.csv`));
    for (const peer of others) if (fileOf(peer) !== file) await writeExport(fileOf(peer), linesOf(peer), SEED);
    const found = await inTurn<Measured, string>(runs, {
      "A: first load, UTF-8": () => utf8.fresh(lines),
      "B: again, the same file": () => utf8.run({ read: 0 }),
      "B: again, every row read and compared": () => utf8.run({ read: lines, posted: 0 }, "--full"),
      "C: again, one line in a hundred changed": () => {
        utf8.deliver(join(folder, "changed.csv"));
        const done = utf8.run({ read: lines, changed: Math.floor(lines / 100) });
        utf8.deliver(file);
        return done;
      },
      "A: first load, GB18030": () => gb18030.fresh(lines),
      [ROWS_ALONE]: () => gb18030.rowsAlone(),
      ...Object.fromEntries(others.map((peer) => [peer.name, () => peer.run(fileOf(peer), linesOf(peer))])),
    });
    console.log(`\nThe main job: ${lines} expense lines, 20 columns, ${(statSync(file).size / 1e6).toFixed(0)} MB\n`);
    const linesBy = new Map(others.map((peer) => [peer.name, linesOf(peer)]));
    const lacks = new Map(others.map((peer) => [peer.name, peer.lacks]));
    lacks.set(ROWS_ALONE, "the least that the rows cost which a first load leaves; no reading, logic, temporary rows, or changes of rows");
    const rows = Object.entries(found).map(([name, all]) => [...rowOf(name, linesBy.get(name) ?? lines, all), lacks.get(name) ?? ""]);
    console.log(table([...HEAD, "what it does not do"], rows));
  });
}

async function memory(lines: number): Promise<void> {
  await special(1, lines, "D: memory", {});
}

async function special(runs: number, lines: number, name: string, options: ExportOptions): Promise<void> {
  await inTemporaryFolder(async (folder) => {
    const plain = new Bench(join(folder, "plain"));
    await plain.export("lines.csv", lines, options);
    const found = await inTurn<Measured, string>(runs, { [name]: () => plain.fresh(lines) });
    print(name, lines, found);
  });
}

/** One voucher of very many lines, and very many files, each beside as many lines in the usual shape. */
async function shapes(runs: number, lines: number): Promise<void> {
  await inTemporaryFolder(async (folder) => {
    const wide = new Bench(join(folder, "wide"), "utf-8", false);
    const wideLines = Math.min(WIDE_LINES, lines);
    await wide.export("lines.csv", wideLines, { isOneClaim: true });
    const usual = new Bench(join(folder, "usual"), "utf-8", false);
    await usual.export("lines.csv", wideLines);
    print(
      "H: one voucher",
      wideLines,
      await inTurn<Measured, string>(runs, {
        "H: one voucher of all lines": () => wide.fresh(wideLines),
        "as many lines in claims of four": () => usual.fresh(wideLines),
      }),
    );
    const many = new Bench(join(folder, "many"));
    const each = Math.max(1, Math.floor(lines / MANY_FILES));
    let claimsBefore = 0;
    for (let n = 0; n < MANY_FILES; n += 1) claimsBefore = await many.export(`lines-${n}.csv`, each, { claimsBefore }, n);
    const one = new Bench(join(folder, "one"));
    await one.export("lines.csv", each * MANY_FILES);
    print(
      "H: many files",
      each * MANY_FILES,
      await inTurn<Measured, string>(runs, {
        [`H: ${MANY_FILES} files`]: () => many.fresh(each * MANY_FILES),
        "as many lines in one file": () => one.fresh(each * MANY_FILES),
        [`H: ${MANY_FILES} files again, unchanged`]: () => many.run({ read: 0 }),
      }),
    );
  });
}

/** F: how long it takes to begin, beside Node with nothing to do. */
async function starts(runs: number): Promise<void> {
  await inTemporaryFolder(async (folder) => {
    const project = new Bench(join(folder, "project"));
    await project.export("lines.csv", 100);
    project.fresh(100);
    const times = runs * STARTS;
    const found = await inTurn<Measured, string>(times, {
      "node, an empty script": () => freshProcess(["-e", "0"], { cwd: folder }),
      "sync --help": () => freshProcess([sync, "--help"], { cwd: folder }),
      "sync validate": () => freshProcess([sync, "validate"], { cwd: project.folder }),
      "sync run, nothing to do": () => project.run({ read: 0 }),
    });
    const base = median((found["node, an empty script"] ?? []).map((each) => each.seconds));
    const rows = Object.entries(found).map(([name, all]) => {
      const ms = (of: "seconds" | "processorSeconds"): string =>
        spread(
          all.map((each) => each[of] * 1000),
          0,
        );
      return [name, ms("seconds"), ms("processorSeconds"), (median(all.map((each) => each.seconds)) / base).toFixed(2)];
    });
    console.log(`\nF: start-up, ${times} starts each\n`);
    console.log(table(["what", "ms", "processor ms", "times bare Node"], rows));
  });
}

/** A project that is run again and again. */
class Bench {
  constructor(
    readonly folder: string,
    private readonly encoding: "utf-8" | "gb18030" = "utf-8",
    merges = true,
  ) {
    mkdirSync(folder);
    writeProject(folder, {
      source: { connection: "{ connector: csv, folder: exports }", options: `  files: "*.csv"\n  encoding: ${this.encoding}\n` },
      merges,
    });
  }

  async export(name: string, lines: number, options: ExportOptions = {}, seed = 0): Promise<number> {
    return writeExport(join(this.folder, "exports", name), lines, SEED + seed, options);
  }

  /** Puts another export in the place of the one that was read. */
  deliver(file: string): void {
    const place = join(this.folder, "exports", "lines.csv");
    copyFileSync(file, place);
    const before = new Date(Date.now() - 60_000);
    utimesSync(place, before, before);
  }

  /** A first load: nothing is known, and nothing booked. */
  fresh(lines: number): Finished {
    for (const name of readdirSync(this.folder)) if (/^(store|books)\.db/.test(name)) rmSync(join(this.folder, name));
    return this.run({ read: lines });
  }

  /** The rows that the last run left, without anything else of it. */
  rowsAlone(): Finished {
    return freshProcess([join(root, "bench/rows-alone.js"), this.folder], { cwd: root });
  }

  /** One whole run; throws where its counts are not these. */
  run(expected: Readonly<Record<string, number>>, ...more: readonly string[]): Finished {
    const done = freshProcess([sync, "run", "--json", ...more], { cwd: this.folder, mayWait: true });
    const { counts } = JSON.parse(done.stdout) as { counts: Readonly<Record<string, number>> };
    for (const [name, count] of Object.entries(expected))
      if (counts[name] !== count) throw new Error(`${name} is ${counts[name]}, expected ${count}: ${JSON.stringify(counts)}`);
    return done;
  }
}

function print(title: string, lines: number, found: Readonly<Record<string, readonly Measured[]>>): void {
  console.log(`\n${title}\n`);
  console.log(
    table(
      HEAD,
      Object.entries(found).map(([name, all]) => rowOf(name, lines, all)),
    ),
  );
}

function rowOf(name: string, lines: number, all: readonly Measured[]): string[] {
  const seconds = all.map((each) => each.seconds);
  const processor = all.map((each) => each.processorSeconds);
  const peaks = all.flatMap(({ peakMiB }) => (peakMiB === null ? [] : [peakMiB]));
  const peak = peaks.length === 0 ? "" : Math.max(...peaks).toFixed(0);
  return [name, String(lines), (lines / median(seconds) / 1000).toFixed(1), spread(seconds, 2), spread(processor, 2), peak];
}
