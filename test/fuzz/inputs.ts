import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import type { Random } from "../../fixtures/hesi/random.js";
import { connector as csv } from "../../src/connectors/csv/index.js";
import { CsvSourceOptions } from "../../src/connectors/csv/options.js";
import { connector as fixed } from "../../src/connectors/fixed/index.js";
import { FixedSourceOptions } from "../../src/connectors/fixed/options.js";
import { connector as json } from "../../src/connectors/json/index.js";
import { JsonSourceOptions } from "../../src/connectors/json/options.js";
import { connector as xlsx } from "../../src/connectors/xlsx/index.js";
import { XlsxSourceOptions } from "../../src/connectors/xlsx/options.js";
import { connector as xml } from "../../src/connectors/xml/index.js";
import { XmlSourceOptions } from "../../src/connectors/xml/options.js";
import { opener } from "../connectors/file-setup.js";
import { rowsOf, workbookOf } from "../connectors/xlsx-writer.js";
import { zipOf } from "../connectors/zip-writer.js";
import { mutated } from "./mutate.js";

type Open = ReturnType<typeof opener>;

/** One kind of input: well-formed files to begin with, and ways to read them. */
export interface Kind {
  readonly name: string;
  readonly file: string;
  readonly seeds: readonly Buffer[];
  readonly columns: readonly string[];
  readonly open: Open;
  readonly options: readonly Parameters<Open>[1][];
  /** A broken file of this kind. */
  readonly broken: (seeds: readonly Buffer[], random: Random) => Buffer;
}

const ofBytes: Kind["broken"] = (seeds, random) => mutated(random.pick(seeds), seeds, random);

function fixtures(connector: string): Buffer[] {
  const folder = fileURLToPath(new URL(`../../fixtures/connectors/${connector}`, import.meta.url));
  return readdirSync(folder)
    .sort()
    .map((name) => readFileSync(path.join(folder, name)));
}

const MAIN = 'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"';
const sheetRows = rowsOf(
  ["单号", "金额"],
  ["00042", "<c><v>12.300000000000001</v></c>"],
  ['<c t="s"><v>0</v></c>', '<c s="1"><v>46053.5</v></c>'],
  ["x", '<c t="e"><v>#N/A</v></c>'],
);
const sheetParts = [
  `<worksheet ${MAIN}><sheetData>${sheetRows}</sheetData><mergeCells><mergeCell ref="A2:A3"/><mergeCell ref="B2:C3"/></mergeCells></worksheet>`,
  `<sst ${MAIN}><si><t>甲</t></si><si><r><t>乙</t></r><rPh><t>x</t></rPh></si></sst>`,
  `<styleSheet ${MAIN}><numFmts><numFmt numFmtId="200" formatCode="yyyy&quot;年&quot;m/d h:mm:ss.0;[Red]@"/></numFmts><cellXfs><xf numFmtId="0"/><xf numFmtId="200"/></cellXfs></styleSheet>`,
].map((part) => Buffer.from(part));
const sheetNames = ["xl/worksheets/sheet1.xml", "xl/sharedStrings.xml", "xl/styles.xml"];

/** Broken XML in whole zip archives reaches deeper than broken archives. */
const ofParts: Kind["broken"] = (seeds, random) => {
  if (random.chance(0.3)) return ofBytes(seeds, random);
  const which = random.between(0, sheetParts.length - 1);
  const parts = sheetParts.map((content, index) => ({
    name: sheetNames[index] as string,
    content: index === which ? mutated(content, sheetParts, random) : content,
  }));
  return workbookOf({ sheets: [{ name: "表", rows: "" }], parts });
};

const csvText = Buffer.from('单号,金额,备注\r\n00042,"1,280.00","第一行\n第二行"\r\n00043,3.00,"a ""b"""\r\n合计,1283.00,\r\n');

const places = [
  { name: "单号", start: 1, length: 12 },
  { name: "户名", start: 13, length: 20 },
];

export const KINDS: readonly Kind[] = [
  {
    name: "csv",
    file: "a.csv",
    seeds: [csvText, ...fixtures("csv")],
    columns: ["单号", "金额"],
    open: opener(csv, CsvSourceOptions) as Open,
    options: [
      {},
      { delimiter: "detect", header: { contains: ["单号"] }, ignore: ["合计"], skip_footer: 1 },
      { encoding: "gb18030", quote: "", short_rows: "fill" },
    ],
    broken: ofBytes,
  },
  {
    name: "csv in gzip",
    file: "a.csv.gz",
    seeds: [gzipSync(csvText)],
    columns: ["单号", "金额"],
    open: opener(csv, CsvSourceOptions) as Open,
    options: [{ unpack_limit: "1MB" }],
    broken: (seeds, random) => (random.chance(0.5) ? ofBytes(seeds, random) : gzipSync(mutated(csvText, seeds, random))),
  },
  {
    name: "csv in zip",
    file: "a.zip",
    seeds: [
      zipOf(
        [
          { name: "1.csv", content: csvText },
          { name: "b/2.csv", content: csvText, method: 0, isLong: true },
        ],
        { isLong: true, comment: "c" },
      ),
      ...fixtures("csv").filter((each) => each.subarray(0, 2).toString() === "PK"),
    ],
    columns: ["单号", "金额"],
    open: opener(csv, CsvSourceOptions) as Open,
    options: [{ unpack_limit: "1MB" }],
    broken: ofBytes,
  },
  {
    name: "xlsx",
    file: "a.xlsx",
    seeds: [
      ...fixtures("xlsx"),
      workbookOf({ sheets: [{ name: "表", rows: sheetRows, merges: ["A2:B3"] }], strings: ["<t>甲</t>"], formats: ["yyyy-mm-dd"] }),
    ],
    columns: ["单号", "金额"],
    open: opener(xlsx, XlsxSourceOptions) as Open,
    options: [{}, { merged: "fill", sheet: "*" }, { header: { contains: ["单号"] }, ignore: ["合计"], unpack_limit: "1MB" }],
    broken: ofParts,
  },
  {
    name: "json",
    file: "a.json",
    seeds: fixtures("json"),
    columns: ["单据编号", "收款.户名"],
    open: opener(json, JsonSourceOptions) as Open,
    options: [{ path: "$.data.items" }, { path: "$.data" }, {}, { encoding: "detect" }],
    broken: ofBytes,
  },
  {
    name: "json lines",
    file: "a.jsonl",
    seeds: fixtures("json"),
    columns: ["id", "amount"],
    open: opener(json, JsonSourceOptions) as Open,
    options: [{}, { encoding: "detect", ignore: ["total"] }],
    broken: ofBytes,
  },
  {
    name: "xml",
    file: "a.xml",
    seeds: fixtures("xml"),
    columns: ["@id", "Amount.@currency"],
    open: opener(xml, XmlSourceOptions) as Open,
    options: [
      { element: "Invoice" },
      { element: "/Invoices/Invoice", repeated: { join: ";" }, namespaces: { e: "urn:example:extension" } },
    ],
    broken: ofBytes,
  },
  {
    name: "fixed",
    file: "a.txt",
    seeds: fixtures("fixed"),
    columns: ["单号", "户名"],
    open: opener(fixed, FixedSourceOptions) as Open,
    options: [{ places }, { places, measure: "bytes", encoding: "gbk", short_rows: "fill", skip_footer: 2 }],
    broken: ofBytes,
  },
];
