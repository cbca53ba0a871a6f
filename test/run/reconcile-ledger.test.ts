import { copyFileSync, existsSync, readFileSync, rmSync } from "node:fs";
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { AuditLog } from "../../src/store/audit-log.js";
import { Store } from "../../src/store/store.js";
import { type Bill, makeBills } from "../feed/bills.js";
import { kinds, Office, told } from "./reconcile-office.js";

let office: Office;
let bills: Bill[];
beforeEach(async () => {
  office = new Office();
  bills = makeBills(6);
  office.project.export("1-first", bills);
  await office.run();
});
afterEach(() => office.dispose());

const OF = "voucher_id = (SELECT id FROM vouchers WHERE external_reference = 'bills-to-gl/FP000002/1')";
const DELETE = [`DELETE FROM lines WHERE ${OF}`, "DELETE FROM vouchers WHERE external_reference = 'bills-to-gl/FP000002/1'"];

/** A voucher more, with the lines of the second bill. */
function copyAs(key: string, document: string): string[] {
  return [
    `INSERT INTO vouchers SELECT 99, word, period, 99, date, currency, text, attachments, kind, '${document}', '${key}', fingerprint, NULL, NULL, fields, line_count, posted_at
     FROM vouchers WHERE external_reference = 'bills-to-gl/FP000002/1'`,
    `INSERT INTO lines SELECT 99, line_number, account, side, amount_minor, text, partner, dimensions FROM lines WHERE ${OF}`,
  ];
}

function account(result: Awaited<ReturnType<Office["reconcile"]>>, code: string) {
  return result.accounts.find((row) => row.account === code);
}

describe("source, postings and the books", () => {
  test("agree after a run, document by document and account by account", async () => {
    const result = await office.reconcile();
    expect(result).toMatchObject({
      verdict: "agree",
      findings: [],
      open: [],
      counts: { source: 6, ours: 6, target: 6, agreed: 6 },
      sourceRead: { run: 1, at: "2026-11-26T10:00:00.000Z" },
      targetRead: { presence: "list", content: "list" },
      problems: [],
    });
    const owed = bills.reduce((sum, { lines }) => lines.reduce((all, { net, tax }) => all + net + tax, sum), 0n);
    expect(account(result, "224101")).toEqual({
      account: "224101",
      currency: "CNY",
      sourceMinor: -owed,
      oursMinor: -owed,
      targetMinor: -owed,
      waitingMinor: 0n,
      agrees: true,
    });
  });

  test.each([
    ["missing", DELETE, /^posted as 2026-10 记-0001, and it is not in the target any more$/],
    [
      "different amount",
      [`UPDATE lines SET amount_minor = amount_minor + 1 WHERE ${OF} AND line_number = 1`],
      /without `debit 660203 .*with `debit 660203/,
    ],
    [
      "different account",
      [`UPDATE lines SET account = '660201' WHERE ${OF} AND line_number = 1`],
      /without `debit 660203 .*with `debit 660201/,
    ],
    [
      "changed since",
      [`UPDATE vouchers SET text = 'private' WHERE id = (SELECT voucher_id FROM lines WHERE ${OF})`],
      /text `报销 FP000002` → `private`/,
    ],
    ["changed since", [`UPDATE lines SET partner = 'E9' WHERE ${OF} AND line_number = 1`], /E9/],
    [
      "booked twice",
      copyAs("bills-to-gl/FP000002/7", "FP000002"),
      /the target holds 2026-10 记-0099, beside 2026-10 记-0001 under `bills-to-gl\/FP000002\/7`/,
    ],
  ])("%s is found", async (kind, edits, about) => {
    office.editBooks(...edits);
    const result = await office.reconcile();
    expect(result).toMatchObject({
      verdict: "differ",
      counts: { agreed: 5 },
      findings: [{ key: "FP000002", kind, between: ["ours", "target"] }],
    });
    expect(result.findings).toHaveLength(1);
    expect(result.findings[0]?.about).toMatch(about);
    const isMoney = kind !== "changed since";
    expect(result.accounts.some(({ agrees }) => !agrees)).toBe(isMoney);
  });

  test("a voucher of a document that nobody has heard of is extra", async () => {
    office.editBooks(...copyAs("bills-to-gl/GHOST/1", "GHOST"));
    const result = await office.reconcile();
    expect(told(result)).toEqual([
      "GHOST extra, ours – target: the target holds 2026-10 记-0099 under `bills-to-gl/GHOST/1`, which the store does not know",
    ]);
    expect(result.findings[0]).toMatchObject({ sourceMinor: null, oursMinor: null, date: bills[1]?.date });
    expect(result.accounts.some(({ agrees }) => !agrees)).toBe(true);
  });

  test("an amount on an account of its own shows in the total of both", async () => {
    office.editBooks(`UPDATE lines SET account = '660201' WHERE ${OF} AND line_number = 1`);
    const result = await office.reconcile();
    const [from, to] = [account(result, "660203"), account(result, "660201")];
    const moved = bills[1]?.lines[0]?.net ?? 0n;
    expect((from?.sourceMinor ?? 0n) - (from?.targetMinor ?? 0n)).toBe(moved);
    expect((to?.targetMinor ?? 0n) - (to?.sourceMinor ?? 0n)).toBe(moved);
    expect(account(result, "224101")?.agrees).toBe(true);
  });

  test("what changed at the source since it was posted is found once the source was read, and gone after a run", async () => {
    const [first, ...others] = bills as [Bill, ...Bill[]];
    const dearer = { ...first, lines: first.lines.map((line) => ({ ...line, net: line.net + 5n })) };
    office.project.export("2-changed", [dearer, ...others]);
    expect((await office.reconcile()).verdict).toBe("agree");
    await office.run("plan");
    const result = await office.reconcile();
    expect(kinds(result)).toEqual(["FP000001 changed since"]);
    expect(result.findings[0]).toMatchObject({
      between: ["source", "ours"],
      about: expect.stringContaining("the source now wants: without"),
    });
    expect(result.sourceRead?.run).toBe(2);
    await office.run();
    expect(await office.reconcile()).toMatchObject({ verdict: "agree", counts: { agreed: 6 } });
  });

  test("a lookup or mapping that now says otherwise is told as that", async () => {
    const file = "bills-to-gl.yaml";
    const text = readFileSync(`${office.project.folder}/${file}`, "utf8");
    office.project.write(file, text.replace('account: "224101"', 'account: "222101"'));
    const result = await office.reconcile();
    expect(result.findings).toHaveLength(6);
    expect(result.findings[0]).toMatchObject({
      kind: "changed since",
      about: expect.stringContaining("its records did not change, and the mapping or a lookup now makes of them"),
    });
  });

  test("a document that is not wanted any more, and not reversed yet, is extra", async () => {
    const file = "bills-to-gl.yaml";
    const text = readFileSync(`${office.project.folder}/${file}`, "utf8");
    office.project.write(file, text.replace("  header:", '  when: ${发票号 != "FP000003"}\n  header:'));
    expect(kinds(await office.reconcile())).toEqual(["FP000003 extra"]);
  });
});

describe("what waits", () => {
  test("is listed with its reason, and is no difference", async () => {
    const bad = { key: "FP000009", date: "2026-11-05", lines: [{ account: "6699", net: 700n, tax: 0n }] };
    office.project.export("2-more", [...bills, bad]);
    await office.run();
    const result = await office.reconcile();
    expect(result).toMatchObject({ verdict: "agree, items wait", findings: [], counts: { source: 7, ours: 6, target: 6, agreed: 6 } });
    expect(result.open).toMatchObject([
      { key: "FP000009", status: "waiting", sourceMinor: 700n, oursMinor: null, targetMinor: null, problem: { code: "TARGET_REJECTED" } },
    ]);
    expect(account(result, "6699")).toMatchObject({ sourceMinor: 700n, oursMinor: 0n, targetMinor: 0n, waitingMinor: 700n, agrees: true });

    const store = Store.open(office.project.store, { create: false, now: () => office.now });
    const id = store.pipelineId("bills-to-gl");
    const [item] = store.quarantine.list(id);
    store.quarantine.drop(item?.id ?? 0, "private");
    store.records.settle(store.records.documentId(id, "FP000009") ?? 0);
    store.close();
    const decided = await office.reconcile();
    expect(decided).toMatchObject({ verdict: "agree", open: [], leftOut: [{ key: "FP000009", reason: "private" }] });
    expect(account(decided, "6699")).toBeUndefined();
  });

  test("does not hide what differs in the books", async () => {
    const bad = { key: "FP000009", date: "2026-11-05", lines: [{ account: "6699", net: 700n, tax: 0n }] };
    office.project.export("2-more", [...bills, bad]);
    await office.run();
    office.editBooks(...DELETE);
    expect(await office.reconcile()).toMatchObject({ verdict: "differ", open: [{ key: "FP000009" }], findings: [{ kind: "missing" }] });
  });

  test("a row that cannot be used is on the list, whatever the month", async () => {
    const rows = "发票号,行号,日期,科目,不含税金额,税额\nFP000010,1,2026-11-06,660201,zehn,0.00\n";
    office.project.write("exports/2-broken.csv", rows);
    await office.run();
    const result = await office.reconcile("2026-10");
    expect(result).toMatchObject({ verdict: "agree, items wait", open: [{ key: "FP000010", date: "", sourceMinor: null }] });
  });
});

describe("a month", () => {
  test("holds the documents of its days and no others", async () => {
    office.editBooks(`UPDATE lines SET amount_minor = amount_minor + 1 WHERE ${OF} AND line_number = 1`);
    expect(await office.reconcile("2026-11")).toMatchObject({ verdict: "agree", counts: { source: 3, ours: 3, target: 3, agreed: 3 } });
    const october = await office.reconcile("2026-10");
    expect(october).toMatchObject({ verdict: "differ", counts: { source: 3, agreed: 2 } });
    expect(kinds(october)).toEqual(["FP000002 different amount"]);
  });

  test("finds what was moved into it, or out of it, in the books", async () => {
    office.editBooks(
      `UPDATE vouchers SET date = '2026-11-30', period = '2026-11', number = 50 WHERE external_reference = 'bills-to-gl/FP000002/1'`,
    );
    for (const month of ["2026-10", "2026-11"]) {
      const result = await office.reconcile(month);
      expect(kinds(result)).toEqual(["FP000002 changed since"]);
      expect(account(result, "224101")?.agrees).toBe(false);
    }
    expect((await office.reconcile("2026-12")).verdict).toBe("agree");
  });

  test("a reversal belongs to the month in which it was booked", async () => {
    const [first, second, ...others] = bills as [Bill, Bill, ...Bill[]];
    const changed = { ...second, lines: second.lines.map((line) => ({ ...line, net: line.net + 100n })) };
    const { folder } = office.project;
    const [sync, pipeline] = ["sync.yaml", "bills-to-gl.yaml"].map((name) => readFileSync(`${folder}/${name}`, "utf8")) as [string, string];
    office.project.write("sync.yaml", `${sync}    periods: { closed_through: "2026-10" }\n`);
    office.project.write("bills-to-gl.yaml", `${pipeline}  closed_period: next open period\n`);
    office.project.export("2-changed", [first, changed, ...others]);
    expect((await office.run()).counts.replaced).toBe(1);
    const [october, november] = [await office.reconcile("2026-10"), await office.reconcile("2026-11")];
    expect(october).toMatchObject({ verdict: "agree" });
    expect(november).toMatchObject({ verdict: "agree" });
    const was = second.lines.reduce((sum, { net, tax }) => sum + net + tax, 0n);
    const of = (result: typeof october): bigint => account(result, "224101")?.targetMinor ?? 0n;
    const even = bills
      .filter((_, index) => index % 2 === 1)
      .reduce((sum, { lines }) => lines.reduce((all, { net, tax }) => all + net + tax, sum), 0n);
    expect(of(october)).toBe(-even);
    const odd = bills
      .filter((_, index) => index % 2 === 0)
      .reduce((sum, { lines }) => lines.reduce((all, { net, tax }) => all + net + tax, sum), 0n);
    expect(of(november)).toBe(-odd - (was + 100n * BigInt(second.lines.length)) + was);
    expect((await office.reconcile()).verdict).toBe("agree");
  });
});

describe("a document that was reversed and posted anew", () => {
  beforeEach(async () => {
    const changed = bills.map((bill) =>
      bill.key === "FP000002" ? { ...bill, lines: bill.lines.map((line) => ({ ...line, net: line.net + 9n })) } : bill,
    );
    office.project.export("2-changed", changed);
    await office.run();
  });
  const RED = "voucher_id = (SELECT id FROM vouchers WHERE external_reference = 'bills-to-gl/FP000002/1/reversal')";

  test("agrees", async () => {
    expect(await office.reconcile()).toMatchObject({ verdict: "agree", counts: { agreed: 6 } });
  });

  test.each([
    [
      "its reversal was changed",
      [`UPDATE lines SET amount_minor = amount_minor + 1 WHERE ${RED} AND line_number = 1`],
      "different amount",
      /do not come to nothing: 66020\d 0\.01 is left/,
    ],
    [
      "its reversal was deleted",
      [`DELETE FROM lines WHERE ${RED}`, "DELETE FROM vouchers WHERE external_reference = 'bills-to-gl/FP000002/1/reversal'"],
      "booked twice",
      /was cancelled by 2026-10 记-\d+, as we noted, and is in force in the target, beside/,
    ],
    ["what it cancels was deleted", DELETE, "missing", /holds the reversal 2026-10 记-\d+ of what it does not hold/],
    [
      "both were deleted",
      [`DELETE FROM lines WHERE ${RED}`, "DELETE FROM vouchers WHERE external_reference = 'bills-to-gl/FP000002/1/reversal'", ...DELETE],
      "missing",
      /posted as 2026-10 记-\d+ and reversed by 2026-10 记-\d+: neither is in the target/,
    ],
  ])("%s", async (_, edits, kind, about) => {
    office.editBooks(...edits);
    const result = await office.reconcile();
    expect(result.findings).toMatchObject([{ key: "FP000002", kind }]);
    expect(result.findings[0]?.about).toMatch(about);
  });
});

describe("the store", () => {
  test("is not written, and a run beside it is told", async () => {
    const rows = (): number => {
      const log = AuditLog.open(office.project.store);
      try {
        return [...log.rows()].length;
      } finally {
        log.close();
      }
    };
    const before = [rows(), readFileSync(office.project.store)];
    await office.reconcile();
    expect([rows(), readFileSync(office.project.store)]).toEqual(before);

    const store = Store.open(office.project.store, { create: false, now: () => office.now });
    const at = office.now.toISOString();
    const expiresAt = new Date(office.now.getTime() + 60_000).toISOString();
    store.leases.put({ name: "bills-to-gl", owner: "w", host: "night", pid: 1, acquiredAt: at, renewedAt: at, expiresAt });
    const result = await office.reconcile();
    expect(result).toMatchObject({ verdict: "agree", problems: [{ code: "RUN_UNDER_WAY" }] });
    store.close();
  });

  test("that is not there, or knows nothing of the pipeline, is told", async () => {
    for (const end of ["", "-wal", "-shm"]) rmSync(`${office.project.store}${end}`, { force: true });
    await expect(office.reconcile()).rejects.toThrow(/NOT_FOUND: there is no store/);
    expect(existsSync(office.project.store)).toBe(false);
    Store.open(office.project.store, { create: true, now: () => office.now }).close();
    await expect(office.reconcile()).rejects.toThrow(/NOT_FOUND: the store knows nothing of `bills-to-gl`/);
  });

  test("a comparison that is asked to stop says so", async () => {
    office.stop.abort();
    await expect(office.reconcile()).rejects.toThrow(/RUN_INTERRUPTED/);
  });
});

test("whatever is changed in the books is found, at its document, and nothing else is", { timeout: 300_000 }, async () => {
  const books = office.project.ledger;
  const sound = `${books}.sound`;
  office.editBooks("PRAGMA wal_checkpoint(TRUNCATE)");
  copyFileSync(books, sound);
  const edit = fc.record({
    voucher: fc.integer({ min: 1, max: 6 }),
    line: fc.integer({ min: 1, max: 2 }),
    what: fc.oneof(
      fc.record({ do: fc.constant("amount"), by: fc.integer({ min: -500, max: 500 }).filter((n) => n !== 0) }),
      fc.record({ do: fc.constantFrom("account", "text", "side", "date", "delete", "line", "copy", "currency"), by: fc.constant(0) }),
    ),
  });
  await fc.assert(
    fc.asyncProperty(edit, async ({ voucher, line, what }) => {
      for (const end of ["-wal", "-shm"]) rmSync(`${books}${end}`, { force: true });
      copyFileSync(sound, books);
      const at = `voucher_id = ${voucher} AND line_number = ${line}`;
      const edits: Record<string, string[]> = {
        amount: [`UPDATE lines SET amount_minor = amount_minor + ${what.by} WHERE ${at}`],
        account: [`UPDATE lines SET account = '222101' WHERE ${at}`],
        text: [`UPDATE lines SET text = text || '!' WHERE ${at}`],
        side: [`UPDATE lines SET side = CASE side WHEN 'debit' THEN 'credit' ELSE 'debit' END WHERE ${at}`],
        date: [`UPDATE vouchers SET date = period || CASE WHEN date LIKE '%-15' THEN '-16' ELSE '-15' END WHERE id = ${voucher}`],
        delete: [`DELETE FROM lines WHERE voucher_id = ${voucher}`, `DELETE FROM vouchers WHERE id = ${voucher}`],
        line: [`DELETE FROM lines WHERE ${at}`],
        copy: [
          `INSERT INTO vouchers SELECT 99, word, period, 99, date, currency, text, attachments, kind, document_key, external_reference || '9', fingerprint, NULL, NULL, fields, line_count, posted_at FROM vouchers WHERE id = ${voucher}`,
          `INSERT INTO lines SELECT 99, line_number, account, side, amount_minor, text, partner, dimensions FROM lines WHERE voucher_id = ${voucher}`,
        ],
        currency: [`UPDATE vouchers SET currency = 'JPY' WHERE id = ${voucher}`],
      };
      office.editBooks(...(edits[what.do] as string[]));
      const result = await office.reconcile();
      expect(result.verdict).toBe("differ");
      expect(new Set(result.findings.map(({ reference }) => reference?.slice(-4)))).toHaveProperty("size", 1);
      expect(result.counts.agreed).toBe(5);
      // Money that is not where it belongs shows in the sums too; words and days of one month do not.
      expect(result.accounts.some(({ agrees }) => !agrees)).toBe(what.do !== "text" && what.do !== "date");
    }),
    { numRuns: 40 },
  );
  for (const end of ["-wal", "-shm"]) rmSync(`${books}${end}`, { force: true });
  copyFileSync(sound, books);
  expect((await office.reconcile()).verdict).toBe("agree");
});
