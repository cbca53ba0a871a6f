import { appendFileSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { type Answered, send, voucher } from "./client.js";
import { FAULTS, type Fault, FaultPlan, type Rule } from "./faults.js";
import { Journal, JournalWriter } from "./journal.js";
import { RunningErp, type StartOptions } from "./running-erp.js";

const folder = mkdtempSync(join(tmpdir(), "faulty-erp-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

let started = 0;
function start(options: Partial<StartOptions> = {}): Promise<RunningErp> {
  started += 1;
  return RunningErp.start({ journal: join(folder, `${started}.jsonl`), ...options });
}

describe("honest books", () => {
  let erp: RunningErp;
  beforeAll(async () => {
    erp = await start();
  });
  afterAll(() => erp.stop());
  afterEach(() => erp.control({ accounts: null, closedThrough: null, readLagMs: 0, refusesDuplicates: false }));

  test("a voucher is booked, found by its external number, and the latest of its prefix", async () => {
    expect(JSON.parse((await send(erp, "/vouchers", voucher("p/A/1"))).text)).toEqual({
      success: true,
      number: "记-000001",
      externalNo: "p/A/1",
      status: "C",
    });
    await send(erp, "/vouchers", voucher("q/B/1"));
    const found = JSON.parse((await send(erp, `/vouchers?externalNo=${encodeURIComponent("p/A/1")}`, undefined)).text);
    expect(found.items).toMatchObject([
      { number: "记-000001", reversedBy: null, lines: [{ side: "debit", amount: "12.30" }, { side: "credit" }] },
    ]);
    expect(JSON.parse((await send(erp, "/latest?prefix=p%2F", undefined)).text)).toMatchObject({ externalNo: "p/A/1" });
    expect(JSON.parse((await send(erp, "/latest?prefix=r%2F", undefined)).text)).toMatchObject({ externalNo: null });
  });

  test("without duplicate detection one external number is booked twice; with it, refused under the number it has", async () => {
    await send(erp, "/vouchers", voucher("p/twice/1"));
    expect((await send(erp, "/vouchers", voucher("p/twice/1"))).status).toBe(200);
    expect((await erp.journal()).livePerDocument((no) => no).get("p/twice/1")).toBe(2);
    await erp.control({ refusesDuplicates: true });
    const refused = await send(erp, "/vouchers", voucher("p/twice/1"));
    expect(refused).toMatchObject({ status: 409, text: expect.stringMatching(/单据已存在: 记-\d{6}/) });
    expect((await erp.journal()).livePerDocument((no) => no).get("p/twice/1")).toBe(2);
  });

  test("a reversal books the opposite once, and leaves nothing live", async () => {
    const { number } = JSON.parse((await send(erp, "/vouchers", voucher("p/R/1"))).text);
    const path = `/vouchers/${encodeURIComponent(number)}/reverse`;
    expect(JSON.parse((await send(erp, path, { externalNo: "p/R/1/reversal" })).text)).toMatchObject({ success: true });
    expect(JSON.parse((await send(erp, path, { externalNo: "p/R/1/reversal" })).text)).toMatchObject({
      success: false,
      errorCode: "REVERSED",
    });
    const journal = await erp.journal();
    expect(journal.live().filter((entry) => entry.externalNo.startsWith("p/R/"))).toEqual([]);
    expect(journal.booked.find((entry) => entry.reverses === number)?.lines[0]).toEqual({
      account: "6602.01",
      side: "debit",
      amount: "-12.30",
    });
  });

  test.each([
    ["text that is no JSON", "{", 400, /请求体不是对象/],
    ["no external number", voucher(""), 400, /externalNo/],
    ["a day in another order", voucher("x", { date: "03/11/2026" }), 400, /date/],
    ["three places", voucher("x", { lines: [{ account: "1", debit: "0.005" }] }), 400, /金额/],
    ["both sides", voucher("x", { lines: [{ account: "1", debit: "1", credit: "1" }] }), 400, /只能填一个/],
    ["unbalanced", voucher("x", { lines: [{ account: "1", debit: "1" }] }), 200, /借贷不平: 借 1.00 贷 0.00/],
  ])("it refuses %s", async (_, body, status, message) => {
    const refused = await send(erp, "/vouchers", body);
    expect(refused.status).toBe(status);
    expect(JSON.parse(refused.text)).toMatchObject({ success: false, errorMessage: expect.stringMatching(message) });
  });

  test("unknown accounts and closed months are refused with HTTP 200 until they are mended", async () => {
    await erp.control({ accounts: ["6602.01"], closedThrough: "2026-10" });
    expect((await send(erp, "/vouchers", voucher("p/acc/1"))).text).toContain("科目不存在: 2241");
    await erp.control({ accounts: null, closedThrough: "2026-11" });
    expect((await send(erp, "/vouchers", voucher("p/acc/1"))).text).toContain("会计期间已结账: 2026-11");
    await erp.control({ closedThrough: null });
    expect(JSON.parse((await send(erp, "/vouchers", voucher("p/acc/1"))).text)).toMatchObject({ success: true });
  });

  test("a read that lags shows a voucher later", async () => {
    await erp.control({ readLagMs: 150 });
    await send(erp, "/vouchers", voucher("p/lag/1"));
    const find = async (): Promise<number> => JSON.parse((await send(erp, "/vouchers?externalNo=p/lag/1", undefined)).text).items.length;
    expect(await find()).toBe(0);
    await wait(200);
    expect(await find()).toBe(1);
  });

  test("a batch is answered member by member", async () => {
    const members = [voucher("p/b1/1"), voucher("p/b2/1", { lines: [{ account: "1", debit: "1" }] }), voucher("p/b3/1")];
    const { results } = JSON.parse((await send(erp, "/batch", { vouchers: members })).text);
    expect(results).toMatchObject([{ success: true }, { success: false, errorMessage: "借贷不平: 借 1.00 贷 0.00" }, { success: true }]);
  });

  test("posting can be made slow", async () => {
    await erp.control({ slowMs: 120 });
    expect((await send(erp, "/vouchers", voucher("p/slow/1"))).ms).toBeGreaterThanOrEqual(118);
    await erp.control({ slowMs: 0 });
  });
});

/** What a client sees of each fault, and how often the voucher is in the books when all is over. */
const SEEN: Record<
  Fault,
  { readonly status: number | null; readonly booked: 0 | 1; readonly text?: RegExp; readonly rule?: Partial<Rule> }
> = {
  "drop before commit": { status: null, booked: 0 },
  "commit and drop": { status: null, booked: 1 },
  refuse: { status: 200, booked: 0, text: /^{"success":false,.*科目不存在: 6602.99/ },
  "500 before commit": { status: 500, booked: 0 },
  "commit and 500": { status: 500, booked: 1 },
  "429": { status: 429, booked: 0, rule: { retryAfter: "2" } },
  "503": { status: 503, booked: 0 },
  hang: { status: null, booked: 0 },
  "commit and hang": { status: null, booked: 1 },
  "hang and commit when given up": { status: null, booked: 1 },
  late: { status: null, booked: 1, rule: { delayMs: 120 } },
  "late behind 504": { status: 504, booked: 1, rule: { delayMs: 120 } },
  slow: { status: 200, booked: 1, rule: { delayMs: 120 } },
  "expire session": { status: 401, booked: 0 },
  "garbage before commit": { status: 200, booked: 0, text: /^<html>/ },
  "commit and garbage": { status: 200, booked: 1, text: /^<html>/ },
  "commit and truncate": { status: 200, booked: 1, text: /^{"success":true.*[^}]$/ },
  "commit and cut": { status: null, booked: 1, text: /^{"success":true.*[^}]$/ },
  "commit and say no number": { status: 200, booked: 1, text: /^{"success":true}$/ },
  "half a batch": { status: null, booked: 1 },
};

describe("each fault does what it says, every second time, and nothing else", () => {
  let erp: RunningErp;
  beforeAll(async () => {
    erp = await start();
  });
  afterAll(() => erp.stop());

  test.each(FAULTS)("%s", async (fault) => {
    const { status, booked, text, rule } = SEEN[fault];
    const isBatch = fault === "half a batch";
    await erp.control({ rules: [{ fault, every: 2, on: isBatch ? "batch" : "post", ...rule }] });
    const key = (n: number): string => `${fault}/${n}/1`;
    const post = (n: number): Promise<Answered> =>
      isBatch
        ? send(erp, "/batch", { vouchers: [voucher(key(n)), voucher(`${fault} second/${n}/1`)] })
        : send(erp, "/vouchers", voucher(key(n)), { giveUpMs: 400 });
    expect(await post(1)).toMatchObject({ status: 200, text: expect.stringContaining('"number"') });
    const struck = await post(2);
    expect(struck.status).toBe(status);
    expect(struck.text).toMatch(text ?? /(?:)/);
    expect(struck.retryAfter).toBe(rule?.retryAfter);
    const atOnce =
      erp
        .journalNow()
        .livePerDocument((no) => no)
        .get(key(2)) ?? 0;
    if (fault === "late" || fault === "late behind 504") {
      expect(struck.ms).toBeLessThan(100);
      expect(atOnce).toBe(0);
    }
    if (fault === "slow") expect(struck.ms).toBeGreaterThanOrEqual(118);
    if (fault.includes("hang")) expect(struck.ms).toBeGreaterThanOrEqual(395);
    if (fault === "commit and hang") expect(atOnce).toBe(1);
    await wait(50);
    const journal = await erp.journal();
    const live = journal.livePerDocument((no) => no);
    expect(live.get(key(2)) ?? 0).toBe(booked);
    if (isBatch) expect([live.get(`${fault} second/1/1`), live.get(`${fault} second/2/1`)]).toEqual([1, undefined]);
    expect(journal.struck(fault)).toBe(1);
    expect(await post(3)).toMatchObject({ status: 200, text: expect.stringContaining('"number"') });
  });
});

test("a line of the journal counts once it is written whole: who reads beside the ERP may see the beginning of the next", () => {
  const file = join(folder, "beside.jsonl");
  const writer = new JournalWriter(file);
  writer.write({ event: "refused", at: 1, externalNo: "p/A/1", status: 400, message: "period closed" });
  writer.close();
  appendFileSync(file, '{"event":"refused","at":2,"exter');
  expect(new Journal(file).entries.map(({ at }) => at)).toEqual([1]);
  appendFileSync(file, 'nalNo":"p/A/2","status":400,"message":"period closed"}\n');
  expect(new Journal(file).entries.map(({ at }) => at)).toEqual([1, 2]);
});

describe("which request a fault strikes", () => {
  test("by request: every Nth, the first place moved by the seed, and the same each time", () => {
    const struck = (seed: number): number[] => {
      const plan = new FaultPlan(seed);
      plan.replace([{ fault: "429", every: 100 }]);
      return Array.from({ length: 2000 }, (_, n) => n + 1).filter((n) => plan.strike("post", `k${n}`) !== null);
    };
    expect(struck(0)).toEqual(Array.from({ length: 20 }, (_, n) => (n + 1) * 100));
    expect(struck(7)).toHaveLength(20);
    expect(struck(7)).toEqual(struck(7));
    expect(struck(7)[0]).not.toBe(struck(8)[0]);
  });

  test("by document: a repeat is struck again, until the rule is lifted", () => {
    const plan = new FaultPlan(3);
    plan.replace([{ fault: "refuse", every: 250, of: "documents" }]);
    const keys = Array.from({ length: 2000 }, (_, n) => `k${n}`);
    const first = keys.filter((key) => plan.strike("post", key) !== null);
    expect(first).toHaveLength(8);
    expect(keys.filter((key) => plan.strike("post", key) !== null)).toEqual(first);
    plan.replace([]);
    expect(keys.filter((key) => plan.strike("post", key) !== null)).toEqual([]);
  });

  test("a rule is about one kind of call, and may end", () => {
    const plan = new FaultPlan(0);
    plan.replace([{ fault: "503", every: 1, on: "find", most: 2 }]);
    expect(plan.strike("post", "a")).toBeNull();
    expect([1, 2, 3].map(() => plan.strike("find", "a")?.fault)).toEqual(["503", "503", undefined]);
  });
});

test("a session is good for so many requests; an answer of 401 booked nothing", async () => {
  const erp = await start({ auth: { client: "sync", secret: "s3cret", uses: 2 } });
  const signIn = async (secret: string): Promise<Answered> =>
    send(erp, "/oauth/token", `grant_type=client_credentials&client_id=sync&client_secret=${secret}`);
  expect((await signIn("wrong")).status).toBe(401);
  expect((await send(erp, "/vouchers", voucher("s/0/1"))).status).toBe(401);
  const bearer: string = JSON.parse((await signIn("s3cret")).text).access_token;
  const codes: (number | null)[] = [];
  for (const n of [1, 2, 3]) codes.push((await send(erp, "/vouchers", voucher(`s/${n}/1`), { bearer })).status);
  expect(codes).toEqual([200, 200, 401]);
  expect((await erp.journal()).booked.map((entry) => entry.externalNo)).toEqual(["s/1/1", "s/2/1"]);
  await erp.stop();
});

test("a client that is killed while the ERP works does not undo the work", async () => {
  const erp = await start();
  await erp.control({ slowMs: 100 });
  expect((await send(erp, "/vouchers", voucher("k/1/1"), { giveUpMs: 30 })).status).toBeNull();
  expect((await erp.journal()).live()).toHaveLength(1);
  await erp.stop();
});
