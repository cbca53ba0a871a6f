import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { Workspace } from "../../src/config/load.js";
import { CasePlace } from "../run/case-place.js";

let place: CasePlace;
beforeEach(() => {
  place = new CasePlace();
});
afterEach(() => {
  place.dispose();
});

/** Mistakes as `CODE file:line:column message → hint`. */
const mistakes = ({ problems }: Workspace): string[] =>
  problems.map(
    ({ code, at: [first], message, hint }) => `${code} ${first?.file}:${first?.line}:${first?.column} ${message} → ${hint ?? ""}`,
  );
const names = ({ cases }: Workspace): string[] => (cases.get("p")?.cases ?? []).map((each) => each.name);

describe("cases", () => {
  test("stand in the pipeline, in files it names, and in the file beside it", async () => {
    place.write("pipelines/p.test.yaml", "- { name: beside, input: [] }\n");
    place.write("pipelines/more/b.yaml", "cases: [{ name: b, input: [] }]\n");
    place.write("pipelines/more/a.yaml", "[{ name: a, input: [] }]\n");
    const named = await place.loadInline("tests: more/*.yaml\n");
    expect([named.problems, names(named)]).toEqual([[], ["a", "b", "beside"]]);
    const list = await place.loadInline("tests: [more/b.yaml, more/a.yaml]\n");
    expect([list.problems, names(list)]).toEqual([[], ["b", "a", "beside"]]);
    const inline = await place.loadInline("tests:\n  - { name: inline, input: [] }\n");
    expect([inline.problems, names(inline)]).toEqual([[], ["inline", "beside"]]);
    const usual = await place.loadInline("tests: { usual: { 金额: 5 }, cases: [{ name: with usual, input: [{ 单号: A }] }] }\n");
    expect([usual.problems, names(usual)]).toEqual([[], ["with usual", "beside"]]);
    expect(usual.pipelines.map((pipeline) => pipeline.name)).toEqual(["p"]);
  });

  test("that have a mistake are told with file, line and column, and the others can be run", async () => {
    const found = await place.load(`usual: { 金颔: 1 }
cases:
  - name: unknown column of a row
    input: [{ 单号: A, 金颔: 1 }]
  - name: unknown column of a text
    input: |
      单号,科目一
      A,1
  - name: unknown key
    inptu: []
  - name: good
    input: []
  - name: good
    input: []
  - name: unknown values
    input: []
    expect:
      documents: [{ key: A, header: { dat: 2026-01-01 }, lines: [{ debit: "1,000.00", account: 1, fields: { tax: 1 } }, { amount: 1 }] }]
      plan: { A: creat }
      quarantine: [{ key: A, code: MAP_LOOKUP_MISING }]
  - name: neither
  - name: both
    nights: [{ input: [] }]
    expect: {}
  - { name: cells, input: "单号,行\\nA,1,2\\n" }
  - { name: quotes, input: 'a,"b' }
  - { name: file, input: { file: none.csv } }
  - { name: twice, input: "单号,单号\\nA,1\\n" }
`);
    expect(names(found)).toEqual(["good"]);
    expect(mistakes(found).map((each) => each.replaceAll("pipelines/p.test.yaml:", ""))).toEqual([
      "EXPR_UNKNOWN_NAME 1:10 the record has no field `金颔` → did you mean `金额`?",
      "EXPR_UNKNOWN_NAME 4:22 the record has no field `金颔` → did you mean `金额`?",
      "EXPR_UNKNOWN_NAME 7:10 the record has no field `科目一` → did you mean `科目`?",
      "CONFIG_UNKNOWN_KEY 10:5 unknown key `inptu` → did you mean `input`?",
      expect.stringMatching(/^CONFIG_DUPLICATE_NAME 11:11 two cases of `p` have the name `good`/),
      expect.stringMatching(/^CONFIG_WRONG_VALUE 19:18 unknown value `creat` for `A`; expected one of .*did you mean `create`\?$/),
      "CONFIG_UNKNOWN_KEY 18:39 a journal has no header value `dat` → did you mean `date`?",
      "CONFIG_UNKNOWN_KEY 18:109 a line of a journal has no value `tax` → ",
      expect.stringMatching(/^CONFIG_WRONG_VALUE 18:75 `debit` is `1,000.00`; expected an exact number such as `1234.50`/),
      expect.stringMatching(/^CONFIG_WRONG_VALUE 18:131 a line of a journal has no `amount`/),
      "CONFIG_WRONG_VALUE 20:36 there is no problem code `MAP_LOOKUP_MISING` → did you mean `MAP_LOOKUP_MISSING`?",
      expect.stringMatching(/^CONFIG_MISSING_KEY 21:5 the case delivers nothing/),
      "CONFIG_WRONG_VALUE 24:5 the case has `nights` and `expect` → put `expect` under the night it belongs to",
      expect.stringMatching(/^CONFIG_WRONG_VALUE 25:\d+ the row has 3 cells; the header has 2/),
      expect.stringMatching(/^CONFIG_WRONG_VALUE 26:\d+ the text cannot be split into cells: a quote is opened and never closed/),
      expect.stringMatching(/^CONFIG_MISSING_FILE 27:34 `file` names a file that does not exist: `none.csv`/),
      expect.stringMatching(/^CONFIG_DUPLICATE_NAME 28:\d+ the column `单号` stands twice in one row/),
    ]);
  });

  test("that cannot be found or read are told", async () => {
    expect(mistakes(await place.loadInline("tests: none/*.yaml\n"))).toEqual([
      expect.stringMatching(/^CONFIG_MISSING_FILE .*no file fits `none/),
    ]);
    expect(mistakes(await place.load("just text"))).toEqual([
      "CONFIG_WRONG_VALUE pipelines/p.test.yaml:1:1 the cases are no list and no mapping with `cases` → begin each case with `- name: …`",
    ]);
    expect(mistakes(await place.load("cases: 5"))).toEqual([
      expect.stringMatching(/^CONFIG_WRONG_VALUE .*`cases` is `5`; expected a list/),
    ]);
    expect(mistakes(await place.load("- 5"))).toEqual([expect.stringMatching(/^CONFIG_WRONG_VALUE .*expected a mapping/)]);
    expect(mistakes(await place.load("a: ["))).toEqual([expect.stringMatching(/^CONFIG_YAML /)]);
  });

  test("are no reason for a run to fail: a pipeline with wrong cases is still a pipeline", async () => {
    const found = await place.load("- { nmae: a }");
    expect(found.problems).not.toEqual([]);
    expect(found.pipelines.map((pipeline) => pipeline.name)).toEqual(["p"]);
  });
});
