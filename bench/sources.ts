import { spawn } from "node:child_process";
import { once } from "node:events";
import { createReadStream, createWriteStream, rmSync, statSync, utimesSync } from "node:fs";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { writeXlsxStream } from "hucre/xlsx";
import { missing, type SqlServer, startPostgresql } from "../test/connectors/sql-servers.js";
import { freshProcess, inTemporaryFolder, sync, table } from "./measure.js";
import { HEADER, type WorkloadSource, writeExport, writeProject } from "./workload.js";

export interface SourcesOptions {
  readonly rows: number;
  /** A workbook cannot hold more than about a million. */
  readonly workbookRows: number;
  /** Which of `KINDS`. */
  readonly kinds: readonly string[];
}

export const KINDS = ["xlsx", "json", "sql", "csv"] as const;

/** One row of the export by cells. The generator quotes only what it must, and breaks no line. */
function cellsOf(line: string): string[] {
  return [...line.matchAll(/(?:^|,)(?:"((?:[^"]|"")*)"|([^,]*))/g)].map(
    ([, quoted, plain]) => quoted?.replaceAll('""', '"') ?? plain ?? "",
  );
}

async function* rowsOf(file: string): AsyncGenerator<string[]> {
  let isHeader = true;
  for await (const line of createInterface({ input: createReadStream(file), crlfDelay: Number.POSITIVE_INFINITY })) {
    if (!isHeader) yield cellsOf(line);
    isHeader = false;
  }
}

async function writeLines(from: string, to: string): Promise<void> {
  const stream = createWriteStream(to);
  for await (const cells of rowsOf(from)) {
    const text = `${JSON.stringify(Object.fromEntries(cells.map((cell, index) => [HEADER[index], cell])))}\n`;
    if (!stream.write(text)) await once(stream, "drain");
  }
  stream.end();
  await once(stream, "finish");
}

async function writeWorkbook(from: string, to: string): Promise<void> {
  async function* rows(): AsyncGenerator<string[]> {
    yield HEADER;
    yield* rowsOf(from);
  }
  await pipeline(Readable.fromWeb(writeXlsxStream(rows(), { name: "报销明细" }) as never), createWriteStream(to));
}

/** Fills a table with the export, as PostgreSQL's own program does it. */
async function fillTable(server: SqlServer, file: string): Promise<void> {
  const [version] = (await readdir("/usr/lib/postgresql")).sort((a, b) => Number(b) - Number(a));
  const columns = HEADER.map((name) => `"${name}" text`).join(", ");
  const make = `CREATE TABLE lines (${columns}, PRIMARY KEY ("单据编号", "行号"))`;
  const env = { ...process.env, PGPASSWORD: server.password };
  const args = ["-h", "127.0.0.1", "-p", String(server.port), "-U", server.user, "-d", "postgres", "-q", "-v", "ON_ERROR_STOP=1"];
  const copy = "COPY lines FROM STDIN (FORMAT csv, HEADER true)";
  const child = spawn(`/usr/lib/postgresql/${version}/bin/psql`, [...args, "-c", make, "-c", copy, "-c", "ANALYZE lines"], {
    env,
    stdio: ["pipe", "ignore", "inherit"],
  });
  const ended = once(child, "exit");
  await pipeline(createReadStream(file), child.stdin);
  const [code] = (await ended) as [number];
  if (code !== 0) throw new Error(`psql ended with ${code}`);
}

/** Whole runs into the embedded ledger, one for each kind of source, with their peak memory: it must not grow with the rows. */
export async function sources({ rows, workbookRows, kinds }: SourcesOptions): Promise<void> {
  await inTemporaryFolder(async (folder) => {
    const found: string[][] = [];
    const measure = (name: string, lines: number, source: WorkloadSource, bytes: number | null): void => {
      writeProject(folder, { source });
      for (const each of ["store.db", "books.db"])
        for (const end of ["", "-wal", "-shm"]) rmSync(join(folder, `${each}${end}`), { force: true });
      const first = freshProcess([sync, "run", "--json"], { cwd: folder });
      const { counts } = JSON.parse(first.stdout) as { counts: { read: number; posted: number; waiting: number } };
      if (counts.read !== lines || counts.waiting > 0) throw new Error(`${name}: ${JSON.stringify(counts)}, expected ${lines} rows`);
      const again = freshProcess([sync, "run", "--full", "--quiet"], { cwd: folder });
      found.push([
        name,
        String(lines),
        String(counts.posted),
        bytes === null ? "" : (bytes / 1e6).toFixed(0),
        first.seconds.toFixed(0),
        first.peakMiB.toFixed(0),
        again.peakMiB.toFixed(0),
      ]);
      console.error(`${name}: ${found.at(-1)?.slice(1).join(" ")}`);
    };
    const ofFiles = (name: string, lines: number, file: string, options: string): void => {
      const before = new Date(Date.now() - 60_000);
      utimesSync(file, before, before);
      measure(name, lines, { connection: `{ connector: ${name}, folder: exports }`, options }, statSync(file).size);
      rmSync(file);
    };
    writeProject(folder);
    const csv = join(folder, "lines.csv");
    const inExports = (name: string): string => join(folder, "exports", name);
    if (kinds.includes("xlsx")) {
      await writeExport(csv, workbookRows, 20261126);
      await writeWorkbook(csv, inExports("lines.xlsx"));
      ofFiles("xlsx", workbookRows, inExports("lines.xlsx"), '  files: "*.xlsx"\n');
    }
    await writeExport(csv, rows, 20261127);
    if (kinds.includes("json")) {
      await writeLines(csv, inExports("lines.jsonl"));
      ofFiles("json", rows, inExports("lines.jsonl"), '  files: "*.jsonl"\n');
    }
    if (kinds.includes("sql") && missing.postgresql === null) {
      const server = await startPostgresql();
      try {
        await fillTable(server, csv);
        const { port, user, password, ca } = server;
        const connection = `{ connector: sql, dialect: postgresql, host: localhost, port: ${port}, database: postgres, user: ${user}, password: ${JSON.stringify(password)}, ca: ${ca} }`;
        const query = `  query: SELECT ${HEADER.map((name) => `"${name}"`).join(", ")} FROM lines\n  order_by: [单据编号, 行号]\n`;
        measure("sql, PostgreSQL", rows, { connection, options: query }, null);
      } finally {
        await server.stop();
      }
    } else if (kinds.includes("sql")) console.error(missing.postgresql);
    if (kinds.includes("csv")) {
      await pipeline(createReadStream(csv), createWriteStream(inExports("lines.csv")));
      ofFiles("csv", rows, inExports("lines.csv"), '  files: "*.csv"\n  encoding: utf-8\n');
    }
    console.log("\nPeak memory: whole runs into the embedded ledger, then everything read and compared again\n");
    console.log(table(["source", "rows", "documents", "MB", "seconds", "peak MiB", "peak MiB, --full again"], found));
  });
}
