import { createReadStream, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { parse } from "csv-parse";
import { freshProcess, inTemporaryFolder, inTurn, median, secondsSince, spread, sync, table } from "./measure.js";
import { writeExport, writeProject } from "./workload.js";

export interface MainJobOptions {
  readonly runs: number;
  readonly lines: number;
}

interface Measured {
  readonly seconds: number;
  /** Null where it is not a process of its own. */
  readonly peakMiB: number | null;
}

const BASE = "csv-parse alone, no logic";

/** The main job, whole processes, beside csv-parse reading the same file and doing nothing with it. */
export async function mainJob({ runs, lines }: MainJobOptions): Promise<void> {
  await inTemporaryFolder(async (project) => {
    writeProject(project);
    const file = join(project, "exports", "lines.csv");
    await writeExport(file, lines, 20261123);
    const run = (...more: readonly string[]): Measured => freshProcess([sync, "run", "--quiet", ...more], { cwd: project });
    const found = await inTurn<Measured, string>(runs, {
      [BASE]: () => parseOnly(file, lines),
      "first load: read, map, post": () => {
        for (const name of ["store.db", "books.db"])
          for (const end of ["", "-wal", "-shm"]) rmSync(join(project, `${name}${end}`), { force: true });
        return run();
      },
      "again, file unchanged": () => run(),
      "again, every row read and compared": () => run("--full"),
    });
    const base = median((found[BASE] ?? []).map((each) => each.seconds));
    const rows = Object.entries(found).map(([name, all]) => {
      const seconds = all.map((each) => each.seconds);
      const peaks = all.flatMap(({ peakMiB }) => (peakMiB === null ? [] : [peakMiB]));
      return [
        name,
        (lines / median(seconds) / 1000).toFixed(0),
        spread(seconds, 2),
        (median(seconds) / base).toFixed(2),
        peaks.length === 0 ? "" : Math.max(...peaks).toFixed(0),
      ];
    });
    console.log(`\nThe main job: ${lines} expense lines, 20 columns, ${(statSync(file).size / 1e6).toFixed(0)} MB\n`);
    console.log(table(["what", "thousand lines/s", "seconds", "times csv-parse alone", "peak MiB"], rows));
  });
}

async function parseOnly(file: string, lines: number): Promise<Measured> {
  const from = process.hrtime.bigint();
  let rows = 0;
  for await (const _ of createReadStream(file).pipe(parse())) rows += 1;
  if (rows !== lines + 1) throw new Error(`csv-parse gave ${rows} rows`);
  return { seconds: secondsSince(from), peakMiB: null };
}
