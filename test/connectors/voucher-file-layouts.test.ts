import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { readXlsx, writeXlsx } from "hucre/xlsx";
import { describe, expect, test } from "vitest";
import { ZipArchive } from "../../src/connectors/files/zip.js";
import type { LayoutName, VoucherFileOptions } from "../../src/connectors/voucher-file/options.js";
import { connector as xlsx } from "../../src/connectors/xlsx/index.js";
import { XlsxSourceOptions } from "../../src/connectors/xlsx/options.js";
import type { Document } from "../../src/model/document.js";
import { columnsOf, outcomeOf, put } from "./csv-setup.js";
import { opener } from "./file-setup.js";
import {
  aDocument,
  aFolder,
  aLine,
  aTarget,
  contentOf,
  controlsOf,
  filesIn,
  only,
  openVoucherFiles,
  post,
  postOne,
  problemOf,
  referenceOf,
  reversalOf,
  sha256,
} from "./voucher-file-setup.js";

type Given = Partial<VoucherFileOptions> & { readonly layout: LayoutName };

const EXPECTED = fileURLToPath(new URL("../../fixtures/connectors/voucher-file/expected", import.meta.url));

const TAXI: Document = aDocument({
  key: "BX2501-0007",
  text: "报销 BX2501-0007 张三",
  lines: [
    aLine({ account: "00660203", amountMinor: 11_368n, text: "差旅费", dimensions: { 部门: "D01" } }),
    aLine({ account: "22210101", amountMinor: 682n, text: "进项税额 BX2501-0007" }),
    aLine({ side: "credit", account: "224101", amountMinor: 12_050n, text: "", partner: "E0017" }),
  ],
});
const REFUND: Document = aDocument({
  key: "BX2501-0008",
  date: "2026-12-01",
  text: "退款 李四",
  attachments: 0,
  fields: { word: "转" },
  lines: [
    aLine({ amountMinor: -1n, text: "冲减 <&>", dimensions: { 部门: "D02" } }),
    aLine({ side: "credit", account: "224101", amountMinor: -1n, text: "应付", partner: "E0018" }),
  ],
});

/** Each layout as it is compared with a file that was read over by a person. */
const CASES: readonly (Given & { readonly name: string })[] = [
  {
    name: "yonyou-u8",
    layout: "yonyou u8",
    number_prefix: "EX",
    fill: { 制单人: "demo", 部门编码: "$$.dimensions.部门", 职员编码: "$$.partner" },
  },
  {
    name: "kingdee-k3",
    layout: "kingdee k3",
    fill: {
      制单: "demo",
      核算项目: [
        ["部门---", "$$.dimensions.部门", "---"],
        ["职员---", "$$.partner", "---"],
      ],
    },
  },
  {
    name: "kingdee-galaxy",
    layout: "kingdee galaxy",
    words: { 转: "PRE004" },
    dates: "real",
    fill: {
      FAccountBookID: "001",
      FACCBOOKORGID: "0100",
      "FDetailID#FFLEX5": "$$.dimensions.部门",
      "FDetailID#FFLEX7": "$$.partner",
    },
  },
  {
    name: "csv",
    layout: "csv",
    csv: { encoding: "gb18030", delimiter: ";", header: true, formulas: "escape" },
    dates: "yyyy年M月d日",
    columns: [
      { name: "凭证号", value: ["$.word", "-", "$.number"], once: true },
      { name: "日期", value: "$.date", once: true },
      { name: "科目", value: "$$.account" },
      { name: "借方", value: "$$.debit", empty: "0.00" },
      { name: "贷方", value: "$$.credit", empty: "0.00" },
      { name: "摘要", value: "$$.summary" },
      { name: "来源", value: "SYNC" },
      { name: "键", value: "$.idempotencyKey" },
    ],
  },
  {
    name: "xlsx",
    layout: "xlsx",
    sheet: "凭证",
    columns: [
      { name: "日期", value: "$.date" },
      { name: "科目", value: "$$.account" },
      { name: "金额", value: "$$.signed" },
      { name: "摘要", value: "$$.text" },
    ],
  },
];

/** The parts of a workbook by name; how they were packed does not matter. */
async function partsOf(content: Buffer): Promise<Record<string, string>> {
  const bytes = async (at: number, length: number): Promise<Buffer> => content.subarray(at, at + length);
  const archive = await ZipArchive.open({ unit: "workbook", size: content.length, bytes });
  const parts: Record<string, string> = {};
  for (const entry of archive.entries) {
    const chunks: Buffer[] = [];
    for await (const chunk of archive.chunks(entry, 1 << 24, entry.name)) chunks.push(chunk);
    parts[entry.name] = Buffer.concat(chunks).toString("utf8");
  }
  return parts;
}

async function written(given: Given): Promise<{ readonly folder: string; readonly files: string[] }> {
  const { target, folder } = await aTarget(given);
  const [outcome] = await post(target, TAXI, REFUND);
  await target.reverse([reversalOf(TAXI, referenceOf(outcome as never))]);
  return { folder, files: filesIn(folder) };
}

describe.each(CASES)("layout $layout", ({ name, ...given }) => {
  test("writes exactly the expected files", async () => {
    const { folder, files } = await written(given);
    expect(files.map((file) => file.replace(/\..*/, ""))).toEqual(["reversals-20261201-000002", "vouchers-20261201-000001"]);
    for (const file of files) {
      const expected = readFileSync(join(EXPECTED, `${name}-${file.replace(/-.*(?=\.)/, "")}`));
      const content = contentOf(folder, file);
      if (file.endsWith(".xlsx")) expect(await partsOf(content)).toEqual(await partsOf(expected));
      else expect(content.equals(expected), `${file} differs from the expected file`).toBe(true);
    }
  });

  test("has a control file that vouches for it", async () => {
    const { folder } = await written(given);
    const [vouchers, reversals] = controlsOf(folder);
    for (const control of [vouchers, reversals]) {
      const { head, entries } = control as NonNullable<typeof control>;
      expect(head.sha256).toBe(sha256(contentOf(folder, head.file)));
      expect(head.documents).toBe(entries.length);
    }
    expect(vouchers?.head).toMatchObject({ documents: 2, lines: 5, totals: { CNY: { debit: "120.49", credit: "120.49" } } });
    expect(reversals?.head).toMatchObject({ documents: 1, lines: 3, totals: { CNY: { debit: "-120.50", credit: "-120.50" } } });
    expect(vouchers?.entries[0]).toMatchObject({
      key: "expense/BX2501-0007/1",
      document: "BX2501-0007",
      period: "2026-11",
      word: "记",
      number: 1,
      debit: "120.50",
      lines: 3,
    });
    expect(reversals?.entries[0]).toMatchObject({ cancels: "expense/BX2501-0007/1", number: 2, debit: "-120.50" });
  });
});

/** The first sheet as another program reads it. */
async function sheetOf(folder: string): Promise<readonly (readonly unknown[])[]> {
  const { sheets } = await readXlsx(contentOf(folder, only(filesIn(folder))));
  return only([...sheets]).rows;
}

/** The cells of one voucher by the names of its columns; `row` counts from the row of names. */
async function cellsOf(folder: string, row: number): Promise<Record<string, unknown>> {
  const rows = await sheetOf(folder);
  const names = rows[0] as string[];
  return Object.fromEntries(names.map((name, at) => [name, rows[row]?.[at] ?? null]));
}

const U8 = { layout: "yonyou u8" } as const;
const withText = (text: string): Document => ({ ...TAXI, lines: TAXI.lines.map((line) => ({ ...line, text })) });

describe("a workbook", () => {
  test("is read back by our own reader to the cent, with codes as text", async () => {
    const { folder } = await written({ layout: "kingdee k3" });
    const file = filesIn(folder).find((name) => name.startsWith("vouchers")) as string;
    const copy = aFolder();
    put(copy, file, contentOf(folder, file));
    const source = opener(xlsx, XlsxSourceOptions)(copy, {});
    const { rows, problems } = await outcomeOf(source, columnsOf("凭证日期", "科目代码", "借方", "贷方", "参考信息"));
    expect(problems).toEqual([]);
    expect(rows.slice(0, 3)).toEqual([
      ["2026-11-20", "00660203", "113.68", "0", "expense/BX2501-0007/1"],
      ["2026-11-20", "22210101", "6.82", "0", "expense/BX2501-0007/1"],
      ["2026-11-20", "224101", "0", "120.5", "expense/BX2501-0007/1"],
    ]);
  });

  test("has the amounts in it as they are, digit by digit, and refuses what it would round", async () => {
    const amount = (amountMinor: bigint): Document =>
      aDocument({ lines: [aLine({ amountMinor }), aLine({ side: "credit", account: "224101", amountMinor })] });
    const { target, folder } = await aTarget({ layout: "kingdee k3" });
    expect(problemOf(await postOne(target, amount(1_234_567_890_123_456n))).message).toContain(
      "`借方` of line 1 is `12345678901234.56`, and a workbook keeps 15 digits",
    );
    await postOne(target, amount(123_456_789_012_345n));
    const { "xl/worksheets/sheet1.xml": sheet } = await partsOf(contentOf(folder, only(filesIn(folder))));
    expect(sheet).toContain('<c r="K2"><v>1234567890123.45</v></c>');
    expect(sheet).toContain('<c r="L3"><v>1234567890123.45</v></c>');
  });

  test("keeps text that looks like XML, a formula, a number or an escape of Excel's", async () => {
    const texts = ["<b>&amp;\"'", "=1+1", "007", "_x0041_", "  two  blanks  ", "𠮷野家"];
    const { target, folder } = await aTarget({ layout: "xlsx", columns: [{ name: "摘要", value: "$$.text" }] });
    await post(target, aDocument({ lines: texts.flatMap((text) => [aLine({ text }), aLine({ side: "credit", account: "1", text })]) }));
    const { rows } = await outcomeOf(opener(xlsx, XlsxSourceOptions)(agedCopy(folder), { trim: false }), columnsOf("摘要"));
    expect(rows.flat()).toEqual(texts.flatMap((text) => [text, text]));
    const { "xl/sharedStrings.xml": strings } = await partsOf(contentOf(folder, only(filesIn(folder))));
    expect(strings).toContain("_x005F_x0041_");
  });

  test("has the days as text, as date cells, or as the ERP wants them", async () => {
    for (const [dates, expected] of [
      [undefined, "2026-11-20"],
      ["yyyy/M/d", "2026/11/20"],
      ["real", new Date("2026-11-20T00:00:00Z")],
    ] as const) {
      const { target, folder } = await aTarget({ layout: "kingdee k3", ...(dates === undefined ? {} : { dates }) });
      await post(target, TAXI);
      expect(await cellsOf(folder, 1)).toMatchObject({ 凭证日期: expected });
    }
  });
});

function agedCopy(folder: string): string {
  const copy = aFolder();
  for (const name of filesIn(folder)) put(copy, name, contentOf(folder, name));
  return copy;
}

describe("kingdee galaxy by the customer's own template", () => {
  const KEYS = [
    ...["FBillHead(GL_VOUCHER)", "FAccountBookID", "FDate", "F_XYZ_OWN", "FVOUCHERGROUPID", "FVOUCHERGROUPNO", "FACCBOOKORGID"],
    ...["FEntity", "FDetailID#FF100003", "FDetailID#FF100003#Name", "FACCOUNTID", "FEXPLANATION", "FCURRENCYID", "FEXCHANGERATETYPE"],
    ...["FCREDIT", "FDEBIT", "FBUSNO"],
  ];

  async function template(keys: readonly string[], captions: readonly string[] = keys.map((key) => `说明 ${key}`)): Promise<string> {
    const file = join(aFolder(), "GL_VOUCHER.xlsx");
    const sheets = [
      { name: "说明", rows: [["请勿修改"]] },
      { name: "凭证#单据头(FBillHead)", rows: [[...keys], [...captions]] },
    ];
    writeFileSync(file, await writeXlsx({ sheets }));
    return file;
  }

  const FILL = { FAccountBookID: "001", FACCBOOKORGID: "100" };

  test("the columns are filled by key, wherever they stand, and own ones by `fill`", async () => {
    const fill = { ...FILL, "FDetailID#FF100003": "$$.dimensions.部门", F_XYZ_OWN: "$.key" };
    const { target, folder } = await aTarget({ layout: "kingdee galaxy", template: await template(KEYS), fill });
    await post(target, TAXI);
    const rows = await sheetOf(folder);
    expect(rows[0]).toEqual(KEYS);
    expect(rows[1]).toEqual(KEYS.map((key) => `说明 ${key}`));
    expect(await cellsOf(folder, 2)).toMatchObject({
      "FBillHead(GL_VOUCHER)": 1,
      F_XYZ_OWN: "BX2501-0007",
      FVOUCHERGROUPID: "PRE001",
      "FDetailID#FF100003": "D01",
      "FDetailID#FF100003#Name": null,
      FACCOUNTID: "00660203",
      FDEBIT: 113.68,
      FCREDIT: 0,
      FBUSNO: "expense/BX2501-0007/1",
    });
    expect(await cellsOf(folder, 4)).toMatchObject({ "FBillHead(GL_VOUCHER)": null, FAccountBookID: null, FEntity: 3, FCREDIT: 120.5 });
  });

  test.each([
    [KEYS.filter((key) => key !== "FACCOUNTID"), {}, /`template`: row 1 of sheet `凭证#单据头\(FBillHead\)` has no `FACCOUNTID`/],
    [["something else"], {}, /`template`: no sheet begins with `FBillHead\(GL_VOUCHER\)`/],
    [[...KEYS, "FDate"], {}, /`template`: row 1 has `FDate` twice/],
    [KEYS, { "FDetailID#FFLEX5": "D01" }, /`fill.FDetailID#FFLEX5`: the layout has no such column/],
  ])("a template that does not fit is refused (%#)", async (keys, more, message) => {
    const given = { layout: "kingdee galaxy", template: await template(keys), fill: { ...FILL, ...more } } as const;
    await expect(openVoucherFiles(aFolder(), given)).rejects.toThrow(message);
  });

  test("what is no workbook is refused", async () => {
    const file = join(aFolder(), "template.xlsx");
    writeFileSync(file, "not a workbook");
    const given = { layout: "kingdee galaxy", template: file, fill: FILL } as const;
    await expect(openVoucherFiles(aFolder(), given)).rejects.toThrow(/`template`: it cannot be read as a workbook/);
  });
});

describe("a document that cannot be written is refused by itself, with the field and the value", () => {
  test.each([
    [U8, withText("餐费,酒"), "`摘要` of line 1 is `餐费,酒 BX2501-0007`: the layout has no way to write `,` inside a value"],
    [U8, withText('所谓"餐费"'), '`摘要` of line 1 is `所谓"餐费" BX2501-0007`: the layout has no way to write `"` inside a value'],
    [U8, withText("𠮷野家"), "`摘要` of line 1 is `𠮷野家 BX2501-0007`: `𠮷` (U+20BB7) cannot be written in GBK"],
    [U8, withText("señor"), "`ñ` (U+00F1) cannot be written in GBK"],
    [U8, withText("两\n行"), "with the character U+000A, which cannot stand in a voucher"],
    [U8, withText("文".repeat(49)), `\`摘要\` of line 1 is \`${"文".repeat(49)} BX2501-0007\`, 61 characters where 60 are taken`],
    [{ ...U8, limits: { 摘要: 30 } }, withText("长".repeat(20)), "32 characters where 30 are taken"],
    [U8, { ...TAXI, attachments: 1000 }, "`附单据数` of line 1 is `1000`, where 3 digits and 0 places are taken"],
    [U8, { ...TAXI, currency: "JPY" }, "the currency `JPY` is not the book's (`CNY`), and there is no exchange rate to write"],
    [U8, { ...TAXI, fields: { word: "付-款" } }, "the voucher word `付-款` is not one to eight letters"],
    [{ layout: "kingdee k3" }, withText("零\u0000"), "with the character U+0000"],
    [
      { layout: "csv", csv: { encoding: "gbk", delimiter: ",", header: false, formulas: "keep" } },
      withText("𠮷"),
      "cannot be written in GBK",
    ],
  ] as const)("%#", async (given, document, message) => {
    const { target, folder } = await aTarget(given as Given);
    const outcomes = await post(target, document, { ...TAXI, key: "other" });
    expect(problemOf(outcomes[0] as never).message).toContain(message);
    expect(outcomes[1]?.kind).toBe("created");
    expect(await target.check?.([document])).toEqual([problemOf(outcomes[0] as never)]);
    expect(controlsOf(folder).flatMap(({ entries }) => entries.map(({ document: key }) => key))).toEqual(["other"]);
  });

  test("an account that is too long, or an amount that is too large for U8", async () => {
    const { target } = await aTarget(U8);
    const account = "6".repeat(16);
    const large = 10n ** 16n;
    const document = aDocument({
      lines: [aLine({ account, amountMinor: large }), aLine({ side: "credit", account: "1001", amountMinor: large })],
    });
    expect(problemOf(await postOne(target, document)).message).toBe(
      [
        `\`科目编码\` of line 1 is \`${account}\`, 16 characters where 15 are taken`,
        "`借方金额` of line 1 is `100000000000000.00`, where 14 digits and 2 places are taken",
        "`贷方金额` of line 2 is `100000000000000.00`, where 14 digits and 2 places are taken",
      ].join("; "),
    );
  });
});

describe("texts", () => {
  const texts = (folder: string): string[] => {
    const file = filesIn(folder).at(-1) as string;
    return new TextDecoder("gbk")
      .decode(contentOf(folder, file))
      .split("\r\n")
      .slice(1, -1)
      .map((line) => line.split(",")[4] ?? "");
  };

  test("`replace` says what is written instead, in texts and never in codes", async () => {
    const { target, folder } = await aTarget({ ...U8, replace: { ",": "，", '"': "＂", "\n": " " } });
    await post(target, withText('a,b"c\nd'));
    expect(texts(folder)[0]).toBe("a，b＂c d BX2501-0007");
    const account = aDocument({ key: "K", lines: [aLine({ account: "66,02" }), aLine({ side: "credit", account: "1001" })] });
    expect(problemOf(await postOne(target, account)).message).toContain("`科目编码` of line 1 is `66,02`");
  });

  test("the key stands behind a text that does not name the document", async () => {
    const { target, folder } = await aTarget(U8);
    for (const text of ["报销BX2501-0007张三", "见 BX2501-00071", "见 BX2501-0007-2", ""]) {
      await postOne(target, { ...withText(text), key: `BX2501-0007${text === "" ? "9" : ""}` }, `expense/${text}/1`);
    }
    const all = filesIn(folder).map((file) => new TextDecoder("gbk").decode(contentOf(folder, file)).split("\r\n")[1]?.split(",")[4]);
    expect(all).toEqual([
      "报销BX2501-0007张三",
      "见 BX2501-00071 BX2501-0007",
      "见 BX2501-0007-2 BX2501-0007",
      "报销 BX2501-0007 张三 BX2501-00079",
    ]);
  });

  test("`long_text: shorten` keeps the key", async () => {
    const { target, folder } = await aTarget({ ...U8, long_text: "shorten" });
    await post(target, withText("文".repeat(80)));
    expect(texts(folder)[0]).toBe(`${"文".repeat(48)} BX2501-0007`);
  });

  test("that of a reversal is shortened, and still names what it cancels and the document", async () => {
    const { target, folder } = await aTarget(U8);
    const document = withText("文".repeat(48));
    const outcome = await postOne(target, document);
    const [reversed] = await target.reverse([reversalOf(document, referenceOf(outcome))]);
    expect(reversed?.kind).toBe("created");
    const file = filesIn(folder).find((name) => name.startsWith("reversals")) as string;
    const text = new TextDecoder("gbk").decode(contentOf(folder, file)).split("\r\n")[1]?.split(",")[4] ?? "";
    expect(text).toMatch(/^注销2026年11月20日记-1号凭证 文+ BX2501-0007$/);
    expect([...text].length).toBe(60);
  });
});

describe("csv", () => {
  const COLUMNS = [
    { name: "摘要", value: "$$.text" },
    { name: "金额", value: "$$.signed" },
  ];
  const bytes = async (csv: Partial<NonNullable<VoucherFileOptions["csv"]>>, text: string): Promise<Buffer> => {
    const whole = { encoding: "utf-8", delimiter: ",", header: false, formulas: "keep", ...csv } as const;
    const { target, folder } = await aTarget({ layout: "csv", csv: whole, columns: COLUMNS });
    const lines = [aLine({ text, amountMinor: -5n }), aLine({ side: "credit", account: "1", text, amountMinor: -5n })];
    referenceOf(await postOne(target, aDocument({ lines })));
    return contentOf(folder, only(filesIn(folder)));
  };

  test.each([
    [{}, "a", "a,-0.05\r\na,0.05\r\n"],
    [{ header: true }, "a", "摘要,金额\r\na,-0.05\r\na,0.05\r\n"],
    [{}, 'a,"b"', '"a,""b""",-0.05\r\n"a,""b""",0.05\r\n'],
    [{}, "two\nlines", '"two\nlines",-0.05\r\n"two\nlines",0.05\r\n'],
    [{ delimiter: ";" }, "a,b;c", '"a,b;c";-0.05\r\n"a,b;c";0.05\r\n'],
    [{ formulas: "keep" }, "=1+1", "=1+1,-0.05\r\n=1+1,0.05\r\n"],
    [{ formulas: "escape" }, "=1+1", "'=1+1,-0.05\r\n'=1+1,0.05\r\n"],
    [{ formulas: "escape" }, "@x", "'@x,-0.05\r\n'@x,0.05\r\n"],
    [{ encoding: "utf-8 bom" }, "a", "\ufeffa,-0.05\r\na,0.05\r\n"],
  ] as const)("%o writes %o", async (csv, text, expected) => {
    expect((await bytes(csv, text)).toString("utf8")).toBe(expected);
  });

  test("GB18030 holds every character, four bytes long where it must", async () => {
    const content = await bytes({ encoding: "gb18030" }, "𠮷á");
    expect(new TextDecoder("gb18030", { fatal: true }).decode(content)).toBe("𠮷á,-0.05\r\n𠮷á,0.05\r\n");
  });
});

describe("options that do not fit are refused", () => {
  test.each([
    [{ layout: "kingdee k3", fill: {} }, /`fill`: layout `kingdee k3` needs `制单`, which only you can know/],
    [{ layout: "csv", columns: undefined }, /`columns`: layout `csv` has no columns of its own/],
    [{ layout: "yonyou u8", dates: "yyyy/M/d" }, /`dates`: layout `yonyou u8` does not read it/],
    [{ layout: "yonyou u8", sheet: "x" }, /`sheet`: layout `yonyou u8` does not read it/],
    [{ layout: "kingdee k3", number_prefix: "EX" }, /`number_prefix`: layout `kingdee k3` does not read it/],
    [{ layout: "csv", dates: "real" }, /`dates`: a text file has no `real` dates/],
    [{ layout: "csv", dates: "yyyy-yyyy" }, /`dates`: `yyyy-yyyy` is no date format/],
    [{ layout: "yonyou u8", fill: { 制单人: "d", 部门: "x" } }, /`fill.部门`: the layout has no such column/],
    [{ layout: "yonyou u8", limits: { 摘耍: 3 } }, /`limits.摘耍`: the layout has no such column/],
    [{ layout: "csv", columns: [{ name: "a", value: "$$.acount" }] }, /`a`: there is no `\$\$.acount`.*/],
    [{ layout: "csv", columns: [{ name: "a", value: "$date" }] }, /`a`: `\$date` is no name/],
    [{ layout: "csv", columns: [{ name: "a", value: "$.fields.invoice" }] }, /there is no `\$.fields.invoice`/],
    [
      { layout: "csv", csv: { encoding: "utf-8", delimiter: '"', header: true, formulas: "keep" } },
      /`csv.delimiter`: this sign has a meaning of its own/,
    ],
    [
      {
        layout: "csv",
        csv: { encoding: "gbk", delimiter: ",", header: true, formulas: "keep" },
        columns: [{ name: "𠮷", value: "$.key" }],
      },
      /`columns`: `𠮷` cannot be written in gbk/,
    ],
  ])("%#", async (given, message) => {
    await expect(openVoucherFiles(aFolder(), given as unknown as Given)).rejects.toThrow(message);
  });
});

describe("numbers, words and months", () => {
  const numbers = (folder: string): string[] =>
    controlsOf(folder).flatMap(({ entries }) => entries.map(({ period, word, voucher }) => `${period} ${word}-${voucher}`));

  test("run per word and month from `first_number`, and are never given twice", async () => {
    const { target, folder } = await aTarget({ ...U8, first_number: 5001, number_prefix: "S" });
    await post(target, aDocument({ key: "A" }), aDocument({ key: "B", fields: { word: "转" } }), aDocument({ key: "C" }));
    await post(target, aDocument({ key: "D", date: "2026-12-01" }), withText("a,b"), aDocument({ key: "E" }));
    expect(numbers(folder)).toEqual(["2026-11 记-S5001", "2026-11 转-S5001", "2026-11 记-S5002", "2026-12 记-S5001", "2026-11 记-S5003"]);
    const lower = await openVoucherFiles(folder, U8);
    await post(lower, aDocument({ key: "F" }));
    expect(numbers(folder).at(-1)).toBe("2026-11 记-5004");
  });

  test("a closed month waits, and what it holds is cancelled in the next open one", async () => {
    const folder = aFolder();
    const open = await openVoucherFiles(folder, U8);
    const reference = referenceOf(await postOne(open, TAXI));
    const target = await openVoucherFiles(folder, U8, { closed_through: "2026-11" });
    expect(problemOf(await postOne(target, aDocument({ key: "L" }))).code).toBe("TARGET_PERIOD_CLOSED");
    expect((await target.check?.([aDocument({ key: "L" })]))?.[0]?.code).toBe("TARGET_PERIOD_CLOSED");
    expect(await target.nextOpen?.("2026-10-15")).toBe("2026-12-01");
    expect(await target.nextOpen?.("2026-12-15")).toBe("2026-12-15");
    const reversal = reversalOf(TAXI, reference);
    expect(problemOf(only(await target.reverse([reversal]))).code).toBe("TARGET_PERIOD_CLOSED");
    expect(only(await target.reverse([{ ...reversal, date: "2026-12-01" }]))).toMatchObject({
      kind: "created",
      reference: "2026-12 记-1, reversals-20261201-000002.txt",
    });
  });

  test("`swap sides` cancels with the sides swapped, for products without negative amounts", async () => {
    const { target, folder } = await aTarget({ ...U8, reversal: "swap sides" });
    const reference = referenceOf(await postOne(target, TAXI));
    await target.reverse([reversalOf(TAXI, reference)]);
    expect(
      controlsOf(folder)[1]
        ?.documentAt(0)
        .lines.map(({ side, amountMinor }) => [side, amountMinor]),
    ).toEqual([
      ["credit", 11_368n],
      ["credit", 682n],
      ["debit", 12_050n],
    ]);
  });

  test("the name of a file has the day of the project's time zone", async () => {
    const { target, folder } = await aTarget(
      { ...U8, file: "费用_{sequence}_{date}_{kind}" },
      { now: () => new Date("2026-11-30T15:59:59Z") },
    );
    await post(target, TAXI);
    expect(filesIn(folder)).toEqual(["费用_000001_20261130_vouchers.txt"]);
  });

  test("a text that looks like a part of the control file is a text", async () => {
    const { target } = await aTarget({ layout: "csv" });
    const text = '","content":{"x":1}}\\';
    const document = { ...withText(text), key: text, text };
    referenceOf(await postOne(target, document));
    const entries: unknown[] = [];
    for await (const entry of target.postings?.("expense") ?? []) entries.push(entry);
    expect(entries).toMatchObject([{ idempotencyKey: `expense/${text}/1`, document }]);
  });

  test("a lost store is rebuilt from the control files, content and all", async () => {
    const { target } = await aTarget(U8);
    const reference = referenceOf(await postOne(target, TAXI));
    await target.reverse([reversalOf(TAXI, reference)]);
    expect(await target.latest?.("expense")).toBe("expense/BX2501-0007/1/reversal");
    expect(await target.latest?.("exp")).toBeNull();
    const entries: unknown[] = [];
    for await (const entry of target.postings?.("expense") ?? []) entries.push(entry);
    expect(entries).toMatchObject([
      { idempotencyKey: "expense/BX2501-0007/1", document: TAXI },
      { reference: expect.stringMatching(/^2026-11 记-2, /) },
    ]);
  });
});
