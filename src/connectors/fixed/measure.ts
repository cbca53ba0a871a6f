import type { TextEncodingName } from "../files/encodings.js";

/** Cuts a line at places; null stands for a place that lies within a character. */
export interface Ruler {
  lengthOf(line: string): number;
  cut(line: string, from: number, to: number): string | null;
}

/** Counts characters, of which one that takes two units of UTF-16 is one. */
export const characterRuler: Ruler = {
  lengthOf: (line) => (SURROGATE.test(line) ? [...line].length : line.length),
  cut: (line, from, to) => (SURROGATE.test(line) ? [...line].slice(from, to).join("") : line.slice(from, to)),
};

const SURROGATE = /[\ud800-\udfff]/;

/**
 * Counts the bytes that characters take in an encoding. The text was decoded strictly, so that the bytes of a line can be
 * told from its characters.
 */
export function byteRuler(encoding: TextEncodingName): Ruler {
  const width = widthIn(encoding);
  const lengthOf = (line: string): number => {
    let bytes = 0;
    for (const character of line) bytes += width(character.codePointAt(0) as number);
    return bytes;
  };
  const cut = (line: string, from: number, to: number): string | null => {
    let bytes = 0;
    let start = -1;
    let at = 0;
    for (const character of line) {
      if (bytes >= from && start === -1) {
        if (bytes > from) return null;
        start = at;
      }
      if (bytes >= to) break;
      bytes += width(character.codePointAt(0) as number);
      at += character.length;
    }
    if (bytes > to) return null;
    return start === -1 ? (bytes > from ? null : "") : line.slice(start, at);
  };
  return { lengthOf, cut };
}

function widthIn(encoding: TextEncodingName): (code: number) => number {
  if (encoding === "utf-8") return (code) => (code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4);
  if (encoding === "gb18030") return gb18030Width();
  // Half-width katakana take one byte in Shift_JIS. In all of these ASCII takes one and everything else two.
  if (encoding === "shift_jis") return (code) => (code < 0x80 || (code >= 0xff61 && code <= 0xff9f) ? 1 : 2);
  if (encoding === "big5" || encoding === "euc-kr") return (code) => (code < 0x80 ? 1 : 2);
  return () => 1;
}

let twoByteCharacters: Uint8Array | null = null;

/** The characters of GB18030's two-byte forms are found by decoding them all, once; all others beyond ASCII take four. */
function gb18030Width(): (code: number) => number {
  twoByteCharacters ??= decodeTwoByteForms();
  const isTwo = twoByteCharacters;
  return (code) => (code < 0x80 ? 1 : isTwo[code] === 1 ? 2 : 4);
}

function decodeTwoByteForms(): Uint8Array {
  const isTwo = new Uint8Array(0x110000);
  const decoder = new TextDecoder("gb18030");
  for (let lead = 0x81; lead <= 0xfe; lead += 1) {
    for (let trail = 0x40; trail <= 0xfe; trail += 1) {
      if (trail === 0x7f) continue;
      const text = decoder.decode(Uint8Array.of(lead, trail));
      const code = text.codePointAt(0) as number;
      if (code !== 0xfffd && text.length === (code > 0xffff ? 2 : 1)) isTwo[code] = 1;
    }
  }
  return isTwo;
}
