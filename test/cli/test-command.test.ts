import { cpSync, existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { SaxesParser } from "saxes";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { renderCaseResult } from "../../src/cli/render/case.js";
import type { CaseResult } from "../../src/run/case-result.js";
import { CasePlace } from "../run/case-place.js";
import { emptyFolder, sync } from "./sync.js";

const root = fileURLToPath(new URL("../..", import.meta.url));

test("the cases beside the example pipeline hold", () => {
  const { code, out, err } = sync(join(root, "pipelines"), "test");
  expect([code, err]).toEqual([0, ""]);
  expect(out).toMatch(/^expense-to-gl {2}已审批报销单 → 总账凭证\n {2}passed {3}a normal claim/);
  expect(out.trimEnd().split("\n").at(-1)).toBe("14 passed, 0 failed");
});

describe("a project whose connection needs secrets that are not here", () => {
  let folder = "";
  const cases = "expense-to-gl.test.yaml";
  const write = (text: string): void => writeFileSync(join(folder, cases), text);
  const row = '{ 单据编号: BX1, 行号: 1, 支付日期: 2026-11-20, 报销人: 王小明, 金额: 12.50, 科目: "660101", 部门: "D01", 工号: "0042" }';

  beforeAll(() => {
    folder = emptyFolder();
    cpSync(join(root, "fixtures/connectors/kingdee/example"), folder, { recursive: true });
  });
  afterAll(() => {
    rmSync(folder, { recursive: true, force: true });
  });

  test("a pipeline without cases is said so", () => {
    expect(sync(folder, "test")).toMatchObject({ code: 0, err: "", out: expect.stringContaining("no cases: write some under `tests`") });
    expect(sync(folder, "test", "expense-to-bl")).toMatchObject({ code: 2, err: expect.stringContaining("did you mean `expense-to-gl`?") });
  });

  const failing = `cases:
  - name: wrong <account>
    input: [${row}]
    expect:
      documents:
        # As the accountant sees it.
        - key: BX1
          header: { date: 2026-11-20, currency: CNY, text: 报销 BX1 王小明, word: 记 }
          lines:
            - { debit: 12.50, account: "660199", text: 报销 BX1 王小明, dimensions: { 部门: D01 } } # travel
            - { credit: 12.50, account: "224101", text: 报销 BX1 王小明, partner: "0042" }
  - name: right
    input: [${row}]
    expect: { plan: { BX1: create } }
`;

  test("one that does not hold is shown line by line with its place; all others run, and nothing is opened or written", () => {
    write(failing);
    const before = readdirSync(folder);
    const { code, out, err } = sync(folder, "test", "expense-to-gl");
    expect([code, err]).toEqual([1, ""]);
    expect(out).toBe(`expense-to-gl  已审批报销单 → 总账凭证
  FAILED   wrong <account>
    at expense-to-gl.test.yaml:2:11
    document BX1, line 7
      - debit   660199  12.50  报销 BX1 王小明  [部门 D01]
      + debit   660101  12.50  报销 BX1 王小明  [部门 D01]
        credit  224101  12.50  报销 BX1 王小明  [partner 0042]
    - expected  + came out
  passed   right

1 passed, 1 failed
`);
    expect(readdirSync(folder)).toEqual(before);
    expect(readFileSync(join(folder, cases), "utf8")).toBe(failing);
  });

  test("programs and CI systems can read it", () => {
    write(failing);
    const { code, out } = sync(folder, "test", "--json", "--junit", "results.xml");
    expect(code).toBe(1);
    const result = JSON.parse(out);
    expect(result).toMatchObject({ passed: 1, failed: 1, updated: 0, problems: [] });
    expect(result.pipelines[0].cases[0]).toMatchObject({
      name: "wrong <account>",
      at: { file: cases, line: 2, column: 11 },
      result: "failed",
      nights: [{ plan: { BX1: ["create"] }, quarantine: [], differences: [{ about: "document BX1", at: { line: 7 } }] }],
    });
    const xml = readFileSync(join(folder, "results.xml"), "utf8");
    expect(xml).toContain('<testsuites name="sync test" tests="2" failures="1" errors="0">');
    expect(xml).toContain(`<testcase name="wrong &lt;account&gt;" classname="expense-to-gl" file="${cases}" line="2">`);
    expect(xml).toContain("      - debit   660199  12.50  报销 BX1 王小明  [部门 D01]\n");
    expect(xml).toContain(`<testcase name="right" classname="expense-to-gl" file="${cases}" line="12"/>`);
    expect(() => new SaxesParser().write(xml).close()).not.toThrow();
    rmSync(join(folder, "results.xml"));
  });

  test("what came out can be written into the file", () => {
    write(failing);
    const { code, out } = sync(folder, "test", "--update");
    expect([code, out.trimEnd().split("\n").at(-1)]).toEqual([
      0,
      "1 passed, 0 failed, 1 updated: read the difference before you commit it",
    ]);
    expect(readFileSync(join(folder, cases), "utf8")).toBe(failing.replace("660199", "660101"));
  });

  test("mistakes are told with their place, the other cases run, and the exit code is that of a wrong configuration", () => {
    write(`${failing.replace("660199", "660101")}  - name: misspelt\n    input: [{ 金颔: 1 }]\n`);
    const { code, out, err } = sync(folder, "test", "--junit", "results.xml");
    expect([code, out.trimEnd().split("\n").at(-1)]).toEqual([2, "2 passed, 0 failed"]);
    expect(err).toContain("error EXPR_UNKNOWN_NAME: the record has no field `金颔`\n  at expense-to-gl.test.yaml:16:15\n");
    expect(err).toContain("hint: did you mean `金额`?");
    expect(readFileSync(join(folder, "results.xml"), "utf8")).toContain('tests="3" failures="0" errors="1"');
    expect(existsSync(join(folder, "store.db"))).toBe(false);
  });
});

test("on a terminal differences are coloured, columns are straight, and no text steers it", async () => {
  const place = new CasePlace();
  const [result] = await place.run(`
  - name: "a \\e[2J case"
    input: [{ 单号: "A\\u202e", 金额: 1 }]
    expect: { documents: [{ key: B, header: { text: "\\e]0;x" } }] }
`);
  place.dispose();
  const text = renderCaseResult(result as CaseResult, true);
  expect(text).toContain("\u001b[31mFAILED \u001b[39m  a \ufffd[2J case");
  expect(text).toContain("\u001b[31m      - text  \ufffd]0;x\u001b[39m\n");
  expect(text).toContain("\u001b[32m      + text      报销 A\ufffd\u001b[39m\n");
  expect(text.replaceAll(/\u001b\[\d+m/g, "")).not.toMatch(/[\u001b\u202e]/);
});

test("the cases beside the pipelines between Hesi and Kingdee hold", () => {
  const { code, out, err } = sync(join(root, "pipelines/hesi-kingdee"), "test");
  expect([code, err, out.trimEnd().split("\n").at(-1)]).toEqual([0, "", "30 passed, 0 failed"]);
});
