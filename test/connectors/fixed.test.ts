import { readFileSync } from "node:fs";
import fc from "fast-check";
import iconv from "iconv-lite";
import { describe, expect, test } from "vitest";
import { connector } from "../../src/connectors/fixed/index.js";
import { byteRuler, characterRuler } from "../../src/connectors/fixed/measure.js";
import { FixedSourceOptions } from "../../src/connectors/fixed/options.js";
import { ProblemError } from "../../src/model/problem.js";
import { sourceConformance } from "./conformance.js";
import { columnsOf, folderWith } from "./csv-setup.js";
import { opener, reader } from "./file-setup.js";

const open = opener(connector, FixedSourceOptions);
const read = reader(connector, FixedSourceOptions, "a.txt");
const places = [
  { name: "no", start: 1, length: 4 },
  { name: "amount", start: 5, length: 6 },
];

sourceConformance("fixed", () => {
  const rows = Array.from({ length: 5000 }, (_, index) => `${String(index).padStart(6)}甲乙${String(index / 2).padStart(8)}`).join("\r\n");
  const folder = folderWith({ "1.txt": `${rows}\r\n`, "2.txt": "     1甲乙     3.5\nshort\n", "3.txt": rows });
  const options = {
    places: [
      { name: "单号", start: 1, length: 6 },
      { name: "户名", start: 7, length: 2 },
      { name: "金额", start: 9, length: 8 },
    ],
  };
  return { folder, columns: columnsOf("金额", "单号", "户名"), open: (context) => open(folder, options, context) };
});

test("a bank file in GBK, measured in bytes", async () => {
  const content = readFileSync(new URL("../../fixtures/connectors/fixed/bank-gbk.txt", import.meta.url));
  const given = {
    encoding: "gbk" as const,
    measure: "bytes" as const,
    places: [
      { name: "流水号", start: 1, length: 12 },
      { name: "户名", start: 13, length: 20 },
      { name: "金额", start: 33, length: 12 },
      { name: "日期", start: 45, length: 8 },
    ],
    skip_lines: 1,
    ignore: ["^T"],
  };
  const { rows, lines, malformed, events } = await read(content, ["流水号", "户名", "金额", "日期"], given);
  expect(malformed).toEqual([]);
  expect(rows).toEqual([
    ["000000000001", "上海甲公司", "000001280000", "20260131"],
    ["000000000002", "王芳", "-00000003650", "20260131"],
    ["000000000003", "€丁 Ltd", "000000000100", "20260201"],
  ]);
  expect(lines).toEqual([2, 3, 4]);
  expect(events.at(-1)).toMatchObject({ leftOut: 1 });
});

describe("lines", () => {
  test("become records, trimmed; blank ones are passed over, and what is beyond the columns too", async () => {
    const { rows, lines } = await read("0001 12.50\n\n   \r\n0002 -3.00 rest", ["amount", "no"], { places });
    expect([rows, lines]).toEqual([
      [
        ["12.50", "0001"],
        ["-3.00", "0002"],
      ],
      [1, 4],
    ]);
    expect((await read("0001 12.50", ["amount"], { places, trim: false })).rows).toEqual([[" 12.50"]]);
    expect((await read("0001      ", ["amount"], { places })).rows).toEqual([[null]]);
  });

  test("that are short wait, or are filled", async () => {
    const { rows, malformed } = await read("0001 12.5\n0002 12.50\n", ["no"], { places });
    expect(rows).toEqual([["0002"]]);
    expect(malformed).toMatchObject([
      { line: 1, text: "0001 12.5", problem: { code: "RECORD_MALFORMED", message: "the line has 9 characters, expected at least 10" } },
    ]);
    expect((await read("0001 1\n00", ["no", "amount"], { places, short_rows: "fill" })).rows).toEqual([
      ["0001", "1"],
      ["00", null],
    ]);
  });

  test("are left out by pattern, by column and at the end, and counted", async () => {
    const given = { places, skip_lines: 1, skip_footer: 1, ignore: ["^T", { column: "no", matches: "^9" }] };
    const { rows, events } = await read("header of any length\n0001   1.0\nT001   1.0\n9001   1.0\n0002   2.0\nfoot", ["no"], given);
    expect(rows).toEqual([["0001"], ["0002"]]);
    expect(events.at(-1)).toMatchObject({ leftOut: 3 });
  });

  test("cut within a character wait", async () => {
    const given = { places: [{ name: "a", start: 1, length: 3 }], measure: "bytes" as const, encoding: "gbk" as const };
    const { malformed, rows } = await read(iconv.encode("甲乙\n甲x\n", "gbk"), ["a"], given);
    expect(rows).toEqual([["甲x"]]);
    expect(malformed).toMatchObject([{ line: 1, problem: { message: "`a` begins or ends within a character" } }]);
  });

  test("lack a column that has no place, and must not name one twice", async () => {
    expect((await read("0001 12.50", ["date"], { places })).problems).toMatchObject([{ code: "SOURCE_MISSING_COLUMN" }]);
    expect((await read("0001 12.50", ["no"], { places: [...places, ...places] })).problems).toMatchObject([
      { code: "SOURCE_DUPLICATE_HEADER" },
    ]);
  });
});

test("bytes of UTF-16 cannot be counted", () => {
  expect(() => open("/", { places, measure: "bytes", encoding: "utf-16le" })).toThrow(ProblemError);
});

describe("a ruler", () => {
  const text = fc.string({ unit: fc.constantFrom("a", "1", " ", "甲", "€", "é", "㐀", "😀", "ｱ", "한"), maxLength: 12 });

  test.each(["utf-8", "gb18030", "big5", "shift_jis", "euc-kr", "windows-1252"] as const)(
    "of bytes in %s cuts as the bytes do",
    (encoding) => {
      const ruler = byteRuler(encoding);
      fc.assert(
        fc.property(text, fc.nat(20), fc.nat(20), (given, from, length) => {
          const line = iconv.decode(iconv.encode(given, encoding), encoding).replaceAll(/[?\ufffd]/g, "a");
          const bytes = iconv.encode(line, encoding);
          expect(ruler.lengthOf(line)).toBe(bytes.length);
          const cut = ruler.cut(line, from, from + length);
          const piece = bytes.subarray(from, from + length);
          if (cut !== null) expect(iconv.encode(cut, encoding)).toEqual(piece);
          else expect(isWithin(line, encoding, from) || isWithin(line, encoding, from + length)).toBe(true);
        }),
        { numRuns: 500 },
      );
    },
  );

  /** Whether a place lies within a character. */
  function isWithin(line: string, encoding: string, place: number): boolean {
    let bytes = 0;
    for (const character of line) {
      if (bytes >= place) break;
      bytes += iconv.encode(character, encoding).length;
    }
    return bytes > place;
  }

  test("of characters counts rare ones once", () => {
    expect([characterRuler.lengthOf("😀甲"), characterRuler.cut("😀甲乙", 1, 2)]).toEqual([2, "甲"]);
  });
});
