import { spawnSync } from "node:child_process";
import { createReadStream, existsSync, mkdtempSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { parse } from "csv-parse";
import { writeExport, writeProject } from "./workload.js";

// npm run bench -- --lines 200000 --runs 3
const { values } = parseArgs({ options: { lines: { type: "string", default: "200000" }, runs: { type: "string", default: "3" } } });
const lines = Number(values.lines);
const runs = Number(values.runs);
const root = fileURLToPath(new URL("..", import.meta.url));
const work = mkdtempSync(join(tmpdir(), "sync-bench-"));

interface Measured {
  readonly seconds: number;
  readonly peakMiB: number;
}

/** Runs one command in a fresh process and measures it whole. */
function measure(args: readonly string[], cwd: string, expected: readonly number[]): Measured {
  const peak = join(work, "peak");
  const from = process.hrtime.bigint();
  const done = spawnSync(process.execPath, ["--import", `file://${root}bench/peak-memory.js`, ...args], {
    cwd,
    env: { ...process.env, BENCH_PEAK: peak },
    encoding: "utf8",
  });
  const seconds = Number(process.hrtime.bigint() - from) / 1e9;
  if (!expected.includes(done.status ?? -1)) throw new Error(`${args.join(" ")} ended with ${done.status}\n${done.stdout}\n${done.stderr}`);
  return { seconds, peakMiB: existsSync(peak) ? Number(readFileSync(peak, "utf8")) / 1024 : 0 };
}

function median(numbers: readonly number[]): number {
  const sorted = [...numbers].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] as number;
}

try {
  const project = join(work, "project");
  writeProject(project);
  const file = join(project, "exports", "lines.csv");
  await writeExport(file, lines, 20261123);
  const sync = join(root, "bin/sync.js");
  const found: Record<string, Measured[]> = {
    "csv-parse alone, no logic": [],
    "first load: read, map, post": [],
    "again, file unchanged": [],
    "again, every row read and compared": [],
  };
  for (let run = 0; run < runs; run += 1) {
    // In turn, so that a machine that slows down slows all of them.
    const from = process.hrtime.bigint();
    let rows = 0;
    for await (const _ of createReadStream(file).pipe(parse())) rows += 1;
    if (rows !== lines + 1) throw new Error(`csv-parse gave ${rows} rows`);
    found["csv-parse alone, no logic"]?.push({ seconds: Number(process.hrtime.bigint() - from) / 1e9, peakMiB: 0 });
    for (const name of ["store.db", "store.db-wal", "store.db-shm", "books.db", "books.db-wal", "books.db-shm"])
      rmSync(join(project, name), { force: true });
    found["first load: read, map, post"]?.push(measure([sync, "run", "--quiet"], project, [0]));
    found["again, file unchanged"]?.push(measure([sync, "run", "--quiet"], project, [0]));
    found["again, every row read and compared"]?.push(measure([sync, "run", "--quiet", "--full"], project, [0]));
  }
  const base = median((found["csv-parse alone, no logic"] ?? []).map((each) => each.seconds));
  console.log(
    `${lines} expense lines, 20 columns, ${(statSync(file).size / 1e6).toFixed(0)} MB; Node ${process.version}; ${runs} runs in turn, fresh processes; median (min–max)\n`,
  );
  console.log("| what | thousand lines/s | seconds | times csv-parse alone | peak MiB |\n| --- | --- | --- | --- | --- |");
  for (const [name, all] of Object.entries(found)) {
    const seconds = all.map((each) => each.seconds);
    const peak = Math.max(...all.map((each) => each.peakMiB));
    console.log(
      `| ${name} | ${(lines / median(seconds) / 1000).toFixed(0)} | ${median(seconds).toFixed(2)} (${Math.min(...seconds).toFixed(2)}–${Math.max(...seconds).toFixed(2)}) | ${(median(seconds) / base).toFixed(2)} | ${peak === 0 ? "" : peak.toFixed(0)} |`,
    );
  }
} finally {
  rmSync(work, { recursive: true, force: true });
}
