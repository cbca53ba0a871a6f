import { readFileSync, statSync } from "node:fs";
import path from "node:path";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Column } from "../../src/connectors/contract.js";
import { connector } from "../../src/connectors/json/index.js";
import { JsonSourceOptions } from "../../src/connectors/json/options.js";
import { JsonFault, parseRecord } from "../../src/connectors/json/parse.js";
import { ItemScanner } from "../../src/connectors/json/scan.js";
import { ProblemError } from "../../src/model/problem.js";
import { sourceConformance } from "./conformance.js";
import { columnsOf, folderWith, outcomeOf, put } from "./csv-setup.js";
import { opener, reader } from "./file-setup.js";

const open = opener(connector, JsonSourceOptions);
const read = reader(connector, JsonSourceOptions, "a.json");
const readLines = reader(connector, JsonSourceOptions, "a.jsonl");

sourceConformance("json", () => {
  const record = (index: number) => ({ 单号: `BX-${index}`, 金额: index / 4, 收款: { 户名: "张三", 行号: null }, 标签: [1, { a: 2 }] });
  const records = Array.from({ length: 5000 }, (_, index) => record(index));
  const folder = folderWith({
    "1.jsonl": `${records.map((each) => JSON.stringify(each)).join("\n")}\n`,
    "2.json": JSON.stringify(records.slice(0, 3), null, 2),
    "3.json": '[{"x":1}]',
    "4.json": JSON.stringify(records),
  });
  return { folder, columns: columnsOf("金额", "单号", "收款.户名"), open: (context) => open(folder, {}, context) };
});

describe("values", () => {
  test.each<[string, unknown]>([
    ["123456789012345678901234567890", "123456789012345678901234567890"],
    ["0.1000000000000000055511151231257827", "0.1000000000000000055511151231257827"],
    ["1280.00", "1280.00"],
    ["-0.5", "-0.5"],
    ["1.5E+3", "1500"],
    ["25e-4", "0.0025"],
    ["1e999", "1e999"],
    ["true", true],
    ["false", false],
    ["null", null],
    ['""', null],
    ['" x "', "x"],
    ['"00042"', "00042"],
    ['"a\\u4e2d\\n\\"\\\\\\/b"', 'a中\n"\\/b'],
    ['"\\\\u4e2d"', "\\u4e2d"],
  ])("%s", async (written, value) => {
    expect((await read(`[{"a":${written},"b":1}]`, ["a"])).rows).toEqual([[value]]);
  });

  test("in objects within have dotted names; a column that is a list or an object makes its record malformed", async () => {
    const text = '[{"payee":{"name":"甲","bank":{"code":"001"}},"tags":["x"],"n":1},{"payee":{},"tags":null,"n":2}]';
    expect((await read(text, ["payee.name", "payee.bank.code", "n"])).rows).toEqual([
      ["甲", "001", "1"],
      [null, null, "2"],
    ]);
    const { rows, malformed } = await read(text, ["n", "tags"]);
    expect(rows).toEqual([["2", null]]);
    expect(malformed).toMatchObject([
      { line: 1, problem: { code: "RECORD_MALFORMED", message: "`tags` holds a list, expected text, a number, true or false" } },
    ]);
    expect((await read(text, ["payee"])).malformed[0]?.problem.message).toContain("`payee` holds an object");
  });

  test("that stand twice, or under two names of one column, are not chosen between", async () => {
    const columns: Column[] = [{ name: "a", aliases: ["b"], required: true }];
    const { rows, malformed } = await readLines('{"a":1}\n{"b":2}\n{"a":1,"b":2}\n{"a":1,"a":1}\n{"x":1,"x":2,"a":3}\n', columns);
    expect(rows).toEqual([["1"], ["2"], ["3"]]);
    expect(malformed.map(({ line, problem }) => `${line}: ${problem.message}`)).toEqual([
      "3: `a` and `b` are both called `a` here",
      "4: `a` stands twice in the record",
    ]);
  });

  test("are found with an object's name that is written with a point", async () => {
    expect((await read('[{"a.b":1}]', ["a.b"])).rows).toEqual([["1"]]);
    expect((await read('[{"a.b":1,"a":{"b":2}}]', ["a.b"])).malformed[0]?.problem.message).toBe("`a.b` stands twice in the record");
  });

  test("missing from every record mean that the column is missing", async () => {
    const { problems, complete } = await read('[{"单据号":1},{"单据号":2}]', ["单据编号"]);
    expect(complete).toEqual([]);
    expect(problems).toMatchObject([
      {
        code: "SOURCE_MISSING_COLUMN",
        message: "`a.json` has no column `单据编号`; its columns are `单据号`; the nearest to `单据编号` is `单据号`",
      },
    ]);
    expect((await read('[{"b":1},{"a":2}]', ["a"])).rows).toEqual([[null], ["2"]]);
    expect((await read("[]", ["a"])).complete).toEqual(["a.json"]);
  });
});

describe("one record on each line", () => {
  test("a bad line waits, and the others go on", async () => {
    const { rows, lines, malformed, complete } = await readLines('\ufeff{"a":1}\r\n\n{"a":\n[1]\n"x"\n{"a":2} x\n{"a":3}', ["a"]);
    expect([rows, lines, complete]).toEqual([[["1"], ["3"]], [1, 7], ["a.jsonl"]]);
    expect(malformed.map(({ line, text, problem }) => [line, text, problem.message])).toEqual([
      [3, '{"a":', "the line is not JSON: at column 6 it ends too early, expected a value"],
      [4, "[1]", "the record is no object"],
      [5, '"x"', "the record is no object"],
      [6, '{"a":2} x', "the line is not JSON: at column 9 found `x`, expected nothing more"],
    ]);
  });

  test("is known by the name of the file, packed or not, or by the options", async () => {
    const folder = folderWith({ "a.NDJSON": '{"a":1}\n', "b.log": '{"a":2}\n' });
    expect((await outcomeOf(open(folder, { files: "*.NDJSON" }), columnsOf("a"))).rows).toEqual([["1"]]);
    expect((await outcomeOf(open(folder, { files: "*.log", layout: "lines" }), columnsOf("a"))).rows).toEqual([["2"]]);
    const { problems } = await outcomeOf(open(folder, { files: "*.log" }), columnsOf("a"));
    expect(problems).toMatchObject([
      { code: "SOURCE_FORMAT", message: "`b.log` is not JSON that can be read: it is an object, expected a list of records" },
    ]);
    expect(problems[0]?.hint).toContain("layout: lines");
  });

  test("may be too long for a record", async () => {
    const { rows, malformed } = await readLines(`{"a":1}\n{"a":"${"x".repeat(17 * 1024 * 1024)}"}\n{"a":2}\n`, ["a"]);
    expect(rows).toEqual([["1"], ["2"]]);
    expect(malformed).toMatchObject([{ line: 2, problem: { message: "the line is longer than 16 MB" } }]);
  });

  test("can be left out by a pattern, and is counted", async () => {
    const given = { ignore: ['"type":"total"', { column: "a", matches: "^9$" }] };
    const { rows, events } = await readLines('{"a":1}\n{"type":"total"}\n{"a":9}\n', ["a"], given);
    expect(rows).toEqual([["1"]]);
    expect(events.at(-1)).toMatchObject({ leftOut: 2 });
  });
});

describe("a list at a path", () => {
  const nested = '{"code":0,"data":{"total":2,"items":[{"a":1},\n{"a":2}],"note":"]}{"},"x":[{"a":3}]}';

  test("is found in an object; its records are numbered by their place", async () => {
    const { rows, lines } = await read(nested, ["a"], { path: "$.data.items" });
    expect([rows, lines]).toEqual([
      [["1"], ["2"]],
      [1, 2],
    ]);
    expect((await read('{"a.b":{"c d":[{"a":1}]}}', ["a"], { path: '$["a.b"]["c d"]' })).rows).toEqual([["1"]]);
  });

  test.each<[string, string, string, { line: number; column: number }]>([
    ["$.data.item", nested, "it has no list at `$.data.item`; its names are `code`, `data`, `x`", { line: 2, column: 38 }],
    ["$.data", nested, "`data` is an object, expected a list of records", { line: 1, column: 18 }],
    ["$.code", nested, "`code` is a single value, expected a list of records", { line: 1, column: 9 }],
    ["$.a", '{"a":[],"a":[]}', "it has `a` twice", { line: 1, column: 13 }],
    ["$", nested, "it is an object, expected a list of records", { line: 1, column: 1 }],
    ["$", "", "it ends too early", { line: 1, column: 1 }],
    ["$", '[{"a":1},\n {"a":2}', "it ends too early", { line: 2, column: 9 }],
    ["$", '[{"a":1},\n {"a":}]', "found `}`, expected a value", { line: 2, column: 7 }],
    ["$", '[{"a":"x\ny"}]', "a text has a line break or control character in it", { line: 1, column: 9 }],
    ["$", '[{"a":1} {"a":2}]', "found `{`, expected `,` or `]`", { line: 1, column: 10 }],
    ["$", '[{"a":1},]', "found `]`, expected a value", { line: 1, column: 10 }],
    ["$", '[{"a":1}] x', "something follows after its end", { line: 1, column: 11 }],
    ["$", '[{"a":01}]', "found `1`, expected `,` or `}`", { line: 1, column: 8 }],
    ["$", '[{"a":"\\x"}]', "a text has an unknown escape in it", { line: 1, column: 8 }],
    ["$", "[NaN]", "found `N`, expected a value", { line: 1, column: 2 }],
    ["$", `[{"a":${"[".repeat(300)}${"]".repeat(300)}}]`, "it is nested more than 200 deep", { line: 1, column: 207 }],
    ["$.b", '{"a":1 "b":[]}', 'found `"`, expected `,` or `}`', { line: 1, column: 8 }],
    ["$.b", '{"a" 1}', "found `1`, expected `:`", { line: 1, column: 6 }],
    ["$.b", "{a:1}", "found `a`, expected a name in quotes", { line: 1, column: 2 }],
  ])("that is not there or broken abandons the file, with the place: %s %s", async (where, text, reason, at) => {
    const { problems, complete } = await read(text, ["a"], { path: where });
    expect(complete).toEqual([]);
    expect(problems).toMatchObject([{ code: "SOURCE_FORMAT", message: `\`a.json\` is not JSON that can be read: ${reason}`, at: [at] }]);
  });

  test("may hold what is no object; that waits", async () => {
    const { rows, malformed } = await read('[1,{"a":1},[{"a":2}],"x",null]', ["a"]);
    expect(rows).toEqual([["1"]]);
    expect(malformed.map(({ line, text }) => [line, text])).toEqual([
      [1, "1"],
      [3, '[{"a":2}]'],
      [4, '"x"'],
      [5, "null"],
    ]);
  });

  test("in GBK is read where it is declared, and refused where it is not", async () => {
    const gbk = Buffer.concat([Buffer.from('[{"a":"'), Buffer.from([0xd6, 0xd0]), Buffer.from('"}]')]);
    expect((await read(gbk, ["a"], { encoding: "gbk" })).rows).toEqual([["中"]]);
    expect((await read(gbk, ["a"])).problems).toMatchObject([{ code: "SOURCE_DECODE" }]);
  });

  test("contradicts lines", () => {
    expect(() => open("/", { layout: "lines", path: "$.a" })).toThrow(ProblemError);
  });
});

describe("files as systems write them", () => {
  const fixture = (name: string): Buffer => readFileSync(new URL(`../../fixtures/connectors/json/${name}`, import.meta.url));

  test("an answer of an API, saved", async () => {
    const columns = columnsOf("单据编号", "金额", "收款.户名", "收款.银行.联行号", "汇率");
    const { rows, problems, malformed } = await read(fixture("approved-claims.json"), columns, { path: "$.data.items" });
    expect([problems, malformed]).toEqual([[], []]);
    expect(rows).toEqual([
      ["BX-2026-0001", "1280.10", "上海甲公司", "001290000012", "0.1409000000000000000001"],
      ["BX-2026-0002", "-36.5", "王芳", null, null],
      ["BX-2026-0003", "100", '丁 & "戊"', null, null],
    ]);
  });

  test("a log of events", async () => {
    const { rows, malformed } = await readLines(fixture("events.jsonl"), ["id", "amount", "ok"]);
    expect(rows).toEqual([
      ["12345678901234567890", "1,280.00", true],
      ["3", "4.00", false],
    ]);
    expect(malformed).toMatchObject([{ line: 2, problem: { message: "the line is not JSON: at column 30 found `f`, expected a value" } }]);
  });
});

describe("any JSON", () => {
  const value = fc.letrec((tie) => ({
    any: fc.oneof(
      { maxDepth: 3 },
      fc.string(),
      fc.integer(),
      fc.boolean(),
      fc.constant(null),
      fc.array(tie("any"), { maxLength: 3 }),
      fc.dictionary(fc.string(), tie("any"), { maxKeys: 3 }),
    ),
  })).any;
  const record = fc.dictionary(fc.constantFrom("a", "b", "备注", "c d"), value, { maxKeys: 4 });

  test("is cut into the same items in pieces of any size", () => {
    fc.assert(
      fc.property(
        fc.array(record, { maxLength: 6 }),
        record,
        fc.constantFrom(undefined, 1),
        fc.integer({ min: 1, max: 20 }),
        (items, other, indent, size) => {
          const text = JSON.stringify({ before: other, items, after: [other, items] }, null, indent);
          const scanner = new ItemScanner(["items"]);
          const found: unknown[] = [];
          for (let at = 0; at <= text.length; at += size) {
            scanner.push(text.slice(at, at + size), at + size > text.length);
            for (let item = scanner.next(); item !== null; item = scanner.next()) found.push(JSON.parse(item.text));
          }
          expect(found).toEqual(JSON.parse(JSON.stringify(items)));
        },
      ),
      { numRuns: 500 },
    );
  });

  test("is accepted exactly where JSON.parse accepts it, and has the same text", () => {
    fc.assert(
      fc.property(
        record,
        fc.nat(),
        fc.constantFrom("", '"', "\\", ",", "}", "1", "\n", "e", ":"),
        fc.boolean(),
        (given, place, put, cuts) => {
          const whole = JSON.stringify(given);
          const at = place % (whole.length + 1);
          const text = whole.slice(0, at) + put + whole.slice(cuts ? at + 1 : at);
          let wanted: unknown;
          try {
            wanted = JSON.parse(text);
          } catch {
            expect(() => parseRecord(text, false)).toThrow(JsonFault);
            return;
          }
          const fields = parseRecord(text, false);
          if (typeof wanted !== "object" || wanted === null || Array.isArray(wanted)) expect(fields).toBeNull();
          else
            for (const [name, each] of Object.entries(wanted))
              if (typeof each === "string" && each !== "" && name.trim() === name && typeof fields?.get(name) === "string")
                expect(fields.get(name)).toBe(each);
        },
      ),
      { numRuns: 3000 },
    );
  });

  test("is read in flat memory", async () => {
    const folder = folderWith({});
    const item = `{"单号":"BX-1","金额":1234.56,"说明":"${"出租车费".repeat(20)}"}`;
    put(folder, "a.json", `{"data":[${Array.from({ length: 200_000 }, () => item).join(",")}]}`);
    expect(statSync(path.join(folder, "a.json")).size).toBeGreaterThan(50_000_000);
    const before = process.memoryUsage().rss;
    let most = 0;
    let count = 0;
    for await (const event of open(folder, { path: "$.data" }).read({ columns: columnsOf("单号"), since: null, wasRead: () => false })) {
      if (event.kind !== "records") continue;
      count += event.records.length;
      most = Math.max(most, process.memoryUsage().rss);
    }
    expect(count).toBe(200_000);
    expect(most - before).toBeLessThan(200_000_000);
  });
});
