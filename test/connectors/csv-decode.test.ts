import fc from "fast-check";
import iconv from "iconv-lite";
import { describe, expect, test } from "vitest";
import { DecodeFault, StrictDecoder } from "../../src/connectors/files/decode.js";
import { EncodingInspection } from "../../src/connectors/files/detect.js";
import type { EncodingName, TextEncodingName } from "../../src/connectors/files/encodings.js";

function inPieces(bytes: Uint8Array, size: number): Buffer[] {
  const pieces: Buffer[] = [];
  for (let at = 0; at < bytes.length; at += size) pieces.push(Buffer.from(bytes.subarray(at, at + size)));
  return pieces;
}

/** Each piece is overwritten after use, as the reader of files does with its buffer. */
function decode(bytes: Uint8Array, encoding: TextEncodingName, size: number): string {
  const decoder = new StrictDecoder(encoding);
  let text = "";
  for (const piece of inPieces(bytes, size)) {
    text += decoder.decode(piece);
    piece.fill(0xee);
  }
  return text + decoder.end();
}

function faultOf(bytes: number[], encoding: TextEncodingName, size: number): [number, string] | null {
  try {
    decode(Uint8Array.from(bytes), encoding, size);
    return null;
  } catch (error) {
    if (!(error instanceof DecodeFault)) throw error;
    return [error.offset, error.bytes.toString("hex")];
  }
}

function detect(bytes: Uint8Array, declared: EncodingName = "detect", size = 5): string {
  const inspection = new EncodingInspection(declared);
  for (const piece of inPieces(bytes, size)) {
    inspection.see(piece);
    piece.fill(0xee);
  }
  const found = inspection.end();
  return "encoding" in found ? found.encoding : found.faults.map((fault) => `${fault.encoding} ${fault.reason}@${fault.offset}`).join(", ");
}

const SAMPLES: readonly (readonly [TextEncodingName, string])[] = [
  ["utf-8", "报销单号,金额\r\nBX-001,“1.50”€ 😀 𠮷\n"],
  ["gb18030", "报销单号,金额（元）\r\nBX-001,1.50€ 😀 㐀 𠮷 é\n乗客,繁體\n"],
  ["big5", "報銷單號,金額\r\nBX-001,功許蓋\n"],
  ["utf-16le", "上海,金额\r\nBX-001,1.50€ 😀\n"],
  ["utf-16be", "上海,金额\r\nBX-001,1.50€ 😀\n"],
  ["shift_jis", "請求書,金額\r\n表,ソﾊﾝｶｸ能\n"],
  ["euc-kr", "전표,금액\r\n가,1.50\n"],
  ["windows-1250", "Příjem,Žluťoučký kůň € “ok”\r\n"],
  ["windows-1251", "Счёт,Сумма № «1»\r\n"],
  ["windows-1252", "Fylde Coast Women’s Aid – £5,€ “café”\r\n"],
  ["windows-1253", "Τιμολόγιο,€\r\n"],
  ["windows-1254", "Ödeme,İstanbul ş ğ\r\n"],
  ["windows-1255", "חשבון,₪\r\n"],
  ["windows-1256", "فاتورة,€\r\n"],
  ["windows-1257", "Sąskaita,ž €\r\n"],
  ["windows-1258", "Hoá đơn,₫\r\n"],
  ["iso-8859-15", "Reçu,€ œuvre\r\n"],
];

describe("StrictDecoder", () => {
  test.each(SAMPLES)("reads %s in pieces of any size", (encoding, sample) => {
    const bytes = iconv.encode(sample, encoding);
    for (let size = 1; size <= bytes.length; size += 1) expect(decode(bytes, encoding, size)).toBe(iconv.decode(bytes, encoding));
    expect(decode(bytes, encoding, 3)).toContain("\r\n");
  });

  test("reads any text in the Unicode encodings, in pieces of any size", () => {
    const encoding = fc.constantFrom<TextEncodingName>("utf-8", "utf-16le", "utf-16be");
    fc.assert(
      fc.property(fc.string({ unit: "binary", maxLength: 40 }), encoding, fc.integer({ min: 1, max: 9 }), (text, name, size) => {
        expect(decode(iconv.encode(`x${text}`, name), name, size)).toBe(`x${text}`);
      }),
      { numRuns: 500 },
    );
  });

  test("reads all of Unicode written as GB18030, except the places where its editions differ", () => {
    const differing = new Set<number>();
    const all: string[] = [];
    for (let point = 0x80; point <= 0x10ffff; point += 1) if (point < 0xd800 || point > 0xdfff) all.push(String.fromCodePoint(point));
    const text = `${all.join(",")}\n`;
    const decoded = decode(iconv.encode(text, "gb18030"), "gb18030", 65_537).split(",");
    for (const [index, character] of all.entries())
      if (decoded[index]?.replace("\n", "") !== character) differing.add(character.codePointAt(0) as number);
    // Private-use code points that the editions of 2000, 2005 and 2022 moved one after the other.
    expect([...differing].every((point) => point >= 0xe000 && point <= 0xf8ff)).toBe(true);
    expect(differing.size).toBeLessThan(30);
  });

  test("reads every byte of windows-1252 as the standard has it", () => {
    for (let byte = 0x80; byte <= 0xff; byte += 1) {
      if ([0x81, 0x8d, 0x8f, 0x90, 0x9d].includes(byte)) expect(faultOf([0x61, byte], "windows-1252", 1)).toEqual([1, byte.toString(16)]);
      else expect(decode(Uint8Array.of(byte), "windows-1252", 1)).toBe(iconv.decode(Buffer.of(byte), "windows-1252"));
    }
  });

  test.each<[string, TextEncodingName, number[], number, string]>([
    ["a second byte that cannot follow", "gb18030", [0x41, 0x2c, 0xb1, 0xa8, 0xd6, 0x0a, 0x42], 4, "d60a"],
    ["a first byte that does not exist", "gb18030", [0x41, 0xff, 0x2c], 1, "ff"],
    ["a four-byte form cut short", "gb18030", [0x41, 0x81, 0x30, 0x2c], 1, "81302c"],
    ["the end within a character", "gb18030", [0x41, 0x2c, 0xb1], 2, "b1"],
    ["the end within a character", "utf-8", [0x41, 0xe6, 0x8a], 1, "e68a"],
    ["a lone continuation byte", "utf-8", [0xe6, 0x8a, 0xa5, 0x80, 0x2c], 3, "80"],
    ["a surrogate", "utf-8", [0x41, 0xed, 0xa0, 0x80, 0x2c], 1, "eda0"],
    ["half a surrogate pair", "utf-16le", [0x41, 0, 0, 0xd8, 0x41, 0], 2, "00d84100"],
    ["an odd number of bytes", "utf-16be", [0, 0x41, 0], 2, "00"],
    ["a byte without a meaning", "windows-1253", [0x41, 0x2c, 0xd2], 2, "d2"],
    ["a control byte", "iso-8859-15", [0x41, 0x80], 1, "80"],
  ])("names the place and the bytes of %s (%s)", (_, encoding, bytes, offset, shown) => {
    const before = encoding.startsWith("utf-16") ? [] : [...Buffer.from("a,b\n".repeat(50))];
    for (const size of [1, 2, 3, 7, 64, 1000]) {
      const fault = faultOf([...before, ...bytes], encoding, size);
      expect(fault?.[0]).toBe(before.length + offset);
      expect(fault?.[1].startsWith(shown.slice(0, 2))).toBe(true);
      expect(shown.startsWith(fault?.[1] ?? "-") || fault?.[1].startsWith(shown)).toBe(true);
    }
  });

  test("finds one bad byte put anywhere into GB18030 text, at its place", () => {
    const words = fc.array(fc.constantFrom("报销", "单号,", "a", "1.50", "\r\n", "繁體", "😀"), { maxLength: 30 });
    fc.assert(
      fc.property(words, words, fc.integer({ min: 1, max: 50 }), (before, after, size) => {
        const start = iconv.encode(before.join(""), "gb18030");
        const bytes = [...start, 0xff, 0x2c, ...iconv.encode(after.join(""), "gb18030")];
        expect(faultOf(bytes, "gb18030", size)).toEqual([start.length, "ff"]);
      }),
      { numRuns: 300 },
    );
  });

  test("drops the byte order mark, once", () => {
    for (const encoding of ["utf-8", "utf-16le", "utf-16be", "gb18030"] as const) {
      expect(decode(iconv.encode("\ufeff单\ufeff号", encoding), encoding, 1)).toBe("单\ufeff号");
    }
  });
});

describe("EncodingInspection", () => {
  test("takes UTF-8 before GB18030, and plain ASCII for UTF-8", () => {
    expect(detect(Buffer.from("单号,金额\n"))).toBe("utf-8");
    expect(detect(Buffer.from("a,b\n"))).toBe("utf-8");
    expect(detect(Buffer.alloc(0))).toBe("utf-8");
    expect(detect(iconv.encode("单号,金额\n", "gb18030"))).toBe("gb18030");
  });

  test("looks at the whole file: the first Chinese name may stand in the last line", () => {
    const ascii = Buffer.from("BX-001,100.00\n".repeat(5000));
    expect(detect(Buffer.concat([ascii, iconv.encode("BX-002,王小明\n", "gbk")]), "detect", 65_536)).toBe("gb18030");
    expect(detect(Buffer.concat([ascii, Buffer.from("BX-002,王小明\n")]), "detect", 65_536)).toBe("utf-8");
  });

  test("settles short GBK texts that are UTF-8 by chance for neither more nor less than what they are", () => {
    fc.assert(
      fc.property(
        fc.array(fc.constantFrom("报", "销", "单", "号", "金", "额", "王", "龘", "一"), { minLength: 1, maxLength: 6 }),
        (characters) => {
          const bytes = iconv.encode(`${characters.join("")},1\n`, "gbk");
          const isUtf8 = !Buffer.from(bytes).toString("utf8").includes("\ufffd");
          expect(detect(bytes)).toBe(isUtf8 ? "utf-8" : "gb18030");
        },
      ),
    );
  });

  test("believes a byte order mark", () => {
    for (const encoding of ["utf-8", "utf-16le", "utf-16be", "gb18030"])
      expect(detect(iconv.encode("\ufeff单号\n", encoding))).toBe(encoding);
  });

  test("says where each encoding fails when none fits", () => {
    expect(detect(Buffer.from([0x61, 0x2c, 0x92, 0x20, 0x0a]))).toBe("utf-8 bytes@2, gb18030 bytes@2");
  });

  test("does not take UTF-16 or a workbook for text with zero bytes", () => {
    expect(detect(iconv.encode("ab,1\n", "utf-16le"))).toBe("text zero@1");
    expect(detect(Buffer.from("PK\u0003\u0004\u0014\u0000"))).toBe("text zero@5");
  });

  test.each<[EncodingName, string]>([
    ["utf8", "utf-8"],
    ["gbk", "gb18030"],
    ["gb2312", "gb18030"],
    ["utf-16", "utf-16le"],
    ["iso-8859-1", "windows-1252"],
    ["big5", "big5"],
  ])("reads %s as %s", (declared, wanted) => {
    expect(detect(Buffer.from("a,b\n"), declared)).toBe(wanted);
  });

  test("lets the mark decide which UTF-16 it is, and refuses a mark that contradicts the declaration", () => {
    expect(detect(iconv.encode("\ufeffa\n", "utf-16be"), "utf-16")).toBe("utf-16be");
    expect(detect(Buffer.from("\ufeffa\n"), "gb18030")).toBe("utf-8 mark@0");
    expect(detect(iconv.encode("\ufeffa\n", "utf-16be"), "utf-16le")).toBe("utf-16be mark@0");
  });
});
