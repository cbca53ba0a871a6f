import { existsSync, readFileSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";
import fc from "fast-check";
import { readXlsx, writeXlsx } from "hucre/xlsx";
import { describe, expect, test } from "vitest";
import type { Column } from "../../src/connectors/contract.js";
import { connector } from "../../src/connectors/xlsx/index.js";
import { XlsxSourceOptions } from "../../src/connectors/xlsx/options.js";
import { sourceConformance } from "./conformance.js";
import { columnsOf, folderWith, outcomeOf, put } from "./csv-setup.js";
import { opener, reader } from "./file-setup.js";
import { rowsOf, type WorkbookGiven, workbookOf } from "./xlsx-writer.js";
import { zipOf } from "./zip-writer.js";

const open = opener(connector, XlsxSourceOptions);
const read = reader(connector, XlsxSourceOptions, "a.xlsx");
const fixture = readFileSync(fileURLToPath(new URL("../../fixtures/connectors/xlsx/付款申请.xlsx", import.meta.url)));
const real = path.resolve(path.dirname(fileURLToPath(import.meta.url)), "../../../shared/real/cn-statements/wechat-records.xlsx");

const sheetOf = (rows: string, given: Partial<WorkbookGiven> = {}): Buffer => workbookOf({ sheets: [{ name: "表", rows }], ...given });
/** One cell of a workbook with these number formats, below its header. */
const cell = (xml: string, given: Partial<WorkbookGiven> = {}) => read(sheetOf(rowsOf(["a"], [xml, "x"]), given), ["a"]);

/** Without zeros that mean nothing. */
const plain = (text: string): string => (text.includes(".") ? text.replace(/\.?0+$/, "") : text).replace(/^-0$/, "0");

sourceConformance("xlsx", () => {
  const rows = Array.from({ length: 5000 }, (_, index) => [`BX-${index}`, `<c><v>${index}.5</v></c>`, "张三", null]);
  const folder = folderWith({
    "报销-1.xlsx": sheetOf(rowsOf(["单据编号", "金额", "报销人", "备注"], ...rows)),
    "报销-2.xlsx": sheetOf(
      rowsOf(
        ["报销人", "备注", "单据编号", "金额"],
        ["王五", null, "BX-1", "<c><v>3</v></c>"],
        ["赵六", null, "BX-2", '<c t="e"><v>#N/A</v></c>'],
      ),
    ),
    "报销-3.xlsx": sheetOf(rowsOf(["没有这些列"], ["1"])),
    "报销-10.xlsx": workbookOf({ sheets: ["1月", "2月"].map((name) => ({ name, rows: rowsOf(["单据编号", "金额", "报销人"], ...rows) })) }),
  });
  return {
    folder,
    columns: columnsOf("金额", "单据编号", "报销人"),
    open: (context) => open(folder, { sheet: "*" }, context),
  };
});

describe("numbers", () => {
  test.each([
    ["12", "12"],
    ["548.58000000000004", "548.58"],
    ["7.0000000000000007E-2", "0.07"],
    ["0.30000000000000004", "0.3"],
    ["12.300000000000001", "12.3"],
    ["-1234.5600000000001", "-1234.56"],
    ["0.99999999999999989", "1"],
    ["4.2E+9", "4200000123".replace(/\d{8}$/, "00000000")],
    ["4200000123", "4200000123"],
    ["4.200000123E9", "4200000123"],
    ["999999999999999", "999999999999999"],
    ["0", "0"],
    ["-0", "0"],
    ["1E-7", "0.0000001"],
  ])("%s is %s", async (written, value) => {
    expect((await cell(`<c><v>${written}</v></c>`)).rows).toEqual([[value]]);
  });

  test("never go through a float: any amount that Excel shows in 15 digits is read as it is shown", async () => {
    const amounts = fc
      .sample(fc.tuple(fc.bigInt({ min: -(10n ** 15n) + 1n, max: 10n ** 15n - 1n }), fc.integer({ min: 0, max: 6 })), 2000)
      .map(([units, places]) => {
        const digits = String(units < 0n ? -units : units).padStart(places + 1, "0");
        return `${units < 0n ? "-" : ""}${digits.slice(0, digits.length - places)}${places === 0 ? "" : `.${digits.slice(-places)}`}`;
      });
    // Excel writes what is nearest to the float in 17 digits.
    const rows = amounts.map((amount) => [`<c><v>${Number(amount).toPrecision(17)}</v></c>`]);
    const { rows: values, malformed } = await read(sheetOf(rowsOf(["a"], ...rows)), ["a"]);
    expect(malformed).toEqual([]);
    expect(values.map(([value]) => value)).toEqual(amounts.map(plain));
  });

  test("of more than 15 digits are codes that have lost digits", async () => {
    const { malformed, rows } = await cell("<c><v>6.2220240200123456E+18</v></c>");
    expect(rows).toEqual([]);
    expect(malformed).toMatchObject([
      {
        line: 2,
        problem: {
          code: "RECORD_MALFORMED",
          message: "the cell `A2` holds the number `6222024020012345600` with more than 15 digits, of which Excel keeps only the first",
        },
      },
    ]);
  });

  test("shown with leading zeros keep them", async () => {
    const given = { formats: ["00000", "0.00"] };
    expect((await cell('<c s="1"><v>42</v></c>', given)).rows).toEqual([["00042"]]);
    expect((await cell('<c s="1"><v>1234567</v></c>', given)).rows).toEqual([["1234567"]]);
    expect((await cell('<c s="2"><v>42</v></c>', given)).rows).toEqual([["42"]]);
  });
});

describe("dates and times", () => {
  test.each<[string | number, string, string]>([
    ["yyyy-mm-dd", "46053", "2026-01-31"],
    [14, "46053", "2026-01-31"],
    [31, "46053", "2026-01-31"],
    [57, "46053", "2026-01-31"],
    [22, "46053.396006944447", "2026-01-31 09:30:15"],
    ["yyyy/m/d h:mm:ss", "46053", "2026-01-31"],
    ["yyyy/m/d h:mm", "46053.999999999", "2026-02-01"],
    ["yyyy-mm-dd hh:mm:ss.000", "46053.396012731479", "2026-01-31 09:30:15.500"],
    ['yyyy"年"m"月"d"日"', "46053.75", "2026-01-31"],
    ["[$-804]yyyy年m月d日;@", "46053", "2026-01-31"],
    ["mmm yy", "46053", "2026-01-31"],
    ["h:mm", "0.5", "12:00:00"],
    [20, "46053.75", "18:00:00"],
    ["上午/下午h:mm", "0.25", "06:00:00"],
    ["mm:ss", "0.0006944444444444445", "00:01:00"],
    ["[h]:mm", "1.5208333333333333", "36:30:00"],
    [46, "2", "48:00:00"],
    ["yyyy-mm-dd", "1", "1900-01-01"],
    ["yyyy-mm-dd", "59", "1900-02-28"],
    ["yyyy-mm-dd", "61", "1900-03-01"],
    ["yyyy-mm-dd", "2958465", "9999-12-31"],
    // These are numbers.
    ["#,##0.00_);[Red](#,##0.00)", "46053", "46053"],
    ['0.00"days"', "46053", "46053"],
    ["0.00E+00", "46053", "46053"],
    ["G/通用格式", "46053", "46053"],
    ["\\d0", "46053", "46053"],
    ["¥#,##0.00", "12", "12"],
    [3, "46053", "46053"],
    [49, "46053", "46053"],
  ])("%s shows %s as %s", async (format, serial, value) => {
    expect((await cell(`<c s="1"><v>${serial}</v></c>`, { formats: [format] })).rows).toEqual([[value]]);
  });

  test.each([
    ["0", "46053", "2030-02-01"],
    ["0", "0", "1904-01-01"],
  ])("count from 1904 where the workbook says so: %s %s", async (_, serial, value) => {
    expect((await cell(`<c s="1"><v>${serial}</v></c>`, { formats: [14], is1904: true })).rows).toEqual([[value]]);
  });

  test.each([
    ["60", "the 29 February 1900, a day that never was"],
    ["0", "which is no date: the calendar of Excel begins with 1"],
    ["-1", "which is no date: it lies before the calendar of Excel"],
    ["2958466", "which is no date: it lies beyond the year 9999"],
  ])("that never were are malformed: %s", async (serial, reason) => {
    const { malformed, rows } = await cell(`<c s="1"><v>${serial}</v></c>`, { formats: [14] });
    expect([rows, malformed.map((each) => each.problem.message)]).toEqual([[], [`the cell \`A2\` holds \`${serial}\`, ${reason}`]]);
  });

  test("are every day of the calendar what JavaScript says", async () => {
    const days = Array.from({ length: 4000 }, (_, index) => 61 + index * 739);
    const { rows } = await read(
      sheetOf(rowsOf(["a"], ...days.filter((day) => day < 2_958_465).map((day) => [`<c s="1"><v>${day}</v></c>`])), { formats: [14] }),
      ["a"],
    );
    expect(rows.map(([value]) => value)).toEqual(
      days.filter((day) => day < 2_958_465).map((day) => new Date(Date.UTC(1899, 11, 30) + day * 86_400_000).toISOString().slice(0, 10)),
    );
  });

  test("may be written in ISO form", async () => {
    expect((await cell('<c t="d"><v>2026-01-31T00:00:00</v></c>')).rows).toEqual([["2026-01-31"]]);
    expect((await cell('<c t="d"><v>2026-01-31T09:30:15</v></c>')).rows).toEqual([["2026-01-31 09:30:15"]]);
  });
});

describe("cells", () => {
  const strings = [
    "<t>甲</t>",
    '<r><t xml:space="preserve">乙 </t></r><r><rPr><b/></rPr><t>丙</t></r><rPh><t>ヘイ</t></rPh>',
    "<t>一_x000D_二_x005F_x</t>",
    "<t> \u3000</t>",
    "<t/>",
  ];
  test.each<[string, string, unknown]>([
    ["shared text", '<c t="s"><v>0</v></c>', "甲"],
    ["rich text without its phonetic hints", '<c t="s"><v>1</v></c>', "乙 丙"],
    ["escaped characters", '<c t="s"><v>2</v></c>', "一\r二_x"],
    ["the text of a formula", '<c t="str"><f>A1&amp;"x"</f><v> 张三 </v></c>', "张三"],
    ["an empty text of a formula", '<c t="str"><f>""</f><v></v></c>', null],
    ["the number of a formula", "<c><f>SUM(A1:A9)</f><v>3.0000000000000004</v></c>", "3"],
    ["true", '<c t="b"><v>1</v></c>', true],
    ["false", '<c t="b"><f>1=2</f><v>0</v></c>', false],
    ["a code written as text", '<c t="inlineStr"><is><t>00042</t></is></c>', "00042"],
    ["blanks", '<c t="s"><v>3</v></c>', null],
    ["nothing", '<c t="s"><v>4</v></c>', null],
    ["a format only", '<c s="0"/>', null],
    ["what this program does not know", "<c><extLst><ext><v>9</v></ext></extLst><v>5</v></c>", "5"],
  ])("with %s", async (_, xml, value) => {
    const { rows, malformed } = await cell(xml, { strings });
    expect([rows, malformed]).toEqual([[[value]], []]);
  });

  test.each([
    ['<c t="e"><v>#N/A</v></c>', "the error `#N/A`"],
    ['<c t="e"><f>1/0</f><v>#DIV/0!</v></c>', "the error `#DIV/0!`"],
    ["<c><f>SUM(A1:A9)</f></c>", "a formula whose result is not saved"],
    ['<c t="s"><v>99</v></c>', "a text that is not in the workbook, number `99`"],
    ["<c><v>1,5</v></c>", "`1,5`, which is no number"],
    ['<c t="b"><v>maybe</v></c>', "`maybe`, which is neither true nor false"],
    ['<c t="d"><v>31.1.2026</v></c>', "`31.1.2026`, which is no date in ISO form"],
    ['<c t="x"><v>1</v></c>', "a value of the unknown type `x`"],
  ])("that have no value make their row malformed: %s", async (xml, what) => {
    const { rows, malformed, complete } = await cell(xml);
    expect([rows, complete]).toEqual([[], ["a.xlsx"]]);
    expect(malformed).toMatchObject([
      { line: 2, problem: { code: "RECORD_MALFORMED", message: `the cell \`A2\` holds ${what}`, at: [{ file: "a.xlsx", line: 2 }] } },
    ]);
    expect(malformed[0]?.text).toMatch(/,x$/);
  });

  test("nobody asked for do not matter", async () => {
    const { rows } = await read(sheetOf(rowsOf(["a", "b"], ["1", '<c t="e"><v>#N/A</v></c>', "beyond"])), ["a"]);
    expect(rows).toEqual([["1"]]);
  });

  test("may be left untrimmed", async () => {
    expect((await read(sheetOf(rowsOf(["a "], [" x "])), ["a"], { trim: false })).rows).toEqual([[" x "]]);
  });

  test("without a place follow each other", async () => {
    const rows =
      '<row><c t="inlineStr"><is><t>a</t></is></c><c t="inlineStr"><is><t>b</t></is></c></row><row r="5"><c><v>1</v></c><c r="B5"><v>2</v></c></row>';
    const { rows: values, lines } = await read(sheetOf(rows), ["b", "a"]);
    expect([values, lines]).toEqual([[["2", "1"]], [5]]);
  });
});

describe("the header", () => {
  const preamble = [["付款明细"], [null], ["制表人：", "张三"]];

  test("is the first row with all required columns; what stands above is left out and counted", async () => {
    const columns: Column[] = [
      { name: "单号", aliases: [], required: true },
      { name: "金额", aliases: ["金额（元）"], required: true },
      { name: "备注", aliases: [], required: false },
    ];
    const { rows, lines, events } = await read(
      sheetOf(rowsOf(...preamble, ["单号", "金额（元） ", null, "说明"], ["00042", "<c><v>1.5</v></c>"])),
      columns,
    );
    expect([rows, lines]).toEqual([[["00042", "1.5", null]], [5]]);
    expect(events.at(-1)).toMatchObject({ kind: "complete", leftOut: 2 });
  });

  test("may be known by certain columns", async () => {
    const book = sheetOf(rowsOf(["单号", "说明"], ["单号", "金额"], ["1", "2"]));
    expect((await read(book, ["单号"], { header: { contains: ["金额"] } })).rows).toEqual([["1"]]);
    expect((await read(book, ["单号"], { header: { contains: ["税额"] } })).problems).toMatchObject([{ code: "SOURCE_NO_HEADER" }]);
  });

  test("that lacks a column is shown with the nearest name", async () => {
    const { problems, complete } = await read(sheetOf(rowsOf(...preamble, ["单号", "金额(元)"], ["1", "2"])), ["单号", "金额"]);
    expect([problems.map(({ code, message }) => `${code}: ${message}`), complete]).toEqual([
      ["SOURCE_MISSING_COLUMN: `a.xlsx!表` has no column `金额`; its columns are `单号`, `金额(元)`; the nearest to `金额` is `金额(元)`"],
      [],
    ]);
  });

  test("must not name a column twice", async () => {
    const { problems } = await read(sheetOf(rowsOf(["a", "b", "a"], ["1", "2", "3"])), ["b"]);
    expect(problems).toMatchObject([{ code: "SOURCE_DUPLICATE_HEADER" }]);
  });

  test("that is nowhere, and a sheet without rows, are reported", async () => {
    expect((await read(sheetOf(rowsOf(["x"], ["1"])), ["a"])).problems).toMatchObject([
      { code: "SOURCE_NO_HEADER", message: "no header row in `a.xlsx!表`: none of the first 200 rows has `a`; the first row is `x`" },
    ]);
    expect((await read(sheetOf(""), ["a"])).problems).toMatchObject([
      { code: "SOURCE_NO_HEADER", message: "`a.xlsx!表` is empty, expected a header row" },
    ]);
  });
});

describe("rows", () => {
  test("that are empty are passed over; totals and footers are left out and counted", async () => {
    const rows = rowsOf(["单号", "金额"], ["1", "5"], [null, " "], ["合计", "5"], ["2", "6"], ["小计：11", null], ["打印：张三", null]);
    const { rows: values, events } = await read(sheetOf(rows), ["单号"], {
      ignore: [{ column: "单号", matches: "^合计$" }, "^小计"],
      skip_footer: 1,
    });
    expect(values).toEqual([["1"], ["2"]]);
    expect(events.at(-1)).toMatchObject({ leftOut: 3 });
  });

  test("have the numbers that Excel shows", async () => {
    const { lines } = await read(
      sheetOf('<row r="3"><c r="B3" t="inlineStr"><is><t>a</t></is></c></row><row r="90"><c r="B90"><v>1</v></c></row>'),
      ["a"],
    );
    expect(lines).toEqual([90]);
  });

  test("in merged ranges have the content of the first cell, where the options say so", async () => {
    const rows = rowsOf(["部门", "金额", "说明"], ["销售部", "1", "一"], [null, "2", null], ["财务部", "3", null]);
    const book = workbookOf({ sheets: [{ name: "表", rows, merges: ["A2:A3", "C2:D4", "F9:G10"] }] });
    expect((await read(book, ["部门", "金额", "说明"])).rows).toEqual([
      ["销售部", "1", "一"],
      [null, "2", null],
      ["财务部", "3", null],
    ]);
    expect((await read(book, ["部门", "金额", "说明"], { merged: "fill" })).rows).toEqual([
      ["销售部", "1", "一"],
      ["销售部", "2", "一"],
      ["财务部", "3", "一"],
    ]);
    // A name over two columns is not there twice, and a record over two rows is one record.
    const tall = rowsOf(["部门", null, "金额"], ["销售部", "x", "1"], [null, null, null], ["财务部", "y", "2"]);
    const merges = ["A1:B1", "A2:A3", "B2:B3", "C2:C3"];
    expect((await read(workbookOf({ sheets: [{ name: "表", rows: tall, merges }] }), ["部门", "金额"], { merged: "fill" })).rows).toEqual([
      ["销售部", "1"],
      ["财务部", "2"],
    ]);
  });

  test.each([
    ['<row r="2"/><row r="2"/>', "its row `2` follows row 2"],
    ['<row r="9999999"/>', "its row `9999999` follows row 1"],
    ['<row r="2"><c r="B2"/><c r="A2"/></row>', "the cell `A2` of row 2 is out of order"],
    ['<row r="2"><c r="ZZZ2"/></row>', "the cell `ZZZ2` of row 2 is out of order"],
    ['<row r="2"><c r="?"/></row>', "the cell `?` of row 2 is out of order"],
  ])("that contradict each other make the file unreadable: %s", async (rows, what) => {
    const { problems, complete } = await read(sheetOf(`${rowsOf(["a"])}${rows}`), ["a"]);
    expect(complete).toEqual([]);
    expect(problems).toMatchObject([{ code: "SOURCE_FORMAT", message: `the sheet \`a.xlsx!表\` cannot be read: ${what}` }]);
  });

  test("are as many as one likes, in flat memory", { timeout: 120_000 }, async () => {
    const folder = folderWith({});
    const rows = Array.from(
      { length: 100_000 },
      (_, index) => `<row><c t="inlineStr"><is><t>BX-${index}</t></is></c><c><v>${index}.25</v></c><c t="s"><v>0</v></c></row>`,
    );
    put(folder, "a.xlsx", sheetOf(`${rowsOf(["单号", "金额", "说明"])}${rows.join("")}`, { strings: ["<t>出租车费</t>"] }));
    rows.length = 0;
    let count = 0;
    let most = 0;
    for await (const event of open(folder, {}).read({ columns: columnsOf("单号", "金额", "说明"), since: null, wasRead: () => false })) {
      if (event.kind !== "records") continue;
      count += event.records.length;
      most = Math.max(most, event.records.length);
      if (count === 90_000) expect(event.records.at(-1)?.cells[0]).toBe("BX-89999");
    }
    expect(count).toBe(100_000);
    expect(most).toBeLessThan(6000);
  });
});

describe("sheets", () => {
  const one = rowsOf(["a"], ["1"]);
  const sheets = [
    { name: "说明", rows: rowsOf(["请看下一页"]) },
    { name: "明细", rows: one },
    { name: "旧", rows: rowsOf(["a"], ["9"]), state: "hidden" as const },
  ];

  test("are found by the columns they have; hidden ones are not looked at", async () => {
    expect((await read(workbookOf({ sheets }), ["a"])).rows).toEqual([["1"]]);
  });

  test("may be named, hidden or not", async () => {
    expect((await read(workbookOf({ sheets }), ["a"], { sheet: "旧" })).rows).toEqual([["9"]]);
    const { problems } = await read(workbookOf({ sheets }), ["a"], { sheet: "明细表" });
    expect(problems).toMatchObject([
      { code: "SOURCE_SHEET", message: "`a.xlsx` has no sheet `明细表`; its visible sheets are `说明`, `明细`" },
    ]);
  });

  test("that fit are not chosen between", async () => {
    const { problems, rows } = await read(workbookOf({ sheets: [...sheets, { name: "明细2", rows: one }] }), ["a"]);
    expect(rows).toEqual([]);
    expect(problems).toMatchObject([
      {
        code: "SOURCE_SHEET",
        message: "`a.xlsx` has several sheets with these columns: `明细`, `明细2`; reading one would leave out the other",
      },
    ]);
  });

  test("that match a pattern are units of their own", async () => {
    const months = ["1月", "2月", "2月(旧)", "总表"].map((name, index) => ({ name, rows: rowsOf(["a"], [String(index)]) }));
    const known: string[] = [];
    const folder = folderWith({ "a.xlsx": workbookOf({ sheets: [...months, { name: "3月", rows: one, state: "veryHidden" }] }) });
    const { complete, rows, events } = await outcomeOf(open(folder, { sheet: "?月" }), columnsOf("a"), (unit) => {
      known.push(unit);
      return unit === "a.xlsx!1月";
    });
    expect([complete, rows]).toEqual([["a.xlsx!2月"], [["1"]]]);
    expect(events[0]).toEqual({ kind: "known", unit: "a.xlsx!1月" });
    expect(known).toEqual(["a.xlsx", "a.xlsx!1月", "a.xlsx!2月"]);
    expect((await outcomeOf(open(folder, { sheet: "*(旧)" }), columnsOf("a"))).complete).toEqual(["a.xlsx!2月(旧)"]);
    expect((await outcomeOf(open(folder, { sheet: "*年" }), columnsOf("a"))).problems).toMatchObject([{ code: "SOURCE_SHEET" }]);
  });

  test("of one file have fingerprints of their own", async () => {
    const folder = folderWith({
      "a.xlsx": workbookOf({
        sheets: [
          { name: "1", rows: one },
          { name: "2", rows: one },
        ],
      }),
    });
    const { events } = await outcomeOf(open(folder, { sheet: "*" }), columnsOf("a"));
    const fingerprints = events.flatMap((event) => (event.kind === "complete" ? [event.fingerprint] : []));
    expect(new Set(fingerprints).size).toBe(2);
  });
});

describe("a file that is no workbook", () => {
  const compound = (rest: Buffer): Buffer =>
    Buffer.concat([Buffer.from([0xd0, 0xcf, 0x11, 0xe0, 0xa1, 0xb1, 0x1a, 0xe1]), Buffer.alloc(1000), rest]);
  test.each<[string, Buffer, string]>([
    ["an old workbook", compound(Buffer.from("Workbook", "utf16le")), "`a.xlsx` is a workbook of Excel 97-2003 (`.xls`)"],
    [
      "a protected one",
      compound(Buffer.from("EncryptedPackage", "utf16le")),
      "`a.xlsx` is protected with a password (or is a `.doc`, `.xls` or `.msg` with an encrypted part)",
    ],
    [
      "a web page",
      Buffer.from("\ufeff\r\n<html><table>"),
      "`a.xlsx` is a web page or XML text under the name of a workbook, as some systems export it",
    ],
    ["text", Buffer.from("单号,金额\n1,2\n"), "`a.xlsx` is text under the name of a workbook"],
    ["nothing", Buffer.alloc(0), "`a.xlsx` is empty"],
    ["a picture", Buffer.from([0x89, 0x50, 0x4e, 0x47, 0, 1]), "`a.xlsx` is no Excel workbook"],
    ["a binary workbook", zipOf([{ name: "xl/workbook.bin", content: "x" }]), "`a.xlsx` is a binary workbook (`.xlsb`)"],
    [
      "an OpenDocument file",
      zipOf([
        { name: "mimetype", content: "x" },
        { name: "content.xml", content: "x" },
      ]),
      "`a.xlsx` is an OpenDocument file (`.ods`)",
    ],
    ["an archive of something else", zipOf([{ name: "a.csv", content: "x" }]), "`a.xlsx` is a zip archive, but no Excel workbook"],
    ["half of one", sheetOf(rowsOf(["a"])).subarray(0, -200), "`a.xlsx` cannot be unpacked: it has no directory at its end"],
  ])("such as %s is abandoned, with what to do", async (_, content, message) => {
    const { problems, complete } = await read(content, ["a"]);
    expect(complete).toEqual([]);
    expect(problems).toMatchObject([{ code: "SOURCE_FORMAT", message }]);
    expect(problems[0]?.hint).toMatch(/.{15,}/);
  });

  test("such as one whose XML is broken, or declares entities, is abandoned with the place", async () => {
    const part = (content: string) => read(sheetOf("", { parts: [{ name: "xl/worksheets/sheet1.xml", content }] }), ["a"]);
    expect((await part("<worksheet><sheetData>\n<row></worksheet>")).problems).toMatchObject([
      {
        code: "SOURCE_FORMAT",
        message: "`a.xlsx!xl/worksheets/sheet1.xml` is not XML that can be read: unexpected close tag",
        at: [{ line: 2 }],
      },
    ]);
    const bomb = '<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]><worksheet>&b;</worksheet>';
    expect((await part(bomb)).problems[0]?.message).toContain("it has a document type (`<!DOCTYPE`)");
  });

  test("such as one that unpacks to more than the limit is abandoned", async () => {
    const { problems } = await read(sheetOf(`${rowsOf(["a"])}${" ".repeat(3_000_000)}`), ["a"], { unpack_limit: "1MB" });
    expect(problems).toMatchObject([
      { code: "SOURCE_TOO_LARGE", message: "`a.xlsx!xl/worksheets/sheet1.xml` holds more than 1 MB once it is unpacked" },
    ]);
  });
});

describe("a workbook in an archive", () => {
  test.each([0, 8])("is read, packed by method %i", async (method) => {
    const folder = folderWith({ "a.zip": zipOf([{ name: "账单.xlsx", content: sheetOf(rowsOf(["a"], ["1"])), method }]) });
    const { complete, rows } = await outcomeOf(open(folder, {}), columnsOf("a"));
    expect([complete, rows]).toEqual([["a.zip!账单.xlsx"], [["1"]]]);
  });
});

describe("workbooks that other programs wrote", () => {
  test("read as they are shown", async () => {
    const { rows, lines, events } = await read(fixture, ["单据编号", "申请日期", "收款方", "金额", "加急"], {
      ignore: [{ column: "单据编号", matches: "^合计$" }],
    });
    expect(rows).toEqual([
      ["00042", "2026-01-05", "上海甲公司", "1280", true],
      ["00043", "2026-01-06", "北京乙公司 & 丙", "0.3", false],
      ["00044", "2026-01-07", "丁", "100.1", false],
    ]);
    expect(lines).toEqual([5, 6, 7]);
    expect(events.at(-1)).toMatchObject({ leftOut: 3 });
  });

  const text = fc
    .string({ unit: fc.constantFrom("报", "a", "0", "&", "<", '"', "'", " ", "é", "😀"), minLength: 1, maxLength: 8 })
    .map((each) => `x${each}x`);
  const value = fc.oneof(
    text,
    fc.integer({ min: -1_000_000, max: 1_000_000 }).map((cents) => cents / 100),
    fc.boolean(),
    fc.constant(null),
  );
  test("give any table back", { timeout: 120_000 }, async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.tuple(value, value, value), { maxLength: 20 }), async (table) => {
        const book = await writeXlsx({ sheets: [{ name: "S", rows: [["甲", "乙", "丙"], ...table] }] });
        const { rows, malformed, problems } = await read(book, ["甲", "乙", "丙"]);
        expect([malformed, problems]).toEqual([[], []]);
        const shown = (each: unknown) => (typeof each === "number" ? String(each) : each);
        expect(rows).toEqual(table.filter((row) => row.some((each) => each !== null)).map((row) => row.map(shown)));
      }),
      { numRuns: 100 },
    );
  });

  test.skipIf(!existsSync(real))("such as 微信 give both sheets alike, and as another reader has them", async () => {
    const names = ["交易时间", "交易类型", "交易对方", "商品", "收/支", "金额(元)", "支付方式", "当前状态", "交易单号", "商户单号", "备注"];
    const book = readFileSync(real);
    expect((await read(book, names)).problems).toMatchObject([{ code: "SOURCE_SHEET" }]);
    const numbers = await read(book, names, { sheet: "Sheet1", merged: "fill" });
    const texts = await read(book, names, { sheet: "example-wechat-records" });
    expect([numbers.malformed, texts.malformed, numbers.rows.length]).toEqual([[], [], 27]);
    // One sheet has amounts as text, `¥548.58`, and the other as floats, 548.58000000000004.
    const alike = (rows: typeof texts.rows) =>
      rows.map((row) => row.map((each, index) => (index === 5 ? plain(String(each).replace("¥", "")) : each)));
    expect(alike(numbers.rows)).toEqual(alike(texts.rows));
    const { sheets } = await readXlsx(book);
    const other = sheets[1]?.rows.slice(18).map((row) => row.map((each) => String(each).trim()));
    expect(numbers.rows.map((row) => row.map(String))).toEqual(other);
  });
});
