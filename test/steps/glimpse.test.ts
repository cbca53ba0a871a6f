import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { recordGlimpse } from "../../src/steps/glimpse.js";
import { type Cell, recordCheck } from "../../src/steps/validate.js";
import { aPipeline, cells } from "./pipeline.js";

const DOCUMENT = `  type: journal
  key: \${单号}
  header: { date: "2026-11-20", currency: CNY, text: "报销" }
  lines:
    - { debit: "\${金额}", account: "6601" }
    - { each: document, credit: "\${sum(金额)}", account: "2241" }`;
const KEY_BY_LOOKUP = DOCUMENT.replace("key: ${单号}", "key: \"${科目[类型 ?? '差旅'].科目}\"");
const SOURCE = "key: [单号, 行]\n  cursor: { field: 更新 }";
const WITH = { timeZone: "Asia/Shanghai", program: "1" };
const ORIGIN = { unit: "a.csv", line: 2 };
const RECORD = cells({ 单号: "A", 行: "1", 状态: "好", 金额: "1.50", 日期: "2026-11-20", 更新: "2026-11-20 10:00:00" });

describe("what can be told of a record without reading it", () => {
  test("is what reading it tells, whatever is in its cells", async () => {
    const pipeline = await aPipeline({ document: DOCUMENT, source: SOURCE });
    const glimpse = recordGlimpse(pipeline, WITH);
    const check = recordCheck(pipeline, WITH.timeZone);
    const cell: fc.Arbitrary<Cell> = fc.oneof(
      fc.constantFrom("", null, true, false, "1", "true", "2026-11-20", "2026-11-20 10:00:00", "\u001f", "a\u001fb", "好", "x\ufeff"),
      fc.string({ maxLength: 3 }),
    );
    let told = 0;
    fc.assert(
      fc.property(fc.array(cell, { minLength: RECORD.length, maxLength: RECORD.length }), (record) => {
        const checked = check(record, ORIGIN);
        const glimpsed = glimpse(record, ORIGIN);
        if (glimpsed === null) return;
        told += 1;
        expect({ key: glimpsed.key, cursor: glimpsed.cursor }).toEqual({ key: checked.key, cursor: checked.cursor });
      }),
      { numRuns: 2_000, seed: 20261127 },
    );
    expect(told).toBeGreaterThan(100);
  });

  test("differs where a cell differs, and only there", async () => {
    const glimpse = recordGlimpse(await aPipeline({ document: DOCUMENT, source: "" }), WITH);
    const cell: fc.Arbitrary<Cell> = fc.constantFrom("", null, true, false, "true", "false", "0", "1", "10", "\u001f");
    const record = fc.array(cell, { minLength: 11, maxLength: 11 });
    const plain = (each: readonly Cell[]): readonly Cell[] => each.map((one) => (one === "" ? null : one));
    fc.assert(
      fc.property(record, record, fc.integer({ min: 0, max: 11 }), (left, other, common) => {
        const right = [...left.slice(0, common), ...other.slice(common)];
        const [a, b] = [glimpse(left, ORIGIN), glimpse(right, ORIGIN)];
        if (a === null || b === null) return;
        expect(a.cells === b.cells).toBe(JSON.stringify(plain(left)) === JSON.stringify(plain(right)));
      }),
      { numRuns: 2_000, seed: 20261127 },
    );
  });

  test("differs where the same cells may be read in another way", async () => {
    const plain = await aPipeline({ document: DOCUMENT, source: SOURCE });
    const of = (pipeline: typeof plain, options = WITH): string | undefined => recordGlimpse(pipeline, options)(RECORD, ORIGIN)?.cells;
    const first = of(plain);
    expect(first).toMatch(/^[\w+/]{28}$/);
    expect(of(await aPipeline({ document: DOCUMENT.replace("报销", "费用"), source: SOURCE }))).toBe(first);
    const others = [
      of(plain, { ...WITH, program: "2" }),
      of(plain, { ...WITH, timeZone: "Europe/Berlin" }),
      of(await aPipeline({ document: DOCUMENT.replace("key: ${单号}", 'key: "${单号}-${行}"'), source: SOURCE })),
      of(await aPipeline({ document: DOCUMENT, source: `${SOURCE}\n  dates: yyyy年M月d日` })),
      of(await aPipeline({ document: KEY_BY_LOOKUP, source: SOURCE })),
      of(await aPipeline({ document: KEY_BY_LOOKUP, source: SOURCE, accounts: "类型,科目\n差旅,6603\n" })),
    ];
    expect(new Set([first, ...others]).size).toBe(1 + others.length);
  });

  test("is nothing where a key or the cursor cannot be read", async () => {
    const glimpse = recordGlimpse(await aPipeline({ document: DOCUMENT, source: SOURCE }), WITH);
    const but = (change: Readonly<Record<string, string>>): unknown =>
      glimpse(cells({ 单号: "A", 行: "1", 状态: "好", 金额: "1", ...change }), ORIGIN)?.cursor;
    expect(but({})).toBe(null);
    expect(but({ 单号: "" })).toBe(undefined);
    expect(but({ 更新: "gestern" })).toBe(undefined);
    expect(but({ 更新: "2026-11-20 10:00:00" })).toBe("2026-11-20T02:00:00.000Z");
  });
});
