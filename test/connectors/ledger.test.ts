import { existsSync, mkdirSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import Database from "better-sqlite3";
import { describe, expect, test } from "vitest";
import { openBooks } from "../../src/connectors/ledger/books.js";
import type { ConnectionOptions } from "../../src/connectors/ledger/options.js";
import type { Document } from "../../src/model/document.js";
import { type ProblemCode, ProblemError } from "../../src/model/problem.js";
import {
  aDocument,
  aFolder,
  aLedger,
  aLine,
  itemOf,
  only,
  openLedger,
  post,
  postOne,
  problemOf,
  referenceOf,
  reversalOf,
} from "./ledger-setup.js";

const debitOf = (line: Parameters<typeof aLine>[0]): Partial<Document> => ({
  lines: [aLine(line), aLine({ ...line, side: "credit", account: "224101" })],
});
const payable = (document: Partial<Document> = {}): Document =>
  aDocument({
    type: "payable",
    key: "FP-1",
    fields: { supplier: "S001", invoice: "25110000000000000017" },
    lines: [aLine(), aLine({ amountMinor: 900n, account: "22210101" })],
    ...document,
  });

describe("posting", () => {
  test("numbers vouchers per word and month without gaps, a refused one takes no number", async () => {
    const { target } = aLedger();
    const outcomes = await post(
      target,
      aDocument({ key: "1" }),
      aDocument({ key: "2", lines: [] }),
      aDocument({ key: "3" }),
      aDocument({ key: "4", date: "2026-12-01" }),
      aDocument({ key: "5", fields: { word: "转" } }),
      aDocument({ key: "6" }),
    );
    expect(outcomes.map((outcome) => ("reference" in outcome ? outcome.reference : outcome.kind))).toEqual([
      "2026-11 记-0001",
      "rejected",
      "2026-11 记-0002",
      "2026-12 记-0001",
      "2026-11 转-0001",
      "2026-11 记-0003",
    ]);
  });

  test("the word comes from the document, then the pipeline, then the connection", async () => {
    const { target } = aLedger({ word: "付" }, { word: "转" });
    expect(referenceOf(await postOne(target, aDocument({ key: "1" })))).toBe("2026-11 转-0001");
    expect(referenceOf(await postOne(target, aDocument({ key: "2", fields: { word: "现付" } })))).toBe("2026-11 现付-0001");
    expect(referenceOf(await postOne(aLedger({ word: "付" }).target, aDocument()))).toBe("2026-11 付-0001");
  });

  test("the same key twice in one batch is booked once", async () => {
    const { target } = aLedger();
    const item = itemOf(aDocument());
    const [first, second] = await target.post([item, item]);
    expect(first).toMatchObject({ kind: "created", reference: "2026-11 记-0001" });
    expect(second).toMatchObject({ kind: "exists", reference: "2026-11 记-0001", fingerprint: item.fingerprint });
  });

  test("a key that is used for other content answers with what the books hold", async () => {
    const { target } = aLedger();
    const item = itemOf(aDocument());
    await target.post([item]);
    const other = await postOne(target, aDocument({ text: "别的" }));
    expect(other).toEqual({ kind: "exists", reference: "2026-11 记-0001", fingerprint: item.fingerprint });
  });

  test("what is booked is found even after its month was closed", async () => {
    const { target, file } = aLedger();
    await postOne(target, aDocument());
    const later = openLedger({ file, periods: { closed_through: "2026-11" } });
    expect((await postOne(later, aDocument())).kind).toBe("exists");
    expect(problemOf(await postOne(later, aDocument({ key: "BX-002" }))).code).toBe("TARGET_PERIOD_CLOSED");
  });

  test("amounts beyond 2^53 stay exact, larger than 64 bits are refused", async () => {
    const { target, file } = aLedger();
    const huge = 2n ** 63n - 1n;
    for (const [key, amountMinor] of [
      ["1", huge],
      ["2", huge],
      ["3", -huge],
    ] as const) {
      await postOne(target, aDocument({ key, ...debitOf({ amountMinor }) }));
    }
    await postOne(target, aDocument({ key: "4", ...debitOf({ amountMinor: 2n ** 53n + 1n }) }));
    const books = openBooks(file);
    const row = books.trialBalance().rows.find(({ account }) => account === "660201");
    expect(row?.closingMinor).toBe(huge + 2n ** 53n + 1n);
    expect(books.voucher("记-1")?.lines[0]?.amountMinor).toBe(huge);
    books.close();
    const refused = problemOf(await postOne(target, aDocument({ key: "5", ...debitOf({ amountMinor: 2n ** 63n }) })));
    expect(refused.message).toBe("the amount 92233720368547758.08 CNY is larger than the books can hold");
  });

  test("keeps Chinese text, fields, dimensions and attachments as they are", async () => {
    const { target, file } = aLedger();
    const lines = [
      aLine({ account: "660202", partner: "E001", dimensions: { 部门: "研发部；一组", 项目: "𠮷野家" }, text: "招待\n客户 “甲”" }),
      aLine({ side: "credit", account: "224101", partner: "E001" }),
    ];
    await postOne(target, aDocument({ text: "报销 龘", attachments: 3, fields: { 备注: "急" }, lines }));
    const books = openBooks(file);
    const voucher = books.voucher("2026-11 记-0001");
    books.close();
    expect(voucher).toMatchObject({ text: "报销 龘", attachments: 3, fields: { 备注: "急" }, documentKey: "BX-001", kind: "journal" });
    expect(voucher?.lines).toEqual(lines.map((line, at) => ({ number: at + 1, ...line })));
    expect(voucher?.postedAt).toBe("2026-12-01T02:03:04.000Z");
  });

  test("a payable is balanced by one credit to the supplier", async () => {
    const { target, file } = aLedger({ payables_account: "220201" });
    await post(target, payable(), payable({ key: "FP-2", fields: { supplier: "S002", account: "224101" } }));
    const books = openBooks(file);
    const [first, second] = [...books.journal()];
    books.close();
    expect(first?.lines.at(-1)).toEqual({
      ...{ number: 3, account: "220201", side: "credit", amountMinor: 10_900n },
      ...{ text: "报销 BX-001 张三", partner: "S001", dimensions: {} },
    });
    expect(second?.lines.at(-1)).toMatchObject({ account: "224101", partner: "S002" });
    expect(first?.kind).toBe("payable");
  });

  test("a payable whose lines cancel out owes nothing and needs no credit", async () => {
    const { target, file } = aLedger({ payables_account: "220201" });
    await postOne(target, payable({ lines: [aLine(), aLine({ amountMinor: -10_000n, account: "22210101" })] }));
    const books = openBooks(file);
    expect(only([...books.journal()]).lines).toHaveLength(2);
    books.close();
  });
});

interface Refusal {
  readonly title: string;
  readonly connection: Partial<ConnectionOptions>;
  readonly document: Document;
  readonly code: ProblemCode;
  readonly message: string;
  readonly hint: string;
}

function refusal(
  code: ProblemCode,
  title: string,
  connection: Partial<ConnectionOptions>,
  document: Document,
  message: string,
  hint: string,
): Refusal {
  return { title, connection, document, code, message, hint };
}

describe("refusals", () => {
  const open = { periods: { open_from: "2026-01", closed_through: "2026-09", closed: ["2026-11"], open_through: "2027-03" } };
  const rows: readonly Refusal[] = [
    refusal(
      "TARGET_REJECTED",
      "debit and credit differ",
      {},
      aDocument({ lines: [aLine(), aLine({ side: "credit", amountMinor: 9_999n, account: "224101" })] }),
      "debit 100.00 and credit 99.99 differ by 0.01 CNY",
      "compare the amounts of its records: net and tax must add up to the total",
    ),
    refusal(
      "TARGET_REJECTED",
      "an unknown account",
      {},
      aDocument(debitOf({ account: "660210" })),
      "the chart has no account `660210`",
      "did you mean `660201 差旅费`?",
    ),
    refusal(
      "TARGET_REJECTED",
      "a name where a code is wanted",
      {},
      aDocument(debitOf({ account: "差旅费" })),
      "the chart has no account `差旅费`",
      "accounts are given by code: did you mean `660201 差旅费`?",
    ),
    refusal(
      "TARGET_REJECTED",
      "an account nothing resembles",
      {},
      aDocument(debitOf({ account: "9" })),
      "the chart has no account `9`",
      "add it to the chart of accounts, or correct the mapping",
    ),
    refusal(
      "TARGET_REJECTED",
      "an account that is not a leaf",
      {},
      aDocument(debitOf({ account: "6602" })),
      "the account `6602 管理费用` has accounts below it, and only the lowest are posted to",
      "use one of `660201 差旅费`, `660202 业务招待费`, `660203 办公费`",
    ),
    refusal(
      "TARGET_REJECTED",
      "an account out of use",
      {},
      aDocument(debitOf({ account: "1221" })),
      "the account `1221 其他应收款` is not in use",
      "use another account, or mark it as active in the chart of accounts",
    ),
    refusal(
      "TARGET_REJECTED",
      "a dimension that is demanded",
      {},
      aDocument(debitOf({ account: "660202", partner: "E001" })),
      "line 1: the account `660202 业务招待费` demands `部门`",
      "give the line `部门` under `dimensions`",
    ),
    refusal(
      "TARGET_REJECTED",
      "a partner that is demanded",
      {},
      aDocument(debitOf({ account: "1122" })),
      "line 1: the account `1122 应收账款` demands `客户`",
      "give the line a partner",
    ),
    refusal(
      "TARGET_PERIOD_CLOSED",
      "a closed month",
      open,
      aDocument({ date: "2026-09-30" }),
      "period `2026-09` is closed: the books are closed through `2026-09`",
      "give the document a date in an open month, or reopen the month by moving `periods.closed_through` back",
    ),
    refusal(
      "TARGET_PERIOD_CLOSED",
      "a single closed month",
      open,
      aDocument(),
      "period `2026-11` is closed",
      "give the document a date in an open month, or reopen the month by taking it out of `periods.closed`",
    ),
    refusal(
      "TARGET_PERIOD_CLOSED",
      "a month before the books begin",
      open,
      aDocument({ date: "2025-12-31" }),
      "period `2025-12` lies before `2026-01`, the month the books begin with",
      "give the document a date in an open month",
    ),
    refusal(
      "TARGET_PERIOD_CLOSED",
      "a month that is not open yet",
      open,
      aDocument({ date: "2027-04-01" }),
      "period `2027-04` is not open yet: the books are open through `2027-03`",
      "wait until the month is opened with `periods.open_through`, or check the date of the document",
    ),
    refusal(
      "TARGET_REJECTED",
      "a closed month and something else",
      open,
      aDocument({ date: "2026-09-30", lines: [] }),
      "period `2026-09` is closed: the books are closed through `2026-09`; the document has no lines",
      "give the document a date in an open month, or reopen the month by moving `periods.closed_through` back; check the `when` of its lines and the amounts of its records",
    ),
    refusal(
      "TARGET_REJECTED",
      "negative attachments",
      {},
      aDocument({ attachments: -1 }),
      "`-1` attachments: the number of papers is a whole number from 0",
      "count the original papers (附件张数)",
    ),
    refusal(
      "TARGET_REJECTED",
      "no lines",
      {},
      aDocument({ lines: [] }),
      "the document has no lines",
      "check the `when` of its lines and the amounts of its records",
    ),
    refusal(
      "TARGET_REJECTED",
      "a day that does not exist",
      {},
      aDocument({ date: "2026-02-30" }),
      "the date `2026-02-30` is not a day that exists",
      "give a date as `YYYY-MM-DD`",
    ),
    refusal(
      "TARGET_REJECTED",
      "a currency that is none",
      {},
      aDocument({ currency: "人民币" }),
      "the currency `人民币` is not an ISO 4217 code",
      "use a code such as `CNY`",
    ),
    refusal(
      "TARGET_REJECTED",
      "a currency the books do not take",
      { currencies: ["CNY", "USD"] },
      aDocument({ currency: "RMB" }),
      "the books take no `RMB`, only `CNY`, `USD`",
      "correct the currency, or add it to `currencies` of the connection",
    ),
    refusal(
      "TARGET_REJECTED",
      "a line of zero",
      {},
      aDocument({ lines: [...aDocument().lines, aLine({ amountMinor: 0n })] }),
      "line 3 has the amount 0.00",
      "leave out lines of zero with `when`",
    ),
    refusal(
      "TARGET_REJECTED",
      "a voucher word with a digit",
      {},
      aDocument({ fields: { word: "记1" } }),
      "the voucher word `记1` is not one to eight letters",
      "use a word such as `记` or `转`",
    ),
    refusal(
      "TARGET_REJECTED",
      "a payable without a payables account",
      {},
      payable(),
      "no payables account is known for this payable",
      "set `payables_account` of the connection, or the header field `account`",
    ),
    refusal(
      "TARGET_REJECTED",
      "a payable on an account that is not a leaf",
      { payables_account: "2202" },
      payable(),
      "the account `2202 应付账款` has accounts below it, and only the lowest are posted to",
      "use one of `220201 应付货款`",
    ),
    refusal(
      "TARGET_REJECTED",
      "a payable without a supplier on an account that demands one",
      { payables_account: "220201" },
      payable({ fields: {} }),
      "line 3: the account `220201 应付货款` demands `供应商`",
      "give the line a partner",
    ),
  ];

  test.each(rows)("$title: check and post say the same, and nothing is booked", async ({ connection, document, code, message, hint }) => {
    const { target, file } = aLedger(connection);
    const checked = only((await target.check?.([document])) ?? []);
    expect(existsSync(file)).toBe(false);
    expect(checked).toEqual({ code, message, at: [{ document: document.key }], hint });
    expect(problemOf(await postOne(target, document))).toEqual(checked);
    const books = openBooks(file);
    expect(books.counts()).toEqual({ vouchers: 0, lines: 0, reversals: 0, accountsUsed: 0 });
    books.close();
  });

  test("lists the first five faults and counts the rest", async () => {
    const { target } = aLedger();
    const lines = Array.from({ length: 8 }, (_, at) => aLine({ account: `X${at}`, side: at % 2 === 0 ? "debit" : "credit" }));
    expect(problemOf(await postOne(target, aDocument({ lines }))).message).toMatch(/^(the chart has no account `X\d`; ){5}and 3 more$/);
  });
});

describe("reversing", () => {
  test("books a red voucher: the same sides, negative, dated like the original, linked both ways", async () => {
    const { target, file } = aLedger();
    const document = aDocument({ date: "2026-11-05" });
    const reference = referenceOf(await postOne(target, document));
    const outcome = only(await target.reverse([reversalOf(document, reference)]));
    expect(outcome).toMatchObject({ kind: "created", reference: "2026-11 记-0002" });
    const books = openBooks(file);
    const [original, red] = [...books.journal()];
    books.close();
    expect(red).toMatchObject({
      ...{ kind: "reversal", date: "2026-11-05", attachments: 0, documentKey: "BX-001", reverses: "2026-11 记-0001", reversedBy: null },
      text: "注销2026年11月5日记-0001号凭证 报销 BX-001 张三",
    });
    expect(original).toMatchObject({ reversedBy: "2026-11 记-0002", reverses: null });
    expect(red?.lines.map(({ side, amountMinor, account, partner }) => [side, amountMinor, account, partner])).toEqual([
      ["debit", -10_000n, "660201", null],
      ["credit", -10_000n, "224101", "E001"],
    ]);
    expect(red?.lines[0]?.text).toBe("注销2026年11月5日记-0001号凭证 差旅费");
  });

  test("twice with one key is answered, with another key refused", async () => {
    const { target } = aLedger();
    const document = aDocument();
    const reference = referenceOf(await postOne(target, document));
    const first = only(await target.reverse([reversalOf(document, reference)]));
    expect(only(await target.reverse([reversalOf(document, reference)]))).toEqual({ ...first, kind: "exists" });
    const other = problemOf(only(await target.reverse([reversalOf(document, reference, "expense/BX-001/1/another")])));
    expect([other.code, other.message]).toEqual(["TARGET_CONFLICT", "the voucher `2026-11 记-0001` is cancelled already"]);
  });

  test("is refused when the month is closed, the voucher unknown, or its content another", async () => {
    const { target, file } = aLedger();
    const document = aDocument();
    const reference = referenceOf(await postOne(target, document));
    const closed = openLedger({ file, periods: { closed_through: "2026-11" } });
    const refusal = problemOf(only(await closed.reverse([reversalOf(document, reference)])));
    expect(refusal.code).toBe("TARGET_PERIOD_CLOSED");
    expect(refusal.message).toContain("`2026-11 记-0001` cannot be cancelled: period `2026-11` is closed");
    const unknown = aDocument({ key: "BX-404" });
    expect(problemOf(only(await target.reverse([reversalOf(unknown, "2026-11 记-0404")]))).message).toBe(
      "the books hold no voucher for `expense/BX-404/1`, known as `2026-11 记-0404`",
    );
    const changed = aDocument({ text: "别的" });
    expect(problemOf(only(await target.reverse([reversalOf(changed, reference)]))).code).toBe("TARGET_CONFLICT");
  });

  test("takes back what is on an account that is out of use by now, and posts nothing new to it", async () => {
    const { target, file } = aLedger();
    const document = aDocument();
    const reference = referenceOf(await postOne(target, document));
    const chart = join(aFolder(), "chart.csv");
    writeFileSync(chart, "code,name,type\n224101,员工往来,负债\n");
    const later = openLedger({ file, chart });
    const refused = problemOf(await postOne(later, aDocument({ key: "BX-002" })));
    expect(refused.message).toBe("the account `660201 差旅费` is not in use");
    expect(only(await later.reverse([reversalOf(document, reference)])).kind).toBe("created");
    const books = openBooks(file);
    expect(books.accounts().filter(({ inChart }) => inChart)).toMatchObject([{ code: "224101", parent: null }]);
    expect(books.trialBalance().rows.map(({ account, closingMinor }) => [account, closingMinor])).toEqual([
      ["224101", 0n],
      ["660201", 0n],
    ]);
    books.close();
  });
});

describe("the file", () => {
  test("is created by the first posting, readable by its owner only, in a folder that is made", async () => {
    const file = join(aFolder(), "账簿", "books.ledger");
    const target = openLedger({ file });
    expect(await target.lookup("expense/BX-001/1")).toBeNull();
    expect(existsSync(file)).toBe(false);
    await postOne(target, aDocument());
    for (const each of [file, `${file}-wal`]) expect(statSync(each).mode & 0o777).toBe(0o600);
  });

  test("nothing posted can be changed or deleted by anyone", async () => {
    const { target, file } = aLedger();
    await postOne(target, aDocument());
    const db = new Database(file);
    for (const sql of [
      "UPDATE vouchers SET text = 'x'",
      "UPDATE vouchers SET number = 7",
      "DELETE FROM vouchers",
      "UPDATE lines SET amount_minor = 1",
      "DELETE FROM lines",
      "UPDATE vouchers SET reversed_by = 1",
      "INSERT INTO lines SELECT voucher_id, 3, account, side, amount_minor, text, partner, dimensions FROM lines WHERE line_number = 1",
    ]) {
      expect(() => db.exec(sql), sql).toThrow(/^(a posted (voucher|line)|a voucher is cancelled once)/);
    }
    db.close();
  });

  test("a link between a voucher and its cancellation is never changed", async () => {
    const { target, file } = aLedger();
    const document = aDocument();
    await target.reverse([reversalOf(document, referenceOf(await postOne(target, document)))]);
    const db = new Database(file);
    for (const value of ["NULL", "1", "2"]) {
      expect(() => db.exec(`UPDATE vouchers SET reversed_by = ${value} WHERE id = 1`)).toThrow("a voucher is cancelled once");
    }
    db.close();
  });

  test("books of a newer version, another database, and a file that is none are refused", async () => {
    const { target, file } = aLedger();
    await postOne(target, aDocument());
    const db = new Database(file);
    db.pragma("user_version = 99");
    db.close();
    expect(() => openLedger({ file })).toThrow(/TARGET_UNAVAILABLE: the books `.*` have version 99; this program knows versions up to 1/);
    const other = join(aFolder(), "store.db");
    new Database(other).exec("CREATE TABLE runs (id INTEGER)").close();
    expect(() => openLedger({ file: other })).toThrow("is a database, but not the books of a ledger");
    const text = join(aFolder(), "notes.txt");
    writeFileSync(text, "not a database, only some text that is long enough to be looked at".repeat(20));
    expect(() => openLedger({ file: text })).toThrow("cannot be opened: file is not a database");
    const folder = join(aFolder(), "books");
    mkdirSync(folder);
    expect(() => openLedger({ file: folder })).toThrow(ProblemError);
    expect(() => openBooks(join(aFolder(), "none.ledger"))).toThrow("there are no books at");
  });

  test("a disk that is full before the commit stops the batch with nothing written", async () => {
    const { target, file } = aLedger();
    await postOne(target, aDocument());
    const { writer } = target as unknown as { writer: { db: Database.Database } };
    writer.db.pragma(`max_page_count = ${writer.db.pragma("page_count", { simple: true })}`);
    const many = Array.from({ length: 500 }, (_, at) => aDocument({ key: `N-${at}` }));
    await expect(post(target, ...many)).rejects.toThrow(
      /RUN_DISK_FULL: the books `.*` cannot be written: database or disk is full; nothing of this batch/,
    );
    writer.db.pragma("max_page_count = 1000000");
    expect(await target.lookup("expense/N-0/1")).toBeNull();
    expect(referenceOf(await postOne(target, aDocument({ key: "N-0" })))).toBe("2026-11 记-0002");
    const books = openBooks(file);
    expect(books.counts().vouchers).toBe(2);
    books.close();
  });

  test("months that leave nothing open are a mistake of the connection", () => {
    expect(() => openLedger({ file: join(aFolder(), "a.ledger"), periods: { open_from: "2026-02", open_through: "2026-01" } })).toThrow(
      "CONFIG_WRONG_VALUE: no month is open",
    );
  });
});
