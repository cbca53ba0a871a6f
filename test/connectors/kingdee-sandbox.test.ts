import { describe, expect, test } from "vitest";
import type { PostItem, Target } from "../../src/connectors/contract.js";
import { sandbox } from "../../src/connectors/kingdee/sandbox/index.js";
import type { Document } from "../../src/model/document.js";
import type { Posting, PostOutcome } from "../../src/model/posting.js";
import { ProblemError } from "../../src/model/problem.js";
import { recordsOf } from "./conformance.js";
import { aClock, itemOf, only, problemOf } from "./http-setup.js";
import { aLine, aVoucher, openKingdeeSource, openKingdeeTarget, readEvents } from "./kingdee-setup.js";
import { type Served, serve } from "./sandbox/serve.js";

type Options = Readonly<Record<string, unknown>>;

async function start(options: Options, connection: Options = {}) {
  const clock = aClock();
  const server = await serve(sandbox, { now: () => clock.now });
  const all = { ...sandbox.connection(server.address), sign_in: "LoginBySign", timeout: "2s", ...connection };
  const open = (): Promise<Target> => openKingdeeTarget(server.address, { connection: all, options, clock });
  return { server, clock, open, target: await open(), connection: all };
}

function accepted(outcome: PostOutcome | undefined): Extract<PostOutcome, { reference: string }> {
  if (outcome !== undefined && "reference" in outcome) return outcome;
  throw new Error(JSON.stringify(outcome));
}

function postingOf({ document, idempotencyKey, fingerprint }: PostItem, outcome: PostOutcome | undefined, step: string | null): Posting {
  const { reference } = accepted(outcome);
  return {
    documentKey: document.key,
    version: 1,
    idempotencyKey,
    fingerprint,
    reference,
    document,
    step,
    postedAt: "2026-11-20T00:00:00.000Z",
  };
}

/** Saves a document and takes it through the steps that are left, or as many as are asked for. */
async function book(target: Target, document: Document, steps = 3): Promise<Posting> {
  const item = itemOf(document);
  let posting = postingOf(item, only(await target.post([item])), "save");
  for (const step of (target.traits.steps ?? []).slice(1, steps))
    posting = postingOf(item, only((await target.advance?.(step, [{ posting }])) ?? []), step);
  return posting;
}

const reversal = (posting: Posting, date?: string) => ({
  posting,
  idempotencyKey: `${posting.idempotencyKey}/reversal`,
  fingerprint: posting.fingerprint,
  ...(date === undefined ? {} : { date }),
});

const inspect = <T>(server: Served, what: string): Promise<T[]> => server.control<T[]>("GET", `/inspect/${what}`);

interface Bill {
  readonly number: string;
  readonly status: string;
  readonly header: Readonly<Record<string, unknown>>;
  readonly lines: readonly Readonly<Record<string, unknown>>[];
}

const line = aLine({
  account: "OFFICE-SUPPLIES",
  amountMinor: 10_600n,
  text: "纸",
  dimensions: { 部门: "0201" },
  fields: { tax: "6.00", tax_rate: "6" },
});
const BILLS: readonly (readonly [form: string, options: Options, document: Document])[] = [
  [
    "AP_Payable",
    {},
    {
      ...aVoucher({ key: "P-1", text: "十一月", attachments: 0 }),
      type: "payable",
      fields: { supplier: "S0001", due: "2026-12-20" },
      lines: [line, { ...line, amountMinor: -600n, fields: {} }],
    },
  ],
  ["AP_OtherPayable", {}, { ...aVoucher({ key: "O-1", attachments: 0 }), type: "payable", fields: { supplier: "S0002" }, lines: [line] }],
  [
    "AP_OtherPayable",
    {},
    {
      ...aVoucher({ key: "O-2", attachments: 0 }),
      type: "expense_claim",
      fields: { employee: "000101", department: "0201" },
      lines: [line],
    },
  ],
  [
    "ER_ExpReimbursement",
    { bill_type: "FYBX001_SYS" },
    {
      ...aVoucher({ key: "C-1", attachments: 0 }),
      type: "expense_claim",
      fields: { employee: "000101", department: "0201", bank_account: "622202" },
      lines: [line],
    },
  ],
  [
    "AP_PAYBILL",
    { payee: "employee" },
    {
      ...aVoucher({ key: "F-1", attachments: 0 }),
      type: "payment",
      fields: { payee: "000101", account: "ICBC-01" },
      lines: [aLine({ account: "SFKYT08_SYS", amountMinor: 10_000n, dimensions: {} })],
    },
  ],
];

test("the runs of a chain never have more sessions than a site with room for three allows, and leave none behind", async () => {
  const { server, clock, connection } = await start({ book: "001" });
  await server.control("POST", "/act/settings", { mostSessions: 3 });
  const sessions = async (): Promise<number> => (await server.control<unknown[]>("GET", "/inspect/sessions")).length;
  for (let run = 0; run < 5; run += 1) {
    const target = await openKingdeeTarget(server.address, { connection, options: { book: "001" }, clock });
    const found = await Promise.all(Array.from({ length: 6 }, (_, index) => target.lookup(`expense/BX-${run}-${index}/1`)));
    expect(found).toEqual(found.map(() => null));
    expect(await sessions()).toBe(3);
    await target.close?.();
    expect(await sessions()).toBe(0);
    const source = openKingdeeSource(server.address, { connection, options: { stream: "departments" }, clock });
    const columns = [{ name: "FNumber", aliases: [], required: true }];
    const kinds: string[] = [];
    for await (const { kind } of source.read({ columns, since: null, wasRead: () => false })) kinds.push(kind);
    expect(kinds.at(-1)).toBe("complete");
    await source.close?.();
    expect(await sessions()).toBe(0);
  }
});

describe("periods", () => {
  const CURRENT: Options = { book: "001", current_period: { year: "FCURRENTYEAR", period: "FCURRENTPERIOD" } };

  test("that are closed are told before anything is sent, as the ERP then says too, and the next open one is known", async () => {
    const { target, server, open } = await start(CURRENT);
    await server.control("POST", "/act/close_period", { book: "001", period: "2026-10" });
    const [closed, later] = ["2026-10-31", "2026-11-20"].map((date) => aVoucher({ key: date, date })) as [Document, Document];
    expect(await target.check?.([closed, later])).toEqual([
      {
        code: "TARGET_PERIOD_CLOSED",
        message: "the period `2026-10` is closed: the current one of book `001` is `2026-11`",
        at: [{ document: "2026-10-31" }],
        hint: "open the period in the ERP, or change the date",
      },
      null,
    ]);
    expect(problemOf(only(await target.post([itemOf(closed)]))).code).toBe("TARGET_PERIOD_CLOSED");
    const dates = ["2026-10-05", "2026-11-01", "2026-12-24"];
    expect(await Promise.all(dates.map((date) => target.nextOpen?.(date)))).toEqual(["2026-11-01", "2026-11-01", "2026-12-24"]);
    const moved = { ...closed, date: "2026-11-01" };
    expect((await book(target, moved)).document.date).toBe("2026-11-01");
    // The next run asks anew.
    await server.control("POST", "/act/close_period", { book: "001", period: "2026-12" });
    expect(await (await open()).nextOpen?.("2026-10-05")).toBe("2027-01-01");
  });

  test("are not asked for unless it is said where they stand, and a book without any stops before anything is sent", async () => {
    const plain = await start({ book: "001" });
    expect([plain.target.check, plain.target.nextOpen]).toEqual([undefined, undefined]);
    const wrong = await start({ book: "001", current_period: { year: "FName", period: "FCURRENTPERIOD" } });
    await expect(wrong.target.nextOpen?.("2026-10-05")).rejects.toThrow(
      "the book `001` has no current period in `FName` and `FCURRENTPERIOD`",
    );
    await expect(start({ form: "AP_Payable", current_period: CURRENT["current_period"] })).rejects.toThrow("`current_period` needs `book`");
  });

  test("are read as any other data, each month once", async () => {
    const { server, connection, clock } = await start({ book: "001" });
    const columns = ["FNumber", "FPERIODYEAR", "FPERIODNO", "FPERIODENDDATE"];
    const options = { stream: "periods", order: ["FNumber", "FPeriodEntity_FEntryID"] };
    const rows = recordsOf(await readEvents(server.address, { connection, options, clock, columns })).map(({ cells }) => cells);
    expect(rows).toHaveLength(36);
    expect(rows.filter(([, year, month]) => year === "2026" && month === "2")).toEqual([["KJRL01_SYS", "2026", "2", "2026-02-28"]]);
  });
});

describe("base data", () => {
  const SUPPLIERS: Options = {
    form: "BD_Supplier",
    model: {
      FNumber: "$.fields.code",
      FName: "$.fields.name",
      FCreateOrgId: { FNumber: "100" },
      FUseOrgId: { FNumber: "100" },
      FFinanceInfo: { FPayCurrencyId: { FNumber: "PRE001" } },
      FSOCIALCRECODE: "$.more.税号",
    },
    key: { field: "F_ABCD_SyncKey", in: "header" },
    id_field: "FSupplierId",
    number_field: "FNumber",
    void_field: "FForbidStatus",
  };
  const supplier = (fields: Readonly<Record<string, string>>): Document => ({
    ...aVoucher({ key: "S9001", date: "", currency: "", text: "", attachments: 0, lines: [] }),
    type: "entity",
    fields: { kind: "supplier", code: "S9001", name: "新供应商", 税号: "91310000000000000X", ...fields },
  });

  test("are written by a template, and written over where they stand: approved before, approved after, and approved as they were when refused", async () => {
    const { target, server } = await start(SUPPLIERS);
    await server.control("POST", "/act/settings", { madeFields: [{ form: "BD_Supplier", entity: null, key: "F_ABCD_SyncKey" }] });
    const held = async () =>
      (await inspect<Bill>(server, "forms/BD_Supplier?number=S9001")).map(({ status, header }) => [
        status,
        header["FName"],
        header["FSOCIALCRECODE"],
        header["F_ABCD_SyncKey"],
      ]);
    const posting = await book(target, supplier({}));
    expect(posting.reference).toBe("S9001");
    expect(await held()).toEqual([["C", "新供应商", "91310000000000000X", posting.idempotencyKey]]);
    const change = async (fields: Readonly<Record<string, string>>, version: number) => {
      const item = itemOf(supplier(fields), `expense/S9001/${version}`);
      return { item, outcome: only((await target.update?.([{ ...item, posting }])) ?? []) };
    };
    const empty = await change({ name: "" }, 2);
    expect(problemOf(empty.outcome).message).toContain("FName");
    expect(await held()).toEqual([["C", "新供应商", "91310000000000000X", posting.idempotencyKey]]);
    const before = await server.control<{ total: number }>("GET", "/calls");
    const off = await change({ disabled: "true" }, 2);
    expect(problemOf(off.outcome).message).toContain("no longer in use");
    // Nothing but the question for its key.
    expect((await server.control<{ total: number }>("GET", "/calls")).total - before.total).toBe(1);
    const { item, outcome } = await change({ name: "改名的供应商" }, 2);
    expect(outcome).toMatchObject({ kind: "created", reference: "S9001", step: "save" });
    for (const step of ["submit", "audit"])
      expect(only((await target.advance?.(step, [{ posting: postingOf(item, outcome, "save") }])) ?? []).kind).toBe("created");
    expect(await held()).toEqual([["C", "改名的供应商", "91310000000000000X", item.idempotencyKey]]);
    const changed = postingOf(item, outcome, null);
    expect((await target.read?.([changed]))?.map(({ kind }) => kind)).toEqual(["held"]);
    await server.control("POST", "/act/forbid", { form: "BD_Supplier", number: "S9001" });
    expect((await target.read?.([changed]))?.map(({ kind }) => kind)).toEqual(["gone"]);
  });
});

describe("bills", () => {
  test.each(BILLS)("%s is saved, approved and read back as it was posted", async (form, options, document) => {
    const { target, server } = await start({ form, organisation: "100", ...options });
    const item = itemOf(document);
    const posting = await book(target, document);
    expect(posting.reference).toBe(item.idempotencyKey);
    expect(await target.read?.([posting])).toEqual([{ kind: "held", document, isDraft: false }]);
    expect((await inspect<Bill>(server, `forms/${form}`)).map(({ number, status }) => [number, status])).toEqual([
      [item.idempotencyKey, "C"],
    ]);
    expect(only(await target.post([item]))).toMatchObject({ kind: "exists", reference: posting.reference, step: "audit" });
    expect(target.traits.deduplicates).toBe(true);
  });

  test("that are approved are cancelled by a person, unless it is said how", async () => {
    const document = BILLS[0]?.[2] as Document;
    const { target } = await start({ form: "AP_Payable", organisation: "100" });
    const posting = await book(target, document);
    const outcome = only(await target.reverse([reversal(posting)]));
    expect(problemOf(outcome).message).toBe(`${posting.reference} is approved, and is cancelled by a person only`);
    const draft = await book(target, { ...document, key: "P-2" }, 1);
    expect(only(await target.reverse([reversal(draft)]))).toEqual({ kind: "created", reference: draft.reference });
    expect((await target.read?.([posting, draft]))?.map(({ kind }) => kind)).toEqual(["held", "gone"]);
  });

  test("are taken back and deleted, where the site deletes what was approved once only by a detour", async () => {
    const document = BILLS[0]?.[2] as Document;
    const options = { form: "AP_Payable", organisation: "100", cancel: "unaudit and delete" };
    const { target, open, server } = await start(options);
    const posting = await book(target, document);
    const outcome = only(await target.reverse([reversal(posting)]));
    expect(problemOf(outcome).message).toContain("重新审核，不能删除");
    expect((await inspect<Bill>(server, "payables")).map(({ status }) => status)).toEqual(["D"]);
    const other = await openKingdeeTarget(server.address, {
      connection: { ...sandbox.connection(server.address), sign_in: "LoginBySign" },
      options: { ...options, withdraw: true },
    });
    expect(only(await other.reverse([reversal(posting)]))).toEqual({ kind: "created", reference: posting.reference });
    expect(await inspect<Bill>(server, "payables")).toEqual([]);
    const again = await book(await open(), document);
    expect(only(await other.reverse([reversal(again)]))).toEqual({ kind: "created", reference: again.reference });
    expect(await inspect<Bill>(server, "payables")).toEqual([]);
  });

  test("red ones take their tax back", async () => {
    const { target, server } = await start({ form: "AP_Payable", organisation: "100", cancel: "red entry" });
    const posting = await book(target, BILLS[0]?.[2] as Document);
    expect(only(await target.reverse([reversal(posting, "2026-12-01")]))).toMatchObject({ kind: "created" });
    const red = (await inspect<Bill>(server, "payables")).find(({ number }) => number.endsWith("/reversal"));
    expect(red).toMatchObject({ status: "C", header: { FDATE: "2026-12-01", FAP_Remark: `红字冲销 ${posting.reference} 十一月` } });
    expect(red?.lines[0]).toMatchObject({ FALLAMOUNTFOR_D: "-106.00", FTAXAMOUNTFOR_D: "-6.00", FNoTaxAmountFor_D: "-100.00" });
  });
});

describe("vouchers", () => {
  const BOOK = { book: "001" };

  test("that a person changed are given back as they are", async () => {
    const { target, server } = await start(BOOK);
    const posting = await book(target, aVoucher());
    const [bill] = await inspect<Bill & { id: number }>(server, "vouchers");
    const [first, second] = bill?.lines ?? [];
    const entry = (given: unknown, more: Options): unknown => ({ FEntryID: (given as { FEntryID: number }).FEntryID, ...more });
    const model = {
      FDate: "2026-11-21",
      FATTACHMENTS: 3,
      FEntity: [
        entry(first, {
          FACCOUNTID: { FNumber: "660206" },
          FDEBIT: 90,
          FAMOUNTFOR: 90,
          FDetailID: { FDETAILID__FFLEX5: { FNumber: "0202" } },
        }),
        entry(second, {}),
        {
          FEXPLANATION: "加",
          FACCOUNTID: { FNumber: "660203" },
          FDEBIT: 10,
          FCREDIT: 0,
          FDetailID: { FDETAILID__FFLEX5: { FNumber: "0201" } },
          FCURRENCYID: { FNumber: "PRE001" },
        },
      ],
    };
    expect(await server.control("POST", "/act/edit_voucher", { id: bill?.id, model })).not.toHaveProperty("error");
    const [held] = (await target.read?.([posting])) ?? [];
    const { lines, date, attachments } = held?.kind === "held" ? held.document : aVoucher();
    expect([date, attachments]).toEqual(["2026-11-21", 3]);
    expect(lines.map(({ account, side, amountMinor, dimensions, text }) => [account, side, amountMinor, dimensions["部门"], text])).toEqual(
      [
        ["660206", "debit", 9_000n, "0202", "办公用品"],
        ["100201", "credit", 10_000n, undefined, "支付"],
        ["660203", "debit", 1_000n, "0201", "加"],
      ],
    );
  });

  test("that wait for approval are held, or withdrawn where that is allowed", async () => {
    const { target, server, connection, clock } = await start({ ...BOOK, until: "submit" });
    const posting = await book(target, aVoucher());
    const outcome = only(await target.reverse([reversal(posting)]));
    expect(problemOf(outcome)).toMatchObject({ code: "TARGET_EDITED" });
    const other = await openKingdeeTarget(server.address, { connection, options: { ...BOOK, until: "submit", withdraw: true }, clock });
    expect(only(await other.reverse([reversal(posting)]))).toEqual({ kind: "created", reference: posting.reference });
    expect(await inspect(server, "vouchers")).toEqual([]);
  });

  test("that somebody took back are left alone", async () => {
    const { target, server } = await start(BOOK);
    const posting = await book(target, aVoucher());
    const [bill] = await inspect<{ id: number }>(server, "vouchers");
    await server.control("POST", "/act/step", { form: "GL_VOUCHER", id: bill?.id, step: "UnAudit" });
    expect(problemOf(only(await target.reverse([reversal(posting)])))).toMatchObject({ code: "TARGET_EDITED" });
    expect(await target.read?.([posting])).toMatchObject([{ kind: "held", isDraft: false }]);
  });

  test("saved only, are drafts that can be changed and deleted", async () => {
    const { target, server } = await start({ ...BOOK, until: "save" });
    const posting = await book(target, aVoucher());
    expect(target.traits).toMatchObject({ drafts: true });
    expect([target.traits.steps, target.advance]).toEqual([undefined, undefined]);
    const next = {
      ...itemOf(
        aVoucher({ lines: [aLine({ amountMinor: 1n }), aLine({ side: "credit", account: "100201", amountMinor: 1n, dimensions: {} })] }),
        "expense/BX-001/2",
      ),
      posting,
    };
    expect(only((await target.update?.([next])) ?? [])).toEqual({ kind: "created", reference: posting.reference, isDraft: true });
    const [bill] = await inspect<Bill>(server, "vouchers");
    expect(bill?.lines.map(({ FDEBIT, FBUSNO }) => [FDEBIT, FBUSNO])).toEqual([
      ["0.01", "expense/BX-001/2"],
      ["0.00", "expense/BX-001/2"],
    ]);
    expect(await target.lookup("expense/BX-001/1")).toBeNull();
    expect(await target.latest?.("expense")).toBe("expense/BX-001/2");
    expect(await target.latest?.("expens")).toBeNull();
  });

  const STEPS = "/k3cloud/Kingdee.BOS.WebApi.ServicesStub.DynamicFormService";

  test.each([
    ["Audit", "lose", "unconfirmed", true],
    ["Audit", "500 before", "unconfirmed", false],
    ["Submit", "500 before", "unconfirmed", false],
    ["any write", "edit lock", "busy", false],
    ["BatchSave", "lose", "unconfirmed", false],
  ])("a red one whose %s had the fault `%s` is finished by the next try", async (operation, fault, kind, isThrough) => {
    const { target, server } = await start(BOOK);
    const posting = await book(target, aVoucher());
    const item = reversal(posting);
    await server.control("POST", "/faults", [fault === "edit lock" ? fault : `${fault} next 1 on ${STEPS}.${operation}`]);
    expect(only(await target.reverse([item])).kind).toBe(kind);
    await server.control("POST", "/faults", []);
    // While it is not finished, it cancels nothing.
    expect((await target.lookup(item.idempotencyKey)) !== null).toBe(isThrough);
    expect((await target.read?.([posting]))?.map((each) => each.kind)).toEqual([isThrough ? "gone" : "held"]);
    expect(only(await target.reverse([item])).kind).toBe(isThrough ? "exists" : "created");
    expect(await target.lookup(item.idempotencyKey)).toMatchObject({ reference: "2", step: "audit" });
    const vouchers = await inspect<Bill>(server, "vouchers");
    expect(vouchers.map(({ status }) => status)).toEqual(["C", "C"]);
  });

  test("a period that is closed holds what is dated in it, and its reversal goes into another", async () => {
    const { target, server } = await start(BOOK);
    const posting = await book(target, aVoucher());
    await server.control("POST", "/act/close_period", { period: "2026-11" });
    expect(problemOf(only(await target.post([itemOf(aVoucher({ key: "BX-002" }))])))).toMatchObject({ code: "TARGET_PERIOD_CLOSED" });
    expect(problemOf(only(await target.reverse([reversal(posting)])))).toMatchObject({ code: "TARGET_PERIOD_CLOSED" });
    expect(only(await target.reverse([reversal(posting, "2026-12-01")]))).toMatchObject({ kind: "created" });
    const vouchers = await inspect<Bill>(server, "vouchers");
    expect(vouchers.map(({ header }) => header["FDate"])).toEqual(["2026-11-20", "2026-12-01"]);
    expect(vouchers[1]?.lines.map(({ FDEBIT, FCREDIT, FEXPLANATION }) => [FDEBIT, FCREDIT, FEXPLANATION])).toEqual([
      ["-100.00", "0.00", "红字冲销 1 办公用品"],
      ["0.00", "-100.00", "红字冲销 1 支付"],
    ]);
  });
});

/** What a run does with one act: what is unconfirmed is looked up when it is quiet, and what is not done is sent again. */
async function settle<T>(
  target: Target,
  clock: { now: Date },
  items: readonly T[],
  act: {
    readonly send: (batch: readonly T[]) => Promise<readonly PostOutcome[]>;
    readonly key: (item: T) => string;
    readonly step?: string;
  },
): Promise<void> {
  const { batch, quietMs, steps = [] } = target.traits;
  let open = [...items];
  for (let rounds = 0; open.length > 0; rounds += 1) {
    if (rounds > 60) throw new Error(`${open.length} are still open`);
    const outcomes: PostOutcome[] = [];
    for (let at = 0; at < open.length; at += batch) outcomes.push(...(await sendOrStop(open.slice(at, at + batch), act.send)));
    clock.now = new Date(clock.now.getTime() + quietMs);
    const left: T[] = [];
    for (const [index, item] of open.entries()) {
      const outcome = outcomes[index] as PostOutcome;
      if (outcome.kind === "rejected") throw new Error(outcome.problem.message);
      const found = await lookUp(target, act.key(item));
      const isDone = found !== null && (act.step === undefined || steps.indexOf(found.step ?? "") >= steps.indexOf(act.step));
      // What was said to be done must be there.
      if ("reference" in outcome) expect(isDone).toBe(true);
      if (!isDone) left.push(item);
    }
    open = left;
  }
}

/** Where the target says that nothing can be sent, the run stops, and the next one goes on. */
async function sendOrStop<T>(
  batch: readonly T[],
  send: (batch: readonly T[]) => Promise<readonly PostOutcome[]>,
): Promise<readonly PostOutcome[]> {
  try {
    return await send(batch);
  } catch (error) {
    const [cause] = error instanceof ProblemError ? error.problems : [];
    if (cause?.code !== "TARGET_SIGN_IN") throw error;
    return batch.map(() => ({ kind: "busy", problem: cause, retryAfterMs: null }));
  }
}

async function lookUp(target: Target, key: string) {
  for (let tries = 0; ; tries += 1) {
    try {
      return await target.lookup(key);
    } catch (error) {
      if (tries > 20) throw error;
    }
  }
}

const FAULTS = [
  "lose 15%",
  "cut after 2 15%",
  "500 before 10%",
  "500 after 10%",
  "expire 10% on all",
  "drop 5% on all",
  "edit lock 10%",
  "call limit 5%",
  "429 retry-after 1 5%",
];

test.each([
  ["GL_VOUCHER", { book: "001" }],
  ["AP_Payable", { organisation: "100", cancel: "red entry" }],
])("%s: nothing is there twice and nothing is missing, whatever goes wrong", async (form, options) => {
  const { target, server, clock } = await start({ form, ...options, batch: 7 });
  await server.control("POST", "/faults", FAULTS);
  const items = Array.from({ length: 30 }, (_, index): PostItem => {
    const key = `D-${index}`;
    return itemOf(form === "GL_VOUCHER" ? aVoucher({ key }) : { ...(BILLS[0]?.[2] as Document), key });
  });
  await settle(target, clock, items, { send: (batch) => target.post(batch), key: ({ idempotencyKey }) => idempotencyKey });
  const postings = items.map((item) => ({ posting: postingOf(item, { kind: "created", reference: "?" }, "save") }));
  for (const step of ["submit", "audit"])
    await settle(target, clock, postings, {
      send: async (batch) => (await target.advance?.(step, batch)) ?? [],
      key: ({ posting }) => posting.idempotencyKey,
      step,
    });
  const cancelled = postings.filter((_, index) => index % 3 === 0).map(({ posting }) => reversal(posting));
  await settle(target, clock, cancelled, { send: (batch) => target.reverse(batch), key: ({ idempotencyKey }) => idempotencyKey });
  const struck = await server.control<{ strikes: number }[]>("GET", "/faults");
  expect(struck.filter(({ strikes }) => strikes > 0).length).toBeGreaterThan(6);
  await server.control("POST", "/faults", []);
  const bills = await inspect<Bill>(server, `forms/${form}`);
  const keys = bills.map(({ number, lines }) => (form === "GL_VOUCHER" ? String(lines[0]?.["FBUSNO"]) : number));
  expect(keys.sort()).toEqual([...items, ...cancelled].map(({ idempotencyKey }) => idempotencyKey).sort());
  expect(bills.every(({ status }) => status === "C")).toBe(true);
});

test("the source reads what the stand-in has", async () => {
  const { server, connection, clock } = await start({ book: "001" });
  const columns = ["FNumber", "FName", "FForbidStatus"];
  const read = async (options: Options) => recordsOf(await readEvents(server.address, { connection, options, columns, clock }));
  expect((await read({ stream: "departments", page_size: 5 })).map(({ cells }) => cells[0])).toEqual([
    "01",
    "0101",
    "0102",
    "0103",
    "02",
    "0201",
    "0202",
    "0210",
    "03",
    "0301",
    "0305",
    "0310",
  ]);
  for (const stream of [
    "accounts",
    "suppliers",
    "customers",
    "expense items",
    "cost centres",
    "voucher words",
    "currencies",
    "organisations",
    "books",
  ])
    expect((await read({ stream, organisations: undefined })).length).toBeGreaterThan(0);
  clock.now = new Date(clock.now.getTime() + 60_000);
  const people = await readEvents(server.address, {
    connection,
    options: { stream: "employees", since: { start: "2026-01-01" } },
    columns: ["FStaffNumber", "FModifyDate"],
    clock,
  });
  expect(recordsOf(people)).toHaveLength(40);
});
