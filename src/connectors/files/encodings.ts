/** The text encodings a pipeline can name. `detect` is settled for each file. */
export const ENCODINGS = [
  ...["detect", "utf-8", "utf8", "gb18030", "gbk", "gb2312", "big5", "utf-16", "utf-16le", "utf-16be"],
  ...["windows-1250", "windows-1251", "windows-1252", "windows-1253", "windows-1254", "windows-1255", "windows-1256", "windows-1257"],
  ...["windows-1258", "iso-8859-1", "iso-8859-15", "shift_jis", "euc-kr"],
] as const;
export type EncodingName = (typeof ENCODINGS)[number];

/** An encoding that bytes can be decoded with; aliases and `detect` are resolved. */
export type TextEncodingName = Exclude<EncodingName, "detect" | "utf8" | "gbk" | "gb2312" | "utf-16" | "iso-8859-1">;

/** GBK and GB2312 files are read as GB18030, which holds both; ISO 8859-1 as windows-1252, which is what such files are. */
export function canonicalEncoding(encoding: Exclude<EncodingName, "detect">): TextEncodingName {
  if (encoding === "utf8") return "utf-8";
  if (encoding === "gbk" || encoding === "gb2312") return "gb18030";
  if (encoding === "utf-16") return "utf-16le";
  return encoding === "iso-8859-1" ? "windows-1252" : encoding;
}
