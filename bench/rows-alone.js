// node bench/rows-alone.js FOLDER
// Reads the rows that a run left in FOLDER/store.db and FOLDER/books.db and writes the same rows into new files, into the same tables with the same indexes and
// as durably, table by table. That is the least the rows cost: a run also writes what it needs on the way, changes rows that it wrote before, and goes
// from table to table. Prints how many rows there were.
import { rmSync } from "node:fs";
import { join } from "node:path";
import Database from "better-sqlite3";

const [folder = ""] = process.argv.slice(2);
const ROWS_PER_TRANSACTION = 5_000;
const OWN = "sql IS NOT NULL AND name NOT LIKE 'sqlite~_%' ESCAPE '~'";

let rows = 0;
for (const name of ["store.db", "books.db"]) {
  const from = new Database(join(folder, name), { readonly: true });
  const file = join(folder, `rows-alone-${name}`);
  const to = new Database(file);
  for (const setting of ["journal_mode = WAL", "synchronous = FULL", "cache_size = -24576", "wal_autocheckpoint = 4096"])
    to.pragma(setting);
  for (const sql of from.prepare(`SELECT sql FROM sqlite_master WHERE ${OWN} ORDER BY type = 'table' DESC`).pluck().iterate()) to.exec(sql);
  for (const table of from.prepare(`SELECT name FROM sqlite_master WHERE type = 'table' AND ${OWN}`).pluck().all()) {
    const all = from.prepare(`SELECT * FROM "${table}"`).raw();
    const insert = to.prepare(
      `INSERT INTO "${table}" VALUES (${all
        .columns()
        .map(() => "?")
        .join(", ")})`,
    );
    to.exec("BEGIN");
    for (const row of all.iterate()) {
      insert.run(row);
      rows += 1;
      if (rows % ROWS_PER_TRANSACTION === 0) to.exec("COMMIT; BEGIN");
    }
    to.exec("COMMIT");
  }
  to.close();
  from.close();
  rmSync(file);
}
console.log(rows);
