import { createHash } from "node:crypto";
import { appendFileSync, mkdirSync, readFileSync, rmSync, statSync, utimesSync, writeFileSync } from "node:fs";
import path from "node:path";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { stringify } from "csv-stringify/sync";
import fc from "fast-check";
import iconv from "iconv-lite";
import { describe, expect, test } from "vitest";
import type { Column, SourceEvent } from "../../src/connectors/contract.js";
import { findHeader } from "../../src/connectors/csv/header.js";
import { settingsOf } from "../../src/connectors/csv/options.js";
import { RowReader } from "../../src/connectors/csv/rows.js";
import { openCsvSource } from "../../src/connectors/csv/source.js";
import { matchColumns } from "../../src/connectors/files/columns.js";
import { ProblemError } from "../../src/model/problem.js";
import { sourceConformance } from "./conformance.js";
import { columnsOf, contextIn, folderWith, type Given, makeFolder, optionsOf, outcomeOf, put, readText } from "./csv-setup.js";

const fixtures = new URL("../../fixtures/connectors/csv/", import.meta.url).pathname;
const fixture = (name: string): Buffer => readFileSync(path.join(decodeURIComponent(fixtures), name));

const open = (folder: string, given: Given = {}, context = contextIn(folder)) => openCsvSource({}, optionsOf(given), context);

sourceConformance("csv", () => {
  const rows = Array.from({ length: 5000 }, (_, index) => `BX-${index},${index}.50,"张三\n李四",`).join("\n");
  const folder = folderWith({
    "报销-1.csv": iconv.encode(`单据编号,金额,报销人,备注\n${rows}\n`, "gb18030"),
    "报销-2.csv": "报销人,备注,单据编号,金额\n王五,,BX-1,3.00\n坏行\n",
    "报销-3.csv": "没有这些列\n1\n",
    "报销-10.csv": `单据编号,金额,报销人,备注\n${rows}\n`,
  });
  return { folder, columns: columnsOf("金额", "单据编号", "报销人"), open: (context) => openCsvSource({}, optionsOf({}), context) };
});

describe("files", () => {
  const two = columnsOf("a", "b");

  test("come in the order people number them, from several patterns, each once", async () => {
    const folder = folderWith({ "报销-10月.csv": "a\n10\n", "报销-9月.csv": "a\n9\n", "x.CSV": "a\n1\n", "报销-9月-2.csv": "a\n92\n" });
    await makeFolder(path.join(folder, "旧"));
    put(folder, "旧/报销-1月.csv", "a\n1\n");
    const { complete, rows } = await outcomeOf(open(folder, { files: ["报销-*.csv", "**/*.csv"] }), columnsOf("a"));
    expect(complete).toEqual(["报销-9月-2.csv", "报销-9月.csv", "报销-10月.csv", "旧/报销-1月.csv"]);
    expect(rows).toEqual([["92"], ["9"], ["10"], ["1"]]);
  });

  test("are hidden, left out or named exactly", async () => {
    const folder = folderWith({ ".隐藏.csv": "a\n1\n", "草稿-1.csv": "a\n2\n", "明细(1).csv": "a\n3\n", "明细1.csv": "a\n4\n" });
    expect((await outcomeOf(open(folder, { files: ["*.csv", "!草稿-*.csv"] }), columnsOf("a"))).complete).toEqual([
      "明细1.csv",
      "明细(1).csv",
    ]);
    expect((await outcomeOf(open(folder, { files: "明细(1).csv" }), columnsOf("a"))).complete).toEqual(["明细(1).csv"]);
  });

  test("start at the connection's folder, and may lie beside it", async () => {
    const folder = folderWith({ "a.csv": "a\n1\n" });
    await makeFolder(path.join(folder, "流程"));
    const options = optionsOf({ files: "../*.csv" });
    const source = openCsvSource({ folder: path.join(folder, "流程") }, options, contextIn("/nowhere"));
    expect((await outcomeOf(source, columnsOf("a"))).complete).toEqual(["../a.csv"]);
  });

  test("that are none give a notice, and no folder is an error", async () => {
    const folder = folderWith({});
    const { problems } = await outcomeOf(open(folder, { files: "报销-*.csv" }), two);
    expect(problems).toMatchObject([{ code: "SOURCE_NO_FILES", message: `no file matches \`报销-*.csv\` in \`${folder}\`` }]);
    await expect(outcomeOf(open(path.join(folder, "没有")), two)).rejects.toThrow(/SOURCE_UNREADABLE: the folder .* does not exist/);
  });

  test("carry the SHA-256 of their bytes, and are skipped where they were read before", async () => {
    const folder = folderWith({ "a.csv": "a\n1\n", "b.csv": "a\n2\n" });
    const asked: [string, string][] = [];
    const { events } = await outcomeOf(open(folder), columnsOf("a"), (unit, fingerprint) => {
      asked.push([unit, fingerprint]);
      return unit === "a.csv";
    });
    const hashes = ["a\n1\n", "a\n2\n"].map((text) => createHash("sha256").update(text).digest("hex"));
    expect(asked).toEqual([
      ["a.csv", hashes[0]],
      ["b.csv", hashes[1]],
    ]);
    expect(events.map((event) => event.kind)).toEqual(["known", "records", "complete"]);
    expect(events.at(-1)).toEqual({ kind: "complete", unit: "b.csv", fingerprint: hashes[1], leftOut: 0 });
  });

  test("that cannot be read are abandoned, and the others go on", async () => {
    const folder = folderWith({ "a.csv": "a\n1\n", "b.csv": "a\n2\n", "c.csv": "a\n3\n" });
    const { problems, complete } = await outcomeOf(open(folder), columnsOf("a"), (unit) => {
      if (unit !== "a.csv") return false;
      rmSync(path.join(folder, "b.csv"));
      mkdirSync(path.join(folder, "b.csv"));
      utimesSync(path.join(folder, "b.csv"), 0, 0);
      return false;
    });
    expect(problems).toMatchObject([{ code: "SOURCE_UNREADABLE", message: "`b.csv` cannot be read: EISDIR" }]);
    expect(complete).toEqual(["a.csv", "c.csv"]);
  });
});

describe("a file that is being written", () => {
  const young = (folder: string) => {
    const when = new Date("2026-06-29T23:59:59.500Z");
    utimesSync(path.join(folder, "a.csv"), when, when);
  };

  test("is waited for, for the rest of the time only", async () => {
    const folder = folderWith({ "a.csv": "a\n1\n" });
    young(folder);
    const slept: number[] = [];
    const context = contextIn(folder, { sleep: async (ms) => void slept.push(ms) });
    expect((await outcomeOf(open(folder, {}, context), columnsOf("a"))).complete).toEqual(["a.csv"]);
    expect(slept).toEqual([1500]);
    slept.length = 0;
    expect((await outcomeOf(open(folder, { settle: "0" }, context), columnsOf("a"))).complete).toEqual(["a.csv"]);
    expect(slept).toEqual([]);
  });

  test("is left for the next run when it grew meanwhile", async () => {
    const folder = folderWith({ "a.csv": "a\n1\n", "b.csv": "a\n2\n" });
    young(folder);
    const context = contextIn(folder, { sleep: async () => appendFileSync(path.join(folder, "a.csv"), "2\n") });
    const { problems, complete, rows } = await outcomeOf(open(folder, {}, context), columnsOf("a"));
    expect(problems).toMatchObject([{ code: "SOURCE_FILE_GROWING", at: [{ file: "a.csv" }] }]);
    expect([complete, rows]).toEqual([["b.csv"], [["2"]]]);
  });

  const rows = Array.from({ length: 9000 }, (_, index) => `${index}`).join("\n");
  test.each<[string, (file: string) => void]>([
    ["grows", (file) => appendFileSync(file, "more\n")],
    ["is removed", (file) => rmSync(file)],
    ["is rewritten in the same size", (file) => writeFileSync(file, readFileSync(file))],
    ["shrinks", (file) => writeFileSync(file, "a\n")],
  ])("is abandoned when it %s while it is read", async (_, change) => {
    const folder = folderWith({ "a.csv": `a\n${rows}\n`, "b.csv": "a\nlast\n" });
    const events: SourceEvent[] = [];
    for await (const event of open(folder).read({ columns: columnsOf("a"), since: null, wasRead: () => false })) {
      if (event.kind === "records" && events.length === 0) change(path.join(folder, "a.csv"));
      events.push(event);
    }
    const last = events.filter((event) => event.kind === "abandoned" || event.kind === "complete");
    expect(last).toMatchObject([
      { kind: "abandoned", unit: "a.csv", problem: { code: "SOURCE_FILE_CHANGED" } },
      { kind: "complete", unit: "b.csv" },
    ]);
    expect(JSON.stringify(events)).not.toContain("more");
  });

  test("is abandoned when it is gone before it is read", async () => {
    const folder = folderWith({ "a.csv": "a\n1\n", "b.csv": "a\n2\n" });
    const { problems, complete } = await outcomeOf(open(folder), columnsOf("a"), (unit) => {
      if (unit === "a.csv") rmSync(path.join(folder, "b.csv"));
      return false;
    });
    expect(complete).toEqual(["a.csv"]);
    expect(problems).toMatchObject([{ code: "SOURCE_FILE_CHANGED", at: [{ file: "b.csv" }] }]);
  });
});

describe("the header", () => {
  test("gives columns in any order, by name or alias, trimmed; an optional one may be absent", async () => {
    const columns: Column[] = [
      { name: "金额", aliases: ["金额（元）"], required: true },
      { name: "备注", aliases: [], required: false },
      { name: "单号", aliases: [], required: true },
    ];
    const { rows, lines, complete } = await readText("\ufeff单号\u3000, 其他\u00a0,金额（元）\t,\n0042,x,1.50,\n", columns);
    expect(rows).toEqual([["1.50", null, "0042"]]);
    expect([lines, complete]).toEqual([[2], ["a.csv"]]);
  });

  test("is found below a preamble by the columns it contains", async () => {
    const columns: Column[] = [
      { name: "交易时间", aliases: [], required: true },
      { name: "金额", aliases: ["金额（元）"], required: true },
      { name: "交易流水号", aliases: [], required: true },
      { name: "备注", aliases: [], required: true },
    ];
    const given: Given = { header: { contains: ["交易时间", "金额"] }, ignore: [{ column: "交易时间", matches: "^合计$" }] };
    const { rows, lines, malformed } = await readText(fixture("银行流水-gbk.csv"), columns, given);
    expect(rows).toEqual([
      ["2026-01-05 10:21:33", "1,280.00", "20260105000001", "住宿费"],
      ["2026-01-06 09:00:01", "36.50", "20260106000002", null],
      ["2026-01-09 18:40:12", "500.00", "20260109000003", "退款\r\n（多付）"],
    ]);
    expect([lines, malformed]).toEqual([[7, 8, 9], []]);
  });

  test("is found below a preamble with a stray quote in it", async () => {
    const file = '"注：以下金额\n说明,"单位,元\n单号,金额\n1,2\n"完",x\n';
    const { rows, lines } = await readText(file, columnsOf("单号", "金额"), { header: { contains: ["单号", "金额"] } });
    expect([rows, lines]).toEqual([
      [
        ["1", "2"],
        ["完", "x"],
      ],
      [4, 5],
    ]);
  });

  test("comes after the lines that are skipped", async () => {
    const { rows, lines } = await readText('标题 "x\n\n\n单号\n1\n', columnsOf("单号"), { skip_lines: 1 });
    expect([rows, lines]).toEqual([[["1"]], [5]]);
  });

  test("may be absent, with the columns named in order", async () => {
    const given: Given = { files: "*.tsv", encoding: "utf-16", delimiter: "tab", header: "none", columns_in_order: ["城市", "金额"] };
    const folder = folderWith({ "a.tsv": fixture("headerless-utf16.tsv"), "b.tsv": "" });
    const { rows, lines, complete } = await outcomeOf(open(folder, given), columnsOf("金额", "城市"));
    expect(rows).toEqual([
      ["1.00", "上海"],
      ["2.00", "北京"],
    ]);
    expect([lines, complete]).toEqual([
      [1, 2],
      ["a.tsv", "b.tsv"],
    ]);
  });

  test.each([
    ["", /^`a.csv` is empty/],
    ["\n\n ,\n", /^the header of `a.csv` cannot be split into columns: `,`/],
    ['单号,"金额\n1,2\n', /cannot be split into columns: `单号,"金额`/],
  ])("is missing in %j", async (content, message) => {
    const { problems, complete } = await readText(content, columnsOf("单号"));
    expect(problems).toMatchObject([{ code: "SOURCE_NO_HEADER" }]);
    expect(problems[0]?.message).toMatch(message);
    expect(complete).toEqual([]);
  });

  test("is not looked for without end", async () => {
    const given: Given = { header: { contains: ["单号", "金额"] } };
    const preamble = (lines: number) => `${"说明\n".repeat(lines)}单号,金额\n1,2\n`;
    expect((await readText(preamble(199), columnsOf("单号"), given)).lines).toEqual([201]);
    const { problems } = await readText(preamble(200), columnsOf("单号"), given);
    expect(problems).toMatchObject([
      {
        code: "SOURCE_NO_HEADER",
        message: "no header row in `a.csv`: none of the first 200 lines contains `单号`, `金额`; the first line is `说明`",
        at: [{ file: "a.csv", line: 1 }],
      },
    ]);
  });

  test("with a required column missing abandons the file and names the nearest", async () => {
    const { problems } = await readText("单据编号,价税合计金额,日期\n1,2,3\n", columnsOf("单据编号", "价税合计"));
    expect(problems).toMatchObject([
      {
        code: "SOURCE_MISSING_COLUMN",
        message:
          "`a.csv` has no column `价税合计`; its columns are `单据编号`, `价税合计金额`, `日期`; the nearest to `价税合计` is `价税合计金额`",
        hint: "if a column has another name here, add it under `source.columns`: `价税合计: [价税合计金额]`",
      },
    ]);
  });

  test("with two columns of one name is refused, asked for or not", async () => {
    const { problems } = await readText("单号,备注, 备注,\n1,2,3,4\n", columnsOf("单号"));
    expect(problems).toMatchObject([{ code: "SOURCE_DUPLICATE_HEADER", message: "`a.csv` has two columns `备注`, the 2nd and the 3rd" }]);
    const both = await readText("Body,Body name\n1,2\n", [{ name: "body", aliases: ["Body", "Body name"], required: true }]);
    expect(both.problems).toMatchObject([{ code: "SOURCE_DUPLICATE_HEADER", message: /`Body` \(the 1st\) and `Body name` \(the 2nd\)/ }]);
    expect((await readText("a,,\n1,,\n", columnsOf("a"))).rows).toEqual([["1"]]);
  });

  test("may be split by a delimiter to be found", async () => {
    const { rows } = await readText(fixture("费用明细-utf8-bom.csv"), columnsOf("单据编号", "金额"), { delimiter: "detect" });
    expect(rows).toEqual([
      ["00042", "100,00"],
      ["00042", "-3,50"],
    ]);
    const given: Given = { delimiter: "detect", header: { contains: ["a", "b"] } };
    expect((await readText("x,y,z,w\na|b\n1|2,3\n", columnsOf("b"), given)).rows).toEqual([["2,3"]]);
    const fixed: Given = { delimiter: "detect", header: "none", columns_in_order: ["a", "b", "c"] };
    expect((await readText("1\t2,3\t4\n", columnsOf("b"), fixed)).rows).toEqual([["2,3"]]);
  });
});

describe("rows", () => {
  const abc = columnsOf("a", "b", "c");

  test("of the wrong length are malformed, blank ones are passed over", async () => {
    const { rows, malformed, lines } = await readText("a,b,c\n1,2,3,,\n1,2\n\n , \n,,,,,\n1,2,3,x\n4,5,6", abc);
    expect([rows, lines]).toEqual([
      [
        ["1", "2", "3"],
        ["4", "5", "6"],
      ],
      [2, 8],
    ]);
    expect(malformed).toMatchObject([
      {
        line: 3,
        text: "1,2",
        problem: { code: "RECORD_MALFORMED", message: "found 2 cells, expected 3", at: [{ file: "a.csv", line: 3 }] },
      },
      { line: 7, text: "1,2,3,x", problem: { message: "found 4 cells, expected 3" } },
    ]);
  });

  test("that are short may be filled, and need not reach columns without a name", async () => {
    expect((await readText("a,b,c\n1,2\n", abc, { short_rows: "fill" })).rows).toEqual([["1", "2", null]]);
    const { rows, malformed } = await readText("a,b,c,,\n1,2,3\n1,2,3,4\n", abc);
    expect([rows.length, malformed]).toEqual([2, []]);
  });

  test("with stray quotes are malformed one by one", async () => {
    const { rows, malformed } = await readText(fixture("stray-quotes.csv"), columnsOf("单据编号", "物料", "数量"));
    expect(rows).toEqual([
      ["PO-3", "管,道", "2"],
      ["PO-4", "阀门", "1"],
    ]);
    expect(malformed.map(({ line, problem }) => [line, problem.message])).toEqual([
      [2, 'cell 2 has a quote inside but does not begin with one: `螺丝 3" 钉,5`'],
      [3, "the quote that opens cell 2 is not closed: the next quote, on line 4, has text after it"],
    ]);
  });

  test("over several lines that do not fit give back the lines they took", async () => {
    const { rows, malformed } = await readText('a,b,c\n1,"x,3\n2,x,3\n3,x"\n4,x,3\n', abc);
    expect(rows).toEqual([
      ["2", "x", "3"],
      ["4", "x", "3"],
    ]);
    expect(malformed.map(({ line, text }) => [line, text])).toEqual([
      [2, '1,"x,3'],
      [4, '3,x"'],
    ]);
  });

  test("are cut to 4,000 characters where they go to quarantine", async () => {
    const { malformed } = await readText(`a,b\n${"长".repeat(9000)}\n`, columnsOf("a"));
    expect(malformed[0]?.text).toBe("长".repeat(4000));
  });

  test("are left out by patterns and as footer, malformed ones too", async () => {
    const file = 'a,b,c\n1,x,3\n小计,,3\n2,合计,4\n总计 "9\n3,x,5\n合计,,12\n以上,\n\n,,\n';
    const given: Given = { ignore: ["^小计,", "总计", { column: "b", matches: "^合计$" }], skip_footer: 2 };
    const { rows, malformed } = await readText(file, abc, given);
    expect([rows, malformed]).toEqual([
      [
        ["1", "x", "3"],
        ["3", "x", "5"],
      ],
      [],
    ]);
    expect((await readText("a\n1\n", columnsOf("a"), { skip_footer: 5 })).rows).toEqual([]);
    expect((await readText(`a\n${"1\n".repeat(7001)}合计\n`, columnsOf("a"), { skip_footer: 1 })).rows).toHaveLength(7001);
  });

  test("that are left out are counted", () => {
    const settings = settingsOf(optionsOf({ ignore: ["^小计", { column: "a", matches: "合计" }], skip_footer: 1 }));
    const header = findHeader("a,b\n1,2\n小计,3\n合计,4\n5,6\n7,8", true, settings, columnsOf("a"), "a.csv");
    if ("code" in header) throw new ProblemError(header);
    const match = matchColumns(header.names, columnsOf("a"), settings, "a.csv");
    if ("code" in match) throw new ProblemError(match);
    const reader = new RowReader(header.scanner, match, settings, "a.csv");
    expect(reader.fill()).toBe(false);
    reader.end();
    const { records, leftOut } = reader.take();
    expect(records.map(({ cells }) => cells)).toEqual([["1"], ["5"]]);
    expect(leftOut).toBe(3);
  });

  test("are not left out in silence where the column of a pattern is missing", async () => {
    const { problems } = await readText("a\n1\n", columnsOf("a"), { ignore: [{ column: "类型", matches: "合计" }] });
    expect(problems).toMatchObject([{ code: "SOURCE_MISSING_COLUMN", message: "`a.csv` has no column `类型`; its columns are `a`" }]);
    const aliased: Column[] = [{ name: "类型", aliases: ["费用类型"], required: true }];
    expect((await readText("费用类型\n合计\n差旅\n", aliased, { ignore: [{ column: "类型", matches: "合计" }] })).rows).toEqual([["差旅"]]);
  });

  test("keep their blanks when they are not trimmed", async () => {
    expect((await readText('a,b\n 1 ,"\t"\n', columnsOf("a", "b"), { trim: false })).rows).toEqual([[" 1 ", "\t"]]);
  });
});

describe("decoding", () => {
  test("that fails abandons the file, with the place, and the others go on", async () => {
    const bad = Buffer.concat([Buffer.from("a,b\n1,"), iconv.encode("上海\n2,", "gbk"), Buffer.from([0xff, 0x2c, 0x0a])]);
    const folder = folderWith({ "a.csv": bad, "b.csv": iconv.encode("a,b\n3,北京\n", "gbk") });
    const { problems, complete } = await outcomeOf(open(folder, { encoding: "gbk" }), columnsOf("a", "b"));
    expect(problems).toMatchObject([
      { code: "SOURCE_DECODE", message: "`a.csv` is not GBK: `ff` at position 13", at: [{ file: "a.csv", line: 3 }] },
    ]);
    expect(complete).toEqual(["b.csv"]);
  });

  test("that no tried encoding fits says so", async () => {
    const { problems } = await readText(fixture("women-windows-1252.csv"), columnsOf("Supplier"));
    expect(problems).toMatchObject([
      {
        code: "SOURCE_DECODE",
        message: "`a.csv` is not UTF-8 (`92` at position 34) and not GB18030 (`96 20` at position 62)",
        at: [{ file: "a.csv", line: 2 }],
      },
    ]);
    const declared = await readText(fixture("women-windows-1252.csv"), columnsOf("Supplier", "Amount"), { encoding: "windows-1252" });
    expect(declared.rows).toEqual([
      ["Fylde Coast Women’s Aid", "16.00"],
      ["Montagu Evans – Client Account", "68356.80"],
    ]);
  });

  test("of a mark that contradicts the declaration, of zero bytes, and of a cut end is a problem", async () => {
    const message = async (content: Uint8Array, given: Given = {}) => (await readText(content, columnsOf("a"), given)).problems[0]?.message;
    expect(await message(Buffer.from("\ufeffa\n1\n"), { encoding: "gb18030" })).toBe(
      "`a.csv` begins with the byte order mark of utf-8 (`ef bb bf`), but `gb18030` is declared",
    );
    expect(await message(iconv.encode("a\n", "utf-16le"))).toBe("`a.csv` has a zero byte at position 1, as workbooks and UTF-16 text have");
    expect(await message(Buffer.from([0x61, 0x0a, 0xe6, 0x8a]), { encoding: "utf8" })).toBe(
      "`a.csv` is not UTF8: it ends within a character, `e6 8a` at position 2",
    );
  });

  test("counts lines of UTF-16 by characters: 上 holds the byte of a line feed", async () => {
    const bytes = Buffer.concat([iconv.encode("上上,b\r\n上,2\r\n", "utf-16le"), Buffer.from([0, 0xd8, 0x41, 0])]);
    const { problems } = await readText(bytes, columnsOf("b"), { encoding: "utf-16le" });
    expect(problems).toMatchObject([{ code: "SOURCE_DECODE", at: [{ line: 3 }] }]);
  });
});

describe("options that contradict each other", () => {
  test.each<[Given, string]>([
    [{ header: "none" }, "CONFIG_MISSING_KEY: `header: none` needs `columns_in_order`"],
    [{ columns_in_order: ["a"] }, "CONFIG_WRONG_VALUE: `columns_in_order` is for files without a header"],
    [{ delimiter: '"' }, 'CONFIG_WRONG_VALUE: `delimiter` and `quote` are both `"`'],
    [{ delimiter: "\\", escape: "\\" }, "CONFIG_WRONG_VALUE: `delimiter` and `escape` are both"],
    [{ delimiter: "😀" }, "CONFIG_WRONG_VALUE: `delimiter` is `😀`, expected one character"],
    [{ ignore: ["合计("] }, "EXPR_PATTERN: the pattern `合计(` under `ignore` cannot be used"],
  ])("%j", (given, message) => {
    const attempt = () => open("/", given);
    expect(attempt).toThrow(ProblemError);
    expect(attempt).toThrow(message);
  });
});

/** Bytes that are still referred to. */
function memoryInUse(): number {
  setFlagsFromString("--expose-gc");
  runInNewContext("gc")();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

describe("any table", () => {
  const cell = fc.oneof(
    fc.string({ unit: fc.constantFrom("报", "销", "a", "0", ",", ";", '"', "'", "\n", "\t", " ", ".", "-", "（", "é"), maxLength: 8 }),
    fc.constantFrom("0042", "-1,280.50", "第一行\r\n第二行", '"', ""),
  );
  const table = fc
    .integer({ min: 2, max: 4 })
    .chain((width) => fc.array(fc.array(cell, { minLength: width, maxLength: width }), { maxLength: 12 }));

  test("written in any dialect and encoding reads back equal, through real files", async () => {
    const folder = folderWith({});
    let number = 0;
    await fc.assert(
      fc.asyncProperty(
        table,
        fc.constantFrom("utf-8", "gb18030", "gbk", "utf-16le", "utf-16be"),
        fc.constantFrom([",", ","], [";", ";"], ["\t", "tab"], ["|", "detect"]),
        fc.constantFrom('"', "'"),
        fc.constantFrom("\n", "\r\n"),
        fc.boolean(),
        fc.boolean(),
        async (rows, encoding, [delimiter = ",", option = ","], quote, record_delimiter, hasMark, isDetected) => {
          const width = rows[0]?.length ?? 2;
          const names = ["单号", "金额", "备注", "b"].slice(0, width);
          const text = stringify([names, ...rows], { delimiter, quote, escape: quote, record_delimiter, quoted_match: /[\r\n"']|^\s|\s$/ });
          const name = `${number++}.csv`;
          const isMarked = hasMark && encoding !== "gbk";
          put(folder, name, iconv.encode((isMarked ? "\ufeff" : "") + text, encoding));
          const mayDetect = isMarked || !encoding.startsWith("utf-16");
          const given: Given = {
            files: name,
            delimiter: option,
            quote,
            trim: false,
            encoding: isDetected && mayDetect ? "detect" : encoding,
          };
          const { rows: read, malformed, problems, complete } = await outcomeOf(open(folder, given), columnsOf(...names));
          expect([malformed, problems, complete]).toEqual([[], [], [name]]);
          // A row of empty cells is a blank line.
          const wanted = rows.filter((row) => row.some((each) => each !== ""));
          expect(read).toEqual(wanted.map((row) => row.map((each) => (each === "" ? null : each))));
        },
      ),
      { numRuns: 300 },
    );
  });

  test("keeps its memory flat however long the file is", async () => {
    const folder = folderWith({});
    const line = "BX-2026-000123,2026-01-31,王小明,差旅费,1234.56,出租车费 上海虹桥机场往返,已审批\n";
    put(folder, "a.csv", iconv.encode(`单据编号,日期,报销人,费用类型,金额,说明,状态\n${line.repeat(400_000)}`, "gb18030"));
    expect(statSync(path.join(folder, "a.csv")).size).toBeGreaterThan(30_000_000);
    const inUse: number[] = [];
    let read = 0;
    for await (const event of open(folder).read({ columns: columnsOf("单据编号", "金额", "说明"), since: null, wasRead: () => false })) {
      if (event.kind !== "records") continue;
      if (read % 50_000 < event.records.length) inUse.push(memoryInUse());
      read += event.records.length;
    }
    expect(read).toBe(400_000);
    expect(inUse.length).toBeGreaterThanOrEqual(8);
    expect(Math.max(...inUse) - (inUse[0] as number)).toBeLessThan(8_000_000);
  });
});
