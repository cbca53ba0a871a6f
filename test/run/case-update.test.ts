import { afterEach, beforeEach, expect, test } from "vitest";
import { updateCases } from "../../src/run/case-update.js";
import { CasePlace, told, USUAL } from "./case-place.js";

let place: CasePlace;
beforeEach(() => {
  place = new CasePlace();
});
afterEach(() => {
  place.dispose();
});

/** The cases with what came out written into them, which then pass and are not written again. */
async function updated(tests: string): Promise<string> {
  const text = await place.update(tests);
  expect((await place.runAll(await place.load(text))).flatMap(told)).toEqual([]);
  expect(await place.update(text)).toBe(text);
  return text;
}

test("a case that says nothing gets all that came out, behind what it has", async () => {
  expect(
    await updated(`# Ours.
usual: ${USUAL}   # a good row

cases:
  - name:   spaced   # as somebody likes it
    input: [{单号: A, 金额: 12.50}]

  # The next one.
  - name: text
    input: |
      单号,金额
      B,viel
`),
  ).toBe(`# Ours.
usual: ${USUAL}   # a good row

cases:
  - name:   spaced   # as somebody likes it
    input: [{单号: A, 金额: 12.50}]
    expect:
      plan:
        A: create
      documents:
        - key: A
          header: { date: 2026-11-20, currency: CNY, text: 报销 A }
          lines:
            - { debit: 12.50, account: "6601", text: 报销 A }
            - { credit: 12.50, account: "2241", text: 报销 A }

  # The next one.
  - name: text
    input: |
      单号,金额
      B,viel
    expect:
      quarantine:
        - key: B
          code: DOCUMENT_BAD_RECORD
          message: "1 of its 1 records cannot be used: \`金额\` is \`viel\`, expected a number such as \`1,234.50\`"
`);
});

test("what differs is written where it stands; comments, order, and what is as expected stay", async () => {
  expect(
    await updated(`usual: ${USUAL}
cases:
  - name: a
    expect: # what finance signed
      quarantine:
        - { key: X, code: RECORD_INVALID } # never came
        - { key: C, message: "is \`viel\`", code: RECORD_INVALID } # a word
      documents:
        # The first.
        - key: A
          header:
            currency: CNY
            date: 2026-11-21 # a Saturday
            word: 记
            text: 报销 A
          lines:
            - { credit: 12.5, account: 2241, text: 报销 A } # to the person
            - debit: 12.50
              account: "6602" # travel
              text: 报销 A
        - { key: 00042, compare: written, header: { date: 2026-01-01 }, lines: [{ debit: 1 }, { credit: 7 }] }
        - key: gone # it is
      plan:
        00042: keep # a key is text
        gone: create
        A: create
    # What is delivered.
    input: [{ 单号: A, 金额: 12.50 }, { 单号: 00042, 金额: 7 }, { 单号: C, 金额: viel }]
  # The end.
`),
  ).toBe(`usual: ${USUAL}
cases:
  - name: a
    expect:
      # what finance signed
      quarantine:
        - { key: C, message: "is \`viel\`", code: DOCUMENT_BAD_RECORD } # a word
      documents:
        # The first.
        - key: A
          header:
            currency: CNY
            date: 2026-11-20 # a Saturday
            text: 报销 A
          lines:
            - { credit: 12.5, account: 2241, text: 报销 A } # to the person
            - debit: 12.50
              account: "6601" # travel
              text: 报销 A
        - { key: 00042, compare: written, header: { date: 2026-11-20 }, lines: [ { debit: 7.00 }, { credit: 7 } ] }
      plan:
        00042: create # a key is text
        A: create
    # What is delivered.
    input: [{ 单号: A, 金额: 12.50 }, { 单号: 00042, 金额: 7 }, { 单号: C, 金额: viel }]
  # The end.
`);
});

test("nights, batches and what stops a run are written too", async () => {
  place.document = place.document.replace("key: ${单号}", "key: 日报\n  batch: ${单号}").replace("报销 ${单号}", "日报");
  place.write("pipelines/l.csv", "k,v\n6601,1\n");
  place.rest = "lookups:\n  l: { csv: l.csv, key: k, missing: stop }";
  place.document = place.document.replace('account: "${科目}"', 'account: "${l[科目].v}"');
  const text = await updated(`usual: ${USUAL}
cases:
  - name: a
    nights:
      - input: [{ 单号: A, 金额: 1 }]
        expect: { plan: { 日报: keep } }
      - input: [{ 单号: A, 金额: 2 }, { 单号: B, 金额: 3 }]
        expect: { plan: { 日报: keep } }
      - { input: [{ 单号: C, 科目: 9999, 金额: 3 }] }
`);
  expect(text).toContain("expect: { plan: { 日报: create } }");
  expect(text).toContain("expect: { plan: { 日报: [ supplement, supplement ] } }");
  expect(text).toMatch(/stopped: \{ code: MAP_LOOKUP_STOP, message: .*9999/);
});

test("cases that stand in the pipeline's file leave the rest of it as it is, line breaks too", async () => {
  const before =
    "pipeline:   p   # spaced\r\ndates: [ISO,'x']\r\ntests:\r\n- name: a\r\n  input: []\r\n  expect:\r\n    plan: {A: keep}\r\n# end\r\n";
  const cameOut = { documents: [], plan: new Map([["A", ["create"] as const]]), waiting: [], stopped: [] };
  const expected = { documents: null, plan: new Map([["A", ["keep"] as const]]), quarantine: [], stopped: null, place: {} };
  expect(updateCases(before, [{ path: ["tests", 0], expected, cameOut, type: "journal" }])).toBe(
    before.replace("{A: keep}", "{ A: create }"),
  );
});
