import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { type Control, FaultyErp } from "../erp/faulty-erp.js";
import { Journal } from "../erp/journal.js";
import { makeBills } from "../feed/bills.js";
import { erpTarget } from "../feed/erp-target.js";
import { kinds, Office, told } from "./reconcile-office.js";

const LIST = `  list:
    path: /list?prefix={$.pipeline}/
    many: $.items
    found: $$.number
    key: $$.externalNo
    next: $.next
`;
const READ = `  read:
    path: /vouchers/{$.reference}
    key: $.voucher.externalNo
    gone:
      - when: { status: 404, path: $.errorCode, equals: NO_VOUCHER }
      - { when: { path: $.voucher.reversedBy, not_equals: null }, reference: $.voucher.reversedBy }
    document:
      date: $.voucher.date
      text: $.voucher.text
      lines: { list: $.voucher.lines, account: $$.account, debit: $$.debit, credit: $$.credit }
`;
const BILLS = 60;

let office: Office;
let erp: FaultyErp;
let url: string;

beforeEach(async () => {
  office = new Office();
  erp = new FaultyErp({ journal: join(office.project.folder, "erp.jsonl"), seed: 7, refusesDuplicates: false, inSteps: false, auth: null });
  url = `http://127.0.0.1:${await erp.listen(0)}`;
  office.project.export("1-first", makeBills(BILLS));
  target(LIST + READ);
  await office.run();
  // What is posted is shown at once, and what is not there a minute later is not there.
  office.now = new Date(office.now.getTime() + 60_000);
});
afterEach(() => {
  erp.close();
  office.dispose();
});

function target(more: string): void {
  const [connection, text] = erpTarget({ url, quiet: "2s" });
  office.project.target(connection, text + more);
}

async function control(wanted: Control): Promise<void> {
  const answer = await fetch(`${url}/control`, { method: "POST", body: JSON.stringify(wanted) });
  expect(answer.status).toBe(200);
}

describe("an ERP over HTTP", () => {
  test("agrees, and is asked for a page at a time and once about each document", async () => {
    const before = new Journal(join(office.project.folder, "erp.jsonl")).requests.length;
    expect(await office.reconcile()).toMatchObject({
      verdict: "agree",
      counts: { agreed: BILLS },
      targetRead: { presence: "list", content: "read" },
    });
    const calls = new Journal(join(office.project.folder, "erp.jsonl")).requests.slice(before).map(({ call }) => call);
    expect(calls.filter((call) => call === "list")).toHaveLength(2);
    expect(calls.filter((call) => call === "read")).toHaveLength(BILLS);
    expect(calls).toHaveLength(BILLS + 2);
  });

  test("what a person did there, what was booked twice and what nobody posted is found", async () => {
    const twin = {
      externalNo: "bills-to-gl/FP000004/1",
      date: "2026-10-05",
      text: "again",
      lines: [
        { account: "660201", debit: "1.00" },
        { account: "224101", credit: "1.00" },
      ],
    };
    const post = (body: unknown) => fetch(`${url}/vouchers`, { method: "POST", body: JSON.stringify(body) });
    await post(twin);
    await post({ ...twin, externalNo: "bills-to-gl/GHOST/1" });
    const { vouchers } = (await (await fetch(`${url}/books`)).json()) as { vouchers: { number: string; externalNo: string }[] };
    const numberOf = (key: string): string => vouchers.find(({ externalNo }) => externalNo === `bills-to-gl/${key}/1`)?.number ?? "";
    await control({
      byHand: [
        { do: "change amount", number: numberOf("FP000002"), by: "0.01" },
        { do: "cancel", number: numberOf("FP000006") },
      ],
    });
    const result = await office.reconcile();
    expect(result).toMatchObject({ verdict: "differ", counts: { agreed: BILLS - 3 } });
    expect(kinds(result).sort()).toEqual(["FP000002 different amount", "FP000004 booked twice", "FP000006 missing", "GHOST extra"]);
    const [twice] = result.findings.filter(({ kind }) => kind === "booked twice");
    expect(twice?.about).toContain("under the same key `bills-to-gl/FP000004/1`");
    expect(twice?.targetMinor).toBe((twice?.oursMinor ?? 0n) + 100n);
    expect(told(result).find((line) => line.includes("missing"))).toMatch(/was cancelled in the target by 记-0000\d\d$/);
  });

  test("that is down is an error, not an agreement", async () => {
    await control({ rules: [{ fault: "503", every: 1, on: "list" }] });
    await expect(office.reconcile()).rejects.toThrow(/TARGET_/);
  });

  test("that does not answer about some documents says about how many", async () => {
    await control({ rules: [{ fault: "503", every: 20, of: "documents", on: "read" }] });
    const result = await office.reconcile();
    expect(result).toMatchObject({ verdict: "incomplete", findings: [], problems: [{ code: "RECONCILE_INCOMPLETE" }] });
    expect(result.problems[0]?.message).toMatch(/^3 documents could not be read in the target: /);
  });

  test("without a list or a way to read it says what was not compared", async () => {
    target(READ);
    const unlisted = await office.reconcile();
    expect(unlisted).toMatchObject({ verdict: "incomplete", targetRead: { presence: "read", content: "read" }, counts: { agreed: BILLS } });
    expect(unlisted.problems[0]?.message).toContain("does not list what it holds");
    target(LIST);
    const unread = await office.reconcile();
    expect(unread).toMatchObject({ verdict: "incomplete", targetRead: { presence: "list", content: "none" } });
    expect(unread.problems).toHaveLength(1);
    expect(unread.problems[0]?.message).toContain("does not tell with what content");
  });
});
