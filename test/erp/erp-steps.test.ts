import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { type Answered, send, voucher } from "./client.js";
import type { Call, Fault } from "./faults.js";
import type { Journal } from "./journal.js";
import { RunningErp } from "./running-erp.js";

const folder = mkdtempSync(join(tmpdir(), "faulty-erp-"));
let erp: RunningErp;

beforeAll(async () => {
  erp = await RunningErp.start({ journal: join(folder, "erp.jsonl"), inSteps: true });
});
afterEach(() => erp.control({ rules: [], accounts: null, closedThrough: null, refusesDuplicates: false, pageSize: 50 }));
afterAll(async () => {
  await erp.stop();
  rmSync(folder, { recursive: true });
});

type Data = Record<string, unknown>;
const dataOf = ({ text }: Answered): Data => JSON.parse(text) as Data;
const at = (number: string, verb = ""): string => `/vouchers/${encodeURIComponent(number)}${verb}`;
const ask = async (path: string): Promise<Data> => dataOf(await send(erp, path, undefined));
const tell = async (path: string, body: unknown = {}, method = "POST"): Promise<Data> => dataOf(await send(erp, path, body, { method }));
const remove = async (number: string): Promise<Data> => dataOf(await send(erp, at(number), undefined, { method: "DELETE" }));
const save = async (externalNo: string): Promise<string> => String((await tell("/vouchers", voucher(externalNo)))["number"]);
const liveOf = (journal: Journal, externalNo: string): number => journal.livePerDocument((no) => no).get(externalNo) ?? 0;
const draftsOf = (journal: Journal, externalNo: string): number => journal.drafts().filter((each) => each.externalNo === externalNo).length;

async function book(externalNo: string): Promise<string> {
  const number = await save(externalNo);
  await tell(at(number, "/submit"));
  await tell(at(number, "/audit"));
  return number;
}

describe("saved, submitted, audited", () => {
  test("a voucher is in the books only when it is audited, and each step can be taken once", async () => {
    const number = await save("s/1/1");
    expect([liveOf(await erp.journal(), "s/1/1"), draftsOf(await erp.journal(), "s/1/1")]).toEqual([0, 1]);
    expect(await tell(at(number, "/audit"))).toMatchObject({ success: false, errorCode: "NOT_SUBMITTED" });
    expect(await tell(at(number, "/submit"))).toMatchObject({ success: true, number, status: "B" });
    expect(await tell(at(number, "/submit"))).toMatchObject({ success: false, errorCode: "SUBMITTED" });
    expect(liveOf(await erp.journal(), "s/1/1")).toBe(0);
    expect(await tell(at(number, "/audit"))).toMatchObject({ success: true, number, status: "C" });
    expect(await tell(at(number, "/audit"))).toMatchObject({ success: false, errorCode: "AUDITED" });
    expect([liveOf(await erp.journal(), "s/1/1"), draftsOf(await erp.journal(), "s/1/1")]).toEqual([1, 0]);
  });

  test("a draft is changed and deleted, what is audited is not", async () => {
    const number = await save("s/2/1");
    await tell(at(number, "/submit"));
    expect(await tell(at(number), voucher("s/2/2", { text: "改" }), "PUT")).toMatchObject({ success: true, number, status: "A" });
    expect((await ask(`/vouchers?externalNo=${encodeURIComponent("s/2/1")}`))["items"]).toEqual([]);
    expect((await ask(`/vouchers?externalNo=${encodeURIComponent("s/2/2")}`))["items"]).toMatchObject([
      { number, text: "改", status: "A" },
    ]);
    expect(await remove(number)).toEqual({ success: true, deleted: number });
    expect(await remove(number)).toMatchObject({ errorCode: "NO_VOUCHER" });
    expect((await ask(at(number)))["errorCode"]).toBe("NO_VOUCHER");
    const audited = await book("s/3/1");
    expect(await tell(at(audited), voucher("s/3/2"), "PUT")).toMatchObject({ success: false, errorCode: "AUDITED" });
    expect(await remove(audited)).toMatchObject({ success: false, errorCode: "AUDITED" });
    expect(liveOf(await erp.journal(), "s/3/1")).toBe(1);
  });

  test("only what is audited is cancelled; a closed month is refused by the audit", async () => {
    const number = await save("s/4/1");
    expect(await tell(at(number, "/reverse"), { externalNo: "s/4/1/reversal" })).toMatchObject({ errorCode: "NOT_AUDITED" });
    await tell(at(number, "/submit"));
    await erp.control({ closedThrough: "2026-11" });
    expect(await tell(at(number, "/audit"))).toMatchObject({ success: false, errorMessage: "会计期间已结账: 2026-11" });
    await erp.control({ closedThrough: null });
    await tell(at(number, "/audit"));
    expect(await tell(at(number, "/reverse"), { externalNo: "s/4/1/reversal" })).toMatchObject({ success: true });
    expect(liveOf(await erp.journal(), "s/4/1")).toBe(0);
  });

  test("duplicates are refused when a draft is changed, too", async () => {
    const [one] = [await save("s/5/1"), await save("s/6/1")];
    await erp.control({ refusesDuplicates: true });
    expect((await send(erp, at(one), voucher("s/6/1"), { method: "PUT" })).status).toBe(409);
    expect(await tell(at(one), voucher("s/5/1", { text: "改" }), "PUT")).toMatchObject({ success: true });
  });
});

test("vouchers are listed page by page, oldest first, and read one by one", async () => {
  await erp.control({ pageSize: 2 });
  const numbers = [await save("l/1/1"), await book("l/2/1"), await save("l/3/1"), await save("l/4/1"), await save("l/5/1")];
  await save("other/1/1");
  const pages: unknown[][] = [];
  for (let next: unknown = "/list?prefix=l%2F"; typeof next === "string"; ) {
    const page = await ask(next);
    pages.push((page["items"] as Data[]).map((item) => item["number"]));
    next = page["next"];
  }
  expect(pages).toEqual([numbers.slice(0, 2), numbers.slice(2, 4), numbers.slice(4)]);
  expect((await ask(at(numbers[1] as string)))["voucher"]).toMatchObject({
    externalNo: "l/2/1",
    date: "2026-11-03",
    status: "C",
    reversedBy: null,
    lines: [
      { account: "6602.01", debit: "12.30", credit: "0.00" },
      { account: "2241", debit: "0.00", credit: "12.30" },
    ],
  });
});

test("what a person does in the ERP is in its books and its journal", async () => {
  const [edited, cancelled, deleted, audited] = [await book("h/1/1"), await book("h/2/1"), await save("h/3/1"), await save("h/4/1")];
  await erp.control({
    byHand: [
      { do: "change amount", number: edited, by: "1.00" },
      { do: "cancel", number: cancelled },
      { do: "delete", number: deleted },
      { do: "audit", number: audited },
    ],
  });
  expect((await ask(at(edited)))["voucher"]).toMatchObject({ lines: [{ debit: "13.30" }, { credit: "13.30" }] });
  expect((await ask(at(cancelled)))["voucher"]).toMatchObject({ reversedBy: expect.stringMatching(/^记-/) });
  const journal = await erp.journal();
  expect(["h/1/1", "h/2/1", "h/3/1", "h/4/1"].map((no) => [liveOf(journal, no), draftsOf(journal, no)])).toEqual([
    [1, 0],
    [0, 0],
    [0, 0],
    [1, 0],
  ]);
  expect(journal.entries.filter((entry) => entry.event === "edited").map((entry) => entry.externalNo)).toEqual(["h/1/1"]);
  await expect(erp.control({ byHand: [{ do: "delete", number: "记-999999" }] })).rejects.toThrow("did not take");
});

describe("faults strike the new calls as well", () => {
  const done: Record<Exclude<Call, "post" | "batch" | "find" | "latest" | "token" | "reverse">, (number: string) => Promise<Answered>> = {
    submit: (number) => send(erp, at(number, "/submit"), {}),
    audit: (number) => send(erp, at(number, "/audit"), {}),
    change: (number) => send(erp, at(number), voucher(`changed ${number}`), { method: "PUT" }),
    delete: (number) => send(erp, at(number), undefined, { method: "DELETE" }),
    read: (number) => send(erp, at(number), undefined),
    list: () => send(erp, "/list?prefix=f", undefined),
  };
  const writes = ["submit", "audit", "change", "delete"] as const;
  const cases: [Fault, keyof typeof done, number | null, boolean][] = [
    ...writes.flatMap((call): [Fault, keyof typeof done, number | null, boolean][] => [
      ["commit and drop", call, null, true],
      ["drop before commit", call, null, false],
      ["commit and 500", call, 500, true],
      ["refuse", call, 200, false],
      ["late", call, null, true],
    ]),
    ["500 before commit", "read", 500, false],
    ["drop before commit", "list", null, false],
  ];
  test.each(cases)("%s on %s", async (fault, call, status, isDone) => {
    const number = await save(`f/${fault} ${call}/1`);
    if (call === "audit") await tell(at(number, "/submit"));
    const before = JSON.stringify((await erp.books()).vouchers.find((each) => each.number === number));
    await erp.control({ rules: [{ fault, every: 1, on: call, most: 1, delayMs: 60 }] });
    expect((await done[call](number)).status).toBe(status);
    await wait(20);
    await erp.journal();
    const after = JSON.stringify((await erp.books()).vouchers.find((each) => each.number === number));
    expect(after === before).toBe(!isDone);
    expect((await erp.journal()).requests.at(-1)).toMatchObject({ call, fault });
  });
});
