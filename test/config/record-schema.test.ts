import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { RecordSchema } from "../../src/config/pipeline.js";
import { readRecordSchema } from "../../src/config/record-schema.js";
import { Decimal } from "../../src/model/decimal.js";
import type { Problem } from "../../src/model/problem.js";
import { aFolder, told } from "./project-folder.js";

function readText(text: string): { schema: RecordSchema | null; problems: readonly Problem[] } {
  const folder = aFolder({ "record.schema.json": text });
  const problems: Problem[] = [];
  const schema = readRecordSchema(`${folder}/record.schema.json`, folder, problems);
  return { schema, problems };
}

function aSchema(properties: object, rest: object = {}): RecordSchema {
  const { schema, problems } = readText(JSON.stringify({ type: "object", properties, ...rest }));
  expect(told(problems)).toEqual([]);
  if (schema === null) throw new Error("no schema");
  return schema;
}

const faults = (schema: RecordSchema, record: object): string[] => schema.validate({ ...record }).map((fault) => fault.message);

describe("a record schema", () => {
  it("gives fields in the order of the properties", () => {
    const schema = aSchema(
      {
        编号: { type: "string" },
        10: { type: "integer" },
        日期: { type: "string", format: "date" },
        时间: { type: ["string", "null"], format: "date-time" },
        金额: { type: "string", format: "decimal", "x-places": 2 },
        税额: { type: "number" },
        有效: { type: "boolean" },
        姓名: { $ref: "#/$defs/name" },
        类别: { enum: ["a", "b", null] },
      },
      { required: ["编号", "时间", "金额", "类别"], $defs: { name: { type: "string", "x-personal": true } } },
    );
    expect(
      schema.fields.map((field) => `${field.name} ${field.type}${field.nullable ? "?" : ""}${field.personal ? " personal" : ""}`),
    ).toEqual(
      [
        "10 number?",
        "编号 text",
        "日期 date?",
        "时间 datetime?",
        "金额 number",
        "税额 number?",
        "有效 boolean?",
        "姓名 text? personal",
        "类别 text?",
      ].sort((a, b) => (a.startsWith("10") ? -1 : b.startsWith("10") ? 1 : 0)),
    );
  });

  it("knows when types alone say everything", () => {
    expect(
      aSchema({ a: { type: "string", description: "x", "x-personal": true }, b: { type: "number" } }, { required: ["a"] }).constrains,
    ).toBe(false);
    expect(aSchema({ a: { type: "string", format: "date" } }, { title: "t", additionalProperties: false }).constrains).toBe(false);
    expect(aSchema({ a: { type: "string", minLength: 1 } }).constrains).toBe(true);
    expect(aSchema({ a: { type: "integer" } }).constrains).toBe(true);
    expect(aSchema({ a: { type: "number", "x-places": 2 } }).constrains).toBe(true);
    expect(aSchema({ a: { type: "string", format: "email" } }).constrains).toBe(true);
    expect(aSchema({ a: { type: "string" } }, { allOf: [{ required: ["a"] }] }).constrains).toBe(true);
  });

  it("says what was found and what was expected", () => {
    const schema = aSchema(
      {
        类型: { enum: ["出租车", "火车", "飞机", "住宿", "餐饮", "其他"] },
        编号: { type: "string", pattern: "^BX-\\d+$" },
        备注: { type: "string", minLength: 2, maxLength: 4 },
        姓名: { type: "string", pattern: "^[^0-9]+$", "x-personal": true },
        邮箱: { type: "string", format: "email" },
        金额: { type: "number", minimum: 0.01, "x-places": 2 },
        数量: { type: "integer", exclusiveMaximum: 10, multipleOf: 3 },
        税率: { type: "number", enum: [0, 0.06, 0.13] },
        有效: { const: true },
      },
      { required: ["编号"], dependentRequired: { 税率: ["金额"] } },
    );
    expect(faults(schema, { 编号: "BX-1", 金额: "0.01", 数量: "9", 税率: "0.060", 有效: true, 备注: "一二" })).toEqual([]);
    expect(
      faults(schema, { 类型: "出粗车", 备注: "一二三四五", 姓名: "王1", 邮箱: "x", 金额: "0.005", 数量: "12", 税率: "0.05", 有效: false }),
    ).toEqual([
      "`编号` is empty; expected a value",
      "`类型` is `出粗车`; expected one of `出租车`, `火车`, `飞机`, `住宿`, `餐饮` and 1 more; did you mean `出租车`?",
      "`备注` is `一二三四五`; expected at most 4 characters",
      "`姓名` has a value that cannot be used; expected text that fits the pattern `^[^0-9]+$`",
      "`邮箱` is `x`; expected the form `email`",
      "`金额` is `0.005`; expected at most 2 decimal places",
      "`数量` is `12`; expected less than `10`",
      "`税率` is `0.05`; expected one of `0`, `0.06`, `0.13`",
      "`有效` is `false`; expected `true`",
    ]);
    expect(faults(schema, { 编号: "BX-1", 税率: "0" })).toEqual(["`金额` is empty; expected a value, because `税率` has one"]);
    expect(schema.validate({ 编号: "x" })).toEqual([
      { field: "编号", message: "`编号` is `x`; expected text that fits the pattern `^BX-\\d+$`" },
    ]);
  });

  it("checks conditions across fields, with numbers and empty values", () => {
    const schema = aSchema(
      { 类型: { type: "string" }, 税额: { type: ["number", "null"] }, 税号: { type: ["string", "null"] } },
      {
        required: ["类型", "税额"],
        if: { properties: { 税额: { exclusiveMinimum: 0 } }, required: ["税额"] },
        // biome-ignore lint/suspicious/noThenProperty: a keyword of JSON Schema
        then: { required: ["税号"] },
        anyOf: [{ properties: { 类型: { const: "专票" } } }, { properties: { 税额: { maximum: 0 } } }],
      },
    );
    expect(faults(schema, { 类型: "普票" })).toEqual([]);
    expect(faults(schema, { 类型: "专票", 税额: "6.00", 税号: "91" })).toEqual([]);
    expect(faults(schema, { 类型: "专票", 税额: "6.00" })).toEqual(["`税号` is empty; expected a value"]);
    expect(faults(schema, { 类型: "普票", 税额: "6.00", 税号: "91" })).toEqual([
      "the record fits none of the alternatives in `anyOf` of its schema",
    ]);
  });

  it("compares numbers exactly where a binary float would not", () => {
    const schema = aSchema({ 金额: { type: "number", maximum: 0.3, multipleOf: 0.1 } });
    expect(faults(schema, { 金额: "0.3" })).toEqual([]);
    expect(faults(schema, { 金额: "0.30000000000000001" })).toHaveLength(1);
    const large = readText('{"type":"object","properties":{"a":{"type":"number","maximum":9007199254740993}}}').schema;
    expect(large === null ? [] : faults(large, { a: "9007199254740993" })).toEqual([]);
    expect(large === null ? [] : faults(large, { a: "9007199254740994" })).toHaveLength(1);
    const decimals = fc.tuple(fc.bigInt({ min: -(10n ** 20n), max: 10n ** 20n }), fc.nat(12)).map(([c, s]) => new Decimal(c, s));
    fc.assert(
      fc.property(decimals, decimals, (limit, value) => {
        const { schema: one } = readText(`{"type":"object","properties":{"a":{"type":"number","minimum":${limit.toString()}}}}`);
        expect(one?.validate({ a: value.toCanonical() }).length).toBe(value.compare(limit) < 0 ? 1 : 0);
      }),
      { numRuns: 30 },
    );
  });

  it("cannot be hung by a pattern", () => {
    const schema = aSchema({ 编号: { type: "string", pattern: "^(a+)+$" }, 代码: { type: "string", pattern: "^(\\d+,?)*x$" } });
    const started = Date.now();
    expect(faults(schema, { 编号: `${"a".repeat(5000)}!`, 代码: "1".repeat(5000) })).toHaveLength(2);
    expect(Date.now() - started).toBeLessThan(2000);
    expect(faults(schema, { 编号: "aaa", 代码: "1,2,x" })).toEqual([]);
  });

  it.each([
    ['{"type":"array"}', "CONFIG_SCHEMA record.schema.json:1:9 a record is an object; found `array`"],
    ['{"type":"object"}', "CONFIG_SCHEMA record.schema.json:1:2 a record schema needs `properties`, one for each field"],
    [
      '{"properties":{"a":{"type":"strng"}}}',
      "CONFIG_SCHEMA record.schema.json:1:28 `a` is of type `strng`; expected `string`, `number`, `integer` or `boolean`",
    ],
    [
      '{"properties":{"a":{}}}',
      "CONFIG_SCHEMA record.schema.json:1:16 `a` has no type; expected one of `string`, `number`, `integer`, `boolean`, with `null` beside it where it may be empty",
    ],
    [
      '{"properties":{"a":{"type":["string","number"]}}}',
      "CONFIG_SCHEMA record.schema.json:1:21 `a` has the types `string`, `number`; expected",
    ],
    ['{"properties":{"a":{"$ref":"#/$defs/x"}}}', "CONFIG_SCHEMA record.schema.json:1:16 the schema of `a` cannot be followed"],
    ['{"properties":{"a":{"$ref":"#/properties/a"}}}', "CONFIG_SCHEMA record.schema.json:1:16 the schema of `a` cannot be followed"],
    [
      '{"properties":{"a":{"type":"string","format":"dat"}}}',
      "CONFIG_SCHEMA record.schema.json:1:46 unknown format `dat`; expected one of",
    ],
    ['{"properties":{"a":{"type":"string","pattern":"("}}}', "CONFIG_SCHEMA record.schema.json:1:47 pattern `(` cannot be used"],
    [
      '{"properties":{"a":{"type":"string","minimum":1}}}',
      "CONFIG_SCHEMA record.schema.json:1:47 `minimum` is a rule for numbers, and `a` is text",
    ],
    [
      '{"properties":{"a":{"type":"number","pattern":"1"}}}',
      "CONFIG_SCHEMA record.schema.json:1:47 `pattern` is a rule for text, and `a` is a number",
    ],
    [
      '{"properties":{"a":{"type":"string","maxLength":"9"}}}',
      "CONFIG_SCHEMA record.schema.json:1:49 `maxLength` takes a whole number that is not negative",
    ],
    ['{"properties":{"a":{"type":"number","multipleOf":0}}}', "CONFIG_SCHEMA record.schema.json:1:50 `multipleOf` must be more than zero"],
    [
      '{"properties":{"ab":{"type":"string"}},"required":["ac"]}',
      "CONFIG_SCHEMA record.schema.json:1:52 `required` names `ac`, which is not in `properties`",
    ],
    [
      '{"properties":{"a":{"type":"string"},"a":{"type":"number"}}}',
      "CONFIG_DUPLICATE_KEY record.schema.json:1:38 `a` stands twice in one mapping, first on line 1",
    ],
    ['{"properties":{"a":{"type":"string"}', "CONFIG_SCHEMA record.schema.json:1:"],
    ['{"properties":{"a":{"type":"string"}},"oneOf":{}}', "CONFIG_SCHEMA record.schema.json:1:39 `oneOf` takes a list of schemas"],
  ])("is refused with its place: %s", (text, message) => {
    const { schema, problems } = readText(text);
    expect(schema).toBeNull();
    expect(problems).toHaveLength(1);
    expect(told(problems)[0]).toContain(message);
  });

  it("may be indented with tabs, as editors write JSON", () => {
    expect(
      readText('{\n\t"type": "object",\n\t"properties": {\n\t\t"a": {\n\t\t\t"type": "string"\n\t\t}\n\t}\n}\n').schema?.fields,
    ).toHaveLength(1);
  });
});
