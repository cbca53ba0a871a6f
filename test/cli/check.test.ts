import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeEach, describe, expect, test } from "vitest";
import { emptyFolder, sync } from "./sync.js";

const SECRET = "pass-phrase-of-the-erp";
let folder: string;

beforeEach(() => {
  folder = emptyFolder();
  sync(folder, "init");
});

/** Another target: an API that nobody listens at, with a secret that the export happens to repeat. */
function withAnErp(): void {
  const project = readFileSync(join(folder, "sync.yaml"), "utf8");
  const erp = `connections:\n  erp:\n    connector: http\n    url: http://127.0.0.1:9\n    auth: { bearer: { token: ${SECRET} } }\n`;
  writeFileSync(join(folder, "sync.yaml"), project.replace("connections:\n", erp));
  const file = join(folder, "pipelines/expense-to-gl.yaml");
  const target = `target:
  connection: erp
  post: { path: /vouchers, body: { key: $.idempotencyKey }, reference: $.number }
  reverse: { path: "/vouchers/{$.reference}/reversal", body: { key: $.idempotencyKey }, reference: $.number }
  lookup: { path: "/vouchers?key={$.idempotencyKey}", many: $.items, found: $$.number, key: $$.key }
`;
  writeFileSync(file, readFileSync(file, "utf8").replace(/^target:[\s\S]*$/m, target));
}

describe("sync connectors check", () => {
  test("shows the first records and asks the target, and leaves nothing behind", () => {
    const done = sync(folder, "connectors", "check", "expense-to-gl", "--limit", "1");
    expect(done.err).toBe("");
    expect(done.out).toContain("source exports (csv) of expense-to-gl: the first 1 record\n\nexpenses-2026-11-09.csv:2\n");
    expect(done.out).toMatch(/ {2}报销人 +王\*\*\n/);
    expect(done.out).toContain("target books (ledger) of expense-to-gl: it answers, and has taken nothing from this pipeline\n");
    expect(done.code).toBe(0);
    expect(existsSync(join(folder, ".sync"))).toBe(false);
  });

  test("a connection is tried as its pipelines use it", () => {
    expect(sync(folder, "run", "--quiet").code).toBe(3);
    const target = sync(folder, "connectors", "check", "books");
    expect(target.out).toMatch(/^target books \(ledger\) of expense-to-gl: it answers, and took expense-to-gl\/\S+\/1 last\n$/);
    const [source] = JSON.parse(sync(folder, "connectors", "check", "exports", "--limit", "3", "--json").out) as {
      readonly target: unknown;
      readonly source: { readonly hasMore: boolean; readonly records: readonly { readonly line: number }[] };
    }[];
    expect(source?.target).toBeNull();
    expect(source?.source.hasMore).toBe(true);
    expect(source?.source.records.map(({ line }) => line)).toEqual([2, 3, 4]);
  });

  test("says of each record what would keep it waiting", () => {
    const done = sync(folder, "connectors", "check", "exports", "--limit", "100");
    expect(done.out).toMatch(/: all \d+ records\n/);
    expect(done.out).toContain("would wait: RECORD_INVALID: ");
    expect(done.code).toBe(0);
  });

  test("a secret is covered wherever it turns up, and a system that does not answer is an error", () => {
    withAnErp();
    const file = join(folder, "exports/expenses-2026-11-09.csv");
    const text = new TextDecoder("gb18030").decode(readFileSync(file));
    writeFileSync(file, text.replace("上海出差 火车", `口令 ${SECRET}`).replace("D01", SECRET));
    for (const more of [[], ["--json"]]) {
      const done = sync(folder, "connectors", "check", "expense-to-gl", "--limit", "2", ...more);
      expect(done.out).toContain("口令 •••");
      expect(done.out + done.err).not.toContain(SECRET);
      expect(done.out + done.err).toContain("ECONNREFUSED");
      expect(done.code).toBe(1);
    }
  });

  test("what would steer the terminal is replaced, and long values are cut", () => {
    const file = join(folder, "exports/expenses-2026-11-09.csv");
    const text = new TextDecoder("gb18030").decode(readFileSync(file));
    writeFileSync(file, text.replace("上海出差 火车", `\u001b[2J${"长".repeat(200)}`));
    const { out } = sync(folder, "connectors", "check", "exports", "--limit", "1");
    expect(out).not.toContain("\u001b");
    expect(out).toContain(`${"长".repeat(47)}…`);
    expect(out).not.toContain("长".repeat(60));
  });

  test("a name that is nothing is answered with those there are", () => {
    const done = sync(folder, "connectors", "check", "exprts");
    expect(done.err).toContain("`exprts` is neither a connection nor a pipeline; there are `exports`, `books`, `expense-to-gl`");
    expect(done.err).toContain("did you mean `exports`?");
    expect(done.code).toBe(2);
    const spare = readFileSync(join(folder, "sync.yaml"), "utf8").replace("connections:\n", "connections:\n  spare: { connector: csv }\n");
    writeFileSync(join(folder, "sync.yaml"), spare);
    const unused = sync(folder, "connectors", "check", "spare");
    expect(unused.err).toContain("no pipeline that can be read uses the connection `spare`");
    expect(unused.code).toBe(2);
  });
});
