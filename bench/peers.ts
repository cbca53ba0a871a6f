import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type Finished, freshProcess, inTemporaryFolder, root, secondsSince } from "./measure.js";
import { TYPES } from "./workload.js";

/** Another tool on the same file, doing the nearest thing it can. */
export interface Peer {
  readonly name: string;
  /** What the main job does and this does not. */
  readonly lacks: string;
  /** Where it would take very long, or all of the memory, it gets the first so many lines. */
  readonly mostLines?: number;
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
  readonly mostLines?: number;
  readonly args: (file: string) => readonly string[];
  /** Finds the number of rows in what it prints; where there is none, the last line begins with it. */
  readonly rows?: RegExp;
  /** A file that it needs, in the folder where it runs. */
  readonly setting?: { readonly name: string; readonly text: string };
}

/** Each line becomes a transaction of three postings that must balance, with the account by the expense type. */
const HLEDGER_RULES = `skip 1
fields bill,row,status,updated,date,staff,department_code,type,total,tax,net,name,department,company,reason,project,city,supplier,note,approver
date-format %Y-%m-%d
description %bill %reason
currency CNY
account1 6602
amount1 %net
account2 222101
amount2 %tax
account3 224101
amount3 -%total
${TYPES.map((type, index) => `if %type ${type}\n account1 66020${index + 1}\n`).join("")}`;

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
  {
    name: "hledger, maps and balances",
    command: "hledger",
    lacks: "stores nothing; no checks of fields, lookup tables, grouping into vouchers, comparison or posting",
    mostLines: 50_000,
    args: (file) => ["-f", file, "--rules-file", "csv.rules", "stats"],
    rows: /^Transactions +: (\d+)/m,
    setting: { name: "csv.rules", text: HLEDGER_RULES },
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
function program({ command, args, name, rows, setting }: Program, file: string, lines: number): Peered {
  return inTemporaryFolder((folder) => {
    if (setting !== undefined) writeFileSync(join(folder, setting.name), setting.text);
    const from = process.hrtime.bigint();
    const env = { ...process.env, LC_ALL: "C.UTF-8" };
    const done = spawnSync("sh", ["-c", '"$@" && times', "sh", command, ...args(file)], { cwd: folder, encoding: "utf8", env });
    const seconds = secondsSince(from);
    if (done.status !== 0) throw new Error(`${command} ended with ${done.status}\n${done.stderr}`);
    const printed = done.stdout.trim().split("\n");
    const counted = Number.parseInt(rows === undefined ? (printed.at(-3) ?? "") : (rows.exec(done.stdout)?.[1] ?? ""), 10);
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
