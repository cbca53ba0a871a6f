// node bench/peer.js NAME FILE FOLDER PACKAGES
// Reads the export FILE with another tool, in a process of its own, and prints how many rows it saw. FOLDER is for its database; PACKAGES is where
// the tools are that are no dependency of this project.
import { createReadStream } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import Database from "better-sqlite3";
import { parse } from "csv-parse";

const [name = "", file = "", folder = "", packages = ""] = process.argv.slice(2);
const ROWS_PER_TRANSACTION = 5_000;

async function csvParse() {
  let rows = -1;
  for await (const _ of createReadStream(file).pipe(parse())) rows += 1;
  return rows;
}

/** Raw rows into one table of texts, without an index, as durable as our store: a write-ahead log that is flushed with each commit. */
async function papaparse() {
  const { default: Papa } = await import(createRequire(join(packages, "package.json")).resolve("papaparse"));
  const db = new Database(join(folder, "papaparse.db"));
  db.pragma("journal_mode = WAL");
  db.pragma("synchronous = FULL");
  let insert = null;
  let rows = -1;
  let waiting = [];
  const write = db.transaction((all) => {
    for (const row of all) insert.run(row);
  });
  await new Promise((resolve, reject) => {
    Papa.parse(createReadStream(file), {
      step: ({ data }) => {
        rows += 1;
        if (insert === null) {
          db.exec(`CREATE TABLE lines (${data.map((_, index) => `c${index} TEXT`).join(", ")})`);
          insert = db.prepare(`INSERT INTO lines VALUES (${data.map(() => "?").join(", ")})`);
          return;
        }
        waiting.push(data);
        if (waiting.length < ROWS_PER_TRANSACTION) return;
        write(waiting);
        waiting = [];
      },
      skipEmptyLines: true,
      complete: resolve,
      error: reject,
    });
  });
  write(waiting);
  db.close();
  return rows;
}

/** Reads every column as text and adds up one; nothing is stored. */
async function duckdb() {
  const { DuckDBInstance } = await import(createRequire(join(packages, "package.json")).resolve("@duckdb/node-api"));
  const connection = await (await DuckDBInstance.create(":memory:")).connect();
  const sum = 'sum(CAST("价税合计" AS DECIMAL(18, 2)))';
  const answer = await connection.runAndReadAll(`SELECT count(*), ${sum} FROM read_csv('${file}', header = true, all_varchar = true)`);
  return Number(answer.getRows()[0]?.[0]);
}

const tools = { "csv-parse": csvParse, papaparse, duckdb };
if (!Object.hasOwn(tools, name)) throw new Error(`no tool \`${name}\`; there are ${Object.keys(tools).join(", ")}`);
console.log(await tools[name]());
