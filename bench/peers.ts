import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { type Finished, freshProcess, inTemporaryFolder, root, secondsSince } from "./measure.js";

/** Another tool on the same file, doing the nearest thing it can. */
export interface Peer {
  readonly name: string;
  /** What the main job does and this does not. */
  readonly lacks: string;
  readonly run: (file: string, lines: number) => Peered;
}

/** Programs that are not Node's do not tell their peak memory. */
export type Peered = Pick<Finished, "seconds" | "processorSeconds"> & { readonly peakMiB: number | null };

/** What only the benchmark needs; it is installed when it first runs, and is no dependency. */
const PACKAGES = ["papaparse@5.7.1", "@duckdb/node-api@1.5.6-r.1"];
const LOGIC = "no checks, mapping, documents, balance, comparison or posting";

/** Those that can be had on this machine; the others are named on stderr. */
export function peers(): Peer[] {
  const packages = installed();
  const found: Peer[] = [
    { name: "csv-parse alone", lacks: `stores nothing; ${LOGIC}`, run: (file, lines) => script("csv-parse", file, lines, "") },
  ];
  if (packages !== null) {
    found.push(
      {
        name: "papaparse → better-sqlite3",
        lacks: `raw rows in one table; ${LOGIC}`,
        run: (file, lines) => script("papaparse", file, lines, packages),
      },
      {
        name: "DuckDB, read and add up",
        lacks: `stores nothing, several threads; ${LOGIC}`,
        run: (file, lines) => script("duckdb", file, lines, packages),
      },
    );
  }
  for (const each of PROGRAMS) {
    if (spawnSync(each.command, ["--version"]).error === undefined)
      found.push({ ...each, run: (file, lines) => program(each, file, lines) });
    else console.error(`${each.command} is not installed and is left out`);
  }
  return found;
}

interface Program {
  readonly name: string;
  readonly lacks: string;
  readonly command: string;
  /** The last line it prints begins with the number of rows. */
  readonly args: (file: string) => readonly string[];
}

const PROGRAMS: readonly Program[] = [
  {
    name: "sqlite3 .import",
    command: "sqlite3",
    lacks: `raw rows in one table, not flushed; ${LOGIC}`,
    args: (file) => ["raw.db", "-cmd", ".mode csv", "-cmd", `.import "${file}" lines`, ".mode list", "SELECT count(*) FROM lines"],
  },
  {
    name: "sqlite-utils insert",
    command: "sqlite-utils",
    lacks: `raw rows in one table; ${LOGIC}`,
    args: (file) => ["insert", "raw.db", "lines", file, "--csv", "--silent"],
  },
  {
    name: "Miller, read and add up",
    command: "mlr",
    lacks: `stores nothing, several threads; ${LOGIC}`,
    args: (file) => ["--icsv", "--onidx", "stats1", "-a", "count,sum", "-f", "价税合计", file],
  },
];

function script(name: string, file: string, lines: number, packages: string): Peered {
  return inTemporaryFolder((folder) => {
    const done = freshProcess([join(root, "bench/peer.js"), name, file, folder, packages], { cwd: root });
    ensureAll(name, Number(done.stdout), lines);
    return done;
  });
}

/** The shell tells the processor time of a program that is not ours. */
function program({ command, args, name }: Program, file: string, lines: number): Peered {
  return inTemporaryFolder((folder) => {
    const from = process.hrtime.bigint();
    const done = spawnSync("sh", ["-c", '"$@" && times', "sh", command, ...args(file)], { cwd: folder, encoding: "utf8" });
    const seconds = secondsSince(from);
    if (done.status !== 0) throw new Error(`${command} ended with ${done.status}\n${done.stderr}`);
    const printed = done.stdout.trim().split("\n");
    const counted = Number.parseInt(printed.at(-3) ?? "", 10);
    if (!Number.isNaN(counted)) ensureAll(name, counted, lines);
    const processorSeconds = [...(printed.at(-1) ?? "").matchAll(/(\d+)m([\d.]+)s/g)].reduce(
      (sum, [, m, s]) => sum + Number(m) * 60 + Number(s),
      0,
    );
    return { seconds, processorSeconds, peakMiB: null };
  });
}

function ensureAll(name: string, rows: number, lines: number): void {
  if (rows !== lines) throw new Error(`${name} saw ${rows} rows of ${lines}`);
}

/** The folder of the packages; null where they cannot be had. */
function installed(): string | null {
  const folder = join(root, "node_modules/.cache/bench-peers");
  if (existsSync(join(folder, "node_modules/papaparse")) && existsSync(join(folder, "node_modules/@duckdb/node-api"))) return folder;
  mkdirSync(folder, { recursive: true });
  const args = ["install", "--no-save", "--no-package-lock", "--no-audit", "--no-fund", "--prefix", folder, ...PACKAGES];
  const done = spawnSync("npm", args, { cwd: folder, encoding: "utf8" });
  if (done.status === 0) return folder;
  console.error(`${PACKAGES.join(" and ")} cannot be installed and are left out: ${done.stderr.trim().split("\n")[0]}`);
  return null;
}
