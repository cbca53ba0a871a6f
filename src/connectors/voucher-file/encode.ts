import iconv from "iconv-lite";
import type { TextEncoding } from "./layout.js";

const LABELS: Readonly<Record<TextEncoding, string>> = { "utf-8": "utf8", "utf-8 bom": "utf8", gb18030: "gb18030", gbk: "gbk" };

export function encodeText(text: string, encoding: TextEncoding): Buffer {
  const bytes = iconv.encode(text, LABELS[encoding]);
  return encoding === "utf-8 bom" ? Buffer.concat([Buffer.from([0xef, 0xbb, 0xbf]), bytes]) : bytes;
}

/** The first character that the encoding cannot hold, or null. Encoders write `?` instead, which nobody notices. */
export function unencodable(text: string, encoding: TextEncoding): string | null {
  if (/^[\x20-\x7e]*$/.test(text)) return null;
  const label = LABELS[encoding];
  if (iconv.decode(iconv.encode(text, label), label) === text) return null;
  return [...text].find((each) => iconv.decode(iconv.encode(each, label), label) !== each) ?? text;
}
