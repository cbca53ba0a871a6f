import { cpSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import Database from "better-sqlite3";
import { expect, test } from "vitest";
import { loadWorkspace } from "../../src/config/load.js";
import type { Pipeline } from "../../src/config/pipeline.js";
import { connectors } from "../../src/connectors/index.js";
import { only } from "./ledger-documents.js";
import { runnerOf } from "./runner.js";
import { aFolder, afterThisTest } from "./sql-setup.js";

const EXAMPLE = fileURLToPath(new URL("../../fixtures/connectors/sql/example", import.meta.url));
const README = readFileSync(new URL("../../src/connectors/sql/README.md", import.meta.url), "utf8");

/** The example project in a folder of its own, with its two databases. */
function example(): { readonly folder: string; readonly expenses: Database.Database; readonly erp: Database.Database } {
  const folder = aFolder();
  cpSync(EXAMPLE, folder, { recursive: true });
  const make = (name: string): Database.Database => {
    const db = new Database(join(folder, `${name}.db`));
    db.exec(readFileSync(join(folder, `${name}.sql`), "utf8"));
    afterThisTest(() => db.close());
    return db;
  };
  return { folder, expenses: make("expenses"), erp: make("erp") };
}

async function load(folder: string) {
  return loadWorkspace(join(folder, "sync.yaml"), { env: {}, connectors });
}

function open(pipeline: Pipeline, folder: string) {
  const { store, run } = runnerOf(pipeline, folder);
  afterThisTest(() => store.close());
  return { run, store };
}

async function runner(folder: string) {
  const { pipelines, problems } = await load(folder);
  expect(problems).toEqual([]);
  return open(only(pipelines), folder).run;
}

test("the README shows the example", () => {
  const pipeline = readFileSync(join(EXAMPLE, "expense-to-interface.yaml"), "utf8");
  const [source = "", target = ""] = [
    pipeline.slice(pipeline.indexOf("source:"), pipeline.indexOf("\ndocument:")),
    pipeline.slice(pipeline.indexOf("target:")),
  ];
  expect(README).toContain(source);
  expect(README).toContain(target);
});

test("a pipeline without a key is refused: rows have no place of their own", async () => {
  const { folder } = example();
  const file = join(folder, "expense-to-interface.yaml");
  writeFileSync(file, readFileSync(file, "utf8").replace("  key: [单据编号, 行号]\n", ""));
  const { problems } = await load(folder);
  expect(problems).toMatchObject([
    {
      code: "CONFIG_MISSING_KEY",
      message: "`source` has no `key`, and `sql` may deliver a record again in another place: it would be booked twice",
    },
  ]);
});

test("runs night after night: each claim in the interface once and to the cent, changed ones reversed, refused ones listed", async () => {
  const { folder, expenses, erp } = example();
  const { pipelines, problems } = await load(folder);
  expect(problems).toEqual([]);
  const pipeline = only(pipelines);
  const { run, store } = open(pipeline, folder);
  const booked = () =>
    erp
      .prepare(
        "SELECT ext_key, entered_dr, entered_cr FROM voucher_headers JOIN voucher_lines USING (interface_id) ORDER BY interface_id, line_no",
      )
      .raw()
      .all();
  const waiting = () => store.quarantine.list(store.pipelineId(pipeline.name)).map((item) => [item.key, item.problem.message]);

  const first = await run();
  expect(first.counts).toMatchObject({ read: 4, posted: 2, waiting: 1 });
  const posted = [
    ["expense-to-interface/BX-001/1", "1200.50", null],
    ["expense-to-interface/BX-001/1", "0.10", null],
    ["expense-to-interface/BX-001/1", null, "1200.60"],
    ["expense-to-interface/BX-002/1", "12345678901234.56", null],
    ["expense-to-interface/BX-002/1", null, "12345678901234.56"],
  ];
  expect(booked()).toEqual(posted);
  const refused = [["BX-003", "the database refused it: FOREIGN KEY constraint failed (SQLITE_CONSTRAINT_FOREIGNKEY)"]];
  expect(waiting()).toEqual(refused);
  expect((await run()).counts).toMatchObject({ posted: 0 });
  expect(booked()).toEqual(posted);

  // The next day: one line is corrected, one claim is approved, the account that was missing is opened.
  expenses.exec(`UPDATE expense_lines SET amount = '1200.00', updated_at = '2026-11-22 09:00:00' WHERE doc_no = 'BX-001' AND line_no = 1;
    UPDATE expense_lines SET status = 'APPROVED', updated_at = '2026-11-22 09:00:01' WHERE doc_no = 'BX-004';`);
  erp.exec("INSERT INTO accounts VALUES ('999999')");
  const third = await run();
  // What was read again is only what lies within the overlap of an hour.
  expect(third.counts).toMatchObject({ read: 3, posted: 2, replaced: 1, waiting: 0 });
  expect(waiting()).toEqual([]);
  const balance = erp
    .prepare("SELECT account, entered_dr, entered_cr FROM voucher_lines WHERE description LIKE '%BX-001%' OR person = 'E001'")
    .raw()
    .all() as [string, string | null, string | null][];
  const total = balance.reduce(
    (sum, [, debit, credit]) => sum + Number((debit ?? "0").replace(".", "")) - Number((credit ?? "0").replace(".", "")),
    0,
  );
  expect(total).toBe(0);
  expect(erp.prepare("SELECT ext_key FROM voucher_headers WHERE ext_key LIKE '%BX-001%' ORDER BY interface_id").pluck().all()).toEqual([
    "expense-to-interface/BX-001/1",
    "expense-to-interface/BX-001/1/reversal",
    "expense-to-interface/BX-001/2",
  ]);
});

test("with current rows, the tables follow the source night after night: changed rows are replaced, those of a withdrawn claim deleted", async () => {
  const { folder, expenses, erp } = example();
  const file = join(folder, "expense-to-interface.yaml");
  const text = readFileSync(file, "utf8")
    .replace("  header:\n    table:", "  rows: current\n  header:\n    table:")
    .replace("    reverses: reverses_key\n", "")
    .replace(/ {4}result: .*\n/, "")
    .replace("    WHERE status = 'APPROVED' AND updated_at >= :since", "    WHERE updated_at >= :since")
    .replace("employee AS 工号", "employee AS 工号, status AS 状态")
    .replace("  key: ${单据编号}", '  key: ${单据编号}\n  when: ${状态 == "APPROVED"}');
  writeFileSync(file, text);
  const schema = join(folder, "expense.schema.json");
  const record = JSON.parse(readFileSync(schema, "utf8")) as { properties: object; required: string[] };
  record.properties = { ...record.properties, 状态: { type: "string" } };
  record.required.push("状态");
  writeFileSync(schema, JSON.stringify(record));
  const run = await runner(folder);
  const held = () =>
    erp
      .prepare(
        "SELECT ext_key, entered_dr, entered_cr FROM voucher_headers JOIN voucher_lines USING (interface_id) ORDER BY ext_key, line_no",
      )
      .raw()
      .all();

  expect((await run()).counts).toMatchObject({ posted: 2, waiting: 1 });
  expenses.exec(`UPDATE expense_lines SET amount = '1200.00', updated_at = '2026-11-22 09:00:00' WHERE doc_no = 'BX-001' AND line_no = 1;
    UPDATE expense_lines SET status = 'WITHDRAWN', updated_at = '2026-11-22 09:00:01' WHERE doc_no = 'BX-002';`);
  expect((await run()).counts).toMatchObject({ posted: 0, replaced: 1, reversed: 1, waiting: 1 });
  const current = [
    ["expense-to-interface/BX-001/2", "1200.00", null],
    ["expense-to-interface/BX-001/2", "0.10", null],
    ["expense-to-interface/BX-001/2", null, "1200.10"],
  ];
  expect(held()).toEqual(current);
  // It comes back, under a key that was never used.
  expenses.exec("UPDATE expense_lines SET status = 'APPROVED', updated_at = '2026-11-23 09:00:01' WHERE doc_no = 'BX-002'");
  expect((await run()).counts).toMatchObject({ posted: 1, replaced: 0, waiting: 1 });
  expect(held().length).toBe(5);
  expect((await run()).counts).toMatchObject({ posted: 0, replaced: 0, reversed: 0 });
  expect(held().length).toBe(5);

  // Somebody changed the fingerprint: the rows are not those that were written, and they are left alone.
  erp.exec("UPDATE voucher_headers SET ext_hash = 'other' WHERE ext_key LIKE '%BX-001%'");
  expenses.exec("UPDATE expense_lines SET amount = '1.00', updated_at = '2026-11-24 09:00:00' WHERE doc_no = 'BX-001' AND line_no = 1");
  expect((await run()).counts).toMatchObject({ replaced: 0, waiting: 2 });
  expect(held().slice(0, 3)).toEqual(current);
});
