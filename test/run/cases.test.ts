import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { CasePlace, told } from "./case-place.js";

let place: CasePlace;
beforeEach(() => {
  place = new CasePlace();
});
afterEach(() => {
  place.dispose();
});

/** What the cases of a file differ in; an empty list for each that came out as expected. */
const differences = async (cases: string): Promise<string[][]> => (await place.run(cases)).map(told);

describe("a case", () => {
  test("that came out as expected differs in nothing, whatever the order of its lines and the zeros of its amounts", async () => {
    expect(
      await differences(`
  - name: a
    input: [{ 单号: A, 金额: 12.50 }]
    expect:
      plan: { A: create }
      documents:
        - key: A
          header: { date: 2026-11-20, currency: CNY, text: 报销 A, attachments: 0 }
          lines:
            - { credit: "12.5", account: "2241", text: 报销 A }
            - { debit: 12.50, account: 6601, text: 报销 A }
`),
    ).toEqual([[]]);
  });

  test("shows what was expected and what came, line by line", async () => {
    expect(
      await differences(`
  - name: a
    input: [{ 单号: A, 金额: 12.50 }, { 单号: B, 金额: 1.00 }]
    expect:
      documents:
        - key: A
          header: { date: 2026-11-21, currency: CNY, text: 报销 A, word: 记 }
          lines:
            - { debit: 12.50, account: "6602", text: 报销 A }
            - { credit: 12.50, account: "2241", text: 报销 A }
        - key: C
          header: { date: 2026-11-20 }
`),
    ).toEqual([
      [
        "document A",
        "- date | 2026-11-21",
        "+ date | 2026-11-20",
        "- word | 记",
        "+ word | (empty)",
        "- debit | 6602 | 12.50 | 报销 A",
        "+ debit | 6601 | 12.50 | 报销 A",
        "credit | 2241 | 12.50 | 报销 A",
        "document C, which did not come",
        "- date | 2026-11-20",
        "document B, which was not expected",
        "+ date | 2026-11-20",
        "+ currency | CNY",
        "+ text | 报销 B",
        "+ debit | 6601 | 1.00 | 报销 B",
        "+ credit | 2241 | 1.00 | 报销 B",
      ],
    ]);
  });

  test("compares only what is written where it says so, and lines are always all lines", async () => {
    const input = "input: [{ 单号: A, 金额: 5.00 }, { 单号: A, 行: 2, 金额: 7.00 }]";
    const written = (compare: string, lines: string): string =>
      `  - name: ${compare} ${lines.length}\n    ${input}\n    expect: { documents: [{ key: A, compare: ${compare}, header: { currency: CNY }${lines} }] }\n`;
    const all = "{ debit: 7, account: 6601 }, { credit: 12, account: 2241 }";
    expect(
      await differences(
        [
          written("written header", ""),
          // The first fits both debits; what is left must still fit.
          written("written", `, lines: [{ account: 6601 }, ${all}]`),
          written("written", `, lines: [${all}]`),
          written("written header", `, lines: [{ debit: 5, account: 6601 }, ${all}]`),
        ].join(""),
      ),
    ).toEqual([
      [],
      [],
      ["document A", "debit | 6601 | 7.00 | 报销 A", "credit | 2241 | 12.00 | 报销 A", "+ debit | 6601 | 5.00 | 报销 A"],
      [
        "document A",
        "- debit | 6601 | 5",
        "+ debit | 6601 | 5.00 | 报销 A",
        "- debit | 6601 | 7",
        "+ debit | 6601 | 7.00 | 报销 A",
        "- credit | 2241 | 12",
        "+ credit | 2241 | 12.00 | 报销 A",
      ],
    ]);
  });

  test("that does not say what waits, or what is posted, says that nothing is", async () => {
    expect(
      await differences(`
  - name: nothing is said of what waits
    input: [{ 单号: A, 金额: viel }]
    expect: { plan: {} }
  - name: nothing is said of what is posted
    input: [{ 单号: A, 金额: 1 }]
    expect: { quarantine: [] }
  - name: nothing is said at all
    input: [{ 单号: A, 状态: 废, 金额: 1 }]
`),
    ).toEqual([
      ["quarantine", expect.stringContaining("+ A | DOCUMENT_BAD_RECORD | 1 of its 1 records cannot be used: `金额` is `viel`")],
      expect.arrayContaining(["plan", "+ A | create", "document A, which was not expected"]),
      [],
    ]);
  });

  test("knows amounts of any length and never takes one for a binary number", async () => {
    expect(
      await differences(`
  - name: long
    input: [{ 单号: A, 金额: 90071992547409931.01 }]
    expect:
      documents: [{ key: A, compare: written, lines: [{ debit: 90071992547409931.01 }, { credit: 90071992547409931.01 }] }]
  - name: a cent
    input: [{ 单号: A, 金额: 90071992547409931.01 }]
    expect:
      documents: [{ key: A, compare: written, lines: [{ debit: 90071992547409931.02 }, { credit: 90071992547409931.01 }] }]
`),
    ).toEqual([[], expect.arrayContaining(["- debit | 90071992547409931.02"])]);
  });

  test("takes rows as CSV text, as values, and from a file, by any name a column may arrive under", async () => {
    place.source = "key: [单号, 行]\n  columns: { 金额: [Amount] }";
    place.write("pipelines/rows.csv", "单号,Amount\nA,3.00\n");
    const expected = "expect: { documents: [{ key: A, compare: written, lines: [{ debit: 3 }, { credit: 3 }] }] }";
    expect(
      await differences(`
  - name: text
    input: |
      单号 , Amount
      A    , "3.00"
    ${expected}
  - name: values
    input: [{ 单号: A, Amount: 3.00 }]
    ${expected}
  - name: file
    input: { file: rows.csv }
    ${expected}
`),
    ).toEqual([[], [], []]);
  });
});

describe("nights", () => {
  test("are posted one after the other; what nothing is done with is kept", async () => {
    expect(
      await differences(`
  - name: a
    nights:
      - input: [{ 单号: A, 金额: 1 }, { 单号: B, 金额: 2 }, { 单号: C, 金额: 3 }, { 单号: D, 金额: 4 }]
      - input: [{ 单号: A, 金额: 1 }, { 单号: B, 金额: 9 }, { 单号: C, 状态: 废, 金额: 3 }, { 单号: D, 行: 2, 金额: viel }]
        expect:
          plan: { A: keep, B: replace, C: reverse }
          documents: [{ key: A, compare: written }, { key: B, compare: written, lines: [{ debit: 9 }, { credit: 9 }] }, { key: D, compare: written }]
          quarantine: [{ key: D, code: DOCUMENT_BAD_RECORD, message: 1 of its 2 }]
`),
    ).toEqual([[]]);
  });

  test("follow the policies of the target", async () => {
    place.target = "  changed: hold\n  gone: hold";
    const nights = (plan: string, waits: string): string => `
  - name: a
    nights:
      - input: [{ 单号: A, 金额: 1 }, { 单号: B, 金额: 2 }]
      - input: [{ 单号: A, 金额: 5 }, { 单号: B, 状态: 废, 金额: 2 }]
        expect: { plan: ${plan}, quarantine: [${waits}] }
`;
    const held = "{ key: A, code: TARGET_CHANGED_HELD }, { key: B, code: TARGET_CHANGED_HELD, message: no longer wanted }";
    expect(await differences(nights("{ A: hold, B: hold }", held))).toEqual([[]]);
    place.target = "  changed: update draft";
    expect(await differences(nights("{ A: update, B: reverse }", ""))).toEqual([[]]);
    place.target = "";
    expect(await differences(nights("{ A: replace, B: reverse }", ""))).toEqual([[]]);
  });

  test("post into the next open month where the pipeline says so", async () => {
    place.target = "  closed_period: next open period";
    expect(
      await differences(`
  - name: a
    closed_through: 2026-12
    input: [{ 单号: A, 金额: 1 }]
    expect: { documents: [{ key: A, compare: written, header: { date: 2027-01-01, text: 报销 A（原日期 2026-11-20） } }] }
`),
    ).toEqual([[]]);
  });

  test("can deliver a file again: what is missing from it is gone", async () => {
    place.source = "key: [单号, 行]\n  whole: unit";
    expect(
      await differences(`
  - name: again
    nights:
      - { unit: november.csv, input: [{ 单号: A, 金额: 1 }, { 单号: B, 金额: 2 }] }
      - { unit: november.csv, input: [{ 单号: A, 金额: 1 }], expect: { plan: { A: keep, B: reverse } } }
  - name: another
    nights:
      - input: [{ 单号: A, 金额: 1 }, { 单号: B, 金额: 2 }]
      - { input: [{ 单号: A, 金额: 1 }], expect: { plan: { A: keep, B: keep } } }
`),
    ).toEqual([[], []]);
  });

  test("add to a batch, and a faulty member waits while the others are booked", async () => {
    place.document = place.document.replace("key: ${单号}", "key: 日报\n  batch: ${单号}").replace("报销 ${单号}", "日报");
    expect(
      await differences(`
  - name: a
    nights:
      - input: [{ 单号: A, 金额: 1 }, { 单号: B, 金额: 2 }]
      - input: [{ 单号: A, 金额: 4 }, { 单号: C, 金额: 3 }, { 单号: E, 金额: "0.001" }]
        expect:
          plan: { 日报: [supplement, supplement] }
          documents:
            - { key: 日报, compare: written, lines: [{ debit: 1 }, { debit: 2 }, { credit: 3 }] }
            - { key: 日报, compare: written, header: { text: 日报（补充） }, lines: [{ debit: 3 }, { credit: 3 }] }
            - { key: 日报, compare: written, header: { text: 日报（差异） }, lines: [{ debit: 3 }, { credit: 3 }] }
          quarantine: [{ key: 日报, code: MAP_AMOUNT, message: 1 of its 4 members }]
`),
    ).toEqual([[]]);
  });
});

describe("what a pipeline says", () => {
  test("applies as in a run: checks, unique values", async () => {
    place.rest = "checks:\n  - unique: 更新\n  - { require: '${sum(金额) < 100}', else: too much }";
    expect(
      await differences(`
  - name: a
    input: [{ 单号: A, 金额: 1, 更新: x }, { 单号: B, 金额: 2, 更新: x }, { 单号: C, 金额: 100 }]
    expect:
      plan: { A: create }
      quarantine: [{ key: B, code: DOCUMENT_NOT_UNIQUE, message: "\`A\`" }, { key: C, code: DOCUMENT_CHECK, message: too much }]
`),
    ).toEqual([[]]);
  });

  test("can stop the run, and a case can expect it", async () => {
    place.write("pipelines/l.csv", "k,v\n6601,1\n");
    place.rest = "lookups:\n  l: { csv: l.csv, key: k, missing: stop }";
    place.document = place.document.replace('account: "${科目}"', 'account: "${l[科目].v}"');
    const row = "input: [{ 单号: A, 金额: 1 }, { 单号: B, 科目: 9999, 金额: 1 }]";
    expect(
      await differences(`
  - name: expected
    ${row}
    expect: { stopped: { code: MAP_LOOKUP_STOP, message: 9999 } }
  - name: not expected
    ${row}
    expect: { plan: { A: create } }
  - name: did not stop
    input: [{ 单号: A, 金额: 1 }]
    expect: { plan: { A: create }, stopped: { code: MAP_LOOKUP_STOP } }
`),
    ).toEqual([
      [],
      ["what stops the run", expect.stringMatching(/^\+ MAP_LOOKUP_STOP \| .*9999/), "plan", "- A | create"],
      ["what stops the run", "- MAP_LOOKUP_STOP"],
    ]);
  });

  test("is not asked about a share of so few rows", async () => {
    place.rest = "stop_when: { quarantined: 1% }";
    expect(
      await differences(`
  - name: a
    input: [{ 单号: A, 金额: 1 }, { 单号: B, 金额: viel }]
    expect: { plan: { A: create }, quarantine: [{ key: B, code: DOCUMENT_BAD_RECORD }] }
`),
    ).toEqual([[]]);
  });

  test("can be of documents without lines, which are written over", async () => {
    place.document = "document:\n  type: entity\n  key: ${单号}\n  header: { kind: department, code: '${单号}', name: '${科目}' }";
    expect(
      await differences(`
  - name: a
    nights:
      - { input: [{ 单号: A, 金额: 1 }], expect: { documents: [{ key: A, header: { kind: department, code: A, name: 6601 } }] } }
      - input: [{ 单号: A, 科目: 6602, 金额: 1 }]
        expect: { plan: { A: update }, documents: [{ key: A, header: { kind: department, code: A, name: 6601 } }] }
`),
    ).toEqual([["document A", "- name | 6601", "+ name | 6602"]]);
  });

  test("can give lines one amount, and further exact values", async () => {
    place.document = `document:
  type: payable
  key: \${单号}
  header: { date: 2026-11-20, currency: CNY, text: t, supplier: S }
  lines: [{ amount: "\${金额}", account: "1", fields: { tax: "\${金额}" }, dimensions: { 部门: "0102" } }]`;
    expect(
      await differences(`
  - name: a
    input: [{ 单号: A, 金额: 1.5 }]
    expect:
      documents:
        - key: A
          header: { date: 2026-11-20, currency: CNY, text: t, supplier: S }
          lines: [{ amount: 1.50, account: 1, text: t, fields: { tax: 1.5 }, dimensions: { 部门: 0102 } }]
`),
    ).toEqual([[]]);
  });

  test("has the same fingerprint with and without cases", async () => {
    const bare = (await place.loadInline("")).pipelines[0]?.fingerprint;
    const tested = (await place.loadInline("tests:\n  - name: a\n    input: [{ 单号: A }]\n")).pipelines[0]?.fingerprint;
    expect(tested).toBe(bare);
    expect(bare).toMatch(/^[0-9a-f]{64}$/);
  });
});
