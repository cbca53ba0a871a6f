import fc from "fast-check";
import { beforeAll, describe, expect, test } from "vitest";
import type { Pipeline } from "../../src/config/pipeline.js";
import { formatScaled } from "../../src/model/decimal.js";
import { type Document, documentAmount, fingerprintOf, totalsOf } from "../../src/model/document.js";
import type { Posting } from "../../src/model/posting.js";
import type { Row } from "../../src/model/record.js";
import { diffDocument } from "../../src/steps/diff.js";
import { type Grouped, groupDocument } from "../../src/steps/group.js";
import { exceedsThreshold, Totals } from "../../src/steps/plan.js";
import { recordCheck } from "../../src/steps/validate.js";
import { aPipeline, cells } from "./pipeline.js";

const HEADER = `  header: { date: "\${日期 ?? date('2026-11-20')}", currency: CNY, text: "报销 \${单号}" }`;
const PLAIN = `  type: journal
  key: \${单号}
  when: \${状态 == "好"}
${HEADER}
  lines:
    - { debit: "\${金额 - (税额 ?? 0)}", account: "\${科目[类型 ?? '差旅'].科目}", dimensions: { 部门: "\${部门}" } }
    - { when: "\${税额 != null}", debit: "\${税额 ?? 0}", account: "2221" }
    - { each: document, credit: "\${sum(金额)}", account: "2241" }`;

function rowsOf(pipeline: Pipeline, ...records: Readonly<Record<string, string>>[]): Row[] {
  const check = recordCheck(pipeline, "Asia/Shanghai");
  return records.map((record, index) => {
    const checked = check(cells({ 单号: "A", 行: String(index + 1), 状态: "好", ...record }), { unit: "a.csv", line: index + 2 });
    if (checked.problem !== null) throw new Error(checked.problem.message);
    return checked.row;
  });
}

function lines(grouped: Grouped): string[] {
  if (grouped.kind !== "wanted") throw new Error(JSON.stringify(grouped));
  return grouped.document.lines.map(
    (line) =>
      `${line.side} ${line.account} ${line.amountMinor} ${line.text}${line.dimensions["部门"] === undefined ? "" : ` ${line.dimensions["部门"]}`}`,
  );
}

function messages(grouped: Grouped): string[] {
  return grouped.kind === "faulty" ? grouped.problems.map((each) => `${each.code}: ${each.message}`) : [grouped.kind];
}

describe("validate", () => {
  let check: ReturnType<typeof recordCheck>;
  beforeAll(async () => {
    check = recordCheck(
      await aPipeline({ document: PLAIN, source: "key: [单号, 行]\n  cursor: { field: 更新 }\n  dates: [yyyy-MM-dd, yyyy年M月d日]" }),
      "Asia/Shanghai",
    );
  });
  const base = { 单号: "A", 行: "1", 状态: "好", 金额: "1" };

  test.each([
    ["plain values", { ...base, 金额: "12.50" }, '["A","1","好",null,"12.50",null,null,null,null,null,null]'],
    [
      "numbers as people write them",
      { ...base, 金额: "¥1,234.50", 税额: "（12.00）" },
      '["A","1","好",null,"1234.50","-12.00",null,null,null,null,null]',
    ],
    ["dates in several formats", { ...base, 日期: "2026年1月3日" }, '["A","1","好",null,"1",null,null,"2026-01-03",null,null,null]'],
    [
      "local times become instants",
      { ...base, 更新: "2026-01-03 08:00:00" },
      '["A","1","好",null,"1",null,null,null,"2026-01-03T00:00:00.000Z",null,null]',
    ],
    ["yes and no", { ...base, 加急: "是" }, '["A","1","好",null,"1",null,null,null,null,null,true]'],
    ["codes stay text", { ...base, 部门: "0012" }, '["A","1","好",null,"1",null,"0012",null,null,null,null]'],
  ])("reads %s", (_, record, data) => {
    expect(check(cells(record), { unit: "a.csv", line: 2 })).toMatchObject({ key: "A\u001f1", documentKey: "A", data, problem: null });
  });

  test.each([
    ["an empty required field", { ...base, 金额: "" }, "RECORD_INVALID", "`金额` is empty, expected a number such as `1,234.50`"],
    ["text for a number", { ...base, 金额: "一百" }, "RECORD_INVALID", "`金额` is `一百`, expected a number such as `1,234.50`"],
    [
      "scientific notation",
      { ...base, 金额: "2.511E+19" },
      "RECORD_INVALID",
      "`金额` is `2.511E+19`, expected a number such as `1,234.50`",
    ],
    [
      "a day that does not exist",
      { ...base, 日期: "2026-02-30" },
      "RECORD_INVALID",
      "`日期` is `2026-02-30`, expected a date as `yyyy-MM-dd` or `yyyy年M月d日`",
    ],
    [
      "several faults at once",
      { ...base, 金额: "x", 加急: "maybe" },
      "RECORD_INVALID",
      "`金额` is `x`, expected a number such as `1,234.50`; `加急` is `maybe`, expected yes or no",
    ],
    ["a missing key", { ...base, 单号: "" }, "RECORD_NO_KEY", "`单号` is empty, expected text"],
  ])("says what is wrong with %s", (_, record, code, message) => {
    expect(check(cells(record), { unit: "a.csv", line: 7 }).problem).toMatchObject({ code, message, at: [{ file: "a.csv", line: 7 }] });
  });

  test("one bad record says nothing about the next", () => {
    check(cells({ ...base, 金额: "x" }), { unit: "a.csv", line: 2 });
    expect(check(cells(base), { unit: "a.csv", line: 3 })).toMatchObject({ problem: null, key: "A\u001f1" });
  });

  test("a bad record keeps the key of its document where that can be read", () => {
    expect(check(cells({ ...base, 金额: "x" }), { unit: "a.csv", line: 2 })).toMatchObject({ key: "A\u001f1", documentKey: "A" });
    expect(check(cells({ ...base, 行: "" }), { unit: "a.csv", line: 2 })).toMatchObject({ key: null, documentKey: "A" });
    expect(check(cells({ ...base, 单号: "" }), { unit: "a.csv", line: 2 })).toMatchObject({ key: null, documentKey: null });
  });
});

describe("group", () => {
  let plain: Pipeline;
  beforeAll(async () => {
    plain = await aPipeline({ document: PLAIN });
  });

  test("makes lines in the order of the templates, leaves out what is zero or not wanted", () => {
    expect(
      lines(groupDocument(plain, "A", rowsOf(plain, { 金额: "113.00", 税额: "13", 部门: "D1" }, { 金额: "5", 类型: "办公" }))),
    ).toEqual(["debit 6601 10000 报销 A D1", "debit 6602 500 报销 A", "debit 2221 1300 报销 A", "credit 2241 11800 报销 A"]);
  });

  test("keeps refunds as red entries, or moves them to the other side", async () => {
    expect(lines(groupDocument(plain, "A", rowsOf(plain, { 金额: "-20" })))).toEqual([
      "debit 6601 -2000 报销 A",
      "credit 2241 -2000 报销 A",
    ]);
    const flipped = await aPipeline({ document: `${PLAIN}\n  negative: other side` });
    expect(lines(groupDocument(flipped, "A", rowsOf(flipped, { 金额: "-20" })))).toEqual([
      "credit 6601 2000 报销 A",
      "debit 2241 2000 报销 A",
    ]);
  });

  test("gives a line the further values of its document type, adds up amounts, and refuses to lose the others", async () => {
    const payable = `  type: payable
  key: \${单号}
  header: { date: "2026-11-20", currency: CNY, text: "t", supplier: "S1" }
  lines:
    - { amount: "\${金额}", account: "6602", fields: { tax: "\${税额}", tax_rate: 6, invoice: "\${部门}" } }`;
    const pipeline = await aPipeline({ document: payable });
    const fields = (grouped: Grouped) =>
      grouped.kind === "wanted" ? grouped.document.lines.map((line) => line.fields) : messages(grouped);
    const two = [
      { 金额: "106", 税额: "6", 部门: "INV1" },
      { 金额: "53.00", 税额: "3.50", 部门: "INV1" },
    ];
    expect(fields(groupDocument(pipeline, "A", rowsOf(pipeline, ...two)))).toEqual([
      { tax: "6.00", tax_rate: "6", invoice: "INV1" },
      { tax: "3.50", tax_rate: "6", invoice: "INV1" },
    ]);
    expect(fields(groupDocument(pipeline, "A", rowsOf(pipeline, { 金额: "1" })))).toEqual([{ tax_rate: "6" }]);
    const merged = await aPipeline({ document: `${payable}\n  merge by: [account]` });
    expect(fields(groupDocument(merged, "A", rowsOf(merged, ...two)))).toEqual([{ tax: "9.50", tax_rate: "6", invoice: "INV1" }]);
    expect(fields(groupDocument(merged, "A", rowsOf(merged, { 金额: "1", 部门: "X" }, { 金额: "2", 部门: "Y" })))).toEqual([
      "MAP_DISAGREE: lines that `merge by` would make one differ in `invoice`: `X` and `Y`",
    ]);
    expect(messages(groupDocument(pipeline, "A", rowsOf(pipeline, { 金额: "1", 税额: "0.005" })))).toEqual([
      "MAP_AMOUNT: 0.005 has more than 2 decimal places, which CNY has no coins for",
    ]);
  });

  test("a further value of a line changes the fingerprint, and none leaves it as it was", async () => {
    const line = { side: "debit", amountMinor: 100n, account: "6602", text: "", partner: null, dimensions: {} } as const;
    const payable = { type: "payable", key: "A", date: "2026-11-20", currency: "CNY", text: "", attachments: 0, fields: {} } as const;
    const plain = fingerprintOf({ ...payable, lines: [line] });
    expect(plain).toBe("5dbf21cb9e3ccacc1b87b2c25cc5d64a889aaf6d5788dc121d6eaa5d56e6cc4b");
    expect(fingerprintOf({ ...payable, lines: [{ ...line, fields: { tax: "1.00" } }] })).not.toBe(plain);
  });

  test("merges lines that agree, and refuses to lose what they do not agree in", async () => {
    const merged = await aPipeline({ document: `${PLAIN}\n  merge by: [account, 部门]` });
    const records = [
      { 金额: "10", 部门: "D1" },
      { 金额: "5", 部门: "D2" },
      { 金额: "7", 部门: "D1" },
    ];
    expect(lines(groupDocument(merged, "A", rowsOf(merged, ...records)))).toEqual([
      "debit 6601 1700 报销 A D1",
      "debit 6601 500 报销 A D2",
      "credit 2241 2200 报销 A",
    ]);
    const careless = await aPipeline({ document: `${PLAIN}\n  merge by: [account]` });
    expect(messages(groupDocument(careless, "A", rowsOf(careless, ...records)))).toEqual([
      "MAP_DISAGREE: lines that `merge by` would make one differ in `部门`: `D1` and `D2`",
    ]);
  });

  test("splits an amount over shares without losing a cent", async () => {
    const shared = await aPipeline({
      document: `  type: journal
  key: \${单号}
${HEADER}
  lines:
    - share: { amount: "\${金额}", by: '\${numbers(split(分摊 ?? "1", "/"))}', with: { 部门: '\${split(部门 ?? "D1", "/")}' } }
      debit: \${share.amount}
      account: "6601"
      dimensions: { 部门: "\${share.部门}" }
    - { each: document, credit: "\${sum(金额)}", account: "2241" }`,
    });
    expect(lines(groupDocument(shared, "A", rowsOf(shared, { 金额: "100", 分摊: "1/1/1", 部门: "D1/D2/D3" })))).toEqual([
      "debit 6601 3334 报销 A D1",
      "debit 6601 3333 报销 A D2",
      "debit 6601 3333 报销 A D3",
      "credit 2241 10000 报销 A",
    ]);
    expect(messages(groupDocument(shared, "A", rowsOf(shared, { 金额: "100", 分摊: "1/1", 部门: "D1" })))).toEqual([
      "MAP_FAILED: `share.by` has 2 weights and `share.with.部门` has 1 values",
    ]);
    expect(messages(groupDocument(shared, "A", rowsOf(shared, { 金额: "100", 分摊: "1/-1", 部门: "D1/D2" })))[0]).toContain(
      "cannot be split over the weights `1, -1`",
    );
  });

  test.each([
    ["a lookup without a row", [{ 金额: "1", 类型: "会议" }], "MAP_LOOKUP_MISSING: lookup `科目` has no row for `会议`"],
    [
      "more places than the currency has",
      [{ 金额: "1.005" }],
      "MAP_AMOUNT: 1.005 has more than 2 decimal places, which CNY has no coins for",
    ],
    [
      "records that disagree",
      [
        { 金额: "1", 日期: "2026-01-01" },
        { 金额: "1", 日期: "2026-01-02" },
      ],
      /^MAP_DISAGREE: .*`日期`/,
    ],
    [
      "records of which some are not wanted",
      [{ 金额: "1" }, { 金额: "1", 状态: "废" }],
      /^MAP_DISAGREE: `document.when` is true for 1 of its 2 records/,
    ],
    ["nothing to book", [{ 金额: "0" }], /^DOCUMENT_EMPTY: /],
  ])("says why it cannot make a document from %s", (_, records, message) => {
    const [found] = messages(groupDocument(plain, "A", rowsOf(plain, ...(records as Record<string, string>[]))));
    if (typeof message === "string") expect(found).toBe(message);
    else expect(found).toMatch(message);
  });

  test("tells an accountant's check from a technical one", async () => {
    const checked = await aPipeline({ document: PLAIN, extra: "checks:\n  - require: ${sum(金额) < 1000}\n    else: over the limit" });
    expect(messages(groupDocument(checked, "A", rowsOf(checked, { 金额: "999.99" })))).toEqual(["wanted"]);
    expect(messages(groupDocument(checked, "A", rowsOf(checked, { 金额: "1000" })))).toEqual(["DOCUMENT_CHECK: over the limit"]);
  });

  test("an unbalanced mapping is caught before anything is sent", async () => {
    const lopsided = await aPipeline({ document: PLAIN.replace("sum(金额)", "sum(税额 ?? 0)") });
    expect(messages(groupDocument(lopsided, "A", rowsOf(lopsided, { 金额: "113", 税额: "13" })))).toEqual([
      "DOCUMENT_UNBALANCED: debit 113.00 and credit 13.00 differ by 100.00 CNY",
    ]);
  });

  const amount = fc.bigInt({ min: -10_000_000n, max: 10_000_000n }).filter((minor) => minor !== 0n);
  const record = fc.record({ minor: amount, type: fc.constantFrom("差旅", "办公"), department: fc.constantFrom("D1", "D2", "D3") });
  const toRow = ({ minor, type, department }: { minor: bigint; type: string; department: string }) => ({
    金额: formatScaled(minor, 2),
    类型: type,
    部门: department,
  });

  test("documents balance, add up to their records, and do not depend on the order of records", () => {
    fc.assert(
      fc.property(fc.array(record, { minLength: 1, maxLength: 12 }), fc.infiniteStream(fc.nat()), (records, order) => {
        const made = groupDocument(plain, "A", rowsOf(plain, ...records.map(toRow)));
        if (made.kind !== "wanted") return;
        const { debitMinor, creditMinor } = totalsOf(made.document.lines);
        expect(debitMinor).toBe(creditMinor);
        expect(documentAmount(made.document)).toBe(records.reduce((sum, each) => sum + each.minor, 0n));
        const shuffled = records
          .map((each) => [each, order.next().value as number] as const)
          .sort(([, a], [, b]) => a - b)
          .map(([each]) => each);
        const again = groupDocument(plain, "A", rowsOf(plain, ...shuffled.map(toRow)));
        expect(again.kind === "wanted" && fingerprintOf(again.document)).toBe(fingerprintOf(made.document));
      }),
    );
  });

  test("after what is wanted was posted, the difference is nothing", () => {
    fc.assert(
      fc.property(fc.array(record, { minLength: 1, maxLength: 6 }), (records) => {
        const made = groupDocument(plain, "A", rowsOf(plain, ...records.map(toRow)));
        if (made.kind !== "wanted") return;
        const fingerprint = fingerprintOf(made.document);
        const wish = { key: "A", document: made.document, fingerprint };
        expect(diffDocument(wish, null, POLICY)?.kind).toBe("create");
        expect(diffDocument(wish, posting(made.document, fingerprint), POLICY)).toEqual({ kind: "keep", key: "A" });
      }),
    );
  });
});

const POLICY = { changed: "reverse and repost", gone: "reverse" } as const;

function posting(document: Document, fingerprint: string): Posting {
  return {
    documentKey: document.key,
    version: 1,
    idempotencyKey: "p/A/1",
    fingerprint,
    reference: "记-1",
    document,
    step: null,
    postedAt: "2026-11-20T00:00:00.000Z",
  };
}

const DOCUMENT: Document = {
  type: "journal",
  key: "A",
  date: "2026-11-20",
  currency: "CNY",
  text: "报销",
  attachments: 0,
  fields: {},
  lines: [
    { side: "debit", amountMinor: 100n, account: "6601", text: "", partner: null, dimensions: {} },
    { side: "credit", amountMinor: 100n, account: "2241", text: "", partner: null, dimensions: {} },
  ],
};

test("diff: a changed document is replaced or held, an unwanted one reversed or held, as the policy says", () => {
  const wish = { key: "A", document: DOCUMENT, fingerprint: "new" };
  const posted = posting(DOCUMENT, "old");
  const gone = { key: "A", document: null, fingerprint: null };
  expect(diffDocument(wish, posted, POLICY)?.kind).toBe("replace");
  expect(diffDocument(wish, posted, { ...POLICY, changed: "hold" })?.kind).toBe("hold");
  expect(diffDocument(gone, posted, POLICY)?.kind).toBe("reverse");
  expect(diffDocument(gone, posted, { ...POLICY, gone: "hold" })?.kind).toBe("hold");
  expect(diffDocument(gone, null, POLICY)).toBeNull();
});

test("plan: totals by account and period, a replacement counting only its difference", () => {
  const totals = new Totals();
  totals.addChange({ kind: "create", key: "A", document: DOCUMENT, fingerprint: "x" });
  const later = { ...DOCUMENT, date: "2026-12-01" };
  totals.addChange({ kind: "replace", key: "B", document: later, fingerprint: "y", posted: posting(DOCUMENT, "x") });
  expect(totals.byAccount()).toEqual([
    { account: "2241", currency: "CNY", debitMinor: 0n, creditMinor: 100n },
    { account: "6601", currency: "CNY", debitMinor: 100n, creditMinor: 0n },
  ]);
  expect(totals.byPeriod().map(({ period, debitMinor }) => [period, debitMinor])).toEqual([
    ["2026-11", 0n],
    ["2026-12", 100n],
  ]);
});

test.each([
  [null, 99, 10, false],
  [{ count: 2 }, 2, 10, false],
  [{ count: 2 }, 3, 10, true],
  [{ share: 0.05 }, 5, 100, false],
  [{ share: 0.05 }, 6, 100, true],
  [{ share: 0.05 }, 0, 0, false],
])("plan: threshold %j with %i of %i waiting", (threshold, waiting, read, stops) => {
  expect(exceedsThreshold(threshold, waiting, read) !== null).toBe(stops);
});
