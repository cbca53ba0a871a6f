import { rmSync, utimesSync } from "node:fs";
import { join } from "node:path";
import Database from "better-sqlite3";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { emptyFolder, sync } from "./sync.js";

describe("the sample project, reconciled", () => {
  let folder = "";
  beforeAll(() => {
    folder = emptyFolder();
    sync(folder, "init");
    utimesSync(join(folder, "exports/expenses-2026-11-09.csv"), new Date("2026-11-09"), new Date("2026-11-09"));
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  test("before the first run there is nothing to compare", () => {
    expect(sync(folder, "reconcile")).toMatchObject({ code: 1, out: "", err: expect.stringContaining("there is no store") });
  });

  test("what waits is listed apart, and the rest agrees: exit 3", () => {
    expect(sync(folder, "run").code).toBe(3);
    const { code, out, err } = sync(folder, "reconcile", "--period", "2026-11");
    expect({ code, err }).toEqual({ code: 3, err: "" });
    expect(out).toContain("3 documents agree, to the cent; 2 items wait, each with its reason");
    expect(out).toMatch(/source +5 {2}as last read \d{4}-\d\d-\d\d \d\d:\d\d UTC by run 1; not read again now/);
    expect(out).toMatch(/target +3 {2}`books` \(ledger\), listed now/);
    expect(out).toMatch(/BX26110005 +– +waiting +– +– +– +MAP_LOOKUP_MISSING: lookup `科目` has no row for `会议费`/);
    expect(out).toContain("not in these sums: 2 items on the list that cannot be built yet");
    expect(out).toMatch(/224101 +-2,423\.50 +-2,423\.50 +-2,423\.50 +CNY\n/);
  });

  test("as data and as CSV", () => {
    const json = JSON.parse(sync(folder, "reconcile", "--json").out);
    expect(json).toMatchObject({
      pipeline: "expense-to-gl",
      period: null,
      verdict: "agree, items wait",
      counts: { source: 5, ours: 3, target: 3, agreed: 3 },
      findings: [],
      problems: [],
    });
    expect(json.open[0]).toMatchObject({
      status: "waiting",
      document: "BX26110005",
      source: null,
      problem: { code: "MAP_LOOKUP_MISSING" },
    });
    expect(json.accounts.find(({ account }: { account: string }) => account === "224101")).toEqual({
      account: "224101",
      currency: "CNY",
      source: "-2423.50",
      ours: "-2423.50",
      target: "-2423.50",
      difference: "0.00",
      waiting: "0.00",
      agrees: true,
    });
    const csv = sync(folder, "reconcile", "--csv");
    expect(csv.code).toBe(3);
    expect(
      csv.out.startsWith("\ufeffrow,what,document,account,date,currency,source,ours,target,difference,waiting,reference,about\n"),
    ).toBe(true);
    expect(csv.out).toContain("account,agrees,,224101,,CNY,-2423.50,-2423.50,-2423.50,0.00,0.00,,\n");
    expect(sync(folder, "reconcile", "--csv", "--json")).toMatchObject({ code: 2 });
    expect(sync(folder, "reconcile", "--period", "november")).toMatchObject({ code: 2 });
    expect(sync(folder, "reconcile", "no-such").code).toBe(2);
  });

  test("a difference in the books is exit 1; without anything that waits, agreement is exit 0", () => {
    for (const key of ["BX26110005", "BX26110006"]) sync(folder, "quarantine", "drop", key, "--reason", "=withdrawn");
    const agreed = sync(folder, "reconcile");
    expect(agreed.code).toBe(0);
    expect(agreed.out).toContain("source, postings and target agree, to the cent: 3 documents; 2 documents left out by a person");
    expect(sync(folder, "reconcile", "--csv").out).toContain("'=withdrawn");

    const books = new Database(join(folder, ".sync/books.db"));
    books.exec("DROP TRIGGER lines_fixed; UPDATE lines SET amount_minor = amount_minor + 10 WHERE line_number = 1");
    books.close();
    const { code, out } = sync(folder, "reconcile", "--limit", "1");
    expect(code).toBe(1);
    expect(out).toContain("they do NOT agree: 3 different amount, ");
    expect(out).toMatch(
      /BX26110001 +2026-11-03 +different amount +ours – target +1,954\.00 +1,954\.00 +1,954\.10 +CNY +2026-11 记-0001: without/,
    );
    expect(out).toContain("… and 2 more; show them with --limit 3");
    expect(out).toMatch(/CNY +differs\n/);
  });

  test("nothing is written, not even into the audit log", () => {
    const before = sync(folder, "audit", "verify").out;
    sync(folder, "reconcile");
    expect(sync(folder, "audit", "verify").out).toBe(before);
  });
});
